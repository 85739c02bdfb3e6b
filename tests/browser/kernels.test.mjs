/** The relaxed kernels in a real browser: they run, and give the bytes of the reference. Needs `make site`. */

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GOLDEN, goldenModel } from '../models.mjs';
import { REAL_SITE, start } from './harness.mjs';

const MODULE = 'kernels-relaxed.wasm';
const TEXTS = ['The cat sees the house. The old dog has the red word.', 'A 😀 tree, and a small one.', ''];
const missing = !existsSync(join(REAL_SITE, MODULE)) && `this build has no ${MODULE}`;

let folder, browser;

/** The site with the golden models and no page; its models/en-de is the first of them. */
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dolmetsch-kernels-'));
  await cp(REAL_SITE, folder, { recursive: true, filter: (path) => !path.endsWith('models') && !path.endsWith('.html') });
  await mkdir(join(folder, 'models/en-de'), { recursive: true });
  for (const kind of Object.keys(GOLDEN)) await cp(goldenModel(kind), join(folder, `models/${kind}.dm`));
  const bytes = await readFile(goldenModel('ssru')), sha256 = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(folder, 'models/en-de/model.000'), bytes);
  await writeFile(join(folder, 'models/en-de/manifest.json'), JSON.stringify({
    format: 'dolmetsch-manifest-1', name: 'golden', source: 'en', target: 'de', architecture: 'transformer', licence: 'CC0-1.0',
    bytes: bytes.length, sha256, scores: {}, card: 'card.md', chunks: [{ file: 'model.000', bytes: bytes.length, sha256 }] }));
  await mkdir(join(folder, 'alone'));
  await cp(join(REAL_SITE, 'engine.wasm'), join(folder, 'alone/engine.wasm'));
  await writeFile(join(folder, 'blank.html'), '<!doctype html><title>blank</title>');
  browser = await start(folder);
});
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** In the page: kernels and results of a golden model, with the fastest set and with the reference. */
async function results(kind, texts, module) {
  const { Engine } = await import('/engine.js');
  const engine = await Engine.create(fetch('/engine.wasm'), { relaxed: () => fetch(`/${module}`) });
  const file = new Uint8Array(await (await fetch(`/models/${kind}.dm`)).arrayBuffer());
  const at = engine.allocate(file.length);
  engine.memory().set(file, at);
  engine.open(at, file.length);
  const run = (kernels) => {
    const job = engine.job(texts, { attention: true, kernels });
    while (job.run(1 << 20));
    const all = texts.map((_, i) => new TextDecoder().decode(job.json(i)));
    return { kernels: job.kernels, all };
  };
  return { refused: engine.refused, fastest: run(), ref: run('ref') };
}

for (const kind of Object.keys(GOLDEN)) test(`${kind}: Chromium runs "relaxed", and the bytes are those of "ref"`, async (t) => {
  if (missing) return t.skip(missing);
  const { page } = await browser.open({ ready: false, hash: 'blank.html' });
  const { refused, fastest, ref } = await page.evaluate(results, kind, TEXTS, MODULE);
  assert.deepEqual(refused, {});
  assert.equal(fastest.kernels, 'relaxed');
  assert.equal(ref.kernels, 'ref');
  assert.deepEqual(fastest.all, ref.all);
  await page.close();
});

test('without the module Chromium runs "simd128" and says why', async () => {
  const { page } = await browser.open({ ready: false, hash: 'blank.html' });
  const { refused, fastest, ref } = await page.evaluate(results, 'ssru', TEXTS, 'nowhere.wasm');
  assert.match(refused.relaxed, /HTTP status 404/);
  assert.equal(fastest.kernels, 'simd128');
  assert.deepEqual(fastest.all, ref.all);
  await page.close();
});

test('the worker finds the module beside the engine, and works where there is none', async (t) => {
  const { page, complaints } = await browser.open({ ready: false, hash: 'blank.html' });
  const translate = (wasm) => page.evaluate(async (path, texts) => {
    const { connect } = await import('/rpc.js');
    const rpc = connect(new Worker('/worker.js', { type: 'module' }));
    await rpc.call('load', { wasm: new URL(path, location.href).href, base: new URL('/models/en-de/', location.href).href });
    const found = await rpc.call('translate', { texts, options: {}, partial: false });
    rpc.close();
    return found.map(({ text, kernels }) => ({ text, kernels }));
  }, wasm, TEXTS);
  const beside = await translate('engine.wasm'), alone = await translate('alone/engine.wasm');
  assert.deepEqual(alone.map(({ kernels }) => kernels), TEXTS.map(() => 'simd128'));
  assert.deepEqual(alone.map(({ text }) => text), beside.map(({ text }) => text));
  assert.deepEqual(complaints, []);
  await page.close();
  if (missing) return t.skip(missing);
  assert.deepEqual(beside.map(({ kernels }) => kernels), TEXTS.map(() => 'relaxed'));
});
