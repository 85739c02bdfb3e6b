// build/dolmetsch pack: what it writes can be opened, a fault names its file, and a file is written whole or left alone.
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { writeLexicon } from '../scripts/bench/lexicon.mjs';
import { run, SANITIZED, shell } from './programs.mjs';

const MODEL = 'tests/golden/rnn.bin', VOCAB = 'tests/golden/tiny.spm';
const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-pack-'));
after(() => rmSync(folder, { recursive: true }));
const file = (/** @type {string} */ name) => join(folder, name);
const pack = (/** @type {string[]} */ ...args) => run(SANITIZED, ['pack', ...args]);
const OUT = file('out.dm');

test('what could not be opened is not written, and the file at fault is named', async () => {
  writeFileSync(file('foreign'), 'Neither a model, nor a vocabulary, nor a lexicon.');
  writeFileSync(file('empty'), '');
  writeFileSync(file('short.lex'), writeLexicon([[0], [1], [2]]));  // right in itself, but for another vocabulary
  for (const [args, culprit, words] of /** @type {[string[], string, RegExp][]} */ ([
    [[MODEL, file('foreign')], 'foreign', /vocabulary: /],
    [[file('foreign'), VOCAB], 'foreign', /Marian model: /],
    [[MODEL, VOCAB, file('foreign')], 'foreign', /lexicon: /],
    [[MODEL, VOCAB, file('short.lex')], 'short.lex', /shortlist: made for 3 tokens/],
    [[file('empty'), VOCAB], 'empty', /the file is empty/],
    [[MODEL, file('empty')], 'empty', /the file is empty/],
    [[MODEL, VOCAB, file('empty')], 'empty', /the file is empty/],
    [[MODEL, VOCAB, file('missing')], 'missing', /No such file/]])) {
    const before = readdirSync(folder), { code, out, err } = await pack(...args, OUT);
    assert.ok(err.startsWith(`dolmetsch: ${file(culprit)}: `), err);
    assert.match(err, words);
    assert.deepEqual([code, out.length], [1, 0]);
    assert.deepEqual(readdirSync(folder), before, 'nothing is left behind');
  }
});

test('a wrong number of files is a wrong call', async () => {
  for (const args of [[], [MODEL, VOCAB], [MODEL, VOCAB, VOCAB, OUT, OUT]]) {
    const { code, err } = await pack(...args);
    assert.deepEqual([code, err], [2, 'dolmetsch: pack needs MODEL.bin VOCAB.spm [LEX.bin] OUT\n']);
  }
  const { code, out } = await pack('--help');
  assert.equal(code, 0);
  assert.match(out.toString(), /dolmetsch pack MODEL/);
});

test('a disk that is full leaves the old file, and no other', async () => {
  const command = `${SANITIZED[0]} pack ${MODEL} ${VOCAB} ${OUT}`;
  for (const old of ['', 'the model of yesterday']) {
    if (old) writeFileSync(OUT, old);
    const before = readdirSync(folder);
    const { code, err } = await shell(`trap '' XFSZ; ulimit -f 50; ${command}`);
    assert.deepEqual([code, err], [1, `dolmetsch: ${OUT}.part: File too large\n`]);
    assert.deepEqual(readdirSync(folder), before);
    if (old) assert.equal(readFileSync(OUT, 'utf8'), old);
  }
  assert.equal((await shell(command)).code, 0);
  assert.ok(readFileSync(OUT).length > 1e5);
});

test('a link stays one, and a pipe is written into', async () => {
  await pack(MODEL, VOCAB, OUT);
  const model = readFileSync(OUT);
  writeFileSync(file('target.dm'), '');
  symlinkSync('target.dm', file('link.dm'));
  assert.equal((await pack(MODEL, VOCAB, file('link.dm'))).code, 0);
  assert.ok(lstatSync(file('link.dm')).isSymbolicLink());
  assert.ok(readFileSync(file('target.dm')).equals(model));
  const { code, out, err } = await shell(`${SANITIZED[0]} pack ${MODEL} ${VOCAB} /dev/stdout | cat; exit "\${PIPESTATUS[0]}"`);
  assert.equal(code, 0, err);
  assert.ok(out.equals(model));
});
