/** Brings a model into wasm memory: manifest, then chunks, each checked by its hash before a byte of it is
 *  written.  There is never a second copy of the model: only the few chunks on their way live in JavaScript.
 *
 *  Runs anywhere.  `read(url, attempt, signal)` answers with a Response or bytes; the default is fetch, and files
 *  where Node is given file: addresses.  With a `store` (cache.js) chunks that are kept are not fetched, and those
 *  that are fetched are kept: a download that broke goes on where it was. */

import { DolmetschError } from './errors.js';
import { Planes } from './planes.js';
import { sha256 } from './sha256.js';

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {import('./types.d.ts').Progress} Progress
 *  @typedef {(url: string, attempt: number, signal: AbortSignal) => Promise<Response | Uint8Array>} Read
 *  @typedef {import('./types.d.ts').Memory} Memory
 *  @typedef {{read?: Read, store?: import('./cache.js').Store, onProgress?: (progress: Progress) => void,
 *             onCoarse?: (model: {manifest: Manifest, at: number, bytes: number}) => void,
 *             signal?: AbortSignal, parallel?: number, pause?: number, stall?: number, patience?: number}} Options
 *  In milliseconds: pause before a second attempt; stall, without a byte, that fails an attempt; patience with the
 *  network where a kept copy would do.  onCoarse hears of a model that is sent coarse-first when it can translate; from
 *  then on its place is the caller's, whatever comes after. */

const MAX_BYTES = 2 ** 31 - 2 ** 24;                // wasm memory stays below 2 GiB
const MAX_FILE = 2 ** 22;                           // of a manifest, of the engine

/** A second attempt goes past the HTTP cache: it may hold the broken copy.  @type {Read} */
const readAnywhere = async (url, attempt, signal) => {
  if (!url.startsWith('file:')) return fetch(url, { signal, cache: attempt ? 'reload' : 'default' });
  const { readFile } = await import('node:fs/promises');
  return readFile(new URL(url));
};

/** Loads the model in folder `base` into `memory`; the caller owns the place that it gets.
 *  @param {string} base @param {Memory | Promise<Memory>} from the manifest is fetched while the engine compiles
 *  @param {Options} [options] @returns {Promise<{manifest: Manifest, at: number, bytes: number}>} */
export async function loadModel(base, from, options = {}) {
  const { onProgress, onCoarse, signal, store, parallel = 4 } = options;
  const [manifest, memory] = await Promise.all([loadManifest(base, options), from]);
  signal?.throwIfAborted();

  const stop = new AbortController();               // the first failure ends the other downloads
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const { bytes, chunks, coarse } = manifest, at = memory.allocate(bytes);
  const planes = coarse && new Planes(manifest, memory, at);
  const early = coarse && onCoarse && !await store?.hasAll(manifest) ? coarse.chunks : 0;
  const total = chunks.slice(0, early || chunks.length).reduce((sum, chunk) => sum + chunk.bytes, 0);
  const arrived = new Float64Array(chunks.length);
  let shown = 0, lent = false;
  const count = (/** @type {number} */ i, /** @type {number} */ n) => {
    arrived[i] = n;                                 // a second attempt starts at 0: never show less than before
    const loaded = arrived.reduce((a, b) => a + b, 0);
    if (loaded > shown && !lent) onProgress?.({ loaded: shown = loaded, total });
  };

  let next = 0, offset = 0;
  const takeChunks = async (/** @type {number} */ end) => {
    while (next < end) {
      const i = next++, chunk = chunks[i], to = offset;
      offset += chunk.bytes;
      const { bytes: part, fresh } = await loadChunk(base, chunk, (n) => count(i, n), options, stop.signal);
      stop.signal.throwIfAborted();
      if (planes) planes.place(part, to);
      else memory.memory().set(part, at + to);
      if (fresh) await store?.keepChunk(chunk.sha256, part);
    }
  };
  const takeAll = (/** @type {number} */ end) => Promise.all(Array.from({ length: parallel }, () => takeChunks(end)));
  try {
    onProgress?.({ loaded: 0, total });
    if (early) {
      await takeAll(early);
      planes?.coarsen();
      lent = true;
      onCoarse?.({ manifest, at, bytes });
    }
    await takeAll(chunks.length);
    planes?.refine();
    store?.prune();
    return { manifest, at, bytes };
  } catch (error) {
    stop.abort(error);
    if (!lent) memory.free(at);
    throw signal?.aborted ? signal.reason : error;
  } finally {
    planes?.free();
    signal?.removeEventListener('abort', abort);
  }
}

