/** What a browser may refuse or take away, in real Chromium and real Firefox: a cache, shared memory, workers, wasm, memory
 *  itself, the page.  FIREFOX=none leaves Firefox out. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, beforeEach } from 'node:test';

import { badServer } from '../bad_server.mjs';
import { tinySite } from '../tiny_site.mjs';
import { BROWSERS, launch } from './harness.mjs';

let site, server;
before(async () => {
  site = tinySite();
  server = await badServer(site.folder);
});
beforeEach(() => server.reset());
after(async () => {
  await server?.close();
  site?.remove();
});

const chunksAsked = () => [...server.asked].filter(([name]) => name.startsWith('model.')).map(([, count]) => count);
/** In a page or a frame: Translator of the site, and a call whose failure is its value. */
const setUp = async () => {
  const { Translator } = await import(new URL('translator.js', location.href).href);
  Object.assign(globalThis, { Translator, PAIR: { sourceLanguage: 'en', targetLanguage: 'de' },
    failure: (promise) => promise.then(() => 'done', ({ name, cause }) => [name, cause?.code].filter(Boolean).join(' ')) });
};
/** A page of the site in a profile of its own. */
const open = async (browser, context) => {
  const page = await (context ?? browser).newPage();
  await page.goto(`${server.url}empty.html`);
  await page.evaluate(setUp);
  return page;
};
/** Whether it works, how many workers borrowed from another, and what. */
const translateWithThree = async () => {
  const lent = [], Native = Worker;
  globalThis.Worker = class extends Native {
    postMessage(message, transfer) {
      if (message.args?.lent) lent.push(Object.prototype.toString.call(message.args.lent.bytes));
      super.postMessage(message, transfer);
    }
  };
  const translator = await Translator.create({ ...PAIR, workers: 3 });
  const found = await translator.translateDetailed(['The cat.', 'The dog.', 'The cat sees the dog.']);
  while (lent.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  translator.destroy();
  return { isolated: crossOriginIsolated, lent, texts: found.map(({ text }) => typeof text) };
};

for (const { kind, skip } of BROWSERS) test(kind, { skip }, async (t) => {
  const browser = await launch(kind);
  t.after(() => browser.close());
  const fresh = async () => {
    const context = await browser.createBrowserContext(), page = await open(browser, context);
    return { page, close: () => context.close() };
  };

  for (const [how, isolated] of Object.entries({ 'isolated: shared memory': true, 'a copy each': false })) {
    await t.test(`several workers, ${how}`, async () => {
      server.reset();
      if (isolated) {
        server.headers.set('Cross-Origin-Opener-Policy', 'same-origin');
        server.headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
      }
      const { page, close } = await fresh();
      const kindOf = `[object ${isolated ? 'SharedArrayBuffer' : 'ArrayBuffer'}]`;
      assert.deepEqual(await page.evaluate(translateWithThree),
        { isolated, lent: [kindOf, kindOf], texts: ['string', 'string', 'string'] });
      assert.deepEqual(chunksAsked(), [1, 1, 1, 1, 1]);
      assert.equal(server.asked.get('engine.wasm'), 1);
      await close();
    });
  }

  await t.test('a policy without wasm, or without workers: an OperationError that says which', async () => {
    for (const [policy, wanted] of [["script-src 'self'", 'OperationError DM_ERR_ENGINE'],
      ["script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'", 'OperationError DM_ERR_WORKER']]) {
      server.reset();
      server.headers.set('Content-Security-Policy', policy);
      const { page, close } = await fresh();
      assert.equal(await page.evaluate(() => failure(Translator.create(PAIR))), wanted);
      await close();
    }
  });

  await t.test('a page that is gone: InvalidStateError, at once', async () => {
    const { page, close } = await fresh();
    await page.evaluate(() => new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.onload = resolve;
      frame.src = 'empty.html';
      document.body.append(frame);
    }));
    await page.frames()[1].evaluate(setUp);
    await page.frames()[1].evaluate(async () => { globalThis.translator = await Translator.create(PAIR); });
    const names = await page.evaluate(async () => {
      const frame = document.querySelector('iframe'), { Translator: Gone, translator } = frame.contentWindow, found = [];
      frame.remove();
      try {
        translator.translateStreaming('The cat.');
      } catch ({ name }) {
        found.push(name);
      }
      for (const call of [() => Gone.create(PAIR), () => Gone.availability(PAIR), () => translator.translate('The cat.'),
        () => translator.measureInputUsage('The cat.')])
        found.push(await Promise.race([failure(call()), new Promise((resolve) => setTimeout(resolve, 500, 'silence'))]));
      return found;
    });
    // Firefox runs no promise of a page that is gone, its own ones neither.
    const name = 'InvalidStateError', promised = kind === 'firefox' ? 'silence' : name;
    assert.deepEqual(names, [name, promised, promised, promised, promised]);
    await close();
  });

  await t.test('a permissions policy that forbids translators: NotAllowedError, unavailable', async (t) => {
    const { page, close } = await fresh();
    const known = await page.evaluate(() => document.featurePolicy?.features().includes('translator') ?? false);
    if (!known) t.skip('this browser has no such policy');
    else {
      await page.evaluate(() => new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = resolve;
        frame.allow = "translator 'none'";
        frame.src = 'empty.html';
        document.body.append(frame);
      }));
      const frame = page.frames()[1];
      await frame.evaluate(setUp);
      assert.deepEqual(await frame.evaluate(async () => {
        let called = 0;
        return [await failure(Translator.create({ ...PAIR, monitor() { called++; } })), called,
          await Translator.availability(PAIR), await failure(Translator.create({ ...PAIR, sourceLanguage: 'e' }))];
      }), ['NotAllowedError', 0, 'unavailable', 'TypeError']);
    }
    await close();
  });

  await t.test('abort at every stage of create: at once, with the reason, and the next create works', async () => {
    const { page, close } = await fresh();
    for (const file of ['index.json', 'worker.js', 'manifest.json', 'engine.wasm', 'model.000', 'model.004']) {
      server.faults.set(file, ['silence']);
      const ms = await page.evaluate(async (file) => {
        await Translator.clear();
        const stop = new AbortController(), call = Translator.create({ ...PAIR, signal: stop.signal });
        call.catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 300));
        const start = performance.now();
        stop.abort(file);
        return [await call.catch((reason) => reason), performance.now() - start];
      }, file);
      assert.equal(ms[0], file);
      assert.ok(ms[1] < 500, `${file}: ${ms[1]} ms`);                  // 50 on a machine that does nothing else
      server.reset();
    }
    assert.equal(await page.evaluate(() => failure(Translator.create(PAIR))), 'done');
    await close();
  });

  await t.test('out of memory while loading: an OperationError, and the page goes on', async () => {
    const { page, close } = await fresh(), folder = join(site.folder, 'models/huge');
    const k = 4 * 2 ** 20, n = 480, weights = k * n, bytes = 64 + weights + 8 * n;      // and half of them on their way
    const file = (name, size) => ({ file: name, bytes: size, sha256: '0'.repeat(64) });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({
      ...JSON.parse(readFileSync(join(site.folder, 'models/en-de/manifest.json'), 'utf8')), bytes,
      chunks: [file('model.000', bytes - weights / 2), file('model.001', weights / 2)],
      coarse: { chunks: 1, matrices: [[64, k, n, 8]] } }));
    server.faults.set('model.000', ['silence']);
    assert.equal(await page.evaluate(() => failure(Translator.create({ ...PAIR, model: './huge/' }))),
      'OperationError DM_ERR_MEMORY');
    server.reset();
    assert.equal(await page.evaluate(() => failure(Translator.create(PAIR))), 'done');
    await close();
  });

  await t.test('500 translations, every third one stopped in its middle: the heap of wasm stays as it is', async () => {
    const { page, close } = await fresh();
    const sizes = await page.evaluate(async () => {
      const of = (name) => import(new URL(name, location.href).href), base = new URL('.', location.href).href;
      const { Engine } = await of('engine.js'), { loadModel } = await of('loader.js');
      const engine = await Engine.create(fetch(`${base}engine.wasm`));
      const { at, bytes } = await loadModel(`${base}models/en-de/`, engine), found = [];
      engine.open(at, bytes);
      for (let i = 0; i < 500; i++) {
        const job = engine.job([`The cat sees the house. The old dog has the red word ${i}.`]);
        for (let steps = i % 3 ? Infinity : 3; steps-- > 0 && job.run(1););
        if (i % 3) job.result(0);
        job.free();
        if (i === 30 || i === 499) found.push(engine.memory().length);
      }
      return found;
    });
    assert.equal(sizes[1], sizes[0]);
    await close();
  });
});

