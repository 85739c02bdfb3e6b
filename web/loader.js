/** Brings a model into wasm memory: manifest, then chunks, each checked by its hash before a byte of it is
 *  written.  There is never a second copy of the model: only the few chunks on their way live in JavaScript.
 *
 *  With a `store` (cache.js) chunks that are kept are not fetched, and those that are fetched are kept: a download that
 *  broke goes on where it was.  Progress is that of what has to be fetched. */

import { DolmetschError } from './errors.js';
import { readBytes, twice, urlOf } from './files.js';
import { loadManifest } from './manifest.js';
import { Planes } from './planes.js';
import { sha256 } from './sha256.js';

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {import('./types.d.ts').Progress} Progress
 *  @typedef {import('./types.d.ts').Memory} Memory
 *  @typedef {import('./files.js').Options & {onProgress?: (progress: Progress) => void, parallel?: number,
 *             onCoarse?: (model: {manifest: Manifest, at: number, bytes: number}) => unknown}} Options
 *  onCoarse hears of a model that is sent coarse-first when it can translate; from then on its place is the caller's,
 *  whatever comes after. */

const FROM_STORE = 8;                               // chunks that are read from the store side by side

/** Loads the model in folder `base` into `memory`; the caller owns the place that it gets.
 *  @param {string} base @param {Memory | Promise<Memory>} from the first chunks come while the engine starts
 *  @param {Options} [options] @returns {Promise<{manifest: Manifest, at: number, bytes: number}>} */
export async function loadModel(base, from, options = {}) {
  const { onProgress, onCoarse, signal, parallel = 4 } = options;
  const fetched = loadManifest(base, options), opened = Promise.resolve(options.store);
  const [manifest, store, have] = await Promise.all([
    Promise.race([fetched, Promise.resolve(from).then(() => fetched)]),            // an engine that fails ends it at once
    opened, opened.then((open) => open?.hashes())]);
  signal?.throwIfAborted();

  const stop = new AbortController();               // the first failure ends the other downloads
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  const { bytes, chunks, coarse } = manifest, kept = chunks.map((chunk) => have?.has(chunk.sha256) ?? false);
  const all = kept.every(Boolean), early = coarse && onCoarse && !all ? coarse.chunks : 0;
  const count = counter(chunks.slice(0, early || chunks.length).map((chunk, i) => (kept[i] ? 0 : chunk.bytes)), onProgress);

  /** @type {Place | undefined} */
  let place;
  const placed = Promise.resolve(from).then((memory) => {
    stop.signal.throwIfAborted();
    return place = new Place(manifest, memory);
  });
  placed.catch((error) => stop.abort(error));
  let next = 0, offset = 0, given = false;
  const takeChunks = async (/** @type {number} */ end) => {
    while (next < end) {
      const i = next++, chunk = chunks[i], to = offset;
      offset += chunk.bytes;
      const { bytes: part, fresh } = await loadChunk(base, chunk, (n) => count(i, n), options, stop.signal);
      await placed;
      stop.signal.throwIfAborted();
      place?.put(part, to);
      if (fresh) await store?.keepChunk(chunk.sha256, part);
    }
  };
  const takeAll = async (/** @type {number} */ end) => {
    await Promise.all(Array.from({ length: all ? FROM_STORE : parallel }, () => takeChunks(end)));
    return placed;
  };
  try {
    if (early) {
      const { at, planes } = await takeAll(early);
      planes?.coarsen();
      given = true;
      await onCoarse?.({ manifest, at, bytes });
    }
    const { at, planes } = await takeAll(chunks.length);
    planes?.refine();
    store?.prune();
    return { manifest, at, bytes };
  } catch (error) {
    stop.abort(error);
    if (!given) place?.free();
    throw signal?.aborted ? signal.reason : error;
  } finally {
    place?.planes?.free();
    signal?.removeEventListener('abort', abort);
  }
}

/** Where a model goes in wasm memory. */
class Place {
  #memory;
  /** @type {Planes | undefined} */
  planes;

  /** @param {Manifest} manifest @param {Memory} memory */
  constructor(manifest, memory) {
    this.#memory = memory;
    this.at = memory.allocate(manifest.bytes);
    try {
      if (manifest.coarse) this.planes = new Planes(manifest, memory, this.at);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Bytes that were checked.  @param {Uint8Array} bytes @param {number} offset */
  put(bytes, offset) {
    if (this.planes) this.planes.place(bytes, offset);
    else this.#memory.memory().set(bytes, this.at + offset);
  }

  free() {
    this.#memory.free(this.at);
  }
}

/** Progress over the chunks that have to be fetched; the others count nothing.
 *  @param {number[]} due bytes of each @param {Options['onProgress']} onProgress
 *  @returns {(i: number, n: number) => void} hears that n bytes of chunk i are here */
function counter(due, onProgress) {
  const total = due.reduce((sum, bytes) => sum + bytes, 0), arrived = new Float64Array(due.length);
  let shown = 0;
  if (total) onProgress?.({ loaded: 0, total });
  return (i, n) => {
    if (!due[i]) return;                            // kept, or not waited for
    arrived[i] = n;                                 // a second attempt starts at 0: never show less than before
    const loaded = arrived.reduce((a, b) => a + b, 0);
    if (loaded > shown) onProgress?.({ loaded: shown = loaded, total });
  };
}

/** One chunk, whole and with the right hash, or an error that names it.
 *  @param {string} base @param {Manifest['chunks'][0]} chunk @param {(bytes: number) => void} count
 *  @param {Options} options @param {AbortSignal} signal @returns {Promise<{bytes: Uint8Array, fresh: boolean}>} */
async function loadChunk(base, chunk, count, options, signal) {
  const store = await options.store, kept = await store?.chunk(chunk.sha256);
  if (kept?.length === chunk.bytes && await sha256(kept) === chunk.sha256) {
    count(kept.length);
    return { bytes: kept, fresh: false };
  }
  if (kept) await store?.dropChunk(chunk.sha256);
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
