/** Pages that embed the elements, with the real engine and model: the examples and the documentation of build/site, under a
 *  strict policy, in a sandboxed frame, from another origin; and axe-core over every page.  Needs `make site`. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { serve } from '../../scripts/serve.mjs';
import { BROWSERS, launch, REAL_SITE } from './harness.mjs';

const axe = await readFile('node_modules/axe-core/axe.min.js', 'utf8');
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; "
  + "style-src 'self'";
const PATIENCE = 60_000;
const PAGES = ['index.html'];
let strict, open;
before(async () => {
  for (const folder of ['docs', 'examples'])
    for (const name of await readdir(join(REAL_SITE, folder))) if (name.endsWith('.html')) PAGES.push(`${folder}/${name}`);
  strict = await serve(REAL_SITE, 0, undefined, { 'Content-Security-Policy': POLICY });
  open = await serve(REAL_SITE, 0, undefined, { 'Access-Control-Allow-Origin': '*' });
});
after(() => Promise.all([strict?.close(), open?.close()]));

/** A page that keeps what its policy forbade.  @param {import('puppeteer-core').Browser} browser */
async function visit(browser, url) {
  const context = await browser.createBrowserContext(), page = await context.newPage(), wrong = [];
  const note = (text) => { if (!text.includes('/favicon.ico')) wrong.push(text); };            // browsers ask for it unasked
  page.on('pageerror', (error) => note(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') note(message.text()); });
  await page.evaluateOnNewDocument(() => {
    globalThis.forbidden = [];
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      globalThis.forbidden.push(`${effectiveDirective} ${blockedURI}`));
  });
  await page.goto(url);
  return { page, wrong, close: () => context.close() };
}

/** @param {import('puppeteer-core').Page | import('puppeteer-core').Frame} page */
async function readInGerman(page) {
  await page.waitForSelector('dolmetsch-page[state]', { timeout: PATIENCE });
  await page.evaluate(() => document.querySelector('dolmetsch-page').shadowRoot.querySelector('button').click());
  await page.waitForSelector('dolmetsch-page:is([state=done], [state=error])', { timeout: PATIENCE });
  return page.evaluate(() => ({ lang: document.documentElement.lang, text: document.querySelector('main').textContent,
    error: document.querySelector('dolmetsch-page').shadowRoot.querySelector('small').textContent }));
}

/** @param {import('node:test').TestContext} t @param {import('puppeteer-core').Browser} browser */
async function embedded(t, browser) {
  await t.test('a strict policy, as a header: both elements work, and nothing was forbidden', async () => {
    const { page, wrong, close } = await visit(browser, `${strict.url}examples/strict-csp.html`);
    const before = await page.$eval('main', (e) => e.innerHTML);
    const { lang, text, error } = await readInGerman(page);
    assert.equal(error, '');
    assert.equal(lang, 'de');
    assert.match(text, /Diese Seite/);
    assert.match(text, /'unsafe-inline'/);
    await page.evaluate(() => document.querySelector('dolmetsch-page').restore());
    assert.equal(await page.$eval('main', (e) => e.innerHTML), before.replace(/state="\w+"/, 'state="idle"'));
    const shown = await page.evaluate(async () => {
      const element = document.createElement('dolmetsch-attention');
      document.querySelector('main').append(element);
      await element.show(await (await fetch('sentence.json')).json());
      const root = element.shadowRoot;
      while (!root.querySelector('.dm-word')) await new Promise((resolve) => setTimeout(resolve, 20));
      return { words: root.querySelectorAll('.dm-word').length,
        padding: getComputedStyle(root.querySelector('.dm-lines')).paddingTop };
    });
    assert.ok(shown.words > 10);
    assert.notEqual(shown.padding, '0px');
    const forbidden = await page.evaluate(() => globalThis.forbidden);
    assert.deepEqual(forbidden.filter((what) => !what.endsWith('/favicon.ico')), []);
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('a policy without wasm: an error that says what it may be, and no more', async () => {
    const host = await serve(REAL_SITE, 0, undefined, { 'Content-Security-Policy': POLICY.replace("'wasm-unsafe-eval'", '') });
    t.after(() => host.close());
    const { page, close } = await visit(browser, `${host.url}examples/strict-csp.html`);
    const { error } = await readInGerman(page);
    assert.match(error, /DM_ERR_ENGINE/);
    assert.match(await page.$eval('dolmetsch-page', (e) => e.shadowRoot.textContent), /Sicherheitsregeln/);
    await close();
  });

  await t.test('a sandboxed frame, without origin and storage', async () => {
    const { page, close } = await visit(browser, `${open.url}examples/sandbox.html`);
    const frame = await page.waitForFrame((each) => each.url().endsWith('sandboxed.html'));
    const { text, error } = await readInGerman(frame);
    assert.equal(error, '');
    assert.match(text, /Diese Seite/);
    assert.equal(await frame.evaluate(() => globalThis.origin), 'null');
    if (await page.evaluate(() => document.featurePolicy?.features().includes('translator'))) {
      await page.$eval('iframe', (e) => { e.allow = ''; e.src = 'sandboxed.html?'; });
      const other = await page.waitForFrame((each) => each.url().endsWith('?'));
      assert.match((await readInGerman(other)).error, /permissions policy .*NotAllowedError/);
    }
    await close();
  });

  await t.test('from another origin, by one tag', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dolmetsch-embed-')), host = await serve(folder);
    t.after(async () => { await host.close(); await rm(folder, { recursive: true }); });
    await writeFile(join(folder, 'index.html'), `<!doctype html><html lang="en"><title>A page</title>
      <link rel="icon" href="data:,">
      <script type="module" src="${open.url}widget-define.js"></script><dolmetsch-page to="de"></dolmetsch-page>
      <main><p>The dog is in the garden.</p></main></html>`);
    const { page, wrong, close } = await visit(browser, host.url);
    const { text, error } = await readInGerman(page);
    assert.equal(error, '');
    assert.match(text, /Hund/);
    await page.reload();
    await page.waitForFunction(() => document.querySelector('dolmetsch-page').shadowRoot?.textContent.includes('schon auf'));
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('a page of the documentation translates itself; its code stays', async () => {
    const { page, wrong, close } = await visit(browser, `${open.url}docs/widget.html`);
    const code = () => page.$$eval('pre, code', (list) => list.map((each) => each.textContent).sort());
    const before = await code(), english = await page.$$eval('main p', (list) => list.map((each) => each.textContent));
    assert.equal((await readInGerman(page)).error, '');
    assert.deepEqual(await code(), before);
    const german = await page.$$eval('main p', (list) => list.map((each) => each.textContent));
    assert.equal(german.length, english.length);
    assert.ok(german.filter((text, i) => text !== english[i]).length > 0.8 * english.length);
    assert.deepEqual(wrong, []);
    await close();
  });
}

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await launch(kind);
    t.after(() => browser.close());
    await embedded(t, browser);
  });
}

test('axe-core finds nothing, on any page, in light and dark; every link leads somewhere', async (t) => {
  const browser = await launch('chromium');
  t.after(() => browser.close());
  const page = await browser.newPage(), found = [], links = new Set();
  await page.setViewport({ width: 1280, height: 900 });
  for (const path of PAGES) for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
    await page.goto(open.url + path, { waitUntil: 'load' });
    // Grey for a moment: a translation that is waited for, and again when the rest of the model has come.
    await page.waitForFunction(() => [...document.querySelectorAll('.output')].every((each) => !each.matches('.waiting')
      && /words\/s(?!.*part of the model)/.test(document.querySelector('#status').textContent)));
    await page.evaluate(() => Promise.all([...document.querySelectorAll('dolmetsch-page, dolmetsch-attention')]
      .map((element) => customElements.whenDefined(element.localName))));
    await page.waitForFunction(() => [...document.querySelectorAll('dolmetsch-attention')]
      .every((each) => each.shadowRoot?.querySelector('.dm-word, .dm-label')));
    await page.evaluate(axe);
    found.push(...await page.evaluate(async (name) => (await globalThis.axe.run()).violations.map(({ id, nodes }) =>
      `${name}: ${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`)}`), `${path} ${scheme}`));
    for (const href of await page.$$eval('a[href]', (list) => list.map((each) => each.href))) links.add(href);
  }
  assert.deepEqual(found, []);
  assert.ok(PAGES.length > 8 && links.size > 10);
  for (const href of [...links].filter((each) => each.startsWith(open.url))) {
    const [path, hash] = href.split('#'), response = await fetch(path);
    assert.equal(response.status, 200, href);
    if (hash) assert.ok((await response.text()).includes(`id="${decodeURIComponent(hash)}"`), href);
  }
});
