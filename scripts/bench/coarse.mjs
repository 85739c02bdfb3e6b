// What the high bits of the weights are worth alone: node scripts/bench/coarse.mjs FILE.tsv [LINES] [MODEL]
//
// For 8, 5, 4 and 3 bits of every int8 weight (of all matrices, and of the embeddings only) the first LINES sources of
// FILE.tsv (source, tab, reference) are translated into build/coarse/NAME.de, beside build/coarse/reference; then
//   sacrebleu build/coarse/reference -i build/coarse/*.de -b
// says whether a model whose low bits are still on their way would do.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';

import { Engine } from '../../web/engine.js';

const [tsv, lines = '150', model = 'models/en-de'] = process.argv.slice(2);
const pairs = readFileSync(tsv, 'utf8').trimEnd().split('\n').slice(0, Number(lines)).map((line) => line.split('\t'));
const file = Buffer.concat(readdirSync(model).filter((name) => /^model\.\d+$/.test(name)).sort()
  .map((name) => readFileSync(`${model}/${name}`)));
const up = (/** @type {number} */ n, /** @type {number} */ to) => Math.ceil(n / to) * to;

/** The int8 tensors: see src/model/weights.h. @returns {{name: string, k: number, n: number, at: number}[]} */
function matrices() {
  const view = new DataView(file.buffer, file.byteOffset), found = [];
  let at = 64;
  for (let i = view.getUint32(24, true); i > 0; i--) {
    at += 1 + file[at];
    at += 4 + view.getUint32(at, true);
  }
  for (let i = view.getUint32(28, true); i > 0; i--) {
    const name = file.toString('latin1', at + 1, at + 1 + file[at]);
    at += 1 + file[at];
    const type = file[at], dims = file[at + 1];
    const [k, n] = [0, 1].map((d) => (d < dims ? view.getUint32(at + 2 + 4 * d, true) : 0));
    at += 2 + 4 * dims;
    if (type === 2) found.push({ name, k: up(k, 4), n: up(n, 8), at: Number(view.getBigUint64(at, true)) });
    at += 16;
  }
  return found;
}

/** The nearest of 2^bits steps. */
const rounded = (/** @type {number} */ q, /** @type {number} */ step) =>
  Math.max(-128 / step, Math.min(128 / step - 1, Math.round(q / step))) * step;
/** What the high bits say: the middle of their step, nearer to 0 in the two steps beside it, where most weights are.
 *  The low bits can follow, and make it exact. */
const high = (/** @type {number} */ q, /** @type {number} */ step) => {
  const h = Math.floor(q / step);
  return h === 0 ? Math.round(0.45 * step) : h === -1 ? -Math.round(0.5 * step) : h * step + step / 2;
};

/** The model with only `bits` of each weight, and the column sums that belong to them.
 *  @param {number} bits @param {(name: string) => boolean} which @param {typeof rounded} how */
function coarse(bits, which, how) {
  const out = Buffer.from(file), step = 2 ** (8 - bits);
  for (const { name, k, n, at } of matrices()) {
    if (!which(name)) continue;
    const sums = new Int32Array(n), sumsAt = up(at + k * n, 64) + up(4 * n, 64);
    for (let i = 0; i < k * n; i++) {
      const q = how(file.readInt8(at + i), step);
      out.writeInt8(q, at + i);
      sums[8 * Math.floor(i / (8 * k)) + Math.floor(i % 32 / 4)] += q;
    }
    sums.forEach((sum, j) => out.writeInt32LE(sum, sumsAt + 4 * j));
  }
  return out;
}

/** @param {Buffer} bytes @returns {Promise<string[]>} */
async function translate(bytes) {
  const engine = await Engine.create(readFileSync('build/site/engine.wasm')), at = engine.allocate(bytes.length);
  engine.memory().set(bytes, at);
  engine.open(at, bytes.length);
  const job = engine.job(pairs.map(([source]) => source));
  while (job.run(1 << 20));
  return pairs.map((_, i) => job.result(i).text.replaceAll('\n', ' '));
}

mkdirSync('build/coarse', { recursive: true });
writeFileSync('build/coarse/reference', pairs.map(([, target]) => `${target}\n`).join(''));
const all = matrices(), weigh = (/** @type {typeof all} */ list) => list.reduce((sum, { k, n }) => sum + k * n, 0);
const embeddings = (/** @type {string} */ name) => /Wemb/.test(name);
console.log(`${file.length} bytes, ${weigh(all)} in int8, `
  + `${weigh(all.filter(({ name }) => embeddings(name)))} of them embeddings`);
const every = () => true;
for (const [name, bits, which, how] of /** @type {[string, number, (name: string) => boolean, typeof rounded][]} */ ([
  ['8 bits', 8, every, rounded], ['5 bits, rounded', 5, every, rounded], ['4 bits, rounded', 4, every, rounded],
  ['3 bits, rounded', 3, every, rounded], ['high 5 bits', 5, every, high], ['high 4 bits', 4, every, high],
  ['high 4 bits of the embeddings', 4, embeddings, high], ['high 4 bits of the rest', 4, (each) => !embeddings(each), high],
])) {
  const texts = await translate(coarse(bits, which, how));
  writeFileSync(`build/coarse/${name}.de`, texts.map((text) => `${text}\n`).join(''));
  console.log(`${name}: ${texts[0].slice(0, 100)}`);
}
