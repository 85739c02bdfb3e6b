// A model that is sent coarse-first: translations before the end of the download, exact ones at its end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import { Engine } from '../web/engine.js';
import { loadModel } from '../web/loader.js';
import { Planes } from '../web/planes.js';
import { checkManifest } from '../web/manifest.js';
import { Translator } from '../web/translator.js';
import { badServer } from './bad_server.mjs';
import { goldenModel } from './models.mjs';
import { tinySite } from './tiny_site.mjs';

const PAIR = { sourceLanguage: 'en', targetLanguage: 'de' }, TEXT = 'The cat sees the house. The old dog has the red word.';
let site, server, manifest, exact;
before(async () => {
  site = tinySite();
  server = await badServer(site.folder);
  Translator.engine = server.url;
  Translator.models = `${server.url}models/`;
  const translator = await Translator.create(PAIR);
  exact = await translator.translateDetailed(TEXT);
  translator.destroy();
  const folder = `${site.folder}/models/en-de`;
  execFileSync(process.execPath, ['scripts/coarse-first.mjs', folder]);
  execFileSync(process.execPath, ['scripts/coarse-first.mjs', folder]);          // a second time changes nothing
  manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8'));
});
beforeEach(() => server.reset());
after(async () => {
  await server?.close();
  site?.remove();
});
const bare = ({ text, score, sentences }) => ({ text, score, sentences });

/** The golden model, with 6 bits for some of its weights.  @param {(i: number) => boolean} has which matrices */
function withSixBits(has) {
  const bytes = readFileSync(goldenModel('ssru')), chosen = manifest.coarse.matrices.filter((_, i) => has(i));
  for (const [at, k, n] of chosen) for (let i = at; i < at + k * n; i++) bytes.writeInt8(bytes.readInt8(i) >> 2, i);
  return { bytes, count: chosen.length };
}