/** @param {string} base @param {Options} [options] @returns {Promise<Manifest>} */
export async function loadManifest(base, options = {}) {
  const { store } = options, url = urlOf(base, 'manifest.json');
  return loadFile(url, (bytes) => checkManifest(readJson(url, bytes)), options, (manifest) => store?.hasAll(manifest));
}

/** @param {string} url @param {Uint8Array} bytes @returns {any} */
export function readJson(url, bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const name = nameOf(url);
    throw new DolmetschError('DM_ERR_MANIFEST', `${name} of ${url.slice(0, -name.length)} is not JSON`);
  }
}

/** A small file that has no hash, from the network if it answers in time, else the copy that is kept.
 *  @template T @param {string} url @param {(bytes: Uint8Array) => T} read throws at a file that is none
 *  @param {Options} [options] @param {(value: T) => unknown} [enough] whether the kept copy will do while the network
 *  is silent @returns {Promise<T>} */
export async function loadFile(url, read, options = {}, enough = () => true) {
  const { store, patience = 1000, signal = new AbortController().signal } = options;
  const kept = await store?.file(url).then((bytes) => bytes && read(bytes)).catch(() => undefined);
  signal.throwIfAborted();
  const fetchIt = (/** @type {number} */ attempt) =>
    readBytes(nameOf(url), url, MAX_FILE, undefined, options, attempt, signal);
  const fetched = (kept ? fetchIt(0) : twice(options, signal, fetchIt)).then(async (bytes) => {
    const value = read(bytes);
    await store?.keepFile(url, bytes);
    return value;
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, patience); })
    .then(async () => (await enough(/** @type {T} */ (kept)) ? /** @type {T} */ (kept) : fetched));
  try {
    return await (kept ? Promise.race([fetched, late]) : fetched);
  } catch (error) {
    signal.throwIfAborted();
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
    fetched.catch(() => {});
  }
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
  if (m.coarse !== undefined) checkCoarse(m, demand);
  return m;
}

/** @param {any} m @param {(good: unknown, what: string) => void} demand */
function checkCoarse({ bytes, chunks, coarse }, demand) {
  const count = (/** @type {unknown} */ n) => Number.isSafeInteger(n) && Number(n) > 0;
  demand(count(coarse?.chunks) && coarse.chunks < chunks.length, 'coarse.chunks is no number of chunks');
  demand(Array.isArray(coarse.matrices), 'coarse.matrices is missing');
  const up = (/** @type {number} */ size) => Math.ceil(size / 64) * 64;
  let end = 64, weights = 0;
  for (const matrix of coarse.matrices) {
    demand(Array.isArray(matrix), 'coarse.matrices: one is no list');
    const [at, k, n] = matrix;
    demand(count(at) && count(k) && count(n) && k % 4 === 0 && n % 8 === 0 && at >= end, 'coarse.matrices: one is misplaced');
    end = at + up(k * n) + up(4 * n) + 4 * n;
    weights += k * n;
    demand(end <= bytes && at % 64 === 0, 'coarse.matrices: one does not fit');
  }
  let first = 0;
  for (let i = 0; i < coarse.chunks; i++) first += chunks[i].bytes;
  demand(first === bytes - weights / 2, 'coarse.chunks do not end where the low halves begin');
}

/** One chunk, whole and with the right hash, or an error that names it.
 *  @param {string} base @param {Manifest['chunks'][0]} chunk @param {(bytes: number) => void} count
 *  @param {Options} options @param {AbortSignal} signal @returns {Promise<{bytes: Uint8Array, fresh: boolean}>} */
