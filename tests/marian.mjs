// Marian's container for tests: a golden model taken apart, changed and packed again.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

import { container } from '../scripts/bench/peer-model.mjs';

/** @typedef {{name: string, type: bigint, shape: number[], bytes: Buffer}} Item */

/** The items of Marian's container.  @param {Buffer} file @returns {Item[]} */
export function itemsOf(file) {
  const u64 = (/** @type {number} */ i) => Number(file.readBigUInt64LE(8 * i)), count = u64(1);
  const heads = Array.from({ length: count }, (_, i) => [0, 1, 2, 3].map((field) => u64(2 + 4 * i + field)));
  let at = 16 + 32 * count;
  const take = (/** @type {number} */ size) => file.subarray(at, at += size);
  const names = heads.map(([length]) => take(length).toString('latin1', 0, length - 1));
  const shapes = heads.map(([, , rank]) => Array.from({ length: rank }, () => take(4).readInt32LE()));
  take(Number(take(8).readBigUInt64LE()));
  return heads.map(([, type, , size], i) => ({ name: names[i], type: BigInt(type), shape: shapes[i], bytes: take(size) }));
}

/** PREFIX.bin of them, and PREFIX.dm, whose path is returned; throws what `pack` says.
 *  @param {string} prefix @param {Item[]} items */
export function packItems(prefix, items) {
  writeFileSync(`${prefix}.bin`, container(items));
  execFileSync('build/dolmetsch', ['pack', `${prefix}.bin`, 'tests/golden/tiny.spm', `${prefix}.dm`], { stdio: 'pipe' });
  return `${prefix}.dm`;
}
