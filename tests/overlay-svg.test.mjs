import test from 'node:test';
import assert from 'node:assert/strict';
import { headsFigure, linesFigure, matrixFigure, svgOf, vectorFigure } from '../web/overlay-svg.js';
import { viewOf } from '../web/words.js';

const measure = (text, size) => text.length * size * 0.5;
const tokens = (pieces) => {
  let at = 0;
  return [...pieces.map((text) => ({ text, start: at, end: at += text.length })), { text: '', start: at, end: at }];
};
const rows = [[0.9, 0.1, 0], [0.04, 0.92, 0.04], [0, 0, 1]];
const sentence = { source: tokens([' the', ' dog']), target: tokens([' Der', ' <Hund> & "\u0001\ud83d']), score: 0, cut: false,
                   alignment: rows, attention: { cross: [[rows, rows.toReversed()]], encoder: [[rows, rows]] } };
const view = viewOf(sentence, { kind: 'alignment', layer: 0, head: 0 }, false);
const count = (text, part) => text.split(part).length - 1;

test('lines: every word, a curve for each weight that counts, the warning, and nothing from elsewhere', () => {
  const text = svgOf(linesFigure(view, measure, 'g'), 'A title', 'A caption.', measure);
  assert.equal(count(text, '<path '), 6);
  for (const word of ['the', 'dog', 'Der', 'end', '&#60;Hund&#62; &#38; &#34;\ufffd\ufffd', 'A title', 'A caption.'])
    assert.ok(text.includes(`>${word}<`), word);
  assert.match(text, /Attention is not explanation/);
  assert.doesNotMatch(text, /NaN|undefined|var\(|class=|href|(?<!xmlns=")http/);
  assert.match(text, /<rect width="100%" height="100%" fill="#fff"\/>/);
});

test('lines of a long sentence become columns', () => {
  const source = tokens(Array(80).fill(' considerable')), alignment = rows.map(() => Array(81).fill(1 / 81));
  const long = { ...sentence, source, alignment };
  const { width, height } = linesFigure(viewOf(long, { kind: 'alignment', layer: 0, head: 0 }, false), measure, 'g');
  assert.ok(width < 500 && height > 1500, `${width} x ${height}`);
});

test('a matrix has a cell, with its value, for each weight that is seen', () => {
  const { body } = matrixFigure(view, measure);
  assert.equal(count(body, '<rect '), 1 + 6);
  assert.ok(body.includes('<title>Der · the 90\u00a0%</title>'));
});

test('all heads: a picture each, the guided one with a dot', () => {
  const { body } = headsFigure(sentence, false);
  assert.equal(count(body, '<title>'), 4);
  assert.equal(count(body, '<circle '), 1);
  assert.match(body, /<title>Cross-attention, layer 1, head 1, trained to align<\/title>/);
});

test('a model without attention: threads into the vector and out of it', () => {
  const fixed = viewOf({ ...sentence, alignment: [] }, { kind: 'alignment', layer: 0, head: 0 }, false);
  const { body } = vectorFigure(fixed, measure);
  assert.equal(count(body, '<path '), 6);
  assert.equal(count(body, '<rect '), 1);
  assert.doesNotMatch(body, /NaN/);
});
