// Translator in Node: the real engine in worker threads, a small model from files and over http.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Translator } from '../web/translator.js';
import { tinySite } from './tiny_site.mjs';
import { rules } from './translator_rules.js';

const PAIR = { sourceLanguage: 'en', targetLanguage: 'de' };
let site, translator;
before(async () => {
  site = tinySite();
  const base = pathToFileURL(`${site.folder}/`);
  Translator.engine = base;
  Translator.models = new URL('models/', base);
  translator = await Translator.create(PAIR);
});
after(() => {
  translator?.destroy();
  site?.remove();
});

for (const [name, rule] of Object.entries(rules)) test(name, () => rule(Translator, translator));

test('info: the model; files need no notice that nothing is kept', () => {
  assert.deepEqual(translator.info, { name: 'en-de', source: 'en', target: 'de', bytes: site.bytes, architecture: 'transformer',
    notice: undefined });
});

test('a model by its folder or address; one that is not there', async () => {
  for (const model of ['en-zh', `${pathToFileURL(`${site.folder}/models/en-zh`)}`]) {
    const made = await Translator.create({ ...PAIR, targetLanguage: 'zh', model });
    assert.equal(made.info.name, 'en-zh');
    made.destroy();
  }
  await assert.rejects(Translator.create({ ...PAIR, model: 'en-nl' }), { name: 'NotSupportedError' });
  for (const model of ['en-zh', './en-zh/'])
    await assert.rejects(Translator.create({ ...PAIR, targetLanguage: 'fr', model }), { name: 'NotSupportedError' }, model);
  await assert.rejects(Translator.create({ ...PAIR, model: './en-nl/' }), (error) =>
    error.name === 'UnknownError' && error.cause.code === 'DM_ERR_FETCH'
    && /manifest\.json: .*no such file/i.test(error.message));
});

test('the folder of the models may be a relative address', async (t) => {
  const { models } = Translator;
  t.after(() => { Translator.models = models; });
  Translator.models = './no/such/folder';
  await assert.rejects(Translator.create(PAIR), { name: 'UnknownError', message: /no\/such\/folder\/index\.json|no such file/i });
});

test('several workers give what one gives', async () => {
  const texts = Array.from({ length: 30 }, (_, i) => 'The cat sees the dog. '.repeat(i % 5 + 1));
  const many = await Translator.create({ ...PAIR, workers: 3 });
  const of = async (one) => (await one.translateDetailed(texts)).map(({ text }) => text);
  assert.deepEqual(await of(many), await of(translator));
  many.destroy();
});

test('500 translations, a third of them aborted: the heap stays flat', async () => {
  const text = 'The cat sees the house. The old dog has the red word.';
  const some = async (count) => {
    for (let i = 0; i < count; i++) {
      const stop = new AbortController(), call = translator.translate(`${text} ${i}`, { signal: stop.signal });
      if (i % 3 === 0) setTimeout(() => stop.abort(), i % 7);
      await call.catch((error) => assert.equal(error.name, 'AbortError'));
    }
  };
  await some(100);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  await some(500);
  globalThis.gc?.();
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 24, `${grown} MiB more`);
});

test('an idle translator does not keep the program alive; a pending call does', () => {
  const program = `import { Translator } from ${JSON.stringify(pathToFileURL('web/translator.js').href)};
    Translator.engine = ${JSON.stringify(`${Translator.engine}`)}; Translator.models = ${JSON.stringify(`${Translator.models}`)};
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
    translator.translate('The cat.').then((text) => console.log(typeof text));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(out, 'string\n');
});
