/** The loader and Translator against a server that misbehaves on purpose.
 *
 *  What may go wrong, and where it is tested; a name in quotes is a fault of bad_server.mjs, all of which run here, for a chunk
 *  and for the manifest.  "browser" is tests/browser/translator.test.mjs, "refusals" tests/browser/refusals.test.mjs.
 *
 *    stalls, before and in a body             'silence', 'silence in the middle'; a silent network: what is kept serves
 *    connection reset, killed in mid-chunk    'reset', 'killed in the middle'
 *    1 byte a second                          'a byte a second': goes on, is counted, can be aborted; a stricter rule names it
 *    lies about its length                    'says it is longer', 'says it is shorter', 'endless', 'no content'
 *    200 with HTML                            'web page', 'web page of no type'
 *    404, 503                                 'not there', 'server error'
 *    redirect to a login page                 'login page', 'login page elsewhere'
 *    the file changes between chunks          'another version'; a site that is published anew in mid-download
 *    reload in mid-download                   browser: a reload in mid-download; here, after every fault
 *    damaged or evicted entries of the store  a kept chunk that is damaged or cut; browser: damaged entries
 *    no room in the store, store refused      no room in the store; a browser that refuses its cache; refusals: PROFILES
 *    a store that never answers               a store that does not answer; caches that never open
 *    a hash that never comes                  loader.test.mjs: crypto.subtle
 *    a worker that never starts               rpc.test.mjs: a worker that does not say hello
 *    offline                                  browser: offline after the first visit
 *    private window, no site data             refusals: PROFILES
 *    plain http: no caches, no crypto.subtle  browser: plain http
 *    abort at every stage                     abort at every stage of create; refusals: the same in a browser;
 *                                             loader.test.mjs: in a body, in a pause, while hashing
 *    worker killed                            browser: a worker that is killed; api.test.mjs: UnknownError DM_ERR_WORKER
 *    worker, wasm or page refused             refusals: policies, a page that is gone
 *    out of memory                            api.test.mjs: DM_ERR_MEMORY, loading and translating; refusals: while loading
 *    engine fails in an unknown way           rpc.test.mjs: an engine that fails
 *    low bits of the model never come         coarse.test.mjs: refined rejects, the coarse model goes on
 *    500 translations, flat heap              translator.test.mjs (Node's memory); refusals (wasm's, in both browsers) */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import { clear, openStore, Store, stored } from '../web/cache.js';
