/** The comparison page in Chromium and Firefox: over a fake engine, what a visitor does by mouse and by keys, and what
 *  happens to a model that is not there; and over the real engine with the golden models.  FIREFOX=none leaves Firefox out. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import test from 'node:test';

import { serve } from '../../scripts/serve.mjs';
import { fakeModel } from './fake-generations.js';
import { BROWSERS, fakeSite, launch } from './harness.mjs';
import { tinySite, writeModel } from '../tiny_site.mjs';
import { goldenModel } from '../models.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const FOLDERS = ['en-de-rnn', 'en-de-bahdanau', 'en-de'];                  // as they stand on the page
const SEED = 'Der Hund, der die Katze durch den Garten laufen gesehen haben muss.';
const HALF = 'Der Hund, der die Katze durch den';                         // as the fake of one vector has it

/** A measurement as scripts/train/by_length.py writes it. */
const FIGURE = { note: 'Two lines were measured.', models: { 'en-de-rnn': 'One vector', 'en-de': 'Transformer' }, panels: [
  { title: 'Documentation', picture: 'by-length.svg', buckets: [
    { words: '1-10', joined: false, models: { 'en-de-rnn': { lines: 2, bleu: 12.34, low: 10, high: 15 } } },
    { words: '61-70', joined: true, models: { 'en-de-rnn': { lines: 9, bleu: 1, low: 0, high: 2, apart: { bleu: 7 } } } }] }] };
const addFigure = async (folder) => {
  await writeFile(join(folder, 'by-length.json'), JSON.stringify(FIGURE));
  await writeFile(join(folder, 'by-length.svg'), '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 4"/>');
};

/** A fake site with the three models, and a server for it. */
async function comparison(t) {
  const { folder, path, site, remove } = await fakeSite();
  t.after(remove);
  await cp(join(here, 'fake-engine.js'), join(site, 'fake-engine.js'));
  await cp(join(here, 'fake-generations.js'), join(site, 'engine.js'));
  const models = [];
  for (const [name, initial, trained] of [['en-de', 'f', '9 words'], ['en-de-bahdanau', 'b'], ['en-de-rnn', 'r', '3 words']]) {
    const bytes = fakeModel(initial);
    writeModel(join(site, 'models', name), name, 'de', bytes, 150_000);
    models.push({ folder: name, source: 'en', target: 'de', bytes: bytes.length, trained, scores: { wmt13: { bleu: 9.7 } } });
  }
  const index = join(site, 'models/index.json');
  await writeFile(index, JSON.stringify({ models }));
  await addFigure(site);
  const server = await serve(folder);
  t.after(() => server.close());
  return { url: `${server.url}${path}compare.html`, site, models, index };
}

