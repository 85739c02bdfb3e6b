/** The attention of one translation: as lines, as a matrix, as a grid of all heads or as a table; sentence by sentence.
 *  It knows no network and no translator: what it lacks it asks for through `attend`.  Several may live in one page, in
 *  shadow roots too; overlay.css has its looks, and nothing in there or here reaches beyond it. */

import { drawLines } from './overlay-lines.js';
import { drawMatrix } from './overlay-matrix.js';
import { drawVector } from './overlay-vector.js';
import { Controls } from './overlay-controls.js';
import { captionOf, kindsOf } from './overlay-kinds.js';
import { describe, linksOf, viewOf } from './words.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Axis} Axis
 *  @typedef {import('./types.d.ts').Side} Side
 *  @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {{sentence: number, view: View, axis: Axis, index: number}} Point
 *  attend: the same sentence, with its attention.  languages: BCP 47, en and de unless given
 *  @typedef {{attend?: (sentence: number) => Promise<Sentence>, onPoint?: (point: Point | null) => void,
 *             onChoice?: (choice: Choice) => void, languages?: Record<Side, string>}} Options */

const HINT = 'Point at a word, or tap it.';

export class Overlay {
  /** @type {Detailed | null} */
  #detailed = null;
  /** @type {string | undefined} */
  #architecture;
  /** @type {Choice} */
  #choice = { tab: 'lines', kind: 'alignment', layer: Infinity, head: 0, sentence: 0, pieces: false };  // the last layer
  /** @type {Map<number, Sentence>} */
  #attended = new Map();
  /** @type {View | undefined} */
  #view;
  /** @type {{light(axis: Axis, index: number): void, reveal(rows: number, cols: number): void, destroy(): void} | undefined} */
  #drawing;
  #written = { sentence: 0, tokens: Infinity };
  #turn = 0;
  #root;
  #options;
  #ui;

  /** @param {HTMLElement} root @param {Options} [options] */
  constructor(root, { languages = { source: 'en', target: 'de' }, ...options } = {}) {
    this.#root = root;
    this.#options = { ...options, languages };
    this.#ui = new Controls(root, (change) => this.choose(change));
  }

  /** @param {Detailed | null} detailed null: nothing to show  @param {{architecture?: string}} [model] as far as it is known */
  show(detailed, { architecture } = {}) {
    this.#detailed = detailed?.sentences.length ? detailed : null;
    this.#architecture = architecture;
    this.#attended.clear();
    this.#written = { sentence: 0, tokens: Infinity };
    this.#root.hidden = !this.#detailed;
    this.#draw();
  }

