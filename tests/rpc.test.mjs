import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect, serve } from '../web/rpc.js';
import { service } from '../web/service.js';
import { runSlice } from '../web/task.js';
import { openPool, share } from '../web/pool.js';
import { Engine, FAKE_MODEL } from './browser/fake-engine.js';

/** Both ends over a real channel. */
function pair(t, handlers) {
  const { port1, port2 } = new MessageChannel();
  serve(port2, handlers);
  const rpc = connect(port1);
  t.after(() => { rpc.close(); port2.close(); });
  return { rpc, port1, port2 };
}
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('answers find their calls, whatever their order; events come before', async (t) => {
  const { rpc } = pair(t, {
    async wait(ms, { emit }) { emit('begun'); await later(ms); return ms; },
  });
  const events = [];
  const [a, b] = await Promise.all([rpc.call('wait', 20, { onEvent: (e) => events.push(e) }), rpc.call('wait', 1)]);
  assert.deepEqual([a, b, events], [20, 1, ['begun']]);
});

test('errors keep code and message; an unknown request is one', async (t) => {
  const { rpc } = pair(t, {
    coded() { throw Object.assign(new Error('bad tensor'), { code: 'DM_ERR_FORMAT' }); },
    plain() { throw new TypeError('oops'); },
    async text() { throw 'just text'; },
  });
  await assert.rejects(rpc.call('coded'), { name: 'DolmetschError', code: 'DM_ERR_FORMAT', message: 'bad tensor' });
  await assert.rejects(rpc.call('plain'), { code: 'DM_ERR_WORKER', message: 'oops' });
  await assert.rejects(rpc.call('text'), { message: 'just text' });
  for (const type of ['nothing', 'constructor', '__proto__']) await assert.rejects(rpc.call(type), { code: 'DM_ERR_ARGUMENT' });
  await assert.rejects(rpc.call('plain', () => {}), { name: 'DataCloneError' });
});

