/** What leaves the page in real browsers, over the fake engine: links and the history, SVG and JSON. */

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { addWayBack, BROWSERS, fakeSite, start } from './harness.mjs';

const VERBS = 'Der Hund, der die Katze durch den Garten laufen gesehen haben muss.';
const GREETING = 'Guten Morgen, wie geht es Ihnen?';
const german = (page, text) => page.waitForFunction((want) => document.querySelector('#target').textContent === want
  && !document.querySelector('#target.waiting'), {}, text);
const hash = (page) => page.evaluate(() => location.hash);
const note = (page) => page.$eval('#note', (e) => (e.hidden ? '' : e.textContent));
const chosen = (page, selector) => page.waitForSelector(selector);
const GREETING_LINK = '#text=Good+morning%2C+how+are+you%3F';

for (const { kind, skip } of BROWSERS) {
  test.suite(kind, { skip }, () => {
    let site, browser;
    before(async () => {
      site = await fakeSite();
      browser = await start(site.folder, site.path, kind);
    });
    after(async () => {
      await browser?.close();
      await site?.remove();
    });

    test('a link brings back sentence, model and view; the button makes the same link', async () => {
      const link = `${GREETING_LINK}&view=matrix&kind=cross&layer=3&head=5&zoom=1%2E4&model=en-de`;
      const { page, complaints } = await browser.open({ hash: link });
      await german(page, GREETING);
      await chosen(page, '.dm-cells');
      await chosen(page, '.dm-head[aria-checked=true][aria-label="Layer 3, head 5"]');
      assert.match(await page.$eval('.dm-zoom', (e) => e.textContent), /140/);
      assert.equal(await note(page), '');
      const copied = await page.evaluate(() => new Promise((resolve) => {
        Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => resolve(text) } });
        document.querySelector('#share').click();
      }));
      assert.equal(copied, browser.url + link);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('a model that is not here, a foreign fragment: a note, and the page works', async () => {
      let { page } = await browser.open({ hash: `${GREETING_LINK}&model=xx-yy` });
      await german(page, GREETING);
      assert.match(await note(page), /no model xx-yy/);
      await page.close();
      ({ page } = await browser.open({ hash: '#access_token=1&x=%E0%A4%A' }));
      await german(page, VERBS);
      assert.match(await note(page), /not a link of this page/);
      await page.focus('#source');
      await page.keyboard.type(' ');
      assert.equal(await note(page), '', 'gone once somebody writes');
      await page.close();
    });

    test('Back and Forward: examples, an opened head, a typed text that the address does not tell', async () => {
      const { page, complaints } = await browser.open();
      await german(page, VERBS);
      await page.click('[data-example=greeting]');
      await german(page, GREETING);
      assert.ok((await hash(page)).startsWith(GREETING_LINK));
      await page.click('[role=tab][data-i=heads]');
      await chosen(page, '.dm-grid .dm-head');
      await page.click('.dm-of-cross .dm-head[data-i="9"]');
      await chosen(page, '.dm-head[aria-checked=true][aria-label="Layer 2, head 2"]');
      assert.match(await hash(page), /&kind=cross&layer=2&head=2/);
      await page.evaluate(() => history.back());
      await chosen(page, '.dm-grid');
      assert.match(await hash(page), /&view=heads/);
      await page.evaluate(() => history.forward());
      await chosen(page, '.dm-head[aria-checked=true][aria-label="Layer 2, head 2"]');

      await page.focus('#source');
      await page.keyboard.press('End');
      await page.keyboard.type(' Secret.');
      await page.waitForFunction(() => document.querySelector('#target').textContent.includes('[Secret]'));
      await page.waitForFunction(() => location.hash === '');            // what is typed is not in the address
      await page.evaluate(() => history.back());
      await german(page, GREETING);
      await page.evaluate(() => history.forward());
      await page.waitForFunction(() => document.querySelector('#target').textContent.includes('[Secret]'));
      await page.evaluateOnNewDocument(() => {
        history.replaceState = (...state) => { History.prototype.replaceState.apply(history, state); window.written = true; };
      });
      await page.reload();
      await page.waitForFunction(() => document.querySelector('#target').textContent.includes('[Secret]'));
      await page.waitForFunction(() => window.written);                  // which may undo a step that is under way
      for (const text of [GREETING, VERBS]) {                            // the grid, the first example
        await page.evaluate(() => history.back());
        await german(page, text);
      }
      await page.evaluate(() => { location.hash = '#text=Good+morning,+how+are+you?'; });
      await german(page, GREETING);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('the page turns round, Back turns it again, and a link says which way', async () => {
      const { page, complaints } = await browser.open();
      const read = (...ids) => page.evaluate((names) => names.map((id) => document.getElementById(id).textContent), ids);
      await german(page, VERBS);
      assert.equal(await page.$eval('#turn', (e) => e.checkVisibility()), false, 'where there is no way back, none is offered');
      await addWayBack(site.site);
      await page.reload();
      await german(page, VERBS);
      await page.waitForSelector('#turn:not([hidden])');
      await page.click('#turn');                    // an example becomes the same one in German
      await page.waitForFunction(() => document.querySelector('#target').textContent.startsWith('[Der] [Hund]'));
      assert.deepEqual(await read('source-name', 'target-name'), ['German', 'English']);
      assert.equal(await page.$eval('#target', (e) => e.lang), 'en');
      assert.match(await page.$eval('.dm-overlay .dm-caption', (e) => e.textContent), /English word draws on the German ones/);
      const link = await hash(page);
      assert.match(link, /^#text=Der\+Hund.*&from=de/);

      await page.$eval('#source', (e) => e.select());
      await page.keyboard.type('Guten Tag');        // what was typed becomes its translation
      await page.waitForFunction(() => document.querySelector('#target').textContent === '[Guten] [Tag]');
      await page.click('#turn');
      await page.waitForFunction(() => document.querySelector('#target').textContent === '[[Guten]] [[Tag]]');
      assert.equal(await page.$eval('#source', (e) => e.value), '[Guten] [Tag]');
      assert.deepEqual(await read('source-name', 'target-name'), ['English', 'German']);
      await page.evaluate(() => history.back());
      await page.waitForFunction(() => document.querySelector('#target').textContent === '[Guten] [Tag]');
      assert.deepEqual(await read('source-name', 'target-name'), ['German', 'English']);
      await page.evaluate(() => { for (let i = 0; i < 2; i++) document.querySelector('#turn').click(); });
      assert.equal(await page.$eval('#source', (e) => e.value), 'Guten Tag', 'turned twice before it was translated again');
      assert.deepEqual(await read('source-name', 'target-name'), ['German', 'English']);

      // A page that is left while its worker loads has files cut off, and says so.
      await page.waitForFunction(() => document.querySelector('#loading').hidden
        && /words\/s/.test(document.querySelector('#status').textContent));
      await page.goto('about:blank');
      await page.goto(browser.url + link);
      await page.waitForFunction(() => document.querySelector('#target').textContent.startsWith('[Der] [Hund]'));
      assert.deepEqual(await read('source-name', 'target-name'), ['German', 'English']);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('SVG and JSON of what is on show', async () => {
      const { page, complaints } = await browser.open();
      const saved = async (label, view) => {
        await page.click(`[role=tab][data-i=${view}]`);
        await page.waitForFunction((name) => document.querySelector(`[role=tab][data-i=${name}]`).ariaSelected === 'true'
          && document.querySelector('.dm-stage > *') && !document.querySelector('.dm-waiting'), {}, view);
        await page.click('.dm-menu summary');
        return page.evaluate(async (want) => {
          Object.defineProperty(navigator, 'clipboard', { configurable: true, value:
            { writeText: async (text) => { window.copied = text; } } });
          window.copied = undefined;
          [...document.querySelectorAll('.dm-menu button')].find((e) => e.textContent === want).click();
          for (let i = 0; i < 100 && !window.copied; i++) await new Promise((resolve) => setTimeout(resolve, 50));
          if (!want.endsWith('SVG')) return window.copied;
          const image = new Image(), dom = new DOMParser().parseFromString(window.copied, 'image/svg+xml');
          image.src = `data:image/svg+xml,${encodeURIComponent(window.copied)}`;
          await image.decode();
          return { error: dom.querySelector('parsererror')?.textContent, words: [...dom.querySelectorAll('text')].length,
                   paths: dom.querySelectorAll('path').length, cells: dom.querySelectorAll('rect').length,
                   all: dom.documentElement.textContent, size: [image.naturalWidth, image.naturalHeight] };
        }, label);
      };
      const lines = await saved('Copy SVG', 'lines');
      assert.equal(lines.error, undefined);
      assert.ok(lines.words >= 35 && lines.paths > 15 && lines.size[0] > 500, JSON.stringify(lines));
      assert.match(lines.all, /Attention is not explanation/);
      assert.ok((await saved('Copy SVG', 'matrix')).cells > 30);
      assert.match((await saved('Copy SVG', 'heads')).all, /Encoder, layer 6, head 8/);
      const json = JSON.parse(await saved('Copy JSON', 'heads'));
      assert.equal(json.format, 'dolmetsch-attention-1');
      assert.equal(json.source, await page.$eval('#source', (e) => e.value));
      assert.deepEqual([json.shown.tab, json.model.name, json.result.text], ['heads', 'fake', VERBS]);
      assert.equal(json.result.sentences[0].attention.cross.length, 6);

      const [name, type, said] = await page.evaluate(async () => {
        let blob, name;
        URL.createObjectURL = (given) => { blob = given; return '#'; };
        HTMLAnchorElement.prototype.click = function () { name = this.download; };
        const button = [...document.querySelectorAll('.dm-menu button')].find((e) => e.textContent === 'Download SVG');
        const menu = button.closest('details'), summary = menu.querySelector('summary');
        const said = new Promise((resolve) => {
          new MutationObserver(() => resolve(summary.textContent)).observe(summary, { childList: true, subtree: true });
        });
        menu.open = true;
        button.click();
        return [await said.then(() => name), blob.type, await said];
      });
      assert.deepEqual([name, type, said],
        ['dolmetsch-the-dog-who-must-have-been-able-to-see-t.svg', 'image/svg+xml', 'Saved']);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('the menu by keyboard: Escape closes it and gives the focus back', async () => {
      const { page } = await browser.open();
      await page.focus('.dm-menu summary');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Copy SVG');
      await page.keyboard.press('Escape');
      assert.deepEqual(await page.evaluate(() => [document.activeElement.tagName, document.querySelector('.dm-menu').open]),
        ['SUMMARY', false]);
      await page.close();
    });
  });
}
