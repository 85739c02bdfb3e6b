/** The overlay's views in real browsers, over the fake engine: the grid of all heads, long sentences, values, the table. */

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BROWSERS, fakeSite, start } from './harness.mjs';

/** Sixty tokens and more, of a page of documentation (MDN Web Docs, CC-BY-SA 2.5). */
const LONG = 'Ordinarily, if you were implementing a "play video in greyscale" feature, you\'d probably add display: none to the '
  + 'style for the <video> element, to keep the source video from being drawn to the screen while showing only the canvas.';
const focused = (page, what = 'aria-label') => page.evaluate((name) => document.activeElement.getAttribute(name), what);
const texts = (page, selector) => page.$$eval(selector, (list) => list.map((e) => e.textContent));
const tab = async (page, name, drawn) => {
  await page.click(`[role=tab][data-i=${name}]`);
  await page.waitForSelector(drawn);
};
async function type(page, text) {
  await page.$eval('#source', (e, value) => {
    e.value = value;
    e.dispatchEvent(new Event('input', { bubbles: true }));
  }, text);
  await page.waitForFunction((first) => document.querySelector('#target').textContent.includes(first)
    && !document.querySelector('#target.waiting'), {}, `[${text.split(/\W/)[0]}]`);
}

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

    test('all heads: each a picture with a name, the guided one marked; Enter opens it', async () => {
      const { page, complaints } = await browser.open();
      await tab(page, 'heads', '.dm-grid .dm-head');
      assert.deepEqual(await texts(page, '.dm-grid-title'),
        ['Cross-attention 6 layers × 8 headstrained to align', 'Encoder 6 layers × 8 heads']);
      const heads = await page.$$eval('.dm-grid .dm-head', (list) => list.map((e) => {
        const canvas = e.querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return { name: e.getAttribute('aria-label'), guided: e.classList.contains('dm-guided'), tab: e.tabIndex === 0,
                 size: [canvas.width, canvas.height], painted: data.some((byte, i) => i % 4 === 3 && byte > 20) };
      }));
      assert.equal(heads.length, 96);
      assert.equal(new Set(heads.map(({ name }) => name.split(':')[0])).size, 96);
      assert.deepEqual(heads.filter(({ guided }) => guided).map(({ name }) => name),
        ['Cross-attention, layer 6, head 1, trained to align: mostly the aligned word (83\u00a0%)']);
      assert.equal(heads[48].name, 'Encoder, layer 1, head 1: mostly the word itself (77\u00a0%)');
      assert.deepEqual([heads[0].size, heads[48].size], [[18, 15], [18, 18]], 'words of the source by words of the target');
      assert.ok(heads.every(({ painted }) => painted));
      assert.equal(heads.filter((head) => head.tab).length, 2, 'one tab stop for each kind');

      await page.focus('.dm-of-cross .dm-head');
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
      assert.match(await focused(page), /^Cross-attention, layer 2, head 3: /);
      assert.match(await page.$eval('.dm-reading', (e) => e.textContent), /^Cross-attention, layer 2, head 3: /);
      await page.keyboard.press('Enter');
      await page.waitForSelector('.dm-lines');
      await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Layer 2, head 3');
      assert.equal(await page.$eval('input[value=cross]', (e) => e.checked), true);
      await tab(page, 'heads', '.dm-grid [aria-current]');
      assert.match(await page.$eval('.dm-grid [aria-current]', (e) => e.getAttribute('aria-label')), /^Cross-.*layer 2, head 3:/);
      await page.click('.dm-of-encoder .dm-head[data-i="21"]');
      await page.waitForSelector('.dm-lines .dm-source.dm-row');
      assert.equal(await page.$eval('.dm-head[aria-checked=true]', (e) => e.getAttribute('aria-label')), 'Layer 3, head 6');
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('all heads: a word of the text is a band through every picture that has it', async () => {
      const { page } = await browser.open();
      await tab(page, 'heads', '.dm-grid .dm-head');
      const bands = () => page.$$eval('.dm-grid-heads', (list) => list.map((e) => [e.className.match(/dm-band-\w+/)?.[0] ?? '',
        e.style.getPropertyValue('--dm-at').slice(0, 5)]));
      await page.focus('#target .dm-word');
      await page.keyboard.press('ArrowRight');                           // Hund, the second of 15 words
      const [cross, [encoder]] = await bands();
      assert.deepEqual([cross, encoder], [['dm-band-row', '6.666'], '']);
      await page.focus('#source');
      await page.$eval('#source', (e) => e.setSelectionRange(4, 4));
      await page.keyboard.press('ArrowRight');                           // dog, the second of 18
      assert.deepEqual(await bands(), [['dm-band-col', '5.555'], ['dm-band-row', '5.555']]);
      await page.close();
    });

    test('lines: values at the words; the arrow key across goes to the strongest counterpart', async () => {
      const { page, complaints } = await browser.open();
      const values = (side) => page.$$eval(`.dm-lines .dm-${side} .dm-word[data-value]`,
        (list) => list.map((e) => `${e.textContent} ${e.getAttribute('data-value')}`));
      await page.focus('.dm-lines .dm-row .dm-word[data-i="6"]');
      assert.deepEqual(await values('col'), ['through 91\u00a0%', 'the 5\u00a0%']);
      assert.deepEqual(await values('row'), []);
      await page.keyboard.press('ArrowUp');
      assert.match(await focused(page), /^through, became durch/);
      assert.deepEqual(await values('row'), ['durch 91\u00a0%']);
      await page.keyboard.press('ArrowUp');                              // nothing is above
      assert.match(await focused(page), /^through, /);
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      assert.match(await focused(page), /^den, from the/);
      assert.equal(await page.$eval('.dm-words.dm-col', (e) => e.querySelectorAll('[tabindex="0"]').length), 1);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('the table: the counterparts of every word, in words', async () => {
      const { page, complaints } = await browser.open();
      await tab(page, 'table', '.dm-table');
      const rows = await texts(page, '.dm-table tr');
      assert.deepEqual(rows.slice(0, 3),
        ['Germanfrom English', 'DerThe 92\u00a0%, dog 5\u00a0%', 'Hunddog 95\u00a0%, The 3\u00a0%']);
      assert.match(rows.at(-1), /^end of sentenceend of sentence 70/);
      assert.equal(rows.length, 16);
      assert.deepEqual((await texts(page, '.dm-table th[scope=row]')).slice(0, 2), ['Der', 'Hund']);
      assert.match(await page.$eval('.dm-table caption', (e) => e.textContent), /trained to align/);
      await page.focus('#target .dm-word');
      assert.deepEqual(await texts(page, '.dm-table tr.dm-on th'), ['Der']);
      await page.click('input[value=encoder] + span');
      await page.waitForFunction(() => document.querySelector('.dm-table thead').textContent === 'Englishlooks at');
      assert.equal(await page.$$eval('.dm-table tbody tr', (list) => list.length), 18);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('sixty tokens on a narrow screen: the words are in sight, the labels stay, zoom changes the size', async () => {
      const { page, complaints } = await browser.open({ width: 360, height: 780 });
      await type(page, LONG);
      await page.waitForSelector('.dm-tall.dm-dense');
      const lines = () => page.$eval('.dm-lines', (e) => e.getBoundingClientRect().height);
      const fit = await lines();
      assert.ok(await page.$$eval('.dm-lines .dm-row .dm-word', (list) => list.every((e) => e.offsetHeight >= 12
        && Number.parseFloat(getComputedStyle(e).fontSize) >= 10)), 'not too small to read');
      await page.focus('.dm-lines .dm-row .dm-word[data-i="30"]');
      const { top, bottom } = await page.$eval('.dm-reading', (e) => e.getBoundingClientRect().toJSON());
      assert.ok(top > 0 && bottom < 781, `the reading is at ${top} to ${bottom}`);
      await page.keyboard.press('+');
      assert.match(await focused(page), /^\[keep\], from/, 'the focus stays');
      assert.ok(await lines() > 1.2 * fit);
      await page.keyboard.press('0');
      assert.equal(await lines(), fit);

      await tab(page, 'matrix', '.dm-cells');
      const size = () => page.$eval('.dm-cells', (e) => e.clientWidth);
      const before = await size();
      await page.click('[aria-label=Larger]');
      assert.ok(await size() > 1.3 * before);
      await page.focus('.dm-cells');
      for (const key of ['ArrowRight', 'End', ...Array(40).fill('ArrowDown')]) await page.keyboard.press(key);
      const { box, tip, labels } = await page.evaluate(() => {
        const rect = (selector) => document.querySelector(selector).getBoundingClientRect().toJSON();
        return { box: rect('.dm-matrix'), tip: rect('.dm-tip'),
                 labels: [...document.querySelectorAll('.dm-label.dm-on')].map((e) => e.getBoundingClientRect().toJSON()) };
      });
      for (const one of [tip, ...labels]) assert.ok(one.left >= box.left - 1 && one.right <= box.right + 1
        && one.top >= box.top - 1 && one.bottom <= box.bottom + 1, JSON.stringify({ one, box }));
      assert.equal(labels.length, 2);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('any of several sentences, from a list', async () => {
      const { page } = await browser.open();
      await type(page, 'One is here. Two is there. Three is nowhere.');
      await page.waitForFunction(() => document.querySelectorAll('.dm-pager option').length === 3);
      assert.deepEqual(await texts(page, '.dm-pager option'), ['1. One is here.', '2. Two is there.', '3. Three is nowhere.']);
      await page.select('.dm-pager select', '3. Three is nowhere.');
      await page.waitForFunction(() => document.querySelector('.dm-lines .dm-word').textContent === 'Three');
      assert.match(await page.$eval('.dm-pager label', (e) => e.textContent), /^Sentence 3 of 3/);
      assert.deepEqual(await page.$$eval('.dm-pager button', (list) => list.map((e) => e.disabled)), [false, true]);
      await page.close();
    });

    test('a model with self-attention in its decoder, one with a single head, one with none', async () => {
      const { page, complaints } = await browser.open();
      const seen = await page.evaluate(async () => {
        const { Overlay } = await import('./overlay.js');
        const token = (text, at) => ({ text, start: at, end: at + text.length });
        const rows = [[0.9, 0.1, 0], [0.1, 0.9, 0], [0, 0, 1]], one = [[rows]];
        const sentence = { source: [token(' a', 0), token(' b', 2), token('', 4)], score: 0, cut: false, alignment: rows,
                           target: [token(' c', 0), token(' d', 2), token('', 4)] };
        const show = async (more, tabName, model) => {
          const root = document.body.appendChild(document.createElement('section')), overlay = new Overlay(root);
          overlay.choose({ tab: tabName });
          overlay.show({ text: ' c d', score: 0, sentences: [{ ...sentence, ...more }] }, model);
          for (let i = 0; i < 100 && !root.querySelector('.dm-stage > *'); i++) await new Promise((done) => setTimeout(done, 20));
          const { className } = root.querySelector('.dm-stage > *');
          return [className, [...root.querySelectorAll('.dm-grid-title')].map((e) => e.firstChild.textContent.trim()),
                  root.querySelector('[role=tablist]').hidden || [...root.querySelectorAll('[role=tab]')].map((e) => !e.hidden)];
        };
        return [await show({ attention: { cross: [[rows, rows]], decoder: one, encoder: one } }, 'heads'),
                await show({ attention: { cross: one } }, 'heads', { architecture: 'bahdanau' }),
                await show({ alignment: [] }, 'table')];
      });
      assert.deepEqual(seen, [['dm-grid', ['Cross-attention', 'Encoder', 'Decoder'], [true, true, true, true]],
        ['dm-lines', [], [true, true, false, true]], ['dm-lines', [], true]]);
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('a view whose code does not come says so, and the others go on', async () => {
      const file = join(site.site, 'overlay-table.js');
      const { page } = await browser.open();
      await page.evaluate(() => navigator.serviceWorker?.getRegistration().then((registration) => registration?.unregister()));
      await page.evaluate(() => caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name)))));
      await rename(file, `${file}.away`);
      try {
        await page.reload();
        await page.waitForSelector('.dm-lines .dm-word');
        await page.click('[role=tab][data-i=table]');
        await page.waitForFunction(() =>
          /^The attention could not be drawn: /.test(document.querySelector('.dm-said').textContent));
        await tab(page, 'matrix', '.dm-cells');
        assert.equal(await page.$eval('.dm-said', (e) => e.textContent), '');
      } finally {
        await rename(`${file}.away`, file);
      }
      await page.close();
    });
  });
}
