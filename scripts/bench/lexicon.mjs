// Lists of target tokens in Marian's binary format (lex.bin), for the peer and for the tests' small models.

const MAGIC = 0xF11A48D5013417F5n, GOLDEN_RATIO = 0x9E3779B9n, U64 = (1n << 64n) - 1n;

/** @param {number[][]} lists of each source token, ascending @returns {Buffer} */
export function writeLexicon(lists) {
  const offsets = [0];
  for (const ids of lists) offsets.push(offsets[offsets.length - 1] + ids.length);
  const words = BigUint64Array.from([0, 0, lists.length + 1, offsets[lists.length], ...offsets], BigInt);
  const ids = Uint32Array.from(lists.flat()), whole = ids.slice(0, ids.length & ~1);
  let hash = 0n;                                    // of whole words: an odd id at the end does not count
  for (const word of [...words, ...new BigUint64Array(whole.buffer)])
    hash ^= (word + GOLDEN_RATIO + (hash << 6n) + (hash >> 2n)) & U64;
  return Buffer.concat([BigUint64Array.of(MAGIC, hash), words, ids].map((part) => new Uint8Array(part.buffer)));
}

/** The lists of a model file's tensor "shortlist" (src/model/shortlist.h). What is common goes to the list of token 0, the
 *  end of the sentence, which ends every source.  @param {Uint8Array} bytes @returns {number[][]} */
export function readShortlist(bytes) {
  const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let at = 32;                                      // bits
  const bit = () => bytes[at >> 3] >> (at++ & 7) & 1;
  const length = () => {
    let zeros = 0, value = 1;
    while (!bit()) if (++zeros > 24) throw new Error('shortlist: damaged');
    for (; zeros; zeros--) value = 2 * value + bit();
    return value - 1;
  };
  const list = () => {
    const m = length(), r = Math.floor(Math.log2(Math.max(1, Math.floor(n / (m + 1)))));
    let id = -1;
    return Array.from({ length: m }, () => {
      id++;
      while (bit()) id += 1 << r;
      for (let i = 0; i < r; i++) id += bit() << i;
      return id;
    });
  };
  const common = list(), lists = Array.from({ length: n }, list);
  lists[0] = [...new Set([...common, ...lists[0]])].sort((a, b) => a - b);
  return lists;
}
