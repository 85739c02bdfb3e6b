/** 100 lines of real documentation with inline markup, translated in place by the real engine, in real Chromium and real
 *  Firefox: nothing lost, doubled or put elsewhere; and what a reader does with pointer and keyboard sees the original.
 *  FIREFOX=none leaves Firefox out. */

import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { after, before } from 'node:test';

import { serve } from '../../scripts/serve.mjs';
import { BROWSERS, launch, REAL_SITE } from './harness.mjs';

const fixture = fileURLToPath(new URL('page-fixture.html', import.meta.url));
let folder, server;
before(async () => {
  assert.ok(existsSync(join(REAL_SITE, 'page.js')), 'no site: make site');
  folder = await mkdtemp(join(tmpdir(), 'dolmetsch-fixture-'));
  for (const name of await readdir(REAL_SITE))
    if (/\.(js|wasm)$/.test(name) || name === 'models') await cp(join(REAL_SITE, name), join(folder, name), { recursive: true });
  await cp(fixture, join(folder, 'fixture.html'));
  server = await serve(folder);
});
after(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

/** In the page: translates it, and says what is wrong. */
async function translateAndCheck() {
  const load = (name) => import(new URL(name, document.baseURI).href);
  const { translatePage } = await load('page.js'), { Translator } = await load('translator.js');
  const all = [...document.body.querySelectorAll('*')].map((element) => ({ element, parent: element.parentNode,
    text: element.textContent, code: element.closest('code') ? element.textContent : undefined }));
  const paragraphs = [...document.querySelectorAll('p')].map((element) => ({ element, text: element.textContent }));
  const nodes = (root) => [root, ...[...root.childNodes].flatMap(nodes)];
  const before = nodes(document.documentElement), copy = document.documentElement.cloneNode(true);
  const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
  const page = translatePage(document, translator);
  await page.finished;

  const wrong = [], say = (what, element) => wrong.push(`${what}: ${element.outerHTML.replace(/\s+/g, ' ')} in ${
    element.closest('p')?.innerHTML.replace(/\s+/g, ' ')}`);
  const now = [...document.body.querySelectorAll('*')];
  if (now.length !== all.length) wrong.push(`${now.length} elements instead of ${all.length}`);
  for (const { element, parent, text, code } of all) {
    if (!element.isConnected || element.parentNode !== parent) say('lost or elsewhere', element);
    if (code !== undefined && element.textContent !== code) say(`changed from ${code}`, element);
    if (text.trim() && !element.textContent.trim()) say('emptied', element);
  }
  const count = (text, part) => text.split(part).length - 1;
  for (const { element, text } of paragraphs) {
    const german = element.textContent;
    if (german === text) say('untouched', element);
    if (/\{\d\}/.test(german)) say('a placeholder', element);
    if (/\s[,.;:!?](\s|$)/.test(german) && !/\s[,.;:!?](\s|$)/.test(text)) say('white space before a mark', element);
    for (const code of new Set([...element.querySelectorAll('code')].map((each) => each.textContent)))
      if (/[^a-z]/.test(code) && count(german, code) > count(text, code)) say(`${code} doubled`, element);
  }
  Object.assign(globalThis, { page, check: () => {
    const after = nodes(document.documentElement);
    return { equal: document.documentElement.isEqualNode(copy), same: before.length === after.length
      && before.every((node, i) => node === after[i]) };
  } });
  return { wrong, lang: document.documentElement.lang, paragraphs: paragraphs.length, elements: all.length,
    sample: paragraphs[0].element.textContent };
}

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await launch(kind), page = await browser.newPage();
    t.after(() => browser.close());
    await page.goto(`${server.url}fixture.html`);

    await t.test('every element once, where it was; code as it was; white space right', async () => {
      const { wrong, lang, paragraphs, elements, sample } = await page.evaluate(translateAndCheck);
      assert.deepEqual(wrong, []);
      assert.equal(lang, 'de');
      assert.equal(paragraphs, 100);
      assert.ok(elements > 300, String(elements));
      assert.match(sample, /Eigenschaft/);
    });

    await t.test('the original, by pointer and by keyboard, and Escape', async () => {
      const shown = () => page.$eval('[role=tooltip]', (tip) => ({ text: tip.textContent, lang: tip.lang }));
      const gone = () => page.waitForFunction(() => !document.querySelector('[role=tooltip]'));
      await page.hover('p:nth-of-type(11)');
      await page.waitForSelector('[role=tooltip]');
      assert.deepEqual(await shown(), { text: 'This does not change through redirects.', lang: 'en' });
      await page.keyboard.press('Escape');
      await gone();
      await page.mouse.move(0, 0);
      await page.keyboard.press('Tab');             // to the first link
      await page.waitForSelector('[role=tooltip]');
      assert.match((await shown()).text, /^The flex-line-count CSS property sets the minimum number of flex lines/);
      const described = await page.evaluate(() => document.getElementById(document.activeElement
        .getAttribute('aria-describedby'))?.getAttribute('role'));
      assert.equal(described, 'tooltip');
      await page.evaluate(() => document.activeElement.blur());
      await gone();
      assert.equal(await page.$('[aria-describedby]'), null);
    });

    await t.test('typing closes it, and what was about to open does not', async () => {
      await page.evaluate(() => {
        const field = document.createElement('input');
        document.querySelector('p:nth-of-type(11)').after(field);
        field.focus();
      });
      await page.hover('p:nth-of-type(11)');
      await page.waitForSelector('[role=tooltip]');
      await page.keyboard.type('a');
      assert.equal(await page.$('[role=tooltip]'), null);
      await page.mouse.move(0, 0);
      await page.hover('p:nth-of-type(11)');
      await page.keyboard.type('b');
      await new Promise((resolve) => setTimeout(resolve, 1000));         // the box comes after 600 ms
      assert.equal(await page.$('[role=tooltip]'), null);
      assert.equal(await page.evaluate(() => {
        const field = document.querySelector('input');
        field.remove();
        return field.value;
      }), 'ab');
      await page.mouse.move(0, 0);
    });

    await t.test('restored, node for node', async () => {
      await page.hover('p:nth-of-type(11)');
      await page.waitForSelector('[role=tooltip]');
      const found = await page.evaluate(async () => {
        await globalThis.page.restore();
        return globalThis.check();
      });
      assert.deepEqual(found, { equal: true, same: true });
    });
  });
}
