import test from 'node:test';
import assert from 'node:assert/strict';
import { guidedHead, habitOf } from '../web/overlay-habits.js';
import { counterparts, cutText, describe, directionOf, indexAt, linksOf, mergeWeights, viewOf, wordsOf } from '../web/words.js';

/** Tokens of pieces that carry their spaces, with the end of sentence. */
const tokens = (pieces, at = 0) => {
  const list = pieces.map((text) => ({ text, start: at, end: at += text.length }));
  return [...list, { text: '', start: at, end: at }];
};
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test('subwords merge at spaces; ranges leave the spaces out', () => {
  const words = wordsOf(tokens([' The', ' run', 'ning', ' dog'], 10));
  assert.deepEqual(words.map(({ text, start, end }) => [text, start, end]),
    [['The', 11, 14], ['running', 15, 22], ['dog', 23, 26], ['', 26, 26]]);
  assert.deepEqual(words.map(({ from, to, last }) => [from, to, last]),
    [[0, 1, false], [1, 3, false], [3, 4, false], [4, 5, true]]);
});

test('punctuation stands apart at the edges of a word only', () => {
  const split = (pieces) => wordsOf(tokens(pieces)).slice(0, -1).map((word) => word.text);
  assert.deepEqual(split([' (', 'hello', ')', ',', ' you']), ['(', 'hello', ')', ',', 'you']);
  assert.deepEqual(split([' don', "'", 't']), ["don't"]);
  assert.deepEqual(split([' well', '-', 'known', '.', '”']), ['well-known', '.', '”']);
  assert.deepEqual(split([' ...']), ['...']);
  assert.deepEqual(split([' !', '?']), ['!', '?']);
  assert.deepEqual(split([' 🙂', ' ok']), ['🙂', 'ok']);
  assert.ok(wordsOf(tokens([' a', ','])).at(1).joined);
});

test('tokens that leave a gap, or hold their space at the end, are words of their own', () => {
  const gap = [{ text: 'a', start: 0, end: 1 }, { text: 'b', start: 2, end: 3 }, { text: '', start: 3, end: 3 }];
  assert.deepEqual(wordsOf(gap).map((word) => word.text), ['a', 'b', '']);
  assert.deepEqual(wordsOf(tokens(['a ', 'b '])).map(({ text, start, end }) => [text, start, end]),
    [['a', 0, 1], ['b', 2, 3], ['', 4, 4]]);
});

test('a space that is a token of its own belongs to the word after it', () => {
  const words = wordsOf(tokens([' the', ' ', 'cat']));
  assert.deepEqual(words.map(({ text, start, end, from, to }) => [text, start, end, from, to]),
    [['the', 1, 4, 0, 1], ['cat', 5, 8, 1, 3], ['', 8, 8, 3, 4]]);
});

test('tokens without text belong to the character that a later one holds', () => {
  const words = wordsOf(tokens([' the', ' ', '', '', '日本', ',', ' ', '', '', '', '🇩', '', '', '', '🇪', '.']));
  assert.deepEqual(words.map(({ text, from, to }) => [text, from, to]),
    [['the', 0, 1], ['日本', 1, 5], [',', 5, 6], ['🇩🇪', 6, 15], ['.', 15, 16], ['', 16, 17]]);
  assert.deepEqual(wordsOf(tokens(['a', '', '🙂'])).map((word) => word.text), ['a', '🙂', '']);
  assert.deepEqual(wordsOf(tokens(['', '', '中'])).map((word) => [word.text, word.last]), [['中', false], ['', true]]);
  assert.equal(wordsOf(tokens(['', '', '中']), true).length, 4);
});

test('a token of spaces only, and no tokens at all', () => {
  assert.deepEqual(wordsOf([]), []);
  for (const word of wordsOf(tokens([' a', '  ', ' b']))) assert.ok(word.start <= word.end, JSON.stringify(word));
  assert.deepEqual(wordsOf(tokens([])).map((word) => word.last), [true]);
});

test('pieces: one word for each token', () => {
  const words = wordsOf(tokens([' run', 'ning', '.']), true);
  assert.deepEqual(words.map(({ text, joined }) => [text, joined]), [['run', false], ['ning', true], ['.', true], ['', false]]);
});

test('merged rows still sum to 1: mean over row tokens, sum over column tokens', () => {
  const rows = wordsOf(tokens([' lauf', 'en'])), cols = wordsOf(tokens([' run', 'ning', ' cat']));
  const merged = mergeWeights([[0.5, 0.2, 0.2, 0.1], [0.1, 0.6, 0.1, 0.2], [0, 0, 0, 1]], rows, cols);
  assert.deepEqual([merged.length, merged[0].length], [2, 3]);
  near(merged[0][0], 0.7); near(merged[0][1], 0.15); near(merged[0][2], 0.15); near(merged[1][2], 1);
  for (const row of merged) near(row.reduce((a, b) => a + b, 0), 1);
});

