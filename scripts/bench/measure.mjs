/** What `make bench` measures of the engine in WebAssembly: in Node and in a page alike, on a server of build/.
 *  No file and no table in here; bench.mjs calls it in Node, chromium.mjs in a page. */

/** @typedef {(lines: string[]) => unknown} Translate   all lines in one job; may be a promise
 *  @typedef {{lines: string[], lengths: Record<string, string[]>, sentence: string, rounds: number}} Texts
 *    lengths: sentences of so many tokens; sentence: one of 20
 *  @typedef {{modules: string, base: string}} Place   modules: where web/ lies; base: of build/, over http */

export const BATCHES = [1, 4, 16, 64], LENGTHS = [5, 20, 50, 100];     // sentences at once; tokens of a sentence
const SHAPES = [[256, 256], [256, 1536], [1536, 256], [256, 8000]], ROWS = [1, 8, 32];
export const STAGES = ['tokenise', 'encode', 'step', 'output', 'search', 'text'];
const TURN = 3, TURNS = 15;                         // milliseconds of one turn of a kernel
/** How often the sentence and the lines are translated for the stages, since clocks in pages are coarse; and the lines, to make
 *  a corpus of them. */
export const REPEATS = { one: 50, batch: 3, corpus: 4 };

export const median = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Lets the event loop turn: it was blocked for seconds, and connections that timed out meanwhile look open. */
const breathe = () => new Promise((resolve) => { setTimeout(resolve, 100); });

/** @param {string} url */
async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
  return response.arrayBuffer();
}

/** @param {string} url @param {Record<string, any>} [more] imports @returns {Promise<any>} what it exports */
async function instantiate(url, more = {}) {
  const env = { emscripten_notify_memory_growth() {}, ...more };
  return (await WebAssembly.instantiate(await bytesOf(url), { env })).instance.exports;
}

/** Milliseconds for all lines, `size` at once. @param {Translate} translate @param {string[]} lines @param {number} size */
async function time(translate, lines, size) {
  const start = performance.now();
  for (let i = 0; i < lines.length; i += size) await translate(lines.slice(i, i + size));
  return performance.now() - start;
}

/** Milliseconds of each round, for the lines in batches of each size, and for the sentences of each length alone and together;
 *  by kernel set where there are several. The sets take turns.
 *  @param {Record<string, Translate>} sets @param {Texts} texts */
export async function speedsOf(sets, { lines, lengths, rounds }) {
  /** @type {Record<string, Record<'batches' | 'alone' | 'together', Record<string, number[]>>>} */
  const result = {};
  for (const [name, translate] of Object.entries(sets)) {
    result[name] = { batches: {}, alone: {}, together: {} };
    await time(translate, lines, 32);               // the compiler's upper tier is in place now
  }
  const add = (/** @type {Record<string, number[]>} */ to, /** @type {string | number} */ key, /** @type {number} */ ms) =>
    (to[key] ??= []).push(ms);
  for (let round = 0; round < rounds; round++) {
    for (const size of BATCHES)
      for (const [name, translate] of Object.entries(sets))
        add(result[name].batches, size, await time(translate, lines, size));
    for (const [length, sentences] of Object.entries(lengths))
      for (const [name, translate] of Object.entries(sets)) {
        add(result[name].alone, length, await time(translate, sentences, 1));
        add(result[name].together, length, await time(translate, sentences, sentences.length));
      }
  }
  return result;
}

/** GMAC/s of each set's products and of its ceiling (ceiling.c), the best of turns that alternate.
 *  @param {Place} place */
async function kernels({ modules, base }) {
  const { linearOf, Product, relaxedModule } = await import(`${modules}kernels.js`);
  const core = await instantiate(`${base}bench/engine.wasm`, { bench_now: () => performance.now() }), { memory } = core;
  core._initialize();
  const sets = { simd128: { linear: linearOf(core, 'simd128'), ceiling: core.ceiling } };
  const relaxed = await relaxedModule(() => bytesOf(`${base}site/kernels-relaxed.wasm`)).catch(() => undefined);
  if (relaxed) sets.relaxed = { linear: new WebAssembly.Instance(relaxed, { env: { memory } }).exports.linear,
    ceiling: (await instantiate(`${base}bench/ceiling-relaxed.wasm`, { memory })).ceiling };
  const room = core.dm_wasm_alloc(1 << 16);
  /** @type {Record<string, any>} */
  const result = {};
  for (const [set, { linear, ceiling }] of Object.entries(sets)) {
    result[set] = { ceiling: 0, products: {} };
    for (const [k, n] of SHAPES) for (const rows of ROWS) {
      const product = new Product(core, rows, k, n);
      const run = () => { product.call(linear); return rows * k * n; };
      let best = 0;
      for (let turn = 0; turn < TURNS; turn++) {
        best = Math.max(best, gmacs(run));
        result[set].ceiling = Math.max(result[set].ceiling, gmacs(() => ceiling(room)));
      }
      result[set].products[`${rows} x ${k} x ${n}`] = best;
      product.free();
    }
  }
  core.dm_wasm_free(room);
  return { kernels: result };
}

