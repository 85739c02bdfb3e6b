/** A model that is sent coarse-first: everything but the int8 weights, then their four high bits, then their low ones.
 *
 *  With the high bits alone a translation is a little worse and much of the download saved; the low bits make it exact, in
 *  place.  manifest.coarse says where the weights lie: `matrices`, [offset in the file, K, N, bits] as src/model/weights.h packs
 *  them, and how many of the chunks suffice.  Weights of 6 bits are from -32 to 31 (src/model/pack.h): of these, two low bits
 *  are sent.  Weights share a byte, two of their highs, two of four low bits or four of two, the first in its low bits. */

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {[at: number, k: number, n: number, bits: 6 | 8]} Matrix
 *  @typedef {import('./types.d.ts').Memory} Memory
 *  @typedef {{from: number, to: number, size: number, kind: 'rest' | 'high' | 'low', bits: number}} Segment
 *    from: as sent; to: in the file */

const SCRATCH = 2 ** 16;                            // bytes that wait in wasm memory to be unpacked
const up = (/** @type {number} */ n) => Math.ceil(n / 64) * 64;

/** Where the bytes go, in the order of sending.  @param {number} bytes @param {Matrix[]} matrices @returns {Segment[]} */
export function segments(bytes, matrices) {
  /** @type {Segment[]} */
  const all = [];
  let from = 0, to = 0;
  const add = (/** @type {Segment['kind']} */ kind, /** @type {number} */ size, /** @type {number} */ place, bits = 8) => {
    if (size > 0) all.push({ from, to: place, size, kind, bits });
    from += size;
  };
  for (const [at, k, n] of matrices) {
    add('rest', at - to, to);
    to = at + k * n;
  }
  add('rest', bytes - to, to);
  for (const [at, k, n, bits] of matrices) add('high', k * n / 2, at, bits);
  for (const [at, k, n, bits] of matrices) add('low', k * n * (bits - 4) / 8, at, bits);
  return all;
}

export class Planes {
  #matrices;
  #segments;
  #memory;
  #at;
  #low;
  #lowFrom;
  #scratch;
  /** @type {Uint8Array[]} the exact column sums, while the coarse ones are in use */
  #sums = [];

  /** @param {Manifest} manifest @param {Memory} memory @param {number} at where the file goes */
  constructor({ bytes, coarse }, memory, at) {
    this.#matrices = coarse?.matrices ?? [];
    this.#segments = segments(bytes, this.#matrices);
    this.#memory = memory;
    this.#at = at;
    const low = this.#segments.filter(({ kind }) => kind === 'low');
    this.#lowFrom = low[0]?.from ?? bytes;
    this.#scratch = memory.allocate(SCRATCH + low.reduce((sum, { size }) => sum + size, 0));
    this.#low = this.#scratch + SCRATCH;
  }

  /** Bytes as they are sent, from `offset` on.  @param {Uint8Array} bytes @param {number} offset */
  place(bytes, offset) {
    const memory = this.#memory.memory();
    for (const { from, to, size, kind, bits } of this.#segments) {
      const begin = Math.max(from, offset), end = Math.min(from + size, offset + bytes.length);
      if (begin >= end) continue;
      const part = bytes.subarray(begin - offset, end - offset);
      if (kind === 'rest') memory.set(part, this.#at + to + begin - from);
      else if (kind === 'low') memory.set(part, this.#low + begin - this.#lowFrom);
      else this.#unpack(part, this.#at + to + 2 * (begin - from), bits);
    }
  }

  /** @param {Uint8Array} high @param {number} weights where they go @param {number} bits */
  #unpack(high, weights, bits) {
    for (let i = 0; i < high.length; i += SCRATCH) {
      const part = high.subarray(i, i + SCRATCH);
      this.#memory.memory().set(part, this.#scratch);
      this.#memory.unpackHigh(weights + 2 * i, this.#scratch, part.length, bits);
    }
  }

  /** Makes the model one of high bits: with the column sums of what is there. */
  coarsen() {
    const memory = this.#memory.memory();
    this.#sums = this.#matrices.map(([at, k, n]) => {
      const weights = this.#at + at, sums = weights + up(k * n) + up(4 * n), exact = memory.slice(sums, sums + 4 * n);
      this.#memory.sumColumns(sums, weights, k, n);
      return exact;
    });
  }

  /** The low bits, once all are here: the model is exact from now on. */
  refine() {
    const memory = this.#memory.memory();
    let low = this.#low;
    this.#matrices.forEach(([at, k, n, bits], i) => {
      const weights = this.#at + at;
      this.#memory.unpackLow(weights, low, k * n, bits);
      low += k * n * (bits - 4) / 8;
      if (this.#sums[i]) memory.set(this.#sums[i], weights + up(k * n) + up(4 * n));
    });
  }

  free() {
    this.#memory.free(this.#scratch);
  }
}