const sentence = {
  source: tokens([' the', ' dog']), target: tokens([' Der', ' Hund']), score: 0, cut: false,
  alignment: [[0.9, 0.1, 0], [0.04, 0.92, 0.04], [0, 0, 1]],
  attention: { encoder: [[[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]], cross: [[[[0, 1, 0], [1, 0, 0], [0, 0, 1]]]] },
};

test('a view knows its sides; what was not computed is undefined', () => {
  const alignment = viewOf(sentence, { kind: 'alignment', layer: 0, head: 0 }, false);
  assert.deepEqual([alignment.rowSide, alignment.colSide], ['target', 'source']);
  const self = viewOf(sentence, { kind: 'encoder', layer: 0, head: 0 }, false);
  assert.deepEqual([self.rowSide, self.colSide, self.rows[1].text], ['source', 'source', 'dog']);
  assert.equal(viewOf(sentence, { kind: 'cross', layer: 0, head: 0 }, false).weights[0][1], 1);
  for (const choice of [{ kind: 'cross', layer: 1, head: 0 }, { kind: 'decoder', layer: 0, head: 0 }])
    assert.equal(viewOf(sentence, choice, false), undefined);
  assert.equal(viewOf({ ...sentence, attention: undefined }, { kind: 'cross', layer: 0, head: 0 }, false), undefined);
});

test('links both ways, and what is said of them', () => {
  const view = viewOf(sentence, { kind: 'alignment', layer: 0, head: 0 }, false);
  assert.deepEqual(linksOf(view, 'row', 1), [0.04, 0.92, 0.04]);
  assert.deepEqual(linksOf(view, 'col', 0), [0.9, 0.04, 0]);
  assert.equal(describe(view, 'row', 1), 'Hund, from dog (92\u00a0%)');
  assert.equal(describe(view, 'col', 1), 'dog, became Hund (92\u00a0%)');
  assert.equal(describe(view, 'row', 2), 'end of sentence, no clear counterpart');
  assert.match(describe(viewOf(sentence, { kind: 'encoder', layer: 0, head: 0 }, false), 'row', 0),
    /looks at the \(100\u00a0%\)/);
});

test('counterparts: strongest first, weak ones and the end left out', () => {
  const words = wordsOf(tokens([' a', ' b', ' c', ' d', ' e']));
  const names = (links) => counterparts(links, words).map(({ word }) => word.text);
  assert.deepEqual(names([0.2, 0.5, 0.05, 0.2, 0.02, 0.9]), ['b', 'a', 'd']);
  assert.deepEqual(names([0.09, 0.02, 0, 0, 0, 0.8]), []);
  assert.deepEqual(names([0.11, 0.8, 0, 0, 0, 0]), ['b']);
});

test('the word at an offset', () => {
  const words = wordsOf(tokens([' The', ' dog'], 0));
  assert.deepEqual([0, 1, 3, 4, 5, 8, 99].map((at) => indexAt(words, at)), [-1, 0, 0, 0, 1, 2, 2]);
  assert.equal(indexAt([], 3), -1);
});

test('a long text is cut at a space, never inside a character', () => {
  assert.equal(cutText('short', 10), 'short');
  assert.equal(cutText('one two three', 9), 'one two');
  assert.equal(cutText('aaaaaaaaaaaa', 5), 'aaaaa');
  assert.equal(cutText('aaaa😀aaaa', 5), 'aaaa');
  assert.equal(cutText('aaaa\ud83d', 4), 'aaaa');
});

test('the first letter decides the direction', () => {
  for (const text of ['', '123', 'a שלום', '🙂 ok', '«été»']) assert.equal(directionOf(text), 'ltr', text);
  for (const text of ['שלום a', '  12. مرحبا', '\n«שלום»']) assert.equal(directionOf(text), 'rtl', text);
});

test('a model without attention: the view says so, and no word is said to come from another', () => {
  const sentence = { source: tokens([' The', ' dog']), target: tokens([' Der', ' Hund']), alignment: [], score: 0, cut: false };
  const view = viewOf(sentence, { kind: 'alignment', layer: 0, head: 0 }, false);
  assert.equal(view.fixed, true);
  assert.equal(describe(view, 'row', 1), 'Hund, out of the one vector');
  assert.equal(describe(view, 'col', 2), 'end of sentence, into the one vector');
  const attended = { ...sentence, alignment: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] };
  assert.equal('fixed' in viewOf(attended, { kind: 'alignment', layer: 0, head: 0 }, false), false);
});

test('the guided head is the one whose weights are the alignment, wherever it is', () => {
  const guided = [[0.9, 0.1, 0], [0.04, 0.92, 0.04], [0, 0, 1]], other = [[0, 1, 0], [1, 0, 0], [0, 0, 1]];
  assert.deepEqual(guidedHead({ ...sentence, attention: { cross: [[other, guided], [other, other]] } }), { layer: 0, head: 1 });
  assert.equal(guidedHead({ ...sentence, attention: { cross: [[other, other]] } }), undefined);
  assert.equal(guidedHead({ ...sentence, attention: undefined }), undefined);
  assert.equal(guidedHead({ ...sentence, alignment: [], attention: { cross: [[[]]] } }), undefined);
});

test('what a head does most, in words', () => {
  const shifted = (by, n = 5) => Array.from({ length: n }, (_, r) =>
    Array.from({ length: n }, (_, c) => (c === Math.max(0, Math.min(n - 1, r + by)) ? 1 : 0)));
  assert.match(habitOf(shifted(0), 'encoder', []), /^mostly the word itself \(100/);
  assert.match(habitOf(shifted(-1), 'decoder', []), /^mostly the word before \(80/);
  assert.match(habitOf(shifted(1), 'encoder', []), /^mostly the word after \(80/);
  assert.match(habitOf(shifted(9), 'encoder', []), /^mostly the end of the sentence \(100/);
  assert.match(habitOf(shifted(0), 'cross', shifted(0)), /^mostly the aligned word \(100/);
  assert.equal(habitOf(shifted(0).map((row) => row.map(() => 0.2)), 'cross', shifted(0)), 'spread over many words');
  assert.equal(habitOf(shifted(2), 'decoder', []), 'mostly the end of the sentence (60\u00a0%)');
  assert.equal(habitOf([[0, 0.5, 0.5, 0, 0], [0, 0, 0, 0.5, 0.5]], 'encoder', []), 'no single habit');
});