import { loadModel } from '../web/loader.js';
import { Translator } from '../web/translator.js';
import { badServer, FAULTS } from './bad_server.mjs';
import { goldenModel } from './models.mjs';
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
/** How long silence lasts where it is to be noticed; elsewhere a busy machine has all the time it needs. */
const SILENCE = 800;
const load = (options, place = memory()) => loadModel(base, place, { pause: 10, stall: 20_000, ...options });

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
  'silence': /nothing came for 0\.8 s/, 'silence in the middle': /nothing came/, 'says it is shorter': /bytes came/,
  'endless': /more than/, 'another version': /SHA-256 differs/, 'web page of no type': /bytes came/,
};
const stallFor = (fault) => (fault.startsWith('silence') ? SILENCE : 20_000);
for (const fault of Object.keys(FAULTS)) {
  if (['good', 'held', 'a byte a second'].includes(fault)) continue;
  test(`${fault}: refused, not kept, tried twice, and the error names the chunk`, async () => {
    server.faults.set('model.002', [fault]);
    const cache = new FakeCache(), store = new Store(cache), place = memory(), stall = stallFor(fault);
    await assert.rejects(load({ store, stall }, place), (error) =>
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
    await load({ stall });                          // once is forgiven
  });

  test(`${fault}, of the manifest: refused; forgiven once; the kept one does`, async () => {
    server.faults.set('manifest.json', [fault]);
    const stall = stallFor(fault);
    await assert.rejects(load({ stall }), (error) => /^DM_ERR_/.test(error.code) && /manifest\.json/.test(error.message));
    const store = new Store(new FakeCache());
    server.reset();
    server.faults.set('manifest.json', [fault, 'good']);
    await load({ store, stall });
    server.faults.set('manifest.json', [fault]);
    await load({ store, stall });
    assert.equal(server.asked.get('model.000'), 1);
  });
}

test('a byte a second is no silence: it goes on, is counted, and can be aborted; a stricter rule names it', async () => {
  server.faults.set('model.000', ['a byte a second']);
  const stop = new AbortController(), seen = [];
  let start = 0;
  const call = load({ signal: stop.signal, parallel: 1, stall: 20_000, onProgress: ({ loaded }) => {
    seen.push(loaded);
    if (loaded < 4) return;
    start = performance.now();
    stop.abort();
  } });
  await assert.rejects(call, { name: 'AbortError' });
  assert.ok(performance.now() - start < 500, `${performance.now() - start} ms`);
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  assert.equal(server.asked.get('model.000'), 1, 'one attempt, not killed');
  await assert.rejects(load({ stall: 250 }), { code: 'DM_ERR_FETCH', message: 'model.000: nothing came for 0.25 s' });
});

test('a site that is published anew in mid-download: the old manifest is refused by name, the next load has the new model',
  async (t) => {
    const fresh = tinySite(5, 'selfattn'), folder = `${site.folder}/models/en-de`, cache = new FakeCache();
    const store = new Store(cache), before = `${fresh.folder}/before`;
    cpSync(folder, before, { recursive: true });
    t.after(() => {
      cpSync(before, folder, { recursive: true });
      fresh.remove();
    });
    const publish = ({ loaded }) => { if (loaded > 0) cpSync(`${fresh.folder}/models/en-de`, folder, { recursive: true }); };
    await assert.rejects(load({ store, parallel: 1, onProgress: publish }),
      { code: 'DM_ERR_INTEGRITY', message: /^model\.001: / });
    assert.equal(cache.chunks.length, 1, 'the first chunk is good, and kept');
    const place = memory();
    await load({ store }, place);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(Buffer.from(place.bytes).equals(readFileSync(goldenModel('selfattn'))));
    assert.equal(cache.chunks.length, 5, 'the old one is gone');
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

test('progress counts what has to be fetched, not what is here already', async () => {
  const cache = new FakeCache(), store = new Store(cache), seen = [], onProgress = (now) => seen.push(now);
  await load({ store });
  await load({ store, onProgress });
  assert.deepEqual(seen, [], 'nothing to fetch');
  cache.entries.delete(cache.chunks[1]);
  await load({ store, onProgress });
  const { bytes } = JSON.parse(readFileSync(`${site.folder}/models/en-de/manifest.json`, 'utf8')).chunks[1];
  assert.deepEqual([seen[0], seen.at(-1)], [{ loaded: 0, total: bytes }, { loaded: bytes, total: bytes }]);
});

test('events of a download are 50 ms apart, but for the last', async () => {
  server.faults.set('model.004', ['a byte a second']);
  const times = [], stop = new AbortController();
  setTimeout(() => stop.abort(), 3500);
  await assert.rejects(Translator.create({ ...PAIR, signal: stop.signal, monitor: (monitor) =>
    monitor.addEventListener('downloadprogress', ({ timeStamp }) => times.push(timeStamp)) }), { name: 'AbortError' });
  assert.ok(times.length >= 2, `${times.length} events`);
  for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] >= 49, `${times}`);
});

test('several workers: every file is asked for once, and they give what one gives', async () => {
  const translator = await Translator.create({ ...PAIR, workers: 3 });
  const texts = Array.from({ length: 12 }, (_, i) => `The cat sees ${'the dog '.repeat(i)}.`);
  const found = (await translator.translateDetailed(texts)).map(({ text }) => text);
  const again = [];
  for (const text of texts) again.push(await translator.translate(text));
  assert.deepEqual(found, again);
  translator.destroy();
  for (const [name, count] of server.asked) assert.equal(count, 1, name);
  assert.equal([...server.asked.keys()].filter((name) => name.startsWith('model.')).length, 5);
});

test('a silent network: what is kept serves after a moment, if it is all there', async () => {
  const cache = new FakeCache(), store = new Store(cache);
  await load({ store });
  server.faults.set('manifest.json', ['silence']);
  await load({ store, patience: 50, stall: 20_000 });
  assert.equal(server.asked.get('manifest.json'), 2, 'the first attempt of this load still waits');
  cache.entries.delete(cache.chunks[0]);
  const call = load({ store, patience: 50, stall: 400 });
  setTimeout(() => server.reset(), 200);
  await call;                                       // waited for the manifest, then took the kept one
  assert.equal(server.asked.get('manifest.json'), undefined);
});

/** A Cache that answers nothing once `silent` names the method. */
class SilentCache extends FakeCache {
  silent = '';
  constructor() {
    super();
    for (const name of ['match', 'put', 'delete', 'keys']) {
      const answer = FakeCache.prototype[name];
      this[name] = (...given) => (this.silent === name ? new Promise(() => {}) : answer.apply(this, given));
    }
  }
}
for (const method of ['match', 'put', 'keys', 'delete'])
  test(`a store that does not answer (${method}) is none after a while: the network is used, with a notice`, async () => {
    const cache = new SilentCache(), store = new Store(cache, undefined, SILENCE), place = memory();
    await load({ store: new Store(cache) });
    const first = cache.chunks[0];
    if (method === 'put') cache.entries.clear();
    if (method === 'delete') cache.entries.set(first, new Response('damaged'));
    cache.silent = method;
    server.reset();
    await load({ store }, place);
    assert.ok(Buffer.from(place.bytes).equals(readFileSync(goldenModel('ssru'))));
    assert.match(store.notice, /does not answer.*fetched again/);
    const due = method === 'delete' ? 1 : 5;
    assert.ok([...server.asked].filter(([name]) => name.startsWith('model.')).length >= due);
  });

test('caches that never open: no store, with a notice, and nothing waits for it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => { delete globalThis.caches; });
  const silence = () => new Promise(() => {});
  Object.defineProperty(globalThis, 'caches', { value: { open: silence, delete: silence }, configurable: true });
  const calls = [openStore(), stored(), clear()];
  t.mock.timers.tick(10_000);
  const [store, ...rest] = await Promise.all(calls);
  assert.match(store.notice, /no answer for 10 s.*in memory only/);
  assert.deepEqual(rest, [[], false]);
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

test('what is kept of an address is not what a newer model there is', async () => {
  const store = new Store(new FakeCache()), model = { url: base, sha256: site.sha256 };
  assert.equal(await store.holds(model), false);
  await load({ store });
  assert.equal(await store.holds(model), true);
  assert.equal(await store.holds({ url: base }), true, 'an index of before says no hash');
  assert.equal(await store.holds({ ...model, sha256: '0'.repeat(64) }), false);
  await store.dropChunk([...await store.hashes()][0]);
  assert.equal(await store.holds(model), false);
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
