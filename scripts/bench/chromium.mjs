/** The benchmark in headless Chromium: measure.mjs in a page, and the demo page's way to its first German word. */
import { copyFileSync } from 'node:fs';

import { start } from '../../tests/browser/harness.mjs';
import { PARTS } from './measure.mjs';

/** Everything that measure.mjs measures. @param {import('./measure.mjs').Texts} texts */
export async function measureInPage(texts) {
  copyFileSync('scripts/bench/measure.mjs', 'build/bench/measure.mjs');
  const browser = await start('build', 'site/');
  try {
    const { page } = await browser.open({ ready: false, hash: 'style.css' });   // no page of ours that works beside
    const base = new URL('../', browser.url).href;
    const result = { version: await browser.browser.version() };
    for (const part of Object.keys(PARTS))
      Object.assign(result, await page.evaluate(async (part, base, texts) => {
        const { measure } = await import(`${base}bench/measure.mjs`);
        return measure(part, { modules: `${base}site/`, base }, texts);
      }, part, base, texts));
    return result;
  } finally {
    await browser.close();
  }
}

/** In a page, before its scripts: when the first German word comes. */
export function watchForGerman() {
  new MutationObserver((_, observer) => {
    if (!document.querySelector('#target .dm-word')) return;
    observer.disconnect();
    Object.assign(globalThis, { firstGerman: performance.now() });
  }).observe(document, { childList: true, subtree: true });
}

/** Milliseconds to the first German word in the page: from navigation; from DOMContentLoaded; and from when the page's module
 *  runs, which starts the worker first of all.  watchForGerman was there before.
 *  @param {import('puppeteer-core').Page} page @returns {Promise<{navigation: number, ready: number, module: number}>} */
export async function waitForGerman(page) {
  await page.waitForFunction('globalThis.firstGerman', { polling: 50, timeout: 120_000 });
  return page.evaluate(() => {
    const [{ domContentLoadedEventStart: ready }] = /** @type {PerformanceNavigationTiming[]} */ (
      performance.getEntriesByType('navigation'));
    const { firstGerman: navigation } = /** @type {any} */ (globalThis);
    const worker = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/worker.js'));
    return { navigation, ready: navigation - ready, module: navigation - (worker?.startTime ?? NaN) };
  });
}

/** The same of each round: with nothing stored, and on the next visit.  @param {number} rounds */
export async function visits(rounds) {
  const result = { first: /** @type {Awaited<ReturnType<typeof waitForGerman>>[]} */ ([]),
    next: /** @type {Awaited<ReturnType<typeof waitForGerman>>[]} */ ([]) };
  for (let round = 0; round < rounds; round++) {
    const browser = await start('build/site');
    try {
      for (const visit of /** @type {const} */ (['first', 'next'])) {
        const { page } = await browser.open({ ready: false,
          before: (/** @type {import('puppeteer-core').Page} */ page) => page.evaluateOnNewDocument(watchForGerman) });
        result[visit].push(await waitForGerman(page));
        await page.evaluate(async () => { await navigator.serviceWorker.ready; });
        await page.waitForNetworkIdle({ idleTime: 500 });                  // the other half, the service worker's files
        await page.close();
      }
    } finally {
      await browser.close();
    }
  }
  return result;
}
