/** What Node has instead of fetch for file: addresses and of web workers.  Imported where it is needed: no page asks for it. */

import { readFile } from 'node:fs/promises';
import { MessageChannel, Worker } from 'node:worker_threads';

/** @param {string} url */
export const readUrl = (url) => readFile(new URL(url));

/** A worker: a thread behind a port.  @param {URL} url @returns {import('./types.d.ts').Port} */
export function startThread(url) {
  const { port1, port2 } = new MessageChannel();
  const thread = new Worker(url, { workerData: { port: port2 }, transferList: [port2], execArgv: [] });
  const fail = (/** @type {string} */ message) => port1.dispatchEvent(Object.assign(new Event('error'), { message }));
  thread.on('error', (error) => fail(String(/** @type {any} */ (error)?.message ?? error)));
  thread.on('exit', () => fail('the worker died'));
  thread.unref();
  return Object.assign(/** @type {any} */ (port1), {
    terminate() {
      port1.close();
      thread.terminate();
    },
  });
}
