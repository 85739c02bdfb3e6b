// docs/api.md says the truth: every example runs, with the shipped model; every row of the table of errors happens.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Engine } from '../web/engine.js';
import { openEngine } from '../web/headless.js';
import { serve } from '../web/rpc.js';
import { service } from '../web/service.js';
import { Translator } from '../web/translator.js';
import { badServer } from './bad_server.mjs';
import { examples, quoted, table } from './doc_examples.mjs';
import { tinySite } from './tiny_site.mjs';

const DOC = 'docs/api.md', PAIR = { sourceLanguage: 'en', targetLanguage: 'de' };
const SITE = pathToFileURL('build/site/');
/** What `import` finds by the package's name. */
const packaged = Object.fromEntries(Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).exports)
  .map((path) => [path.replace('.', 'dolmetsch'), path]));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

let site, server;
before(async () => {
  site = tinySite();
  server = await badServer(site.folder);
});
beforeEach(() => {
  server.reset();
  Translator.engine = server.url;
  Translator.models = `${server.url}models/`;
});
after(async () => {
  await server?.close();
  site?.remove();
});

/* ---- examples ------------------------------------------------------------------------------------- */

const shown = [];
const TEXT = 'The dog sees the cat. It runs into the garden.';
/** What the examples take as given. */
const given = async () => ({
  Translator, openEngine: (model = 'models/en-de') => openEngine(model), pair: PAIR,
  translator: await Translator.create(PAIR), signal: new AbortController().signal, bar: {},
  text: TEXT, title: 'A title', paragraphs: ['One.', 'Two.'], visible: 'This is seen.', hidden: 'This is not.',
  show: (words) => shown.push(words),
});
for (const { name, code, imports, run } of [...examples(DOC), ...examples('README.md')]) {
  if (imports.includes('./page.js')) continue;      // needs a page: tests/browser/examples.test.mjs
  test(name, async () => {
    for (const from of imports) assert.ok(existsSync(from) || existsSync(`web/${from}`) || from in packaged, from);
    Translator.engine = SITE;
    Translator.models = new URL('models/', SITE);
    if (code.includes("'en-de-rnn'")) {               // a second model, for the example that names one
      cpSync('build/site/models/en-de', `${site.folder}/models/en-de-rnn`, { recursive: true });
      const index = JSON.parse(readFileSync(`${site.folder}/models/index.json`, 'utf8'));
      index.models.push({ folder: 'en-de-rnn', source: 'en', target: 'de' });
      writeFileSync(`${site.folder}/models/index.json`, JSON.stringify(index));
      Translator.models = `${server.url}models/`;
    }
    const names = await given();
    shown.length = 0;
    await run(names);
    if (code.includes('translateStreaming')) assert.ok(shown.join('').length > 20, shown.join(''));
    if (code.includes('bar.value')) assert.equal(names.bar.value, 1);
    if (code.includes('Translator.models =')) (await Translator.create(PAIR)).destroy();
  });
}

test('what the comments of the examples say comes out', async () => {
  Translator.engine = SITE;
  Translator.models = new URL('models/', SITE);
  const translator = await Translator.create(PAIR);
  const claims = [...readFileSync(DOC, 'utf8').matchAll(/translate\('(.+)'\);\s+\/\/ '(.+)'$/gm)];
  assert.ok(claims.length > 0);
  for (const [, english, german] of claims) assert.equal(await translator.translate(english), german);
  const { sentences } = await translator.translateDetailed(TEXT, { attention: true });
  for (const row of sentences[0].alignment) assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-3);
  const { text, start, end } = sentences[0].source[2];
  assert.equal(TEXT.slice(start, end), text);
  translator.destroy();
});

/* ---- errors --------------------------------------------------------------------------------------- */

