/** The worker: translations run here, off the page's thread.  In Node it is a worker thread. */
import { Engine } from './engine.js';
import { serve } from './rpc.js';
import { service } from './service.js';

const handlers = {
  ...service(Engine),
  /** Holds a lock of that name for as long as the worker lives: a worker that dies lets go of it, and tells nobody
   *  otherwise.  Answers whether it does. */
  hold: (/** @type {string} */ name) => new Promise((resolve, reject) => {
    if (!globalThis.navigator?.locks) return resolve(false);
    navigator.locks.request(name, () => { resolve(true); return new Promise(() => {}); }).catch(reject);
  }),
};

if (!('WorkerGlobalScope' in globalThis)) {
  const { workerData } = await import('node:worker_threads');
  serve(workerData.port, handlers);
} else {
  serve(/** @type {any} */ (globalThis), handlers);
}