test('abort rejects with the reason, reaches the handler, and silences it', async (t) => {
  let heard = false;
  const { rpc } = pair(t, {
    wait: (_, { signal, emit }) => new Promise((resolve) => {
      signal.addEventListener('abort', () => { heard = true; emit('late'); resolve('late'); });
    }),
    ping: () => 'pong',
  });
  const stop = new AbortController(), reason = new Error('enough'), events = [];
  const call = rpc.call('wait', 0, { signal: stop.signal, onEvent: (e) => events.push(e) });
  stop.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  assert.equal(await rpc.call('ping'), 'pong');
  assert.ok(heard);
  assert.deepEqual(events, []);
  await assert.rejects(rpc.call('ping', 0, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('nobody waits for ever: worker error, unreadable message, close', async () => {
  for (const [kill, code] of [
    [(port) => port.dispatchEvent(Object.assign(new Event('error'), { message: 'died' })), 'DM_ERR_WORKER'],
    [(port) => port.dispatchEvent(new Event('messageerror')), 'DM_ERR_WORKER'],
    [(port, rpc) => rpc.close(), 'DM_ERR_CLOSED'],
  ]) {
    const port = Object.assign(new EventTarget(), { postMessage() {} });
    const rpc = connect(port);
    const calls = [rpc.call('a'), rpc.call('b', 0, { signal: new AbortController().signal })];
    kill(port, rpc);
    for (const call of calls) await assert.rejects(call, { code });
    await assert.rejects(rpc.call('c'), { code }, 'later calls too');
  }
});

test('a worker that does not say hello within a minute is an error that names it; one that did has time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const open = () => {
    const port = Object.assign(new EventTarget(), { postMessage() {} });
    return { rpc: connect(port), say: (data) => port.dispatchEvent(Object.assign(new Event('message'), { data })) };
  };
  const mute = open(), slow = open(), calls = [mute.rpc.call('a'), slow.rpc.call('a')];
  slow.say({ type: 'hello' });
  await null;
  t.mock.timers.tick(60_000);
  const lost = { code: 'DM_ERR_WORKER', message: 'worker.js did not start within 60 s' };
  await assert.rejects(calls[0], lost);
  await assert.rejects(mute.rpc.call('b'), lost, 'later calls too');
  slow.say({ id: 1, type: 'result', value: 'done' });
  assert.equal(await calls[1], 'done');
});

test('a server says hello', async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const said = new Promise((resolve) => { port1.once('message', resolve); });
  serve(port2, {});
  assert.deepEqual(await said, { type: 'hello' });
});

/** The whole way - pool, rpc, service, loader - with the fake engine, and fetch answered from here. */
async function openFake(t, { read, workers } = {}) {
  const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const size = 200_000, chunks = [];
  for (let at = 0; at < FAKE_MODEL.length; at += size) chunks.push(FAKE_MODEL.subarray(at, at + size));
  const manifest = {
    format: 'dolmetsch-manifest-1', name: 'fake', source: 'en', target: 'de', architecture: 'transformer', licence: 'CC0-1.0',
    bytes: FAKE_MODEL.length, sha256: hash(FAKE_MODEL), scores: {}, card: 'card.md',
    chunks: chunks.map((bytes, i) => ({ file: `model.00${i}`, bytes: bytes.length, sha256: hash(bytes) })),
  };
  const real = globalThis.fetch, asked = [];
  t.after(() => { globalThis.fetch = real; });
  globalThis.fetch = read ?? (async (url) => {
    const file = String(url).split('/').pop();
    asked.push(file);
    if (file === 'manifest.json') return Response.json(manifest);
    return new Response(chunks[Number(file.split('.')[1])]);
  });
  const ends = [];
  const start = () => {
    const { port1, port2 } = new MessageChannel();
    serve(port2, service(Engine, async () => new Response('wasm')));
    ends.push(port1, port2);
    return port1;
  };
  const seen = [];
  t.after(() => { for (const port of ends) port.close(); });
  const pool = await openPool({ engine: 'https://example/site/', base: 'https://example/site/models/en-de/', workers, start,
    loader: { pause: 0 }, onProgress: (p) => seen.push(p) });
  return { pool, seen, ends, asked };
}
const SLOW = (/** @type {number} */ words) => 'word '.repeat(words) + 'slowly.';
const one = async (pool, text, options) => (await pool.translate([text], options))[0];

test('a pool loads, translates, streams and tells of its model', async (t) => {
  const { pool, seen } = await openFake(t);
  assert.deepEqual(seen.at(-1), { loaded: FAKE_MODEL.length, total: FAKE_MODEL.length });
  assert.equal(pool.info.architecture, 'transformer');
  assert.match(pool.info.notice, /fetched again/, 'Node has no cache');
  assert.equal((await one(pool, 'Good morning, how are you?')).text, 'Guten Morgen, wie geht es Ihnen?');
  const partials = [];
  const detailed = await one(pool, SLOW(60), { onPartial: (p, i) => partials.push([p, i]) });
  assert.equal(detailed.kernels, 'simd128');
  assert.ok(partials.length >= 2, `${partials.length} partial texts`);
  assert.ok(partials.every(([p, i]) => i === 0 && detailed.text.startsWith(p)));
  assert.equal(detailed.sentences[0].attention, undefined);
  assert.equal((await one(pool, 'One.', { attention: true })).sentences[0].attention.encoder.length, 6);
  assert.deepEqual((await pool.translate(['One.', 'Two.'])).map((r) => r.text), ['[One].', '[Two].']);
  assert.deepEqual(await pool.translate([]), []);
  assert.equal(Engine.latest.jobs, 0, 'every job is freed');
});

test('abort inside a translation is heard within 50 ms, frees the job, and the next call runs', async (t) => {
  const { pool } = await openFake(t);
  const stop = new AbortController();
  const call = one(pool, SLOW(3000), { signal: stop.signal });       // 9 seconds of work
  const queued = one(pool, SLOW(3000), { signal: stop.signal });     // waits its turn
  await later(60);
  const start = performance.now();
  stop.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await assert.rejects(queued, { name: 'AbortError' });
  assert.equal((await one(pool, 'Hi.')).text, '[Hi].');
  assert.ok(performance.now() - start < 1000, `${performance.now() - start} ms`);
  assert.equal(Engine.latest.jobs, 0);
});

test('the urgent goes first, and interrupts what runs', async (t) => {
  const { pool } = await openFake(t), order = [];
  const run = (name, text, priority) => one(pool, text, { priority }).then(() => order.push(name));
  const calls = [];
  await new Promise((resolve) => {                  // it has begun, and has most of a second to go
    calls.push(one(pool, SLOW(300), { priority: 3, onPartial: resolve }).then(() => order.push('hidden')));
  });
  calls.push(run('other', 'Other.', 2), run('visible', SLOW(5), 1), run('other again', 'Other.', 2),
    run('visible too', 'Hi.', 1));
  await Promise.all(calls);
  assert.deepEqual(order, ['visible', 'visible too', 'other', 'other again', 'hidden']);
});

test('several workers share the work; the order of the answers is that of the texts', async (t) => {
  const { pool, ends } = await openFake(t, { workers: 3 });
  while (ends.length < 6) await later(10);
  const texts = Array.from({ length: 20 }, (_, i) => `Text ${i}.`), partial = [];
  assert.deepEqual((await pool.translate(texts, { onPartial: (_, i) => partial.push(i) })).map((r) => r.text),
    texts.map((_, i) => `[Text] [${i}].`));
  await assert.rejects(pool.translate([...texts, 'an unlucky one']), { code: 'DM_ERR_MEMORY' });
  pool.close(new Error('enough'));
  await assert.rejects(pool.translate(texts), { message: 'enough' });
});

/** What workers were lent, as the messages of all ports tell. */
function lent(t) {
  const found = [], { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function post(message, transfer) {
    if (message?.args?.lent) found.push(message.args.lent.bytes);
    return postMessage.call(this, message, transfer);
  };
  t.after(() => { MessagePort.prototype.postMessage = postMessage; });
  return found;
}
const FILES = ['manifest.json', 'model.000', 'model.001', 'model.002'];

for (const shared of [true, false]) {
  test(`several workers: fetched and checked once, ${shared ? 'one shared copy' : 'a copy each, given away'}`, async (t) => {
    const { SharedArrayBuffer } = globalThis, digest = crypto.subtle.digest.bind(crypto.subtle), bytes = lent(t);
    let digests = 0;
    crypto.subtle.digest = (...args) => { digests++; return digest(...args); };
    if (!shared) delete globalThis.SharedArrayBuffer;
    t.after(() => {
      delete crypto.subtle.digest;
      Object.defineProperty(globalThis, 'SharedArrayBuffer', { value: SharedArrayBuffer, writable: true, configurable: true });
    });
    const { pool, asked } = await openFake(t, { workers: 3 });
    assert.deepEqual((await pool.translate(['One.', 'Two.', 'Three.', 'Four.'])).map(({ text }) => text),
      ['[One].', '[Two].', '[Three].', '[Four].']);
    while (bytes.length < 2) await later(10);
    assert.deepEqual([asked.toSorted(), digests], [FILES, 3]);
    assert.equal(bytes.length, 2);
    assert.equal(bytes[0] instanceof SharedArrayBuffer, shared);
    assert.equal(bytes[0] === bytes[1], false, 'each message has its own object');
    assert.deepEqual(bytes.map(({ byteLength }) => byteLength), shared ? [FAKE_MODEL.length, FAKE_MODEL.length] : [0, 0]);
  });
}

test('a worker that died gets the model from another; one that cannot be helped fetches it', async (t) => {
  const { pool, ends, asked } = await openFake(t, { workers: 2 });
  await pool.translate(['One.', 'Two.']);
  ends[0].dispatchEvent(new Event('error'));
  await pool.translate(['One.', 'Two.']);
  assert.deepEqual(asked.toSorted(), FILES);
  const { SharedArrayBuffer } = globalThis;
  t.after(() => { globalThis.SharedArrayBuffer = SharedArrayBuffer; });
  globalThis.SharedArrayBuffer = class { constructor() { throw new RangeError('no memory'); } };
  ends[2].dispatchEvent(new Event('error'));
  assert.equal((await pool.translate(['One.', 'Two.'])).length, 2);
  assert.deepEqual(asked.toSorted(), [...FILES, ...FILES].toSorted());
});

test('an engine that fails in an unknown way is not used again', async (t) => {
  const { pool, ends } = await openFake(t);
  const queued = one(pool, SLOW(300));
  queued.catch(() => {});
  await assert.rejects(one(pool, 'a trap', { priority: -1 }), { code: 'DM_ERR_WORKER', message: /unreachable/ });
  await assert.rejects(queued, { code: 'DM_ERR_WORKER', message: /unreachable/ });
  assert.equal((await one(pool, 'Hi.')).text, '[Hi].');
  assert.equal(ends.length, 4, 'a new worker');
});

test('cutting a list into parts', () => {
  for (const [lengths, n] of [[[1], 3], [[5, 5, 5, 5], 2], [[100, 1, 1, 1], 2], [[1, 1, 1, 100], 2], [[0, 0, 0], 3],
    [[1, 2, 3, 4, 5, 6], 4]]) {
    const parts = share(lengths.map((length) => 'x'.repeat(length)), n);
    assert.ok(parts.length <= n && parts.length > 0, `${parts}`);
    assert.deepEqual(parts.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)), [...lengths.keys()]);
  }
  assert.equal(share(['aaaa', 'bbbb', 'cccc', 'dddd'], 2)[0][1], 2);
  assert.deepEqual(share([], 2), []);
});

