/** The examples of docs/api.md and the README in real Chromium, with the shipped model; those for Node run in api.test.mjs. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { badServer } from '../bad_server.mjs';
import { examples } from '../doc_examples.mjs';
import { launch, REAL_SITE } from './harness.mjs';

let server, browser;
before(async () => {
  server = await badServer(REAL_SITE);
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** In the page: the code with the names that it takes as given. */
const run = async ({ body, declared, model }) => {
  const of = (name) => import(new URL(name, location.href).href), pair = { sourceLanguage: 'en', targetLanguage: 'de' };
  const { Translator } = await of('translator.js'), { translatePage } = await of('page.js');
  if (model) {                                      // a second one, where the example names one
    const { create } = Translator;
    Translator.create = (options) => create.call(Translator, { ...options, model: options.model && 'en-de' });
  }
  document.body.innerHTML = '<p>The dog sees the cat.</p>';
  const bar = {}, errors = [], shown = [];
  const names = { Translator, translatePage, pair, translator: await Translator.create(pair), bar,
    signal: new AbortController().signal, text: 'The dog sees the cat. It runs into the garden.', title: 'A title',
    paragraphs: ['One.', 'Two.'], visible: 'This is seen.', hidden: 'This is not.', show: (words) => shown.push(words),
    onProgress() {}, onError: (error) => errors.push(String(error)) };
  const given = Object.keys(names).filter((name) => !declared.includes(name));
  const AsyncFunction = (async () => {}).constructor;
  await new AsyncFunction(...given, body)(...given.map((name) => names[name]));
  return { errors, value: bar.value, shown: shown.join('') };
};

for (const { name, code, imports, body, declared } of [...examples('docs/api.md'), ...examples('README.md')]) {
  if (imports.some((from) => /node|^\.\/web\//.test(from))) continue;
  test(name, async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}empty.html`);
    const { errors, value, shown } = await page.evaluate(run, { body, declared, model: code.includes("model: '") });
    assert.deepEqual(errors, []);
    if (code.includes('bar.value')) assert.equal(value, 1);
    if (code.includes('translateStreaming')) assert.ok(shown.length > 20, shown);
    await page.close();
  });
}
