/** The picture of the README: build/site in headless Chromium, a word pointed at.
 *    node tests/browser/screenshot.mjs docs/screenshot.png [--dark] [--matrix] [--word N] [--text "English text"] */

import { parseArgs } from 'node:util';
import { start, REAL_SITE } from './harness.mjs';

const { values, positionals: [file] } = parseArgs({ allowPositionals: true, options: {
  dark: { type: 'boolean' }, matrix: { type: 'boolean' }, phone: { type: 'boolean' },
  word: { type: 'string', default: '-1' }, text: { type: 'string' },
} });
if (!file) {
  console.error('usage: node tests/browser/screenshot.mjs FILE.png [--dark] [--matrix] [--phone] [--word N] [--text TEXT]');
  process.exit(2);
}
const browser = await start(REAL_SITE);
try {
  const { page } = await browser.open({ dark: values.dark, width: values.phone ? 390 : 1280, height: values.phone ? 844 : 860,
    hash: values.text ? `#${encodeURIComponent(values.text)}` : '' });
  await page.waitForFunction(() => !/part of the model/.test(document.querySelector('#status').textContent), { timeout: 90_000 });
  for (let i = 0; i < 3; i++) {                                   // the first run is the one in which the browser compiles
    await page.$eval('#source', (e) => e.dispatchEvent(new Event('input')));
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  if (values.matrix) await page.click('[role=tab][data-i=matrix]');
  const words = await page.$$('#target .dm-word');
  if (Number(values.word) >= 0) await words[Math.min(Number(values.word), words.length - 1)].hover();
  await new Promise((resolve) => setTimeout(resolve, 400));       // the transitions
  await page.screenshot({ path: file, fullPage: values.matrix || values.phone });
} finally {
  await browser.close();
}
