/** What the worker does: one engine, one model, and translations in short slices, so that messages - a cancel above
 *  all - are heard in between.  The most urgent translation runs: the lowest `priority`, of those the first that
 *  came; one that comes later and is more urgent runs at once, and the other goes on after it.
 *  No DOM and no Worker in here: tests run it in Node. */

import { openStore } from './cache.js';
import { DolmetschError } from './errors.js';
import { loadFile, loadModel } from './loader.js';
import { Task } from './task.js';

/** @typedef {import('./types.d.ts').Memory & import('./task.js').Engine & {architecture: string,
 *             open(at: number, bytes: number): void}} Engine
 *  @typedef {{create(wasm: any, options: {relaxed: () => any}): Promise<Engine>}} EngineClass
 *  @typedef {{task: Task, priority: number, resolve: (value: import('./types.d.ts').Detailed[]) => void,
 *             reject: (error: unknown) => void, tell?: () => void, coarse?: boolean}} Call
 *  @typedef {{manifest: import('./types.d.ts').Manifest, at: number, bytes: number}} Loaded */

const PARTIAL = 50;                                 // milliseconds between two partial texts

/** @param {EngineClass} Engine @param {(url: string, options: import('./loader.js').Options) => any} [fetchWasm]
 *  @returns {import('./rpc.js').Handlers} */
export function service(Engine, fetchWasm = loadWasm) {
  /** @type {Engine | undefined} */
  let engine;
  /** @type {Promise<void>} */
  let whole = Promise.resolve();
  let isCoarse = false;
  /** @type {Call[]} most urgent first */
  const calls = [];
  let running = false;

  const runCalls = async () => {
    if (running) return;
    running = true;
    while (calls.length && engine) {
      const call = calls[0];
      call.coarse ||= isCoarse;
      try {
        if (call.task.run(engine)) {
          call.tell?.();
        } else {
          if (call.coarse) for (const result of call.task.results) result.coarse = true;
          call.resolve(call.task.results);
          end(call);
        }
      } catch (error) {
        call.reject(error);
        end(call);
      }
      await nextMessage();
    }
    running = false;
  };
  const end = (/** @type {Call} */ call) => {
    const at = calls.indexOf(call);
    if (at >= 0) calls.splice(at, 1);
    call.task.free();
  };

  return {
    /** { wasm: URL, base: URL of the model's folder, coarse: whether half a model will do } -> what the page may want
     *  to know of it; `coarse` if it is half a model */
    load: ({ wasm, base, loader, coarse }, { signal, emit }) => new Promise((resolve, reject) => {
      engine = undefined;
      whole = (async () => {
        const store = await openStore();
        const options = { ...loader, store, signal };
        const relaxed = () => fetchWasm(new URL('kernels-relaxed.wasm', wasm).href, { ...options, pause: 0 });
        const created = Engine.create(fetchWasm(wasm, options), { relaxed }).catch((error) => {
          throw error?.code ? error : new DolmetschError('DM_ERR_FETCH', `engine.wasm: ${error?.message ?? error}`);
        });
        const open = (/** @type {Loaded} */ { manifest, at, bytes }, /** @type {Engine} */ fresh, half = false) => {
          fresh.open(at, bytes);
          engine = fresh;
          isCoarse = half;
          const { name, source, target } = manifest, { architecture } = fresh;
          const notice = base.startsWith('file:') ? undefined : store.notice;
          resolve({ name, source, target, bytes, architecture, notice, ...(half && { coarse: true }) });
        };
        /** @type {Engine | undefined} */
        let ready;
        created.then((fresh) => { ready = fresh; }, () => {});
        const onCoarse = coarse && ((/** @type {Loaded} */ half) => open(half, /** @type {Engine} */ (ready), true));
        const loaded = await loadModel(base, created, { ...options, onCoarse, onProgress: emit });
        if (isCoarse && engine) isCoarse = false;
        else open(loaded, await created);
      })();
      whole.catch(reject);
    }),

    /** Answers when the model is whole. */
    refined: () => whole,

    /** { texts, options of the job, partial, priority } -> Detailed[];  events: { index, text } when partial is set */
    translate: ({ texts, options, partial, priority = 0 }, { signal, emit }) => new Promise((resolve, reject) => {
      if (!engine) throw new DolmetschError('DM_ERR_ARGUMENT', 'no model is loaded');
      /** @type {Call} */
      const call = { task: new Task(texts, options), priority, resolve, reject };
      if (partial) call.tell = teller(call.task, emit);
      const before = calls.findIndex((other) => other.priority > priority);
      calls.splice(before < 0 ? calls.length : before, 0, call);
      signal.addEventListener('abort', () => {
        end(call);
        reject(signal.reason);
      });
      runCalls();
    }),
  };
}

/** Tells of the partial texts that have changed, now and then.
 *  @param {Task} task @param {(value: {index: number, text: string}) => void} emit */
function teller(task, emit) {
  /** @type {string[]} */
  const sent = [];
  let last = performance.now();
  return () => {
    if (performance.now() - last < PARTIAL) return;
    for (const { index, text } of task.partials()) if (text !== (sent[index] ?? '')) emit({ index, text: sent[index] = text });
    last = performance.now();
  };
}

/** @param {string} url @param {import('./loader.js').Options} options */
async function loadWasm(url, options) {
  return new Response(/** @type {BodyInit} */ (await loadFile(url, (bytes) => {
    if (bytes[0] !== 0 || bytes[1] !== 0x61) throw new DolmetschError('DM_ERR_ENGINE', `${url} is not WebAssembly`);
    return bytes;
  }, options)));
}

/** Lets the message loop turn once.  setTimeout would cost 4 ms each time. */
const nextMessage = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resolve(undefined); };
  port2.postMessage(0);
});