async function loadChunk(base, chunk, count, options, signal) {
  const kept = await options.store?.chunk(chunk.sha256);
  if (kept?.length === chunk.bytes && await sha256(kept) === chunk.sha256) {
    count(kept.length);
    return { bytes: kept, fresh: false };
  }
  if (kept) await options.store?.dropChunk(chunk.sha256);
  signal.throwIfAborted();
  return twice(options, signal, async (attempt) => {
    count(0);
    const bytes = await readBytes(chunk.file, urlOf(base, chunk.file), chunk.bytes, count, options, attempt, signal);
    if (bytes.length !== chunk.bytes)
      throw new DolmetschError('DM_ERR_INTEGRITY', `${chunk.file}: ${bytes.length} bytes came, ${chunk.bytes} are due`);
    if (await sha256(bytes) !== chunk.sha256)
      throw new DolmetschError('DM_ERR_INTEGRITY', `${chunk.file}: SHA-256 differs from the manifest's`);
    return { bytes, fresh: true };
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

/** The body of a file, refused when it is longer than `limit` or when nothing comes for a while.
 *  @param {string} file @param {string} url @param {number} limit @param {((bytes: number) => void) | undefined} count
 *  @param {Options} options @param {number} attempt @param {AbortSignal} signal @returns {Promise<Uint8Array>} */
async function readBytes(file, url, limit, count, { read = readAnywhere, stall = 20_000 }, attempt, signal) {
  const fail = (/** @type {string} */ why) => new DolmetschError('DM_ERR_FETCH', `${file}: ${why}`);
  const tooLong = () => new DolmetschError('DM_ERR_INTEGRITY', `${file}: more than the ${limit} bytes that are due`);
  const stop = new AbortController();               // of this attempt: the caller's, or a connection gone silent
  const abort = () => stop.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const stopped = new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason)));
  stopped.catch(() => {});
  /** @template T @param {Promise<T>} work @returns {Promise<T>} */
  const inTime = async (work) => {
    const timer = setTimeout(() => stop.abort(fail(`nothing came for ${stall / 1000} s`)), stall);
    try {
      return await /** @type {Promise<T>} */ (Promise.race([work, stopped]));
    } catch (/** @type {any} */ error) {
      signal.throwIfAborted();
      throw error instanceof DolmetschError ? error : fail(error?.message || 'could not be read');
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const answer = await inTime((async () => read(url, attempt, stop.signal))());
    signal.throwIfAborted();
    if (answer instanceof Uint8Array) {
      if (answer.length > limit) throw tooLong();
      count?.(answer.length);
      return answer;
    }
    const from = answer.redirected ? ` (redirected to ${answer.url})` : '';
    if (!answer.ok) throw fail(`the server answered ${answer.status}${from}`);
    if (/^text\/html\b/i.test(answer.headers.get('content-type') ?? ''))
      throw fail(`the server sent a web page in its place${from}`);
    if (!answer.body) throw fail('the answer is empty');
    return await readBody(answer.body, limit, count, inTime, tooLong);
  } catch (error) {
    stop.abort(error);                              // ends what still comes
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Content-Length counts compressed bytes where a server compresses: only what arrives is counted.
 *  @param {ReadableStream<Uint8Array>} body @param {number} limit @param {((bytes: number) => void) | undefined} count
 *  @param {<T>(work: Promise<T>) => Promise<T>} inTime @param {() => Error} tooLong */
async function readBody(body, limit, count, inTime, tooLong) {
  const reader = body.getReader();
  let bytes = new Uint8Array(Math.min(limit, 2 ** 16)), length = 0;
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return bytes.subarray(0, length);
      if (length + value.length > limit) throw tooLong();
      if (length + value.length > bytes.length) {
        const larger = new Uint8Array(Math.min(limit, Math.max(length + value.length, 4 * bytes.length)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(value, length);
      length += value.length;
      count?.(length);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  }
}

/** @param {string} base a folder, with or without the final slash @param {string} file */
const urlOf = (base, file) => base.replace(/\/*$/, '/') + file;
const nameOf = (/** @type {string} */ url) => url.split('/').pop() ?? url;
