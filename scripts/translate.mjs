#!/usr/bin/env node
/**
 * translate.mjs - the headless program: each line of standard input becomes one line of standard output.
 * The same options and the same bytes out as build/dolmetsch. Input is read and translated as it comes,
 * so memory is bounded by the model and the longest line.
 */
import { DolmetschError } from '../web/errors.js';
import { openEngine, packagedModel } from '../web/headless.js';

/** @typedef {import('../web/engine.js').Engine} Engine */

const HOW = packagedModel ? 'dolmetsch' : 'node scripts/translate.mjs --model FOLDER|FILE';
const USAGE = `usage: ${HOW} [OPTION]... < english > german

Translates each line of standard input to one line of standard output.
  --model PATH     a model folder (manifest.json and chunks) or one model file
                   ${packagedModel ? '(the one of the package unless given)' : '(needed)'}
  --attention      one JSON object per line: tokens, alignment and every attention
  --beam N         follow N hypotheses side by side, up to 32; 1 unless given
  --nbest N        N from 2 to the beam: one JSON object per line, whose sentences have
                   up to N - 1 alternatives with their scores, best first
  --no-split       each line is one sentence; what is longer than the model takes is split all the same
  --shortlist WORD off: score the whole vocabulary at every step; on, unless given: only what the
                   words of a sentence may become, where the model knows
  --kernels NAME   ref, simd128, relaxed; the fastest that runs here unless given
  --help           this text
`;
const LINES_PER_JOB = 64;
const SLICE = 1 << 20;                              // decoder steps: nobody waits for messages here
const NEWLINE = 10;

/** An end of the program that has its words and its exit status. */
class Exit extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @param {string[]} argv */
function parse(argv) {
  const options = { model: packagedModel ?? '', attention: false, beam: 0, nbest: 0, split: true, shortlist: true,
    kernels: /** @type {string | undefined} */ (undefined) };
  const number = (/** @type {string | undefined} */ text) => /^[0-9]{1,4}$/.test(text ?? '');
  for (let i = 0; i < argv.length; i++) {
    const value = argv[i + 1];
    if (argv[i] === '--attention') options.attention = true;
    else if (argv[i] === '--no-split') options.split = false;
    else if (argv[i] === '--model' && value !== undefined) (options.model = value), i++;
    else if (argv[i] === '--kernels' && value !== undefined) (options.kernels = value), i++;
    else if (argv[i] === '--shortlist' && /^(on|off)$/.test(value ?? '')) (options.shortlist = value === 'on'), i++;
    else if (argv[i] === '--beam' && number(value)) (options.beam = Number(value)), i++;
    else if (argv[i] === '--nbest' && number(value)) (options.nbest = Number(value)), i++;
    else throw new Exit(2, `dolmetsch: unknown or incomplete option: ${argv[i]}\n`);
  }
  if (!options.model) throw new Exit(2, USAGE);
  return options;
}

/** Resolves when the bytes are handed on, so that a slow reader slows us down. @param {Uint8Array} bytes */
const write = (bytes) => new Promise((resolve, reject) => {
  process.stdout.write(bytes, (error) => (error ? reject(error) : resolve(undefined)));
});

/** @param {Engine} engine @param {Uint8Array[]} lines @param {ReturnType<typeof parse>} options */
async function translate(engine, lines, options) {
  const job = engine.job(lines, options);
  try {
    while (job.run(SLICE));
    for (let i = 0; i < lines.length; i++) {
      await write(options.attention || options.nbest > 1 ? job.json(i) : job.bytes(i));
      await write(Uint8Array.of(NEWLINE));
    }
  } finally {
    job.free();
  }
}

/** The lines of standard input as bytes, in groups as they arrive; without the line ends. */
async function* lineGroups() {
  let parts = [];                                   // of the line that is not at its end yet
  for await (const chunk of process.stdin) {
    const lines = [];
    let at = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, at)) >= 0; at = end + 1) {
      lines.push(Buffer.concat([...parts, chunk.subarray(at, end)]));
      parts = [];
    }
    parts.push(chunk.subarray(at));
    if (lines.length) yield lines;
  }
  const rest = Buffer.concat(parts);
  if (rest.length) yield [rest];
}

async function main() {
  const argv = process.argv.slice(2);
  if (argv[0] === '--help') return void (await write(Buffer.from(USAGE)));
  const options = parse(argv);
  const engine = await openEngine(options.model);
  for await (const lines of lineGroups())
    for (let i = 0; i < lines.length; i += LINES_PER_JOB)
      await translate(engine, lines.slice(i, i + LINES_PER_JOB), options);
}

process.stdout.on('error', () => {});               // a closed pipe is reported by write()
main().catch((error) => {
  if (error.code === 'EPIPE') process.exit(0);      // the reader has what it wanted
  const message = error instanceof Exit ? error.message
    : error instanceof DolmetschError ? `dolmetsch: ${error.code}: ${error.message}\n`
    : `dolmetsch: ${error.message}\n`;
  process.stderr.write(message);
  process.exit(error instanceof Exit ? error.code : 1);
});
