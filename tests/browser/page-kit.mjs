/** What the tests of page translation share: a site with a blank page, a translator that reverses every sentence so that
 *  whatever can change its place does, and a page of its own for each test, in Chromium and in Firefox. */

import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'node:test';

import { serve } from '../../scripts/serve.mjs';
import { BROWSERS, launch } from './harness.mjs';

const here = fileURLToPath(new URL('.', import.meta.url)), web = join(here, '../../web');

/** In the page: translatePage, the fake, and what the tests ask again and again. */
const setUp = async () => {
  const { translatePage } = await import(new URL('page.js', location.href).href);
  const { FakeTranslator } = await import(new URL('page-fake.js', location.href).href);
  Object.assign(globalThis, {
    translatePage, FakeTranslator,
    fill: (html) => { document.body.innerHTML = html; },
    /** Without what each passage says of its language: that has a test of its own. */
    html: (node = document.body) => node.innerHTML.replaceAll(' lang="de"', ''),
    turns: async (count = 3) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 20));
    },
    /** A busy machine may take its time to say what is on show. */
    patient: () => {
      const { setTimeout } = globalThis;
      globalThis.setTimeout = (act, ms) => setTimeout(act, ms === 200 ? 1e5 : ms);
    },
    until: async (test) => {
      for (let i = 0; i < 250 && !test(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
      if (!test()) throw new Error(`in vain: ${test}\n${document.body.innerHTML.slice(0, 2000)}`);
    },
    /** Every node under a root, with what it holds. */
    snapshot: (root = document.documentElement) => {
      const nodes = [], copy = root.cloneNode(true);
      const walk = (node) => {
        nodes.push([node, node.parentNode]);
        node.childNodes.forEach(walk);
      };
      walk(root);
      return () => {
        const now = [];
        const again = (node) => {
          now.push([node, node.parentNode]);
          node.childNodes.forEach(again);
        };
        again(root);
        return { equal: root.isEqualNode(copy), html: root.isEqualNode(copy) ? '' : root.outerHTML,
          same: nodes.length === now.length && nodes.every(([node, parent], i) => node === now[i][0] && parent === now[i][1]) };
      };
    },
  });
};

/** @param {(check: (name: string, run: () => unknown, expected: unknown) => Promise<void>) => Promise<void>} run
 *  check: a test in a page of its own; what it returns is compared */
export function inEachBrowser(run) {
  for (const { kind, skip } of BROWSERS) {
    test(kind, { skip }, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'dolmetsch-page-'));
      for (const name of await readdir(web)) if (name.endsWith('.js')) await cp(join(web, name), join(folder, name));
      await cp(join(here, 'page-fake.js'), join(folder, 'page-fake.js'));
      await writeFile(join(folder, 'blank.html'), '<!doctype html><html lang="en"><title>A page</title><body></body></html>');
      const server = await serve(folder), browser = await launch(kind);
      t.after(async () => {
        await browser.close();
        await server.close();
        await rm(folder, { recursive: true });
      });
      await run((name, inPage, expected) => t.test(name, async () => {
        const page = await browser.newPage();
        await page.goto(`${server.url}blank.html`);
        await page.evaluate(setUp);
        assert.deepEqual(await page.evaluate(inPage), expected);
        await page.close();
      }));
    });
  }
}
