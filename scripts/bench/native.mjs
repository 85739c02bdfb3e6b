/** The native program as the benchmark's third place: build/dolmetsch in a process that stays, lines in, lines out. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';

import { REPEATS } from './measure.mjs';

const NEWLINE = 10;
const MODEL = 'models/en-de';

/** A running program: all the lines that translate() gets are one job of it, if they are at most 64 and fit 64 KB.
 *  @param {string} program @param {string} [kernels] */
export function start(program, kernels) {
  const child = spawn(program, ['--model', MODEL, ...(kernels ? ['--kernels', kernels] : [])]);
  let left = 0, done = () => {}, errors = '';
  child.stdout.on('data', (/** @type {Buffer} */ bytes) => {
    for (const byte of bytes) if (byte === NEWLINE && --left === 0) done();
  });
  child.stderr.on('data', (text) => { errors += text; });
  return {
    translate: (/** @type {string[]} */ lines) => new Promise((resolve) => {
      left = lines.length;
      done = () => resolve(undefined);
      child.stdin.write(`${lines.join('\n')}\n`);
    }),
    /** Ends it; what it wrote to standard error. @returns {Promise<string>} */
    end: () => new Promise((resolve, reject) => {
      child.on('close', (code) => (code === 0 ? resolve(errors) : reject(new Error(`${program}: ${errors}`))));
      child.stdin.end();
    }),
  };
}

/** Milliseconds in each stage of one sentence, and of all lines in batches of 64; build/bench/dolmetsch has a clock (stages.c)
 *  and says at its end what it counted.
 *  @param {import('./measure.mjs').Texts} texts */
export async function stages({ lines, sentence }) {
  const profile = async (/** @type {string[]} */ texts, /** @type {number} */ repeats) => {
    const program = start('build/bench/dolmetsch');
    for (let i = 0; i < repeats; i++)
      for (let at = 0; at < texts.length; at += 64) await program.translate(texts.slice(at, at + 64));
    const spent = JSON.parse(await program.end());
    return Object.fromEntries(Object.entries(spent).map(([stage, ms]) => [stage, ms / repeats]));
  };
  return { one: await profile([sentence], REPEATS.one), batch: await profile(lines, REPEATS.batch) };
}

/** GMAC/s of every kernel set's products and of its ceiling; nanoseconds of the other kernels. */
export const kernels = () => JSON.parse(execFileSync('build/bench/kernels', ['--json'], { encoding: 'utf8' }));

/** Milliseconds of each round for a corpus of the lines repeated, with one worker under GNU parallel and with two; undefined
 *  where there is no GNU parallel.
 *  @param {import('./measure.mjs').Texts} texts */
export function underParallel({ lines, rounds }) {
  const { stdout } = spawnSync('parallel', ['--version'], { encoding: 'utf8' });
  if (!stdout?.startsWith('GNU parallel')) return undefined;
  const input = `${lines.join('\n')}\n`.repeat(REPEATS.corpus), options = ['--pipe', '--keep-order', '--block', '10k'];
  const result = { 1: /** @type {number[]} */ ([]), 2: /** @type {number[]} */ ([]) };
  for (let round = 0; round < rounds; round++)
    for (const jobs of /** @type {const} */ ([1, 2])) {
      const from = performance.now();
      execFileSync('parallel', ['-j', `${jobs}`, ...options, 'build/dolmetsch', '--model', MODEL], { input, maxBuffer: 1 << 28 });
      result[jobs].push(performance.now() - from);
    }
  return result;
}
