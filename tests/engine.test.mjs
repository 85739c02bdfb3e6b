// web/engine.js over the real wasm: jobs, slices, errors, memory.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Engine } from '../web/engine.js';
import { engineWith, finish, goldenModel, HARD_LINES } from './models.mjs';

const TEXT = 'The cat sees the house. The old dog has the red word and finds the small tree.';

test('a job gives text, tokens and attention', async () => {
  const engine = await engineWith(goldenModel('selfattn'));
  assert.equal(engine.architecture, 'transformer');
  const job = finish(engine.job([TEXT, ''], { attention: true }));
  const result = job.result(0);
  assert.equal(result.sentences.length, 2);
  assert.equal(result.text, new TextDecoder().decode(job.bytes(0)));
  assert.equal(result.sentences[0].source.map((token) => token.text).join(''), 'The cat sees the house.');
  assert.deepEqual(job.result(1), { text: '', score: 0, sentences: [] });
  assert.equal(job.progress(), 1);
  job.free();
  job.free();
});

test('the three generations: each says which it is; the fixed vector leaves no alignment', async () => {
  for (const [kind, architecture, rows] of /** @type {[string, string, boolean][]} */ ([
    ['rnn', 'rnn', false], ['bahdanau', 'bahdanau', true], ['ssru', 'transformer', true]])) {
    const engine = await engineWith(goldenModel(kind));
    assert.equal(engine.architecture, architecture);
    const job = engine.job([TEXT]);
    let slices = 0;
    while (job.run(1)) slices++;
    assert.ok(slices > 10, 'encoding and decoding come in parts');
    const { sentences } = job.result(0);
    for (const sentence of sentences) assert.equal(sentence.alignment.length, rows ? sentence.target.length : 0);
    job.free();
  }
});

test('slices of any size give the same translation, and partial texts grow towards it', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  const whole = finish(engine.job([TEXT])).result(0);
  const job = engine.job([TEXT]);
  let slices = 0, last = '';
  while (job.run(1)) {
    slices++;
    const partial = job.partial(0);
    assert.ok(partial.length >= last.length || !last.startsWith(partial));
    last = partial;
  }
  assert.ok(slices > 10);
  assert.deepEqual(job.result(0), whole);
  assert.equal(job.partial(0), whole.text);
});

test('a beam: alternatives, the same in slices of any size, and the best words so far', async () => {
  for (const kind of ['ssru', 'selfattn', 'bahdanau', 'rnn']) {
    const engine = await engineWith(goldenModel(kind));
    const options = { beam: 5, nbest: 3 };
    const whole = finish(engine.job([TEXT, ''], options)).result(0);
    for (const sentence of whole.sentences) assert.equal(sentence.alternatives?.length, 2);
    const job = engine.job([TEXT], options);
    const partial = new Set();
    while (job.run(1)) partial.add(job.partial(0));
    assert.ok(partial.size > 4);
    assert.deepEqual(job.result(0), whole);
    assert.equal(job.partial(0), whole.text);
    job.free();
    assert.equal(finish(engine.job([TEXT])).result(0).sentences[0].alternatives, undefined);
    assert.throws(() => engine.job([TEXT], { beam: 2, nbest: 3 }), { code: 'DM_ERR_ARGUMENT', message: /nbest/ });
    assert.throws(() => engine.job([TEXT], { beam: -1 }), { code: 'DM_ERR_ARGUMENT', message: /beam/ });
  }
});

test('a result before the end is an error, not a crash', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  const job = engine.job([TEXT]);
  assert.throws(() => job.result(0), { code: 'DM_ERR_ARGUMENT' });
  job.run(3);
  assert.throws(() => job.bytes(0), { code: 'DM_ERR_ARGUMENT' });
  finish(job);
  assert.throws(() => job.result(1), { code: 'DM_ERR_ARGUMENT' });
  assert.throws(() => job.result(-1), { code: 'DM_ERR_ARGUMENT' });
  job.free();
});

