// Rewrites the folder of a model so that a page can translate before all of it is there, and without the high
// bits that small weights do not need: node scripts/coarse-first.mjs FOLDER
// web/planes.js says how; only the web loader reads such a folder, so this is for the site, not for models/.
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { segments } from '../web/planes.js';
import { matricesOf } from './matrices.mjs';

const CHUNK_BYTES = 512 * 1024;
const sha256 = (/** @type {Uint8Array} */ bytes) => createHash('sha256').update(bytes).digest('hex');

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node scripts/coarse-first.mjs FOLDER');
  process.exit(2);
}
const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
if (manifest.coarse) process.exit(0);
const names = manifest.chunks.map((/** @type {{file: string}} */ { file }) => file);
const file = Buffer.concat(await Promise.all(names.map((/** @type {string} */ name) => readFile(join(folder, name)))));
/** @type {import('../web/planes.js').Matrix[]} */
const matrices = matricesOf(file).map(({ at, k, n, bits }) => [at, k, n, bits]);
const plan = segments(file.length, matrices), { from: last, size: rest } = plan[plan.length - 1];
const sent = Buffer.alloc(last + rest), half = plan.find(({ kind }) => kind === 'low')?.from ?? sent.length;
for (const { from, to, size, kind, bits } of plan) {
  if (kind === 'rest') file.copy(sent, from, to, to + size);
  else sent.set(planeOf(file.subarray(to), size, ...(kind === 'high' ? [bits - 4, 4] : [0, bits - 4])), from);
}

await rm(join(folder, 'manifest.json'));
for (const name of names) await rm(join(folder, name));
manifest.chunks = [];
for (const [begin, end] of [[0, half], [half, sent.length]]) {
  for (let at = begin; at < end; at += CHUNK_BYTES) {
    const bytes = sent.subarray(at, Math.min(end, at + CHUNK_BYTES));
    const name = `model.${String(manifest.chunks.length).padStart(3, '0')}`;
    await writeFile(join(folder, name), bytes);
    manifest.chunks.push({ file: name, bytes: bytes.length, sha256: sha256(bytes) });
  }
  if (begin === 0) manifest.coarse = { chunks: manifest.chunks.length, matrices };
}
await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
console.log(`${folder}: ${half} of ${sent.length} bytes suffice; the file has ${file.length}`);

/** The bytes of a plane, as web/planes.js takes them apart: n bits of each weight, from one of them on.
 *  @param {Uint8Array} weights @param {number} size of the plane @param {number[]} bits from, n: 2 or 4 */
function planeOf(weights, size, ...[from, n]) {
  const each = 8 / n, mask = (1 << n) - 1;
  return Uint8Array.from({ length: size }, (_, i) => {
    let byte = 0;
    for (let j = 0; j < each; j++) byte |= (weights[each * i + j] >> from & mask) << n * j;
    return byte;
  });
}
