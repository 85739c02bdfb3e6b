/** Page translation under a real React application: its text is reversed, then its state changes.  React must never notice,
 *  what is new must be translated, and what is given back must be what React would have made without us.  FIREFOX=none
 *  leaves Firefox out. */

import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { after, before } from 'node:test';

import { build } from 'esbuild';
import { BROWSERS, start } from './harness.mjs';

const here = fileURLToPath(new URL('.', import.meta.url)), web = join(here, '../../web');
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dolmetsch-react-'));
  for (const name of await readdir(web)) if (name.endsWith('.js')) await cp(join(web, name), join(folder, name));
  await cp(join(here, 'page-fake.js'), join(folder, 'page-fake.js'));
  await build({ entryPoints: [join(here, 'react-app.jsx')], outfile: join(folder, 'react-app.js'), bundle: true, format: 'esm',
    jsx: 'automatic', define: { 'process.env.NODE_ENV': '"development"' }, logLevel: 'error' });
  await writeFile(join(folder, 'index.html'), `<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="data:,">
    <body><div id="app"></div><div id="outside"></div></body></html>`);
});
after(() => rm(folder, { recursive: true }));

/** In the page: the application, translated, and what the tests ask. */
async function setUp() {
  const load = (/** @type {string} */ name) => import(new URL(name, location.href).href);
  const [{ translatePage }, { FakeTranslator }, { mount }] =
    await Promise.all(['page.js', 'page-fake.js', 'react-app.js'].map(load));
  const [container, outside] = ['app', 'outside'].map((id) => document.getElementById(id));
  const app = mount(container, outside), page = translatePage(document, new FakeTranslator());
  const html = () => container.innerHTML.replaceAll(' lang="de"', '') + outside.innerHTML.replaceAll(' lang="de"', '');
  await page.finished;
  Object.assign(globalThis, {
    app, page, html,
    text: (/** @type {string} */ selector) => document.querySelector(selector)?.textContent,
    until: async (/** @type {() => boolean} */ holds) => {
      for (let i = 0; i < 250 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
      if (!holds()) throw new Error(`in vain: ${holds}\n${html()}`);
    },
    /** Given back, beside what React makes of the same states without us. */
    giveBack: async (/** @type {object[]} */ changes) => {
      await page.restore();
      const fresh = [document.createElement('div'), document.createElement('div')], other = mount(...fresh);
      for (const change of changes) other.render(change);
      const wanted = fresh.map(({ innerHTML }) => innerHTML).join(''), found = html();
      other.unmount();
      return { wanted, found };
    },
  });
}

/** Changes of the state one after the other, and what the page shows after each. @type {[string, object, () => boolean][]} */
const CHANGES = [
  ['text between elements', { name: 'Bob', count: 7 }, () =>
    text('h1') === 'LOT A IS WHICH, MAILS NEW 7 HAVE YOU, BOB HELLO.' && /^IT OF BOB/.test(text('#outside'))
    && text('[title="BOB OF TITLE THE"]') === 'THIS WROTE BOB.'],
  ['text goes', { count: 4 }, () => text('h1') === 'MAILS NEW 4 HAVE YOU, BOB HELLO.'],
  ['an element comes into a line', { extra: true }, () => text('#extra') === 'HERE WORD A SOMETIMES IS THERE.'],
  ['an element goes', { extra: false }, () => text('#extra') === 'HERE WORD A IS THERE.'],
  ['a block becomes another', { shown: false }, () => text('main > span') === 'GONE IS IT.' && !text('#shown')],
  ['and back', { shown: true }, () => text('#shown') === 'NOW SHOWN IS IT.'],
  ['a new key', { turn: 2 }, () => text('#keyed') === 'OWN ITS OF KEY A HAS THIS.'],
  ['a list in another order', { names: ['blue', 'red', 'black', 'green'] }, () =>
    text('ul') === 'HERE IS ONE BLUE THE.HERE IS ONE RED THE.HERE IS ONE BLACK THE.HERE IS ONE GREEN THE.'],
  ['a line of elements: the last comes first', { words: ['four', 'one', 'two', 'three'] }, () =>
    text('#words').trim() === 'THREE TWO ONE FOUR' && text('#fragments').trim() === 'THREE THEN, TWO THEN, ONE THEN, FOUR THEN,'],
  ['a line of elements: two change places', { words: ['four', 'two', 'one', 'three'] }, () =>
    text('#words').trim() === 'THREE ONE TWO FOUR'],
  ['a line of elements: backwards, one new, one gone', { words: ['three', 'five', 'two', 'four'] }, () =>
    text('#words').trim() === 'FOUR TWO FIVE THREE'],
  ['all of a line goes', { pair: false }, () =>
    text('#pair') === '' && text('#inner').trim() === 'THERE SEE.' && !text('#inner u')],
  ['and comes again', { pair: true }, () => text('#pair') === 'CAT BIG' && text('#inner u') === 'CAT BIG'],
];

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await start(folder, '', kind);
    t.after(() => browser.close());
    const visit = async () => {
      const { page, complaints } = await browser.open({ ready: false });
      await page.evaluate(setUp);
      return { page, complaints };
    };

    await t.test('the state changes: what is new is translated, and React is content', async (one) => {
      const { page, complaints } = await visit();
      for (const [name, change, holds] of CHANGES) await one.test(name, async () => {
        await page.evaluate((now) => globalThis.app.render(now), change);
        await page.evaluate(`until(${holds})`);
      });
      await page.click('#up');
      await page.evaluate(() => globalThis.until(() => /TIMES 4 PRESSED WAS IT/.test(globalThis.text('main'))));
      assert.deepEqual(await page.evaluate(() => globalThis.app.errors), []);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    for (const [i, [name, change]] of CHANGES.entries()) await t.test(`given back right after: ${name}`, async () => {
      const { page, complaints } = await visit(), before = CHANGES.slice(0, i).map(([, each]) => each);
      for (const each of before) await page.evaluate(async (now) => {
        globalThis.app.render(now);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }, each);
      const { wanted, found } = await page.evaluate((last, changes) => {
        globalThis.app.render(last);
        return globalThis.giveBack(changes);
      }, change, [...before, change]);
      assert.equal(found, wanted);
      await page.evaluate(() => globalThis.app.unmount());
      assert.equal(await page.evaluate(() => globalThis.html()), '');
      assert.deepEqual(complaints, []);
      await page.close();
    });

    await t.test('unmounted while it is translated: nothing is left', async () => {
      const { page, complaints } = await visit();
      await page.evaluate(() => globalThis.app.unmount());
      assert.equal(await page.evaluate(() => globalThis.html()), '');
      assert.deepEqual(await page.evaluate(() => globalThis.app.errors), []);
      assert.deepEqual(complaints, []);
    });
  });
}
