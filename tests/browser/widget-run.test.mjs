/** What <dolmetsch-page> promises to programs, in real Chromium and real Firefox, over the fake engine: several in one page, what
 *  start() and restore() wait for, attributes that change just before, the language that a page says.  FIREFOX=none leaves
 *  Firefox out. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { serve } from '../../scripts/serve.mjs';
import { BROWSERS, fakeSite, launch } from './harness.mjs';

const ONE = '<dolmetsch-page to="de"></dolmetsch-page>';
const LARGE = Array.from({ length: 1500 }, (_, i) => `<p>House number ${i}.</p>`).join('');
const html = (/** @type {string} */ body, lang = 'en') => `<!doctype html><html lang="${lang}"><meta charset="utf-8">
  <title>A page</title><link rel="icon" href="data:,"><script type="module" src="widget-define.js"></script><body>
  ${body}<p>The second one.</p><p>A third.</p></body></html>`;
const PAGES = {
  two: html(`<header>${ONE}</header><footer>${ONE}</footer>`),
  slow: html(`${ONE}${ONE}<p>${'It goes slowly. '.repeat(30)}</p>`),
  other: html(`${ONE}<dolmetsch-page to="de" model="en-de"></dolmetsch-page>`),
  large: html(ONE + LARGE),
  bare: html('<dolmetsch-page></dolmetsch-page>'),
  underscore: html(ONE, 'en_US'),
  nonsense: html(ONE, '!'),
};

let site, server;
before(async () => {
  site = await fakeSite();
  for (const [name, text] of Object.entries(PAGES)) await writeFile(join(site.site, `${name}.html`), text);
  server = await serve(site.folder);
});
after(async () => {
  await server?.close();
  await site?.remove();
});

/** In the page: its elements, what they tell, and what is to be seen. */
const setUp = async () => {
  await customElements.whenDefined('dolmetsch-page');
  const heard = [], all = [...document.querySelectorAll('dolmetsch-page')];
  addEventListener('dolmetsch-state', ({ detail }) => heard.push(detail.state));
  addEventListener('dolmetsch-error', ({ detail }) => heard.push(String(detail.error)));
  Object.assign(globalThis, {
    heard, all,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    until: async (holds) => {
      for (let i = 0; i < 1000 && !holds(); i++) await wait(20);
      if (!holds()) throw new Error(`in vain: ${holds}`);
    },
    states: () => all.map(({ state }) => state).join(),
    last: () => document.querySelector('p:last-of-type').textContent,
    noteOf: (element) => element.shadowRoot.querySelector('[part=note]').textContent,
  });
};
const GERMAN = '[A] [third].', ENGLISH = 'A third.';

