import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadModel } from '../web/loader.js';
import { checkManifest } from '../web/manifest.js';
import { sha256 } from '../web/sha256.js';
import { digestInScript } from '../web/sha256-script.js';

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A model of `sizes.length` random chunks: its files by name, and its manifest. */
function model(sizes = [5000, 5000, 1234]) {
  const chunks = sizes.map((size) => new Uint8Array(randomBytes(size)));
  const whole = Buffer.concat(chunks);
  const manifest = {
    format: 'dolmetsch-manifest-1', name: 'test', source: 'en', target: 'de', architecture: 'transformer',
    bytes: whole.length, sha256: hash(whole), licence: 'CC0-1.0', scores: {}, card: 'card.md',
    chunks: chunks.map((bytes, i) => ({ file: `model.00${i}`, bytes: bytes.length, sha256: hash(bytes) })),
  };
  const files = new Map(chunks.map((bytes, i) => [`model.00${i}`, bytes]));
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  return { files, manifest, whole };
}

/** Wasm memory that moves whenever it is looked at, as growth does. */
function fakeMemory() {
  let bytes = new Uint8Array(100);
  return {
    freed: [],
    allocate(size) { bytes = new Uint8Array(64 + size + 64).fill(0xee); return 64; },
    memory() { const moved = bytes.slice(); bytes.fill(0); bytes = moved; return bytes; },
    free(at) { this.freed.push(at); },
  };
}

/** Answers like a server; `change(file, attempt)` may answer otherwise. */
const server = (files, change = () => undefined) => {
  const asked = [];
  const read = async (url, attempt, signal) => {
    const file = url.split('/').pop();
    asked.push(file);
    const other = await change(file, attempt, signal);
    if (other) return other;
    return files.has(file) ? new Response(files.get(file)) : new Response('', { status: 404 });
  };
  return { read, asked, pause: 0 };
};

test('chunks land at their places, each asked for once, with progress that only grows', async () => {
  const { files, manifest, whole } = model([70_000, 5000, 1, 200_000, 63]);
  const memory = fakeMemory(), { read, asked } = server(files), seen = [];
  const slowFirst = async (url, ...rest) => {
    if (url.endsWith('model.000')) await new Promise((resolve) => setTimeout(resolve, 20));
    return read(url, ...rest);
  };
  const loaded = await loadModel('https://example/m', memory, { read: slowFirst, onProgress: (p) => seen.push(p) });
  assert.equal(loaded.at, 64);
  assert.deepEqual(loaded.manifest, manifest);
  const all = memory.memory();
  assert.ok(Buffer.from(all.subarray(64, 64 + whole.length)).equals(whole));
  assert.ok(all.subarray(0, 64).every((b) => b === 0xee) && all.subarray(-64).every((b) => b === 0xee), 'wrote outside');
  assert.equal(asked.length, 6);
  assert.deepEqual(seen[0], { loaded: 0, total: whole.length });
  assert.deepEqual(seen.at(-1), { loaded: whole.length, total: whole.length });
  assert.ok(seen.every((p, i) => i === 0 || p.loaded > seen[i - 1].loaded));
  assert.deepEqual(memory.freed, []);
});

test('reads files in Node through an injected read', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dolmetsch-'));
  t.after(() => rm(folder, { recursive: true }));
  const { files, whole } = model();
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  const memory = fakeMemory();
  await loadModel(pathToFileURL(folder).href, memory, { read: (url) => readFile(new URL(url)) });
  assert.ok(Buffer.from(memory.memory().subarray(64, 64 + whole.length)).equals(whole));
});

