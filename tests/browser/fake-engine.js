/** Stands in for web/engine.js where a test is about the page or the worker, not the model: the same interface,
 *  a handful of known sentences with alignments set by hand, and for any other text each word in brackets.
 *  A text with "slowly" in it takes 3 ms a token. */

const fault = (code, message) => Object.assign(new Error(message), { name: 'DolmetschError', code });

/** The model file that it takes; anything else is DM_ERR_FORMAT. */
export const FAKE_MODEL = new TextEncoder().encode('fake model '.repeat(40_000));

export class Engine {
  #memory = new Uint8Array(2 ** 16);
  #open = false;
  modules = {};
  refused = {};
  jobs = 0;                                          // alive: a test of leaks looks here

  static async create(wasm) {
    const response = await wasm;
    if (response instanceof Response && !response.ok) throw fault('DM_ERR_FETCH', `engine.wasm: ${response.status}`);
    return Engine.latest = new Engine();
  }
  allocate(bytes) {
    if (bytes > 2 ** 28) throw fault('DM_ERR_MEMORY', 'no memory');
    const grown = new Uint8Array(bytes + 2 ** 17);
    grown.set(this.#memory.subarray(0, Math.min(this.#memory.length, grown.length)));
    this.#memory = grown;
    return 1024;
  }
  memory() { return this.#memory; }
  free() { this.freed = true; }
  open(at, bytes) {
    const file = this.#memory.subarray(at, at + bytes);
    if (file.length !== FAKE_MODEL.length || !file.every((byte, i) => byte === FAKE_MODEL[i]))
      throw fault('DM_ERR_FORMAT', 'not the fake model');
    this.#open = true;
  }
  get architecture() { return 'transformer'; }
  job(texts, { attention = false, nbest = 1 } = {}) {
    if (!this.#open) throw fault('DM_ERR_ARGUMENT', 'no model is open');
    return new Job(this, texts.map(String), attention, nbest);
  }
}

class Job {
  kernels = 'simd128';
  #results;
  #step = 0;
  #steps;
  #cost;
  #engine;

  constructor(engine, texts, attention, nbest) {
    if (texts.some((text) => text.includes('unlucky'))) throw fault('DM_ERR_MEMORY', 'an unlucky text');
    this.#engine = engine;
    engine.jobs++;
    this.#results = texts.map((text) => translate(text, attention, nbest));
    this.#steps = Math.max(...this.#results.map(({ sentences }) => sentences.flatMap((s) => s.target).length), 0);
    this.#cost = texts.some((text) => text.includes('slowly')) ? 3 : 0.02;
  }
  run(budget) {
    if (this.#results.some(({ text }) => text.includes('[trap]'))) throw new WebAssembly.RuntimeError('unreachable');
    const until = performance.now() + budget * this.#cost;
    while (performance.now() < until);
    this.#step += budget;
    return this.#step < this.#steps;
  }
  progress() { return Math.min(1, this.#step / this.#steps); }
  partial(i) {
    const { text, sentences } = this.#results[i];
    return text.slice(0, sentences.flatMap((s) => s.target)[Math.min(this.#step, this.#steps) - 1]?.end ?? 0);
  }
  result(i) {
    if (this.#step < this.#steps) throw fault('DM_ERR_ARGUMENT', 'not done');
    return this.#results[i];
  }
  free() { this.#engine.jobs--; }
}

/* Source | target | target piece: source pieces with weights.  A piece that starts a word has a space before it. */
const KNOWN = [
  {
    source: 'The| dog|,| who| must| have| been| able| to| see| the| cat| run|ning| through| the| garden|.',
    target: 'Der| Hund|,| der| die| Katze| durch| den| Gar|ten| lauf|en| gesehen| haben| muss|.',
    links: ['0:92 1:5', '1:95 0:3', '2:88 3:9', '3:82 1:11', '10:87 11:9', '11:96', '14:91 15:5', '15:84 16:12', '16:94 15:4',
            '16:95', '12:71 13:18 11:6', '13:58 12:30 11:7', '9:72 7:19 6:4', '5:61 6:24 4:9', '4:83 5:9 7:3', '17:93'],
  },
  {
    source: 'Good| morning|,| how| are| you|?',
    target: 'Guten| Morgen|,| wie| geht| es| Ihnen|?',
    links: ['0:93', '1:96', '2:94', '3:95', '4:66 3:14 5:12', '4:44 5:31 3:12', '5:90', '6:97'],
  },
];

function translate(text, attention, nbest) {
  const sentences = [];
  let out = '';
  for (const match of text.matchAll(/[^\s.!?][^.!?]*[.!?]*\s*/gu)) {
    const source = match[0].trimEnd();
    const known = KNOWN.find((pair) => pair.source.replaceAll('|', '') === source);
    const pieces = known ? known.source.split('|') : source.match(/\s?[^\s\p{P}]+|\s?\p{P}|\s/gu);
    const answer = known ? known.target.split('|')
      : pieces.map((piece) => (/\w/.test(piece) ? piece.replace(/\S+/u, '[$&]') : piece));
    const links = known ? known.links : pieces.map((_, i) => `${i}:80 ${Math.max(0, i - 1)}:10`);
    const S = pieces.length + 1;
    const alignment = [...links.map((list) => {
      const row = new Array(S).fill(0);
      for (const link of list.split(' ')) {
        const [at, weight] = link.split(':').map(Number);
        row[at] += weight / 100;
      }
      const rest = 1 - row.reduce((a, b) => a + b, 0);
      return row.map((weight) => weight + rest / S);
    }), Array.from({ length: S }, (_, i) => (i === S - 1 ? 0.7 : 0.3 / (S - 1)))];
    const sourceTokens = place(pieces, match.index), targetTokens = place(answer, out.length);
    out += answer.join('') + match[0].slice(source.length);
    sentences.push({ source: sourceTokens, target: targetTokens, alignment, score: -0.3, cut: false,
                     ...(nbest > 1 ? { alternatives: others(answer, alignment) } : {}),
                     ...(attention ? { attention: heads(alignment, targetTokens.length, S) } : {}) });
  }
  return { text: out, score: -0.3, sentences };
}

/** The first piece with a star, and the second, too. */
function others(answer, alignment) {
  return [1, 2].map((stars) => {
    const pieces = answer.map((piece, i) => (i < stars ? `${piece}*` : piece));
    return { text: pieces.join(''), target: place(pieces, 0), alignment, score: -0.3 - stars / 10, cut: false };
  });
}

function place(pieces, at) {
  const tokens = pieces.map((text) => ({ text, start: at, end: at += text.length }));
  return [...tokens, { text: '', start: at, end: at }];
}

/** Six layers of eight heads with the habits that real heads have: neighbours, itself, the end, everything. */
function heads(alignment, T, S) {
  const soft = (rows, cols, score) => Array.from({ length: rows }, (_, r) => {
    const e = Array.from({ length: cols }, (_, c) => Math.exp(score(r, c)));
    const sum = e.reduce((a, b) => a + b, 0);
    return e.map((x) => x / sum);
  });
  const noise = (a, b, c) => Math.abs(Math.sin(a * 12.9898 + b * 78.233 + c * 37.719) * 43758.5453) % 1;
  const habits = [
    (r, c) => -2 * Math.abs(r - c), (r, c) => -2 * Math.abs(r - 1 - c), (r, c) => -2 * Math.abs(r + 1 - c),
    (r, c, n) => (c === n - 1 ? 3 : 0), (r, c) => -0.3 * Math.abs(r - c), () => 0,
    (r, c, n, seed) => 4 * noise(seed, c, 1), (r, c, n, seed) => 5 * noise(seed, r, c),
  ];
  const layers = (rows, cols) => Array.from({ length: 6 }, (_, l) => Array.from({ length: 8 }, (_, h) =>
    soft(rows, cols, (r, c) => habits[(h + 3 * l) % 8](r * cols / rows, c, cols, l * 8 + h) + noise(l, h, r * cols + c))));
  const cross = layers(T, S);
  cross[5][0] = alignment;
  return { encoder: layers(S, S), cross };
}
