/** What a head does most, in words: numbers from its weights alone, so that a head can be named without being seen.
 *  Pure functions; the grid of all heads and the tests call them.  A habit is no explanation. */

import { percent } from './words.js';

/** @typedef {import('./types.d.ts').Kind} Kind
 *  @typedef {import('./types.d.ts').Sentence} Sentence */

const MAIN = 0.4;                                   // of a head's weight: enough to call it its habit
const SPREAD = 0.3;                                 // the mean of each row's strongest weight: below it, there is none

/** The head that was trained to align, if a sentence's attention has it: its weights are the alignment.
 *  @param {Sentence} sentence @returns {{layer: number, head: number} | undefined} */
export function guidedHead({ alignment, attention }) {
  for (const [layer, heads] of (attention?.cross ?? []).entries()) {
    const head = heads.findIndex((weights) => same(weights, alignment));
    if (head >= 0) return { layer, head };
  }
  return undefined;
}

/** @param {number[][]} a @param {number[][]} b */
const same = (a, b) => a.length > 0 && a.length === b.length
  && a.every((row, r) => row.every((weight, c) => weight === b[r][c]));

/** Where a head's weight goes on the average over its rows, if one place has most of it.
 *  @param {number[][]} weights tokens, row x column; every row sums to 1 @param {Kind} kind @param {number[][]} alignment */
export function habitOf(weights, kind, alignment) {
  const rows = weights.length, mean = (/** @type {(row: number[], r: number) => number} */ of) =>
    weights.reduce((sum, row, r) => sum + of(row, r), 0) / Math.max(1, rows);
  const places = [{ name: 'the end of the sentence', share: mean((row) => row[row.length - 1]) }];
  if (kind === 'cross') {
    places.push({ name: 'the aligned word', share: mean((row, r) => row[strongest(alignment[r] ?? [])] ?? 0) });
  } else {
    const beside = (/** @type {number} */ by) => mean((row, r) => row[r + by] ?? 0);
    places.push({ name: 'the word itself', share: beside(0) }, { name: 'the word before', share: beside(-1) },
      { name: 'the word after', share: beside(1) });
  }
  const main = places.reduce((best, place) => (place.share > best.share ? place : best));
  if (main.share >= MAIN) return `mostly ${main.name} (${percent(main.share)})`;
  return mean((row) => Math.max(...row)) < SPREAD ? 'spread over many words' : 'no single habit';
}

/** @param {number[]} row */
const strongest = (row) => row.indexOf(Math.max(...row));