const failure = (promise) => promise.then(() => assert.fail('no error'), (error) => error);
/** A file that fails, of a model's download. */
const spoilt = (file, fault) => {
  server.faults.set(file, [fault]);
  return failure(Translator.create(PAIR));
};
/** The call of a translator that works. */
const calling = async (call) => {
  const translator = await Translator.create(PAIR), error = await failure(call(translator));
  translator.destroy();
  return error;
};
/** In a page with this document. */
const inPage = async (document, work) => {
  globalThis.document = document;
  try {
    return await work();
  } finally {
    delete globalThis.document;
  }
};
/** A model with the right hashes and the wrong content. */
const publish = (change, coarse) => {
  const folder = `${site.folder}/models/wrong`;
  cpSync(`${site.folder}/models/en-de`, folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')), [chunk] = manifest.chunks;
  const bytes = readFileSync(`${folder}/${chunk.file}`);
  change(bytes);
  writeFileSync(`${folder}/${chunk.file}`, bytes);
  chunk.sha256 = sha256(bytes);
  writeFileSync(`${folder}/manifest.json`, JSON.stringify({ ...manifest, ...coarse }));
  return failure(Translator.create({ ...PAIR, model: './wrong/' }));
};

/** Each row of the table by its error and code: what makes it happen. @type {Record<string, (() => Promise<any>)[]>} */
const HAPPENS = {
  'TypeError': [() => failure(Translator.create({ ...PAIR, sourceLanguage: 'e' })), () => failure(Translator.create()),
    () => failure(Translator.create({ ...PAIR, signal: {} }))],
  'NotSupportedError': [() => failure(Translator.create({ ...PAIR, targetLanguage: 'ja' }))],
  'NotAllowedError': [() => inPage({ defaultView: {},
    featurePolicy: { features: () => ['translator'], allowsFeature: () => false } }, () => failure(Translator.create(PAIR)))],
  'AbortError (yours)': [() => failure(Translator.create({ ...PAIR, signal: AbortSignal.abort() }))],
  'AbortError': [() => calling((translator) => {
    translator.destroy();
    return translator.translate('The cat.');
  }), () => calling((translator) => {
    const call = translator.translate('The cat.');
    translator.destroy();
    return call;
  })],
  'InvalidStateError': [() => inPage({ defaultView: null }, () => failure(Translator.create(PAIR))),
    () => calling((translator) => inPage({ defaultView: null }, () => translator.translate('The cat.')))],
  'NetworkError DM_ERR_FETCH': [() => spoilt('model.001', 'login page')],
  'NetworkError DM_ERR_INTEGRITY': [() => spoilt('model.001', 'another version')],
  'NetworkError DM_ERR_MANIFEST': [() => spoilt('manifest.json', 'another version')],
  'UnknownError DM_ERR_FETCH': [() => spoilt('index.json', 'not there')],
  'UnknownError DM_ERR_MANIFEST': [() => spoilt('index.json', 'another version')],
  'OperationError DM_ERR_ENGINE': [() => spoilt('engine.wasm', 'another version')],
  'OperationError DM_ERR_FORMAT': [() => publish((bytes) => bytes.fill(7, 30, 60))],
  'OperationError DM_ERR_VERSION': [() => publish((bytes) => bytes.writeUInt32LE(99, 4))],
  'OperationError DM_ERR_WORKER': [() => withWorkers(refuse, () => failure(Translator.create(PAIR)))],
  'OperationError DM_ERR_MEMORY': [() => publish(() => {}, twoGigabytes())],
  'UnknownError DM_ERR_MEMORY': [outOfMemory],
  'UnknownError DM_ERR_WORKER': [killed],
  'UnknownError DM_ERR_ARGUMENT': [() => calling((translator) => translator.translateDetailed('The cat.', { kernels: 'none' })),
    () => calling((translator) => translator.translateDetailed('The cat.', { beam: 1000 }))],
};

/** A model that needs more than wasm memory has: two gigabytes of weights, and half of them once more on their way. */
function twoGigabytes() {
  const k = 4 * 2 ** 20, n = 480, weights = k * n, bytes = 64 + weights + 4 * n * 2, file = (name, size) =>
    ({ file: name, bytes: size, sha256: '0'.repeat(64) });
  return { bytes, chunks: [file('model.000', bytes - weights / 2), file('model.001', weights / 2)],
    coarse: { chunks: 1, matrices: [[64, k, n, 8]] } };
}

/** Where `new Worker` makes what `make` makes.  @param {() => object} make @param {() => Promise<any>} work */
async function withWorkers(make, work) {
  const before = ['Worker', 'navigator'].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });
  define('Worker', function Worker() { return make(); });
  define('navigator', {});
  try {
    return await work();
  } finally {
    for (const [name, property] of before)
      if (property) Object.defineProperty(globalThis, name, property);
      else delete globalThis[name];
  }
}