  /** What is on show; layers, heads and sentences count from 0. */
  get choice() { return { ...this.#choice }; }

  /** Shows something else; what a model or a text does not have becomes the nearest that it has.
   *  @param {Partial<Choice>} change */
  choose(change) {
    const before = this.#choice;
    this.#choice = { ...before, ...change };
    if (Object.entries(change).every(([name, value]) => /** @type {any} */ (before)[name] === value)) return;
    this.#draw();
    this.#options.onChoice?.(this.choice);
  }

  /** @param {number} sentence */
  select(sentence) { this.choose({ sentence: Math.max(0, Math.min(sentence, this.#sentences - 1)) }); }

  get #sentences() { return this.#detailed?.sentences.length ?? 0; }

  /** Lights the word that begins at `start` on a side, if it is on show.
   *  @param {number} sentence @param {Side} side @param {number} start */
  light(sentence, side, start) {
    const view = this.#view;
    if (!view || sentence !== this.#choice.sentence) return this.clear();
    const axis = view.rowSide === side ? 'row' : view.colSide === side ? 'col' : undefined;
    const index = axis
      ? (axis === 'row' ? view.rows : view.cols).findIndex((word) => word.start <= start && start < word.end) : -1;
    this.#light(axis ?? 'row', index);
  }

  clear() { this.#light('row', -1); }

  /** Turns to a sentence as it was after so many steps of the decoder: later words are not written yet, the last one is
   *  lit.  Infinity: all are written, none is lit.  @param {number} sentence @param {number} tokens */
  reveal(sentence, tokens) {
    this.#written = { sentence, tokens };
    if (sentence === this.#choice.sentence) this.#reveal();
    else this.select(sentence);
  }

  #reveal() {
    const view = this.#view, tokens = this.#written.sentence === this.#choice.sentence ? this.#written.tokens : Infinity;
    if (!view) return;
    const written = (/** @type {'rows' | 'cols'} */ axis) => (view[axis === 'rows' ? 'rowSide' : 'colSide'] === 'source'
      ? view[axis].length : view[axis].filter(({ to }) => to <= tokens).length);
    this.#drawing?.reveal(written('rows'), written('cols'));
    this.#light('row', view.rowSide === 'target' && tokens < Infinity ? written('rows') - 1 : -1);
  }

  #light(/** @type {Axis} */ axis, /** @type {number} */ index) {
    this.#drawing?.light(axis, index);
    this.#read(index >= 0 && this.#view ? describe(this.#view, axis, index) : '');
  }

  #read(/** @type {string} */ text) {
    this.#ui.reading.textContent = text || HINT;
    this.#ui.reading.toggleAttribute('data-hint', !text);
  }

  #point = (/** @type {Axis} */ axis, /** @type {number} */ index) => {
    this.#light(axis, index);
    const view = this.#view;
    this.#options.onPoint?.(index >= 0 && view ? { sentence: this.#choice.sentence, view, axis, index } : null);
  };

  /** The sentence that was chosen, with its attention where the choice needs it.  @param {Detailed} detailed */
  async #find(detailed) {
    const { kind, sentence } = this.#choice, found = this.#attended.get(sentence) ?? detailed.sentences[sentence];
    const { attend } = this.#options;
    if (kind === 'alignment' || found.attention || !attend) return found;
    this.#ui.stage.classList.add('dm-waiting');
    const attended = await attend(sentence);
    if (detailed === this.#detailed) this.#attended.set(sentence, attended);
    return attended;
  }

  async #draw() {
    const turn = ++this.#turn, detailed = this.#detailed, choice = this.#choice, { languages } = this.#options;
    if (!detailed) return this.#clearStage();
    choice.sentence = Math.max(0, Math.min(choice.sentence, this.#sentences - 1));
    let sentence;
    try {
      sentence = await this.#find(detailed);
    } catch (/** @type {any} */ error) {
      if (turn !== this.#turn || error?.name === 'AbortError') return;
      this.#clearStage();
      this.#ui.say(`The attention could not be computed: ${error?.message ?? error}`);
      return;
    }
    if (turn !== this.#turn) return;                // something newer is on its way
    this.#clearStage();
    const kinds = kindsOf(sentence, Boolean(this.#options.attend), this.#architecture);
    if (!kinds.includes(choice.kind)) choice.kind = kinds[0];
    const layers = choice.kind === 'alignment' ? undefined : sentence.attention?.[choice.kind];
    choice.layer = Math.max(0, Math.min(choice.layer, (layers?.length ?? Infinity) - 1));
    choice.head = Math.max(0, Math.min(choice.head, (layers?.[0].length ?? Infinity) - 1));
    const fixed = !sentence.alignment.length;
    this.#ui.update(choice, { sentences: this.#sentences, kinds, layers, fixed,
                              caption: captionOf(choice.kind, fixed, languages, this.#architecture) });
    const view = viewOf(sentence, choice, choice.pieces, languages);
    if (!view) return;
    this.#view = view;
    this.#drawing = view.fixed ? drawVector(this.#ui.stage, view, this.#point)
      : choice.tab === 'lines' ? drawLines(this.#ui.stage, view, this.#point)
      : drawMatrix(this.#ui.stage, view, this.#point, (text) => { this.#ui.live.textContent = text; });
    this.#reveal();
  }

  #clearStage() {
    this.#drawing?.destroy();
    this.#drawing = this.#view = undefined;
    this.#ui.clear();
    this.#read('');
  }
}

/** What a point lights in running text: ranges of both sides, with weights.  @param {Point} point */
export function rangesOf({ view, axis, index }) {
  const links = linksOf(view, axis, index);
  /** @type {Record<'source' | 'target', {start: number, end: number, weight: number, on?: boolean}[]>} */
  const ranges = { source: [], target: [] };
  const self = axis === 'row' ? view.rows[index] : view.cols[index];
  const others = axis === 'row' ? view.cols : view.rows;
  others.forEach(({ start, end }, i) =>
    ranges[axis === 'row' ? view.colSide : view.rowSide].push({ start, end, weight: links[i] }));
  if (self) ranges[axis === 'row' ? view.rowSide : view.colSide].push({ start: self.start, end: self.end, weight: 1, on: true });
  return ranges;
}