for (const { kind, skip } of BROWSERS) test(kind, { skip }, async (t) => {
  const browser = await launch(kind);
  t.after(() => browser.close());
  /** What `inPage` returns, on a page of its own. */
  const check = (what, name, inPage, expected) => t.test(what, async () => {
    const page = await browser.newPage(), wrong = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    await page.goto(`${server.url}${site.path}${name}.html`);
    await page.evaluate(setUp);
    assert.deepEqual(await page.evaluate(inPage), expected);
    assert.deepEqual(wrong, []);
    await page.close();
  });

  await check('two that want the same: each does it for both', 'two', async () => {
    const [header, footer] = all, seen = [];
    const see = () => seen.push(`${states()} ${last()}`);
    await header.start();
    see();
    await footer.start();
    see();
    await footer.restore();
    see();
    await wait(300);                                // nothing translates it again
    see();
    await Promise.all([header.start(), footer.start()]);
    see();
    header.remove();
    await wait(50);
    see();
    document.querySelector('header').append(header);
    see();
    header.remove();
    footer.remove();
    await wait(50);
    see();
    return [...seen, [...new Set(heard)].sort().join()];
  }, [`done,done ${GERMAN}`, `done,done ${GERMAN}`, `idle,idle ${ENGLISH}`, `idle,idle ${ENGLISH}`, `done,done ${GERMAN}`,
    `idle,done ${GERMAN}`, `done,done ${GERMAN}`, `idle,idle ${ENGLISH}`, 'done,idle,loading,translating']);

  await check('the second is started while the first translates', 'slow', async () => {
    const [first, second] = all, started = first.start();
    await until(() => first.state === 'translating');
    const seen = [states()];
    await second.start();
    seen.push(states(), last());
    await started;
    await second.restore();
    return [...seen, states(), last(), heard.join()];
  }, ['translating,translating', 'done,done', GERMAN, 'idle,idle', ENGLISH,
    'loading,loading,translating,translating,done,done,idle,idle']);

  await check('two that want different things take turns', 'other', async () => {
    const [first, second] = all, seen = [];
    const see = () => seen.push(`${states()} ${last()}`);
    await first.start();
    see();
    await second.start();
    see();
    await first.restore();                          // nothing of its own is there
    see();
    second.removeAttribute('model');
    await wait(50);
    see();
    await second.start();
    see();
    return [...seen, heard.filter((what) => what.includes('rror')).join()];
  }, [`done,idle ${GERMAN}`, `idle,done ${GERMAN}`, `idle,done ${GERMAN}`, `idle,idle ${ENGLISH}`, `done,done ${GERMAN}`, '']);

  await check('a program takes the page over: idle, and nothing has failed', 'slow', async () => {
    const [first] = all, started = first.start();
    await until(() => first.state === 'translating');
    const { translatePage } = await import(new URL('page.js', location.href).href);
    const page = translatePage(document, { translateDetailed: async (texts) => texts.map((text) => ({ text, sentences: [] })) });
    await started;
    const seen = [states(), heard.slice(-2).join()];
    await page.restore();
    await first.start();
    return [...seen, states(), last()];
  }, ['idle,idle', 'idle,idle', 'done,done', GERMAN]);

  await check('start() and restore() settle when it is so, called twice, too', 'large', async () => {
    const [element] = all, german = () => [...document.querySelectorAll('p')].filter((p) => p.textContent[0] === '[').length;
    const seen = [];
    element.start();
    await element.start();
    seen.push(states(), german());
    element.restore();
    seen.push(german() > 0);
    await element.restore();
    seen.push(german());
    const started = element.start();
    await until(german);
    element.restore();
    await started;
    return [...seen, states(), german()];
  }, ['done', 1502, true, 0, 'idle', 0]);

  await check('the model is changed while a large page is translated: it is still an English page', 'large', async () => {
    const [element] = all;
    const seen = [];
    await element.start();
    element.model = 'en-de';
    await Promise.resolve();
    seen.push(states(), document.documentElement.lang, element.from);
    await until(() => noteOf(element));             // what a click costs: it knows the languages
    seen.push(document.documentElement.lang);
    await element.start();
    element.removeAttribute('model');
    await Promise.resolve();
    await element.start();
    return [...seen, states(), last(), element.from];
  }, ['idle', 'de', 'en', 'en', 'done', GERMAN, 'en']);

  await check('attributes set just before start()', 'bare', async () => {
    const [element] = all, seen = [];
    element.to = 'de';
    await element.start();
    seen.push(states(), last());
    element.from = 'en';
    element.model = 'en-de';
    const started = element.start();
    seen.push(states());
    await started;
    seen.push(states(), last());
    element.model = 'none';
    await element.restore();
    return [...seen, states(), last(), heard.join()];
  }, ['done', GERMAN, 'loading', 'done', GERMAN, 'idle', ENGLISH,
    'loading,translating,done,idle,loading,translating,done,idle']);

  for (const [name, from] of [['underscore', 'en-US'], ['nonsense', 'en']])
    await check(`a page whose language is written wrong: ${name}`, name, async () => {
      const [element] = all;
      await until(() => noteOf(element));
      await element.start();
      return [element.from, states(), last()];
    }, [from, 'done', GERMAN]);
});
