// Times page translation in real Chromium: node scripts/bench/page-translation.mjs [blocks] [rounds]
//
// A page of paragraphs with links, bold and code is translated by the engine in its worker, then given back.  Printed:
// milliseconds until what is on show is German, until all is, until restore() returns, until all is back; and of either way the
// main thread's tasks of more than 50 ms.
import { readFileSync } from 'node:fs';

import { start } from '../../tests/browser/harness.mjs';

const [blocks = 2000, rounds = 3] = process.argv.slice(2).map(Number);
const lines = readFileSync('scripts/bench/text.en', 'utf8').trimEnd().split('\n');

/** In the page.  @param {string[]} texts @param {number} count @param {boolean} fake without the engine: our own part alone */
async function setUp(texts, count, fake) {
  const load = (/** @type {string} */ name) => import(new URL(name, document.baseURI).href);
  const { translatePage } = await load('page.js'), { Translator } = await load('translator.js');
  const words = (/** @type {string} */ text) => text.split(' ').map((word, i) => {
    const node = document.createElement(i % 11 === 3 ? 'a' : i % 11 === 6 ? 'b' : i % 11 === 9 ? 'code' : 'span');
    node.textContent = word;
    return node.tagName === 'SPAN' ? word : node;
  });
  document.body.replaceChildren(...Array.from({ length: count }, (_, i) => {
    const paragraph = document.createElement('p');
    words(`${i}: ${texts[i % texts.length]}`).forEach((word) => paragraph.append(word, ' '));
    paragraph.normalize();                          // as a parser makes it: one text between two elements
    return paragraph;
  }));
  const same = document.body.cloneNode(true);
  const translator = fake ? { translateDetailed: async (/** @type {string[]} */ all) => all.map((text) => ({
    text: text.split(' ').reverse().join(' '), sentences: [] })) }
    : await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
  Object.assign(globalThis, { same, translate: (/** @type {object} */ options) => translatePage(document, translator, options) });
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/** In the page. */
async function translate() {
  const from = performance.now(), since = () => Math.round(performance.now() - from);
  let shown = 0;
  const onProgress = (/** @type {{done: number}} */ { done }) => { if (done > 20) shown ||= since(); };
  const page = /** @type {any} */ (globalThis).translate({ lang: 'de', onProgress });
  await page.finished;
  const all = since();
  await new Promise((resolve) => setTimeout(resolve, 500));
  Object.assign(globalThis, { page });
  return { shown, all };
}

/** In the page. */
async function restore() {
  const { page, same } = /** @type {any} */ (globalThis), from = performance.now();
  const all = page.restore(), restored = Math.round(performance.now() - from);
  await all;
  const back = Math.round(performance.now() - from);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { restored, back, equal: same.isEqualNode(document.body) };
}

/** What a function gives, and what the main thread did for longer than 50 ms meanwhile, layout included: the browser's own count
 *  (Long Tasks), since a trace would prolong what it measures.
 *  @template T @param {import('puppeteer-core').Page} page @param {() => Promise<T>} act */
async function watched(page, act) {
  await page.evaluate(() => {
    /** @type {number[]} */
    const long = [];
    const observer = new PerformanceObserver((list) =>
      list.getEntries().forEach(({ duration }) => long.push(Math.round(duration))));
    observer.observe({ entryTypes: ['longtask'] });
    Object.assign(globalThis, { long, observer });
  });
  const result = await act();
  const long = await page.evaluate(() => {
    const { long, observer } = /** @type {any} */ (globalThis);
    observer.disconnect();
    return long.join(' ') || 'none';
  });
  return { ...result, long };
}

/** @type {Record<string, any>} */
const table = {};
for (let round = 1; round <= rounds; round++) {
  for (const fake of [true, false]) {
    const browser = await start('build/site');
    try {
      const { page } = await browser.open({ ready: false });
      await page.evaluate(setUp, lines, blocks, fake);
      const there = await watched(page, () => page.evaluate(translate));
      const back = await watched(page, () => page.evaluate(restore));
      table[`${fake ? 'placing alone' : 'with the engine'}, round ${round}`] = { 'on show, ms': there.shown, 'all, ms': there.all,
        'tasks over 50 ms': there.long, 'restore(), ms': back.restored, 'all back, ms': back.back,
        'its tasks over 50 ms': back.long, equal: back.equal };
    } finally {
      await browser.close();
    }
  }
}
console.log(`Chromium, ${blocks} paragraphs`);
console.table(table);
