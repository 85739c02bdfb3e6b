// The loader and Translator against a server that misbehaves on purpose.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { clear, openStore, Store, stored } from '../web/cache.js';
import { loadModel } from '../web/loader.js';
import { Translator } from '../web/translator.js';
import { badServer, FAULTS } from './bad_server.mjs';
import { tinySite } from './tiny_site.mjs';

const PAIR = { sourceLanguage: 'en', targetLanguage: 'de' };
let site, server, base;
before(async () => {
  site = tinySite();
  server = await badServer(site.folder);
  base = `${server.url}models/en-de/`;
  Translator.engine = server.url;
  Translator.models = `${server.url}models/`;
});
beforeEach(() => server.reset());
after(async () => {
  await server?.close();
  site?.remove();
});

/** Wasm memory, as far as the loader knows it. */
const memory = () => ({
  bytes: new Uint8Array(0), freed: 0,
  allocate(size) { this.bytes = new Uint8Array(size); return 0; },
  memory() { return this.bytes; },
  free() { this.freed++; },
});
const load = (options, place = memory()) => loadModel(base, place, { pause: 10, stall: 300, ...options });

/** A Cache that lives in memory, and breaks as told. */
class FakeCache {
  entries = new Map();
  full = false;
  async match(key) { return this.entries.get(key)?.clone(); }
  async put(key, response) {
    if (this.full) throw new DOMException('no room', 'QuotaExceededError');
    this.entries.set(key, response);
  }
  async delete(key) { return this.entries.delete(key); }
  async keys() { return [...this.entries.keys()].map((url) => ({ url })); }
  get chunks() { return [...this.entries.keys()].filter((key) => key.includes('sha256')); }
}

const WHY = {
  'not there': /answered 404/, 'server error': /answered 503/,
  'web page': /web page/, 'login page': /web page.*redirected to .*login/,
  'silence': /nothing came for 0\.3 s/, 'silence in the middle': /nothing came/, 'says it is shorter': /bytes came/,
  'endless': /more than/, 'another version': /SHA-256 differs/, 'web page of no type': /bytes came/,
};
for (const fault of Object.keys(FAULTS)) {
  if (fault === 'good' || fault === 'a byte now and then') continue;
  test(`${fault}: refused, not kept, tried twice, and the error names the chunk`, async () => {
    server.faults.set('model.002', [fault]);
    const cache = new FakeCache(), store = new Store(cache), place = memory();
    await assert.rejects(load({ store }, place), (error) =>
      /^DM_ERR_(FETCH|INTEGRITY)$/.test(error.code) && /^model\.002: ./.test(error.message)
      && (WHY[fault] ?? /./).test(error.message));
    assert.equal(server.asked.get('model.002'), 2);
    assert.equal(place.freed, 1);
    assert.ok(cache.chunks.length < 5);

    server.reset();                                 // a reload: only what is missing is fetched
    const kept = cache.chunks.length;
    await load({ store });
    assert.equal([...server.asked].filter(([name]) => name.startsWith('model.')).length, 5 - kept);
    assert.equal(cache.chunks.length, 5);

    server.reset();
    server.faults.set('model.002', [fault, 'good']);
    await load();                                   // once is forgiven
  });

  test(`${fault}, of the manifest: refused; forgiven once; the kept one does`, async () => {
    server.faults.set('manifest.json', [fault]);
    await assert.rejects(load(), (error) => /^DM_ERR_/.test(error.code) && /manifest\.json/.test(error.message));
    const store = new Store(new FakeCache());
    server.reset();
    await load({ store });
    server.faults.set('manifest.json', [fault]);
    await load({ store });
    assert.equal(server.asked.get('model.000'), 1);
  });
}

test('a byte now and then is no silence: it goes on, is counted, and can be aborted', async () => {
  server.faults.set('model.000', ['a byte now and then']);
  const stop = new AbortController(), seen = [];
  const call = load({ signal: stop.signal, onProgress: ({ loaded }) => seen.push(loaded) });
  setTimeout(() => stop.abort(), 900);
  await assert.rejects(call, { name: 'AbortError' });
  assert.ok(seen.length > 5 && seen.at(-1) < site.bytes, `${seen.length} events`);
});