/** A worker that a policy forbids. */
function refuse() {
  const port = Object.assign(new EventTarget(), { postMessage() {}, terminate() {} });
  setTimeout(() => port.dispatchEvent(Object.assign(new Event('error'), { message: 'refused by a policy' })), 10);
  return port;
}

/** The engine's memory is taken by somebody else while it translates; afterwards it translates as before. */
async function outOfMemory() {
  /** @type {Engine | undefined} */
  let engine;
  const Watched = { create: async (...args) => (engine = await Engine.create(...args)) };
  const make = () => {
    const { port1, port2 } = new MessageChannel();
    serve(port2, service(Watched));
    return Object.assign(port1, { terminate() { port2.close(); } });
  };
  return withWorkers(make, async () => {
    const translator = await Translator.create(PAIR), german = await translator.translate('The cat.'), taken = [];
    for (let size = 2 ** 28; size >= 64;) {
      try {
        taken.push(engine.allocate(size));
      } catch {
        size /= 2;
      }
    }
    const error = await failure(translator.translate('The cat.'));
    for (const at of taken) engine.free(at);
    assert.equal(await translator.translate('The cat.'), german, 'nothing is lost');
    translator.destroy();
    return error;
  });
}

/** A worker that is killed while it translates; the next call has a new one. */
async function killed() {
  const made = [], see = (/** @type {any} */ worker) => made.push(worker);
  process.on('worker', see);
  const translator = await Translator.create(PAIR), call = failure(translator.translate('The cat. '.repeat(20_000)));
  process.off('worker', see);
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  await made[0].terminate();
  const error = await call;
  assert.equal(typeof await translator.translate('The cat.'), 'string', 'the cure');
  translator.destroy();
  return error;
}

const rows = table(DOC, 'error').map(([error, codes]) =>
  ({ names: quoted(error), codes: quoted(codes), mine: /^your/.test(error) }));

for (const [key, happen] of Object.entries(HAPPENS)) {
  test(`${key}: happens, and is in the table`, async () => {
    const [name, code] = key.split(' ').filter((word) => word !== '(yours)');
    assert.ok(rows.some(({ names, codes, mine }) => names.includes(name) && (code ? codes.includes(code) : !codes.length)
      && mine === key.endsWith('(yours)')), 'no row');
    for (const make of happen) {
      const error = await make();
      assert.deepEqual([error.name, error.cause?.code], [name, code], error.stack);
      if (code) assert.ok(error.message.length > 10, error.message);
    }
  });
}

test('every row of the table of errors, and every code of the sources, is one of those', () => {
  assert.ok(rows.length > 10);
  for (const { names, codes } of rows) for (const name of names.filter((word) => /Error$/.test(word))) {
    for (const code of codes.length ? codes : [undefined]) assert.ok(Object.keys(HAPPENS).some((key) =>
      key.startsWith(name) && (code ? key.endsWith(code) : !key.includes('DM_ERR'))), `${name} ${code ?? ''}`);
  }
  const used = readFileSync('web/errors.js', 'utf8').match(/DM_ERR_[A-Z]+/g) ?? [];
  assert.ok(used.length > 8);
  for (const code of new Set(used)) if (code !== 'DM_ERR_CLOSED') assert.ok(rows.some(({ codes }) => codes.includes(code)), code);
});
