// Where the int8 matrices of a model file lie: for coarse-first.mjs and bench/coarse.mjs.

/** In the order of the file, whose format src/model/weights.h describes.  k, n: as padded; bits: 6 where every weight is from
 *  -32 to 31.
 *  @param {Buffer} file @returns {{name: string, at: number, k: number, n: number, bits: 6 | 8}[]} */
export function matricesOf(file) {
  /** @type {ReturnType<typeof matricesOf>} */
  const found = [];
  let at = 64;
  for (let i = file.readUInt32LE(24); i > 0; i--) {
    at += 1 + file[at];
    at += 4 + file.readUInt32LE(at);
  }
  for (let i = file.readUInt32LE(28); i > 0; i--) {
    const name = file.toString('latin1', at + 1, at + 1 + file[at]);
    at += 1 + file[at];
    const type = file[at], dims = file[at + 1];
    if (type === 2) {
      const place = Number(file.readBigUInt64LE(at + 2 + 4 * dims));
      const k = Math.ceil(file.readUInt32LE(at + 2) / 4) * 4, n = Math.ceil(file.readUInt32LE(at + 6) / 8) * 8;
      const weights = new Int8Array(file.buffer, file.byteOffset + place, k * n);
      found.push({ name, at: place, k, n, bits: weights.every((weight) => weight >= -32 && weight < 32) ? 6 : 8 });
    }
    at += 18 + 4 * dims;
  }
  return found.sort((a, b) => a.at - b.at);
}
