/** What the worker does: one engine, one model, and translations in short slices, so that messages - a cancel above
 *  all - are heard in between.  The most urgent translation runs: the lowest `priority`, of those the first that
 *  came; one that comes later and is more urgent runs at once, and the other goes on after it.
 *  No DOM and no Worker in here: tests run it in Node. */

import { openStore } from './cache.js';
import { DolmetschError } from './errors.js';
import { loadFile, loadModel } from './loader.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {{run(budget: number): boolean, progress(): number, result(i: number): Detailed,
 *             partial(i: number): string, kernels: string, free(): void}} Job
 *  @typedef {import('./types.d.ts').Memory & {architecture: string, open(at: number, bytes: number): void,
 *             job(texts: string[], options: object): Job}} Engine
 *  @typedef {{create(wasm: any, options: {relaxed: () => any}): Promise<Engine>}} EngineClass
 *  @typedef {{texts: string[], options: object, partial: boolean, priority: number, signal: AbortSignal,
 *             emit: (value: {index: number, text: string}) => void, resolve: (value: Detailed[]) => void,
 *             reject: (error: unknown) => void, job?: Job, ms: number, sent: string[], lastSent: number}} Task */

const SLICE = 10;                                   // milliseconds inside wasm between two looks at the messages
const PARTIAL = 50;                                 // milliseconds between two partial texts

/** @param {EngineClass} Engine @param {(url: string, options: import('./loader.js').Options) => any} [fetchWasm]
 *  @returns {import('./rpc.js').Handlers} */
export function service(Engine, fetchWasm = loadWasm) {
  /** @type {Engine | undefined} */
  let engine;
  /** @type {Task[]} most urgent first */
  const tasks = [];
  let running = false;

  const runTasks = async () => {
    if (running) return;
    running = true;
    while (tasks.length && engine) {
      const task = tasks[0];
      try {
        if (!runTask(engine, task)) end(task);
      } catch (error) {
        task.reject(error);
        end(task);
      }
      await nextMessage();
    }
    running = false;
  };
  const end = (/** @type {Task} */ task) => {
    const at = tasks.indexOf(task);
    if (at >= 0) tasks.splice(at, 1);
    task.job?.free();
    task.job = undefined;
  };

  return {
    /** { wasm: URL, base: URL of the model's folder } -> what the page may want to know of it */
    async load({ wasm, base, loader }, { signal, emit }) {
      engine = undefined;
      const store = await openStore();
      const options = { ...loader, store, signal };
      const relaxed = () => fetchWasm(new URL('kernels-relaxed.wasm', wasm).href, { ...options, pause: 0 });
      const created = Engine.create(fetchWasm(wasm, options), { relaxed }).catch((error) => {
        throw error?.code ? error : new DolmetschError('DM_ERR_FETCH', `engine.wasm: ${error?.message ?? error}`);
      });
      const { manifest, at, bytes } = await loadModel(base, created, { ...options, onProgress: emit });
      const fresh = await created;
      fresh.open(at, bytes);
      engine = fresh;
      const { name, source, target } = manifest;
      const notice = base.startsWith('file:') ? undefined : store.notice;
      return { name, source, target, bytes, architecture: fresh.architecture, notice };
    },

    /** { texts, options of the job, partial, priority } -> Detailed[];  events: { index, text } when partial is set */
    translate: ({ texts, options, partial, priority = 0 }, { signal, emit }) => new Promise((resolve, reject) => {
      if (!engine) throw new DolmetschError('DM_ERR_ARGUMENT', 'no model is loaded');
      /** @type {Task} */
      const task = { texts, options, partial, priority, signal, emit, resolve, reject, ms: 0, sent: [],
                     lastSent: performance.now() };
      const before = tasks.findIndex((other) => other.priority > priority);
      tasks.splice(before < 0 ? tasks.length : before, 0, task);
      signal.addEventListener('abort', () => {
        end(task);
        reject(signal.reason);
      });
      runTasks();
    }),
  };
}

/** One slice of a translation; answers when it is done.  @param {Engine} engine @param {Task} task
 *  @returns {boolean} more is left to do */
function runTask(engine, task) {
  const start = performance.now();
  const job = task.job ??= engine.job(task.texts, task.options);
  const more = runSlice(job), now = performance.now();
  task.ms += now - start;
  if (!more) {
    task.resolve(task.texts.map((_, i) => ({ ...job.result(i), kernels: job.kernels, ms: task.ms })));
  } else if (task.partial && now - task.lastSent >= PARTIAL) {
    task.texts.forEach((_, index) => {
      const text = job.partial(index);
      if (text !== (task.sent[index] ?? '')) task.emit({ index, text: task.sent[index] = text });
    });
    task.lastSent = now;
  }
  return more;
}

/** Step by step, since steps differ a hundredfold in what they cost: one word of a short sentence, or one of every
 *  sentence of a batch.  @param {Job} job @returns {boolean} more is left to do */
export function runSlice(job) {
  const end = performance.now() + SLICE;
  while (job.run(1)) if (performance.now() >= end) return true;
  return false;
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
