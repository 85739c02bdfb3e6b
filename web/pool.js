/** One model in one or several workers, as promises; translator.js has the W3C interface over it.
 *
 *    const pool = await openPool({ engine: 'https://host/', base: 'https://host/models/en-de/', workers: 2 });
 *    await pool.translate(['Good morning.'], { signal, attention: true })       Detailed[]: see types.d.ts
 *    pool.close()
 *
 *  Every call ends: by its result, an error, its signal's reason, the death of its worker, or close().  A worker that
 *  died is replaced at the next call.  One worker fetches the model, the others get it from a worker that has it. */

import { connect } from './rpc.js';
import { DolmetschError } from './errors.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Port} Port
 *  @typedef {{name: string, source: string, target: string, bytes: number, architecture: string, notice?: string,
 *             coarse?: boolean}} Info
 *  @typedef {{load: number, rpc?: ReturnType<typeof connect>, ready: Promise<Info>, open?: boolean}} Lane   load: characters
 *  under way; open: its model is here
 *  @typedef {{engine: string, base: string | Promise<string>, coarse?: boolean, workers?: number, shortlist?: boolean,
 *             signal?: AbortSignal,
 *             start?: () => Port | Promise<Port>,
 *             onProgress?: (progress: import('./types.d.ts').Progress) => void, loader?: object}} Options */

/** @param {Options} options  engine: the folder of engine.wasm; base: the model's folder; start: makes a worker;
 *  shortlist: of every translation that does not say itself */
export async function openPool(options) {
  const pool = new Pool(options);
  try {
    await pool.open();
    return pool;
  } catch (error) {
    pool.close(error);
    throw error;
  }
}

/** @type {Promise<Info>} */
const NEVER = new Promise(() => {});

