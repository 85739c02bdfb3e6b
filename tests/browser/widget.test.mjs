/** <dolmetsch-page> in real Chromium and real Firefox, over the fake engine, against a server that can misbehave:
 *  every state, the events, the keyboard, what screen readers are told.  FIREFOX=none leaves Firefox out. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { badServer } from '../bad_server.mjs';
import { BROWSERS, fakeSite, launch } from './harness.mjs';

const axe = await readFile('node_modules/axe-core/axe.min.js', 'utf8');
const ENGLISH = ['Good morning, how are you?', 'The second one.', 'A third.'];
const GERMAN = ['Guten Morgen, wie geht es Ihnen?', '[The] [second] [one].', '[A] [third].'];
const READ = 'Diese Seite auf Deutsch lesen', BACK = 'Original zeigen', AGAIN = 'Noch einmal versuchen';
const NOTE = 'Lädt einmalig 0,4 MB. Was Sie lesen, bleibt auf diesem Gerät.';
const DONE = 'Auf Deutsch, maschinell auf diesem Gerät übersetzt.';
/** Files that are for those who have asked. */
const HEAVY = /^(model\.\d+|(engine|worker|translator|page|overlay)\.js|.*\.wasm|manifest\.json)$/;

const html = (/** @type {string} */ body, script = 'widget-define.js') => `<!doctype html><html lang="en"><meta charset="utf-8">
  <title>A page</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
  <script>globalThis.heard = []; for (const name of ['state', 'progress', 'error'])
    addEventListener('dolmetsch-' + name, ({ detail }) => heard.push([name, detail]));</script>
  <script type="module" src="${script}"></script><body><main><h1>A page</h1>${body}
  ${ENGLISH.map((text) => `<p>${text}</p>`).join('\n')}</main></body></html>`;
const LINK = '<dolmetsch-page to="de"><a href="elsewhere.html">Auf Deutsch</a></dolmetsch-page>';
const DETAILS = `<dolmetsch-page to="de"><details><summary>Auf Deutsch</summary>Einen Moment.</details></dolmetsch-page>`;
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
const PAGES = {
  plain: html('<dolmetsch-page to="de"></dolmetsch-page>'),
  link: html(LINK),
  form: html('<dolmetsch-page to="de"><form action="elsewhere.html"><button>Auf Deutsch</button></form></dolmetsch-page>'),
  details: html(DETAILS),
  scriptless: html(LINK, 'missing.js'),
  french: html('<dolmetsch-page to="fr"></dolmetsch-page>'),
  nowhere: html('<dolmetsch-page></dolmetsch-page>'),
  unlucky: html('<dolmetsch-page to="de"></dolmetsch-page><p>An unlucky text.</p>'),
  slow: html(`<dolmetsch-page to="de"></dolmetsch-page><p>${'It goes slowly. '.repeat(100)}</p>`),
  elsewhere: html(''),
};

let site, server;
before(async () => {
  site = await fakeSite();
  for (const [name, text] of Object.entries(PAGES)) await writeFile(join(site.site, `${name}.html`), text);
  server = await badServer(site.folder);
});
after(async () => {
  await server?.close();
  await site?.remove();
});

/** A page of the site in a profile of its own, and what there is to do and to see on it. */
async function visit(browser, name, faults = {}) {
  server.reset();
  for (const [file, list] of Object.entries(faults)) server.faults.set(file, list);
  const context = await browser.createBrowserContext(), page = await context.newPage(), wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.goto(`${server.url}${site.path}${name}.html`, { waitUntil: 'load' });
  if (!['scriptless', 'elsewhere'].includes(name)) await page.waitForSelector('dolmetsch-page[state=idle]');
  return {
    page, wrong,
    close: () => context.close(),
    state: (/** @type {string} */ wanted) => page.waitForSelector(`dolmetsch-page[state=${wanted}]`, { timeout: 60_000 }),
    note: () => page.waitForFunction(() =>
      document.querySelector('dolmetsch-page').shadowRoot.querySelector('[part=note]').textContent),
    /** Like a mouse: on a button of the widget or of the page, that is to be seen. */
    click: (/** @type {string} */ text) => page.evaluate((wanted) => {
      const host = document.querySelector('dolmetsch-page');
      const all = [...host.querySelectorAll('a, button, summary'), ...host.shadowRoot.querySelectorAll('button')]
        .filter((one) => one.checkVisibility());
      const button = all.find((one) => one.textContent === wanted);
      if (!button) throw new Error(`no button says ${wanted}: ${all.map((one) => one.textContent)}`);
      button.focus();
      button.click();
    }, text),
    paragraphs: () => page.$$eval('p', (list) => list.map((p) => p.textContent)),
    seen: () => page.evaluate(() => {
      const root = document.querySelector('dolmetsch-page').shadowRoot, active = root.activeElement ?? document.activeElement;
      const visible = [...root.querySelectorAll('button, progress, [part=error], [part=status], [part=note]')]
        .filter((one) => one.checkVisibility());
      return { words: visible.map((one) => one.textContent).filter(Boolean).join(' | '),
        bar: visible.some((one) => one.localName === 'progress'), said: root.querySelector('[role=status]').textContent,
        focus: active === document.body ? '' : active?.textContent };
    }),
    heard: (/** @type {string} */ what) => page.evaluate((wanted) => globalThis.heard.filter(([name]) => name === wanted)
      .map(([, { state, done, total, error }]) => ({ state, done, total, error: error?.name })), what),
    violations: async () => {
      await page.evaluate(axe);
      return page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`)}`));
    },
  };
}

