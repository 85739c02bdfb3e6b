/** Two rows of words, joined by curves: the more weight, the stronger the curve.  One above the other where the
 *  sentence fits on one line, otherwise as two columns, which fit any screen.  Knows a view; overlay.js calls it. */

import { activeIn, el, rove, setAttributes, svg, track, uniqueId } from './dom.js';
import { describe, linksOf, percent } from './words.js';

/** @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Word} Word
 *  @typedef {import('./types.d.ts').Axis} Axis */

const MAX_CURVES = 600;
const MIN_WEIGHT = 0.03;
const SIZES = [1.0625, 0.9375, 0.8125];             // rem: of the words, the largest that fits
const DENSE = 24;                                   // words in a column, from which on they stand closer

/** @param {HTMLElement} stage @param {View} view @param {(axis: Axis, index: number) => void} onPoint -1: nothing */
export function drawLines(stage, view, onPoint) {
  const gradient = svg('linearGradient', { id: uniqueId('dm-lines'), gradientUnits: 'userSpaceOnUse' },
    svg('stop', { class: `dm-stop dm-${view.colSide}`, offset: 0 }),
    svg('stop', { class: `dm-stop dm-${view.rowSide}`, offset: 1 }));
  const curves = strongest(view).map((link) => ({ ...link, path: svg('path', {
    class: 'dm-curve', stroke: `url(#${gradient.id})`, 'stroke-width': (0.8 + 3.2 * link.weight).toFixed(2),
    'stroke-opacity': (0.08 + 0.84 * link.weight).toFixed(2) }) }));
  const picture = svg('svg', { class: 'dm-curves', 'aria-hidden': 'true' }, svg('defs', {}, gradient),
    ...curves.map(({ path }) => path));
  const cols = wordRow(view, 'col', onPoint), rows = wordRow(view, 'row', onPoint);
  const root = el('div', { class: 'dm-lines' }, cols.root, picture, rows.root);
  stage.replaceChildren(root);

  const layout = () => {
    const { wide, length, from, to } = place(root, picture, cols, rows);
    setAttributes(gradient, wide ? { x1: 0, x2: 0, y1: 0, y2: length } : { x1: 0, x2: length, y1: 0, y2: 0 });
    for (const { row, col, path } of curves) path.setAttribute('d', curve(wide, [0, from[col]], [length, to[row]]));
  };
  layout();
  const resize = new ResizeObserver(layout);
  resize.observe(stage);
  follow(root, view, { row: rows.words, col: cols.words });

  return {
    layout,
    /** @param {Axis} axis @param {number} index -1: nothing */
    light(axis, index) {
      root.classList.toggle('dm-pointed', index >= 0);
      const links = index >= 0 ? linksOf(view, axis, index) : [];
      const paint = (/** @type {HTMLElement[]} */ words, /** @type {Axis} */ mine) => words.forEach((word, i) => {
        const on = index >= 0 && mine === axis && i === index;
        const weight = on ? 1 : index >= 0 && mine !== axis ? links[i] ?? 0 : 0;
        word.classList.toggle('dm-on', on);
        word.classList.toggle('dm-lit', on || weight >= 0.04);
        word.style.setProperty('--dm-w', weight.toFixed(3));
        setAttributes(word, { 'data-value': !on && weight >= 0.04 && percent(weight) });
      });
      paint(cols.words, 'col');
      paint(rows.words, 'row');
      for (const curve of curves) curve.path.classList.toggle('dm-lit', index >= 0 && curve[axis] === index);
    },
    /** How many row words, and column words, are there yet.  @param {number} nRows @param {number} nCols */
    reveal(nRows, nCols) {
      rows.words.forEach((word, i) => word.classList.toggle('dm-unwritten', i >= nRows));
      cols.words.forEach((word, i) => word.classList.toggle('dm-unwritten', i >= nCols));
      for (const { row, col, path } of curves) path.classList.toggle('dm-unwritten', row >= nRows || col >= nCols);
    },
    destroy() { resize.disconnect(); },
  };
}

/** The arrow key that points at the other row of words goes to the strongest counterpart there.
 *  @param {HTMLElement} root @param {View} view @param {Record<Axis, HTMLElement[]>} words */
