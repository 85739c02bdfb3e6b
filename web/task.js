/** A translation as jobs of the engine, one after the other, none of them large: making a job takes time and memory by the
 *  length of its texts, and nothing is heard meanwhile.  A line end always ends a sentence, and no sentence knows its
 *  neighbours, so that the result is the same as in one job. */

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').Token} Token
 *  @typedef {{run(budget: number): boolean, progress(): number, result(i: number): Detailed,
 *             text(i: number): string, partial(i: number): string, kernels: string, free(): void}} Job
 *  @typedef {{job(texts: string[], options: object): Job}} Engine
 *  @typedef {{index: number, text: string, at: number}} Piece   of text `index`, from its character `at` on */

const SLICE = 10;                                   // milliseconds inside wasm between two looks at the messages
const LIMIT = 2 ** 14;                              // characters of a job, where there are line ends to cut at

export class Task {
  #jobs;
  #options;
  #plain;
  /** @type {Job | undefined} */
  #job;
  #ms = 0;
  /** @type {Detailed[]} */
  results;

  /** @param {string[]} texts @param {{plain?: boolean, [option: string]: unknown}} options  of the engine's jobs; plain:
   *  the texts alone, whose sentences, tokens and alignment would take longer to send than the words  @param {number} [limit] */
  constructor(texts, { plain = false, ...options }, limit = LIMIT) {
    this.#plain = plain;
    this.#jobs = group(texts.flatMap((text, index) => cut(text, index, limit)), limit);
    this.#options = options;
    this.results = texts.map(() => ({ text: '', score: 0, sentences: [] }));
  }

  /** One slice.  @param {Engine} engine @returns {boolean} more is left to do */
  run(engine) {
    if (!this.#jobs.length) return false;
    const start = performance.now();
    this.#job ??= engine.job(this.#jobs[0].map(({ text }) => text), this.#options);
    const more = runSlice(this.#job);
    this.#ms += performance.now() - start;
    if (!more) this.#collect(this.#job);
    return this.#jobs.length > 0;
  }

  /** The texts of the running job as far as they are known.  @returns {{index: number, text: string}[]} */
  partials() {
    const job = this.#job;
    return !job ? [] : this.#jobs[0].map(({ index }, i) => ({ index, text: this.results[index].text + job.partial(i) }));
  }

  /** Frees the engine's memory; the task is over. */
  free() {
    this.#job?.free();
    this.#job = undefined;
    this.#jobs = [];
  }

  /** @param {Job} job that is done */
  #collect(job) {
    /** @type {Piece[]} */ (this.#jobs[0]).forEach(({ index, at }, i) => {
      const { text, score, sentences } = this.#plain ? { text: job.text(i), score: 0, sentences: [] } : job.result(i);
      const before = this.results[index];
      this.results[index] = at === 0 ? { text, score, sentences } : {
        text: before.text + text,
        score: 0,
        sentences: [...before.sentences, ...sentences.map((one) => moveSentence(one, at, before.text.length))],
      };
      if (at > 0) this.results[index].score = meanScore(this.results[index].sentences);
      Object.assign(this.results[index], { kernels: job.kernels, ms: this.#ms });
    });
    job.free();
    this.#job = undefined;
    this.#jobs.shift();
  }
}

/** Step by step, since steps differ a hundredfold in what they cost: one word of a short sentence, or one of every
 *  sentence of a batch.  @param {Job} job @returns {boolean} more is left to do */
export function runSlice(job) {
  const end = performance.now() + SLICE;
  while (job.run(1)) if (performance.now() >= end) return true;
  return false;
}

/** The same sentence in a longer text.  @param {Sentence} sentence @param {number} bySource @param {number} byTarget
 *  @returns {Sentence} */
export function moveSentence(sentence, bySource, byTarget) {
  const move = (/** @type {Token[]} */ tokens, /** @type {number} */ by) =>
    tokens.map((token) => ({ ...token, start: token.start + by, end: token.end + by }));
  return { ...sentence, source: move(sentence.source, bySource), target: move(sentence.target, byTarget) };
}

/** @param {Sentence[]} sentences @returns {number} mean log-probability per target token */
function meanScore(sentences) {
  const tokens = sentences.reduce((sum, { target }) => sum + target.length, 0);
  return tokens && sentences.reduce((sum, { score, target }) => sum + score * target.length, 0) / tokens;
}

/** @param {string} text @param {number} index @param {number} limit @returns {Piece[]} */
function cut(text, index, limit) {
  const pieces = [];
  let at = 0;
  while (text.length - at > limit) {
    let end = text.lastIndexOf('\n', at + limit - 1);
    if (end < at) end = text.indexOf('\n', at + limit);
    if (end < 0 || end === text.length - 1) break;
    pieces.push({ index, text: text.slice(at, end + 1), at });
    at = end + 1;
  }
  return [...pieces, { index, text: text.slice(at), at }];
}

/** @param {Piece[]} pieces @param {number} limit @returns {Piece[][]} */
function group(pieces, limit) {
  /** @type {Piece[][]} */
  const groups = [];
  let size = Infinity;
  for (const piece of pieces) {
    size += piece.text.length + 1;
    if (size > limit) size = piece.text.length, groups.push([]);
    groups[groups.length - 1].push(piece);
  }
  return groups;
}
