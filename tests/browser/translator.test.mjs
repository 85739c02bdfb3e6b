/** Translator in real Chromium and real Firefox, against a server that can misbehave: the W3C's rules, the store, reloads,
 *  offline, plain http, workers that die.  FIREFOX=none leaves Firefox out. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before, beforeEach } from 'node:test';

import { badServer } from '../bad_server.mjs';
import { tinySite } from '../tiny_site.mjs';
import { rules } from '../translator_rules.js';
import { BROWSERS, launch, openAlone, PLAIN_HOST } from './harness.mjs';

const CHUNKS = 5;
let site, server;
before(async () => {
  site = tinySite(CHUNKS);
  server = await badServer(site.folder);
});
beforeEach(() => server.reset());
after(async () => {
  await server?.close();
  site?.remove();
});

const chunksAsked = () => [...server.asked].filter(([name]) => name.startsWith('model.')).map(([, count]) => count);
/** In the page: Translator of the site, and a translator of en to de. */
const setUp = async () => {
  const { Translator } = await import(new URL('translator.js', location.href).href);
  Object.assign(globalThis, { Translator, PAIR: { sourceLanguage: 'en', targetLanguage: 'de' } });
};

for (const { kind, skip } of BROWSERS) {
  test(kind, { skip }, async (t) => {
    const browser = await launch(kind);
    t.after(() => browser.close());
    /** An empty page of the site in a profile of its own. */
    const fresh = async (host = '') => {
      const context = await browser.createBrowserContext(), page = await context.newPage();
      const open = async () => {
        await page.goto(`${host ? server.url.replace('127.0.0.1', host) : server.url}empty.html`);
        await page.evaluate(setUp);
      };
      await open();
      return { page, open, close: () => context.close() };
    };

    await t.test('the rules of the W3C', async (t) => {
      const { page, close } = await fresh();
      await page.evaluate(async () => {
        const { rules } = await import(new URL('translator_rules.js', location.href).href);
        Object.assign(globalThis, { rules, translator: await globalThis.Translator.create(globalThis.PAIR) });
      });
      for (const name of Object.keys(rules)) await t.test(name, async () => {
        const failure = await page.evaluate((rule) => globalThis.rules[rule](globalThis.Translator, globalThis.translator)
          .then(() => '', (error) => `${error.name}: ${error.message}`), name);
        assert.equal(failure, '');
      });
      await close();
    });

    await t.test('the store: one download for all pages; listed; cleared', async () => {
      const { page, open, close } = await fresh();
      const visit = () => page.evaluate(async () => {
        const before = await Translator.availability(PAIR), translator = await Translator.create(PAIR);
        const { notice } = translator.info;
        translator.destroy();
        return { before, notice, after: await Translator.availability(PAIR), stored: await Translator.stored() };
      });
      const first = await visit();
      assert.deepEqual([first.before, first.after, first.notice], ['downloadable', 'available', undefined]);
      assert.deepEqual(first.stored, [{ url: `${server.url}models/en-de/`, name: 'en-de', source: 'en', target: 'de',
        bytes: site.bytes, total: site.bytes, complete: true, sha256: site.sha256 }]);
      assert.deepEqual(chunksAsked(), new Array(CHUNKS).fill(1));
      await open();
      assert.equal((await visit()).before, 'available');
      assert.deepEqual(chunksAsked(), new Array(CHUNKS).fill(1), 'nothing was fetched again');
      const cleared = await page.evaluate(async () =>
        [await Translator.clear(), await Translator.clear(), await Translator.stored(), await Translator.availability(PAIR)]);
      assert.deepEqual(cleared, [true, false, [], 'downloadable']);
      await close();
    });

    await t.test('a reload in mid-download: what came is not fetched again', async () => {
      const { page, open, close } = await fresh();
      server.faults.set('model.003', ['silence']);
      await page.evaluate(() => {
        Translator.create(PAIR).catch(() => {});
      });
      await page.waitForFunction(async () => (await Translator.stored())[0]?.bytes > 0
        && (await Translator.stored())[0].bytes >= 0.79 * (await Translator.stored())[0].total);
      assert.equal(await page.evaluate(() => Translator.availability(PAIR)), 'downloading');
      await open();
      server.reset();
      assert.equal(await page.evaluate(async () => (await Translator.create(PAIR)).translate(' ')), ' ');
      assert.deepEqual([...server.asked].filter(([name]) => name.startsWith('model.')), [['model.003', 1]]);
      await close();
    });

    await t.test('damaged entries of the store are fetched again', async () => {
      const { page, close } = await fresh();
      await page.evaluate(async () => {
        (await Translator.create(PAIR)).destroy();
        const cache = await caches.open('dolmetsch-1'), keys = (await cache.keys()).filter(({ url }) => url.includes('sha256'));
        await cache.put(keys[0], new Response('damaged'));
        await cache.delete(keys[1]);
        (await Translator.create(PAIR)).destroy();
      });
      assert.deepEqual(chunksAsked().toSorted(), [1, 1, 1, 2, 2]);
      await close();
    });

    await t.test('offline after the first visit: the whole page, and another page is not it', async () => {
      const { page, close } = await fresh();
      await page.goto(`${server.url}index.html`);
      await page.waitForSelector('#target .dm-word');
      await page.evaluate(() => navigator.serviceWorker.ready);
      await page.evaluate(async () => {             // in the page's own realm: Firefox 140 has no caches in puppeteer's
        while (!await caches.has('dolmetsch-page-1')) await new Promise((resolve) => setTimeout(resolve, 20));
      });
      for (const name of [...server.asked.keys(), 'index.html', 'compare.html']) server.faults.set(name, ['reset']);
      await page.reload();
      await page.waitForSelector('#target .dm-word');
      assert.equal(await page.$eval('#failure', (e) => e.hidden), true);
      await assert.rejects(page.goto(`${server.url}compare.html`), 'it was never visited');
      await close();
    });

    await t.test('plain http: no caches, no crypto.subtle, and it works, with a notice', async () => {
      const { page, close } = await fresh(PLAIN_HOST);
      const found = await page.evaluate(async () => {
        const translator = await Translator.create(PAIR), german = await translator.translate('The cat.');
        return { secure: isSecureContext, caches: 'caches' in globalThis, notice: translator.info.notice, german: typeof german,
          availability: await Translator.availability(PAIR), stored: await Translator.stored() };
      });
      assert.match(found.notice, /memory only/);
      assert.deepEqual({ ...found, notice: '' }, { secure: false, caches: false, notice: '', german: 'string',
        availability: 'downloadable', stored: [] });
      await close();
    });

    await t.test('a worker that is killed: its calls reject, the next one has a new worker', async () => {
      const { page, close } = await fresh();
      const found = await page.evaluate(async () => {
        const made = [], Native = Worker;
        globalThis.Worker = class extends Native { constructor(...args) { super(...args); made.push(this); } };
        const translator = await Translator.create(PAIR);
        await translator.translate('The cat.');
        const calls = [translator.translate('The cat sees the dog. '.repeat(2000)), translator.translate('The dog.')];
        await new Promise((resolve) => setTimeout(resolve, 50));
        made[0].terminate();
        const errors = await Promise.all(calls.map((call) =>
          call.then(() => 'done', ({ name, cause }) => `${name} ${cause?.code}`)));
        const next = typeof await translator.translate('The cat.');
        translator.destroy();
        return { errors, next, workers: made.length };
      });
      const lost = 'UnknownError DM_ERR_WORKER';
      assert.deepEqual(found, { errors: [lost, lost], next: 'string', workers: 2 });
      await close();
    });

    await t.test('as a polyfill', async () => {
      const { page, close } = await fresh();
      const found = await page.evaluate(async () => {
        const native = 'Translator' in globalThis && globalThis.Translator;
        delete globalThis.Translator;
        const missing = !('Translator' in globalThis);
        await import(new URL('translator-polyfill.js', location.href).href);
        const polyfill = missing ? globalThis.Translator === native : 'native';
        let monitor = true;
        if (missing) (await globalThis.Translator.create({ ...PAIR, monitor: (made) => {
          monitor = made instanceof globalThis.CreateMonitor;
        } })).destroy();
        return { polyfill, monitor };
      });
      assert.ok(found.polyfill === true || found.polyfill === 'native', String(found.polyfill));
      assert.equal(found.monitor, true);
      await close();
    });
  });

  test(`${kind}, inside a worker`, { skip }, async (t) => {
    writeFileSync(join(site.folder, 'outer.js'), `import { Translator } from './translator.js';
      const work = async () => (await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' })).translate('The cat.');
      await fetch('told ' + await work().then((german) => typeof german, String));`);
    writeFileSync(join(site.folder, 'inside.js'), "new Worker('outer.js', { type: 'module' });");
    writeFileSync(join(site.folder, 'inside.html'), '<!doctype html><script type="module" src="inside.js"></script>');
    t.after(await openAlone(kind, `${server.url}inside.html`));
    const told = () => [...server.asked.keys()].find((name) => name.startsWith('told'));
    while (!told()) await new Promise((resolve) => { setTimeout(resolve, 20); });
    assert.equal(told(), 'told string');
  });
}

