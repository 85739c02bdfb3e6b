/** What the worker does: one engine, one model, translations one after the other, each in short slices so that
 *  messages - a cancel above all - are heard in between.  No DOM and no Worker in here: tests run it in Node. */

import { DolmetschError } from './errors.js';
import { loadModel } from './loader.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {{run(budget: number): boolean, progress(): number, result(i: number): Detailed,
 *             partial(i: number): string, kernels: string, free(): void}} Job
 *  @typedef {import('./types.d.ts').Memory & {architecture: string, open(at: number, bytes: number): void,
 *             job(texts: string[], options: {attention?: boolean}): Job}} Engine
 *  @typedef {{create(wasm: any): Promise<Engine>}} EngineClass */

const SLICE = 10;                                   // milliseconds inside wasm between two looks at the messages
const PARTIAL = 50;                                 // milliseconds between two partial texts

/** @param {EngineClass} Engine @param {(url: string) => any} [fetchWasm] @returns {import('./rpc.js').Handlers} */
export function service(Engine, fetchWasm = (url) => fetch(url)) {
  /** @type {Engine | undefined} */
  let engine;
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();

  /** One at a time, in order; an error of one does not reach the next.
   *  @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  const inTurn = (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };

  return {
    /** { wasm: URL, base: URL of the model's folder } -> what the page may want to know of it */
    load: ({ wasm, base }, { signal, emit }) => inTurn(async () => {
      engine = undefined;
      const fresh = await Engine.create(fetchWasm(wasm)).catch((error) => {
        throw error?.code ? error : new DolmetschError('DM_ERR_FETCH', `engine.wasm: ${error?.message ?? error}`);
      });
      const { manifest, at, bytes } = await loadModel(base, fresh, { signal, onProgress: emit });
      fresh.open(at, bytes);
      engine = fresh;
      const { name, source, target } = manifest;
      return { name, source, target, bytes, architecture: fresh.architecture };
    }),

    /** { texts, attention, partial } -> Detailed[];  events: { index, text } when partial is set */
    translate: ({ texts, attention, partial }, { signal, emit }) => inTurn(async () => {
      signal.throwIfAborted();                      // cancelled while it waited its turn
      if (!engine) throw new DolmetschError('DM_ERR_ARGUMENT', 'no model is loaded');
      const start = performance.now();
      const job = engine.job(texts, { attention });
      try {
        /** @type {string[]} */
        const sent = [];
        for (let lastPartial = start; ;) {
          if (!runSlice(job)) break;
          const now = performance.now();
          if (partial && now - lastPartial >= PARTIAL) {
            for (let index = 0; index < texts.length; index++) {
              const text = job.partial(index);
              if (text !== (sent[index] ?? '')) emit({ index, text: sent[index] = text });
            }
            lastPartial = now;
          }
          await nextMessage();
          signal.throwIfAborted();
        }
        const ms = performance.now() - start;
        return texts.map((/** @type {string} */ _, /** @type {number} */ i) =>
          ({ ...job.result(i), kernels: job.kernels, ms }));
      } finally {
        job.free();
      }
    }),
  };
}

/** Step by step, since steps differ a hundredfold in what they cost: one word of a short sentence, or one of every
 *  sentence of a batch.  @param {Job} job @returns {boolean} more is left to do */
export function runSlice(job) {
  const end = performance.now() + SLICE;
  while (job.run(1)) if (performance.now() >= end) return true;
  return false;
}

/** Lets the message loop turn once.  setTimeout would cost 4 ms each time. */
const nextMessage = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resolve(undefined); };
  port2.postMessage(0);
});
