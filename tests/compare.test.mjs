// The comparison's clock, and what the index of the models tells its page.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { Clock } from '../web/compare-clock.js';
import { goldenModel } from './models.mjs';

test('the clock: by hand it stays between 0 and its length', () => {
  const seen = [], clock = new Clock(() => seen.push(clock.at));
  clock.play();
  assert.equal(clock.playing, false, 'there is nothing to play');
  clock.resize(5);
  for (const by of [1, -1, -9, 2.4, 1]) clock.step(by);
  clock.seek(99);
  assert.deepEqual(seen, [5, 5, 4, 0, 2, 3, 5]);
});

test('the clock: a new length keeps the end at the end, and another place where it is', () => {
  const clock = new Clock(() => {});
  clock.resize(5);
  clock.resize(8);
  assert.equal(clock.at, 8);
  clock.seek(6);
  clock.resize(12);
  assert.equal(clock.at, 6);
  clock.resize(4);
  assert.equal(clock.at, 4);
});

test('the clock: plays a word a beat, from the beginning if it was at the end, and stops at the end', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const beats = (/** @type {number} */ n) => { for (; n > 0; n--) t.mock.timers.tick(100); };
  const clock = new Clock(() => {}, 100);
  clock.resize(3);
  clock.toggle();
  clock.play();                                     // a second one changes nothing
  assert.deepEqual([clock.at, clock.playing], [0, true]);
  beats(2);
  assert.deepEqual([clock.at, clock.playing], [2, true]);
  clock.toggle();
  beats(5);
  assert.deepEqual([clock.at, clock.playing], [2, false]);
  clock.play();
  beats(5);
  assert.deepEqual([clock.at, clock.playing], [3, false]);
  clock.play();
  beats(1);
  clock.step(1);
  beats(5);
  assert.deepEqual([clock.at, clock.playing], [2, false], 'a step by hand stops it');
});

test('the index of the models has what the page says of each: its size, its training, its scores', (t) => {
  const top = mkdtempSync(join(tmpdir(), 'dolmetsch-models-'));
  t.after(() => rmSync(top, { recursive: true }));
  const run = (...args) => execFileSync(process.execPath, args, { encoding: 'utf8' });
  const scores = join(top, 'scores.json');
  writeFileSync(scores, '{"docs-test": {"bleu": 4.2}}');
  run('scripts/publish.mjs', goldenModel('rnn'), join(top, 'en-de-rnn'), 'en', 'de', scores, 'three updates');
  run('scripts/publish.mjs', goldenModel('ssru'), join(top, 'en-de'), 'en', 'de');
  run('scripts/models-index.mjs', top);
  const { models } = JSON.parse(readFileSync(join(top, 'index.json'), 'utf8'));
  assert.deepEqual(models.map(({ folder, architecture, trained, scores: found }) => [folder, architecture, trained, found]),
    [['en-de', 'transformer', undefined, {}], ['en-de-rnn', 'rnn', 'three updates', { 'docs-test': { bleu: 4.2 } }]]);
  assert.ok(models.every(({ bytes, sha256 }) => bytes > 100_000 && /^[0-9a-f]{64}$/.test(sha256)));
});
