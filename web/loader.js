/** Brings a model into wasm memory: manifest, then chunks, each checked by its hash before a byte of it is
 *  written.  There is never a second copy of the model: only the few chunks on their way live in JavaScript.
 *
 *  Runs anywhere.  `read(url, attempt, signal)` answers with a Response or bytes; the default is fetch, and
 *  Node passes (url) => readFile(new URL(url)).  A chunk is one call of `read`, so a cache goes there too. */

import { DolmetschError } from './errors.js';
import { sha256 } from './sha256.js';

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {import('./types.d.ts').Progress} Progress
 *  @typedef {(url: string, attempt: number, signal: AbortSignal) => Promise<Response | Uint8Array>} Read
 *  @typedef {{read?: Read, onProgress?: (progress: Progress) => void, signal?: AbortSignal,
 *             parallel?: number, pause?: number}} Options   pause: milliseconds before a second attempt */

const MAX_BYTES = 2 ** 31 - 2 ** 24;                // wasm memory stays below 2 GiB
const MAX_MANIFEST = 2 ** 20;

/** A second attempt goes past the HTTP cache: it may hold the broken copy.  @type {Read} */
const readByFetch = (url, attempt, signal) =>
  fetch(url, { signal, cache: attempt ? 'reload' : 'default' });

/** Loads the model in folder `base` into `memory`; the caller owns the place that it gets.
 *  @param {string} base @param {import('./types.d.ts').Memory} memory @param {Options} [options]
 *  @returns {Promise<{manifest: Manifest, at: number, bytes: number}>} */
export async function loadModel(base, memory, options = {}) {
  const { onProgress, signal, parallel = 4 } = options;
  const manifest = await loadManifest(base, options);
  signal?.throwIfAborted();

  const stop = new AbortController();               // the first failure ends the other downloads
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const at = memory.allocate(manifest.bytes);
  const arrived = new Float64Array(manifest.chunks.length);
  let shown = 0;
  const count = (/** @type {number} */ i, /** @type {number} */ bytes) => {
    arrived[i] = bytes;                             // a second attempt starts at 0: never show less than before
    const loaded = arrived.reduce((a, b) => a + b, 0);
    if (loaded > shown) onProgress?.({ loaded: shown = loaded, total: manifest.bytes });
  };

  let next = 0, offset = 0;
  const takeChunks = async () => {
    while (next < manifest.chunks.length) {
      const i = next++, chunk = manifest.chunks[i], to = at + offset;
      offset += chunk.bytes;
      const bytes = await loadChunk(base, chunk, (n) => count(i, n), options, stop.signal);
      stop.signal.throwIfAborted();
      memory.memory().set(bytes, to);
    }
  };
  try {
    onProgress?.({ loaded: 0, total: manifest.bytes });
    await Promise.all(Array.from({ length: parallel }, takeChunks));
    return { manifest, at, bytes: manifest.bytes };
  } catch (error) {
    stop.abort(error);
    memory.free(at);
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** @param {string} base @param {Options} [options] @returns {Promise<Manifest>} */
export async function loadManifest(base, options = {}) {
  const signal = options.signal ?? new AbortController().signal;
  const bytes = await twice(options, signal, (attempt) =>
    readBytes('manifest.json', urlOf(base, 'manifest.json'), MAX_MANIFEST, undefined, options, attempt, signal));
  let value;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new DolmetschError('DM_ERR_MANIFEST', `manifest.json of ${base} is not JSON`);
  }
  return checkManifest(value);
}

/** Every field, so that nothing below meets a surprise.  @param {any} m @returns {Manifest} */
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
  let sum = 0;
  m.chunks.forEach((/** @type {any} */ chunk, /** @type {number} */ i) => {
    demand(chunk && file(chunk.file), `chunk ${i}: file is no plain file name`);
    demand(!seen.has(chunk.file), `chunk ${i}: ${chunk.file} is listed twice`);
    demand(size(chunk.bytes), `chunk ${i} (${chunk.file}): bytes is no size`);
    demand(hash(chunk.sha256), `chunk ${i} (${chunk.file}): sha256 is no SHA-256 in lower-case hex`);
    seen.add(chunk.file);
    sum += chunk.bytes;
  });
  demand(sum === m.bytes, `chunks hold ${sum} bytes, but bytes is ${m.bytes}`);
  return m;
}

