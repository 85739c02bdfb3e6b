/** What assistive technology is told: Chromium's accessibility tree of the demo page and of a page with <dolmetsch-page>,
 *  before, while and after it is translated: roles, names, descriptions, live regions; and the language of every text. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { badServer } from '../bad_server.mjs';
import { fakeSite, launch } from './harness.mjs';

const PAGE = `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">
  <script type="module" src="widget-define.js"></script><body><main><h1>A page</h1>
  <dolmetsch-page to="de"></dolmetsch-page><p>Good morning, how are you?</p>
  <ul><li>The <a href="#">second</a> one</ul><img alt="A cat" src="data:,"><p lang="fr">Bonjour.</p>
  <label>Your name <input></label><p id="slow" style="margin-top: 5000px">${'It goes slowly. '.repeat(300)}</p></main></body>`;
const READ = 'Diese Seite auf Deutsch lesen', NOTE = 'Lädt einmalig 0,4 MB. Was Sie lesen, bleibt auf diesem Gerät.';
const DONE = 'Auf Deutsch, maschinell auf diesem Gerät übersetzt.', BACK = 'Original zeigen';
/** Of the tree, whatever is more than a box or a piece of text. */
const ROLES = new Set(`banner button heading image link list listitem main navigation paragraph progressbar region status
  textbox tab group`.split(/\s+/));

let site, server, browser;
before(async () => {
  site = await fakeSite();
  await writeFile(join(site.site, 'page.html'), PAGE);
  server = await badServer(site.folder);
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await server?.close();
  await site?.remove();
});

/** @typedef {import('puppeteer-core').SerializedAXNode} Node
 *  @param {Node} node @returns {Node[]} */
const all = (node) => [node, ...(node.children ?? []).flatMap(all)];
const textOf = (/** @type {Node} */ node) =>
  all(node).filter(({ role }) => role === 'StaticText').map(({ name }) => name).join('');

/** A page whose model comes only when it is let go, and its tree as lines.  @param {string} name */
async function visit(name) {
  server.reset();
  server.faults.set('model.001', ['held']);
  const context = await browser.createBrowserContext(), page = await context.newPage();
  await page.evaluateOnNewDocument(() => {          // a busy machine may take its time to say what is on show
    const { setTimeout } = globalThis;
    globalThis.setTimeout = /** @type {any} */ ((act, ms) => setTimeout(act, ms === 200 ? 1e5 : ms));
  });
  await page.goto(`${server.url}${site.path}${name}`);
  const tree = async (root = undefined) => all(await page.accessibility.snapshot({ interestingOnly: false, root }))
    .filter(({ role }) => ROLES.has(role));
  return {
    page, tree,
    lines: async (/** @type {string} */ selector) => (await tree(await page.$(selector))).map((node) =>
      [node.role, node.role === 'status' ? textOf(node) : node.name, node.description, node.focused && 'focused']
        .filter(Boolean).join(': ')),
    state: (/** @type {string} */ wanted) => page.waitForSelector(`dolmetsch-page[state=${wanted}]`),
    /** Every text of the page, outside of the element, by its language. */
    languages: () => page.evaluate(() => {
      /** @type {Record<string, string[]>} */
      const texts = {}, walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement, { lang } = element.closest('[lang]');
        if (node.data.trim() && !element.closest('dolmetsch-page, #slow')) (texts[lang] ??= []).push(node.data.trim());
      }
      return texts;
    }),
  };
}

const ENGLISH = ['A page', 'Good morning, how are you?', 'The', 'second', 'one', 'Your name'];
const GERMAN = ['[A] [page]', 'Guten Morgen, wie geht es Ihnen?', '[The]', '[second]', '[one]', '[Your] [name]'];

