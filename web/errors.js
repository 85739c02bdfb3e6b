/** The one error class of Dolmetsch.  `code` is for programs, `message` for people.
 *
 * From the engine:  DM_ERR_MEMORY, DM_ERR_FORMAT, DM_ERR_VERSION, DM_ERR_ARGUMENT (see dolmetsch.h).
 * From engine.js:   DM_ERR_ENGINE     the wasm module did not start
 * From the loader:  DM_ERR_FETCH      a file did not come: no network, 404, a web page in its place
 *                   DM_ERR_MANIFEST   manifest.json is not one, or contradicts itself
 *                   DM_ERR_INTEGRITY  a file came, but its length or its hash is wrong
 * From the worker:  DM_ERR_WORKER     the worker could not start, or died
 *                   DM_ERR_CLOSED     the translator was destroyed
 * Cancelling is none of these: it throws the reason of the caller's AbortSignal. */
export class DolmetschError extends Error {
  /** @param {string} code @param {string} [message] */
  constructor(code, message = code) {
    super(message);
    this.name = 'DolmetschError';
    this.code = code;
  }
}
