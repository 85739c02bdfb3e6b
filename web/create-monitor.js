/** The monitor of Translator.create and its downloadprogress events: `loaded` from 0 to 1 in steps of 1/65536, rising,
 *  0 first and 1 last, 50 ms or more between two of a download, none after the promise is settled or its signal aborted. */

const STEP = 2 ** -16, PAUSE = 50;
const PRIVATE = Symbol();
const Base = /** @type {typeof Event} */ (typeof ProgressEvent === 'undefined' ? Event : ProgressEvent);      // Node has none

/** A ProgressEvent with two numbers more, for people: bytes of totalBytes. */
class DownloadProgressEvent extends Base {
  /** @param {number} loaded @param {number} bytes @param {number} totalBytes */
  constructor(loaded, bytes, totalBytes) {
    super('downloadprogress', /** @type {any} */ ({ lengthComputable: true, loaded, total: 1 }));
    if (Base === Event) Object.assign(this, { lengthComputable: true, loaded, total: 1 });
    this.bytes = bytes;
    this.totalBytes = totalBytes;
  }
}

export class CreateMonitor extends EventTarget {
  /** @type {((event: any) => void) | null} */
  #handler = null;

  /** @param {symbol} [key] */
  constructor(key) {
    if (key !== PRIVATE) throw new TypeError('Illegal constructor');
    super();
  }

  get ondownloadprogress() { return this.#handler; }
  set ondownloadprogress(handler) {
    if (this.#handler) this.removeEventListener('downloadprogress', this.#handler);
    this.#handler = typeof handler === 'function' ? handler : null;
    if (this.#handler) this.addEventListener('downloadprogress', this.#handler);
  }
}

Object.defineProperty(CreateMonitor, 'name', { value: 'CreateMonitor' });
Object.defineProperty(CreateMonitor.prototype, Symbol.toStringTag, { value: 'CreateMonitor', configurable: true });

export class Progress {
  monitor = new CreateMonitor(PRIVATE);
  #last = -1;
  #time = -Infinity;
  #bytes = 0;
  #total = 0;

  /** The last step waits until the model is known to be whole.  @param {{loaded: number, total: number}} now */
  report({ loaded, total }) {
    this.#bytes = loaded;
    this.#total = total;
    if (performance.now() - this.#time < PAUSE) return;
    this.#time = performance.now();
    this.#send(Math.min(Math.floor(loaded / total / STEP) * STEP, 1 - STEP));
  }

  /** @param {AbortSignal} [signal] */
  async finish(signal) {
    this.#send(0);
    signal?.throwIfAborted();
    this.#send(1);
    await new Promise((resolve) => { setTimeout(resolve); });
    signal?.throwIfAborted();
  }

  /** @param {number} loaded */
  #send(loaded) {
    if (loaded <= this.#last) return;
    this.#last = loaded;
    this.monitor.dispatchEvent(new DownloadProgressEvent(loaded, this.#bytes, this.#total));
  }
}
