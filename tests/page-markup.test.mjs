// Where inline elements go in a translation (web/page-markup.js): by alignments set by hand, by those of the shipped model,
// and by none at all.  Whatever the alignment is, every element comes back once, inside its parent.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';

import { place } from '../web/page-markup.js';
import { heaviestRise } from '../web/page-originals.js';
import { translateReversed } from './browser/page-fake.js';
import { parse, SENTENCES, show, unspoken } from './markup.mjs';
import { engineWith, finish, modelBytes, SHIPPED } from './models.mjs';

/** Tokens of a text in which words are separated by single spaces, marks by nothing. */
const tokensOf = (text) => [...text.matchAll(/[\p{L}\p{N}<>{}()_-]+|[^\s\p{L}\p{N}]|$/gu)]
  .map(({ 0: word, index }) => ({ text: word, start: index, end: index + word.length }));

/** @param {string} html @param {string} target @param {string} links "0-1 1-0": target-source, or one source for each target */
function placed(html, target, links) {
  const { source, root } = parse(html), rows = tokensOf(target), cols = tokensOf(source);
  const alignment = rows.map((_, row) => {
    const own = links.split(' ').map((link) => link.split('-').map(Number)).filter(([to]) => to === row).map(([, from]) => from);
    return cols.map((_, col) => (own.includes(col) ? 1 / own.length : own.length || col < cols.length - 1 ? 0 : 1));
  });
  return show(place(root, source, { text: target, sentences: [{ source: cols, target: rows, alignment }] }), source);
}

test('an element goes where its words went', () => {
  assert.equal(placed('He sees the <b>red house</b>.', 'Das rote Haus sieht er.', '0-2 1-3 2-4 3-1 4-0 5-5'),
    'Das <b>rote Haus</b> sieht er.');
  assert.equal(placed('<b>He</b> sees <a>the <i>red</i> house</a>.', 'Das red Haus sieht er.', '0-2 1-3 2-4 3-1 4-0 5-5'),
    '<a>Das <i>red</i> Haus</a> sieht <b>er</b>.');
});

test('words that went apart: the larger stretch, and no second element', () => {
  const links = '0-0 1-1 2-0 3-3 4-4 5-5 6-2 7-6';
  assert.equal(placed('Please <a>switch off</a> the old light.', 'Bitte schalten Sie das alte Licht aus.', links),
    'Bitte <a>schalten</a> Sie das alte Licht aus.');
});

test('the article between its words belongs to an element; the mark after it does not', () => {
  assert.equal(placed('See <a>the page</a>, too', 'Siehe, auch, die Seite', '0-0 1-3 2-4 3-1 4-1 5-2'),
    'Siehe, auch, <a>die Seite</a>');
  assert.equal(placed('<b>Note:</b> read it.', 'Hinweis: lies es.', '0-0 1-1 2-2 3-3 4-4'), '<b>Hinweis:</b> lies es.');
});

test('code is found by its letters, also in a compound and inside of other code', () => {
  assert.equal(placed('The <code>map()</code> method', 'Die map()-Methode', '0-0 1-1 2-2'), 'Die <code>map()</code>-Methode');
  assert.equal(placed('<code>a_b</code> or <code>a</code>', 'a oder a_b', '0-2 1-1 2-0'), '<code>a</code> oder <code>a_b</code>');
});

test('code that the translation changed takes the place of what it became', () => {
  assert.equal(placed('Call <code>fetch</code> now', 'Jetzt Abruf rufen', '0-2 1-1 2-0'), 'Jetzt <code>fetch</code> rufen');
});

