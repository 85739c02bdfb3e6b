/** The messages between a translator (client) and its worker (server), over anything with postMessage.
 *
 *    request   { id, type: 'load' | 'translate', args }
 *    cancel    { id, type: 'cancel' }                       nothing is answered after it
 *    answer    { id, type: 'event', value }                 progress, partial text; any number, before the end
 *              { id, type: 'result', value }                the end
 *              { id, type: 'error', code, message }         the end
 *
 *  Nobody waits for ever: every call ends by a result, an error, its signal, the worker's death or close(). */

import { DolmetschError } from './errors.js';

/** @typedef {import('./types.d.ts').Port} Port
 *  @typedef {{signal: AbortSignal, emit: (value: unknown) => void}} Context
 *  @typedef {Record<string, (args: any, context: Context) => unknown>} Handlers */

/** The calling side.  @param {Port} port */
export function connect(port) {
  /** @type {Map<number, {resolve: Function, reject: Function, onEvent?: Function}>} */
  const pending = new Map();
  /** @type {DolmetschError | undefined} */
  let dead;
  let lastId = 0;

  const end = (/** @type {DolmetschError} */ error) => {
    dead ??= error;
    for (const { reject } of [...pending.values()]) reject(dead);
  };
  port.addEventListener('message', ({ data }) => {
    const call = pending.get(data?.id);
    if (!call) return;                              // answered after it was cancelled
    if (data.type === 'event') call.onEvent?.(data.value);
    else if (data.type === 'error') call.reject(new DolmetschError(data.code, data.message));
    else call.resolve(data.value);
  });
  port.addEventListener('error', (event) =>
    end(new DolmetschError('DM_ERR_WORKER', event.message || 'the worker could not start')));
  port.addEventListener('messageerror', () =>
    end(new DolmetschError('DM_ERR_WORKER', 'a message of the worker could not be read')));
  port.start?.();

  return {
    /** @param {string} type @param {unknown} args
     *  @param {{signal?: AbortSignal, onEvent?: (value: any) => void}} [options] @returns {Promise<any>} */
    call(type, args, { signal, onEvent } = {}) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (dead) return reject(dead);
        const id = ++lastId;
        const abort = () => {
          settle(reject)(signal?.reason);
          port.postMessage({ id, type: 'cancel' });
        };
        const settle = (/** @type {Function} */ how) => (/** @type {unknown} */ value) => {
          pending.delete(id);
          signal?.removeEventListener('abort', abort);
          how(value);
        };
        pending.set(id, { resolve: settle(resolve), reject: settle(reject), onEvent });
        signal?.addEventListener('abort', abort);
        try {
          port.postMessage({ id, type, args });
        } catch (error) {                           // args cannot be cloned
          settle(reject)(error);
        }
      });
    },
    /** Ends every call, now and later, with DM_ERR_CLOSED, and the worker with them. */
    close() {
      end(new DolmetschError('DM_ERR_CLOSED', 'the translator was destroyed'));
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
    const post = (/** @type {object} */ message) => { if (!stop.signal.aborted) port.postMessage({ id, ...message }); };
    try {
      if (!Object.hasOwn(handlers, type)) throw new DolmetschError('DM_ERR_ARGUMENT', `no request is called ${type}`);
      const emit = (/** @type {unknown} */ value) => post({ type: 'event', value });
      post({ type: 'result', value: await handlers[type](args, { signal: stop.signal, emit }) });
    } catch (/** @type {any} */ error) {
      post({ type: 'error', code: error?.code ?? 'DM_ERR_WORKER', message: String(error?.message ?? error) });
    } finally {
      running.delete(id);
    }
  });
  port.start?.();
}