test('the demo, the low bits that do not come: said until it is there, and fetched when tried again', async (t) => {
  const tiny = tinySite(), folder = join(tiny.folder, 'models/en-de'), bad = await badServer(tiny.folder);
  const browser = await launch('chromium'), page = await browser.newPage();
  t.after(async () => {
    await browser.close();
    await bad.close();
    tiny.remove();
  });
  execFileSync(process.execPath, ['scripts/coarse-first.mjs', folder]);
  const last = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).chunks.at(-1).file;
  bad.faults.set(last, ['not there']);
  const fails = () => page.$eval('#failure', (e) => !e.hidden);
  const greeted = (half) => page.waitForFunction((isHalf) => {
    const { textContent } = document.querySelector('#status');
    return textContent.startsWith('5 words') && textContent.includes('part of the model') === isHalf;
  }, {}, half);
  await page.goto(bad.url);
  await page.waitForFunction(() => document.querySelector('#failure-text').textContent.startsWith('Part of the model'));
  await page.click('[data-example=greeting]');
  await greeted(true);
  assert.equal(await fails(), true, 'a translation is no reason to forget it');
  bad.reset();
  await page.click('#retry');
  await greeted(false);
  assert.equal(await fails(), false);
  assert.deepEqual([...bad.asked].filter(([name]) => name.startsWith('model.')), [[last, 1]], 'the rest was kept');
});
