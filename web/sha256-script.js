/** SHA-256 in script, at some tens of MB/s: sha256.js fetches it where the page is no secure context. */

const primes = (() => {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < 64; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
})();
const fraction = (/** @type {number} */ x) => (x - Math.floor(x)) * 2 ** 32 | 0;
const START = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
const ROUND = primes.map((p) => fraction(Math.cbrt(p)));

/** FIPS 180-4, section 6.2.  @param {Uint8Array} bytes */
export function digestInScript(bytes) {
  const state = Int32Array.from(START), w = new Int32Array(64);
  const tail = new Uint8Array(bytes.length % 64 < 56 ? 64 : 128);      // what is left, 0x80, zeros, bit length
  const whole = bytes.length - bytes.length % 64;
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  const tailView = new DataView(tail.buffer);
  tailView.setUint32(tail.length - 8, Math.floor(bytes.length / 2 ** 29));
  tailView.setUint32(tail.length - 4, bytes.length << 3);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += 64) mix(state, w, view, at);
  for (let at = 0; at < tail.length; at += 64) mix(state, w, tailView, at);

  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

/** One block of 64 bytes.  @param {Int32Array} state @param {Int32Array} w @param {DataView} view @param {number} at */
function mix(state, w, view, at) {
  const turn = (/** @type {number} */ x, /** @type {number} */ n) => x >>> n | x << 32 - n;
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >>> 3;
    const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >>> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const t1 = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + ROUND[i] + w[i] | 0;
    const t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, d + t1 | 0, c, b, a, t1 + t2 | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
}
