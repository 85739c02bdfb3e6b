/** The model of a worker, bound to its engine: fetched, or taken from another worker that has it, and given to others.
 *  service.js translates with it.  No DOM and no Worker in here. */

import { openStore } from './cache.js';
import { DolmetschError } from './errors.js';
import { loadFile } from './files.js';
import { loadModel } from './loader.js';

/** @typedef {import('./types.d.ts').Lent} Lent
 *  @typedef {import('./types.d.ts').Memory & import('./task.js').Engine & {architecture: string,
 *             modules: Partial<Lent['modules']>, refused: Record<string, string>, open(at: number, bytes: number): void}} Engine
 *  @typedef {{create(wasm: any, options: {relaxed: () => any}): Promise<Engine>}} EngineClass
 *  @typedef {(url: string, options: import('./loader.js').Options) => any} FetchWasm
 *  @typedef {{manifest: import('./types.d.ts').Manifest, at: number, bytes: number}} Loaded */

export class Model {
  #Engine;
  #fetchWasm;
  /** @type {Loaded & {notice?: string} | undefined} */
  #loaded;
  /** @type {WeakRef<SharedArrayBuffer> | undefined} one copy for all that borrow at the same time */
  #shared;
  /** Translates, as soon as it is here. @type {Engine | undefined} */
  engine;
  /** Whether the low bits of the weights are still on their way. */
  coarse = false;
  /** Resolves when all of it is here. @type {Promise<unknown>} */
  whole = Promise.resolve();

  /** @param {EngineClass} Engine @param {FetchWasm} [fetchWasm] */
  constructor(Engine, fetchWasm = loadWasm) {
    this.#Engine = Engine;
    this.#fetchWasm = fetchWasm;
  }

  /** { wasm: URL, base: URL of the model's folder, coarse: whether a coarse model will do; or lent: by another worker }
   *  -> what the page may want to know of it; `coarse` if it is one
   *  @param {any} args @param {import('./rpc.js').Context} context @returns {Promise<object>} */
  load(args, context) {
    return new Promise((resolve, reject) => {
      this.whole = args.lent ? this.#borrow(args.lent).then(resolve) : this.#fetch(args, context, resolve);
      this.whole.catch(reject);
    });
  }

  /** For another worker: a copy that may be given away, or one that is shared where the page may share memory.
   *  @param {Transferable[]} transfer @returns {Promise<Lent>} */
  async lend(transfer) {
    await this.whole;
    const { manifest, at, bytes: size, notice } = /** @type {Loaded & {notice?: string}} */ (this.#loaded);
    const engine = /** @type {Engine} */ (this.engine), { relaxed: refused } = engine.refused;
    const copy = (/** @type {ArrayBuffer | SharedArrayBuffer} */ to) =>
      new Uint8Array(to).set(engine.memory().subarray(at, at + size));
    /** @type {ArrayBuffer | SharedArrayBuffer | undefined} */
    let bytes = this.#shared?.deref();
    if (!bytes) {
      const shared = typeof SharedArrayBuffer !== 'undefined' && new SharedArrayBuffer(size);
      if (shared) this.#shared = new WeakRef(shared);
      copy(bytes = shared || new ArrayBuffer(size));
      if (!shared) transfer.push(/** @type {ArrayBuffer} */ (bytes));
    }
    return { manifest, notice, modules: /** @type {Lent['modules']} */ (engine.modules), refused, bytes };
  }

  /** @param {any} args of load @param {import('./rpc.js').Context} context
   *  @param {(info: object) => void} resolve as soon as it can translate */
  async #fetch({ wasm, base, loader, coarse }, { signal, emit }, resolve) {
    const store = openStore(), options = { ...loader, store, signal };
    const relaxed = () => this.#fetchWasm(new URL('kernels-relaxed.wasm', wasm).href, { ...options, pause: 0 });
    const created = this.#Engine.create(this.#fetchWasm(wasm, options), { relaxed }).catch((error) => {
      throw error?.code ? error : new DolmetschError('DM_ERR_FETCH', `engine.wasm: ${error?.message ?? error}`);
    });
    const open = async (/** @type {Loaded} */ loaded, half = false) => {
      const notice = base.startsWith('file:') ? undefined : (await store).notice;
      resolve(this.#open(await created, loaded, notice, half));
    };
    const onCoarse = coarse && ((/** @type {Loaded} */ half) => open(half, true));
    const loaded = await loadModel(base, created, { ...options, onCoarse, onProgress: emit });
    if (this.coarse) this.coarse = false;
    else await open(loaded);
  }

  /** @param {Lent} lent */
  async #borrow({ manifest, notice, modules, refused, bytes: from }) {
    const relaxed = async () => modules.relaxed ?? Promise.reject(new Error(refused));
    const engine = await this.#Engine.create(modules.core, { relaxed });
    const bytes = from.byteLength, at = engine.allocate(bytes);
    engine.memory().set(new Uint8Array(from), at);
    return this.#open(engine, { manifest, at, bytes }, notice);
  }

  /** @param {Engine} engine @param {Loaded} loaded @param {string} [notice] @param {boolean} [coarse] */
  #open(engine, loaded, notice, coarse = false) {
    const { manifest: { name, source, target }, at, bytes } = loaded;
    engine.open(at, bytes);
    this.engine = engine;
    this.coarse = coarse;
    this.#loaded = { ...loaded, notice };
    return { name, source, target, bytes, architecture: engine.architecture, notice, ...(coarse && { coarse: true }) };
  }
}

/** @param {string} url @param {import('./loader.js').Options} options */
async function loadWasm(url, options) {
  return new Response(/** @type {BodyInit} */ (await loadFile(url, (bytes) => {
    if (bytes[0] !== 0 || bytes[1] !== 0x61) throw new DolmetschError('DM_ERR_ENGINE', `${url} is not WebAssembly`);
    return bytes;
  }, options)));
}
