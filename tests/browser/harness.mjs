/** Serves a site folder and drives headless Chromium over it, or Firefox.  CHROMIUM and FIREFOX name other binaries. */

import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { serve } from '../../scripts/serve.mjs';
import { FAKE_MODEL } from './fake-engine.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** A host name that is this machine, but no secure context: no caches, no crypto.subtle. */
export const PLAIN_HOST = 'plain.test';

/** What `make site` makes; SITE names another folder. */
export const REAL_SITE = process.env.SITE ?? join(root, 'build/site');

/** A temporary site with the fake engine and the fake model, at /sub/path/ to show that no base path matters. */
export async function fakeSite() {
  const folder = await mkdtemp(join(tmpdir(), 'dolmetsch-site-')), site = join(folder, 'sub/path');
  await mkdir(join(site, 'models/en-de'), { recursive: true });
  for (const name of await readdir(join(root, 'web')))
    if (/\.(html|css|js)$/.test(name)) await cp(join(root, 'web', name), join(site, name));
  await cp(join(here, 'fake-engine.js'), join(site, 'engine.js'));
  await writeFile(join(site, 'engine.wasm'), '\0asm');
  const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const chunks = [];
  for (let at = 0; at < FAKE_MODEL.length; at += 150_000) {
    const bytes = FAKE_MODEL.subarray(at, at + 150_000), file = `model.${String(chunks.length).padStart(3, '0')}`;
    await writeFile(join(site, 'models/en-de', file), bytes);
    chunks.push({ file, bytes: bytes.length, sha256: hash(bytes) });
  }
  await writeFile(join(site, 'models/en-de/manifest.json'), JSON.stringify({
    format: 'dolmetsch-manifest-1', name: 'fake', source: 'en', target: 'de', architecture: 'transformer', licence: 'CC0-1.0',
    bytes: FAKE_MODEL.length, sha256: hash(FAKE_MODEL), scores: {}, card: 'card.md', chunks }));
  await writeFile(join(site, 'models/index.json'), JSON.stringify({ models: [{ folder: 'en-de', source: 'en', target: 'de' }] }));
  return { folder, path: 'sub/path/', site, remove: () => rm(folder, { recursive: true }) };
}

/** @param {'chromium' | 'firefox'} kind */
export function launch(kind) {
  const executablePath = kind === 'firefox' ? FIREFOX : CHROMIUM;
  if (!existsSync(executablePath)) throw new Error(`no browser at ${executablePath}: set ${kind.toUpperCase()}`);
  if (kind === 'firefox') return puppeteer.launch({ browser: 'firefox', executablePath, headless: true,
    extraPrefsFirefox: { 'network.dns.localDomains': PLAIN_HOST } });
  return puppeteer.launch({ executablePath, headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`] });
}

/** A browser and a server for one test file.  open() gives a page, and collects whatever it complains about.
 *  @param {string} folder @param {string} [path] */
export async function start(folder, path = '') {
  const server = await serve(folder), browser = await launch('chromium');
  return {
    browser,
    url: server.url + path,
    /** @param {{width?: number, height?: number, dark?: boolean, hash?: string, ready?: boolean, before?: Function}} [options] */
    async open({ width = 1280, height = 900, dark = false, hash = '', ready = true, before } = {}) {
      const page = await browser.newPage(), complaints = [];
      page.on('console', (message) => {             // kernels-relaxed.wasm may be absent: not every compiler makes it
        if (['error', 'warn'].includes(message.type()) && !message.location().url?.endsWith('/kernels-relaxed.wasm'))
          complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => {
        if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
          complaints.push(`request to ${request.url()}`);
      });
      await page.setViewport({ width, height,
        deviceScaleFactor: width < 500 ? 2 : 1, isMobile: width < 500, hasTouch: width < 500 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
      await before?.(page);
      await page.goto(server.url + path + hash);
      if (ready) await page.waitForSelector('#target .dm-word', { timeout: 20_000 });
      return { page, complaints };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
