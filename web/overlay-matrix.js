/** The weights as a heat map: rows look, columns are looked at.  One canvas, whatever the length; labels are text, and stay
 *  in sight where the sentence is longer than the box.  Knows a view; overlay.js calls it. */

import { el, setAttributes } from './dom.js';
import { shade } from './overlay-thumbnail.js';
import { percent } from './words.js';

/** @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Word} Word
 *  @typedef {import('./types.d.ts').Axis} Axis
 *  @typedef {{row: number, col: number}} Cell */

const MIN_CELL = 14, FINE = 21, MAX_CELL = 30;

/** @param {HTMLElement} stage @param {View} view @param {(axis: Axis, index: number) => void} onPoint -1: nothing
 *  @param {(said: string) => void} onRead says the cell that the keyboard is on */
export const drawMatrix = (stage, view, onPoint, onRead) => new Matrix(stage, view, onPoint, onRead);

class Matrix {
  #stage; #view; #onPoint; #onRead;
  #canvas; #tip; #root;
  /** @type {Record<Axis, HTMLElement[]>} */
  #labels;
  #cell = MIN_CELL;                                 // pixels
  /** @type {Cell | undefined} */
  #at;
  #lit = { axis: /** @type {Axis} */ ('row'), index: -1 };
  #there;
  #resize = new ResizeObserver(() => this.layout());
  #scheme = matchMedia('(prefers-color-scheme: dark)');