test('a page with the element: the same roles throughout, names and languages as they are, one live region', async () => {
  const { page, tree, lines, state, languages } = await visit('page.html');
  const roles = async () => (await tree(await page.$('main'))).map(({ role }) => role)
    .filter((role) => !/button|progressbar|status/.test(role));
  await page.waitForFunction(() =>
    document.querySelector('dolmetsch-page').shadowRoot.querySelector('[part=note]').textContent);
  assert.deepEqual(await lines('dolmetsch-page'), [`button: ${READ}: ${NOTE}`, 'status']);
  assert.deepEqual(await languages(), { en: ENGLISH, fr: ['Bonjour.'] });
  const before = await roles();
  assert.equal(before.join(), 'main,heading,paragraph,list,listitem,link,image,paragraph,textbox,paragraph');

  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await state('loading');
  const busy = (/** @type {string} */ button, /** @type {string} */ what) =>
    [`button: ${button}: focused`, `progressbar: ${what}`, `status: ${what}`];
  assert.deepEqual(await lines('dolmetsch-page'), busy('Abbrechen', 'Der Übersetzer wird geladen'));
  assert.deepEqual(await languages(), { en: ENGLISH, fr: ['Bonjour.'] });

  server.release();
  await page.waitForFunction(() => document.querySelector('main li[lang=de]'));
  assert.deepEqual(await lines('dolmetsch-page'), busy(BACK, 'Wird auf Deutsch übersetzt'));
  assert.deepEqual(await roles(), before);
  const { en = [], de = [], ...others } = await languages();
  assert.deepEqual([en.filter((text) => !ENGLISH.includes(text)), de.filter((text) => !GERMAN.includes(text)), others],
    [[], [], { fr: ['Bonjour.'] }]);

  await state('done');
  assert.deepEqual(await lines('dolmetsch-page'), [`button: ${BACK}: focused`, `status: ${DONE}`]);
  assert.deepEqual(await roles(), before);
  assert.deepEqual(await languages(), { de: GERMAN, fr: ['Bonjour.'] });
  const names = (await tree()).filter(({ role }) => /heading|link|image|textbox/.test(role)).map(({ name }) => name);
  assert.deepEqual(names, ['[A] [page]', '[second]', '[A] [cat]', '[Your] [name]']);
  assert.equal(await page.$eval('html', ({ lang }) => lang), 'de');

  await page.keyboard.press('Enter');
  await state('idle');
  assert.deepEqual(await lines('dolmetsch-page'), [`button: ${READ}: ${NOTE}: focused`, 'status: Dies ist wieder das Original.']);
  assert.deepEqual(await languages(), { en: ENGLISH, fr: ['Bonjour.'] });
  assert.equal(await page.$eval('html', ({ lang }) => lang), 'en');
  await page.close();
});

test('the demo page: its parts have names; words say where they came from; the German is spoken, as German', async () => {
  const { page, tree, lines } = await visit('index.html');
  await page.waitForSelector('#loading:not([hidden]) progress[value]');
  const names = (/** @type {string} */ role) => async () => (await tree()).filter((node) => node.role === role)
    .map(({ name, description }) => [name, description].filter(Boolean).join(': '));
  assert.deepEqual(await names('region')(), ['English text', 'German translation']);
  assert.deepEqual(await names('textbox')(), ['English']);
  assert.match((await names('progressbar')()).join(), /^Fetching the model: \d\.\d of \d\.\d MB$/);
  const live = () => page.$eval('#live', (e) => [e.getAttribute('aria-live'), e.lang, e.textContent]);
  assert.deepEqual(await live(), ['polite', 'de', '']);

  server.release();
  await page.waitForSelector('#target .dm-word');
  assert.deepEqual(await names('region')(), ['English text', 'German translation', 'What the model looked at']);
  assert.deepEqual(await names('textbox')(), ['English']);
  assert.deepEqual(await names('progressbar')(), []);
  assert.deepEqual((await names('tab')()), ['Lines', 'Matrix', 'All heads', 'Table']);
  const [group, first, second] = await lines('#target');
  assert.deepEqual([group, first, second],
    ['group: German words; arrow keys move between them', 'button: Der, from The (92\u00a0%)',
      'button: Hund, from dog (95\u00a0%)']);
  assert.deepEqual(await live(), ['polite', 'de', await page.$eval('#target', (e) => e.textContent)]);

  await page.$eval('#source', (e) => {
    /** @type {HTMLTextAreaElement} */ (e).value = 'word '.repeat(3000);
    e.dispatchEvent(new Event('input'));
  });
  assert.deepEqual(await names('textbox')(), ['English: The first 9,999 of 15,000 characters are translated here.']);
  await page.close();
});