/** @param {import('node:test').TestContext} t @param {import('puppeteer-core').Browser} browser */
async function looks(t, browser) {
  await t.test('importing the classes registers nothing; defining them twice is once', async () => {
    const { page, close } = await visit(browser, 'scriptless');
    assert.deepEqual(await page.evaluate(async () => {
      const there = () => ['page', 'attention'].map((name) => Boolean(customElements.get(`dolmetsch-${name}`)));
      const load = (/** @type {string} */ name) => import(new URL(name, location.href).href);
      await load('widget.js');
      const before = there();
      await load('widget-define.js');
      await load('widget-define.js?again');
      return [before, there()];
    }), [[false, false], [true, true]]);
    await close();
  });

  await t.test('idle: it says what a click would fetch, and has fetched nothing heavy', async () => {
    const { page, note, seen, violations, wrong, close } = await visit(browser, 'plain');
    await note();
    assert.deepEqual(await seen(), { words: `${READ} | ${NOTE}`, bar: false, said: '', focus: '' });
    assert.deepEqual([...server.asked.keys()].filter((name) => HEAVY.test(name)), []);
    assert.ok(server.asked.get('index.json'));
    assert.deepEqual(await violations(), []);
    assert.equal(await page.$eval('dolmetsch-page', (e) => e.getAttribute('translate')), 'no');
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('a click translates; the original comes back; the second time nothing is fetched', async () => {
    const { page, click, state, paragraphs, seen, heard, violations, wrong, close } = await visit(browser, 'plain');
    await click(READ);
    await state('done');
    assert.deepEqual(await paragraphs(), GERMAN);
    assert.deepEqual(await seen(), { words: `${BACK} | ${DONE}`, bar: false, said: DONE, focus: BACK });
    assert.deepEqual(await violations(), []);
    assert.deepEqual((await heard('state')).map((event) => event.state), ['loading', 'translating', 'done']);
    const progress = await heard('progress');
    for (const phase of ['loading', 'translating']) {
      const steps = progress.filter((event) => event.state === phase);
      assert.ok(steps.every(({ done }, i) => done >= (steps[i - 1]?.done ?? 0)), phase);
      assert.equal(steps.at(-1).done, steps.at(-1).total, phase);
    }
    assert.ok(progress.at(-1).total >= ENGLISH.length);
    await click(BACK);
    assert.deepEqual(await paragraphs(), ENGLISH);
    const { said, focus } = await seen();
    assert.deepEqual([said, focus], ['Dies ist wieder das Original.', READ]);
    const fetched = [...server.asked.keys()].length;
    await page.evaluate(() => document.querySelector('dolmetsch-page').start());
    assert.deepEqual(await paragraphs(), GERMAN);
    assert.equal([...server.asked.keys()].length, fetched);
    assert.deepEqual(await heard('error'), []);
    assert.deepEqual(wrong, []);
    await close();
  });

  await t.test('it knows what is on the device already', async () => {
    const { page, click, state, seen, note, close } = await visit(browser, 'plain');
    await click(READ);
    await state('done');
    await page.reload();
    await note();
    assert.equal((await seen()).words, `${READ} | Der Übersetzer ist schon auf diesem Gerät. Was Sie lesen, bleibt hier.`);
    await close();
  });

  await t.test('keyboard alone: tab, enter, enter; the focus is never lost', async () => {
    const { page, state, seen, paragraphs, close } = await visit(browser, 'plain');
    await page.keyboard.press('Tab');
    assert.equal((await seen()).focus, READ);
    await page.keyboard.press('Enter');
    await state('done');
    assert.equal((await seen()).focus, BACK);
    await page.keyboard.press(' ');
    await state('idle');
    assert.equal((await seen()).focus, READ);
    assert.deepEqual(await paragraphs(), ENGLISH);
    await close();
  });

  for (const own of ['link', 'form', 'details']) await t.test(`a ${own} of the page's own is its button`, async () => {
    const { page, click, state, seen, paragraphs, close } = await visit(browser, own);
    assert.ok(!(await seen()).words.includes(READ));
    await click('Auf Deutsch');
    await state('done');
    assert.deepEqual(await paragraphs(), GERMAN);
    assert.ok(page.url().endsWith(`${own}.html`));
    assert.deepEqual([(await seen()).words, (await seen()).focus], [`${BACK} | ${DONE}`, BACK]);
    await click(BACK);
    assert.equal((await seen()).focus, 'Auf Deutsch');
    await close();
  });

  const EARLY = ['a click', 'a key', 'a click and another'];
  for (const how of EARLY) await t.test(`${how} on <details> before the script has come`, async () => {
    server.reset();
    server.faults.set('widget-define.js', ['held']);
    server.headers.set('Content-Security-Policy', POLICY);
    const context = await browser.createBrowserContext(), page = await context.newPage();
    const loaded = page.goto(`${server.url}${site.path}details.html`);
    await page.waitForSelector('summary');
    if (how === 'a key') await page.keyboard.press('Tab').then(() => page.keyboard.press('Enter'));
    else await page.click('summary');
    await page.waitForSelector('details[open]');
    if (how === 'a click and another') await page.click('summary');
    const words = await page.$eval('dolmetsch-page', (e) => /** @type {HTMLElement} */ (e).innerText);
    assert.equal(/Einen Moment/.test(words), how !== 'a click and another');
    server.release();
    await loaded;
    if (how === 'a click and another') {
      await page.waitForSelector('dolmetsch-page[state=idle]');
      await page.click('summary');
    }
    await page.waitForSelector('dolmetsch-page[state=done]');
    assert.deepEqual(await page.$$eval('p', (list) => list.map((p) => p.textContent)), GERMAN);
    assert.equal(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent), BACK);
    assert.equal(await page.$('details[open]'), null);
    await context.close();
  });

  await t.test('without the script a link is a link', async () => {
    const { page, close } = await visit(browser, 'scriptless');
    await Promise.all([page.waitForNavigation(), page.click('dolmetsch-page a')]);
    assert.ok(page.url().endsWith('elsewhere.html'));
    await close();
  });
}

/** @param {import('node:test').TestContext} t @param {import('puppeteer-core').Browser} browser */
async function failures(t, browser) {
  const FAULTS = [
    ['the model is not there', 'manifest.json', 'not there', 'Der Übersetzer konnte nicht geladen werden.', 'NetworkError'],
    ['a chunk is another version', 'model.001', 'another version',
     'Die Dateien des Übersetzers passen nicht zusammen.', 'NetworkError'],
    ['the worker does not come', 'worker.js', 'not there', 'Der Übersetzer startet in diesem Browser nicht.', 'OperationError'],
    ['a module does not come', 'page.js', 'not there', 'Der Übersetzer konnte nicht geladen werden.', 'TypeError'],
  ];
  for (const [what, file, fault, words, error] of FAULTS) await t.test(`${what}: says so; works at the second try`, async () => {
    const tools = await visit(browser, 'plain', { [file]: [fault] });
    const { click, state, seen, heard, paragraphs, violations, wrong, close } = tools;
    await click(READ);
    await state('error');
    const shown = await seen();
    assert.ok(shown.words.startsWith(words) && shown.words.endsWith(`| ${AGAIN}`), shown.words);
    assert.deepEqual([shown.bar, shown.focus], [false, AGAIN]);
    assert.deepEqual((await heard('error')).map((event) => event.error), [error]);
    assert.deepEqual(await paragraphs(), ENGLISH);
    assert.deepEqual(await violations(), []);
    server.reset();
    await click(AGAIN);
    await state('done');
    assert.deepEqual(await paragraphs(), GERMAN);
    assert.deepEqual(wrong, []);
    await close();
  });

  const WRONG = [['french', 'There is no translator for these two languages.', 'from en to fr'],
                 ['nowhere', 'The translation failed.', 'needs the attribute "to"']];
  for (const [name, what, why] of WRONG) await t.test(`${name}: an error in English`, async () => {
    const { click, state, seen, page, close } = await visit(browser, name);
    await click(await page.$eval('dolmetsch-page', (e) => e.shadowRoot.querySelector('button').textContent));
    await state('error');
    const { words } = await seen();
    assert.ok(words.startsWith(what) && words.includes(why), words);
    await close();
  });

  await t.test('cancelled while it loads: idle at once, and it can be begun again', async () => {
    const { click, state, heard, paragraphs, close } = await visit(browser, 'plain', { 'model.001': ['silence'] });
    await click(READ);
    await state('loading');
    await click('Abbrechen');
    await state('idle');
    server.reset();
    await click(READ);
    await state('done');
    assert.deepEqual(await paragraphs(), GERMAN);
    assert.deepEqual(await heard('error'), []);
    await close();
  });

  await t.test('given back in the middle: nothing comes late', async () => {
    const { click, state, paragraphs, seen, heard, page, close } = await visit(browser, 'slow');
    const before = await paragraphs();
    await click(READ);
    await state('translating');
    assert.ok((await seen()).bar);
    await click(BACK);
    assert.deepEqual(await paragraphs(), before);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    assert.deepEqual(await paragraphs(), before);
    assert.deepEqual(await heard('error'), []);
    assert.equal((await heard('state')).at(-1).state, 'idle');
    await close();
  });

  await t.test('it fails in the middle: what is there stays, until it is given back or tried again', async () => {
    const { page, click, state, paragraphs, seen, heard, violations, close } = await visit(browser, 'unlucky');
    const before = await paragraphs();
    await click(READ);
    await state('error');
    assert.match((await seen()).words,
      /^Der Speicher reicht .*an unlucky text \(DM_ERR_MEMORY\) \| Noch einmal.* \| Original zeigen$/);
    assert.equal((await heard('error')).length, 1);
    assert.deepEqual(await violations(), []);
    await click(BACK);
    assert.deepEqual(await paragraphs(), before);
    await click(READ);
    await state('error');
    await page.$eval('p', (e) => e.remove());
    await click(AGAIN);
    await state('done');
    assert.deepEqual(await paragraphs(), GERMAN);
    await close();
  });

  await t.test('what the page adds is translated; where that fails, it says so and goes on', async () => {
    const { page, click, state, paragraphs, seen, heard, close } = await visit(browser, 'plain');
    const add = (/** @type {string} */ text) => page.evaluate((words) => {
      document.querySelector('main').append(Object.assign(document.createElement('p'), { textContent: words }));
    }, text);
    await click(READ);
    await state('done');
    await add('An unlucky text.');
    await page.waitForFunction(() => document.querySelector('dolmetsch-page').shadowRoot.textContent.includes('später dazukam'));
    await add('A fourth.');
    await page.waitForFunction(() => document.querySelector('p:last-of-type').textContent === '[A] [fourth].');
    assert.deepEqual(await paragraphs(), [...GERMAN, 'An unlucky text.', '[A] [fourth].']);
    assert.equal((await seen()).words, `${BACK} | ${DONE} Etwas, das später dazukam, ließ sich nicht übersetzen.`);
    assert.equal((await heard('error')).length, 1);
    await click(BACK);
    assert.deepEqual(await paragraphs(), [...ENGLISH, 'An unlucky text.', 'A fourth.']);
    await close();
  });

  await t.test('other attributes, or taken out: the page is as it was', async () => {
    const { page, click, state, paragraphs, seen, close } = await visit(browser, 'plain');
    await click(READ);
    await state('done');
    await page.$eval('dolmetsch-page', (e) => { e.to = 'fr'; e.from = 'en'; });
    await state('idle');
    assert.deepEqual(await paragraphs(), ENGLISH);
    assert.equal((await seen()).words, 'Read this page in French');
    await page.$eval('dolmetsch-page', (e) => { e.to = 'de'; });
    await page.evaluate(() => Promise.resolve());
    await click(READ);
    await state('done');
    assert.deepEqual(await paragraphs(), GERMAN);
    await page.$eval('dolmetsch-page', (e) => { document.body.append(e); });
    assert.deepEqual(await paragraphs(), GERMAN, 'moved, not taken out');
    await page.evaluate(() => { globalThis.kept = document.querySelector('dolmetsch-page'); kept.remove(); });
    assert.deepEqual(await paragraphs(), ENGLISH);
    await page.evaluate(() => document.body.append(globalThis.kept));
    await click(READ);
    await state('done');
    await close();
  });
}

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await launch(kind);
    t.after(() => browser.close());
    await looks(t, browser);
    await failures(t, browser);
  });
}
