// Code that the translator changes (Ctrl as Strg) is asked for again with placeholders (web/page-again.js): what is asked, what
// becomes of the answer, and sentences of documentation through the shipped model, in which nothing may be lost or doubled.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';

import { answersTo, partsOf } from '../web/page-again.js';
import { translateReversed } from './browser/page-fake.js';
import { parse, SENTENCES, show, unspoken } from './markup.mjs';
import { engineWith, finish, modelBytes, SHIPPED } from './models.mjs';

/** @param {string[]} lines @param {(text: string) => any} translate @returns {Promise<{calls: string[][],
 *  found: string[], answers: any[]}>} */
async function translated(lines, translate) {
  const units = lines.map((html) => ({ kind: 'block', ...parse(html) })), all = new Map(), calls = [];
  const ask = async (sources) => {
    calls.push(sources);
    return new Map(sources.map((source) => [source, translate(source)]));
  };
  for await (const answers of answersTo(units, ask)) for (const [unit, answer] of answers) all.set(unit, answer);
  const answers = units.map((unit) => all.get(unit));
  return { calls, answers, found: units.map((unit, i) => show(partsOf(unit, answers[i]), unit.source)) };
}

test('changed code is asked for again, and nothing else', async () => {
  const { calls, found } = await translated(['Press <code>tab</code> and <code>f(x)</code> now', 'Press <b>it</b>',
    'Press <code>f(y)</code> here'], translateReversed);
  assert.deepEqual(calls, [['Press tab and f(x) now', 'Press it', 'Press f(y) here'], ['Press {1} and {2} now']]);
  assert.deepEqual(found, ['NOW <code>f(x)</code> AND <code>tab</code> PRESS', '<b>IT</b> PRESS',
    'HERE <code>f(y)</code> PRESS']);
});

test('what is good is there before the second answer', async () => {
  const units = ['Press <code>tab</code>', 'Press it'].map((html) => ({ kind: 'block', ...parse(html) }));
  const attribute = { kind: 'attribute', source: 'Press tab' }, seen = [];
  const ask = async (sources) => {
    seen.push(sources.length);
    return new Map(sources.map((source) => [source, translateReversed(source)]));
  };
  for await (const answers of answersTo([...units, attribute], ask)) seen.push([...answers.keys()]);
  assert.deepEqual(seen, [3, [units[1], attribute], 1, [units[0]]]);
});

test('only the sentence in question; numbers that the page does not have; links, nested, at both ends', async () => {
  const { calls, found } = await translated(['Set <code>f(x)</code>. <code>tab</code> is <a>not {1} <b><code>tab</code></b></a>'],
    translateReversed);
  assert.deepEqual(calls[1], ['Set f(x). {2} is not {1} {3}']);
  assert.deepEqual(found, ['<code>f(x)</code> SET. <a><b><code>tab</code></b> {1} NOT</a> IS <code>tab</code>']);
});

test('a second answer without its placeholders, or with one too many, is not used', async () => {
  const first = (text) => ({ text: text.replace('Press', 'Drücke').replace('tab', 'Tabulator'), sentences: [] });
  for (const answer of ['Drücke', 'Drücke {1} {1}']) {
    const { found } = await translated(['Press <code>tab</code>'],
      (text) => (text.includes('{') ? { text: answer, sentences: [] } : first(text)));
    assert.deepEqual(found, ['Drücke Tabulator <code>tab</code>']);
  }
});

test('a language written from the right', async () => {
  const { found } = await translated(['<code>Ctrl</code>+<code>C</code>, <code>Ctrl</code>+<code>V</code>'],
    (text) => ({ text: text.includes('{') ? 'اضغط {1}+{2} ثم {3}+{4}' : 'اضغط كنترول', sentences: [] }));
  assert.deepEqual(found, ['اضغط <code>Ctrl</code>+<code>C</code> ثم <code>Ctrl</code>+<code>V</code>']);
});

/** Every placeholder, and its code. */
const literals = ({ root, source }) => root.children.flatMap((child) => (child.literal
  ? [[source.slice(child.start, child.end), child.literal]] : literals({ root: child, source })));

test('the shipped model', { skip: existsSync('build/site/engine.wasm') ? false : 'no engine: make site' }, async () => {
  const engine = await engineWith(modelBytes(SHIPPED));
  const { found, answers } = await translated(SENTENCES.map(([html]) => html),
    (source) => finish(engine.job([source])).result(0));
  assert.ok(answers.filter(({ asked }) => asked).length > 5, 'the model copies all by itself: other sentences are needed');
  SENTENCES.forEach(([html, expected], i) => {
    assert.deepEqual(unspoken(found[i], html, expected), [], found[i]);
    const { text, asked } = answers[i], code = new Map(asked && literals(asked));
    assert.equal(found[i].replace(/<[^>]*>/g, ''), text.replace(/\{\d\}/g, (stand) => code.get(stand)));
  });
});
