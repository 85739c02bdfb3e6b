/** The engines that peer.mjs lets race: each in its own worker, behind its own JavaScript, as a page would use it.
 *  Runs in a page and in Node alike; peer.mjs says where the modules and files lie. */

/** @typedef {(texts: string[]) => Promise<string[]>} Translate  all texts in one request */

const LANGUAGES = { from: 'en', to: 'de' };
const MODES = { 'one line at a time': 1, 'batches of 100 lines': 100 };
const TURN = 100;                                   // lines
const WARM_UP = 32;                                 // lines: after them the compilers' upper tiers are in place

/** @param {{ours: string, theirs: string}} modules @param {string} base of build/ over http
 *  @param {boolean} alphas the peer's model file has them
 *  @returns {Promise<{engines: Record<string, Translate>, kernels: string}>} kernels: the set that ours chose */
export async function load({ ours, theirs }, base, alphas) {
  const { Translator } = await import(ours);
  Translator.engine = `${base}site/`;
  const translator = await Translator.create({ sourceLanguage: LANGUAGES.from, targetLanguage: LANGUAGES.to,
    model: `${base}peer/model/`, workers: 1 });
  const { TranslatorBacking } = await import(theirs);         // after ours: it gives Node a Worker of its own
  const bytes = async (/** @type {string} */ name) => {
    const response = await fetch(`${base}peer/${name}`);
    if (!response.ok) throw new Error(`${name}: HTTP status ${response.status}`);
    return response.arrayBuffer();
  };
  const peer = async (/** @type {ArrayBuffer} */ shortlist) => {
    const { exports } = await new TranslatorBacking({ pivotLanguage: null, registryUrl: 'data:,[]' }).loadWorker();
    const config = { 'gemm-precision': alphas ? 'int8shiftAlphaAll' : 'int8shiftAll' };
    await exports.loadTranslationModel(LANGUAGES,
      { model: await bytes('en-de.bin'), shortlist, vocabs: [await bytes('en-de.spm')], qualityModel: null, config });
    return async (/** @type {string[]} */ texts) => {
      const request = { models: [LANGUAGES], texts: texts.map((text) => ({ text, html: false, qualityScores: false })) };
      return (await exports.translate(request)).map((/** @type {any} */ response) => response.target.text);
    };
  };
  const shortlist = await bytes('lex.bin').catch(() => undefined);
  const [{ kernels }] = await translator.translateDetailed(['Hello.']);
  const engines = {
    dolmetsch: async (texts) => (texts.length === 1 ? [await translator.translate(texts[0])]
      : (await translator.translateDetailed(texts)).map((/** @type {{text: string}} */ result) => result.text)),
    ...(shortlist && { 'dolmetsch, all words': async (/** @type {string[]} */ texts) =>
      (await translator.translateDetailed(texts, { shortlist: false })).map((/** @type {{text: string}} */ { text }) => text) }),
    'bergamot, all words': await peer(new ArrayBuffer(0)),
    ...(shortlist && { 'bergamot, shortlist': await peer(shortlist) }),
  };
  return { engines, kernels };
}

/** One round: every engine in every mode over the same lines. They take turns at every 100 lines, a different one first
 *  each time, so that what else the machine does meets all of them.
 *  @param {Record<string, Translate>} engines @param {string[]} lines @param {number} round
 *  @returns {Promise<{engine: string, mode: string, seconds: number, texts: string[]}[]>} */
export async function run(engines, lines, round) {
  const names = Object.keys(engines), all = [];
  for (const [mode, batch] of Object.entries(MODES)) {
    const results = names.map((engine) => ({ engine, mode, seconds: 0, texts: /** @type {string[]} */ ([]) }));
    for (let from = 0, turn = round; from < lines.length; from += TURN, turn++)
      for (let i = 0; i < names.length; i++) {
        const result = results[(i + turn) % names.length], to = Math.min(from + TURN, lines.length);
        const start = performance.now();
        for (let at = from; at < to; at += batch)
          result.texts.push(...await engines[result.engine](lines.slice(at, Math.min(at + batch, to))));
        result.seconds += (performance.now() - start) / 1000;
      }
    all.push(...results);
  }
  return all;
}

/** @param {Record<string, Translate>} engines @param {string[]} lines */
export const warmUp = (engines, lines) => run(engines, lines.slice(0, WARM_UP), 0);
