/** build/site in a real browser: the real engine, the real model.  Needs `make site` and models/en-de. */

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REAL_SITE, start } from './harness.mjs';

let browser, manifest;
before(async () => {
  manifest = JSON.parse(await readFile(join(REAL_SITE, 'models/en-de/manifest.json'), 'utf8')
    .catch(() => { throw new Error('build/site holds no model: make site'); }));
  browser = await start(REAL_SITE);
});
after(() => browser?.close());

const text = (page, selector) => page.$eval(selector, (e) => e.textContent);

/** Clears the text box, types, and waits until the German of all of it stands there. */
async function translate(page, english) {
  await page.click('#source', { clickCount: 3 });
  await page.$eval('#source', (e) => e.select());
  await page.keyboard.press('Delete');
  await page.waitForFunction(() => document.querySelector('#target').textContent === '');
  await page.type('#source', english);
  await page.waitForFunction((whole) => {           // the layer behind the text box has words when their translation is here
    const [mirror, target, status] = ['mirror', 'target', 'status'].map((id) => document.getElementById(id));
    return mirror.textContent === whole && mirror.querySelector('.dm-word') && !target.matches('.waiting')
      && !status.textContent.includes('part of the model');
  }, {}, english);
  return text(page, '#target');
}

test('the download counts to its end, and only files of the model and the page are fetched', async () => {
  const seen = [], names = [];
  const { page, complaints } = await browser.open({ before: async (fresh) => {
    fresh.on('response', (response) => names.push(new URL(response.url()).pathname.split('/').pop()));
    await fresh.exposeFunction('sawProgress', (line) => seen.push(line));
    await fresh.evaluateOnNewDocument(() => addEventListener('DOMContentLoaded', () => new MutationObserver(() =>
      window.sawProgress(document.querySelector('#loading-text').textContent))
      .observe(document.querySelector('#loading-text'), { childList: true })));
  } });
  const first = manifest.chunks.slice(0, manifest.coarse?.chunks);           // with them the page translates
  const total = (first.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);
  assert.ok(seen.some((line) => line.endsWith(`of ${total} MB`)), seen.join('; '));
  assert.equal(seen.at(-1), 'Starting the model');
  while (!names.includes(manifest.chunks.at(-1).file)) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const { file } of manifest.chunks) assert.equal(names.filter((name) => name === file).length, 1, file);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('typed English becomes German; a word that is pointed at lights its partner', async () => {
  const { page, complaints } = await browser.open();
  const german = await translate(page, 'The dog is in the garden.');
  assert.match(german, /Hund/);
  assert.match(german, /Garten/);
  for (const [de, en] of [['Hund', 'dog'], ['Garten', 'garden']]) {
    const words = await page.$$('#target .dm-word');
    const texts = await page.$$eval('#target .dm-word', (list) => list.map((e) => e.textContent));
    await words[texts.findIndex((word) => word.includes(de))].hover();
    const lit = await page.$$eval('#mirror .dm-word.dm-lit', (list) => list
      .map((e) => ({ text: e.textContent, weight: Number(e.style.getPropertyValue('--w')) }))
      .sort((a, b) => b.weight - a.weight));
    assert.equal(lit[0]?.text, en, `${de} came from ${JSON.stringify(lit)}`);
  }
  assert.match(await text(page, '#status'), /^6 words in [\d.]+ ms · [\d,]+ words\/s · \w+( · from part of the model, .*)?$/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a link to a German sentence opens the other model', async () => {
  const { page, complaints } = await browser.open({ hash: '#text=Der+Hund+ist+im+Garten.&from=de' });
  await page.waitForFunction(() => document.querySelector('#target .dm-word')
    && !document.querySelector('#status').textContent.includes('part of the model'), { timeout: 90_000 });
  assert.match(await text(page, '#target'), /dog.*garden/);
  assert.equal(await page.$eval('#target', (e) => e.lang), 'en');
  await page.waitForSelector('#turn:not([hidden])');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('the attention of every head is a distribution that can be looked at', async () => {
  const { page, complaints } = await browser.open();
  for (const kind of ['cross', 'encoder']) {
    await page.$eval(`input[value=${kind}]`, (e) => e.click());
    await page.waitForSelector(`.dm-lines .dm-row.dm-${kind === 'cross' ? 'target' : 'source'}`);
    await page.waitForFunction(() => document.querySelectorAll('.dm-head').length > 1);
    assert.ok(await page.$$eval('.dm-curve', (list) => list.length) > 5);
  }
  const sums = await page.evaluate(async () => {
    const { Translator } = await import('./translator.js');
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
    const { sentences: [sentence] } = await translator.translateDetailed('The cat sleeps.', { attention: true });
    translator.destroy();
    const rows = [sentence.alignment, ...Object.values(sentence.attention).flat(2)].flat();
    return rows.map((row) => row.reduce((a, b) => a + b, 0));
  });
  assert.ok(sums.length > 10);
  assert.deepEqual(sums.filter((sum) => !(Math.abs(sum - 1) < 1e-3)), []);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('several sentences, line ends, emoji and nothing: offsets stay true', async () => {
  const { page, complaints } = await browser.open();
  const found = await page.evaluate(async () => {
    const { Translator } = await import('./translator.js');
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
    const wrong = [];
    for (const source of ['Hello. How are you?\n\nI am fine.', '🙂 The café is open 😀.', 'A half \ud83d of one.', '', ' \n',
      'ﬁne “quotes” — dash…']) {
      const { text, sentences } = await translator.translateDetailed(source);
      const check = (tokens, whole) => {
        for (const token of tokens) {
          const slice = whole.slice(token.start, token.end);
          if (slice.toWellFormed() !== token.text && slice.trim() !== token.text.trim()) wrong.push([source, token, slice]);
        }
      };
      for (const sentence of sentences) {
        check(sentence.source, source);
        check(sentence.target, text);
      }
      if (!source.trim() && text !== source) wrong.push([source, text]);
    }
    translator.destroy();
    return wrong;
  });
  assert.deepEqual(found, []);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a long text can be cancelled long before its end, and the next one is translated', async () => {
  const { page } = await browser.open();
  const { name, cancelled, whole } = await page.evaluate(async () => {
    const { Translator } = await import('./translator.js');
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
    const stop = new AbortController(), text = 'The dog, who saw the cat in the garden, ran home. '.repeat(400);
    const { ms: whole } = await translator.translateDetailed(text);
    const long = translator.translate(text, { signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const short = translator.translate('Yes.');
    const begin = performance.now();
    stop.abort();
    const name = await long.then(() => 'finished', (error) => error.name);
    await short;
    translator.destroy();
    return { name, cancelled: performance.now() - begin, whole };
  });
  assert.equal(name, 'AbortError');
  assert.ok(cancelled < whole / 2, `${cancelled} of ${whole} ms`);   // the rest of a slice, and a word
  await page.close();
});

test('a stream of words is the translation, to the letter', async () => {
  const { page } = await browser.open();
  const { parts, whole } = await page.evaluate(async () => {
    const { Translator } = await import('./translator.js');
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' }), parts = [];
    const text = 'The dog, who saw the cat in the garden, ran home.\n\nIt was late. '.repeat(150);
    const reader = translator.translateStreaming(text).getReader();
    for (let read; !(read = await reader.read()).done;) parts.push(read.value);
    const whole = await translator.translate(text);
    translator.destroy();
    return { parts, whole };
  });
  assert.ok(parts.length > 2, `${parts.length} parts`);
  assert.equal(parts.join(''), whole);
  await page.close();
});

test('a second visit: nothing of the model is fetched', async () => {
  const { page } = await browser.open(), names = [];
  page.on('request', (request) => names.push(new URL(request.url()).pathname.split('/').pop()));
  await page.goto(`${browser.url}engine.js`);
  await page.evaluate(async () => {
    const { Translator } = await import(new URL('translator.js', location.href).href);
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
    await translator.translate('Good morning.');
    translator.destroy();
  });
  assert.deepEqual(names.filter((name) => /^model\./.test(name)), []);
  await page.close();
});