test('a kept chunk that is damaged or cut is dropped and fetched again', async () => {
  const cache = new FakeCache(), store = new Store(cache);
  await load({ store });
  const [first, second, third] = cache.chunks, good = new Uint8Array(await (await cache.match(second)).arrayBuffer());
  cache.entries.set(first, new Response(new Uint8Array(100)));
  good[5] ^= 1;
  cache.entries.set(second, new Response(good));
  cache.entries.delete(third);
  server.reset();
  const place = memory();
  await load({ store }, place);
  assert.equal([...server.asked].filter(([name]) => name.startsWith('model.')).length, 3);
  server.reset();
  await load({ store });
  assert.deepEqual([...server.asked.keys()], ['manifest.json']);
});

test('a silent network: what is kept serves after a moment, if it is all there', async () => {
  const cache = new FakeCache(), store = new Store(cache);
  await load({ store });
  server.faults.set('manifest.json', ['silence']);
  const start = performance.now();
  await load({ store, patience: 50, stall: 2000 });
  assert.ok(performance.now() - start < 1000, `${performance.now() - start} ms`);
  cache.entries.delete(cache.chunks[0]);
  const call = load({ store, patience: 50, stall: 400 });
  setTimeout(() => server.reset(), 200);
  await call;                                       // waited for the manifest, then took the kept one
  assert.equal(server.asked.get('manifest.json'), undefined);
});

test('a browser that refuses its cache, in any way: no error, a notice', async (t) => {
  t.after(() => { delete globalThis.caches; });
  const refuse = () => { throw new DOMException('The operation is insecure.', 'SecurityError'); };
  for (const property of [{ get: refuse }, { get: () => ({ open: async () => refuse(), delete: async () => refuse() }) },
    { get: () => ({ open: refuse, delete: refuse }) }, { get: () => undefined }]) {
    Object.defineProperty(globalThis, 'caches', { ...property, configurable: true });
    assert.match((await openStore()).notice, /in memory only/);
    assert.deepEqual([await stored(), await clear()], [[], false]);
  }
  const no = async () => refuse(), broken = { match: no, put: no, delete: no, keys: no };
  const store = new Store(broken);
  await load({ store });
  assert.match(store.notice, /no room/);
});

test('no room in the store: the model loads, with a notice', async () => {
  const cache = new FakeCache(), store = new Store(cache);
  cache.full = true;
  await load({ store });
  assert.match(store.notice, /no room .*fetched again/);
});

test('a model that is replaced: the old chunks go, those of other models stay', async () => {
  const cache = new FakeCache(), store = new Store(cache);
  await load({ store });
  await store.keepChunk('f'.repeat(64), new Uint8Array(3));
  assert.equal((await store.list())[0].complete, true);
  await load({ store });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(cache.chunks.length, 5);
  assert.deepEqual((await store.list()).map(({ name, bytes, total, url }) => [name, bytes, total, url]),
    [['en-de', site.bytes, site.bytes, base]]);
});

test('Translator.create: NetworkError with its cause; OperationError where the engine fails; progress ends below 1', async () => {
  const seen = [], monitor = (m) => m.addEventListener('downloadprogress', ({ loaded }) => seen.push(loaded));
  server.faults.set('model.004', ['another version']);
  await assert.rejects(Translator.create({ ...PAIR, monitor }), (error) => error instanceof DOMException
    && error.name === 'NetworkError' && error.cause.code === 'DM_ERR_INTEGRITY' && /^model\.004: SHA-256/.test(error.message));
  assert.equal(seen[0], 0);
  assert.ok(seen.at(-1) < 1);
  server.reset();
  server.faults.set('engine.wasm', ['another version']);
  await assert.rejects(Translator.create(PAIR), { name: 'OperationError', message: /engine/ });
  server.reset();
  server.faults.set('index.json', ['web page']);
  await assert.rejects(Translator.create(PAIR), { name: 'UnknownError', message: /index\.json/ });
  await assert.rejects(Translator.availability(PAIR), { name: 'UnknownError' });
});

test('abort at every stage of create: at once, with the reason', async () => {
  for (const file of ['index.json', 'manifest.json', 'engine.wasm', 'model.000', 'model.004']) {
    server.reset();
    server.faults.set(file, ['silence']);
    const stop = new AbortController(), reason = new Error(file), call = Translator.create({ ...PAIR, signal: stop.signal });
    await new Promise((resolve) => { setTimeout(resolve, 250); });
    const start = performance.now();
    stop.abort(reason);
    await assert.rejects(call, (error) => error === reason, file);
    assert.ok(performance.now() - start < 500, `${file}: ${performance.now() - start} ms`);
  }
});
