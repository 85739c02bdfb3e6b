// A feed-forward layer may have fewer units than the options of the model say: what is cut was never on, so nothing changes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readModel, writePeerModel } from '../scripts/bench/peer-model.mjs';
import { itemsOf, packItems } from './marian.mjs';

const LAYER = 'encoder_l2_ffn', F = 32;
const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-narrow-'));
after(() => rmSync(folder, { recursive: true }));
const text = 'the dog sees the cat.\na red house, and no tree\nwhere is the small word?\n';

/** Packs the golden model with some units of a layer as `change` makes them.
 *  @param {string} name @param {(part: string, rows: number[][]) => number[][]} change of W1, b1 and W2 */
function pack(name, change) {
  const items = itemsOf(readFileSync('tests/golden/transformer-ssru.bin')).map((item) => {
    const part = item.name.startsWith(`${LAYER}_`) ? item.name.slice(LAYER.length + 1) : '';
    if (!['W1', 'b1', 'W2'].includes(part)) return item;
    const [k, n] = item.shape, values = Array.from({ length: k * n }, (_, i) => item.bytes.readFloatLE(4 * i));
    const rows = change(part, Array.from({ length: k }, (_, i) => values.slice(n * i, n * (i + 1))));
    return { ...item, shape: [rows.length, rows[0].length], bytes: Buffer.from(Float32Array.from(rows.flat()).buffer) };
  });
  return packItems(join(folder, name), items);
}

/** Without the units from `from` on.  @param {number} from */
const without = (from) => (/** @type {string} */ part, /** @type {number[][]} */ rows) =>
  (part === 'W2' ? rows.slice(0, from) : rows.map((row) => row.slice(0, from)));
const dead = pack('dead', (part, rows) => rows.map((row, i) => row.map((value, j) => {
  if (part === 'W2') return i < 24 ? value : 0;
  return part === 'b1' && j >= 24 ? -1e3 : value;
})));
const translate = (/** @type {string} */ model) => spawnSync('build/dolmetsch', ['--model', model, '--attention'],
  { input: text, encoding: 'utf8' });

test('a layer without its dead units says the same, to the bit', () => {
  const narrow = pack('narrow', without(24)), whole = translate(dead), cut = translate(narrow);
  assert.equal(readModel(readFileSync(narrow)).tensors.find(({ name }) => name === `${LAYER}_W1`)?.dims[1], 24);
  assert.equal(whole.status, 0, whole.stderr);
  assert.equal(cut.status, 0, cut.stderr);
  assert.equal(cut.stdout, whole.stdout);
  assert.notEqual(translate(pack('less', without(8))).stdout, whole.stdout, 'units that are on count');
});

test('a width that the kernels do not have is refused', () => {
  assert.throws(() => pack('odd', without(20)),
    new RegExp(`${LAYER}_W1: expected i8 \\[\\d+, ${F}\\], found i8 \\[\\d+, 20\\]`));
});

test('for the peer, every layer is as wide as its options say', () => {
  const prefix = join(folder, 'peer');
  writePeerModel(readFileSync(pack('narrow', without(24))), prefix);
  const shape = (/** @type {string} */ part) =>
    itemsOf(readFileSync(`${prefix}.bin`)).find(({ name }) => name === `${LAYER}_${part}`)?.shape;
  assert.deepEqual(['W1', 'b1', 'W2'].map((part) => shape(part)), [[24, F], [1, F], [F, 24]]);
});
