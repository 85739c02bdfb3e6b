// Times kernels and engine side by side: node scripts/bench/bench.mjs [--json] [--lines N]
//
// Kernels: GMAC/s of each variant, native and wasm. Engine: words per second of the shipped model over the
// same English lines, native and Node, each kernel set that runs there, alternating in one run; sizes and
// heap. Quote ratios: absolute figures depend on what else the machine does.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { Engine } from '../../web/engine.js';
import { loadModel } from '../../web/loader.js';
import { readFile } from 'node:fs/promises';

const argv = process.argv.slice(2);
const asJson = argv.includes('--json');
const LINES = Number(argv[argv.indexOf('--lines') + 1] || 0) || 100;
const ROUNDS = 3;
const MODEL = 'models/en-de', RELAXED = 'build/site/kernels-relaxed.wasm';

const text = readFileSync('scripts/bench/text.en', 'utf8').trimEnd().split('\n').slice(0, LINES);
const words = text.join(' ').split(/\s+/).length;
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values) => (Math.max(...values) - Math.min(...values)) / median(values);

function kernels() {
  const native = execFileSync('build/native/bench_kernels', ['--json'], { encoding: 'utf8' });
  const wasm = execFileSync(process.execPath,
    ['--no-warnings', 'tests/run_wasm.mjs', 'build/wasm/tests/bench_kernels.wasm', '--json'], { encoding: 'utf8' });
  return { native: JSON.parse(native), wasm: JSON.parse(wasm) };
}

/** Seconds of a native run over the lines, less the start with no lines. */
function nativeSeconds(name) {
  const time = (input) => {
    const start = performance.now();
    const { status } = spawnSync('build/dolmetsch', ['--model', MODEL, '--kernels', name], { input });
    if (status !== 0) throw new Error('build/dolmetsch failed');
    return (performance.now() - start) / 1000;
  };
  return time(text.join('\n')) - time('');
}

/** Seconds for all lines: in jobs of `batch` lines. */
function engineSeconds(engine, name, batch) {
  const start = performance.now();
  for (let i = 0; i < text.length; i += batch) {
    const job = engine.job(text.slice(i, i + batch), { kernels: name });
    while (job.run(1 << 20));
    job.free();
  }
  return (performance.now() - start) / 1000;
}

async function engines() {
  const started = performance.now();
  const engine = await Engine.create(readFileSync('build/site/engine.wasm'), { relaxed: () => readFile(RELAXED) });
  const { at, bytes } = await loadModel(MODEL, engine, { read: (url) => readFile(url) });
  engine.open(at, bytes);
  const load = performance.now() - started;
  const sets = engine.refused.relaxed ? ['simd128', 'ref'] : ['relaxed', 'simd128', 'ref'];
  if (engine.refused.relaxed) console.error(`without the kernels "relaxed": ${engine.refused.relaxed}`);
  for (const name of sets) engineSeconds(engine, name, 32);       // the compiler's upper tier is in place now
  /** @type {Record<string, number[]>} */
  const runs = {};
  const add = (/** @type {string} */ name, /** @type {number} */ seconds) => (runs[name] ??= []).push(words / seconds);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of sets) {
      add(`Node ${name}, batches`, engineSeconds(engine, name, 32));
      if (name !== 'ref') add(`Node ${name}, one line`, engineSeconds(engine, name, 1));
    }
    for (const name of ['simd128', 'ref']) add(`native ${name}, batches`, nativeSeconds(name));
  }
  return { load, runs, heap: engine.memory().length, model: bytes };
}

const size = (file) => {
  const bytes = readFileSync(file);
  return { bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
};
const js = ['demo', 'translator', 'worker'].map((name) => size(`build/site/${name}.js`))
  .reduce((a, b) => ({ bytes: a.bytes + b.bytes, gzip: a.gzip + b.gzip }));

const report = {
  kernels: kernels(),
  engine: existsSync(`${MODEL}/manifest.json`) ? await engines() : undefined,
  sizes: {
    'engine.wasm': size('build/site/engine.wasm'), ...(existsSync(RELAXED) && { 'kernels-relaxed.wasm': size(RELAXED) }),
    "the page's .js": js, 'build/dolmetsch': { bytes: statSync('build/dolmetsch').size },
  },
};

if (asJson) {
  console.log(JSON.stringify(report, null, 1));
} else {
  for (const [where, table] of Object.entries(report.kernels)) {
    console.log(`\nkernels, ${where}`);
    console.table(table);
  }
  if (report.engine) {
    const { runs, load, heap, model } = report.engine;
    const base = median(runs['Node ref, batches']);
    console.log(`\n${MODEL}: ${text.length} lines, ${words} words, median of ${ROUNDS} alternating rounds`);
    console.table(Object.fromEntries(Object.entries(runs).map(([name, values]) => [name, {
      'words/s': Math.round(median(values)), 'against Node ref': +(median(values) / base).toFixed(2),
      spread: `${Math.round(100 * spread(values))} %` }])));
    console.log(`load ${Math.round(load)} ms; heap ${heap} bytes = model + ${heap - model}`);
  }
  console.log('\nsizes');
  console.table(report.sizes);
}