/** GMAC/s of one turn. @param {() => number} run returns how many multiply-adds it did */
function gmacs(run) {
  const start = performance.now();
  let macs = 0, now;
  do {
    for (let i = 0; i < 16; i++) macs += run();
    now = performance.now();
  } while (now - start < TURN);
  return macs / (now - start) / 1e6;
}

/** The engine with the model, and how long it took from the bytes on the server to the first sentence.
 *  @param {Place} place @param {string} sentence */
export async function load({ modules, base }, sentence) {
  const { Engine } = await import(`${modules}engine.js`), { loadModel } = await import(`${modules}loader.js`);
  const start = performance.now();
  const engine = await Engine.create(await bytesOf(`${base}site/engine.wasm`),
    { relaxed: () => bytesOf(`${base}site/kernels-relaxed.wasm`) });
  const { at, bytes } = await loadModel(`${base}site/models/en-de/`, engine);
  engine.open(at, bytes);
  translateWith(engine)([sentence]);
  return { engine, model: bytes, ms: performance.now() - start };
}

/** @param {any} engine @param {string} [kernels] @returns {Translate} */
export const translateWith = (engine, kernels) => (lines) => {
  const job = engine.job(lines, { kernels });
  while (job.run(1 << 20));
  const texts = lines.map((_, i) => job.bytes(i));
  job.free();
  return texts;
};

/** Speed of every kernel set, start and memory. @param {Place} place @param {Texts} texts */
async function speed(place, texts) {
  const { engine, model, ms } = await load(place, texts.sentence), { refused } = engine;
  const names = refused.relaxed ? ['simd128'] : ['relaxed', 'simd128'];
  const speed = await speedsOf(Object.fromEntries(names.map((name) => [name, translateWith(engine, name)])), texts);
  return { speed, refused, load: ms, model, heap: engine.memory().length };
}

/** Milliseconds in each stage of one sentence, and of all lines in batches of 64: the engine with a clock (stages.c).
 *  @param {Place} place @param {Texts} texts */
async function stages({ modules, base }, { lines, sentence }) {
  const { Engine } = await import(`${modules}engine.js`), { relaxedModule, useRelaxed } = await import(`${modules}kernels.js`);
  const core = await instantiate(`${base}bench/engine.wasm`, { bench_now: () => performance.now() });
  const engine = new Engine({ exports: core });
  const relaxed = await relaxedModule(() => bytesOf(`${base}site/kernels-relaxed.wasm`)).catch(() => undefined);
  if (relaxed) useRelaxed(core, relaxed);
  const { loadModel } = await import(`${modules}loader.js`), { at, bytes } = await loadModel(`${base}site/models/en-de/`, engine);
  engine.open(at, bytes);
  const translate = translateWith(engine);
  const profile = async (/** @type {string[]} */ texts, /** @type {number} */ size, /** @type {number} */ repeats) => {
    await time(translate, texts, size);
    core.bench_reset();
    for (let i = 0; i < repeats; i++) await time(translate, texts, size);
    return Object.fromEntries(STAGES.map((stage, i) => [stage, core.bench_spent(i + 1) / repeats]));
  };
  await time(translate, lines, 32);
  return { stages: { one: await profile([sentence], 1, REPEATS.one), batch: await profile(lines, 64, REPEATS.batch) } };
}

/** The Translator in its workers. Milliseconds of each round: for all lines in one request, with one worker and with two;
 *  from nothing to the first sentence, the model coming from the page's store if there is one.
 *  @param {Place} place @param {Texts} texts */
async function workers({ modules, base }, { lines, sentence, rounds }) {
  const { Translator } = await import(`${modules}translator.js`);
  Translator.engine = `${base}site/`;
  const create = (/** @type {number} */ workers) => Translator.create(
    { sourceLanguage: 'en', targetLanguage: 'de', model: `${base}site/models/en-de/`, workers });
  const result = { lines: /** @type {Record<string, number[]>} */ ({ 1: [], 2: [] }), first: /** @type {number[]} */ ([]) };
  const translators = { 1: await create(1), 2: await create(2) };
  for (let round = -1; round < rounds; round++)     // the first brings the second worker and the compilers up
    for (const [n, translator] of Object.entries(translators)) {
      const ms = await time((texts) => translator.translateDetailed(texts), lines, lines.length);
      if (round >= 0) result.lines[n].push(ms);
    }
  for (const translator of Object.values(translators)) translator.destroy();
  for (let round = 0; round < rounds; round++) {
    const start = performance.now(), translator = await create(1);
    await translator.translate(sentence);
    result.first.push(performance.now() - start);
    translator.destroy();
  }
  return { workers: result };
}

/** The parts of a place's report; a part is short enough for one call into a page. */
export const PARTS = { speed, stages, workers, kernels };

/** One part. @param {keyof typeof PARTS} part @param {Place} place @param {Texts} texts @returns {Promise<object>} */
export async function measure(part, place, texts) {
  await breathe();
  return PARTS[part](place, texts);
}
