// A model that is sent coarse-first: translations at half of the download, exact ones at its end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import { checkManifest, loadModel } from '../web/loader.js';
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

test('every byte arrives at its place, whatever the order of the chunks', async () => {
  const bytes = new Uint8Array(2 * manifest.bytes + 256);
  let taken = 0;
  const memory = { memory: () => bytes, free() {}, allocate(size) {
    const at = taken;
    taken += Math.ceil(size / 64) * 64;
    return at;
  } };
  const read = async (url) => {
    if (/0$/.test(url)) await new Promise((resolve) => setTimeout(resolve, 30));
    return new Uint8Array(readFileSync(new URL(url).pathname));
  };
  for (const onCoarse of [undefined, () => {}]) {
    taken = 0;
    bytes.fill(0xee);
    const { at } = await loadModel(`file://${site.folder}/models/en-de`, memory, { read, onCoarse });
    assert.ok(Buffer.from(bytes.subarray(at, at + manifest.bytes)).equals(readFileSync(goldenModel('ssru'))));
  }
});

test('asked for nothing else, a translator waits for all of it, and is exact', async () => {
  const translator = await Translator.create(PAIR);
  await translator.refined;
  assert.deepEqual(bare(await translator.translateDetailed(TEXT)), bare(exact));
  translator.destroy();
});

test('coarse: usable at half of the download, and says so', async () => {
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

test('what runs while the low halves come goes on; afterwards all is exact', async () => {
  server.faults.set(manifest.chunks.at(-1).file, ['server error', 'good']);      // the second attempt is 400 ms later
  const translator = await Translator.create({ ...PAIR, coarse: true });
  const running = [];
  let done = false;
  translator.refined.then(() => { done = true; });
  while (!done) running.push(await translator.translateDetailed(TEXT));
  assert.ok(running.length > 0 && running[0].coarse, `${running.length}`);
  const result = await translator.translateDetailed(TEXT);
  assert.equal(result.coarse, undefined);
  assert.equal(translator.info.coarse, false);
  assert.deepEqual(bare(result), bare(exact));
  translator.destroy();
});

test('the second half never comes: refined rejects, the coarse model goes on', async () => {
  server.faults.set(manifest.chunks.at(-1).file, ['another version']);
  const translator = await Translator.create({ ...PAIR, coarse: true });
  await assert.rejects(translator.refined, (error) => error.name === 'NetworkError'
    && error.cause.code === 'DM_ERR_INTEGRITY');
  assert.equal((await translator.translateDetailed(TEXT)).coarse, true);
  translator.destroy();
});

test('a manifest whose halves do not fit is refused', () => {
  const { coarse } = manifest, [[at, k, n]] = coarse.matrices;
  assert.equal(checkManifest(manifest), manifest);
  for (const wrong of [{}, null, { ...coarse, chunks: 0 }, { ...coarse, chunks: 1e6 },
    { ...coarse, chunks: manifest.chunks.length },
    { ...coarse, matrices: {} }, { ...coarse, matrices: [] }, { ...coarse, matrices: [[at, k, 2 ** 30]] },
    { ...coarse, matrices: [[at + 4, k, n], ...coarse.matrices.slice(1)] }, { ...coarse, matrices: [[-64, k, n]] },
    { ...coarse, matrices: [null] }, { ...coarse, matrices: [[at, k, n], [at, k, n]] }])
    assert.throws(() => checkManifest({ ...manifest, coarse: wrong }), { code: 'DM_ERR_MANIFEST' }, JSON.stringify(wrong));
});