export class Pool {
  #options;
  /** @type {(Lane | undefined)[]} a hole where a worker died */
  #lanes;
  /** @type {{reason: unknown} | undefined} */
  #closed;
  /** @type {Info} */
  info = /** @type {any} */ (undefined);
  /** Resolves when the model is whole; `info.coarse` says that it is not yet. @type {Promise<void>} */
  refined = Promise.resolve();

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    Promise.resolve(options.base).catch(() => {});  // the lane that waits for it tells
    this.#lanes = new Array(Math.max(1, Math.floor(options.workers ?? 1))).fill(undefined);
  }

  /** Resolves when the first worker can translate; the others follow when its model is whole. */
  async open() {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    this.info = await this.#lane(0, signal, onProgress).ready;
    if (this.info.coarse) this.refined = this.#lanes[0]?.rpc?.call('refined', {}).then(() => { this.info.coarse = false; })
      ?? this.refined;
    this.refined.catch(() => {}).then(() => {
      for (let i = 1; i < this.#lanes.length && !this.#closed; i++) this.#lane(i).ready.catch(() => {});
    });
  }

  /** Several texts go to several workers, in parts of about equal length.
   *  @param {string[]} texts @param {{signal?: AbortSignal, priority?: number, [option: string]: unknown,
   *           onPartial?: (text: string, index: number) => void}} [options] @returns {Promise<Detailed[]>} */
  async translate(texts, { signal, priority = 0, onPartial, ...options } = {}) {
    const stop = new AbortController();             // a part that fails ends the others
    const abort = () => stop.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    try {
      return (await Promise.all(share(texts, this.#lanes.length).map(async ([from, to]) => {
        const part = texts.slice(from, to), size = part.reduce((sum, text) => sum + text.length, 1);
        const lane = this.#idlest();
        lane.load += size;
        try {
          await orAborted(lane.ready, stop.signal);
          return await /** @type {NonNullable<Lane['rpc']>} */ (lane.rpc).call('translate',
            { texts: part, options: { shortlist: this.#options.shortlist, ...options }, priority, partial: Boolean(onPartial) },
            { signal: stop.signal, onEvent: ({ index, text }) => onPartial?.(text, from + index) });
        } catch (/** @type {any} */ error) {
          if (error?.code === 'DM_ERR_WORKER') lane.rpc?.close(error);       // no error of ours: its engine is not used again
          throw error;
        } finally {
          lane.load -= size;
        }
      }))).flat();
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Frees workers and models; calls that are under way, and later ones, reject with the reason.
   *  @param {unknown} [reason] */
  close(reason = new DolmetschError('DM_ERR_CLOSED', 'the translator was destroyed')) {
    this.#closed ??= { reason };
    for (const lane of this.#lanes) lane?.rpc?.close(this.#closed.reason);
  }

  /** The lane with the least to do; a new one where a worker died.  The others wait until the model is whole. */
  #idlest() {
    if (this.#closed) throw this.#closed.reason;
    const alive = this.#lanes.filter((lane) => lane !== undefined), hole = this.#lanes.indexOf(undefined);
    if (hole >= 0 && !(this.info.coarse && alive.length)) return this.#lane(hole);
    return alive.reduce((best, lane) => (lane.load < best.load ? lane : best));
  }

  /** Starts worker i; its model comes from another worker, the store or the network.
   *  @param {number} i @param {AbortSignal} [signal] @param {(progress: any) => void} [onEvent] @returns {Lane} */
  #lane(i, signal, onEvent) {
    const { engine, base, loader, coarse, start = startWorker } = this.#options;
    const lost = () => {
      if (this.#lanes[i] === lane) this.#lanes[i] = undefined;
    };
    const open = async () => {
      const lender = this.#lanes.find((other) => other?.open)?.rpc;
      const rpc = lane.rpc = connect(await start());
      rpc.onEnd(lost);
      watch(rpc);
      if (this.#closed) rpc.close(this.#closed.reason);
      try {
        const lent = await lender?.call('lend', {}).catch(() => undefined);      // if it cannot, the store or the network can
        const args = lent ? { lent } : { wasm: new URL('engine.wasm', engine).href, base: await base, loader,
          coarse: i === 0 && coarse };
        const transfer = lent?.bytes instanceof ArrayBuffer ? [lent.bytes] : [];
        const info = await rpc.call('load', args, { signal, onEvent, transfer });
        lane.open = true;
        return info;
      } catch (error) {
        rpc.close(error);
        throw error;
      }
    };
    /** @type {Lane} */
    const lane = this.#lanes[i] = { load: 0, ready: NEVER };
    lane.ready = open();                            // starts the worker at once
    return lane;
  }
}

/** @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
const orAborted = (promise, signal) => new Promise((resolve, reject) => {
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
});

/** Where to cut a list so that n workers have about the same to do.
 *  @param {string[]} texts @param {number} n @returns {[from: number, to: number][]} */
export function share(texts, n) {
  const total = texts.reduce((sum, text) => sum + text.length + 1, 0);
  /** @type {[number, number][]} */
  const parts = [];
  for (let from = 0, i = 0, seen = 0; i < texts.length; i++) {
    seen += texts[i].length + 1;
    if (i < texts.length - 1 && seen * n < total * (parts.length + 1)) continue;
    parts.push([from, i + 1]);
    from = i + 1;
  }
  return parts;
}

/** Ends the calls of a worker that dies without a word: it held a lock.  Node tells by itself.
 *  @param {NonNullable<Lane['rpc']>} rpc */
async function watch(rpc) {
  if (typeof Worker === 'undefined' || !navigator.locks) return;
  const name = `dolmetsch worker ${Math.random()}`;
  if (!await rpc.call('hold', name).catch(() => false)) return;
  await navigator.locks.request(name, () => {});
  rpc.close(new DolmetschError('DM_ERR_WORKER', 'the worker died'));
}

/** @returns {Port | Promise<Port>} */
function startWorker() {
  const url = new URL('./worker.js', import.meta.url);
  return typeof Worker === 'undefined' ? import('./node.js').then(({ startThread }) => startThread(url))
    : new Worker(ownAddress(url), { type: 'module' });
}

/** A worker must come from the page's own origin: for a script from elsewhere (a CDN) one that imports it.  A sandboxed frame
 *  has no origin of its own; there Chromium starts modules from data: alone.  @param {URL} url */
function ownAddress(url) {
  if (url.origin === globalThis.origin) return url;
  const text = `import ${JSON.stringify(url.href)};`;
  return globalThis.origin === 'null' ? `data:text/javascript,${encodeURIComponent(text)}`
    : URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
}
