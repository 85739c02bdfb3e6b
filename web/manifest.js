/** manifest.json of a model: fetched, and every field checked, so that nothing that reads it meets a surprise.
 *  loader.js calls it, and translator.js for a model that is given by its address. */

import { DolmetschError } from './errors.js';
import { loadFile, readJson, urlOf } from './files.js';

/** @typedef {import('./types.d.ts').Manifest} Manifest */

const MAX_BYTES = 2 ** 31 - 2 ** 24;                // wasm memory stays below 2 GiB

/** @param {string} base the model's folder @param {import('./files.js').Options} [options] @returns {Promise<Manifest>} */
export function loadManifest(base, options = {}) {
  const { store } = options, url = urlOf(base, 'manifest.json');
  return loadFile(url, (bytes) => checkManifest(readJson(url, bytes)), options,
    async (manifest) => (await store)?.hasAll(manifest));
}

/** What a page downloads, which may be less than the file: see planes.js.  @param {{bytes: number}[]} chunks */
export const sizeOfChunks = (chunks) => chunks.reduce((sum, { bytes }) => sum + bytes, 0);

/** @param {any} m @returns {Manifest} */
export function checkManifest(m) {
  const demand = (/** @type {unknown} */ good, /** @type {string} */ what) => {
    if (!good) throw new DolmetschError('DM_ERR_MANIFEST', `manifest.json: ${what}`);
  };
  const size = (/** @type {unknown} */ n) => Number.isSafeInteger(n) && Number(n) > 0 && Number(n) <= MAX_BYTES;
  const hash = (/** @type {unknown} */ h) => typeof h === 'string' && /^[0-9a-f]{64}$/.test(h);
  const file = (/** @type {unknown} */ f) => typeof f === 'string' && /^[A-Za-z0-9][\w.-]{0,99}$/.test(f);

  demand(m && typeof m === 'object' && !Array.isArray(m), 'is not an object');
  demand(m.format === 'dolmetsch-manifest-1', `format is ${JSON.stringify(m.format)}, not "dolmetsch-manifest-1"`);
  for (const key of ['name', 'source', 'target', 'architecture', 'licence'])
    demand(typeof m[key] === 'string' && m[key].length > 0 && m[key].length <= 1000, `${key} is missing or no text`);
  demand(file(m.card), 'card is no plain file name');
  demand(m.scores && typeof m.scores === 'object' && !Array.isArray(m.scores), 'scores is missing or no object');
  demand(size(m.bytes), `bytes is ${JSON.stringify(m.bytes)}, not a size`);
  demand(hash(m.sha256), 'sha256 is no SHA-256 in lower-case hex');
  demand(Array.isArray(m.chunks) && m.chunks.length > 0 && m.chunks.length <= 65536, 'chunks is missing, empty or too long');
  const seen = new Set();
  m.chunks.forEach((/** @type {any} */ chunk, /** @type {number} */ i) => {
    demand(chunk && file(chunk.file), `chunk ${i}: file is no plain file name`);
    demand(!seen.has(chunk.file), `chunk ${i}: ${chunk.file} is listed twice`);
    demand(size(chunk.bytes), `chunk ${i} (${chunk.file}): bytes is no size`);
    demand(hash(chunk.sha256), `chunk ${i} (${chunk.file}): sha256 is no SHA-256 in lower-case hex`);
    seen.add(chunk.file);
  });
  const sum = sizeOfChunks(m.chunks), due = m.coarse === undefined ? m.bytes : checkCoarse(m, demand);
  demand(sum === due, `chunks hold ${sum} bytes, but ${due} are due`);
  return m;
}

/** @param {any} m @param {(good: unknown, what: string) => void} demand @returns {number} bytes that are sent */
function checkCoarse({ bytes, chunks, coarse }, demand) {
  const count = (/** @type {unknown} */ n) => Number.isSafeInteger(n) && Number(n) > 0;
  demand(count(coarse?.chunks) && coarse.chunks < chunks.length, 'coarse.chunks is no number of chunks');
  demand(Array.isArray(coarse.matrices), 'coarse.matrices is missing');
  const up = (/** @type {number} */ size) => Math.ceil(size / 64) * 64;
  let end = 64, half = bytes, low = 0;
  for (const matrix of coarse.matrices) {
    demand(Array.isArray(matrix), 'coarse.matrices: one is no list');
    const [at, k, n, bits] = matrix;
    demand(bits === 6 || bits === 8, 'coarse.matrices: one has neither 6 nor 8 bits');
    demand(count(at) && count(k) && count(n) && k % 4 === 0 && n % 8 === 0 && at >= end, 'coarse.matrices: one is misplaced');
    end = at + up(k * n) + up(4 * n) + 4 * n;
    half -= k * n / 2;
    low += k * n * (bits - 4) / 8;
    demand(end <= bytes && at % 64 === 0, 'coarse.matrices: one does not fit');
  }
  demand(sizeOfChunks(chunks.slice(0, coarse.chunks)) === half, 'coarse.chunks do not end where the low bits begin');
  return half + low;
}
