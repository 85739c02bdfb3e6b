/** The parts of an overlay around its drawing: what there is to choose, and what is chosen.  Knows no attention but to
 *  paint the small pictures of the heads; tells overlay.js what somebody chose. */

import { el, rove, uniqueId } from './dom.js';
import { TABS, ZOOMS } from './overlay-choice.js';
import { KINDS, WARNING } from './overlay-kinds.js';
import { saveMenu } from './overlay-menu.js';
import { drawThumbnail } from './overlay-thumbnail.js';
import { percent } from './words.js';

/** @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {import('./types.d.ts').Kind} Kind
 *  @typedef {(change: Partial<Choice>) => void} Choose */

const LISTED = 60;                                  // characters of a sentence in the list to choose from

export class Controls {
  #tabs;
  #kinds;
  #heads;
  #pager;
  #pieces;
  #zoom;
  #caption = el('p', { class: 'dm-caption' });
  #said = el('p', { class: 'dm-said' });
  #warning = el('p', { class: 'dm-warning' }, el('strong', {}, WARNING[0]), WARNING[1]);
  reading = el('p', { class: 'dm-reading', 'aria-hidden': 'true' });
  live = el('p', { class: 'dm-hidden', 'aria-live': 'polite' });
  stage;

  /** @param {HTMLElement} root @param {Choose} choose @param {import('./overlay-menu.js').Save} save */
  constructor(root, choose, save) {
    this.#tabs = tabs(choose);
    this.stage = el('div', { class: 'dm-stage', id: this.#tabs.panel, role: 'tabpanel' });
    this.#kinds = kinds(choose);
    this.#heads = heads(choose);
    this.#pager = pager(choose);
    this.#zoom = zoom(choose, this.stage);
    this.#pieces = el('input', { type: 'checkbox' });
    this.#pieces.addEventListener('change', () => choose({ pieces: this.#pieces.checked }));
    root.classList.add('dm-overlay');
    root.replaceChildren(
      el('div', { class: 'dm-bar' }, this.#tabs.root, this.#kinds.root, this.#pager.root),
      this.#heads.root, this.#caption, this.#said, this.stage, this.reading,
      this.#warning,
      el('div', { class: 'dm-bar dm-tools' },
        el('label', { class: 'dm-switch' }, this.#pieces, 'Subword pieces'), this.#zoom.root, saveMenu(save, this.live)),
      this.live);
  }

  /** @param {Choice} choice
   *  @param {{sentences: string[], kinds: Kind[], layers?: number[][][][], fixed: boolean, caption: string}} there
   *    fixed: the model has no attention, so that there is one way to draw it */
  update(choice, { sentences, kinds, layers, fixed, caption }) {
    const all = choice.tab === 'heads';
    this.#tabs.update(choice.tab, this.stage, kinds.length > 1);
    this.#tabs.root.hidden = this.#warning.hidden = fixed;
    this.#kinds.update(choice.kind, all ? [] : kinds);
    this.#heads.update(choice, all ? undefined : layers);
    this.#pager.update(choice.sentence, sentences);
    this.resize(choice);
    this.#pieces.checked = choice.pieces;
    this.#caption.textContent = caption;
  }

  /** @param {Choice} choice */
  resize(choice) { this.#zoom.update(choice); }

  /** To the head that is on show, where there is a choice of heads. */
  focusHead() { this.#heads.focus(); }

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
  const update = (/** @type {string} */ tab, /** @type {HTMLElement} */ stage, /** @type {boolean} */ hasHeads) => {
    for (const button of buttons) {
      const name = button.getAttribute('data-i'), chosen = name === tab;
      button.hidden = name === 'heads' && !hasHeads;
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
  /** @type {number[][][][] | undefined} what the pictures are of: the same pictures stay, and keep the focus */
  let shown;
  rove(root, () => perLayer);
  const check = (/** @type {number} */ at) => {
    for (const button of root.querySelectorAll('[data-i]')) {
      const chosen = Number(button.getAttribute('data-i')) === at;
      button.setAttribute('aria-checked', String(chosen));
      button.setAttribute('tabindex', chosen ? '0' : '-1');
    }
  };
  const pick = (/** @type {Event} */ event) => {
    const i = Number(/** @type {Element} */ (event.target).closest('[data-i]')?.getAttribute('data-i') ?? -1);
    if (i < 0) return;
    check(i);
    choose({ layer: Math.floor(i / perLayer), head: i % perLayer });
  };
  root.addEventListener('click', pick);
  root.addEventListener('focusin', pick);

  const update = (/** @type {Choice} */ choice, /** @type {number[][][][] | undefined} */ layers) => {
    root.hidden = !layers;
    if (layers !== shown) {
      root.replaceChildren(...(layers ?? []).map(layerOf));
      const pictures = root.querySelectorAll('canvas');           // in the page, for their colour
      layers?.flat().forEach((weights, i) => drawThumbnail(pictures[i], weights));
    }
    shown = layers;
    perLayer = layers?.[0].length ?? 1;
    root.style.setProperty('--dm-heads', String(perLayer));
    check(choice.layer * perLayer + choice.head);
  };
  const focus = () => /** @type {HTMLElement | null} */ (root.querySelector('[aria-checked="true"]'))?.focus();
  return { root, update, focus };
}

/** @param {number[][][]} heads @param {number} layer */
function layerOf(heads, layer) {
  const label = el('span', { class: 'dm-layer-name', 'aria-hidden': 'true' }, `L${layer + 1}`);
  return el('div', { class: 'dm-layer' }, label, ...heads.map((_, head) => {
    const name = `Layer ${layer + 1}, head ${head + 1}`;
    return el('button', { type: 'button', class: 'dm-head', role: 'radio', 'aria-label': name, title: name,
      'data-i': layer * heads.length + head }, el('canvas'));
  }));
}

/** @param {Choose} choose @param {HTMLElement} stage takes the keys + - 0 */
function zoom(choose, stage) {
  let now = 1;
  const step = (/** @type {number} */ by) =>
    choose({ zoom: ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, ZOOMS.findIndex((each) => each >= now) + by))] });
  const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ act) => {
    const made = el('button', { type: 'button', class: 'dm-quiet', 'aria-label': label }, text);
    made.addEventListener('click', act);
    return made;
  };
  const out = button('−', 'Smaller', () => step(-1)), into = button('+', 'Larger', () => step(1));
  const size = button('', 'Size', () => choose({ zoom: 1 }));
  const root = el('div', { class: 'dm-zoom', role: 'group', 'aria-label': 'Zoom' }, out, size, into);
  stage.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || root.hidden) return;
    if (event.key === '+') step(1);
    else if (event.key === '-') step(-1);
    else if (event.key === '0') choose({ zoom: 1 });
  });
  const update = (/** @type {Choice} */ choice) => {
    now = choice.zoom;
    root.hidden = choice.tab === 'table';
    out.disabled = now <= ZOOMS[0];
    into.disabled = now >= ZOOMS[ZOOMS.length - 1];
    size.textContent = percent(now);
    size.setAttribute('aria-label', `Size ${percent(now)}; back to what fits`);
    stage.style.setProperty('--dm-zoom', String(now));
  };
  return { root, update };
}

/** Sentence by sentence, or any from a list.  @param {Choose} choose */
function pager(choose) {
  let at = 0;
  const turn = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {number} */ by) => {
    const button = el('button', { type: 'button', class: 'dm-quiet', 'aria-label': label }, sign);
    button.addEventListener('click', () => choose({ sentence: at + by }));
    return button;
  };
  const previous = turn('‹', 'Previous sentence', -1), next = turn('›', 'Next sentence', 1);
  const place = el('span', { 'aria-live': 'polite' }), list = el('select', { 'aria-label': 'Sentence' });
  list.addEventListener('change', () => choose({ sentence: list.selectedIndex }));
  const root = el('div', { class: 'dm-pager', hidden: true }, previous, el('label', {}, place, list), next);
  /** @type {string[]} */
  let listed = [];
  const update = (/** @type {number} */ sentence, /** @type {string[]} */ sentences) => {
    const n = sentences.length;
    at = sentence;
    root.hidden = n < 2;
    if (listed !== sentences) list.replaceChildren(...sentences.map((text, i) => el('option', {}, `${i + 1}. ${shorten(text)}`)));
    listed = sentences;
    list.selectedIndex = sentence;
    previous.disabled = sentence === 0;
    next.disabled = sentence >= n - 1;
    place.textContent = `Sentence ${sentence + 1} of ${n}`;
  };
  return { root, update };
}

/** @param {string} text */
const shorten = (text) => {
  const characters = [...text];
  return characters.length > LISTED ? `${characters.slice(0, LISTED).join('')}…` : text;
};