function follow(root, view, words) {
  root.addEventListener('keydown', (event) => {
    const at = activeIn(root), axis = words.row.includes(/** @type {HTMLElement} */ (at)) ? 'row' : 'col';
    const index = words[axis].indexOf(/** @type {HTMLElement} */ (at));
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const across = root.classList.contains('dm-tall') ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (!across.includes(event.key)) return;
    event.stopPropagation();                        // the row would take it for a step along itself
    if (event.key !== across[axis === 'row' ? 0 : 1]) return;
    event.preventDefault();
    const links = linksOf(view, axis, index), strongest = links.indexOf(Math.max(...links));
    words[axis === 'row' ? 'col' : 'row'][strongest]?.focus();
  }, { capture: true });
}

/** Lays the two rows of words out: one above the other where both fit on a line, else as columns.  `length` is the way
 *  from one to the other, `from` and `to` are the middles of the words along the rows.
 *  @param {HTMLElement} root @param {SVGElement} picture @param {{root: HTMLElement, words: HTMLElement[]}} cols
 *  @param {{root: HTMLElement, words: HTMLElement[]}} rows */
export function place(root, picture, cols, rows) {
  const n = Math.max(cols.words.length, rows.words.length);
  const fits = (/** @type {number} */ size) => {
    root.style.setProperty('--dm-size', `${size}rem`);
    return [cols, rows].every((row) => row.root.scrollWidth <= row.root.clientWidth + 1);
  };
  root.classList.remove('dm-tall', 'dm-dense');
  const wide = SIZES.some(fits);
  if (!wide) {
    root.classList.add('dm-tall');
    root.classList.toggle('dm-dense', n > DENSE);
    root.style.setProperty('--dm-size', `${SIZES[n <= DENSE ? 0 : n <= 2 * DENSE ? 1 : 2]}rem`);
  }
  const box = picture.getBoundingClientRect();
  setAttributes(picture, { viewBox: `0 0 ${box.width} ${box.height}` });
  const middles = (/** @type {HTMLElement[]} */ words) => words.map((word) => {
    const r = word.getBoundingClientRect();
    return wide ? r.left + r.width / 2 - box.left : r.top + r.height / 2 - box.top;
  });
  return { wide, length: wide ? box.height : box.width, across: wide ? box.width : box.height,
           from: middles(cols.words), to: middles(rows.words) };
}

/** A curve between two places, each [along the way, along the rows]; it leaves and arrives at right angles to the rows.
 *  @param {boolean} wide @param {[number, number]} start @param {[number, number]} end */
export function curve(wide, start, end) {
  const half = (start[0] + end[0]) / 2;
  const [a, b, c, d] = [start, [half, start[1]], [half, end[1]], end].map(([x, y]) =>
    (wide ? [y, x] : [x, y]).map((value) => Math.round(value * 10) / 10).join(' '));
  return `M${a}C${b} ${c} ${d}`;
}

/** The links worth a curve.  @param {View} view @returns {{row: number, col: number, weight: number}[]} */
export function strongest(view) {
  const links = view.weights.flatMap((weights, row) => weights.map((weight, col) => ({ row, col, weight })));
  return links.filter((link) => link.weight >= MIN_WEIGHT).sort((a, b) => b.weight - a.weight).slice(0, MAX_CURVES).reverse();
}

/** @param {View} view @param {Axis} axis @param {(axis: Axis, index: number) => void} onPoint */
export function wordRow(view, axis, onPoint) {
  const side = axis === 'row' ? view.rowSide : view.colSide;
  const words = (axis === 'row' ? view.rows : view.cols).map((word, i) => {
    const classes = `dm-word${word.last ? ' dm-last' : ''}${word.joined ? ' dm-joined' : ''}`;
    const button = el('button', { type: 'button', class: classes,
      'data-i': i, tabindex: i ? -1 : 0, 'aria-label': describe(view, axis, i) });
    button.textContent = word.last ? 'end' : word.text || '␣';
    return button;
  });
  const root = el('div', { class: `dm-words dm-${side} dm-${axis}`, role: 'group', dir: 'auto', lang: view.languages?.[side],
    'aria-label': `${side === 'source' ? 'Source' : 'Target'} words; arrow keys move between them` }, ...words);
  rove(root);
  track(root, (i) => onPoint(axis, i));
  return { root, words };
}
