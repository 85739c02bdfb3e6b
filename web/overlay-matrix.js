/** The weights as a heat map: rows look, columns are looked at.  One canvas, whatever the length; labels are text. */

import { el, setAttributes } from './dom.js';
import { percent } from './words.js';

/** @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Word} Word
 *  @typedef {import('./types.d.ts').Axis} Axis */

const MIN_CELL = 14, FINE = 21, MAX_CELL = 30;

/** @param {HTMLElement} stage @param {View} view @param {(axis: Axis, index: number) => void} onPoint -1: nothing
 *  @param {(said: string) => void} onRead says the cell that the keyboard is on */
export function drawMatrix(stage, view, onPoint, onRead) {
  const { rows, cols, weights } = view;
  const canvas = el('canvas', { class: 'dm-cells', tabindex: 0, role: 'application', 'aria-roledescription': 'heat map',
    'aria-label': `${rows.length} rows, ${cols.length} columns; arrow keys read the cells` });
  const tip = el('output', { class: 'dm-tip', hidden: true });
  const labels = (/** @type {Word[]} */ words, /** @type {Axis} */ axis) => words.map((word, i) => {
    const label = el('span', { class: `dm-label${word.last ? ' dm-last' : ''}`, 'data-i': i, dir: 'auto' });
    label.textContent = word.last ? 'end' : word.text || '␣';
    label.addEventListener('pointerenter', () => onPoint(axis, i));
    label.addEventListener('pointerleave', () => onPoint(axis, -1));
    return label;
  });
  const rowLabels = labels(rows, 'row'), colLabels = labels(cols, 'col');
  const root = el('div', { class: 'dm-matrix' },
    el('div', { class: `dm-col-labels dm-${view.colSide}`, 'aria-hidden': 'true' }, ...colLabels),
    el('div', { class: `dm-row-labels dm-${view.rowSide}`, 'aria-hidden': 'true' }, ...rowLabels),
    el('div', { class: 'dm-cell-box' }, canvas, tip));
  stage.replaceChildren(root);

  let cell = MIN_CELL;
  /** @type {{row: number, col: number} | undefined} */
  let at;
  /** @type {{axis: Axis, index: number}} */
  let lit = { axis: 'row', index: -1 };
  let there = { rows: rows.length, cols: cols.length };

  const draw = () => {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const ink = getComputedStyle(root).color, heat = getComputedStyle(canvas).color;
    const dpr = window.devicePixelRatio || 1, gap = cell > 20 ? 1 : 0.5, round = Math.min(4, cell / 6);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, cols.length * cell, rows.length * cell);
    weights.forEach((row, r) => row.forEach((weight, c) => {
      const inBand = lit.index < 0 || (lit.axis === 'row' ? r === lit.index : c === lit.index);
      const box = /** @type {const} */ ([c * cell + gap, r * cell + gap, cell - 2 * gap, cell - 2 * gap, round]);
      context.beginPath();
      context.roundRect(...box);
      context.fillStyle = ink;
      context.globalAlpha = inBand && lit.index >= 0 ? 0.09 : 0.045;
      context.fill();
      if (r >= there.rows || c >= there.cols) return;
      context.fillStyle = heat;
      context.globalAlpha = Math.min(1, weight) ** 0.75 * (inBand ? 1 : 0.35);
      context.fill();
      if (at?.row === r && at.col === c) {
        context.globalAlpha = 1;
        context.strokeStyle = ink;
        context.lineWidth = 2;
        context.stroke();
      }
    }));
  };
  const layout = () => {
    const fit = () => {
      const width = Math.max(...rowLabels.map((label) => label.offsetWidth), 0) + 10;
      return Math.max(MIN_CELL, Math.min(MAX_CELL, Math.floor((stage.clientWidth - width) / cols.length)));
    };
    root.classList.remove('dm-fine');
    cell = fit();
    if (cell < FINE) {                              // smaller labels leave more room for cells
      root.classList.add('dm-fine');
      cell = Math.min(FINE, fit());
    }
    root.style.setProperty('--dm-cell', `${cell}px`);
    const dpr = window.devicePixelRatio || 1;
    setAttributes(canvas, { width: Math.round(cols.length * cell * dpr), height: Math.round(rows.length * cell * dpr) });
    canvas.style.setProperty('width', `${cols.length * cell}px`);
    canvas.style.setProperty('height', `${rows.length * cell}px`);
    draw();
  };
  const move = (/** @type {typeof at} */ to, said = false) => {
    at = to;
    tip.hidden = !to;
    if (to) {
      const text = `${name(rows[to.row])} · ${name(cols[to.col])}  ${percent(weights[to.row][to.col])}`;
      tip.textContent = text;
      const right = to.col > cols.length / 2;
      tip.style.setProperty('left', `${(to.col + (right ? 0 : 1)) * cell}px`);
      tip.style.setProperty('top', `${to.row * cell}px`);
      tip.classList.toggle('dm-right', right);
      if (said) onRead(text);
    }
    onPoint('row', to ? to.row : -1);
    draw();
  };
  canvas.addEventListener('pointermove', (event) => {
    const row = Math.floor(event.offsetY / cell), col = Math.floor(event.offsetX / cell);
    if (row === at?.row && col === at?.col) return;
    move(rows[row] && cols[col] ? { row, col } : undefined);
  });
  canvas.addEventListener('pointerleave', () => move(undefined));
  canvas.addEventListener('blur', () => move(undefined));
  canvas.addEventListener('focus', () => { if (canvas.matches(':focus-visible')) move(at ?? { row: 0, col: 0 }, true); });
  canvas.addEventListener('keydown', (event) => {
    const { row, col } = at ?? { row: 0, col: 0 };
    const to = { ArrowRight: [row, col + 1], ArrowLeft: [row, col - 1], ArrowDown: [row + 1, col], ArrowUp: [row - 1, col],
                 Home: [row, 0], End: [row, cols.length - 1] }[event.key];
    if (!to) return;
    event.preventDefault();
    move({ row: Math.max(0, Math.min(rows.length - 1, to[0])), col: Math.max(0, Math.min(cols.length - 1, to[1])) }, true);
  });

  layout();
  const resize = new ResizeObserver(layout);
  resize.observe(stage);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw);

  return {
    /** @param {Axis} axis @param {number} index -1: nothing */
    light(axis, index) {
      lit = { axis, index };
      rowLabels.forEach((label, i) => label.classList.toggle('dm-on', axis === 'row' && i === index || i === at?.row));
      colLabels.forEach((label, i) => label.classList.toggle('dm-on', axis === 'col' && i === index || i === at?.col));
      draw();
    },
    /** How many rows, and columns, are there yet.  @param {number} nRows @param {number} nCols */
    reveal(nRows, nCols) {
      there = { rows: nRows, cols: nCols };
      rowLabels.forEach((label, i) => label.classList.toggle('dm-unwritten', i >= nRows));
      colLabels.forEach((label, i) => label.classList.toggle('dm-unwritten', i >= nCols));
      draw();
    },
    destroy() {
      resize.disconnect();
      scheme.removeEventListener('change', draw);
    },
  };
}

/** @param {Word} word */
const name = (word) => (word.last ? 'end' : word.text);

/** A small picture of one head, one pixel for each cell.  @param {HTMLCanvasElement} canvas
 *  @param {number[][]} weights @param {string} colour */
export function drawThumbnail(canvas, weights, colour) {
  setAttributes(canvas, { width: Math.max(1, weights[0]?.length ?? 0), height: Math.max(1, weights.length) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = colour;
  weights.forEach((row, r) => row.forEach((weight, c) => {
    context.globalAlpha = Math.min(1, weight) ** 0.75;
    context.fillRect(c, r, 1, 1);
  }));
}
