/** The attention of one translation: lines or matrix, the alignment or any head, sentence by sentence.
 *  It knows no network and no translator: what it lacks it asks for through `attend`. */

import { el, rove } from './dom.js';
import { drawLines } from './overlay-lines.js';
import { drawMatrix, drawThumbnail } from './overlay-matrix.js';
import { drawVector } from './overlay-vector.js';
import { describe, linksOf, viewOf } from './words.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Axis} Axis
 *  @typedef {{sentence: number, view: View, axis: Axis, index: number}} Point
 *  attend: the same sentence, with its attention
 *  @typedef {{attend: (sentence: number) => Promise<Sentence>,
 *             onPoint: (point: Point | null) => void}} Callbacks */

/** @type {Record<string, [name: string, caption: string]>} */
const KINDS = {
  alignment: ['Alignment', 'How each German word draws on the English ones: one head of the last layer, trained to align.'],
  cross: ['Cross-attention', 'What the decoder looks at in the English sentence while it writes each German word.'],
  encoder: ['Encoder', 'What each English word looks at in its own sentence while the sentence is read.'],
  decoder: ['Decoder', 'What each German word looks at among the German words before it.'],
};

const ALIGNMENT = { kind: 'alignment', layer: 0, head: 0 };
const FIXED = 'No attention: every English word goes into one vector, and all that the German words are made of comes out of it.';
const HINT = 'Point at a word, or tap it.';

export class Overlay {
  /** @type {Detailed | null} */
  #detailed = null;
  #sentence = 0;
  #choice = { kind: 'alignment', layer: Infinity, head: 0 };      // the last layer, whichever that is
  #tab = 'lines';
  #pieces = false;
  /** @type {Map<number, Sentence>} */
  #attended = new Map();
  /** @type {View | undefined} */
  #view;
  /** @type {{light(axis: Axis, index: number): void, reveal(rows: number, cols: number): void, destroy(): void} | undefined} */
  #drawing;
  #written = { sentence: 0, tokens: Infinity };
  #turn = 0;
  #ui;
  #root;
  #callbacks;

  /** @param {HTMLElement} root @param {Callbacks} callbacks */
  constructor(root, callbacks) {
    this.#root = root;
    this.#callbacks = callbacks;
    this.#ui = this.#build();
  }

  /** @param {Detailed | null} detailed null: nothing to show */
  show(detailed) {
    this.#detailed = detailed?.sentences.length ? detailed : null;
    this.#attended.clear();
    this.#written = { sentence: 0, tokens: Infinity };
    this.#sentence = Math.min(this.#sentence, Math.max(0, (this.#detailed?.sentences.length ?? 1) - 1));
    this.#root.hidden = !this.#detailed;
    this.#draw();
  }

