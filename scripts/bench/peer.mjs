// Our engine against Bergamot's, in Node and in Chromium: make bench-peer, or
//   node scripts/bench/peer.mjs [--rounds N] [--lines N] [--text FILE] [--only node|chromium] [--save FOLDER] [--json]
//
// Both run the same int8 weights over the same lines, in turns, each in its own worker behind its own JavaScript:
// one line per request, then 100 lines per request (with 32 the peer is slower). Quote the ratios: words per second
// depend on what else the machine does. The outputs are compared line by line. Of a FILE of pairs the first column is read.
//
// The weights are those of build/peer/en-de.bin (scripts/train/export_intgemm.py); without it, of models/en-de.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { start } from '../../tests/browser/harness.mjs';
import { serve } from '../serve.mjs';
import { load, run, warmUp } from './contestants.mjs';
import { writePeerModel } from './peer-model.mjs';

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '5' }, lines: { type: 'string', default: '1000000' },
  text: { type: 'string', default: 'scripts/bench/text.en' }, only: { type: 'string' }, save: { type: 'string' },
  json: { type: 'boolean' } } });
const PEER = 'build/peer', PACKAGE = `${PEER}/node_modules/@browsermt/bergamot-translator`;
const OURS = 'dolmetsch';
const SHOWN = 5;                                    // disagreements
const lines = readFileSync(options.text, 'utf8').trimEnd().split('\n').slice(0, Number(options.lines))
  .map((line) => line.split('\t')[0]);
const words = lines.join(' ').split(/\s+/).length;
const median = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** What a run needs below build/peer; returns whether the weights came with alphas. */
function prepare() {
  if (!existsSync(`${PACKAGE}/translator.js`)) throw new Error(`${PACKAGE} is missing: make bench-peer fetches it`);
  if (!existsSync(`${PEER}/en-de.bin`)) writePeerModel('models/en-de', `${PEER}/en-de`);
  // The package says that it is made of modules; its worker is not one, which Node takes at its word.
  writeFileSync(`${PACKAGE}/worker/package.json`, '{ "type": "commonjs" }\n');
  writeFileSync(`${PEER}/index.html`, '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">\n');
  copyFileSync('scripts/bench/contestants.mjs', `${PEER}/contestants.mjs`);
  // Our converter reads the peer's file: both engines multiply the same int8 values.
  const lexicon = existsSync(`${PEER}/lex.bin`) ? [`${PEER}/lex.bin`] : [];
  execFileSync('build/dolmetsch', ['pack', `${PEER}/en-de.bin`, `${PEER}/en-de.spm`, ...lexicon, `${PEER}/en-de.dm`]);
  mkdirSync(`${PEER}/model`, { recursive: true });
  execFileSync(process.execPath, ['scripts/publish.mjs', `${PEER}/en-de.dm`, `${PEER}/model`, 'en', 'de']);
  return readFileSync(`${PEER}/en-de.bin`).includes('none_QuantMultA');
}

/** @typedef {Awaited<ReturnType<typeof run>>} Round */

/** @typedef {{rounds: Round[], kernels: string, version: string}} Runs */

/** @param {boolean} alphas @returns {Promise<Runs>} */
async function inNode(alphas) {
  const server = await serve('build');
  const here = new URL('../../', import.meta.url);
  const { engines, kernels } = await load({ ours: new URL('web/translator.js', here).href,
    theirs: new URL(`${PACKAGE}/translator.js`, here).href }, server.url, alphas);
  await warmUp(engines, lines);
  const rounds = [];
  for (let round = 0; round < Number(options.rounds); round++) rounds.push(await run(engines, lines, round));
  await server.close();
  return { rounds, kernels, version: `Node ${process.versions.node}` };
}

/** @param {boolean} alphas @returns {Promise<Runs>} */
async function inChromium(alphas) {
  const browser = await start('build', 'peer/');
  try {
    const { page } = await browser.open({ ready: false });
    const base = new URL('../', browser.url).href, theirs = `${base}${PACKAGE.replace('build/', '')}/translator.js`;
    const kernels = await page.evaluate(async (base, theirs, alphas, lines) => {
      const race = await import(`${base}peer/contestants.mjs`);
      const { engines, kernels } = await race.load({ ours: `${base}site/translator.js`, theirs }, base, alphas);
      await race.warmUp(engines, lines);
      Object.assign(window, { runRound: (/** @type {number} */ round) => race.run(engines, lines, round) });
      return kernels;
    }, base, theirs, alphas, lines);
    const rounds = [];
    for (let round = 0; round < Number(options.rounds); round++)
      rounds.push(await page.evaluate((round) => /** @type {any} */ (window).runRound(round), round));
    return { rounds, kernels, version: await browser.browser.version() };
  } finally {
    await browser.close();
  }
}

/** Words per second, and how many times ours goes into theirs, round by round. @param {Round[]} rounds */
function summarise(rounds) {
  const of = (/** @type {Round} */ round, /** @type {string} */ engine, /** @type {string} */ mode) =>
    /** @type {Round[0]} */ (round.find((result) => result.engine === engine && result.mode === mode));
  return rounds[0].map(({ engine, mode }) => {
    const ratios = rounds.map((round) => of(round, engine, mode).seconds / of(round, OURS, mode).seconds);
    return { mode, engine, wordsPerSecond: median(rounds.map((round) => words / of(round, engine, mode).seconds)),
      ratio: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios),
      texts: of(rounds[0], engine, mode).texts };
  });
}