/** A page in a profile of its own; `asked` has the requests for models, `complaints` what the console says. */
async function visit(browser, url, { media = [], width = 1280 } = {}) {
  const context = await browser.createBrowserContext(), page = await context.newPage(), asked = [], complaints = [];
  page.on('request', (request) => { if (/model\.\d+$/.test(request.url())) asked.push(request.url().split('/').at(-2)); });
  page.on('console', (message) => { if (['error', 'warn'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.setViewport({ width, height: 800 });
  if (media.length) await page.emulateMediaFeatures(media);
  await page.goto(url);
  return { page, asked, complaints, close: () => context.close() };
}

const german = (page) => page.$$eval('.german', (list) => list.map((e) => e.textContent));
const written = (page) => page.$$eval('.german', (list) => list.map((e) =>
  [...e.querySelectorAll('.dm-word')].filter((word) => getComputedStyle(word).visibility === 'visible').length));
const place = (page) => page.$eval('#place', (e) => e.textContent);
const failures = (page) => page.$$eval('.column', (list) => list.map((column) => {
  const failure = column.querySelector('.failure');
  return failure.hidden ? '' : failure.textContent;
}));
/** Presses the button that fetches, and waits for so many translations. */
async function fetchAll(page, columns = 3) {
  await page.waitForSelector('#start:not([hidden])');
  await page.click('#fetch');
  await translated(page, columns);
}
const translated = (page, columns = 3) => page.waitForFunction((n) =>
  [...document.querySelectorAll('.german')].filter((e) => e.querySelector('.dm-word')).length === n
    && !document.querySelector('.german.waiting'), { timeout: 60_000 }, columns);

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await launch(kind);
    t.after(() => browser.close());
    const { url, site, models, index } = await comparison(t);

    await t.test('nothing of a model is fetched before it is asked for; then one after the other', async () => {
      const { page, asked, complaints, close } = await visit(browser, url);
      await page.waitForSelector('#start:not([hidden])');
      assert.equal(await page.$eval('#source', (e) => e.value),
        'The dog, who must have been able to see the cat running through the garden.');
      assert.match(await page.$eval('#fetch-size', (e) => e.textContent), /^Fetches 1\.3 MB, once\. /);
      assert.deepEqual(asked, []);
      await fetchAll(page);
      assert.deepEqual([...new Set(asked)], FOLDERS);
      assert.deepEqual([...asked].sort((a, b) => FOLDERS.indexOf(a) - FOLDERS.indexOf(b)), asked, 'no two at a time');
      assert.deepEqual(await german(page), [HALF, SEED, SEED]);
      assert.match(await page.$eval('.about', (e) => e.textContent), /^Trained on 3 words\. BLEU: 9\.7 on wmt13\. Its card$/);
      await page.reload();                                           // they are stored: it starts by itself
      asked.length = 0;
      await translated(page);
      assert.deepEqual(asked, []);
      assert.deepEqual(complaints, []);
      await close();
    });

    await t.test('one vector, one matrix, many heads', async () => {
      const { page, complaints, close } = await visit(browser, url);
      await fetchAll(page);
      const count = (selector) => page.$$eval('.column', (list, what) =>
        list.map((column) => column.querySelectorAll(what).length), selector);
      await page.waitForSelector('.column:last-child .dm-head');
      assert.deepEqual(await count('.dm-vector'), [1, 0, 0]);
      assert.deepEqual(await count('.dm-thread'), [27, 0, 0]);       // 18 into it, with the end; 9 and the end out of it
      assert.deepEqual(await count('canvas.dm-cells'), [0, 1, 1]);
      assert.deepEqual(await count('.dm-head'), [0, 0, 48]);
      assert.deepEqual(await count('.dm-warning:not([hidden])'), [0, 1, 1]);
      assert.deepEqual(complaints, []);
      await close();
    });

    await t.test('keys: home, steps, play, pause, end; one clock for all three', async () => {
      const { page, complaints, close } = await visit(browser, url);
      await fetchAll(page);
      await page.waitForSelector('.column:last-child .dm-head');
      await page.evaluate(() => document.activeElement.blur());
      assert.equal(await place(page), '14 / 14');
      await page.keyboard.press('Home');
      assert.deepEqual(await written(page), [0, 0, 0]);
      for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowLeft');
      assert.deepEqual(await written(page), [2, 2, 2]);
      const texts = (selector) => page.$$eval(selector, (list) => list.map((e) => e.textContent));
      assert.deepEqual(await texts('.german .dm-on'), ['Hund', 'Hund', 'Hund']);
      assert.deepEqual(await texts('.dm-label.dm-on'), ['Hund', 'Hund']);
      assert.equal(await page.$eval('#live', (e) => e.textContent),
        'One vector: Hund, out of the one vector. Attention: Hund, from dog (95\u00a0%). '
          + 'Transformer: Hund, from dog (95\u00a0%)');
      await page.keyboard.press(' ');
      assert.equal(await page.$eval('#play', (e) => e.textContent), 'Pause');
      await page.waitForFunction(() => parseInt(document.querySelector('#place').textContent, 10) >= 4);
      await page.keyboard.press(' ');
      assert.equal(await page.$eval('#play', (e) => e.textContent), 'Play');
      const stopped = await place(page);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.equal(await place(page), stopped);
      await page.keyboard.press('End');
      assert.deepEqual(await written(page), [8, 14, 14]);
      assert.equal(await page.$$eval('.german .dm-on', (list) => list.length), 0, 'no word is lit when all are written');
      await page.focus('#slider');
      await page.keyboard.press('ArrowLeft');
      assert.equal(await place(page), '13 / 14');
      assert.deepEqual(await written(page), [8, 13, 13], 'the short one is complete');
      await page.focus('#source');
      await page.keyboard.press('ArrowLeft');
      assert.equal(await place(page), '13 / 14', 'keys of the text box are its own');
      await page.keyboard.press(' ');
      assert.equal(await page.$eval('#play', (e) => e.textContent), 'Play');
      assert.deepEqual(complaints, []);
      await close();
    });

    await t.test('mouse: step, back, play to the end; another sentence', async () => {
      const { page, complaints, close } = await visit(browser, url);
      await fetchAll(page);
      await page.click('#back');
      await page.click('#back');
      await page.click('#step');
      assert.equal(await place(page), '13 / 14');
      await page.click('#play');
      await page.waitForFunction(() => document.querySelector('#place').textContent === '14 / 14'
        && document.querySelector('#play').textContent === 'Play', { timeout: 60_000 });
      await page.click('#examples .chip');
      await page.waitForFunction(() =>
        document.querySelector('.column:last-child .german').textContent === '[The] [cat] [sleeps].');
      assert.equal(await page.$eval('#examples .chip', (e) => e.getAttribute('aria-pressed')), 'true');
      assert.equal(await place(page), '4 / 4');
      await page.$eval('#source', (e) => {
        e.value = '';
        e.dispatchEvent(new Event('input'));
      });
      await page.waitForSelector('#player[hidden]');
      assert.deepEqual(await german(page), ['', '', '']);
      assert.deepEqual(complaints, []);
      await close();
    });

    await t.test('a model that the site does not have, and one that does not come: the others go on', async () => {
      await writeFile(index, JSON.stringify({ models: models.slice(0, 2) }));
      const chunk = join(site, 'models/en-de-bahdanau/model.001');
      await rename(chunk, `${chunk}.away`);
      const { page, close } = await visit(browser, url);
      await fetchAll(page, 1);
      const [rnn, bahdanau, transformer] = await failures(page);
      assert.match(rnn, /^This model is not on this site\..*en-de-rnn/);
      assert.match(bahdanau, /^This model could not be loaded\..*model\.001.*DM_ERR_FETCH/);
      assert.equal(transformer, '');
      assert.deepEqual(await german(page), ['', '', SEED]);
      assert.equal(await page.$$eval('.column .failure button', (list) => list.filter((e) => e.checkVisibility()).length), 1);
      await rename(`${chunk}.away`, chunk);
      await page.click('.column:nth-child(2) .failure button');
      await translated(page, 2);
      assert.deepEqual((await failures(page)).map(Boolean), [true, false, false]);
      await close();
      await writeFile(index, JSON.stringify({ models }));
    });

    await t.test('no index of the models: each column says what failed', async () => {
      await rename(index, `${index}.away`);
      const { page, close } = await visit(browser, url);
      await fetchAll(page, 0);
      await page.waitForFunction(() => [...document.querySelectorAll('.failure')].every((e) => !e.hidden));
      for (const failure of await failures(page)) assert.match(failure, /could not be loaded.*index\.json/);
      await rename(`${index}.away`, index);
      await page.click('.column:last-child .failure button');
      await translated(page, 1);
      await close();
    });

    await t.test('the figure has its numbers in a table', async () => {
      const { page, complaints, close } = await visit(browser, url);
      await page.waitForSelector('#figure:not([hidden]) img');
      assert.equal(await page.$eval('#figure-text', (e) => e.textContent), FIGURE.note);
      const cells = await page.$$eval('#figure-table tr', (list) => list.map((row) => [...row.cells].map((e) => e.textContent)));
      assert.deepEqual(cells, [['Documentation'], ['Words', 'Lines', 'One vector', 'Transformer'],
        ['1-10', '2', '12.3 (10.0 to 15.0)', 'none'],
        ['61-70, joined', '9', '1.0 (0.0 to 2.0), apart 7.0', 'none']]);
      assert.deepEqual(complaints, []);
      await close();
    });

    await t.test('fits 360 pixels and 1280', async () => {
      for (const width of [360, 1280]) {
        const { page, close } = await visit(browser, url, { width });
        await fetchAll(page);
        await page.waitForSelector('#figure:not([hidden])');
        await page.$eval('#figure details', (e) => { e.open = true; });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width}`);
        const tops = await page.$$eval('.german', (list) => list.map((e) => Math.round(e.getBoundingClientRect().top)));
        assert.equal(new Set(tops).size, width < 500 ? 3 : 1, 'one below the other, or side by side at one height');
        await close();
      }
    });
  });
}

test('who wants less motion gets words without transitions, and nothing plays by itself', async (t) => {
  const browser = await launch('chromium');
  t.after(() => browser.close());
  const { url } = await comparison(t);
  const { page } = await visit(browser, url, { media: [{ name: 'prefers-reduced-motion', value: 'reduce' }] });
  await fetchAll(page);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(await place(page), '14 / 14');
  const moving = await page.$$eval('body *', (list) => list.filter((e) => {
    const { transitionDuration, animationName } = getComputedStyle(e);
    return animationName !== 'none' || transitionDuration.split(', ').some((time) => time !== '0s');
  }).length);
  assert.equal(moving, 0);
});

test('the real engine with models of all three architectures: its words, its attention, its steps', async (t) => {
  const browser = await launch('chromium');
  t.after(() => browser.close());
  const { folder, remove } = tinySite(2);
  t.after(remove);
  const models = [];
  for (const [name, golden] of [['en-de', 'selfattn'], ['en-de-bahdanau', 'bahdanau'], ['en-de-rnn', 'rnn']]) {
    const bytes = await readFile(goldenModel(golden));
    writeModel(join(folder, 'models', name), name, 'de', bytes, bytes.length);
    models.push({ folder: name, source: 'en', target: 'de', bytes: bytes.length });
  }
  await writeFile(join(folder, 'models/index.json'), JSON.stringify({ models }));
  await addFigure(folder);
  const server = await serve(folder);
  t.after(() => server.close());
  const { page, complaints } = await visit(browser, `${server.url}compare.html`);
  await fetchAll(page);
  assert.ok((await failures(page)).every((failure) => failure === ''));
  await page.waitForSelector('.column:last-child .dm-head');
  assert.deepEqual(await page.$$eval('.column', (list) => list.map((e) => e.querySelectorAll('.dm-vector').length)), [1, 0, 0]);
  assert.equal(await page.$$eval('.column:last-child .dm-head', (list) => list.length), 4);
  const all = await written(page), longest = Math.max(...all);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Home');
  for (let step = 1; step <= Math.min(longest, 6); step++) {
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await written(page), all.map((n) => Math.min(n, step)));
  }
  assert.deepEqual(complaints, []);
});
