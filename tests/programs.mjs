// The two programs that translate a line at a time, for their tests.
import { spawn } from 'node:child_process';

export const NATIVE = ['build/dolmetsch'];
export const SANITIZED = ['build/sanitize/dolmetsch'];
export const NODE = [process.execPath, 'scripts/translate.mjs'];

/** @typedef {{code: number | null, signal: string | null, out: Buffer, err: string}} Ended */

/** @param {string[]} program @param {string[]} args @param {string | Uint8Array} [input] @returns {Promise<Ended>} */
export function run(program, args, input = '') {
  return new Promise((resolve) => {
    const child = spawn(program[0], [...program.slice(1), ...args]);
    /** @type {Buffer[]} */
    const out = [];
    /** @type {Buffer[]} */
    const err = [];
    child.stdout.on('data', (data) => out.push(data));
    child.stderr.on('data', (data) => err.push(data));
    child.stdin.on('error', () => {});
    child.on('close', (code, signal) => resolve({ code, signal, out: Buffer.concat(out), err: Buffer.concat(err).toString() }));
    child.stdin.end(input);
  });
}

/** A line of bash. @param {string} line */
export const shell = (line) => run(['bash', '-c', line], []);
