// The relaxed kernels beside the core: the same bits where they run, words where they do not, wrong ones refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Engine } from '../web/engine.js';
import { linearOf, Product, relaxedModule } from '../web/kernels.js';
import { engineWith, finish, GOLDEN, goldenModel, HARD_LINES } from './models.mjs';

const FILE = 'build/site/kernels-relaxed.wasm', FLAG = '--experimental-wasm-relaxed-simd';
const core = readFileSync('build/site/engine.wasm'), relaxed = existsSync(FILE) ? readFileSync(FILE) : undefined;
const runs = relaxed && WebAssembly.validate(relaxed);
const noModule = !relaxed && 'this build has no kernels-relaxed.wasm';
const noRelaxed = noModule || (!runs && 'this Node has no relaxed SIMD');

test('with the flag that Node 20 wants', async (t) => {
  if (noModule) return t.skip(noModule);
  if (runs) return t.skip('this Node has relaxed SIMD');
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const { status, stdout } = spawnSync(process.execPath, [FLAG, 'tests/kernels.test.mjs'], { env, encoding: 'utf8' });
  if (status === 9) return t.skip('this Node has no such flag');
  assert.equal(status, 0, stdout);
});

/** A LEB128 number and where it ends. @param {Uint8Array} bytes @param {number} at @returns {[number, number]} */
function number(bytes, at) {
  for (let value = 0, shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

/** @param {Uint8Array} bytes of a module */
function sectionsOf(bytes) {
  const all = [];
  for (let at = 8; at < bytes.length;) {
    const [size, begin] = number(bytes, at + 1);
    all.push({ id: bytes[at], at, begin, end: begin + size });
    at = begin + size;
  }
  return all;
}

test('the module is one function in the core\'s memory: no stack, no table, no data', async (t) => {
  if (noModule) return t.skip(noModule);
  const sections = new Map(sectionsOf(relaxed).map(({ id, begin, end }) => [id, relaxed.subarray(begin, end)]));
  const TABLE = 4, DATA = 11, ELEMENTS = 9, GLOBALS = 6, CODE = 10;
  for (const id of [DATA, ELEMENTS]) assert.ok(!sections.has(id), `section ${id}`);
  assert.ok((sections.get(TABLE)?.[0] ?? 0) <= 1 && (sections.get(GLOBALS)?.[0] ?? 0) <= 1, 'the linker\'s own, unused');
  assert.equal(sections.get(CODE)[0], 1);
  assert.ok(relaxed.length <= 4096, `${relaxed.length} bytes`);
  if (!runs) return;
  const module = new WebAssembly.Module(relaxed);
  assert.deepEqual(WebAssembly.Module.imports(module), [{ module: 'env', name: 'memory', kind: 'memory' }]);
  assert.deepEqual(WebAssembly.Module.exports(module), [{ name: 'linear', kind: 'function' }]);
});

test('its products are the reference\'s, for every tile, depth and number of blocks', async (t) => {
  if (noRelaxed) return t.skip(noRelaxed);
  const { instance } = await WebAssembly.instantiate(core, { env: { emscripten_notify_memory_growth() {} } });
  const x = /** @type {any} */ (instance.exports);
  x._initialize();
  const linear = /** @type {any} */ (new WebAssembly.Instance(await relaxedModule(() => relaxed),
    { env: { memory: x.memory } }).exports.linear);
  let seed = 0;
  for (const rows of [1, 2, 3, 4, 5, 6, 7, 8, 9, 13])
    for (const [k, n] of [[4, 8], [8, 16], [36, 8], [260, 64], [1540, 72], [4096, 24]])
      for (const kind of /** @type {const} */ (['random', 'sparse', 'most', 'least', 'mixed']))
        assert.ok(new Product(x, rows, k, n, kind, seed++).agrees(linear, linearOf(x, 'ref')), `${rows} x ${k} x ${n}, ${kind}`);
});

test('every set gives the same results', async (t) => {
  if (noRelaxed) return t.skip(noRelaxed);
  const lines = Object.values(HARD_LINES).filter((line) => line.length < 1000);
  for (const kind of Object.keys(GOLDEN)) {
    const engine = await engineWith(goldenModel(kind), { relaxed: () => relaxed });
    assert.deepEqual(engine.refused, {});
    const of = (/** @type {string | undefined} */ kernels) => {
      const job = finish(engine.job(lines, { attention: true, kernels }));
      assert.equal(job.kernels, kernels ?? 'relaxed');
      return lines.map((_, i) => Buffer.from(job.json(i)).toString());
    };
    const want = of('ref');
    for (const kernels of [undefined, 'relaxed', 'simd128']) assert.deepEqual(of(kernels), want, kernels);
  }
});

test('translate.mjs --kernels relaxed: the bytes of ref, or an error with words', async (t) => {
  const run = (/** @type {string} */ kernels) => spawnSync(process.execPath, [...(process.execArgv.includes(FLAG) ? [FLAG] : []),
    'scripts/translate.mjs', '--model', goldenModel('ssru'), '--attention', '--kernels', kernels],
  { input: 'The cat sees the house.\nThe old dog.\n', encoding: 'utf8' });
  const { status, stdout, stderr } = run('relaxed');
  if (noRelaxed) {
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^dolmetsch: --kernels relaxed: the kernels "relaxed" do not run here: (there is no|ENOENT)/);
    return t.skip(noRelaxed);
  }
  assert.equal(stderr, '');
  assert.equal(stdout, run('ref').stdout);
});

/** An engine that was given this in place of the module. @param {() => any} [get] */
async function refused(get) {
  const engine = await engineWith(goldenModel('ssru'), { relaxed: get });
  const job = engine.job(['The cat.']);
  assert.equal(job.kernels, 'simd128');
  assert.throws(() => engine.job(['The cat.'], { kernels: 'relaxed' }),
    { code: 'DM_ERR_ARGUMENT', message: /"relaxed" do not run here: / });
  assert.equal(finish(engine.job([''])).result(0).text, '');
  return engine.refused.relaxed;
}

test('no module, or none that can be read: the engine runs on simd128 and says why', async () => {
  assert.match(await refused(), /not given/);
  assert.match(await refused(() => new Response('', { status: 404 })), /HTTP status 404/);
  assert.match(await refused(() => Promise.reject(new Error('the network is gone'))), /the network is gone/);
  assert.match(await refused(() => { throw new Error('no such file'); }), /no such file/);
  assert.match(await refused(() => Buffer.from('<!doctype html>')), runs ? /not a WebAssembly module/ : /./);
  assert.match(await refused(() => core.subarray(0, 8)), /no function "linear"/);
  await assert.rejects(Engine.create(Buffer.from('no wasm'), { relaxed: () => core.subarray(0, 8) }), { code: 'DM_ERR_ENGINE' });
});

/** (func (export "linear") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) ...code) @param {number[]} code */
const moduleOf = (...code) => Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 13, 1, 96, 9, ...Array(9).fill(127), 0, 3, 2, 1, 0,
  7, 10, 1, 6, ...Buffer.from('linear'), 0, 0, 10, 4 + code.length, 1, 2 + code.length, 0, ...code, 11);

