/** A model that is sent coarse-first: everything but the int8 weights, then their high halves, then their low ones.
 *
 *  With the high halves alone a translation is a little worse and half the download; the low halves make it exact, in
 *  place.  manifest.coarse says where the weights lie: `matrices`, [offset in the file, K, N] as src/model/weights.h packs
 *  them, and how many of the chunks suffice.  Two weights share a byte, the first in its low nibble. */

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {import('./types.d.ts').Memory} Memory
 *  @typedef {{from: number, to: number, size: number, kind: 'rest' | 'high' | 'low'}} Segment   from: as sent; to: in the file */

const up = (/** @type {number} */ n) => Math.ceil(n / 64) * 64;

/** Where the bytes go, in the order of sending.  @param {number} bytes @param {[number, number, number][]} matrices
 *  @returns {Segment[]} */
export function segments(bytes, matrices) {
  /** @type {Segment[]} */
  const all = [];
  let from = 0, to = 0;
  const add = (/** @type {Segment['kind']} */ kind, /** @type {number} */ size, /** @type {number} */ place) => {
    if (size > 0) all.push({ from, to: place, size, kind });
    from += size;
  };
  for (const [at, k, n] of matrices) {
    add('rest', at - to, to);
    to = at + k * n;
  }
  add('rest', bytes - to, to);
  for (const kind of /** @type {const} */ (['high', 'low'])) for (const [at, k, n] of matrices) add(kind, k * n / 2, at);
  return all;
}

export class Planes {
  #matrices;
  #segments;
  #memory;
  #at;
  #low;
  #lowFrom;
  /** @type {Uint8Array[]} the exact column sums, while the coarse ones are in use */
  #sums = [];

  /** @param {Manifest} manifest @param {Memory} memory @param {number} at where the file goes */
  constructor({ bytes, coarse }, memory, at) {
    this.#matrices = coarse?.matrices ?? [];
    this.#segments = segments(bytes, this.#matrices);
    this.#memory = memory;
    this.#at = at;
    this.#lowFrom = this.#segments.find(({ kind }) => kind === 'low')?.from ?? bytes;
    this.#low = memory.allocate(bytes - this.#lowFrom);
  }

  /** Bytes as they are sent, from `offset` on.  @param {Uint8Array} bytes @param {number} offset */
  place(bytes, offset) {
    const memory = this.#memory.memory();
    for (const { from, to, size, kind } of this.#segments) {
      const begin = Math.max(from, offset), end = Math.min(from + size, offset + bytes.length);
      if (begin >= end) continue;
      const part = bytes.subarray(begin - offset, end - offset);
      if (kind === 'rest') memory.set(part, this.#at + to + begin - from);
      else if (kind === 'low') memory.set(part, this.#low + begin - this.#lowFrom);
      else {
        const weights = pairs(memory, this.#at + to + 2 * (begin - from), part.length);
        for (let i = 0; i < part.length; i++) weights[i] = HIGH[part[i]];
      }
    }
  }

  /** Makes the model one of high halves: with the column sums of what is there. */
  coarsen() {
    const memory = this.#memory.memory();
    this.#sums = this.#matrices.map(([at, k, n]) => {
      const begin = this.#at + at, sums = new Int32Array(n), place = begin + up(k * n) + up(4 * n);
      const weights = new Int8Array(memory.buffer, memory.byteOffset + begin, k * n);
      for (let i = 0; i < weights.length; i++) sums[8 * Math.floor(i / (8 * k)) + (i >> 2 & 7)] += weights[i];
      const exact = memory.slice(place, place + 4 * n);
      memory.set(new Uint8Array(sums.buffer), place);
      return exact;
    });
  }

  /** The low halves, once all are here: the model is exact from now on. */
  refine() {
    const memory = this.#memory.memory();
    let low = this.#low;
    this.#matrices.forEach(([at, k, n], i) => {
      const begin = this.#at + at;
      const weights = pairs(memory, begin, k * n / 2);
      for (let j = 0; j < weights.length; j++) weights[j] = weights[j] & 0xf0f0 | LOW[memory[low++]];
      if (this.#sums[i]) memory.set(this.#sums[i], begin + up(k * n) + up(4 * n));
    });
  }

  free() {
    this.#memory.free(this.#low);
  }
}

/** Two weights at a time.  @param {Uint8Array} memory @param {number} at even @param {number} n */
const pairs = (memory, at, n) => new Uint16Array(memory.buffer, memory.byteOffset + at, n);

/** A weight of which only the high half is known: the middle of what it may be; 7 where it may be 0, 8 otherwise. */
const middle = (/** @type {number} */ high) => high << 4 | (high ? 8 : 7);
/** What a byte as sent says of two weights. */
const HIGH = Uint16Array.from({ length: 256 }, (_, byte) => middle(byte & 15) | middle(byte >> 4) << 8);
const LOW = Uint16Array.from({ length: 256 }, (_, byte) => byte & 15 | byte >> 4 << 8);
