// When what arrives: node scripts/bench/arrival.mjs [MBIT] [FOLDER for screenshots]
//
// Serves build/site at MBIT megabits per second (8) with 50 ms to the first byte of every file, opens it in a fresh profile of
// Chromium, and prints milliseconds from navigation to the model's first byte, the first translation (coarse) and the exact one.
// Then it comes again: to the first translation from navigation, DOMContentLoaded and the run of the page's module.
// Then the encoder alone: all that could be gained by an order of the file in which it can run before the decoder is there.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { mkdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

import { launch } from '../../tests/browser/harness.mjs';
import { waitForGerman, watchForGerman } from './chromium.mjs';
import { median } from './measure.mjs';

const SITE = 'build/site', LATENCY = 50, PIECE = 2 ** 14, VISITS = 5;
const [mbit = '8', pictures] = process.argv.slice(2), bytesPerMs = Number(mbit) * 1e6 / 8 / 1000;
const lines = readFileSync('scripts/bench/text.en', 'utf8').trimEnd().split('\n');
/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm',
  '.json': 'application/json' };

/** When the line is free again; all connections share it. */
let free = 0;
/** @param {import('node:http').ServerResponse} response @param {Buffer} bytes */
async function trickle(response, bytes) {
  await later(LATENCY);
  for (let at = 0; at < bytes.length && !response.destroyed; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE), now = performance.now();
    free = Math.max(free, now) + piece.length / bytesPerMs;
    await later(free - now);
    response.write(piece);
  }
  response.end();
}
const later = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** @type {[name: string, time: number][]} */
const asked = [];
const server = createServer(async (request, response) => {
  const path = new URL(request.url ?? '/', 'http://x').pathname.replace(/\/$/, '/index.html');
  const bytes = await readFile(join(SITE, path)).catch(() => undefined);
  if (!bytes) return response.writeHead(404).end();
  asked.push([path.split('/').pop() ?? '', Date.now()]);
  response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Length': bytes.length });
  await trickle(response, bytes);
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(undefined)); });
const url = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/`;

/** In the page: milliseconds of the encoder, and of the first step of the decoder.
 *  @param {string[]} texts @param {number} batch */
async function encoderTime(texts, batch) {
  const { Engine } = await import(new URL('engine.js', document.baseURI).href);
  const { loadModel } = await import(new URL('loader.js', document.baseURI).href);
  const { openStore } = await import(new URL('cache.js', document.baseURI).href);
  const engine = await Engine.create(fetch('engine.wasm'), { relaxed: () => fetch('kernels-relaxed.wasm') });
  const { at, bytes } = await loadModel(new URL('models/en-de/', document.baseURI).href, engine, { store: await openStore() });
  engine.open(at, bytes);
  let total = 0, encoder = 0;
  for (let round = 0; round < 2; round++) {         // the compiler's upper tier is in place in the second
    total = encoder = 0;
    for (let i = 0; i < texts.length; i += batch) {
      const job = engine.job(texts.slice(i, i + batch)), start = performance.now();
      let first = 0;
      while (job.run(1)) if (!first && job.partial(0).length) first = performance.now() - start;
      encoder += first;
      total += performance.now() - start;
      job.free();
    }
  }
  return [encoder, total].map(Math.round);
}

const browser = await launch('chromium');
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 860 });
  await page.evaluateOnNewDocument(watchForGerman);
  if (pictures) mkdirSync(pictures, { recursive: true });
  const picture = async (/** @type {string} */ name) => {
    if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
  };
  const begun = Date.now(), since = () => Date.now() - begun;
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await later(1500);
  await picture('download');
  const first = await waitForGerman(page);
  await picture('coarse');
  const last = JSON.parse(readFileSync(`${SITE}/models/en-de/manifest.json`, 'utf8')).chunks.length;
  while (asked.filter(([name]) => /^model\.\d+$/.test(name)).length < last) await later(20);
  await page.waitForNetworkIdle({ idleTime: 300, timeout: 120_000 });
  await later(300);
  await picture('whole');
  const byte = asked.find(([name]) => name === 'model.000')?.[1] ?? 0;
  console.log(`${mbit} Mbit/s, milliseconds from navigation: first byte of the model ${byte + LATENCY - begun}, `
    + `first translation ${Math.round(first.navigation)}, whole model ${since() - 600}`);
  const next = /** @type {Record<string, number[]>} */ ({ navigation: [], ready: [], module: [] });
  for (let visit = 0; visit < VISITS; visit++) {
    await page.goto(url);
    for (const [from, ms] of Object.entries(await waitForGerman(page))) next[from].push(ms);
    await later(500);
  }
  console.log(`first translation on ${VISITS} later visits, median: ${Object.entries(next)
    .map(([from, ms]) => `${Math.round(median(ms))} from ${from}`).join(', ')}`);
  for (const [name, texts, batch] of /** @type {[string, string[], number][]} */ ([['one sentence', lines.slice(0, 1), 1],
    [`${lines.length} lines`, lines, 32]])) {
    const [encoder, total] = await page.evaluate(encoderTime, texts, batch);
    console.log(`${name}: ${encoder} of ${total} ms to the first piece, encoder included`);
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
