// A model of ours as the files that Bergamot's engine reads: node scripts/bench/peer-model.mjs [FOLDER [PREFIX]]
// writes PREFIX.bin (intgemm8), PREFIX.spm and, if the model has a shortlist, lex.bin beside them.
//
// For machines without the float weights and PyTorch. scripts/train/export_intgemm.py does better: it rounds the
// float weights once, where this rounds int8 weights with a scale for each column to one scale for all, and it
// measures the alphas that Bergamot's models ship with; without them the peer takes the range of each product.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { readShortlist, writeLexicon } from './lexicon.mjs';

const ALIGN = 64, PEER_ALIGN = 256;
const U8 = 0, F32 = 1, I8 = 2;                      // tensor types of src/model/weights.h
const FLOAT32 = 0x404n, INT8 = 0x101n, INTGEMM8 = 0x4101n;
const roundUp = (/** @type {number} */ n, /** @type {number} */ step) => Math.ceil(n / step) * step;

/** @typedef {{name: string, type: number, dims: number[], bytes: Buffer}} Tensor */

/** The file of src/model/weights.h. @param {Buffer} file */
export function readModel(file) {
  if (file.toString('latin1', 0, 4) !== 'DMT1') throw new Error('not a model file');
  /** @type {Map<string, string>} */
  const meta = new Map();
  /** @type {Tensor[]} */
  const tensors = [];
  let at = 64;
  const text = (/** @type {number} */ size) => file.toString('utf8', at, (at += size));
  for (let i = file.readUInt32LE(24); i > 0; i--) {
    const key = text(file[at++]), size = file.readUInt32LE(at);
    at += 4;
    meta.set(key, text(size));
  }
  for (let i = file.readUInt32LE(28); i > 0; i--) {
    const name = text(file[at++]), type = file[at++];
    const dims = Array.from({ length: file[at++] }, () => file.readUInt32LE((at += 4) - 4));
    const offset = Number(file.readBigUInt64LE(at)), size = Number(file.readBigUInt64LE(at + 8));
    at += 16;
    tensors.push({ name, type, dims, bytes: file.subarray(offset, offset + size) });
  }
  return { meta, tensors };
}

/** N rows of K floats: the transpose of a product's matrix, the rows of an embedding. @param {number} k @param {number} n
 *  @param {Buffer} bytes */
export function unpack(k, n, bytes) {
  const depth = roundUp(k, 4), columns = roundUp(n, 8), scales = roundUp(depth * columns, ALIGN);
  const rows = new Float32Array(k * n);
  for (let j = 0; j < n; j++) {
    const scale = bytes.readFloatLE(scales + 4 * j);
    for (let i = 0; i < k; i++)
      rows[j * k + i] = scale * bytes.readInt8(((j >> 3) * (depth / 4) + (i >> 2)) * 32 + (j & 7) * 4 + (i & 3));
  }
  return rows;
}

/** To the nearest, ties to even, as the peer rounds. @param {number} x */
const round = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

/** int8 values, then the multiplier: real value = int8 / multiplier. @param {Float32Array} values */
function quantise(values) {
  const most = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const multiplier = Math.fround(127 / most), out = Buffer.alloc(roundUp(values.length + 4, PEER_ALIGN));
  values.forEach((value, i) => out.writeInt8(Math.max(-127, Math.min(127, round(Math.fround(value * multiplier)))), i));
  out.writeFloatLE(multiplier, values.length);
  return out;
}

/** A tensor of ours as an item of the peer's, which wants every feed-forward layer as wide as the options say: a unit of
 *  zeros says nothing.  @param {Tensor} tensor @param {number} ffn units of a layer */
function itemOf({ name, type, dims, bytes }, ffn) {
  if (type === F32) {
    const n = name.endsWith('_ffn_b1') ? ffn : dims.at(-1) ?? 1;
    return { name, type: FLOAT32, shape: [1, n], bytes: Buffer.concat([bytes], 4 * n) };
  }
  if (type !== I8) throw new Error(`tensor ${name}: type ${type} is not known`);
  const [from, rows] = dims, own = unpack(from, rows, bytes);
  const k = name.endsWith('_ffn_W2') ? ffn : from, n = name.endsWith('_ffn_W1') ? ffn : rows, values = new Float32Array(k * n);
  for (let j = 0; j < rows; j++) values.set(own.subarray(j * from, (j + 1) * from), j * k);
  return { name, type: INTGEMM8, shape: name.includes('Wemb') ? [n, k] : [k, n], bytes: quantise(values) };
}

/** Marian's container. @param {{name: string, type: bigint, shape: number[], bytes: Buffer}[]} items */
export function container(items) {
  const u64 = (/** @type {(bigint | number)[]} */ ...values) => Buffer.from(BigUint64Array.from(values, BigInt).buffer);
  const head = Buffer.concat([
    u64(1, items.length),
    ...items.map(({ name, type, shape, bytes }) => u64(name.length + 1, type, shape.length, bytes.length)),
    ...items.map(({ name }) => Buffer.from(`${name}\0`)),
    ...items.map(({ shape }) => Buffer.from(Int32Array.from(shape).buffer)),
  ]);
  const pad = roundUp(head.length + 9, PEER_ALIGN) - head.length - 8;
  return Buffer.concat([head, u64(pad), Buffer.alloc(pad), ...items.map(({ bytes }) => bytes)]);
}

/** @param {string} folder of a model */
function readFolder(folder) {
  const { chunks } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  return Buffer.concat(chunks.map((/** @type {{file: string}} */ { file }) => readFileSync(join(folder, file))));
}

/** @param {string | Buffer} model its folder, or its file's bytes @param {string} prefix */
export function writePeerModel(model, prefix) {
  const { meta, tensors } = readModel(typeof model === 'string' ? readFolder(model) : model);
  const ffn = Number(/^transformer-dim-ffn: *(\d+)$/m.exec(meta.get('config') ?? '')?.[1]);
  const items = tensors.filter(({ type }) => type !== U8).map((tensor) => itemOf(tensor, ffn));
  const config = Buffer.from(`${meta.get('config')}\0`);
  items.push({ name: 'special:model.yml', type: INT8, shape: [config.length], bytes: config });
  mkdirSync(dirname(prefix), { recursive: true });
  writeFileSync(`${prefix}.bin`, container(items));
  const plain = (/** @type {string} */ name) => tensors.find((tensor) => tensor.name === name)?.bytes;
  writeFileSync(`${prefix}.spm`, plain('vocab') ?? '');
  const shortlist = plain('shortlist');
  if (shortlist) writeFileSync(join(dirname(prefix), 'lex.bin'), writeLexicon(readShortlist(shortlist)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder = 'models/en-de', prefix = 'build/peer/en-de'] = process.argv.slice(2);
  writePeerModel(folder, prefix);
  console.log(`${prefix}.bin and ${prefix}.spm: the weights of ${folder}`);
}