test('hard texts, alone and together', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  const texts = [...Object.values(HARD_LINES), 'lone \ud800 surrogate \udc00', 'two\nlines\n\nand three\r\n'];
  const together = finish(engine.job(texts));
  texts.forEach((text, i) => {
    const alone = finish(engine.job([text]));
    assert.deepEqual(alone.result(0), together.result(i), JSON.stringify(text.slice(0, 40)));
    alone.free();
  });
  together.free();
});

test('line breaks and white space between sentences survive', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  const result = finish(engine.job(['  The cat.\n\n\tThe dog.  \n'])).result(0);
  assert.match(result.text, /^  \S[^\n]*\n\n\t\S[^\n]*  \n$/);
  assert.deepEqual(result.sentences.map((s) => [s.source[0].start, s.source.at(-1).end]), [[2, 10], [13, 21]]);
});

test('kernel sets: the fastest by default, a named one on request, an unknown one refused', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  assert.equal(engine.job([TEXT]).kernels, 'simd128');
  assert.equal(engine.job([TEXT], { kernels: 'ref' }).kernels, 'ref');
  assert.throws(() => engine.job([TEXT], { kernels: 'abacus' }), { code: 'DM_ERR_ARGUMENT', message: /abacus/ });
});

test('bad model files: an error with a reason, and the engine lives on', async () => {
  const good = readFileSync(goldenModel('ssru'));
  const engine = await Engine.create(readFileSync('build/site/engine.wasm'));
  assert.throws(() => engine.job([TEXT]), { code: 'DM_ERR_ARGUMENT' });
  const open = (bytes) => {
    const at = engine.allocate(bytes.length);
    engine.memory().set(bytes, at);
    try {
      engine.open(at, bytes.length);
    } catch (error) {
      engine.free(at);
      throw error;
    }
  };
  for (const size of [0, 1, 63, 64, 65, 1000, good.length - 1])
    assert.throws(() => open(good.subarray(0, size)), (error) => /^DM_ERR_/.test(error.code) && error.message.length > 5);
  const version = Buffer.from(good);
  version[4] = 99;
  assert.throws(() => open(version), { code: 'DM_ERR_VERSION' });
  open(good);
  assert.equal(finish(engine.job([''])).result(0).text, '');
});

test('memory: 300 translations leave the heap as it was', async () => {
  const engine = await engineWith(goldenModel('selfattn'));
  const once = () => finish(engine.job([TEXT, ...Object.values(HARD_LINES).slice(0, 11)], { attention: true }));
  const job = once();
  job.result(0);
  job.free();
  const before = engine.memory().length;
  for (let i = 0; i < 300; i++) {
    const again = i % 3 ? once() : engine.job([TEXT], { beam: 4, nbest: 4 });
    if (i % 3) again.result(0);
    else again.run(5);                              // freed half-way
    again.free();
  }
  assert.equal(engine.memory().length, before);
});

test('an engine that is no wasm is refused with words', async () => {
  await assert.rejects(Engine.create(Buffer.from('<!doctype html>')), { code: 'DM_ERR_ENGINE' });
});

test('unknown characters come out whole or not at all', async () => {
  const emoji = '🍕🍺漢';
  for (const kind of ['ssru', 'selfattn', 'rnn', 'bahdanau']) {
    const engine = await engineWith(goldenModel(kind));
    const input = [`The cat ${emoji} sees the house.`], known = new Set(emoji);
    const [best] = finish(engine.job(input, { beam: 4, nbest: 4 })).result(0).sentences;
    const beam = [best.target.map((token) => token.text).join(''), ...(best.alternatives ?? []).map((other) => other.text)];
    for (const text of [finish(engine.job(input)).result(0).text, ...beam]) {
      for (const char of text)
        assert.ok(char.codePointAt(0) < 0x250 || char === '▁' || known.has(char), `${kind}: ${char} in ${text}`);
      for (const char of emoji) assert.ok(text.split(char).length <= 2, `${kind}: ${char} comes twice in ${text}`);
    }
  }
});