/** One chunk, whole and with the right hash, or an error that names it.
 *  @param {string} base @param {Manifest['chunks'][0]} chunk @param {(bytes: number) => void} count
 *  @param {Options} options @param {AbortSignal} signal */
function loadChunk(base, chunk, count, options, signal) {
  return twice(options, signal, async (attempt) => {
    count(0);
    const bytes = await readBytes(chunk.file, urlOf(base, chunk.file), chunk.bytes, count, options, attempt, signal);
    if (bytes.length !== chunk.bytes)
      throw new DolmetschError('DM_ERR_INTEGRITY', `${chunk.file}: ${bytes.length} bytes came, ${chunk.bytes} are due`);
    if (await sha256(bytes) !== chunk.sha256)
      throw new DolmetschError('DM_ERR_INTEGRITY', `${chunk.file}: SHA-256 differs from the manifest's`);
    return bytes;
  });
}

/** Tries, and after a failure tries once more.
 *  @template T @param {Options} options @param {AbortSignal} signal @param {(attempt: number) => Promise<T>} work */
async function twice({ pause = 400 }, signal, work) {
  try {
    return await work(0);
  } catch {
    signal.throwIfAborted();
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
      setTimeout(resolve, pause);
    });
    signal.throwIfAborted();
    return work(1);
  }
}

/** The body of a file, refused when it is longer than `limit`.
 *  @param {string} file @param {string} url @param {number} limit @param {((bytes: number) => void) | undefined} count
 *  @param {Options} options @param {number} attempt @param {AbortSignal} signal @returns {Promise<Uint8Array>} */
async function readBytes(file, url, limit, count, { read = readByFetch }, attempt, signal) {
  const fail = (/** @type {string} */ why) => new DolmetschError('DM_ERR_FETCH', `${file}: ${why}`);
  const tooLong = () => new DolmetschError('DM_ERR_INTEGRITY', `${file}: more than the ${limit} bytes that are due`);
  /** @type {(error: any) => never} */
  const failRead = (error) => {
    signal.throwIfAborted();
    throw error instanceof DolmetschError ? error : fail(error?.message || 'could not be read');
  };
  const answer = await (async () => read(url, attempt, signal))().catch(failRead);
  signal.throwIfAborted();
  if (answer instanceof Uint8Array) {
    if (answer.length > limit) throw tooLong();
    count?.(answer.length);
    return answer;
  }
  const drop = () => { answer.body?.cancel().catch(() => {}); };
  if (!answer.ok) throw drop(), fail(`the server answered ${answer.status}`);
  if (/^text\/html\b/i.test(answer.headers.get('content-type') ?? ''))
    throw drop(), fail('the server sent a web page in its place');
  if (!answer.body) throw fail('the answer is empty');

  // Content-Length counts compressed bytes where a server compresses: only what arrives is counted.
  const reader = answer.body.getReader();
  let bytes = new Uint8Array(Math.min(limit, 2 ** 16)), length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(failRead);
    if (done) return bytes.subarray(0, length);
    if (length + value.length > limit) {
      reader.cancel().catch(() => {});
      throw tooLong();
    }
    if (length + value.length > bytes.length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(length + value.length, 4 * bytes.length)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(value, length);
    length += value.length;
    count?.(length);
  }
}

/** @param {string} base a folder, with or without the final slash @param {string} file */
const urlOf = (base, file) => base.replace(/\/*$/, '/') + file;
