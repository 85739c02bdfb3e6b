// What the high bits of the weights are worth alone: node scripts/bench/coarse.mjs [MODEL]
//
// Writes the model with 5, 4 and 3 bits of the 6 or 8 of every weight (of all matrices, and of the embeddings only) into
// build/coarse/NAME.dm; "high-4-bits" is what a page has before the low bits come (web/planes.js).  Then
//   python scripts/train/score_engine.py build/coarse/high-4-bits.dm EVAL_DIR --sets docs-test flores-dev
// says whether a model whose low bits are still on their way would do.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';

import { matricesOf } from '../matrices.mjs';

const [model = 'models/en-de'] = process.argv.slice(2);
const file = Buffer.concat(readdirSync(model).filter((name) => /^model\.\d+$/.test(name)).sort()
  .map((name) => readFileSync(`${model}/${name}`)));
const all = matricesOf(file);
const up = (/** @type {number} */ n, /** @type {number} */ to) => Math.ceil(n / to) * to;

/** The nearest of the multiples of `step` among the `range` integers around 0. */
const rounded = (/** @type {number} */ q, /** @type {number} */ step, /** @type {number} */ range) =>
  Math.max(-range / 2, Math.min(range / 2 - step, Math.round(q / step) * step));
/** What the high bits say, as web/planes.js reads them; the low bits can follow, and make it exact. */
const high = (/** @type {number} */ q, /** @type {number} */ step) => {
  const h = Math.floor(q / step);
  return step === 1 ? q : h * step + step / 2 - (h ? 0 : 1);
};

/** The model with only `bits` of each weight, and the column sums that belong to them.
 *  @param {number} bits @param {(name: string) => boolean} which @param {typeof rounded} how */
function coarse(bits, which, how) {
  const out = Buffer.from(file);
  for (const { name, k, n, at, bits: own } of all) {
    if (!which(name)) continue;
    const range = 2 ** own, step = Math.max(1, range / 2 ** bits);
    const sums = new Int32Array(n), sumsAt = up(at + k * n, 64) + up(4 * n, 64);
    for (let i = 0; i < k * n; i++) {
      const q = how(file.readInt8(at + i), step, range);
      out.writeInt8(q, at + i);
      sums[8 * Math.floor(i / (8 * k)) + Math.floor(i % 32 / 4)] += q;
    }
    sums.forEach((sum, j) => out.writeInt32LE(sum, sumsAt + 4 * j));
  }
  return out;
}

mkdirSync('build/coarse', { recursive: true });
const weigh = (/** @type {typeof all} */ list) => list.reduce((sum, { k, n }) => sum + k * n, 0);
const embeddings = (/** @type {string} */ name) => /Wemb/.test(name);
console.log(`${file.length} bytes, ${weigh(all)} in int8, `
  + `${weigh(all.filter(({ name }) => embeddings(name)))} of them embeddings`);
const every = () => true;
for (const [name, bits, which, how] of /** @type {[string, number, (name: string) => boolean, typeof rounded][]} */ ([
  ['whole', 8, every, rounded], ['5-bits-rounded', 5, every, rounded], ['4-bits-rounded', 4, every, rounded],
  ['3-bits-rounded', 3, every, rounded], ['high-5-bits', 5, every, high], ['high-4-bits', 4, every, high],
  ['high-4-bits-of-the-embeddings', 4, embeddings, high],
  ['high-4-bits-of-the-rest', 4, (each) => !embeddings(each), high],
])) writeFileSync(`build/coarse/${name}.dm`, coarse(bits, which, how));
