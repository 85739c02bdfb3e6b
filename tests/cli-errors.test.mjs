// What build/dolmetsch and scripts/translate.mjs do when something is wrong: a status, and words that name the fault.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';

import { readModel } from '../scripts/bench/peer-model.mjs';
import { goldenModel, SHIPPED } from './models.mjs';
import { NODE, run, SANITIZED, shell } from './programs.mjs';

const I8 = 2;
const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-'));
after(() => rmSync(folder, { recursive: true }));
const file = (/** @type {string} */ name) => join(folder, name);
const model = ['--model', goldenModel('ssru')];

/** A folder with the shipped model's chunks as links. @param {string} name */
function chunksOf(name) {
  mkdirSync(file(name));
  const chunks = readdirSync(SHIPPED).filter((chunk) => chunk.startsWith('model.'));
  for (const chunk of chunks) symlinkSync(resolve(SHIPPED, chunk), file(`${name}/${chunk}`));
  return (/** @type {string} */ chunk) => (rmSync(file(`${name}/${chunk}`)), file(`${name}/${chunk}`));
}

test('a model that cannot be opened: nothing on standard output', async () => {
  const good = readFileSync(goldenModel('ssru'));
  writeFileSync(file('truncated.dm'), good.subarray(0, good.length / 2));
  writeFileSync(file('foreign.dm'), '<!doctype html><title>404</title>');
  writeFileSync(file('empty.dm'), '');
  for (const program of [SANITIZED, NODE])
    for (const [name, words] of /** @type {[string, RegExp][]} */ ([['truncated.dm', /size|bytes/i],
      ['foreign.dm', /not a|magic|model file/i], ['empty.dm', /./], ['missing.dm', /no such file/i]])) {
      const { code, out, err } = await run(program, ['--model', file(name)], 'The cat.\n');
      assert.equal(code, 1, `${program[0]} ${name}: ${err}`);
      assert.ok(err.startsWith(`dolmetsch: ${file(name)}: `), err);
      assert.match(err, words);
      assert.equal(out.length, 0);
    }
});

test('a folder: the chunk that is at fault is named', async () => {
  mkdirSync(file('no-model'));
  const replace = chunksOf('loop');
  symlinkSync('model.003', replace('model.003'));
  mkdirSync(chunksOf('folder')('model.000'));
  for (const [name, words] of [['no-model', 'model.000: No such file or directory'],
    ['loop', 'model.003: Too many levels of symbolic links'], ['folder', 'model.000: Is a directory']]) {
    const { code, err } = await run(SANITIZED, ['--model', file(name)]);
    assert.equal(err, `dolmetsch: ${file(name)}/${words}\n`);
    assert.equal(code, 1);
  }
  for (const name of ['no-model', 'loop']) assert.equal((await run(NODE, ['--model', file(name)])).code, 1);
});

test('weights that are not those that were written are not translated with', async () => {
  const bytes = readFileSync(goldenModel('ssru'));
  const { tensors } = readModel(bytes);
  const matrix = tensors.filter(({ type }) => type === I8)[3];
  matrix.bytes[5] ^= 1;                             // the least that can go wrong
  writeFileSync(file('damaged.dm'), bytes);
  const single = await run(SANITIZED, ['--model', file('damaged.dm')], 'The cat.\n');
  assert.equal(single.code, 1, single.err);
  assert.ok(single.err.startsWith(`dolmetsch: ${file('damaged.dm')}: tensor ${matrix.name}: `), single.err);
  assert.equal(single.out.length, 0);

  const place = chunksOf('damaged'), chunk = readFileSync(join(SHIPPED, 'model.010'));
  chunk.fill(0x55, 1000, 1064);
  writeFileSync(place('model.010'), chunk);
  const whole = await run(SANITIZED, ['--model', file('damaged')], 'The cat.\n');
  assert.match(whole.err, /damaged: tensor \w+: it is damaged/);
  assert.deepEqual([whole.code, whole.out.length], [1, 0]);
});

/** Options, what is said of them. The model is there unless the first is ''. @type {[string[], string][]} */
const WRONG = [
  [['', '--beam', '4'], 'no model is named: --model FOLDER|FILE is needed; --help says more'],
  [['', '--model', ''], 'no model is named: --model FOLDER|FILE is needed; --help says more'],
  [['', '--model'], '--model: its value is missing'],
  [['--beam'], '--beam: its value is missing'],
  [['--beams', '4'], '--beams: there is no such option; --help lists them'],
  [['words'], 'words: there is no such option; --help lists them'],
  [['--shortlist', 'maybe'], '--shortlist maybe: must be on or off'],
  [['--shortlist', 'constructor'], '--shortlist constructor: must be on or off'],
  [['--beam', 'x'], '--beam x: must be a number of up to four digits'],
  [['--beam', '-1'], '--beam -1: must be a number of up to four digits'],
  [['--nbest', '2.5'], '--nbest 2.5: must be a number of up to four digits'],
  [['--beam', '99999'], '--beam 99999: must be a number of up to four digits'],
  [['--beam', '33'], '--beam 33: beam must be from 1 to 32, or 0 for the default'],
  [['--nbest', '2'], '--nbest 2: nbest must be from 1 to beam, or 0 for the default'],
  [['--nbest', '5', '--beam', '4'], '--beam 4 --nbest 5: nbest must be from 1 to beam, or 0 for the default'],
  [['--kernels', 'abacus'], '--kernels abacus: there are no kernels "abacus" in this build'],
];

test('wrong options: status 2, without a line to translate too, and the same words from both programs', async () => {
  for (const program of [SANITIZED, NODE])
    for (const [args, words] of WRONG) {
      const { code, out, err } = await run(program, args[0] === '' ? args.slice(1) : [...model, ...args]);
      assert.equal(err, `dolmetsch: ${words}\n`);
      assert.deepEqual([code, out.length], [2, 0], words);
    }
});

test('--help, wherever it is; a full disk is an error', async () => {
  for (const program of [SANITIZED, NODE]) {
    for (const args of [['--help'], [...model, '--help'], ['--beam', '4', '--help', '--nonsense']]) {
      const { code, out, err } = await run(program, args);
      assert.deepEqual([code, err], [0, ''], args.join(' '));
      for (const option of ['--attention', '--no-split', '--beam', '--nbest', '--shortlist', '--kernels'])
        assert.ok(out.toString().includes(`  ${option} `), option);
    }
    const { code, err } = await shell(`${program.join(' ')} --help > /dev/full`);
    assert.match(err, /^dolmetsch: standard output: .*no space left on device\n$/i);
    assert.equal(code, 1);
  }
});

test('a reader that goes away ends a program as it ends any filter, quietly', { timeout: 60_000 }, async () => {
  for (const program of [SANITIZED, NODE]) {
    const command = [...program, ...model].join(' ');
    const { out, err } = await shell(`yes 'The cat.' | head -5000 | ${command} | head -1; echo "\${PIPESTATUS[2]}"`);
    assert.equal(err, '');
    assert.match(out.toString(), /^[^\n]*\n141\n$/);
  }
});
