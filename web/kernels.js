/**
 * kernels.js - the kernel set "relaxed": whether it runs on this machine, gives the same bits as the
 * reference and is worth having. No DOM, no fetch; engine.js calls it once, scripts/bench too.
 *
 * build/site/kernels-relaxed.wasm (src/nn/kernels_relaxed.c) is one function, `linear`, in the core's memory.
 * Engines differ in what they make of relaxed SIMD, and some releases got it wrong: it is tested before it is
 * used. What fails the test is refused with the reason, and the core runs on what it has, simd128.
 */

/** `linear` of kernels.h, on addresses.
 *  @typedef {(y: number, q: number, scale: number, zero: number, rows: number, w: number, bias: number, relu: number,
 *             room: number) => void} Linear */
/** @typedef {BufferSource | Response | WebAssembly.Module} Source */

/** A module that is valid where i16x8.relaxed_dot_i8x16_i7x16_s is known: (func (drop (dot (zero) (zero)))). */
const PROBE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 16, 1, 14, 0,
  65, 0, 253, 15, 65, 0, 253, 15, 253, 146, 2, 26, 11);

const SLOWER = 1.25, CLOCK_STEP = 0.2;              // refused above this ratio; milliseconds that a clock may be off

/**
 * @param {(() => Source | PromiseLike<Source>) | undefined} get
 * @returns {Promise<WebAssembly.Module>}  rejects with the reason
 */
export async function relaxedModule(get) {
  if (!get) throw new Error('kernels-relaxed.wasm was not given');
  const given = await get();
  if (given instanceof WebAssembly.Module) return given;
  let bytes = given;
  if (!ArrayBuffer.isView(bytes) && !(bytes instanceof ArrayBuffer)) {
    const response = /** @type {Response} */ (bytes);
    if (!response.ok) throw new Error(`kernels-relaxed.wasm: HTTP status ${response.status}`);
    bytes = await response.arrayBuffer();
  }
  if (!WebAssembly.validate(bytes))
    throw new Error(WebAssembly.validate(PROBE) ? 'kernels-relaxed.wasm is not a WebAssembly module'
      : 'there is no relaxed SIMD in this WebAssembly engine');
  return new WebAssembly.Module(/** @type {BufferSource} */ (bytes));      // 4 KB: at once, not after the core
}

/**
 * Puts the module's `linear` into the core; throws the reason why not. Takes a few milliseconds.
 * @param {any} core  exports of engine.wasm
 * @param {WebAssembly.Module} module
 */
export function useRelaxed(core, module) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory: core.memory } });
  const linear = /** @type {Linear} */ (exports.linear);
  if (typeof linear !== 'function') throw new Error('kernels-relaxed.wasm has no function "linear"');
  const ref = linearOf(core, 'ref');
  check(core, linear, ref);
  if (isSlower(core, linear, linearOf(core, 'simd128'))) throw new Error('slower than simd128 on this machine');
  check(core, linear, ref);                         // again: the engine may have compiled it anew by now
  const table = core.__indirect_function_table, place = table.grow(1);
  table.set(place, exports.linear);
  core.dm_wasm_use_relaxed(place);
}

/** `linear` of a kernel set of the core. @param {any} core @param {string} name @returns {Linear} */
export function linearOf(core, name) {
  const at = core.dm_wasm_alloc(name.length + 1);
  if (!at) throw new Error('no memory for the test');
  new Uint8Array(core.memory.buffer, at, name.length + 1).set(new TextEncoder().encode(`${name}\0`));
  const place = core.dm_wasm_linear(at);
  core.dm_wasm_free(at);
  return core.__indirect_function_table.get(place);
}

/** Tiles of every height; operands at random and at their limits. Small: this delays the first translation.
 *  @param {any} core @param {Linear} linear @param {Linear} ref */
function check(core, linear, ref) {
  [[1, 4, 8], [2, 12, 16], [3, 36, 8], [4, 64, 8], [9, 8, 24]].forEach(([rows, k, n], i) => {
    for (const kind of KINDS)
      if (!new Product(core, rows, k, n, kind, i).agrees(linear, ref))
        throw new Error('its products are not those of the reference');
  });
}

/** Whether it stays slower in every turn: one that was interrupted says nothing.
 *  @param {any} core @param {Linear} linear @param {Linear} other */
