/** Files from the network, whole or not at all: no web page in their place, nothing longer than it may be, no connection
 *  that has gone silent.  loader.js gets chunks with it; here are the small files that have no hash: manifests, the engine.
 *
 *  Runs anywhere.  `read(url, attempt, signal)` answers with a Response or bytes; the default is fetch, and files where
 *  Node is given file: addresses. */

import { DolmetschError } from './errors.js';

/** @typedef {import('./cache.js').Store} Store
 *  @typedef {(url: string, attempt: number, signal: AbortSignal) => Promise<Response | Uint8Array>} Read
 *  @typedef {{read?: Read, store?: Store | Promise<Store>, signal?: AbortSignal, pause?: number, stall?: number,
 *             patience?: number}} Options
 *  In milliseconds: pause before a second attempt; stall, without a byte, that fails an attempt; patience with the
 *  network where a kept copy would do. */

const MAX_FILE = 2 ** 22;                           // of a manifest, of the engine

/** A second attempt goes past the HTTP cache: it may hold the broken copy.  @type {Read} */
const readAnywhere = async (url, attempt, signal) => (url.startsWith('file:') ? (await import('./node.js')).readUrl(url)
  : fetch(url, { signal, cache: attempt ? 'reload' : 'default' }));

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
  const kept = (async () => (await store)?.file(url))().then((bytes) => bytes && { bytes, value: read(bytes) })
    .catch(() => undefined);
  const fetched = twice(options, signal, async (attempt) => {
    const bytes = await readBytes(nameOf(url), url, MAX_FILE, undefined, options, attempt, signal), value = read(bytes);
    const before = (await kept)?.bytes;             // what is there need not be written again
    if (bytes.length !== before?.length || bytes.some((byte, i) => byte !== before[i])) await (await store)?.keepFile(url, bytes);
    return value;
  }, async () => !await kept);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, patience); }).then(async () => {
    const copy = await kept;
    return copy && await enough(copy.value) ? copy.value : fetched;
  });
  try {
    return await Promise.race([fetched, late]);
  } catch (error) {
    signal.throwIfAborted();
    const copy = await kept;
    if (copy) return copy.value;
    throw error;
  } finally {
    clearTimeout(timer);
    fetched.catch(() => {});
  }
}

/** Tries, and after a failure tries once more, if that is `worth` it.
 *  @template T @param {Options} options @param {AbortSignal} signal @param {(attempt: number) => Promise<T>} work
 *  @param {() => Promise<boolean>} [worth] */
export async function twice({ pause = 400 }, signal, work, worth = async () => true) {
  try {
    return await work(0);
  } catch (error) {
    signal.throwIfAborted();
    if (!await worth()) throw error;
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
export async function readBytes(file, url, limit, count, { read = readAnywhere, stall = 20_000 }, attempt, signal) {
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
export const urlOf = (base, file) => base.replace(/\/*$/, '/') + file;
const nameOf = (/** @type {string} */ url) => url.split('/').pop() ?? url;