/** The folder of a model as a site has it. @param {Buffer} bytes @param {string} folder */
function coarseFolder(bytes, folder) {
  cpSync(`${site.folder}/models/en-de`, folder, { recursive: true });
  const plain = { ...manifest, coarse: undefined, chunks: [{ file: 'model.000', bytes: bytes.length, sha256: '0'.repeat(64) }] };
  writeFileSync(`${folder}/manifest.json`, JSON.stringify(plain));
  writeFileSync(`${folder}/model.000`, bytes);
  execFileSync(process.execPath, ['scripts/coarse-first.mjs', folder]);
  return checkManifest(JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')));
}

for (const [name, has] of Object.entries({ '8 bits': () => false, '6 bits': () => true, '6 or 8 bits': (i) => i % 3 === 1 }))
  test(`every byte arrives at its place, whatever the order of the chunks: ${name}`, async () => {
    const { bytes: file, count } = withSixBits(has), folder = `${site.folder}/models/bits`;
    const { coarse, chunks } = coarseFolder(file, folder);
    assert.equal(coarse.matrices.filter(([, , , bits]) => bits === 6).length, count);
    const saved = coarse.matrices.reduce((sum, [, k, n, bits]) => sum + (bits === 6 ? k * n / 4 : 0), 0);
    const sent = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.equal(sent, file.length - saved, 'two bits of each small weight are not sent');
    const engine = await Engine.create(readFileSync('build/site/engine.wasm'));
    const read = async (url) => {
      if (/0$/.test(url)) await new Promise((resolve) => setTimeout(resolve, 30));
      return new Uint8Array(readFileSync(new URL(url).pathname));
    };
    for (const onCoarse of [undefined, () => {}]) {
      const { at } = await loadModel(`file://${folder}`, engine, { read, onCoarse });
      assert.ok(Buffer.from(engine.memory().subarray(at, at + file.length)).equals(file));
      engine.memory().fill(0xee, at, at + file.length);
      engine.free(at);
    }
    rmSync(folder, { recursive: true });
  });

test('the coarse weights, their column sums and the exact ones, from pieces of any length', async () => {
  const engine = await Engine.create(readFileSync('build/site/engine.wasm')), folder = `${site.folder}/models/bits`;
  const { bytes: file } = withSixBits((i) => i % 2 === 1), { bytes, chunks, coarse } = coarseFolder(file, folder);
  const sent = new Uint8Array(Buffer.concat(chunks.map(({ file: name }) => readFileSync(`${folder}/${name}`))));
  const half = chunks.slice(0, coarse.chunks).reduce((sum, chunk) => sum + chunk.bytes, 0);
  for (const size of [1, 7, 1000, 70_001]) {
    const at = engine.allocate(bytes), planes = new Planes({ bytes, coarse }, engine, at);
    const placeAll = (from, end) => {
      for (let i = from; i < end; i += size) planes.place(sent.subarray(i, Math.min(i + size, end)), i);
    };
    placeAll(0, half);
    planes.coarsen();
    for (const [begin, k, n, bits] of coarse.matrices) {
      const { buffer } = engine.memory(), weights = new Int8Array(buffer, at + begin, k * n), sums = new Int32Array(n);
      const exact = new Int8Array(file.buffer, file.byteOffset + begin, k * n), up = (i) => Math.ceil(i / 64) * 64;
      const step = 2 ** (bits - 4);
      weights.forEach((weight, i) => {
        const low = Math.floor(exact[i] / step) * step, middle = low + step / 2 - (low ? 0 : 1);
        if (weight !== middle) assert.fail(`weight ${i} of the matrix at ${begin}: ${weight}, of ${exact[i]}`);
        sums[8 * Math.floor(i / (8 * k)) + (i >> 2 & 7)] += weight;
      });
      assert.deepEqual(new Int32Array(buffer, at + begin + up(k * n) + up(4 * n), n), sums);
    }
    placeAll(half, sent.length);
    planes.refine();
    planes.free();
    assert.ok(Buffer.from(engine.memory().subarray(at, at + bytes)).equals(file));
    engine.memory().fill(0xee, at, at + bytes);
    engine.free(at);
  }
  rmSync(folder, { recursive: true });
});

test('asked for nothing else, a translator waits for all of it, and is exact', async () => {
  const translator = await Translator.create(PAIR);
  await translator.refined;
  assert.deepEqual(bare(await translator.translateDetailed(TEXT)), bare(exact));
  translator.destroy();
});

test('coarse: usable before the end of the download, and says so', async () => {
  const last = manifest.chunks.at(-1).file, seen = [];
  server.faults.set(last, ['silence']);
  const translator = await Translator.create({ ...PAIR, coarse: true, workers: 2,
    monitor: (m) => m.addEventListener('downloadprogress', ({ loaded, totalBytes }) => seen.push([loaded, totalBytes])) });
  const count = seen.length;
  assert.equal(seen.at(-1)[0], 1);
  const half = manifest.chunks.slice(0, manifest.coarse.chunks).reduce((sum, { bytes }) => sum + bytes, 0);
  assert.equal(seen.at(-1)[1], half);
  assert.equal(translator.info.coarse, true);
  const coarse = await translator.translateDetailed(TEXT);
  assert.equal(coarse.coarse, true);
  assert.equal(coarse.sentences.length, 2);
  const refined = translator.refined;
  refined.catch(() => {});
  translator.destroy();
  await assert.rejects(refined, { name: 'AbortError' });
  assert.equal(seen.length, count, 'no event after create');
});

test('what runs while the low bits come goes on; afterwards all is exact', async () => {
  server.faults.set(manifest.chunks.at(-1).file, ['held']);
  const translator = await Translator.create({ ...PAIR, coarse: true });
  const first = await translator.translateDetailed(TEXT), across = translator.translateDetailed(`${TEXT}\n`.repeat(300));
  server.release();
  await translator.refined;
  const result = await translator.translateDetailed(TEXT);
  assert.deepEqual([first.coarse, (await across).sentences.length, result.coarse], [true, 600, undefined]);
  assert.equal(translator.info.coarse, false);
  assert.deepEqual(bare(result), bare(exact));
  translator.destroy();
});

test('the low bits never come: refined rejects, the coarse model goes on', async () => {
  server.faults.set(manifest.chunks.at(-1).file, ['another version']);
  const translator = await Translator.create({ ...PAIR, coarse: true });
  await assert.rejects(translator.refined, (error) => error.name === 'NetworkError'
    && error.cause.code === 'DM_ERR_INTEGRITY');
  assert.equal((await translator.translateDetailed(TEXT)).coarse, true);
  translator.destroy();
});

test('a manifest whose planes do not fit is refused', () => {
  const { coarse } = manifest, [[at, k, n, bits]] = coarse.matrices;
  assert.equal(checkManifest(manifest), manifest);
  for (const wrong of [{}, null, { ...coarse, chunks: 0 }, { ...coarse, chunks: 1e6 },
    { ...coarse, chunks: manifest.chunks.length },
    { ...coarse, matrices: {} }, { ...coarse, matrices: [] }, { ...coarse, matrices: [[at, k, 2 ** 30, bits]] },
    { ...coarse, matrices: [[at + 4, k, n, bits], ...coarse.matrices.slice(1)] }, { ...coarse, matrices: [[-64, k, n, bits]] },
    { ...coarse, matrices: [null] }, { ...coarse, matrices: [[at, k, n, bits], [at, k, n, bits]] },
    ...[undefined, 5, 6].map((other) => ({ ...coarse, matrices: [[at, k, n, other], ...coarse.matrices.slice(1)] }))])
    assert.throws(() => checkManifest({ ...manifest, coarse: wrong }), { code: 'DM_ERR_MANIFEST' }, JSON.stringify(wrong));
});
