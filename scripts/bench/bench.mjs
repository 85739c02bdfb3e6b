// Times kernels and engine side by side, native, in Node and in Chromium: make bench, or
//   node scripts/bench/bench.mjs [--json FILE] [--rounds N] [--only native|node|chromium]
//
// Over the 100 lines of text.en, with the shipped model; medians of rounds in which the variants take turns. Quote the
// ratios: absolute figures depend on the machine and on what else it does. docs/benchmarks.md says what each table is.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { serve } from '../serve.mjs';
import { measureInPage, visits } from './chromium.mjs';
import { LENGTHS, load, measure, PARTS, speedsOf } from './measure.mjs';
import * as native from './native.mjs';
import { print } from './tables.mjs';

const { values: options } = parseArgs({ options: {
  json: { type: 'string' }, rounds: { type: 'string', default: '5' }, only: { type: 'string' } } });
const SENTENCES = 8;                                // of each length
const NATIVE_SETS = ['relaxed', 'simd128'], RELAXED = 'build/site/kernels-relaxed.wasm';
const rounds = Number(options.rounds);
const lines = readFileSync('scripts/bench/text.en', 'utf8').trimEnd().split('\n');
const has = (/** @type {string} */ place) => !options.only || options.only === place;

/** The tokens of a text and of its translation. @param {import('../../web/engine.js').Engine} engine @param {string} text */
function tokensOf(engine, text) {
  const job = engine.job([text]);
  while (job.run(1 << 20));
  const { sentences } = job.result(0);
  job.free();
  return { source: sentences.flatMap(({ source }) => source), target: sentences.flatMap(({ target }) => target) };
}

/** Sentences of exactly n tokens, the end counted: the lines from one on, joined and cut.
 *  @param {import('../../web/engine.js').Engine} engine @param {number} n @returns {string[]} */
function sentencesOf(engine, n) {
  const found = [];
  for (let i = 0; found.length < SENTENCES && i < lines.length; i++) {
    const long = lines.slice(i, i + Math.ceil(n / 10)).map((line) => line.replace(/[.:?!]+/g, '')).join(', ');
    const text = long.slice(0, tokensOf(engine, long).source[n - 2]?.end ?? 0);
    if (tokensOf(engine, text).source.length === n) found.push(text);
  }
  if (found.length < SENTENCES) throw new Error(`text.en gives ${found.length} sentences of ${n} tokens`);
  return found;
}

/** The measures of measure.mjs, of the native program. @param {import('./measure.mjs').Texts} texts */
async function measureNative(texts) {
  const programs = Object.fromEntries(NATIVE_SETS.map((name) => [name, native.start('build/dolmetsch', name)]));
  const speed = await speedsOf(Object.fromEntries(NATIVE_SETS.map((name) => [name, programs[name].translate])), texts);
  for (const program of Object.values(programs)) await program.end();
  return { speed, kernels: native.kernels(), stages: await native.stages(texts), parallel: native.underParallel(texts) };
}

const size = (/** @type {string} */ file) => {
  const bytes = readFileSync(file);
  return { bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
};

/** The same texts for every place; and how many tokens they and their translations have.  @param {string} base of build/ */
async function texts(base) {
  const { engine } = await load({ modules, base }, 'Hello.');
  const lengths = Object.fromEntries(LENGTHS.map((n) => [n, sentencesOf(engine, n)]));
  const count = (/** @type {string[]} */ all) => all.map((text) => tokensOf(engine, text))
    .reduce((sum, { source, target }) => sum + source.length + target.length, 0);
  const ofLength = Object.fromEntries(LENGTHS.map((n) => [n, count(lengths[n])]));
  return { lengths, tokens: { lines: count(lines), ofLength } };
}

const modules = new URL('../../web/', import.meta.url).href;
const server = await serve('build');
const { lengths, tokens } = await texts(server.url);
const input = { lines, lengths, sentence: lengths[20][0], rounds };
/** @type {import('./tables.mjs').Report} */
const report = { cpu: cpus()[0].model.trim(), cores: cpus().length, rounds, sentences: lines.length,
  words: lines.join(' ').split(/\s+/).length, tokens, places: {}, sizes: {
    'engine.wasm': size('build/site/engine.wasm'), ...(existsSync(RELAXED) && { 'kernels-relaxed.wasm': size(RELAXED) }),
    ...Object.fromEntries(['demo', 'translator', 'worker'].map((name) => [`${name}.js`, size(`build/site/${name}.js`)])) } };
if (has('native')) report.places.native = await measureNative(input);
if (has('node')) {
  const place = report.places[`Node ${process.versions.node}`] = {};
  for (const part of /** @type {(keyof typeof PARTS)[]} */ (Object.keys(PARTS)))
    Object.assign(place, await measure(part, { modules, base: server.url }, input));
}
await server.close();
if (has('chromium')) {
  const { version, ...place } = await measureInPage(input);
  report.places[version] = place;
  report.visits = await visits(rounds);
}
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
print(report);
process.exit(0);                                    // workers of Node would keep it alive