test('a translation that fails does not stop the next; closing ends the rest', async (t) => {
  const { pool } = await openFake(t);
  await assert.rejects(one(pool, 'an unlucky one'), { code: 'DM_ERR_MEMORY' });
  assert.equal((await one(pool, 'Hi.')).text, '[Hi].');
  const call = one(pool, SLOW(300));
  pool.close();
  await assert.rejects(call, { code: 'DM_ERR_CLOSED' });
  await assert.rejects(one(pool, 'Hi.'), { code: 'DM_ERR_CLOSED' });
});

test('a worker that dies: its calls reject, the next call has a new one', async (t) => {
  const { pool, ends } = await openFake(t);
  const call = one(pool, SLOW(300)), queued = one(pool, 'Hi.');
  await later(30);
  ends[0].dispatchEvent(Object.assign(new Event('error'), { message: 'out of memory' }));
  await assert.rejects(call, { code: 'DM_ERR_WORKER', message: 'out of memory' });
  await assert.rejects(queued, { code: 'DM_ERR_WORKER' });
  assert.deepEqual((await Promise.all([one(pool, 'Hi.'), one(pool, 'Ho.')])).map((r) => r.text), ['[Hi].', '[Ho].']);
  assert.equal(ends.length, 4, 'one new worker, not two');
});

test('a model that does not come is an error with its reason', async (t) => {
  await assert.rejects(openFake(t, { read: async () => new Response('', { status: 404 }) }),
    { code: 'DM_ERR_FETCH', message: /manifest\.json: the server answered 404/ });
});

test('a slice ends soon after its time, whatever a step costs, and at once when all is done', () => {
  for (const cost of [0.1, 4, 40]) {
    let steps = 0;
    const job = { run(budget) {
      steps += budget;
      for (const end = performance.now() + cost; performance.now() < end;);
      return true;
    } };
    const start = performance.now();
    assert.equal(runSlice(job), true);
    const took = performance.now() - start;
    assert.ok(took >= 9 && took < 10 + 2 * cost + 500, `${took} ms at ${cost} ms a step`);
  }
  let left = 3;
  assert.equal(runSlice({ run: () => --left > 0 }), false);
  assert.equal(left, 0);
});
