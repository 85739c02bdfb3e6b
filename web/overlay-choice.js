/** What of a choice can be on show at all: attributes and programs may ask for anything.  What a text or a model has is another
 *  question; overlay.js answers it when it knows them. */

import { KINDS } from './overlay-kinds.js';

/** @typedef {import('./types.d.ts').Choice} Choice */

/** @type {Record<Choice['tab'], string>} */
export const TABS = { lines: 'Lines', matrix: 'Matrix', heads: 'All heads', table: 'Table' };
export const ZOOMS = [0.5, 0.7, 1, 1.4, 2];

/** How each is read; undefined: it is none. @type {Record<string, (value: unknown) => unknown>} */
const READ = { tab: oneOf(TABS), kind: oneOf(KINDS), layer: count, head: count, sentence: count, pieces: Boolean, zoom: size };

/** @param {object} asked a choice, or a part of one; numbers may be strings  @returns {Partial<Choice>} what it can mean */
export function meant(asked) {
  const read = Object.entries(asked).map(([name, value]) => [name, READ[name]?.(value)]);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

/** @param {object} names */
function oneOf(names) {
  return (/** @type {unknown} */ value) => (Object.hasOwn(names, /** @type {string} */ (value)) ? value : undefined);
}

/** A layer, a head, a sentence; Infinity is the last.  @param {unknown} value */
function count(value) {
  const number = numberOf(value);
  return number === undefined ? undefined : Math.round(number);
}

/** As far as the buttons go.  @param {unknown} value */
function size(value) {
  const number = numberOf(value);
  return number === undefined ? undefined : Math.max(ZOOMS[0], Math.min(number, ZOOMS[ZOOMS.length - 1]));
}

/** @param {unknown} value */
function numberOf(value) {
  const number = /\S/.test(String(value ?? '')) ? Number(value) : NaN;
  return Number.isNaN(number) ? undefined : number;
}
