/** A model without attention, as what it is: every source word goes into one vector, and every target word comes out of
 *  it.  No line leads from word to word, since nothing in the model says which belongs to which. */

import { el, setAttributes, svg } from './dom.js';
import { curve, place, wordRow } from './overlay-lines.js';

/** @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Axis} Axis */

const THICK = 14, LONGEST = 150;                    // of the vector, in pixels

/** @param {HTMLElement} stage @param {View} view @param {(axis: Axis, index: number) => void} onPoint -1: nothing */
export function drawVector(stage, view, onPoint) {
  const thread = (/** @type {string} */ side) => svg('path', { class: `dm-thread dm-${side}` });
  const into = view.cols.map(() => thread(view.colSide)), outOf = view.rows.map(() => thread(view.rowSide));
  const bar = svg('rect', { class: 'dm-vector', rx: 5 });
  const picture = svg('svg', { class: 'dm-curves', 'aria-hidden': 'true' }, ...into, ...outOf, bar);
  const cols = wordRow(view, 'col', onPoint), rows = wordRow(view, 'row', onPoint);
  const root = el('div', { class: 'dm-lines' }, cols.root, picture, rows.root);
  stage.replaceChildren(root);

  const layout = () => {
    const { wide, length, across, from, to } = place(root, picture, cols, rows);
    const size = Math.min(LONGEST, across * 0.6), middle = across / 2, near = (length - THICK) / 2, far = near + THICK;
    const [x, y, width, height] = wide ? [middle - size / 2, near, size, THICK] : [near, middle - size / 2, THICK, size];
    setAttributes(bar, { x, y, width, height });
    /** Where on the vector the i-th of n threads ends. */
    const at = (/** @type {number} */ i, /** @type {number} */ n) => middle + (n > 1 ? (i / (n - 1) - 0.5) * (size - 10) : 0);
    into.forEach((path, i) => path.setAttribute('d', curve(wide, [0, from[i]], [near, at(i, into.length)])));
    outOf.forEach((path, i) => path.setAttribute('d', curve(wide, [far, at(i, outOf.length)], [length, to[i]])));
  };
  layout();
  const resize = new ResizeObserver(layout);
  resize.observe(stage);

  return {
    layout,
    /** A word that was written saw all of the vector, and so all words of the source alike.
     *  @param {Axis} axis @param {number} index -1: nothing */
    light(axis, index) {
      root.classList.toggle('dm-pointed', index >= 0);
      const isLit = (/** @type {Axis} */ mine, /** @type {number} */ i) =>
        index >= 0 && (mine === axis ? i === index : axis === 'row');
      for (const [mine, words, threads] of /** @type {const} */ ([['col', cols.words, into], ['row', rows.words, outOf]])) {
        words.forEach((word, i) => {
          const on = isLit(mine, i) && mine === axis;
          word.classList.toggle('dm-on', on);
          word.classList.toggle('dm-lit', isLit(mine, i));
          word.style.setProperty('--dm-w', on ? '1' : (1 / words.length).toFixed(3));
        });
        threads.forEach((path, i) => path.classList.toggle('dm-lit', isLit(mine, i)));
      }
      bar.classList.toggle('dm-lit', index >= 0);
    },
    /** How many row words, and column words, are there yet.  @param {number} nRows @param {number} nCols */
    reveal(nRows, nCols) {
      for (const [words, threads, n] of /** @type {const} */ ([[cols.words, into, nCols], [rows.words, outOf, nRows]]))
        for (const [i, each] of [...words.entries(), ...threads.entries()]) each.classList.toggle('dm-unwritten', i >= n);
    },
    destroy() { resize.disconnect(); },
  };
}
