#!/usr/bin/env node
/**
 * translate.mjs - the headless program: each line of standard input becomes one line of standard output.
 * The same options, words and bytes out as build/dolmetsch. Input is read and translated as it comes,
 * so memory is bounded by the model and the longest line. A closed pipe ends it by SIGPIPE, as any filter.
 */
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

Exit status: 0; 1 where a file or a translation failed; 2 for wrong options.
`;
const LINES_PER_JOB = 64;
const SLICE = 1 << 20;                              // decoder steps: nobody waits for messages here
const NEWLINE = 10;

/** An end of the program that has its words and its exit status. */
class Exit extends Error {
  /** @param {1 | 2} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Why, without the call and the path that Node adds to what the system says. @param {any} error */
const reason = (error) => (error.syscall ? error.message.replace(/, \w+( '.*')?$/s, '') : error.message);

/** Options with a value: how it is read, undefined where it makes no sense, and what it must be.
 *  @type {Record<string, {key: string, read: (text: string) => unknown, must: string}>} */
const WITH_VALUE = {
  '--model': { key: 'model', read: (text) => text, must: '' },
  '--shortlist': { key: 'shortlist', read: readSwitch, must: 'be on or off' },
  '--beam': { key: 'beam', read: readNumber, must: 'be a number of up to four digits' },
  '--nbest': { key: 'nbest', read: readNumber, must: 'be a number of up to four digits' },
  '--kernels': { key: 'kernels', read: (text) => text, must: '' },
};
/** Those that the engine may refuse. */
const JUDGED = ['--beam', '--nbest', '--kernels'];

/** @param {string} text */
function readNumber(text) {
  return /^[0-9]{1,4}$/.test(text) ? Number(text) : undefined;
}

/** @param {string} text */
function readSwitch(text) {
  return text === 'on' ? true : text === 'off' ? false : undefined;
}

/** Stops at --help, as what follows does not matter then. @param {string[]} argv */
function parse(argv) {
  const options = { model: packagedModel ?? '', attention: false, beam: 0, nbest: 0, split: true, shortlist: true,
    kernels: /** @type {string | undefined} */ (undefined), help: false,
    given: /** @type {Record<string, string>} */ ({}) };            // values as they were typed
  for (let i = 0; i < argv.length && !options.help; i++) {
    const name = argv[i];
    if (name === '--help') options.help = true;
    else if (name === '--attention') options.attention = true;
    else if (name === '--no-split') options.split = false;
    else if (!Object.hasOwn(WITH_VALUE, name)) throw new Exit(2, `${name}: there is no such option; --help lists them`);
    else if (++i === argv.length) throw new Exit(2, `${name}: its value is missing`);
    else {
      const { key, read, must } = WITH_VALUE[name], value = read(argv[i]);
      if (value === undefined) throw new Exit(2, `${name} ${argv[i]}: must ${must}`);
      Object.assign(options, { [key]: value });
      options.given[name] = argv[i];
    }
  }
  if (options.help || options.model) return options;
  throw new Exit(2, 'no model is named: --model FOLDER|FILE is needed; --help says more');
}

/** @param {string} model */
const open = (model) => openEngine(model).catch((error) => {
  if (error.code === 'DM_ERR_ENGINE') throw error;                  // which is not the model's fault
  throw new Exit(1, `${model}: ${reason(error)}`);
});

/** An empty job says what the engine refuses, before the first line is waited for.
 *  @param {Engine} engine @param {ReturnType<typeof parse>} options */
function checkOptions(engine, options) {
  try {
    engine.job([], options).free();
  } catch (cause) {
    const error = /** @type {import('../web/errors.js').DolmetschError} */ (cause);
    if (error.code !== 'DM_ERR_ARGUMENT') throw error;
    // All that it may be about: one that is right alone may be wrong beside another.
    const given = JUDGED.filter((name) => name in options.given).map((name) => `${name} ${options.given[name].slice(0, 100)}`);
    throw new Exit(2, `${given.join(' ')}: ${error.message}`);
  }
}

/** Ends as a filter ends whose reader has what it wanted. Node ignores SIGPIPE, until a listener to it is taken away. */
function endByPipe() {
  if (process.platform === 'win32') process.exit(0);                // which has no such signal
  const listener = () => {};
  process.on('SIGPIPE', listener).off('SIGPIPE', listener);
  process.kill(process.pid, 'SIGPIPE');
}

/** Resolves when the bytes are handed on, so that a slow reader slows us down. @param {Uint8Array} bytes */
const write = (bytes) => new Promise((resolve, reject) => {
  process.stdout.write(bytes, (/** @type {any} */ error) => {
    if (error?.code === 'EPIPE') endByPipe();
    if (error) reject(new Exit(1, `standard output: ${reason(error)}`));
    else resolve(undefined);
  });
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
  const options = parse(process.argv.slice(2));
  if (options.help) return void (await write(Buffer.from(USAGE)));
  const engine = await open(options.model);
  checkOptions(engine, options);
  for await (const lines of lineGroups())
    for (let i = 0; i < lines.length; i += LINES_PER_JOB)
      await translate(engine, lines.slice(i, i + LINES_PER_JOB), options);
}

process.stdout.on('error', () => {});               // write() reports it
main().catch((error) => {
  const code = /^DM_/.test(error.code ?? '') ? `${error.code}: ` : '';
  process.stderr.write(`dolmetsch: ${code}${error.message}\n`);
  process.exit(error.status ?? 1);
});
