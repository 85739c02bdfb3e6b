// Rewrites the folder of a model so that a page can translate at half of the download: node scripts/coarse-first.mjs FOLDER
// web/planes.js says how; only the web loader reads such a folder, so this is for the site, not for models/.
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { segments } from '../web/planes.js';

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
const matrices = matricesOf(file), sent = Buffer.alloc(file.length);
let half = file.length;
for (const { from, to, size, kind } of segments(file.length, matrices)) {
  if (kind === 'rest') file.copy(sent, from, to, to + size);
  else for (let i = 0; i < size; i++) {
    const a = file[to + 2 * i], b = file[to + 2 * i + 1];
    sent[from + i] = kind === 'high' ? a >> 4 | b & 0xf0 : a & 15 | (b & 15) << 4;
  }
  if (kind === 'low') half = Math.min(half, from);
}

await rm(join(folder, 'manifest.json'));
for (const name of names) await rm(join(folder, name));
manifest.chunks = [];
for (const [begin, end] of [[0, half], [half, file.length]]) {
  for (let at = begin; at < end; at += CHUNK_BYTES) {
    const bytes = sent.subarray(at, Math.min(end, at + CHUNK_BYTES));
    const name = `model.${String(manifest.chunks.length).padStart(3, '0')}`;
    await writeFile(join(folder, name), bytes);
    manifest.chunks.push({ file: name, bytes: bytes.length, sha256: sha256(bytes) });
  }
  if (begin === 0) manifest.coarse = { chunks: manifest.chunks.length, matrices };
}
await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
console.log(`${folder}: ${half} of ${file.length} bytes suffice`);

/** The int8 tensors of a model file, in its order: see src/model/weights.h.
 *  @param {Buffer} bytes @returns {[at: number, k: number, n: number][]} */
function matricesOf(bytes) {
  /** @type {[number, number, number][]} */
  const found = [];
  let at = 64;
  for (let i = bytes.readUInt32LE(24); i > 0; i--) {
    at += 1 + bytes[at];
    at += 4 + bytes.readUInt32LE(at);
  }
  for (let i = bytes.readUInt32LE(28); i > 0; i--) {
    at += 1 + bytes[at];
    const type = bytes[at], dims = bytes[at + 1];
    if (type === 2) {
      const place = Number(bytes.readBigUInt64LE(at + 2 + 4 * dims));
      found.push([place, Math.ceil(bytes.readUInt32LE(at + 2) / 4) * 4, Math.ceil(bytes.readUInt32LE(at + 6) / 8) * 8]);
    }
    at += 18 + 4 * dims;
  }
  return found.sort(([a], [b]) => a - b);
}
