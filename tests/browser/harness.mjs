/** Serves a site folder and drives headless Chromium over it, or Firefox.  CHROMIUM and FIREFOX name other binaries. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
/** What tests run in, and why one is left out.  @type {{kind: 'chromium' | 'firefox', skip: false | string}[]} */
export const BROWSERS = [{ kind: 'chromium', skip: false },
  { kind: 'firefox', skip: FIREFOX === 'none' && 'FIREFOX=none' }];

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
  await writeFile(join(site, 'models/index.json'), JSON.stringify({
    models: [{ folder: 'en-de', source: 'en', target: 'de', bytes: FAKE_MODEL.length }] }));
  return { folder, path: 'sub/path/', site, remove: () => rm(folder, { recursive: true }) };
}

/** A model for the way back, German to English.  @param {string} site of fakeSite() */
export async function addWayBack(site) {
  const read = async (/** @type {string} */ name) => JSON.parse(await readFile(join(site, 'models', name), 'utf8'));
  const write = (/** @type {string} */ name, /** @type {any} */ json) =>
    writeFile(join(site, 'models', name), JSON.stringify(json));
  await cp(join(site, 'models/en-de'), join(site, 'models/de-en'), { recursive: true });
  await write('de-en/manifest.json', { ...await read('en-de/manifest.json'), name: 'fake-back', source: 'de', target: 'en' });
  const { models: [there] } = await read('index.json');
  await write('index.json', { models: [there, { ...there, folder: 'de-en', source: 'de', target: 'en' }] });
}

/** @param {'chromium' | 'firefox'} kind @param {import('puppeteer-core').LaunchOptions} [options] preferences, a profile */
export function launch(kind, { extraPrefsFirefox, ...options } = {}) {
  const executablePath = kind === 'firefox' ? FIREFOX : CHROMIUM;
  if (!existsSync(executablePath)) throw new Error(`no browser at ${executablePath}: set ${kind.toUpperCase()}`);
  if (kind === 'firefox') return puppeteer.launch({ browser: 'firefox', executablePath, headless: true,
    extraPrefsFirefox: { 'network.dns.localDomains': PLAIN_HOST, ...extraPrefsFirefox }, ...options });
  return puppeteer.launch({ executablePath, headless: true, ...options,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`] });
}

/** A page in a browser that nothing drives.  Under WebDriver, `new Worker` inside a worker never returns once in fifty times in
 *  Firefox 153, whatever the workers do (new Worker('one line.js') in a loop; 0 of 1,100 times without a driver).
 *  @param {'chromium' | 'firefox'} kind @param {string} url @returns {Promise<() => Promise<void>>} closes it */
export async function openAlone(kind, url) {
  const profile = await mkdtemp(join(tmpdir(), 'dolmetsch-profile-'));
  const options = /** @type {const} */ ({ stdio: 'ignore' });
  const child = kind === 'firefox' ? spawn(FIREFOX, ['--headless', '--no-remote', '--profile', profile, url], options)
    : spawn(CHROMIUM, ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, url],
      options);
  const ended = once(child, 'exit');
  return async () => {
    child.kill();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** A browser and a server for one test file.  open() gives a page, and collects whatever it complains about.
 *  @param {string} folder @param {string} [path] @param {'chromium' | 'firefox'} [kind] without phones and colour schemes */
export async function start(folder, path = '', kind = 'chromium') {
  const server = await serve(folder), browser = await launch(kind);
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
      await page.setViewport(kind === 'firefox' ? { width, height } : { width, height,
        deviceScaleFactor: width < 500 ? 2 : 1, isMobile: width < 500, hasTouch: width < 500 });
      if (kind === 'chromium')
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
      await before?.(page);
      await page.goto(server.url + path + hash);
      if (ready) await page.waitForSelector('#target .dm-word');
      return { page, complaints };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