  /** @param {HTMLElement} stage @param {View} view @param {(axis: Axis, index: number) => void} onPoint
   *  @param {(said: string) => void} onRead */
  constructor(stage, view, onPoint, onRead) {
    const { rows, cols } = view;
    this.#stage = stage, this.#view = view, this.#onPoint = onPoint, this.#onRead = onRead;
    this.#there = { rows: rows.length, cols: cols.length };
    this.#canvas = el('canvas', { class: 'dm-cells', tabindex: 0, role: 'application', 'aria-roledescription': 'heat map',
      'aria-label': `${rows.length} rows, ${cols.length} columns; arrow keys read the cells` });
    this.#tip = el('output', { class: 'dm-tip', hidden: true });
    this.#labels = { row: labelsOf(rows, 'row', onPoint), col: labelsOf(cols, 'col', onPoint) };
    this.#root = el('div', { class: 'dm-matrix' }, el('div', { class: 'dm-corner' }),
      el('div', { class: `dm-col-labels dm-${view.colSide}`, 'aria-hidden': 'true' }, ...this.#labels.col),
      el('div', { class: `dm-row-labels dm-${view.rowSide}`, 'aria-hidden': 'true' }, ...this.#labels.row),
      el('div', { class: 'dm-cell-box' }, this.#canvas, this.#tip));
    stage.replaceChildren(this.#root);
    this.#listen();
    this.layout();
    this.#resize.observe(stage);
    this.#scheme.addEventListener('change', this.#draw);
  }

  #listen() {
    const canvas = this.#canvas, { rows, cols } = this.#view;
    const point = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
      const row = Math.floor(offsetY / this.#cell), col = Math.floor(offsetX / this.#cell);
      if (row !== this.#at?.row || col !== this.#at.col) this.#move(rows[row] && cols[col] ? { row, col } : undefined);
    };
    canvas.addEventListener('pointermove', point);
    canvas.addEventListener('pointerdown', point);
    canvas.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType !== 'touch') this.#move(undefined);            // what a finger has touched stays, until the next touch
    });
    canvas.addEventListener('blur', () => this.#move(undefined));
    canvas.addEventListener('focus', () => {
      if (canvas.matches(':focus-visible')) this.#move(this.#at ?? { row: 0, col: 0 }, true);
    });
    canvas.addEventListener('keydown', (event) => {
      const { row, col } = this.#at ?? { row: 0, col: 0 };
      const to = { ArrowRight: [row, col + 1], ArrowLeft: [row, col - 1], ArrowDown: [row + 1, col], ArrowUp: [row - 1, col],
                   Home: [row, 0], End: [row, cols.length - 1] }[event.key];
      if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#move({ row: clamp(to[0], 0, rows.length - 1), col: clamp(to[1], 0, cols.length - 1) }, true);
    });
  }

  /** @param {Cell | undefined} to @param {boolean} [byKey] */
  #move(to, byKey = false) {
    const { rows, cols, weights } = this.#view, tip = this.#tip, cell = this.#cell;
    this.#at = to;
    tip.hidden = !to;
    if (to) {
      const text = `${name(rows[to.row])} · ${name(cols[to.col])}  ${percent(weights[to.row][to.col])}`;
      const right = to.col > cols.length / 2;
      tip.textContent = text;
      tip.style.setProperty('left', `${(to.col + (right ? 0 : 1)) * cell}px`);
      tip.style.setProperty('top', `${to.row * cell}px`);
      tip.classList.toggle('dm-right', right);
      if (byKey) this.#onRead(text), this.#reach(to);
    }
    this.#onPoint('row', to ? to.row : -1);
    this.#draw();
  }

  /** Scrolls until a cell is beside the labels, not under them.  @param {Cell} at */
  #reach({ row, col }) {
    const root = this.#root, cell = this.#cell, corner = /** @type {HTMLElement} */ (root.firstElementChild);
    const width = root.clientWidth - corner.offsetWidth, height = root.clientHeight - corner.offsetHeight;
    root.scrollLeft = clamp(root.scrollLeft, (col + 1) * cell - width, col * cell);
    root.scrollTop = clamp(root.scrollTop, (row + 1) * cell - height, row * cell);
  }

  /** The size of a cell: what fits, times the zoom. */
  layout() {
    const root = this.#root, canvas = this.#canvas, { rows, cols } = this.#view;
    const fit = () => {
      const width = Math.max(...this.#labels.row.map((label) => label.offsetWidth), 0) + 10;
      return clamp(Math.floor((this.#stage.clientWidth - width) / cols.length), MIN_CELL, MAX_CELL);
    };
    root.classList.remove('dm-fine');
    root.style.setProperty('--dm-zoom', '1');
    let cell = fit();
    if (cell < FINE) {                              // smaller labels leave more room for cells
      root.classList.add('dm-fine');
      cell = Math.min(FINE, fit());
    }
    root.style.removeProperty('--dm-zoom');
    const zoom = Number(getComputedStyle(root).getPropertyValue('--dm-zoom')) || 1, dpr = window.devicePixelRatio || 1;
    this.#cell = cell = Math.max(4, Math.round(cell * zoom));
    root.style.setProperty('--dm-cell', `${cell}px`);
    setAttributes(canvas, { width: Math.round(cols.length * cell * dpr), height: Math.round(rows.length * cell * dpr) });
    canvas.style.setProperty('width', `${cols.length * cell}px`);
    canvas.style.setProperty('height', `${rows.length * cell}px`);
    this.#draw();
  }

  #draw = () => {
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d')), { weights } = this.#view;
    const ink = getComputedStyle(this.#root).color, heat = getComputedStyle(this.#canvas).color, at = this.#at, lit = this.#lit;
    const cell = this.#cell, dpr = window.devicePixelRatio || 1, gap = cell > 20 ? 1 : 0.5, round = Math.min(4, cell / 6);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    weights.forEach((row, r) => row.forEach((weight, c) => {
      const inBand = lit.index < 0 || (lit.axis === 'row' ? r === lit.index : c === lit.index);
      context.beginPath();
      context.roundRect(c * cell + gap, r * cell + gap, cell - 2 * gap, cell - 2 * gap, round);
      context.fillStyle = ink;
      context.globalAlpha = inBand && lit.index >= 0 ? 0.09 : 0.045;
      context.fill();
      if (r >= this.#there.rows || c >= this.#there.cols) return;
      context.fillStyle = heat;
      context.globalAlpha = shade(weight) * (inBand ? 1 : 0.35);
      context.fill();
      if (at?.row !== r || at.col !== c) return;
      context.globalAlpha = 1;
      context.strokeStyle = ink;
      context.lineWidth = 2;
      context.stroke();
    }));
  };

  /** @param {Axis} axis @param {number} index -1: nothing */
  light(axis, index) {
    const at = this.#at;
    this.#lit = { axis, index };
    this.#labels.row.forEach((label, i) => label.classList.toggle('dm-on', axis === 'row' && i === index || i === at?.row));
    this.#labels.col.forEach((label, i) => label.classList.toggle('dm-on', axis === 'col' && i === index || i === at?.col));
    this.#draw();
  }

  /** How many rows, and columns, are there yet.  @param {number} nRows @param {number} nCols */
  reveal(nRows, nCols) {
    this.#there = { rows: nRows, cols: nCols };
    this.#labels.row.forEach((label, i) => label.classList.toggle('dm-unwritten', i >= nRows));
    this.#labels.col.forEach((label, i) => label.classList.toggle('dm-unwritten', i >= nCols));
    this.#draw();
  }

  destroy() {
    this.#resize.disconnect();
    this.#scheme.removeEventListener('change', this.#draw);
  }
}

/** @param {Word[]} words @param {Axis} axis @param {(axis: Axis, index: number) => void} onPoint */
function labelsOf(words, axis, onPoint) {
  return words.map((word, i) => {
    const label = el('span', { class: `dm-label${word.last ? ' dm-last' : ''}`, 'data-i': i, dir: 'auto' }, name(word) || '␣');
    label.addEventListener('pointerenter', () => onPoint(axis, i));
    label.addEventListener('pointerleave', () => onPoint(axis, -1));
    return label;
  });
}

/** @param {Word} word */
const name = (word) => (word.last ? 'end' : word.text);

const clamp = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
  Math.max(low, Math.min(high, value));
