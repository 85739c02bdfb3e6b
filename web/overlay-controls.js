/** The parts of an overlay around its drawing: what there is to choose, and what is chosen.  Knows no attention but to
 *  paint the small pictures of the heads; tells overlay.js what somebody chose. */

import { activeIn, el, rove, uniqueId } from './dom.js';
import { drawThumbnail } from './overlay-matrix.js';
import { KINDS } from './overlay-kinds.js';

/** @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {import('./types.d.ts').Kind} Kind
 *  @typedef {(change: Partial<Choice>) => void} Choose */

/** @type {Record<Choice['tab'], string>} */
const TABS = { lines: 'Lines', matrix: 'Matrix' };

export class Controls {
  #tabs;
  #kinds;
  #heads;
  #pager;
  #pieces;
  #caption = el('p', { class: 'dm-caption' });
  #said = el('p', { class: 'dm-said' });
  reading = el('p', { class: 'dm-reading', 'aria-hidden': 'true' });
  live = el('p', { class: 'dm-hidden', 'aria-live': 'polite' });
  stage;

  /** @param {HTMLElement} root @param {Choose} choose */
  constructor(root, choose) {
    this.#tabs = tabs(choose);
    this.stage = el('div', { class: 'dm-stage', id: this.#tabs.panel, role: 'tabpanel' });
    this.#kinds = kinds(choose);
    this.#heads = heads(choose);
    this.#pager = pager(choose);
    this.#pieces = el('input', { type: 'checkbox' });
    this.#pieces.addEventListener('change', () => choose({ pieces: this.#pieces.checked }));
    root.classList.add('dm-overlay');
    root.replaceChildren(
      el('div', { class: 'dm-bar' }, this.#tabs.root, this.#kinds.root, this.#pager.root,
        el('label', { class: 'dm-switch' }, this.#pieces, 'Subword pieces')),
      this.#heads.root, this.#caption, this.#said, this.stage, this.reading, this.live);
  }

  /** @param {Choice} choice
   *  @param {{sentences: number, kinds: Kind[], layers?: number[][][][], fixed: boolean, caption: string}} there
   *    fixed: the model has no attention, so that there is one way to draw it */
  update(choice, { sentences, kinds, layers, fixed, caption }) {
    this.#tabs.update(choice.tab, this.stage);
    this.#tabs.root.hidden = fixed;
    this.#kinds.update(choice.kind, kinds);
    this.#heads.update(choice, layers);
    this.#pager.update(choice.sentence, sentences);
    this.#pieces.checked = choice.pieces;
    this.#caption.textContent = caption;
  }

  /** Instead of a drawing.  @param {string} text */
  say(text) { this.#said.textContent = text; }

  clear() {
    this.#said.textContent = '';
    this.stage.classList.remove('dm-waiting');
    this.stage.replaceChildren();
  }
}

/** @param {Choose} choose */
function tabs(choose) {
  const id = uniqueId('dm-tab'), panel = uniqueId('dm-stage');
  const buttons = Object.entries(TABS).map(([name, text]) => el('button', { type: 'button', role: 'tab', id: `${id}-${name}`,
    'aria-controls': panel, 'data-i': name }, text));
  const root = el('div', { class: 'dm-segments', role: 'tablist', 'aria-label': 'View' }, ...buttons);
  rove(root);
  for (const button of buttons) {
    const pick = () => choose({ tab: /** @type {Choice['tab']} */ (button.getAttribute('data-i')) });
    button.addEventListener('click', pick);
    button.addEventListener('focus', pick);
  }
  const update = (/** @type {string} */ tab, /** @type {HTMLElement} */ stage) => {
    for (const button of buttons) {
      const chosen = button.getAttribute('data-i') === tab;
      button.setAttribute('aria-selected', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    stage.setAttribute('aria-labelledby', `${id}-${tab}`);
  };
  return { root, panel, update };
}

/** @param {Choose} choose */
function kinds(choose) {
  const name = uniqueId('dm-kind');
  const inputs = Object.keys(KINDS).map((value) => el('input', { type: 'radio', name, value }));
  for (const input of inputs) input.addEventListener('change', () => choose({ kind: /** @type {Kind} */ (input.value) }));
  const labels = inputs.map((input) => el('label', {}, input, el('span', {}, KINDS[/** @type {Kind} */ (input.value)])));
  const root = el('div', { class: 'dm-segments', role: 'radiogroup', 'aria-label': 'Which attention' }, ...labels);
  const update = (/** @type {Kind} */ kind, /** @type {Kind[]} */ there) => {
    root.hidden = there.length < 2;
    inputs.forEach((input, i) => {
      input.checked = input.value === kind;
      labels[i].hidden = !there.includes(/** @type {Kind} */ (input.value));
    });
  };
  return { root, update };
}

/** All heads of the chosen kind; each a picture, and a button.  @param {Choose} choose */
function heads(choose) {
  const root = el('div', { class: 'dm-heads', role: 'radiogroup', 'aria-label': 'Layer and head', hidden: true });
  let perLayer = 1;
  rove(root, () => perLayer);
  const pick = (/** @type {Event} */ event) => {
    const i = Number(/** @type {Element} */ (event.target).closest('[data-i]')?.getAttribute('data-i') ?? -1);
    if (i >= 0) choose({ layer: Math.floor(i / perLayer), head: i % perLayer });
  };
  root.addEventListener('click', pick);
  root.addEventListener('focusin', pick);

  const update = (/** @type {Choice} */ choice, /** @type {number[][][][] | undefined} */ layers) => {
    const focused = root.contains(activeIn(root));
    root.hidden = !layers;
    root.replaceChildren();
    if (!layers) return;
    perLayer = layers[0].length;
    root.style.setProperty('--dm-heads', String(perLayer));
    const colour = getComputedStyle(root).color;
    layers.forEach((ofLayer, layer) => {
      const label = el('span', { class: 'dm-layer-name', 'aria-hidden': 'true' }, `L${layer + 1}`);
      const row = el('div', { class: 'dm-layer' }, label);
      root.append(row);
      ofLayer.forEach((weights, head) => {
        const chosen = layer === choice.layer && head === choice.head, canvas = el('canvas');
        drawThumbnail(canvas, weights, colour);
        const name = `Layer ${layer + 1}, head ${head + 1}`;
        const button = el('button', { type: 'button', class: 'dm-head', role: 'radio', 'aria-checked': chosen ? 'true' : 'false',
          'aria-label': name, title: name, tabindex: chosen ? 0 : -1, 'data-i': layer * perLayer + head }, canvas);
        row.append(button);
        if (chosen && focused) button.focus();
      });
    });
  };
  return { root, update };
}

/** @param {Choose} choose */
function pager(choose) {
  let at = 0;
  const turn = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {number} */ by) => {
    const button = el('button', { type: 'button', class: 'dm-quiet', 'aria-label': label }, sign);
    button.addEventListener('click', () => choose({ sentence: at + by }));
    return button;
  };
  const previous = turn('‹', 'Previous sentence', -1), next = turn('›', 'Next sentence', 1);
  const place = el('span', { 'aria-live': 'polite' });
  const root = el('div', { class: 'dm-pager', hidden: true }, previous, place, next);
  const update = (/** @type {number} */ sentence, /** @type {number} */ n) => {
    at = sentence;
    root.hidden = n < 2;
    previous.disabled = sentence === 0;
    next.disabled = sentence >= n - 1;
    place.textContent = `Sentence ${sentence + 1} of ${n}`;
  };
  return { root, update };
}
