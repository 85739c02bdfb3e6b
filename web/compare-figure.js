/** BLEU by length, as scripts/train/by_length.py measured it: its pictures, and their numbers as a table.  A site without
 *  the measurement shows nothing of it. */

import { el } from './dom.js';

/** BLEU of so many lines, with its 95 % interval; of joined lines also what they are worth one by one.
 *  @typedef {{lines: number, bleu: number, low: number, high: number, apart?: {bleu: number}}} Cell
 *  @typedef {{words: string, joined: boolean, models: Record<string, Cell>}} Bucket
 *  @typedef {{title: string, picture: string, buckets: Bucket[]}} Panel
 *  @typedef {{models: Record<string, string>, note: string, panels: Panel[]}} Figure */

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

export async function showFigure() {
  const response = await fetch('by-length.json').catch(() => undefined);
  if (!response?.ok) return;
  /** @type {Figure} */
  const { models, note, panels } = await response.json();
  $('figure-text').textContent = note;
  const names = Object.values(models).join(', ');
  $('figure-pictures').replaceChildren(...panels.map(({ title, picture }) => el('img', { src: picture, width: 480, height: 340,
    loading: 'lazy', alt: `BLEU by sentence length, ${title}: ${names}. The table has the numbers.` })));
  $('figure-table').replaceChildren(...panels.flatMap((panel) => rowsOf(panel, models)));
  $('figure').hidden = false;
}

/** @param {Panel} panel @param {Record<string, string>} models */
function rowsOf({ title, buckets }, models) {
  const heads = ['Words', 'Lines', ...Object.values(models)].map((text) => el('th', { scope: 'col' }, text));
  const rows = buckets.map(({ words, joined, models: cells }) => {
    const lines = Math.max(...Object.values(cells).map((cell) => cell.lines));
    return el('tr', {}, el('th', { scope: 'row' }, joined ? `${words}, joined` : words), el('td', {}, String(lines)),
      ...Object.keys(models).map((model) => el('td', {}, cellText(cells[model]))));
  });
  const head = el('tr', {}, el('th', { colspan: heads.length, scope: 'rowgroup' }, title));
  return [el('tbody', {}, head, el('tr', {}, ...heads), ...rows)];
}

/** "41.2 (38.9 to 43.4), apart 50.0" @param {Cell | undefined} cell */
function cellText(cell) {
  if (!cell) return 'none';
  const { bleu, low, high, apart } = cell;
  return `${bleu.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})${apart ? `, apart ${apart.bleu.toFixed(1)}` : ''}`;
}
