/** The page in a real browser, over the fake engine: what a visitor does, by mouse, keyboard and touch. */

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeSite, start } from './harness.mjs';

const axe = await readFile('node_modules/axe-core/axe.min.js', 'utf8');
let site, browser;
before(async () => {
  site = await fakeSite();
  browser = await start(site.folder, site.path);
});
after(async () => {
  await browser?.close();
  await site?.remove();
});

const german = (page) => page.$eval('#target', (e) => e.textContent);
const litWords = (page, root) => page.$$eval(`${root} .dm-word.dm-lit`, (list) => list.map((e) => e.textContent));
const word = async (page, root, text) => {
  for (const handle of await page.$$(`${root} .dm-word`)) if (await handle.evaluate((e) => e.textContent) === text) return handle;
  throw new Error(`no word ${text} in ${root}`);
};
/** Sets the text as typing does, and waits for what it should become. */
async function type(page, text, expected) {
  await page.$eval('#source', (e, value) => {
    e.value = value;
    e.dispatchEvent(new Event('input', { bubbles: true }));
  }, text);
  if (expected !== undefined) await page.waitForFunction((want) =>
    document.querySelector('#target').textContent === want && !document.querySelector('#target.waiting'), {}, expected);
}

test('opens below any path, translates its example, asks nothing of other hosts, breaks no CSP', async () => {
  const { page, complaints } = await browser.open();
  assert.equal(await german(page), 'Der Hund, der die Katze durch den Garten laufen gesehen haben muss.');
  assert.match(await page.$eval('#status', (e) => e.textContent), /^15 words in [\d.]+ ms · [\d,]+ words\/s · simd128$/);
  assert.equal(await page.$eval('#loading', (e) => e.hidden), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('typing translates; pointing lights the counterparts in both texts and in the lines', async () => {
  const { page, complaints } = await browser.open();
  await page.click('#clear');
  await page.type('#source', 'Good morning, how are you?');
  await page.waitForFunction(() => document.querySelector('#target').textContent.startsWith('Guten'));
  assert.equal(await german(page), 'Guten Morgen, wie geht es Ihnen?');

  await (await word(page, '#target', 'Morgen')).hover();
  assert.deepEqual(await litWords(page, '#mirror'), ['morning']);
  assert.deepEqual(await page.$$eval('.dm-lines .dm-word.dm-lit', (l) => l.map((e) => e.textContent)), ['morning', 'Morgen']);
  assert.equal(await page.$$eval('.dm-curve.dm-lit', (l) => l.length), 1);
  assert.equal(await page.$eval('.dm-reading', (e) => e.textContent), 'Morgen, from morning (97\u00a0%)');
  await (await word(page, '#target', 'geht')).hover();
  const weights = await page.$$eval('#mirror .dm-word.dm-lit',
    (l) => l.map((e) => [e.textContent, Number(e.style.getPropertyValue('--dm-w'))]));
  assert.deepEqual(weights.map(([text]) => text), ['how', 'are', 'you']);
  assert.ok(weights[1][1] > 0.6 && weights[0][1] < 0.2, 'stronger weight, stronger light');

  const box = await (await word(page, '#mirror', 'you')).boundingBox();         // lies under the text box
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  assert.ok((await litWords(page, '#target')).includes('Ihnen'));
  await page.mouse.move(2, 2);
  assert.deepEqual(await litWords(page, '#target'), []);

  await (await word(page, '.dm-lines', 'Guten')).hover();
  assert.deepEqual(await litWords(page, '#mirror'), ['Good']);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('by keyboard: words, caret, tabs, matrix, heads', async () => {
  const { page, complaints } = await browser.open();
  await page.focus('#target .dm-word');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Hund, from dog (95\u00a0%)');
  assert.deepEqual(await litWords(page, '#mirror'), ['dog']);
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), '.');
  assert.equal(await page.$$eval('#target [tabindex="0"]', (l) => l.length), 1, 'one tab stop');

  await page.focus('#source');
  await page.$eval('#source', (e) => e.setSelectionRange(3, 3));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.deepEqual((await litWords(page, '#target')).includes('Hund'), true);

  await page.focus('[role=tab][data-i=lines]');
  await page.keyboard.press('ArrowRight');
  await page.waitForSelector('canvas.dm-cells');
  await page.focus('canvas.dm-cells');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.$eval('.dm-tip', (e) => e.textContent), 'Hund · dog  95\u00a0%');
  assert.equal(await page.$eval('#overlay [aria-live].dm-hidden', (e) => e.textContent), 'Hund · dog  95\u00a0%');
  assert.deepEqual(await litWords(page, '#mirror'), ['dog']);

  await page.focus('input[value=alignment]');
  await page.keyboard.press('ArrowRight');
  await page.waitForSelector('.dm-head[aria-checked=true]');
  assert.equal(await page.$$eval('.dm-head', (l) => l.length), 48);
  await page.focus('.dm-head[aria-checked=true]');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Layer 5, head 2');
  assert.equal(await page.$eval('.dm-head[aria-checked=true]', (e) => e.getAttribute('aria-label')), 'Layer 5, head 2');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('heads and pieces: encoder attention joins the sentence with itself', async () => {
  const { page, complaints } = await browser.open();
  await page.$eval('input[value=encoder]', (e) => e.click());
  await page.waitForSelector('.dm-lines .dm-source.dm-row');
  await (await word(page, '.dm-lines .dm-row', 'dog')).hover();
  assert.match(await page.$eval('.dm-reading', (e) => e.textContent), /^dog, looks at /);
  assert.deepEqual(await litWords(page, '#target'), []);
  await page.$eval('input[value=alignment]', (e) => e.click());
  await page.$eval('.dm-switch input', (e) => e.click());
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.dm-lines .dm-row .dm-word')].some((e) => e.textContent === 'ten'));
  assert.equal(await page.$eval('input[value=decoder]', (e) => e.parentElement.hidden), true,
    'this model has no decoder attention');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('other ways to say it: for the sentence in hand, with its alignment, by keyboard; gone with the text', async () => {
  const { page, complaints } = await browser.open();
  await type(page, 'One cat. Good morning, how are you?', '[One] [cat]. Guten Morgen, wie geht es Ihnen?');
  await page.focus('#target .dm-word[data-i="5"]');                 // turns to the second sentence
  const list = () => page.$$eval('.other', (all) => all.map((e) =>
    [e.textContent, ...[...e.querySelectorAll('b')].map((b) => b.textContent)]));
  await page.click('#others');
  await page.waitForSelector('.other');
  assert.deepEqual(await list(), [['Guten Morgen, wie geht es Ihnen?74\u00a0%'],
    ['Guten* Morgen, wie geht es Ihnen?67\u00a0%', '*'], ['Guten* Morgen*, wie geht es Ihnen?61\u00a0%', '*', '*']]);
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await german(page), '[One] [cat]. Guten* Morgen*, wie geht es Ihnen?');
  assert.equal(await page.$eval('#live', (e) => e.textContent), await german(page));
  assert.equal(await page.$eval('.other:has(:checked)', (e) => e.contains(document.activeElement)), true);
  const tabs = (/** @type {Element[]} */ all) => all.filter((e) => e.checkVisibility()).map((e) => e.textContent);
  assert.deepEqual(await page.$$eval('#overlay [role=tab]', tabs), ['Lines', 'Matrix', 'Table']);
  await (await word(page, '#target', 'Morgen*')).hover();
  assert.deepEqual(await litWords(page, '#mirror'), ['morning']);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  assert.equal(await german(page), '[One] [cat]. Guten Morgen, wie geht es Ihnen?');
  await page.mouse.move(2, 2);
  await page.evaluate(axe);
  assert.deepEqual(await page.evaluate(async () => (await globalThis.axe.run('.pane.to')).violations
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`)), []);
  await type(page, 'A cat.', '[A] [cat].');
  assert.equal(await page.$('.others'), null);
  assert.equal(await page.$eval('#others', (e) => e.getAttribute('aria-expanded')), 'false');
  await page.click('#others');
  await page.waitForSelector('.other');
  await page.click('#others');
  await page.waitForFunction(() => !document.querySelector('.others'));
  await page.click('#clear');
  await page.waitForFunction(() => !document.querySelector('#others').checkVisibility());
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a long translation streams; a newer text replaces it at once', async () => {
  const { page } = await browser.open();
  await type(page, `slowly ${'word '.repeat(1800)}.`);
  await page.waitForFunction(() => /^\[slowly\] \[word\]/.test(document.querySelector('#target').textContent));
  await page.evaluate(() => {
    window.most = 0;
    const target = document.querySelector('#target');
    new MutationObserver(() => { window.most = Math.max(window.most, target.textContent.split('[word]').length - 1); })
      .observe(target, { childList: true, subtree: true });
  });
  await type(page, 'Hi there.', '[Hi] [there].');
  assert.ok(await page.evaluate(() => window.most) < 1800, 'did not wait for the old one');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(await german(page), '[Hi] [there].');
  await page.close();
});

test('the words behind the text box lie where the text box shows them', async () => {
  const { page } = await browser.open({ width: 700 });
  const texts = ['Good morning, how are you? '.repeat(30), 'שלום עולם, מה שלומך היום? '.repeat(12),
    'a\n\n  b   c\n\ttab and\n'.repeat(3), `${'long'.repeat(90)} end.`, 'mixed עולם text\nעולם mixed.'];
  for (const text of texts) {
    await type(page, '', '');
    await type(page, text);
    await page.waitForFunction(() => document.querySelector('#target .dm-word') && !document.querySelector('#target.waiting'));
    const boxes = await page.evaluate(() => {            // what is laid out alike is as high, as wide, and not scrolled
      const [a, b] = ['#mirror', '#source'].map((id) => document.querySelector(id));
      const names = ['font', 'padding', 'whiteSpace', 'wordBreak', 'overflowWrap', 'letterSpacing', 'direction', 'unicodeBidi',
        'textAlign', 'tabSize', 'lineHeight', 'textIndent', 'wordSpacing', 'hyphens'];
      const size = (e) => [e.clientWidth, e.clientHeight, Math.max(e.scrollHeight, e.clientHeight), e.scrollTop];
      return [a, b].map((e) => [...names.map((name) => `${name} ${getComputedStyle(e)[name]}`), ...size(e)]);
    });
    assert.deepEqual(boxes[0], boxes[1], text.slice(0, 20));
  }
  await page.close();
});

test('odd texts: nothing, spaces, markup, emoji, right to left, half characters', async () => {
  const { page, complaints } = await browser.open();
  for (const text of ['', ' \n\t ']) {
    await type(page, text, '');
    assert.equal(await page.$eval('#overlay', (e) => e.hidden), true);
  }
  await type(page, '<img src=x onerror=alert(1)> & <b>bold</b>.');
  await page.waitForFunction(() => document.querySelector('#target').textContent.includes('bold<'));
  assert.equal(await page.$$eval('#target img, #mirror img, #overlay img, #target b', (l) => l.length), 0);
  for (const text of ['🙂 👩‍👩‍👧 ok.', 'שלום עולם.', 'half \ud83d of one.', 'a\u0000b.', 'e\u0301\u200b\u2028x.']) {
    await type(page, '', '');
    await type(page, text);
    await page.waitForFunction((want) => document.querySelector('#mirror').textContent === want &&
      document.querySelector('#target .dm-word'),
      {}, text);
  }
  await type(page, 'Good morning, how are you?', 'Guten Morgen, wie geht es Ihnen?');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a megabyte of text: the first part is translated, the page says so and stays small', async () => {
  const { page, complaints } = await browser.open();
  await type(page, 'Good morning, how are you? '.repeat(40_000));
  await page.waitForFunction(() => document.querySelector('#limit').textContent.includes('of 1,080,000 characters')
    && !document.querySelector('#target.waiting') &&
      document.querySelector('.dm-pager').textContent.includes('of 371'));
  assert.ok(await page.$$eval('#overlay svg *', (l) => l.length) < 700);
  await page.click('[aria-label="Next sentence"]');
  assert.match(await page.$eval('.dm-pager', (e) => e.textContent), /Sentence 2 of/);
  await (await page.$$('#target .dm-word'))[9].focus();
  assert.match(await page.$eval('.dm-pager', (e) => e.textContent), /Sentence 2 of/);
  await type(page, 'Good morning, how are you?', 'Guten Morgen, wie geht es Ihnen?');
  assert.equal(await page.$eval('#limit', (e) => e.hidden), true);
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a download that fails says which file and why, and can be tried again', async () => {
  const chunk = join(site.site, 'models/en-de/model.001'), bytes = await readFile(chunk);
  const { page } = await browser.open();
  await rename(chunk, `${chunk}.away`);
  try {
    await page.evaluate(() => caches.delete('dolmetsch-1'));
    await page.reload();
    await page.waitForFunction(() => !document.querySelector('#failure').hidden);
    assert.match(await page.$eval('#failure-why', (e) => e.textContent), /model\.001: the server answered 404 \(DM_ERR_FETCH\)/);
    await writeFile(chunk, bytes.map((byte) => byte ^ 1));
    await page.click('#retry');
    await page.waitForFunction(() => document.querySelector('#failure-why').textContent.includes('SHA-256 differs'));
    await rename(`${chunk}.away`, chunk);
    await page.click('#retry');
    await page.waitForSelector('#target .dm-word');
    assert.equal(await page.$eval('#failure', (e) => e.hidden), true);
    await page.close();
  } finally {
    await writeFile(chunk, bytes);
  }
});

test('a worker that cannot start is an error on the page, not silence', async () => {
  const engine = join(site.site, 'engine.js'), text = await readFile(engine, 'utf8');
  await writeFile(engine, 'this is no script (');
  try {
    const { page } = await browser.open({ ready: false });
    await page.waitForFunction(() => document.querySelector('#failure-why').textContent.includes('DM_ERR_WORKER'));
    await page.close();
  } finally {
    await writeFile(engine, text);
  }
});

test('the text in the address is used, and a broken one is not', async () => {
  let { page } = await browser.open({ hash: '#Good%20morning%2C%20how%20are%20you%3F' });
  assert.equal(await german(page), 'Guten Morgen, wie geht es Ihnen?');
  await page.close();
  ({ page } = await browser.open({ hash: '#%E0%A4%A' }));
  assert.match(await german(page), /^Der Hund/);
  await page.close();
});

for (const width of [360, 390, 768, 1280]) {
  test(`at ${width} px nothing sticks out sideways, in any view`, async () => {
    const { page, complaints } = await browser.open({ width, height: 800 });
    const sticksOut = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await sticksOut(), 0);
    assert.equal(await page.$eval('.dm-lines', (e) => e.classList.contains('dm-tall')), width < 500);
    if (width < 500) {
      await (await word(page, '#target', 'Katze')).tap();
      assert.deepEqual(await litWords(page, '#mirror'), ['cat']);
    }
    await page.$eval('input[value=cross]', (e) => e.click());
    await page.waitForSelector('.dm-head');
    assert.equal(await sticksOut(), 0);
    await page.click('[role=tab][data-i=matrix]');
    await page.waitForSelector('canvas.dm-cells');
    assert.equal(await sticksOut(), 0);
    await type(page, `${'considerable '.repeat(40)}length.`);
    await page.waitForFunction(() => document.querySelector('.dm-row-labels').children.length === 43);
    assert.equal(await sticksOut(), 0, 'a wide matrix scrolls in its own box');
    const drawn = await page.$eval('canvas.dm-cells',
      (c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((b) => b));
    assert.ok(drawn, 'the matrix is not empty');
    assert.deepEqual(complaints, []);
    await page.close();
  });
}