  /** @param {number} sentence */
  select(sentence) {
    const last = (this.#detailed?.sentences.length ?? 0) - 1, to = Math.max(0, Math.min(sentence, last));
    if (to === this.#sentence) return;
    this.#sentence = to;
    this.#draw();
  }

  /** Lights the word that begins at `start` on a side, if it is on show.
   *  @param {number} sentence @param {import('./types.d.ts').Side} side @param {number} start */
  light(sentence, side, start) {
    const view = this.#view;
    if (!view || sentence !== this.#sentence) return this.clear();
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
    if (sentence === this.#sentence) this.#reveal();
    else this.select(sentence);
  }

  #reveal() {
    const view = this.#view, tokens = this.#written.sentence === this.#sentence ? this.#written.tokens : Infinity;
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
    this.#callbacks.onPoint(index >= 0 && view ? { sentence: this.#sentence, view, axis, index } : null);
  };

  async #draw() {
    const turn = ++this.#turn, { caption, stage, said } = this.#ui, detailed = this.#detailed, choice = this.#choice;
    this.#showPager();
    if (!detailed) return this.#clearStage();
    let sentence = this.#attended.get(this.#sentence) ?? detailed.sentences[this.#sentence];
    const fixed = !sentence.alignment.length;
    if (!fixed && choice.kind !== 'alignment' && !sentence.attention) {
      stage.classList.add('waiting');
      try {
        sentence = await this.#callbacks.attend(this.#sentence);
      } catch (/** @type {any} */ error) {
        if (turn === this.#turn && error?.name !== 'AbortError') {
          this.#clearStage();
          said.textContent = `The attention could not be computed: ${error?.message ?? error}`;
        }
        return;
      }
      if (turn !== this.#turn) return;              // something newer is on its way
      this.#attended.set(this.#sentence, sentence);
    }
    this.#clearStage();
    this.#showKinds(sentence);
    this.#showHeads(sentence);
    said.textContent = '';
    caption.textContent = fixed ? FIXED : KINDS[choice.kind][1];
    const view = viewOf(sentence, fixed ? ALIGNMENT : choice, this.#pieces);
    if (!view) return;
    this.#view = view;
    this.#drawing = fixed ? drawVector(stage, view, this.#point)
      : this.#tab === 'lines' ? drawLines(stage, view, this.#point)
      : drawMatrix(stage, view, this.#point, (text) => { this.#ui.live.textContent = text; });
    this.#reveal();
  }

  #clearStage() {
    this.#drawing?.destroy();
    this.#drawing = this.#view = undefined;
    this.#ui.stage.classList.remove('waiting');
    this.#ui.stage.replaceChildren();
    this.#read('');
  }

  #showPager() {
    const n = this.#detailed?.sentences.length ?? 0, { pager, previous, next, place } = this.#ui;
    pager.hidden = n < 2;
    previous.disabled = this.#sentence === 0;
    next.disabled = this.#sentence >= n - 1;
    place.textContent = `Sentence ${this.#sentence + 1} of ${n}`;
  }

  #showKinds(/** @type {Sentence} */ sentence) {
    const { kinds, tabs, picker } = this.#ui, { attention } = sentence;
    tabs.hidden = picker.hidden = !sentence.alignment.length;
    kinds.decoder.parentElement?.toggleAttribute('hidden', !attention?.decoder);
    kinds.encoder.parentElement?.toggleAttribute('hidden', Boolean(attention) && !attention?.encoder);
  }

  /** The grid of all heads of the chosen kind; each a picture, and a button. */
  #showHeads(/** @type {Sentence} */ sentence) {
    const { heads } = this.#ui, choice = this.#choice, fixed = !sentence.alignment.length;
    const layers = fixed || choice.kind === 'alignment' ? undefined : /** @type {any} */ (sentence.attention)?.[choice.kind];
    const focused = heads.contains(document.activeElement);
    heads.hidden = !layers;
    heads.replaceChildren();
    if (!layers) return;
    choice.layer = Math.min(choice.layer, layers.length - 1);
    choice.head = Math.min(choice.head, layers[0].length - 1);
    heads.style.setProperty('--heads', String(layers[0].length));
    const colour = getComputedStyle(heads).getPropertyValue('--heat').trim();
    layers.forEach((/** @type {number[][][]} */ ofLayer, /** @type {number} */ layer) => {
      const row = el('div', { class: 'layer' }, el('span', { class: 'layer-name', 'aria-hidden': 'true' }, `L${layer + 1}`));
      heads.append(row);
      ofLayer.forEach((weights, head) => {
        const chosen = layer === choice.layer && head === choice.head, canvas = el('canvas');
        drawThumbnail(canvas, weights, colour);
        row.append(el('button', { type: 'button', class: 'head', role: 'radio', 'aria-checked': String(chosen),
          'aria-label': `Layer ${layer + 1}, head ${head + 1}`, title: `Layer ${layer + 1}, head ${head + 1}`,
          tabindex: chosen ? 0 : -1, 'data-i': layer * ofLayer.length + head }, canvas));
        if (chosen && focused) /** @type {HTMLElement} */ (row.lastElementChild).focus();
      });
    });
  }

  #build() {
    const tab = (/** @type {string} */ name, /** @type {string} */ text) => {
      const button = el('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': 'stage', 'data-i': name,
        'aria-selected': String(name === this.#tab), tabindex: name === this.#tab ? 0 : -1 }, text);
      const choose = () => {
        if (this.#tab === name) return;
        this.#tab = name;
        for (const other of tabs.children) other.setAttribute('aria-selected', String(other === button));
        stage.setAttribute('aria-labelledby', button.id);
        this.#draw();
      };
      button.addEventListener('click', choose);
      button.addEventListener('focus', choose);
      return button;
    };
    const stage = el('div', { class: 'stage', id: 'stage', role: 'tabpanel', 'aria-labelledby': 'tab-lines' });
    const tabs = el('div', { class: 'segments', role: 'tablist', 'aria-label': 'View' },
      tab('lines', 'Lines'), tab('matrix', 'Matrix'));
    rove(tabs);

    /** @type {Record<string, HTMLInputElement>} */
    const kinds = {};
    const picker = el('div', { class: 'segments', role: 'radiogroup', 'aria-label': 'Which attention' },
      ...Object.entries(KINDS).map(([kind, [name]]) => {
        const input = kinds[kind] = el('input', { type: 'radio', name: 'kind', value: kind, checked: kind === 'alignment' });
        input.addEventListener('change', () => {
          this.#choice = { ...this.#choice, kind };
          this.#draw();
        });
        return el('label', { hidden: kind === 'decoder' }, input, el('span', {}, name));
      }));
    const heads = el('div', { class: 'heads', role: 'radiogroup', 'aria-label': 'Layer and head', hidden: true });
    rove(heads, () => Number(getComputedStyle(heads).getPropertyValue('--heads')) || 1);
    const choose = (/** @type {Event} */ event) => {
      const button = /** @type {Element} */ (event.target).closest('.head');
      const perLayer = Number(getComputedStyle(heads).getPropertyValue('--heads')), i = Number(button?.getAttribute('data-i'));
      if (!button || button.getAttribute('aria-checked') === 'true') return;
      this.#choice = { ...this.#choice, layer: Math.floor(i / perLayer), head: i % perLayer };
      this.#draw();
    };
    heads.addEventListener('click', choose);
    heads.addEventListener('focusin', choose);

    const previous = el('button', { type: 'button', class: 'quiet', 'aria-label': 'Previous sentence' }, '‹');
    const next = el('button', { type: 'button', class: 'quiet', 'aria-label': 'Next sentence' }, '›');
    previous.addEventListener('click', () => this.select(this.#sentence - 1));
    next.addEventListener('click', () => this.select(this.#sentence + 1));
    const place = el('span', { 'aria-live': 'polite' });
    const pager = el('div', { class: 'pager', hidden: true }, previous, place, next);
    const pieces = el('input', { type: 'checkbox', id: 'pieces' });
    pieces.addEventListener('change', () => {
      this.#pieces = pieces.checked;
      this.#draw();
    });

    const caption = el('p', { class: 'caption' }), reading = el('p', { class: 'reading', 'aria-hidden': 'true' });
    const said = el('p', { class: 'said' }), live = el('p', { class: 'hidden', 'aria-live': 'polite' });
    this.#root.replaceChildren(
      el('div', { class: 'overlay-bar' }, tabs, picker, pager, el('label', { class: 'switch' }, pieces, 'Subword pieces')),
      heads, caption, said, stage, reading, live);
    return { stage, tabs, picker, heads, caption, reading, said, live, kinds, pager, previous, next, place };
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