test('words and marks beside changed code are not lost with it', () => {
  const combined = '<code>Ctrl</code>+<code>C</code> copies';
  assert.equal(placed(combined, 'Strg+C kopiert', '0-0 1-1 2-2 3-3'), '<code>Ctrl</code>+<code>C</code> kopiert');
  assert.equal(placed(combined, 'Strg+C kopiert', '0-0 1-0 2-2 3-3'), '<code>Ctrl</code>+<code>C</code> kopiert');
  assert.equal(placed('<code>Shift</code> and <code>Tab</code>', 'Umschalt und Tab', '0-0 1-0 2-2'),
    '<code>Shift</code> und <code>Tab</code>');
  assert.equal(placed('Press <code>Enter</code> now', 'Jetzt die Eingabetaste', '0-2 1-1 2-1'), 'Jetzt die <code>Enter</code>');
  assert.equal(placed('The <code>left</code> properties', 'Die Eigenschaften left', '0-0 1-1 2-1'),
    'Die Eigenschaften <code>left</code>');
  assert.equal(placed('The <code>name</code> property', 'Der Eigenschaftsname', '0-0 1-1 1-2'),
    'Der <code>name</code> Eigenschaftsname');
  assert.equal(placed('Use <code>b-c</code> here', 'Hier B-C', '0-2 1-1 2-1 3-1'), 'Hier <code>b-c</code>');
  assert.equal(placed('<a>Press <code>Shift</code></a> and wait', 'Umschalt drücken und warten', '0-1 1-0 2-1 3-3'),
    '<a><code>Shift</code> drücken und</a> warten');
});

test('where the model does not say what came from what, changed code hides nothing', () => {
  const { source, root } = parse('Press <code>Ctrl</code> and wait.');
  assert.equal(show(place(root, source, { text: 'Strg drücken und warten.', sentences: [] }), source),
    'Strg drücken <code>Ctrl</code> und warten.');
});

test('no reader sees a placeholder', () => {
  const { source, root } = parse('Run <code>{1}</code> or <code>{2}</code>');
  Object.assign(root.children[1], { literal: 'npm test' });
  assert.equal(show(place(root, source, { text: 'Starte {1} {1} oder {2} {2}', sentences: [] }), source),
    'Starte <code>{1}</code> oder <code>{2}</code> npm test');
});

test('images, empty elements, line ends', () => {
  assert.equal(placed('<img> The cat', 'Die Katze', '0-0 1-1'), '<img> Die Katze');
  assert.equal(placed('The cat<img>', 'Die Katze', '0-0 1-1'), 'Die Katze<img>');
  assert.equal(placed('He sees the cat<img>.', 'Die Katze sieht er.', '0-2 1-3 2-1 3-0 4-4'), 'Die Katze sieht er<img>.');
  assert.equal(placed('The <a></a>big <b>cat</b> here', 'Hier die Katze groß', '0-3 1-0 2-2 3-1'),
    'Hier die <b>Katze</b> <a></a>groß');
  const { source, root } = parse('One cat.<br>Two <b>big</b> cats.');
  assert.equal(show(place(root, source, translateReversed(source)), source), 'CAT ONE.<br>CATS <b>BIG</b> TWO.');
});

test('an element whose words are left out keeps its own', () => {
  assert.equal(placed('Yes <b>indeed</b> <a>really</a>', 'Ja', '0-0'), 'Ja <b>indeed</b> <a>really</a>');
});

test('a word with markup inside', () => {
  assert.equal(placed('H<b>2</b>O is wet', 'H2O ist nass', '0-0 1-1 2-2'), 'H<b>2</b>O ist nass');
});

test('a parent that keeps the order of its children keeps it', () => {
  const html = '<b>one</b> <a>two</a> <i>three</i>', { source, root } = parse(html);
  assert.equal(show(place(root, source, translateReversed(source)), source), '<i>three</i> <a>TWO</a> <b>ONE</b>');
  const ordered = show(place({ ...root, ordered: true }, source, translateReversed(source)), source);
  assert.deepEqual(ordered.match(/<\w/g), ['<b', '<a', '<i']);
});

/** Elements in the order of an outline such as b(a,code). */
const outline = (html) => [...html.matchAll(/<(\/?\w+)>/g)].map(({ 1: name }) => name);
const nested = (html) => {
  const open = [];
  for (const name of outline(html)) {
    if (name === 'img' || name === 'br') continue;
    if (name[0] !== '/') open.push(name);
    else if (open.pop() !== name.slice(1)) return false;
  }
  return !open.length;
};
/** With the parent's name, sorted: what must be the same before and after. */
const family = (html) => {
  const open = ['root'], pairs = [];
  for (const name of outline(html)) {
    if (name[0] === '/') open.pop();
    else {
      pairs.push(`${open.at(-1)}>${name}`);
      if (name !== 'img' && name !== 'br') open.push(name);
    }
  }
  return pairs.sort();
};

