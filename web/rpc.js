/** The messages between a translator (client) and its worker (server), over anything with postMessage.
 *
 *    request   { id, type: 'load' | 'translate', args }
 *    cancel    { id, type: 'cancel' }                       nothing is answered after it
 *    answer    { id, type: 'event', value }                 progress, partial text; any number, before the end
 *              { id, type: 'result', value }                the end
 *              { id, type: 'error', code, message }         the end
 *    hello     { type: 'hello' }                            once, when the worker has started
 *
 *  Nobody waits for ever: every call ends by a result, an error, its signal, the worker's death or close(). */

import { DolmetschError } from './errors.js';
import { inTime } from './in-time.js';

/** @typedef {import('./types.d.ts').Port} Port
 *  @typedef {{signal: AbortSignal, emit: (value: unknown) => void, transfer: Transferable[]}} Context   transfer: what the
 *  result gives away instead of copying
 *  @typedef {Record<string, (args: any, context: Context) => unknown>} Handlers */

const START = 60_000;                               // milliseconds until a worker that has said nothing is lost

/** The calling side.  @param {Port} port */
export function connect(port) {
  /** @type {Map<number, {resolve: Function, reject: Function, onEvent?: Function}>} */
  const pending = new Map();
  /** @type {{reason: unknown} | undefined} */
  let dead;
  let lastId = 0;

  /** @type {() => void} */
  let onEnd = () => {};
  let heard = (/** @type {unknown} */ _) => {};
  const end = (/** @type {unknown} */ reason) => {
    heard(undefined);
    if (!dead) onEnd();
    dead ??= { reason };
    for (const { reject } of [...pending.values()]) reject(dead.reason);
  };
  inTime(new Promise((resolve) => { heard = resolve; }), START).catch(() =>
    end(new DolmetschError('DM_ERR_WORKER', `worker.js did not start within ${START / 1000} s`)));
  port.addEventListener('message', ({ data }) => {
    heard(data);
    const call = pending.get(data?.id);
    if (!call) return;                              // hello, or answered after it was cancelled
    if (data.type === 'event') call.onEvent?.(data.value);
    else if (data.type === 'error') call.reject(new DolmetschError(data.code, data.message));
    else call.resolve(data.value);
  });
  port.addEventListener('error', (event) =>
    end(new DolmetschError('DM_ERR_WORKER', event.message || 'the worker could not start')));
  port.addEventListener('messageerror', () =>
    end(new DolmetschError('DM_ERR_WORKER', 'a message of the worker could not be read')));
  port.start?.();
  port.unref?.();                                   // Node: an idle translator does not keep the program alive

  return {
    /** @param {string} type @param {unknown} args
     *  @param {{signal?: AbortSignal, onEvent?: (value: any) => void, transfer?: Transferable[]}} [options]
     *  @returns {Promise<any>} */
    call(type, args, { signal, onEvent, transfer = [] } = {}) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (dead) return reject(dead.reason);
        const id = ++lastId;
        const abort = () => {
          settle(reject)(signal?.reason);
          port.postMessage({ id, type: 'cancel' });
        };
        const settle = (/** @type {Function} */ how) => (/** @type {unknown} */ value) => {
          pending.delete(id);
          if (!pending.size) port.unref?.();
          signal?.removeEventListener('abort', abort);
          how(value);
        };
        port.ref?.();
        pending.set(id, { resolve: settle(resolve), reject: settle(reject), onEvent });
        signal?.addEventListener('abort', abort);
        try {
          port.postMessage({ id, type, args }, transfer);
        } catch (error) {                           // args cannot be cloned
          settle(reject)(error);
        }
      });
    },
    /** @param {() => void} callback called when the other side is lost, or let go of */
    onEnd(callback) {
      onEnd = callback;
    },
    /** Ends every call, now and later, with the reason, and the worker with them.  @param {unknown} [reason] */
    close(reason = new DolmetschError('DM_ERR_CLOSED', 'the translator was destroyed')) {
      end(reason);
      if (port.terminate) port.terminate();
      else port.close?.();
    },
  };
}

/** The answering side: each request type has a handler; a handler's promise is the answer.
 *  @param {Port} port @param {Handlers} handlers */
export function serve(port, handlers) {
  /** @type {Map<number, AbortController>} */
  const running = new Map();
  port.addEventListener('message', async ({ data }) => {
    const { id, type, args } = data;
    if (type === 'cancel') return running.get(id)?.abort();
    const stop = new AbortController();
    running.set(id, stop);
    /** @type {Transferable[]} */
    const transfer = [];
    const post = (/** @type {object} */ message, /** @type {Transferable[]} */ gone = []) => {
      if (!stop.signal.aborted) port.postMessage({ id, ...message }, gone);
    };
    try {
      if (!Object.hasOwn(handlers, type)) throw new DolmetschError('DM_ERR_ARGUMENT', `no request is called ${type}`);
      const emit = (/** @type {unknown} */ value) => post({ type: 'event', value });
      post({ type: 'result', value: await handlers[type](args, { signal: stop.signal, emit, transfer }) }, transfer);
    } catch (/** @type {any} */ error) {
      post({ type: 'error', code: error?.code ?? 'DM_ERR_WORKER', message: String(error?.message ?? error) });
    } finally {
      running.delete(id);
    }
  });
  port.start?.();
  port.postMessage({ type: 'hello' });
}
