/** The attention of one translation: as lines, as a matrix, as a grid of all heads or as a table; sentence by sentence.
 *  It knows no network and no translator: what it lacks it asks for through `attend`.  Several may live in one page, in
 *  shadow roots too; overlay.css has its looks, and nothing in there or here reaches beyond it. */

import { drawLines } from './overlay-lines.js';
import { meant } from './overlay-choice.js';
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

/** @type {Record<Choice['tab'], string>} */
const HINTS = { lines: 'Point at a word, or tap it.', matrix: 'Point at a cell, or tap it.',
                heads: 'Point at a head; click to open it.', table: '' };

/** @type {Pick<Choice, 'kind' | 'layer' | 'head'>} what the words of the grid are read by */
const ALIGNMENT = { kind: 'alignment', layer: 0, head: 0 };

export class Overlay {
  /** @type {Detailed | null} */
  #detailed = null;
  /** @type {{architecture?: string}} */
  #model = {};
  /** @type {string | undefined} */
  #text;
  /** @type {{sentence: Sentence, caption: string} | undefined} */
  #shown;
  /** @type {Choice} */
  #choice = { tab: 'lines', kind: 'alignment', layer: Infinity, head: 0, sentence: 0, pieces: false, zoom: 1 };  // last layer
  /** @type {Choice['tab']} where a head is opened */
  #large = 'lines';
  /** @type {string[]} */
  #sentences = [];
  /** @type {Map<number, Sentence>} */
  #attended = new Map();
  /** @type {View | undefined} */
  #view;
  /** @type {import('./types.d.ts').Drawing | undefined} */
  #drawing;
  #written = { sentence: 0, tokens: Infinity };
  #turn = 0;
  /** @type {Promise<void>} */
  #drawn = Promise.resolve();
  #root;
  #options;
  #ui;
  /** BCP 47; of what show() is given next. @type {Record<Side, string>} */
  languages;

  /** @param {HTMLElement} root @param {Options} [options] */
  constructor(root, { languages = { source: 'en', target: 'de' }, ...options } = {}) {
    this.#root = root;
    this.#options = options;
    this.languages = languages;
    this.#ui = new Controls(root, (change) => this.choose(change), (what, how) => this.#save(what, how));
  }

  /** @param {Detailed | null} detailed null: nothing to show  @param {{architecture?: string}} [model] as far as it is known
   *  @param {string} [text] the source, for who saves it */
  show(detailed, model = {}, text) {
    this.#detailed = detailed?.sentences.length ? detailed : null;
    this.#model = model;
    this.#text = text;
    this.#sentences = (this.#detailed?.sentences ?? []).map(({ source }) => source.map(({ text }) => text).join('').trim());
    this.#attended.clear();
    this.#written = { sentence: 0, tokens: Infinity };
    this.#root.hidden = !this.#detailed;
    this.#drawn = this.#draw();
  }