const spoil = (bytes) => Object.assign(bytes.slice(), { 7: bytes[7] ^ 1 });
const faults = {
  'missing file': [() => new Response('', { status: 404 }), 'DM_ERR_FETCH', /model\.001: the server answered 404/],
  'web page': [() => new Response('<!doctype html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }),
               'DM_ERR_FETCH', /model\.001: the server sent a web page/],
  'short body': [(b) => new Response(b.subarray(1)), 'DM_ERR_INTEGRITY', /model\.001: 4999 bytes came, 5000 are due/],
  'long body': [(b) => new Response(Buffer.concat([b, b])), 'DM_ERR_INTEGRITY', /model\.001: more than the 5000 bytes/],
  'long bytes': [(b) => new Uint8Array(Buffer.concat([b, b])), 'DM_ERR_INTEGRITY', /model\.001: more than the 5000 bytes/],
  'empty body': [() => new Response(''), 'DM_ERR_INTEGRITY', /model\.001: 0 bytes came/],
  'wrong hash': [(b) => new Response(spoil(b)), 'DM_ERR_INTEGRITY', /model\.001: SHA-256 differs/],
  'no network': [() => { throw new TypeError('Failed to fetch'); }, 'DM_ERR_FETCH', /model\.001: Failed to fetch/],
};
for (const [name, [answer, code, message]] of Object.entries(faults)) {
  test(`${name}: refused with the chunk's name, memory given back`, async () => {
    const { files } = model(), memory = fakeMemory();
    const { read, asked } = server(files, (file) => (file === 'model.001' ? answer(files.get(file)) : undefined));
    await assert.rejects(loadModel('m/', memory, { read, pause: 0 }), { name: 'DolmetschError', code, message });
    assert.equal(asked.filter((file) => file === 'model.001').length, 2, 'tried twice');
    assert.deepEqual(memory.freed, [64]);
  });

  test(`${name}, once: the second attempt is enough`, async () => {
    const { files, whole } = model(), memory = fakeMemory(), seen = [];
    const { read } = server(files, (file, attempt) =>
      (file === 'model.001' && attempt === 0 ? answer(files.get(file)) : undefined));
    await loadModel('m/', memory, { read, pause: 0, onProgress: (p) => seen.push(p.loaded) });
    assert.ok(Buffer.from(memory.memory().subarray(64, 64 + whole.length)).equals(whole));
    assert.ok(seen.every((n, i) => (i === 0 || n > seen[i - 1]) && n <= whole.length));
    assert.equal(seen.at(-1), whole.length);
  });
}

test('an unverified byte is never written', async () => {
  const { files } = model([5000]), memory = fakeMemory();
  const { read } = server(files, (file) => (file === 'model.000' ? new Response(spoil(files.get(file))) : undefined));
  await assert.rejects(loadModel('m', memory, { read, pause: 0 }));
  assert.ok(memory.memory().every((byte) => byte === 0xee));
});

test('aborting ends the load at once, with the reason, at each stage', async () => {
  for (const stage of ['manifest.json', 'model.000', 'model.002']) {
    const { files } = model(), memory = fakeMemory(), stop = new AbortController(), reason = new Error('enough');
    let writes = 0;
    const look = memory.memory.bind(memory);
    memory.memory = () => { writes++; return look(); };
    const { read } = server(files, (file, _, signal) => {
      if (file !== stage) return undefined;
      setTimeout(() => stop.abort(reason), 5);
      return new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason)); });
    });
    await assert.rejects(loadModel('m', memory, { read, signal: stop.signal }), (error) => error === reason);
    const before = writes;
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(writes, before, 'nothing is written after the abort');
    assert.deepEqual(memory.freed, stage === 'manifest.json' ? [] : [64]);
  }
  const memory = fakeMemory();
  await assert.rejects(loadModel('m', memory, { ...server(model().files), signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('aborting in the middle of a body, and in the pause before a second attempt', async () => {
  const { files } = model();
  for (const answer of [
    (stop) => new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(10)); stop.abort(); } })),
    (stop) => { setTimeout(() => stop.abort(), 5); return new Response('', { status: 500 }); },
  ]) {
    const stop = new AbortController(), start = performance.now();
    const { read } = server(files, (file) => (file === 'model.001' ? answer(stop) : undefined));
    await assert.rejects(loadModel('m', fakeMemory(), { read, signal: stop.signal, pause: 5000 }), { name: 'AbortError' });
    assert.ok(performance.now() - start < 2000);
  }
});