function isSlower(core, linear, other) {
  const product = new Product(core, 8, 256, 64, 'most');
  const milliseconds = (/** @type {Linear} */ f, runs = 64) => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) product.call(f);
    return performance.now() - start;
  };
  try {
    for (const f of [linear, other]) milliseconds(f, 2);            // compiled at the first call
    for (let turn = 0; turn < 8; turn++)
      if (milliseconds(linear) <= SLOWER * milliseconds(other) + CLOCK_STEP) return false;
    return true;
  } finally {
    product.free();
  }
}

/** What the bytes of q and the weights are: at random; q mostly 0, with room to say where; or the largest there are, with
 *  signs that add up or cancel. */
const KINDS = /** @type {const} */ (['random', 'sparse', 'most', 'least', 'mixed']);

/** The operands of one `linear` in the core's memory: a struct weights_matrix and what it points to. */
export class Product {
  #core; #at; #rows; #n; #relu; #sparse;

  /** @param {any} core @param {number} rows @param {number} k @param {number} n
   *  @param {typeof KINDS[number]} [kind] @param {number} [seed] */
  constructor(core, rows, k, n, kind = 'random', seed = 0) {
    this.#core = core;
    this.#rows = rows;
    this.#n = n;
    this.#relu = seed & 1;
    this.#sparse = kind === 'sparse';
    const sizes = { matrix: 24, packed: k * n, columnScale: 4 * n, columnSum: 4 * n, bias: 4 * n,
      q: rows * k, scale: 4 * rows, zero: 4 * rows, y: 4 * rows * n, room: 2 * Math.ceil(rows / 4) * (k / 4 + 1) };
    const room = (/** @type {number} */ bytes) => Math.ceil(bytes / 64) * 64;
    let at = core.dm_wasm_alloc(Object.values(sizes).reduce((sum, bytes) => sum + room(bytes), 0)) >>> 0;
    if (!at) throw new Error('no memory for the test');
    const places = Object.entries(sizes).map(([name, bytes]) => [name, (at += room(bytes)) - room(bytes)]);
    this.#at = /** @type {Record<keyof typeof sizes, number>} */ (Object.fromEntries(places));
    this.#fill(k, kind, seed);
  }

  /** @param {number} k @param {string} kind @param {number} seed */
  #fill(k, kind, seed) {
    const { buffer } = this.#core.memory, at = this.#at, n = this.#n, rows = this.#rows;
    let state = seed;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const q = new Uint8Array(buffer, at.q, rows * k).fill(127), zero = new Int32Array(buffer, at.zero, rows).fill(127);
    const packed = new Int8Array(buffer, at.packed, k * n).fill(kind === 'least' ? -128 : 127);
    if (kind === 'mixed') for (let i = 0; i < packed.length; i++) packed[i] = random() < 0.5 ? 127 : -128;
    if (kind === 'random' || kind === 'sparse') {
      for (let i = 0; i < packed.length; i++) packed[i] = random() * 256 - 128;
      for (let i = 0; i < q.length; i++) q[i] = random() * 128;
      for (let i = 4; this.#sparse && i < q.length; i += 4) if (i % k && random() < 0.75) q.fill(0, i, i + 4);
      for (let i = 0; i < rows; i++) zero[i] = random() * 128;
    }
    const sums = new Int32Array(buffer, at.columnSum, n).fill(0);
    for (let i = 0; i < packed.length; i++) sums[Math.floor(i / (8 * k)) * 8 + (i >> 2 & 7)] += packed[i];
    for (const [place, length] of [[at.columnScale, n], [at.scale, rows], [at.bias, n]]) {
      const floats = new Float32Array(buffer, place, length);
      for (let i = 0; i < length; i++) floats[i] = 0.001 + 0.1 * random();
    }
    new Uint32Array(buffer, at.matrix, 6).set([at.packed, at.columnScale, at.columnSum, k, n, n]);
  }

  /** @param {Linear} linear */
  call(linear) {
    const { y, q, scale, zero, matrix, bias, room } = this.#at;
    linear(y, q, scale, zero, this.#rows, matrix, this.#relu ? 0 : bias, this.#relu, this.#sparse ? room : 0);
  }

  /** Whether both give the same bytes; then the operands are freed. @param {Linear} linear @param {Linear} ref */
  agrees(linear, ref) {
    try {
      const [want, got] = [ref, linear].map((f) => {
        const y = () => new Uint8Array(this.#core.memory.buffer, this.#at.y, 4 * this.#rows * this.#n);
        y().fill(0xA5);
        this.call(f);
        return y().slice();
      });
      return want.every((byte, i) => byte === got[i]);
    } finally {
      this.free();
    }
  }

  free() {
    this.#core.dm_wasm_free(this.#at.matrix);
  }
}
