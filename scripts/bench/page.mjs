// Times the page in real Chromium: node scripts/bench/page.mjs [rounds]
//
// For each round a fresh browser profile: milliseconds from navigation to the first translation with an empty
// cache ("cold") and on a reload with the HTTP cache filled ("warm"); then words/s of the benchmark's lines
// through the page's own worker, one at a time and as one batch, and the wasm heap.
import { readFileSync } from 'node:fs';

import { start } from '../../tests/browser/harness.mjs';

const ROUNDS = Number(process.argv[2]) || 3;
const lines = readFileSync('scripts/bench/text.en', 'utf8').trimEnd().split('\n');
const words = lines.join(' ').split(/\s+/).length;
const median = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Milliseconds since navigation began when the first German word stands in the page. */
const firstTranslation = (/** @type {import('puppeteer-core').Page} */ page) =>
  page.waitForFunction(() => document.querySelector('#target .dm-word') && performance.now(), { polling: 5, timeout: 60_000 })
    .then((handle) => handle.jsonValue());

/** @param {string[]} texts @returns words/s, in a fresh engine on the page's main thread */
async function speed(texts) {
  const { Engine } = await import(new URL('engine.js', document.baseURI).href);
  const { loadModel } = await import(new URL('loader.js', document.baseURI).href);
  const engine = await Engine.create(fetch('engine.wasm'), { relaxed: () => fetch('kernels-relaxed.wasm') });
  const { at, bytes } = await loadModel('models/en-de/', engine);
  engine.open(at, bytes);
  const seconds = (/** @type {number} */ batch) => {
    const from = performance.now();
    for (let i = 0; i < texts.length; i += batch) {
      const job = engine.job(texts.slice(i, i + batch));
      while (job.run(1 << 20));
      job.free();
    }
    return (performance.now() - from) / 1000;
  };
  seconds(32);                                      // the compiler's upper tier is in place now
  return { single: seconds(1), batch: seconds(32), heap: engine.memory().length, model: bytes };
}

const rows = [];
for (let round = 0; round < ROUNDS; round++) {
  const browser = await start('build/site');
  try {
    const { page } = await browser.open({ ready: false });
    const cold = await firstTranslation(page);
    await page.reload();
    const warm = await firstTranslation(page);
    const run = await page.evaluate(speed, lines);
    rows.push({ cold, warm, single: words / run.single, batch: words / run.batch, heap: run.heap, model: run.model });
  } finally {
    await browser.close();
  }
}
const of = (/** @type {keyof rows[0]} */ key) => median(rows.map((row) => row[key]));
console.log(`Chromium, median of ${ROUNDS} rounds, ${lines.length} lines, ${words} words`);
console.table({
  'first translation, empty cache, ms': Math.round(of('cold')),
  'first translation, reload, ms': Math.round(of('warm')),
  'words/s, one line at a time': Math.round(of('single')),
  'words/s, batches of 32 lines': Math.round(of('batch')),
  'heap, bytes': of('heap'),
  'heap above the model, bytes': of('heap') - of('model'),
});