  /** What is on show; layers, heads and sentences count from 0. */
  get choice() { return { ...this.#choice }; }

  /** Shows something else; what a model or a text does not have becomes the nearest that it has, and what is no choice at all
   *  changes nothing.  @param {Partial<Choice>} asked */
  choose(asked) {
    const before = this.#choice, change = meant(asked);
    this.#choice = { ...before, ...change };
    const changed = Object.keys(change).filter((name) =>
      /** @type {any} */ (before)[name] !== /** @type {any} */ (change)[name]);
    if (!changed.length) return;
    if (change.tab === 'lines' || change.tab === 'matrix') this.#large = change.tab;
    if (changed.join() === 'zoom' && this.#drawing) this.#resize();
    else this.#drawn = this.#draw();
    this.#options.onChoice?.(this.choice);
  }

  /** @param {number} sentence */
  select(sentence) { this.choose({ sentence: Math.max(0, Math.min(sentence, this.#sentences.length - 1)) }); }

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

  #resize() {
    this.#ui.resize(this.#choice);
    this.#drawing?.layout();
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
    this.#ui.reading.textContent = text || HINTS[this.#choice.tab];
    this.#ui.reading.toggleAttribute('data-hint', !text);
  }

  #point = (/** @type {Axis} */ axis, /** @type {number} */ index) => {
    this.#light(axis, index);
    const view = this.#view;
    this.#options.onPoint?.(index >= 0 && view ? { sentence: this.#choice.sentence, view, axis, index } : null);
  };

  /** The sentence that was chosen, with its attention where the choice needs it.  @param {Detailed} detailed */
  async #find(detailed) {
    const { tab, kind, sentence } = this.#choice, found = this.#attended.get(sentence) ?? detailed.sentences[sentence];
    const { attend } = this.#options;
    if (kind === 'alignment' && tab !== 'heads' || found.attention || !attend) return found;
    this.#ui.stage.classList.add('dm-waiting');
    const attended = await attend(sentence);
    if (detailed === this.#detailed) this.#attended.set(sentence, attended);
    return attended;
  }

  async #draw() {
    const turn = ++this.#turn, detailed = this.#detailed, choice = this.#choice;
    if (!detailed) return this.#clearStage();
    choice.sentence = Math.max(0, Math.min(choice.sentence, this.#sentences.length - 1));
    /** @type {Sentence | undefined} */
    let sentence;
    let there, views;
    try {
      sentence = await this.#find(detailed);
      there = this.#settle(choice, sentence);
      views = await viewsFor(there.fixed, choice.tab);
    } catch (/** @type {any} */ error) {
      if (turn !== this.#turn || error?.name === 'AbortError') return;
      this.#clearStage();
      this.#ui.say(`The attention could not be ${sentence ? 'drawn' : 'computed'}: ${error?.message ?? error}`);
      return;
    }
    if (turn !== this.#turn) return;                // something newer is on its way
    this.#clearStage();
    this.#ui.update(choice, there);
    this.#shown = { sentence, caption: there.caption };
    this.#view = viewOf(sentence, choice.tab === 'heads' ? ALIGNMENT : choice, choice.pieces, this.languages);
    this.#drawing = this.#view && this.#drawingOf(sentence, this.#view, views, there.caption);
    this.#reveal();
  }

  /** What is chosen becomes the nearest that a sentence has.  @param {Choice} choice @param {Sentence} sentence */
  #settle(choice, sentence) {
    const kinds = kindsOf(sentence, Boolean(this.#options.attend), this.#model.architecture), fixed = !sentence.alignment.length;
    if (!kinds.includes(choice.kind)) choice.kind = kinds[0];
    if (choice.tab === 'heads' && kinds.length < 2) choice.tab = this.#large;
    const layers = choice.kind === 'alignment' ? undefined : sentence.attention?.[choice.kind];
    choice.layer = Math.max(0, Math.min(choice.layer, (layers?.length ?? Infinity) - 1));
    choice.head = Math.max(0, Math.min(choice.head, (layers?.[0].length ?? Infinity) - 1));
    const kind = choice.tab === 'heads' ? 'heads' : choice.kind;
    const caption = captionOf(kind, fixed, this.languages, this.#model.architecture);
    return { sentences: this.#sentences, kinds, layers, fixed, caption };
  }

  /** @param {Sentence} sentence @param {View} view @param {Views} views @param {string} caption
   *  @returns {import('./types.d.ts').Drawing} */
  #drawingOf(sentence, view, views, caption) {
    const { stage, live } = this.#ui, { pieces, kind, layer, head } = this.#choice, point = this.#point;
    if (views.drawVector) return views.drawVector(stage, view, point);
    if (views.drawTable) return views.drawTable(stage, view, caption, point);
    if (views.drawMatrix) return views.drawMatrix(stage, view, point, (text) => { live.textContent = text; });
    if (views.drawHeads) return views.drawHeads(stage, sentence, {
      pieces, chosen: kind === 'alignment' ? undefined : { kind, layer, head }, onRead: (text) => this.#read(text),
      onOpen: (opened) => {
        this.choose({ tab: this.#large, ...opened });
        this.#drawn.then(() => this.#ui.focusHead());
      } });
    return drawLines(stage, view, point);
  }

  /** What is on show, as an SVG that stands alone, or as JSON of the whole result.
   *  @param {'svg' | 'json'} what */
  async export(what) {
    const { toSvg, toJson } = await import('./overlay-export.js');
    return (what === 'svg' ? toSvg : toJson)(this.#onShow());
  }

  /** @type {import('./overlay-menu.js').Save} */
  async #save(what, how) {
    const { save } = await import('./overlay-export.js');
    return save(what, how, this.#onShow());
  }

  #onShow() {
    if (!this.#detailed || !this.#shown || !this.#view) throw new Error('there is nothing on show');
    return { ...this.#shown, detailed: this.#detailed, view: this.#view, choice: this.choice, model: this.#model,
             text: this.#text, languages: this.languages };
  }

  #clearStage() {
    this.#drawing?.destroy();
    this.#drawing = this.#view = this.#shown = undefined;
    this.#ui.clear();
    this.#read('');
  }
}

/** @typedef {Partial<typeof import('./overlay-vector.js') & typeof import('./overlay-table.js')
 *             & typeof import('./overlay-matrix.js') & typeof import('./overlay-heads.js')>} Views */

/** What draws, fetched when somebody first looks at it; the lines are always there.
 *  @param {boolean} fixed @param {Choice['tab']} tab @returns {Promise<Views>} */
async function viewsFor(fixed, tab) {
  if (fixed) return import('./overlay-vector.js');
  if (tab === 'matrix') return import('./overlay-matrix.js');
  if (tab === 'heads') return import('./overlay-heads.js');
  return tab === 'table' ? import('./overlay-table.js') : {};
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
