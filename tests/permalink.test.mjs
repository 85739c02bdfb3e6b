import test from 'node:test';
import assert from 'node:assert/strict';
import { formatLink, linkLoses, parseLink } from '../web/permalink.js';

const FIRST = { tab: 'lines', kind: 'alignment', layer: Infinity, head: 0, sentence: 0, pieces: false, zoom: 1 };

test('what a link holds comes back: sentence, model, view', () => {
  const choice = { tab: 'matrix', kind: 'cross', layer: 1, head: 7, sentence: 2, pieces: true, zoom: 1.4 };
  for (const text of ['The dog.', 'a + b = c & d # e % f', 'Ärger, "quotes" (and 🙂)\n\ttwo lines', '*_~`[x](y)!', '\u0000']) {
    const link = formatLink({ text, model: 'en-de', choice });
    assert.deepEqual(parseLink(link), { text, model: 'en-de', choice }, link);
    assert.match(link, /^#text=[\w+%-]*&view=matrix&kind=cross&layer=2&head=8&sentence=3&pieces=1&zoom=1%2E4&model=en-de$/);
  }
});

test('a text that is not English says so', () => {
  const link = formatLink({ text: 'Der Hund.', from: 'de', choice: FIRST });
  assert.equal(link, '#text=Der+Hund%2E&from=de');
  assert.equal(parseLink(link).from, 'de');
  assert.equal(formatLink({ text: 'The dog.', from: 'en', choice: FIRST }), '#text=The+dog%2E');
  assert.match(parseLink('#text=Le+chien.&from=fr').note ?? '', /from/);
});

test('what is as at first is left out', () => {
  assert.equal(formatLink({ text: 'The dog.', choice: FIRST }), '#text=The+dog%2E');
  assert.deepEqual(parseLink('#text=The+dog.'), { text: 'The dog.', model: undefined, choice: {} });
  assert.deepEqual(parseLink(''), { choice: {} });
  assert.deepEqual(parseLink('#'), { choice: {} });
});

test('a link is of bounded length, and never holds half a character', () => {
  const long = ['x'.repeat(1e6), '€'.repeat(5000), '🙂'.repeat(5000), '\ud83d'.repeat(2000), `${'x'.repeat(999)}🙂`];
  for (const text of long) {
    const link = formatLink({ text, model: 'en-de', choice: FIRST });
    assert.ok(link.length < 10_000, `${link.length}`);
    const { text: back, note } = parseLink(link);
    assert.ok(back && back.length <= 1000 && back.isWellFormed());
    assert.equal(note, undefined);
    assert.equal(linkLoses(text), true);
  }
  assert.equal(linkLoses('x'.repeat(1000)), false);
});

test('a text written by hand behind the # is a text', () => {
  assert.deepEqual(parseLink('#Good%20morning%2C%20you%3F'), { text: 'Good morning, you?', choice: {} });
});

test('what is foreign or malformed is not used, and that is said', () => {
  for (const fragment of ['#top', '#section-2', '#%E0%A4%A', '#text=%E0%A4%A', '#text=', '#text=+', '#view=matrix', '#a=b&c',
    '#&&=', '#access_token=secret&state=1', `#text=${'x'.repeat(20_000)}`, '#%20']) {
    const { text, model, choice, note } = parseLink(fragment);
    assert.deepEqual([text, model, choice], [undefined, undefined, {}], fragment);
    assert.match(note ?? '', /not used\.$/);
    assert.ok(!note?.includes('secret'));
  }
});

test('of a link with wrong parts, the right ones are used', () => {
  const { text, model, choice, note } = parseLink('#text=Hi+you&view=cube&kind=cross&layer=0&head=-1&sentence=1e9&zoom=100'
    + '&pieces=2&model=..%2Fevil&__proto__=x&constructor=y&<b>=1&broken=%');
  assert.deepEqual([text, model, choice], ['Hi you', undefined, { kind: 'cross' }]);
  assert.equal(note, 'Of this link, something was not understood: view, layer, head, sentence, zoom, pieces, model, '
    + 'an unknown part, constructor, an unknown part, broken.');
  assert.match(parseLink(`#text=${'word+'.repeat(300)}`).note ?? '', /the end of its text/);
});
