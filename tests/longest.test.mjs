// A model says how many tokens it takes in one piece: what is longer is split, and nothing of it is lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { itemsOf, packItems } from './marian.mjs';

const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-longest-'));
after(() => rmSync(folder, { recursive: true }));
const TEXT = 'the dog sees the cat, the old man sees a red house, and no tree';

/** The golden model with a line more in its options.  @param {string} line */
function withOption(line) {
  const items = itemsOf(readFileSync('tests/golden/transformer-ssru.bin')).map((item) => {
    if (item.name !== 'special:model.yml') return item;
    const bytes = Buffer.from(`${line}\n${item.bytes.toString('latin1')}`, 'latin1');
    return { ...item, shape: [bytes.length], bytes };
  });
  return packItems(join(folder, line.replace(/\W+/g, '-')), items);
}

/** The source text of each piece, and how many tokens it has with its end.  @param {string} line */
function pieces(line) {
  const { status, stdout, stderr } = spawnSync('build/dolmetsch', ['--model', withOption(line), '--attention', '--no-split'],
    { input: `${TEXT}\n`, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  /** @type {{text: string, start: number, end: number}[][]} */
  const sources = JSON.parse(stdout).sentences.map((/** @type {any} */ { source }) => source);
  return sources.map((source) => ({ text: source.map(({ text }) => text).join(''), tokens: source.length }));
}

test('a sentence is split, at a comma if there is one, where the model takes less', () => {
  const [whole, ...none] = pieces('dolmetsch-longest: 128');
  assert.equal(whole.text, TEXT);
  assert.equal(none.length, 0);
  assert.ok(whole.tokens > 24, `${whole.tokens} tokens`);
  const split = pieces('dolmetsch-longest: 24');
  assert.ok(split.length > 1);
  for (const { tokens } of split) assert.ok(tokens <= 24, `${tokens} tokens`);
  assert.equal(split.map(({ text }) => text.trim()).join(' '), TEXT);
  assert.match(split[0].text, /,$/);
});

test('a limit that makes no sense is refused', () => {
  assert.throws(() => withOption('dolmetsch-longest: 2'), /dolmetsch-longest is "2", expected a number from 16 to 128/);
});
