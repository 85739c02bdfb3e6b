/** The counterparts as a table of words: for who reads with a screen reader, and for who wants numbers.  Knows a view;
 *  overlay.js calls it. */

import { el } from './dom.js';
import { nameOf } from './overlay-kinds.js';
import { counterparts, linksOf, percent } from './words.js';

/** @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Axis} Axis */

const MOST = 6, LEAST = 0.02;                       // counterparts named, and the weight below which none is

/** @param {HTMLElement} stage @param {View} view @param {string} caption
 *  @param {(axis: Axis, index: number) => void} onPoint -1: nothing */
export function drawTable(stage, view, caption, onPoint) {
  const { rows, cols, rowSide, colSide, languages } = view;
  const title = (/** @type {'source' | 'target'} */ side) => (languages ? nameOf(languages[side]) : side);
  const lines = rows.map((word, i) => {
    const line = el('tr', {}, el('th', { scope: 'row', lang: languages?.[rowSide], dir: 'auto' }, nameOfWord(word)),
      el('td', { lang: languages?.[colSide], dir: 'auto' }, ...partners(view, i)));
    line.addEventListener('pointerenter', () => onPoint('row', i));
    line.addEventListener('pointerleave', () => onPoint('row', -1));
    return line;
  });
  stage.replaceChildren(el('div', { class: 'dm-table-box', tabindex: 0, role: 'region', 'aria-label': 'Table of words' },
    el('table', { class: 'dm-table' }, el('caption', { class: 'dm-hidden' }, caption),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col', class: `dm-name-${rowSide}` }, title(rowSide)),
        el('th', { scope: 'col', class: `dm-name-${colSide}` }, rowSide === colSide ? 'looks at' : `from ${title(colSide)}`))),
      el('tbody', {}, ...lines))));
  return {
    layout() {},
    light(/** @type {Axis} */ axis, /** @type {number} */ index) {
      lines.forEach((line, i) => line.classList.toggle('dm-on', index >= 0 && (axis === 'row' ? i === index
        : counterparts(linksOf(view, 'row', i), cols).some(({ word }) => word === cols[index]))));
    },
    reveal(/** @type {number} */ nRows) { lines.forEach((line, i) => line.classList.toggle('dm-unwritten', i >= nRows)); },
    destroy() {},
  };
}

/** @param {View} view @param {number} row @returns {Node[]} */
function partners(view, row) {
  const links = linksOf(view, 'row', row).map((weight, i) => ({ weight, word: view.cols[i] }));
  const named = links.filter(({ weight }) => weight >= LEAST).sort((a, b) => b.weight - a.weight).slice(0, MOST);
  return named.flatMap(({ word, weight }, i) => {
    const value = el('span', { class: `dm-value dm-${view.colSide}` }, `${nameOfWord(word)} `, el('small', {}, percent(weight)));
    value.style.setProperty('--dm-w', weight.toFixed(3));
    return i ? [document.createTextNode(', '), value] : [value];
  });
}

/** @param {import('./types.d.ts').Word} word */
const nameOfWord = (word) => (word.last ? 'end of sentence' : word.text || '␣');