test('wrong kernels are refused by their products', async (t) => {
  assert.match(await refused(() => moduleOf()), /not those of the reference/);
  assert.match(await refused(() => moduleOf(0)), /unreachable/);
  if (noModule) return t.skip(noModule);
  const DOT = Buffer.from([253, 146, 2]), MUL = Buffer.from([253, 149, 1]);          // i16x8.relaxed_dot..., i16x8.mul
  const wrong = (/** @type {number[]} */ places) => {
    const bytes = Buffer.from(relaxed);
    for (const at of places) MUL.copy(bytes, at);
    return bytes;
  };
  const places = [];
  for (let at = relaxed.indexOf(DOT); at >= 0; at = relaxed.indexOf(DOT, at + 1)) places.push(at);
  assert.equal(places.length, 2 * 2 * (1 + 2 + 3 + 4), 'two products for each row of each tile, of all steps and of some');
  assert.match(await refused(() => wrong(places)), /not those of the reference/);    // valid without relaxed SIMD
  if (noRelaxed) return t.skip(noRelaxed);
  for (const at of places) assert.match(await refused(() => wrong([at])), /not those of the reference/, `the dot at ${at}`);
});

/** The module with a loop of 2^20 turns before its work, in a local that is zero afterwards as before. */
function slowed() {
  const five = (/** @type {number} */ n) => [0, 7, 14, 21, 28].map((shift, i) => (n >>> shift & 127) | (i < 4 ? 128 : 0));
  const code = sectionsOf(relaxed).find(({ id }) => id === 10);
  let [, at] = number(relaxed, code.begin + 1), groups, count, local = 9;             // after the number of functions
  const body = at;
  [groups, at] = number(relaxed, at);
  for (let found = false; groups > 0; groups--) {
    [count, at] = number(relaxed, at);
    found = relaxed[at++] === 127 || found;         // i32
    if (!found) local += count;
  }
  assert.ok(local < 128);
  const loop = [65, 128, 128, 192, 0, 33, local, 3, 64, 32, local, 65, 1, 107, 34, local, 13, 0, 11];
  const [before, after] = [relaxed.subarray(body, at), relaxed.subarray(at, code.end)];
  const size = before.length + loop.length + after.length;
  return Buffer.concat([relaxed.subarray(0, code.at), Uint8Array.of(10, ...five(size + 6), 1, ...five(size)), before,
    Uint8Array.from(loop), after, relaxed.subarray(code.end)]);
}

test('right but slow ones are refused, too', async (t) => {
  if (noRelaxed) return t.skip(noRelaxed);
  assert.equal(await refused(slowed), 'slower than simd128 on this machine');
});
