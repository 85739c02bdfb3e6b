/**
 * engine.js - the wasm module as plain functions. No DOM, no worker, no fetch: the same file runs in a
 * page, in a worker and in Node. src/wasm.c is the other side.
 *
 * Memory grows while it is used, which detaches every old view: views are made at each use.
 */
import { DolmetschError } from './errors.js';
import { relaxedModule, useRelaxed } from './kernels.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });      // a byte order mark is text: offsets count it

/** The NUL-terminated string at `at`. @param {any} core exports of engine.wasm @param {number} at */
function stringAt(core, at) {
  const bytes = new Uint8Array(core.memory.buffer);
  return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

/** @param {BufferSource | WebAssembly.Module | Response | PromiseLike<Response>} wasm */
async function compile(wasm) {
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (ArrayBuffer.isView(wasm) || wasm instanceof ArrayBuffer) return WebAssembly.compile(wasm);
  const response = /** @type {Response} */ (await wasm);
  if (!response.ok) throw new DolmetschError('DM_ERR_ENGINE', `${response.url}: HTTP status ${response.status}`);
  // Streaming needs the MIME type application/wasm, which not every static host sends.
  return WebAssembly.compile(await response.arrayBuffer());
}

export class Engine {
  #x;
  #model = 0;
  /** Kernel sets that do not run here, and why. @type {Record<string, string>} */
  refused = {};
  /** What create can be given again, in another thread. @type {{core?: WebAssembly.Module, relaxed?: WebAssembly.Module}} */
  modules = {};

  /** @param {WebAssembly.Instance} instance */
  constructor(instance) {
    this.#x = /** @type {any} */ (instance.exports);
    this.#x._initialize();
  }

  /**
   * @param {BufferSource | WebAssembly.Module | Response | PromiseLike<Response>} wasm
   * @param {{relaxed?: () => import('./kernels.js').Source | PromiseLike<import('./kernels.js').Source>}} [options]
   *   relaxed: gets kernels-relaxed.wasm; without it, or where it does not run, `refused` says why
   * @returns {Promise<Engine>}
   */
  static async create(wasm, { relaxed } = {}) {
    const kernels = relaxedModule(relaxed).catch((error) => /** @type {Error} */ (error));
    try {
      const module = await compile(wasm);
      const imports = { env: { emscripten_notify_memory_growth() {} } };
      const engine = new Engine(await WebAssembly.instantiate(module, imports));
      engine.modules.core = module;
      engine.#add(await kernels);
      return engine;
    } catch (error) {
      if (error instanceof DolmetschError) throw error;
      throw new DolmetschError('DM_ERR_ENGINE', `the engine did not start: ${/** @type {Error} */ (error).message}`);
    }
  }

  /** @param {WebAssembly.Module | Error} relaxed */
  #add(relaxed) {
    try {
      if (relaxed instanceof Error) throw relaxed;
      useRelaxed(this.#x, relaxed);
      this.modules.relaxed = relaxed;
    } catch (error) {
      this.refused = { relaxed: /** @type {Error} */ (error).message };
    }
  }

  /** All of wasm memory as it is now; do not keep. */
  memory() {
    return new Uint8Array(this.#x.memory.buffer);
  }

  /**
   * Room for `bytes` bytes, 64-byte aligned, as a model file must be.
   * @param {number} bytes
   * @returns {number} address
   */
  allocate(bytes) {
    const at = this.#x.dm_wasm_alloc(Math.max(bytes, 1));
    if (!at) throw new DolmetschError('DM_ERR_MEMORY', `no memory for ${bytes} bytes`);
    return at >>> 0;
  }

  /** @param {number} at */
  free(at) {
    this.#x.dm_wasm_free(at);
  }

  /** The three of planes.js: wasm_planes.c says what they do.
   *  @param {number} weights @param {number} sent @param {number} n @param {number} bits */
  unpackHigh(weights, sent, n, bits) { this.#x.dm_wasm_high(weights, sent, n, bits); }
  /** @param {number} weights @param {number} sent @param {number} n @param {number} bits */
  unpackLow(weights, sent, n, bits) { this.#x.dm_wasm_low(weights, sent, n, bits); }
  /** @param {number} sums @param {number} weights @param {number} k @param {number} n */
  sumColumns(sums, weights, k, n) { this.#x.dm_wasm_column_sums(sums, weights, k, n); }

  /**
   * Binds the model file of `bytes` bytes at `at`, which stays in use until close().
   * @param {number} at
   * @param {number} bytes
   */
  open(at, bytes) {
    if (this.#model) throw new DolmetschError('DM_ERR_ARGUMENT', 'a model is open already');
    this.#model = this.#x.dm_wasm_open(at, bytes);
    if (!this.#model) throw this.#failure();
  }

  close() {
    if (this.#model) this.#x.dm_wasm_close(this.#model);
    this.#model = 0;
  }

  /** 'transformer' */
  get architecture() {
    return stringAt(this.#x, this.#x.dm_wasm_architecture(this.#model));
  }

  /**
   * @param {(string | Uint8Array)[]} texts  strings, or UTF-8 bytes
   * @param {{attention?: boolean, kernels?: string, beam?: number, nbest?: number, split?: boolean,
   *          shortlist?: boolean}} [options]
   *   beam: hypotheses followed side by side, 1 unless given; nbest: how many translations of each sentence, up to beam;
   *   split: false takes each text as one sentence; shortlist: false scores the whole vocabulary at every step, although
   *   the model knows what words may become
   * @returns {Job}
   */
  job(texts, { attention = false, kernels, beam = 0, nbest = 0, split = true, shortlist = true } = {}) {
    if (!this.#model) throw new DolmetschError('DM_ERR_ARGUMENT', 'no model is open');
    if (kernels !== undefined && Object.hasOwn(this.refused, kernels))
      throw new DolmetschError('DM_ERR_ARGUMENT', `the kernels "${kernels}" do not run here: ${this.refused[kernels]}`);
    const all = kernels === undefined ? texts : [...texts, `${kernels}\0`];
    const bytes = all.map((text) => (typeof text === 'string' ? encoder.encode(text) : text));
    const table = this.allocate(8 * bytes.length + bytes.reduce((sum, b) => sum + b.length, 0));
    try {
      let at = table + 8 * bytes.length;
      const name = kernels === undefined ? 0 : at + bytes.slice(0, -1).reduce((sum, b) => sum + b.length, 0);
      const view = new DataView(this.#x.memory.buffer);
      bytes.forEach((b, i) => {
        view.setUint32(table + 8 * i, at, true);
        view.setUint32(table + 8 * i + 4, b.length, true);
        this.memory().set(b, at);
        at += b.length;
      });
      const job = this.#x.dm_wasm_job(this.#model, table, texts.length, attention ? 1 : 0, name, beam, nbest,
        split ? 0 : 1, shortlist ? 0 : 1);
      if (!job) throw this.#failure();
      return new Job(this.#x, job);
    } finally {
      this.free(table);
    }
  }

  #failure() {
    const status = stringAt(this.#x, this.#x.dm_wasm_status_name(this.#x.dm_wasm_status()));
    return new DolmetschError(status, stringAt(this.#x, this.#x.dm_wasm_reason()));
  }
}

/** One translation, run in slices. Call free() when done, at any time. */
export class Job {
  #x;
  #job;

  /** @param {any} exports_ @param {number} job */
  constructor(exports_, job) {
    this.#x = exports_;
    this.#job = job;
  }

  /**
   * About `budget` decoder steps.
   * @param {number} budget
   * @returns {boolean} true while there is more to do
   */
  run(budget) {
    const status = this.#x.dm_wasm_run(this.#job, budget);
    if (status > 1) throw this.#failure(status);
    return status === 1;
  }

  /** Share of the source that is translated, 0 to 1. */
  progress() {
    return this.#x.dm_wasm_progress(this.#job);
  }

  /** The kernel set that runs: 'relaxed', 'simd128' or 'ref'. */
  get kernels() {
    return stringAt(this.#x, this.#x.dm_wasm_kernels(this.#job));
  }

  /** The i-th translation as far as it is known. @param {number} i */
  partial(i) {
    return decoder.decode(this.#view(this.#x.dm_wasm_partial(this.#job, i)));
  }

  /** The words of the i-th translation. @param {number} i */
  text(i) {
    return decoder.decode(this.#view(this.#x.dm_wasm_text(this.#job, i)));
  }

  /** The i-th translation as UTF-8 bytes. @param {number} i */
  bytes(i) {
    return this.#view(this.#x.dm_wasm_text(this.#job, i)).slice();
  }

  /** The i-th translation as UTF-8 JSON of a Detailed. @param {number} i */
  json(i) {
    const at = this.#x.dm_wasm_json(this.#job, i);
    const copy = this.#view(at).slice();
    this.#x.dm_wasm_free(at);
    return copy;
  }

  /** The i-th translation. @param {number} i @returns {Detailed} */
  result(i) {
    return JSON.parse(decoder.decode(this.json(i)));
  }

  free() {
    if (this.#job) this.#x.dm_wasm_job_free(this.#job);
    this.#job = 0;
  }

  /** A view of what the last call returned: dm_wasm_size() bytes. @param {number} at */
  #view(at) {
    if (!at) throw this.#failure(this.#x.dm_wasm_status());
    return new Uint8Array(this.#x.memory.buffer, at, this.#x.dm_wasm_size());
  }

  /** @param {number} status */
  #failure(status) {
    return new DolmetschError(stringAt(this.#x, this.#x.dm_wasm_status_name(status)), 'the translation failed');
  }
}