test('aborting while the last bytes are being hashed: they are not written', async () => {
  const { files } = model([5000]), memory = fakeMemory(), stop = new AbortController();
  const onProgress = ({ loaded, total }) => { if (loaded === total) stop.abort(); };
  await assert.rejects(loadModel('m', memory, { ...server(files), onProgress, signal: stop.signal }), { name: 'AbortError' });
  assert.ok(memory.memory().every((byte) => byte === 0xee));
});

test('a manifest that is wrong in any field is refused by name', () => {
  const { manifest } = model();
  assert.equal(checkManifest(manifest), manifest);
  const chunk = (change) => ({ chunks: [{ ...manifest.chunks[0], ...change }, ...manifest.chunks.slice(1)] });
  const wrong = [
    [{ format: 'x' }, /format/], [{ name: '' }, /name/], [{ source: 1 }, /source/], [{ target: null }, /target/],
    [{ architecture: undefined }, /architecture/], [{ licence: [] }, /licence/], [{ scores: 'good' }, /scores/],
    [{ card: '../card.md' }, /card/], [{ bytes: -1 }, /bytes/], [{ bytes: 1.5 }, /bytes/], [{ bytes: 2 ** 40 }, /bytes/],
    [{ bytes: manifest.bytes + 1 }, /chunks hold/], [{ sha256: 'ab' }, /sha256/], [{ chunks: [] }, /chunks/],
    [{ chunks: {} }, /chunks/], [chunk({ file: '../x' }), /chunk 0: file/], [chunk({ file: 'https://x/y' }), /chunk 0: file/],
    [chunk({ file: 'model.001' }), /listed twice/], [chunk({ bytes: 0 }), /chunk 0.*bytes/],
      [chunk({ sha256: 7 }), /chunk 0.*sha256/],
    [{ chunks: [null] }, /chunk 0/],
  ];
  for (const [change, message] of wrong)
    assert.throws(() => checkManifest({ ...manifest, ...change }), { code: 'DM_ERR_MANIFEST', message }, JSON.stringify(change));
  for (const value of [null, [], 'x', 3]) assert.throws(() => checkManifest(value), { code: 'DM_ERR_MANIFEST' });
});

test('no manifest, a page instead of one, no JSON', async () => {
  for (const [answer, code] of [
    [() => new Response('', { status: 404 }), 'DM_ERR_FETCH'],
    [() => new Response('<html>', { headers: { 'content-type': 'text/html' } }), 'DM_ERR_FETCH'],
    [() => new Response('{"format":'), 'DM_ERR_MANIFEST'],
    [() => new Response(new Uint8Array([0xff, 0xfe])), 'DM_ERR_MANIFEST'],
  ]) await assert.rejects(loadModel('m', fakeMemory(), { ...server(new Map(), answer) }), { code, message: /manifest\.json/ });
});

test('SHA-256 in script agrees with the platform at every length around a block', () => {
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 70_000]) {
    const bytes = new Uint8Array(randomBytes(length + 3)).subarray(3);
    assert.equal(Buffer.from(digestInScript(bytes)).toString('hex'), hash(bytes), `length ${length}`);
  }
});

test('crypto.subtle that never answers: the script does its work, at once the next time', async (t) => {
  t.after(() => { delete crypto.subtle.digest; });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const bytes = new Uint8Array(randomBytes(100));
  let asked = 0;
  crypto.subtle.digest = () => { asked++; return new Promise(() => {}); };
  const call = sha256(bytes);
  t.mock.timers.tick(10_000);
  assert.equal(await call, hash(bytes));
  assert.equal(await sha256(bytes), hash(bytes));
  assert.equal(asked, 1);
});