/** Lines whose outputs differ. @param {string[]} a @param {string[]} b */
const differing = (a, b) => a.flatMap((text, i) =>
  (text === b[i] ? [] : [{ line: i + 1, source: lines[i], ours: text, theirs: b[i] }]));

/** @param {string[]} files */
const size = (files) => files.map((file) => readFileSync(file)).reduce((sum, bytes) => ({
  bytes: sum.bytes + bytes.length, gzip: sum.gzip + gzipSync(bytes, { level: 9 }).length }), { bytes: 0, gzip: 0 });

/** Our own modules that the given ones import, and they. @param {string[]} names @returns {string[]} */
function closure(names) {
  const files = new Set(names);
  for (const file of files)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^import .* from '\.\/(.*)'/gm)) files.add(`web/${name}`);
  return [...files];
}

const alphas = prepare();
/** @type {Record<string, ReturnType<typeof summarise>>} */
const tables = {};
/** @type {Record<string, string>} */
const kernels = {};
for (const [name, where] of Object.entries({ node: inNode, chromium: inChromium }))
  if (!options.only || options.only === name) {
    const runs = await where(alphas);
    tables[runs.version] = summarise(runs.rounds);
    kernels[runs.version] = runs.kernels;
  }

const [first] = Object.values(tables);
const texts = (/** @type {string} */ engine, /** @type {string} */ mode) =>
  first.find((row) => row.engine === engine && row.mode.startsWith(mode))?.texts ?? [];
const peers = [...new Set(first.map((row) => row.engine))].filter((engine) => engine !== OURS);
const report = {
  lines: lines.length, words, rounds: Number(options.rounds), alphas, kernels,
  speed: Object.fromEntries(Object.entries(tables).map(([where, rows]) => [where, rows.map(({ texts: _, ...row }) => row)])),
  // One line at a time, since a batch changes what the peer says.
  disagreements: Object.fromEntries(peers.map((peer) => [peer, differing(texts(OURS, 'one'), texts(peer, 'one'))])),
  batchDiffers: Object.fromEntries([OURS, ...peers].map((engine) =>
    [engine, differing(texts(engine, 'one'), texts(engine, 'batches')).length])),
  placeDiffers: Object.fromEntries(Object.entries(tables).slice(1).flatMap(([where, rows]) => rows.map((row, i) =>
    [`${where}, ${row.engine}, ${row.mode}`, differing(row.texts, first[i].texts).length]))),
  sizes: {
    'dolmetsch, wasm': size(readdirSync('build/site').filter((name) => name.endsWith('.wasm'))
      .map((name) => `build/site/${name}`)),
    'dolmetsch, JavaScript': size(closure(['web/translator.js', 'web/worker.js'])),
    'bergamot, wasm': size([`${PACKAGE}/worker/bergamot-translator-worker.wasm`]),
    'bergamot, JavaScript': size(['translator.js', 'worker/translator-worker.js', 'worker/bergamot-translator-worker.js']
      .map((name) => `${PACKAGE}/${name}`)),
  },
};

if (options.save) {
  mkdirSync(options.save, { recursive: true });
  for (const engine of [OURS, ...peers])
    writeFileSync(`${options.save}/${engine.replace(', ', '-').replace(' ', '-')}.txt`, `${texts(engine, 'one').join('\n')}\n`);
}
if (options.json) {
  console.log(JSON.stringify(report, null, 1));
} else {
  console.log(`${lines.length} lines, ${words} words, ${options.rounds} rounds in turns; ratio: our speed over theirs, `
    + `median, least and most of the rounds.\nThe peer's products: ${alphas ? 'int8shiftAlphaAll' : 'int8shiftAll'}. `
    + 'With build/peer/lex.bin both have its shortlist; "all words" is without.');
  for (const [where, rows] of Object.entries(report.speed)) {
    console.log(`\n${where}, our kernels: ${kernels[where]}`);
    console.table(rows.map(({ mode, engine, wordsPerSecond, ratio, least, most }) => ({ mode, engine,
      'words/s': Math.round(wordsPerSecond), ratio: +ratio.toFixed(2), spread: `${least.toFixed(2)}-${most.toFixed(2)}` })));
  }
  for (const [peer, list] of Object.entries(report.disagreements)) {
    console.log(`\n${OURS} and ${peer}, line by line: ${list.length} of ${lines.length} differ`);
    for (const { line, source, ours, theirs } of list.slice(0, SHOWN))
      console.log(`  ${line}  ${source}\n     ours    ${ours}\n     theirs  ${theirs}`);
  }
  console.log('\nlines that differ between one at a time and in a batch:', report.batchDiffers);
  console.log('lines that differ between Node and Chromium:', report.placeDiffers);
  console.log('\nsizes');
  console.table(report.sizes);
}
process.exit(0);                                    // the peer's workers would keep Node alive