/** All text but that of opaque elements.  @returns {string} */
const textOf = (parts) => parts.map((part) => (typeof part === 'string' ? part : ` ${textOf(part.parts)} `)).join('');
const wordsIn = (text = '') => text.match(/[\p{L}\p{N}_]+/gu) ?? [];
/** Words of one text that another does not have, or not as often. */
const missing = (text, other) => {
  const words = wordsIn(other);
  return wordsIn(text).filter((word) => {
    const at = words.indexOf(word);
    if (at >= 0) words.splice(at, 1);
    return at < 0;
  });
};

const LINES = [
  'Use the <code>map()</code> method to create a new <b>array</b>.',
  'See the <a><code>Array.prototype.map()</code></a> reference, or read <a>our <b>best</b> guide</a>.',
  '<b>Note:</b> If you set <code>overflow</code> to <code>hidden</code>, the <b>content</b> is clipped<img>.',
  '<b>Everything here is <a>bold</a>. And this, too.</b> But <img> this is not.<br>The <b>end</b>.',
  'The <code>in</code> operator returns <code>true</code> or <code>true</code>.',
];

test('nothing is lost, doubled or put elsewhere, whatever the translation is', () => {
  let seed = 20;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  for (const html of LINES) {
    const { source, root } = parse(html);
    for (let round = 0; round < 200; round++) {
      const words = source.split(/\s+/), text = Array.from({ length: random(12) }, () => words[random(words.length)]).join(' ');
      const target = tokensOf(text), from = tokensOf(source);
      const alignment = random(4) === 0 ? [] : target.map(() => {
        const row = from.map(() => random(3) ? 0 : random(100)), sum = row.reduce((a, b) => a + b, 0);
        return row.map((weight) => (sum ? weight / sum : 1 / row.length));
      });
      const sentences = random(8) === 0 ? [] : [{ source: from, target, alignment }];
      const parts = place(root, source, { text, sentences }), found = show(parts, source);
      assert.deepEqual(family(found), family(html), `${html} as ${text}: ${found}`);
      assert.ok(nested(found), found);
      const hidden = missing(text, textOf(parts));
      const code = wordsIn(html.match(/<code>.*?<\/code>/g)?.join().replace(/<.*?>/g, ' '));
      assert.ok(hidden.length <= code.length, `${html} as ${text}: without ${hidden} in ${found}`);
    }
  }
});

const skip = existsSync('build/site/engine.wasm') ? false : 'no engine: make site';
test('the shipped model', { skip }, async () => {
  const engine = await engineWith(modelBytes(SHIPPED));
  for (const html of LINES) {
    const { source, root } = parse(html), found = show(place(root, source, finish(engine.job([source])).result(0)), source);
    assert.deepEqual(family(found), family(html), found);
    assert.ok(nested(found), found);
    assert.deepEqual(found.match(/<code>.*?<\/code>/g)?.sort(), html.match(/<code>.*?<\/code>/g)?.sort());
    assert.ok(!/ [,.]/.test(found.replace(/<[^>]*>/g, '')), found);
  }
});

test('the shipped model: of keys and code, a word each is hidden at most, and no mark', { skip }, async () => {
  const engine = await engineWith(modelBytes(SHIPPED));
  for (const [html, expected] of SENTENCES) {
    const { source, root } = parse(html), translation = finish(engine.job([source])).result(0);
    const parts = place(root, source, translation), found = show(parts, source);
    assert.deepEqual(unspoken(found, html, expected), [], found);
    assert.deepEqual(family(found), family(html), found);
    const hidden = missing(translation.text, textOf(parts));
    assert.ok(hidden.length <= html.split('<code>').length - 1, `${translation.text}: without ${hidden} in ${found}`);
  }
});

test('the fewest moves: the heaviest rising subsequence', () => {
  assert.deepEqual([...heaviestRise([0, 1, 2], [1, 1, 1])].sort(), [0, 1, 2]);
  assert.deepEqual([...heaviestRise([2, 0, 1], [1, 1, 1])].sort(), [1, 2]);
  assert.deepEqual([...heaviestRise([2, 0, 1], [5, 1, 1])], [0]);
  assert.deepEqual([...heaviestRise([1, -1, 2], [1, 9, 1])].sort(), [0, 2]);
  assert.deepEqual([...heaviestRise([], [])], []);
});
