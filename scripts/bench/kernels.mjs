// int8 products in real Chromium, relaxed SIMD against simd128: node scripts/bench/kernels.mjs [--json] [turns]
//
// GMAC/s of each set's best turn, their ratio, and the median of the ratios of turns that ran one after the other.
// All in one page, in turns of some milliseconds, so that what else the machine does falls on both. Needs `make site`.
import { start } from '../../tests/browser/harness.mjs';

const SHAPES = [[256, 256], [256, 1536], [1536, 256], [256, 8000]], ROWS = [1, 8, 32];
const TURNS = Number(process.argv.find((word) => /^\d+$/.test(word))) || 41;

/** In the page. @param {number[][]} products @param {number} turns */
async function measure(products, turns) {
  const { linearOf, Product, relaxedModule } = await import(new URL('kernels.js', document.baseURI).href);
  const fetched = async (/** @type {string} */ name) => (await fetch(name)).arrayBuffer();
  const imports = { env: { emscripten_notify_memory_growth() {} } };
  const { instance } = await WebAssembly.instantiate(await fetched('engine.wasm'), imports);
  const core = /** @type {any} */ (instance.exports);
  core._initialize();
  const module = await relaxedModule(() => fetched('kernels-relaxed.wasm'));
  const kernels = new WebAssembly.Instance(module, { env: { memory: core.memory } });
  const sets = [kernels.exports.linear, linearOf(core, 'simd128')];
  return products.map(([rows, k, n]) => {
    const product = new Product(core, rows, k, n);
    const speed = (/** @type {any} */ linear) => {
      const from = performance.now();
      let runs = 0, now;
      do {
        for (let i = 0; i < 16; i++) product.call(linear);
        runs += 16;
        now = performance.now();
      } while (now - from < 3);
      return (rows * k * n * runs) / (now - from) / 1e6;
    };
    for (const linear of sets) speed(linear);       // the compiler's upper tier
    const all = Array.from({ length: turns }, () => sets.map(speed));
    product.free();
    return all;
  });
}

const products = SHAPES.flatMap(([k, n]) => ROWS.map((rows) => [rows, k, n]));
const browser = await start('build/site');
try {
  const { page } = await browser.open({ ready: false, hash: 'style.css' });     // no page of ours that works beside
  const results = await page.evaluate(measure, products, TURNS);
  const table = Object.fromEntries(results.map((turns, i) => {
    const ratios = turns.map(([relaxed, simd128]) => relaxed / simd128).sort((a, b) => a - b);
    const [relaxed, simd128] = [0, 1].map((set) => Math.max(...turns.map((turn) => turn[set])));
    return [products[i].join(' x '), { relaxed: +relaxed.toFixed(1), simd128: +simd128.toFixed(1),
      ratio: +(relaxed / simd128).toFixed(2), 'median ratio': +ratios[ratios.length >> 1].toFixed(2) }];
  }));
  if (process.argv.includes('--json')) console.log(JSON.stringify(table, null, 1));
  else console.table(table);
} finally {
  await browser.close();
}