/** A profile that keeps nothing: preferences of Firefox, or a file of them for Chromium. */
const PROFILES = {
  'a private window': { firefox: { 'browser.privatebrowsing.autostart': true } },
  'all cookies and site data blocked': { firefox: { 'network.cookie.cookieBehavior': 2 },
    chromium: { profile: { default_content_setting_values: { cookies: 2 } } } },
};
for (const [name, of] of Object.entries(PROFILES)) for (const { kind, skip } of BROWSERS) {
  if (!of[kind]) continue;
  test(`${name}, ${kind}: it translates, and says whether the model is kept`, { skip }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-profile-'));
    if (kind === 'chromium') {
      mkdirSync(join(folder, 'Default'));
      writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify(of.chromium));
    }
    const browser = await launch(kind, kind === 'firefox' ? { extraPrefsFirefox: of.firefox } : { userDataDir: folder });
    t.after(async () => {
      await browser.close();
      rmSync(folder, { recursive: true, maxRetries: 5 });
    });
    const page = await open(browser);
    const found = await page.evaluate(async () => {
      const translator = await Translator.create(PAIR), german = typeof await translator.translate('The cat.');
      const { notice } = translator.info;
      translator.destroy();
      return { german, notice, stored: (await Translator.stored()).length, availability: await Translator.availability(PAIR) };
    });
    assert.equal(found.german, 'string');
    if (name === 'a private window') assert.deepEqual([found.stored, found.availability], [1, 'available'], 'while it is open');
    else assert.deepEqual([found.stored, found.availability], [0, 'downloadable']);
    assert.equal(/again next time/.test(found.notice ?? ''), found.stored === 0, found.notice);
  });
}
