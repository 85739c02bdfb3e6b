/** <dolmetsch-attention> in real Chromium and real Firefox: results given and fetched, attributes, events, faults.  FIREFOX=none
 *  leaves Firefox out. */

import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { badServer } from '../bad_server.mjs';
import { BROWSERS, fakeSite, launch } from './harness.mjs';

const html = (/** @type {string} */ body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
  <link rel="icon" href="data:,"><script>globalThis.heard = []; for (const name of ['choice', 'point', 'error'])
    addEventListener('dolmetsch-' + name, ({ detail }) => heard.push([name, detail]));</script>
  <script type="module" src="widget-define.js"></script><body>${body}</body></html>`;
const PAGES = {
  given: html('<dolmetsch-attention></dolmetsch-attention><dolmetsch-attention tab="matrix"></dolmetsch-attention>'),
  fetched: html('<dolmetsch-attention src="sentence.json" kind="cross" layer="0" head="3"></dolmetsch-attention>'),
  odd: html(['sentence="x"', 'layer="x" kind="cross"', 'tab="foo"', 'kind="foo"', 'zoom="abc"', 'zoom="0"', 'zoom="99"',
    'head="-3" kind="cross" layer="99"', 'sentence="-1"', 'sentence=""', 'layer="0.6" kind="cross" head="1e9" zoom=""']
    .map((wrong) => `<dolmetsch-attention src="sentence.json" ${wrong}></dolmetsch-attention>`).join('\n')),
  foreign: html('<dolmetsch-attention src="foreign.json"></dolmetsch-attention>'),
};

let site, server;
before(async () => {
  site = await fakeSite();
  await cp('examples/sentence.json', join(site.site, 'sentence.json'));
  await writeFile(join(site.site, 'foreign.json'), '{"sentences":[{"source":[],"target":[{"text":"x"}],"alignment":[[1]]}]}');
  for (const [name, text] of Object.entries(PAGES)) await writeFile(join(site.site, `${name}.html`), text);
  server = await badServer(site.folder);
});
after(async () => {
  await server?.close();
  await site?.remove();
});

async function visit(browser, name) {
  const context = await browser.createBrowserContext(), page = await context.newPage(), wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.goto(`${server.url}${site.path}${name}.html`, { waitUntil: 'load' });
  return { page, wrong, close: () => context.close(),
    until: (/** @type {string} */ selector, at = 0) => page.waitForFunction((wanted, i) =>
      document.querySelectorAll('dolmetsch-attention')[i]?.shadowRoot?.querySelector(wanted), {}, selector, at) };
}

/** @param {import('node:test').TestContext} t @param {import('puppeteer-core').Browser} browser */
async function attention(t, browser) {
  await t.test('a result that is given: each in its own way, and nothing before', async () => {
    server.reset();
    const { page, until, wrong, close } = await visit(browser, 'given');
    assert.equal(server.asked.get('overlay.js'), undefined);
    await page.evaluate(async () => {
      const result = await (await fetch('sentence.json')).json();
      for (const element of document.querySelectorAll('dolmetsch-attention')) element.result = result;
    });
    await until('.dm-lines .dm-word');
    await until('.dm-matrix .dm-label', 1);
    await page.$eval('dolmetsch-attention', (element) => element.shadowRoot.querySelector('.dm-word').focus());
    const heard = await page.evaluate(() => globalThis.heard.map(([name, { point }]) => [name, point?.axis]));
    assert.equal(heard[0][0], 'point');
    await page.$eval('dolmetsch-attention', (element) => { element.result = null; });
    await page.waitForFunction(() =>
      document.querySelector('dolmetsch-attention').shadowRoot.querySelector('[part=overlay]').hidden);
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('a result that is fetched; attributes choose, and a choice is told', async () => {
    const { page, until, wrong, close } = await visit(browser, 'fetched');
    await until('.dm-head[aria-checked=true], [aria-checked=true]');
    const choice = () => page.$eval('dolmetsch-attention', (element) => element.choice);
    const { kind, layer, head, tab } = await choice();
    assert.deepEqual([kind, layer, head, tab], ['cross', 0, 3, 'lines']);
    await page.$eval('dolmetsch-attention', (element) => element.setAttribute('tab', 'matrix'));
    await until('.dm-matrix');
    assert.equal((await choice()).tab, 'matrix');
    await page.$eval('dolmetsch-attention', (element) => element.shadowRoot.querySelector('input[value=alignment]').click());
    assert.deepEqual(await page.evaluate(() => globalThis.heard.filter(([name]) => name === 'choice')
      .map(([, { choice }]) => choice.kind)), ['alignment'], 'what a visitor chose, not what the attributes did');
    await page.evaluate(() => {
      const element = document.querySelector('dolmetsch-attention');
      element.remove();
      document.body.append(element);
    });
    await until('.dm-matrix');
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('attributes that mean nothing, or what is not there: the nearest that is', async () => {
    const { page, until, wrong, close } = await visit(browser, 'odd');
    const count = await page.$$eval('dolmetsch-attention', (list) => list.length);
    for (let i = 0; i < count; i++) await until('.dm-lines .dm-word', i);
    const shown = await page.$$eval('dolmetsch-attention', (list) => list.map(({ choice, shadowRoot }) => {
      const { tab, kind, layer, head, sentence, zoom } = choice;
      return [tab, kind, kind === 'cross' ? layer : '', head, sentence, zoom, shadowRoot.querySelector('.dm-said').textContent,
        [...shadowRoot.querySelectorAll('[aria-selected=true]')].map((e) => e.textContent).join()].join(' ').trim();
    }));
    const { cross } = JSON.parse(await readFile('examples/sentence.json', 'utf8')).sentences[0].attention;
    const plain = 'lines alignment  0 0 1  Lines', last = cross.length - 1, heads = cross[0].length;
    assert.deepEqual(shown, [plain, `lines cross ${last} 0 0 1  Lines`, plain, plain, plain, plain.replace('0 1', '0 0.5'),
      plain.replace('0 1', '0 2'), `lines cross ${last} 0 0 1  Lines`, plain, plain,
      `lines cross ${Math.min(1, last)} ${heads - 1} 0 1  Lines`]);
    await page.$eval('dolmetsch-attention', (element) => { element.setAttribute('tab', 'matrix'); });
    await until('.dm-matrix');
    await page.$eval('dolmetsch-attention', (element) => { element.setAttribute('tab', 'none'); });
    assert.equal(await page.$eval('dolmetsch-attention', ({ choice }) => choice.tab), 'matrix');
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('what is no result, or does not come: it says so', async () => {
    const { page, wrong, close } = await visit(browser, 'foreign');
    const said = (/** @type {string} */ words) => page.waitForFunction((wanted) => document.querySelector('dolmetsch-attention')
      .shadowRoot?.querySelector('[role=alert]').textContent.includes(wanted), {}, words);
    await said('foreign.json: it is no detailed result');
    await page.$eval('dolmetsch-attention', (element) => { element.src = 'missing.json'; });
    await said('missing.json: the server answered 404');
    assert.equal((await page.evaluate(() => globalThis.heard)).filter(([name]) => name === 'error').length, 2);
    await page.$eval('dolmetsch-attention', (element) => { element.src = 'sentence.json'; });
    await page.waitForFunction(() => document.querySelector('dolmetsch-attention').shadowRoot.querySelector('.dm-word'));
    assert.equal(await page.$eval('dolmetsch-attention', (e) => e.shadowRoot.querySelector('[role=alert]').hidden), true);
    assert.deepEqual(wrong, []);
    await close();
  });
}

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await launch(kind);
    t.after(() => browser.close());
    await attention(t, browser);
  });
}
