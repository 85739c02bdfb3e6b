/** From subword tokens to the words that people see: pure functions, shared by everything that draws. */

/** @typedef {import('./types.d.ts').Token} Token
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').Word} Word
 *  @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Side} Side
 *  @typedef {import('./types.d.ts').Axis} Axis */

const PUNCTUATION = /^[\p{P}\p{S}]+$/u;

/** Tokens merged at spaces, with the punctuation at a word's edges left apart; or, with `pieces`, one by one.
 *  A token without text is part of the character that a later one holds; the last one is the end of the sentence.
 *  @param {Token[]} tokens @param {boolean} [pieces] @returns {Word[]} */
export function wordsOf(tokens, pieces = false) {
  const isBare = tokens.map((token, i) => token.start === token.end && i < tokens.length - 1);
  const starts = tokens.map((token, i) => {
    const before = tokens[i - 1];
    if (!before || i === tokens.length - 1 && token.start === token.end) return true;
    const follows = isBare[i - 1] || isBare[i - 2] && isBare[i];       // characters that are copied together
    return !follows && (before.end < token.start || isBare[i] && /\S/.test(before.text)
      || /^\s/u.test(token.text) || /\S\s+$/u.test(before.text));   // a piece of spaces only belongs to what follows
  });
  const punctuation = tokens.map((token, i) => !isBare[i - 1] && PUNCTUATION.test(token.text.trim()));
  /** @type {Word[]} */
  const words = [];
  for (let from = 0, to; from < tokens.length; from = to) {
    to = from + 1;
    while (to < tokens.length && !starts[to]) to++;
    let first = from, end = to;                     // [first, end): what stays together
    while (first < to - 1 && (pieces || punctuation[first])) first++;
    while (end > first + 1 && (pieces || punctuation[end - 1])) end--;
    for (let i = from; i < first; i++) words.push(wordOf(tokens, i, i + 1, !starts[i]));
    words.push(wordOf(tokens, first, end, !starts[first]));
    for (let i = end; i < to; i++) words.push(wordOf(tokens, i, i + 1, true));
  }
  return words;
}

/** @param {Token[]} tokens @param {number} from @param {number} to @param {boolean} joined @returns {Word} */
function wordOf(tokens, from, to, joined) {
  const text = tokens.slice(from, to).map((token) => token.text).join('');
  const limit = tokens[to - 1].end;
  const start = Math.min(limit, tokens[from].start + text.length - text.trimStart().length);
  const end = Math.max(start, limit - (text.length - text.trimEnd().length));
  return { text: text.trim(), start, end, from, to, joined, last: to === tokens.length && text === '' };
}

/** Token weights seen as word weights: the mean over a row word's tokens, the sum over a column word's, so
 *  that rows still sum to 1.  @param {number[][]} weights @param {Word[]} rows @param {Word[]} cols */
export function mergeWeights(weights, rows, cols) {
  return rows.map((row) => cols.map((col) => {
    let sum = 0;
    for (let r = row.from; r < row.to; r++)
      for (let c = col.from; c < col.to; c++) sum += weights[r]?.[c] ?? 0;
    return sum / (row.to - row.from);
  }));
}

/** What to draw: the alignment, or one head of one layer.
 *  @param {Sentence} sentence @param {{kind: string, layer: number, head: number}} choice @param {boolean} pieces
 *  @param {Record<Side, string>} [languages] @returns {View | undefined} undefined: the sentence does not carry that attention */
export function viewOf(sentence, { kind, layer, head }, pieces, languages) {
  const rowSide = kind === 'encoder' ? 'source' : 'target';
  const colSide = kind === 'decoder' ? 'target' : 'source';
  const weights = kind === 'alignment' ? sentence.alignment
    : /** @type {any} */ (sentence.attention)?.[kind]?.[layer]?.[head];
  if (!weights) return undefined;
  const rows = wordsOf(sentence[rowSide], pieces), cols = wordsOf(sentence[colSide], pieces);
  const fixed = kind === 'alignment' && !weights.length;
  return { rows, cols, weights: mergeWeights(weights, rows, cols), rowSide, colSide, languages, ...(fixed && { fixed }) };
}

/** How strongly each word of the other axis belongs to word `index` of `axis`.
 *  @param {View} view @param {Axis} axis @param {number} index @returns {number[]} */
export function linksOf(view, axis, index) {
  return axis === 'row' ? view.weights[index] ?? [] : view.weights.map((row) => row[index] ?? 0);
}

/** The words worth naming, strongest first: at most three, none weak against the strongest.
 *  @param {number[]} links @param {Word[]} words @returns {{word: Word, weight: number}[]} */
export function counterparts(links, words) {
  const named = links.map((weight, i) => ({ word: words[i], weight })).filter(({ word }) => word && !word.last);
  named.sort((a, b) => b.weight - a.weight);
  return named.filter(({ weight }, i) => i < 3 && weight >= 0.1 && weight >= named[0].weight / 4);
}

/** "Hund, from dog (92 %)": what a screen reader says, and the page's one-line reading.
 *  @param {View} view @param {Axis} axis @param {number} index */
export function describe(view, axis, index) {
  const words = axis === 'row' ? view.rows : view.cols;
  const name = (/** @type {Word} */ word) => word.last ? 'end of sentence' : word.text;
  if (view.fixed) return `${name(words[index])}, ${axis === 'row' ? 'out of' : 'into'} the one vector`;
  const others = counterparts(linksOf(view, axis, index), axis === 'row' ? view.cols : view.rows);
  const list = others.map(({ word, weight }) => `${name(word)} (${percent(weight)})`).join(', ');
  const verb = view.rowSide === view.colSide
    ? (axis === 'row' ? 'looks at' : 'is looked at by')
    : (axis === 'row' ? 'from' : 'became');
  return list ? `${name(words[index])}, ${verb} ${list}` : `${name(words[index])}, no clear counterpart`;
}

/** @param {number} weight */
export const percent = (weight) => `${Math.round(100 * weight)}\u00a0%`;

/** Index of the item that holds `offset`, the one before it if none does, -1 if there is none.
 *  @param {{start: number}[]} items in order @param {number} offset */
export function indexAt(items, offset) {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (items[middle].start <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Cuts a very long text at a space, never inside a character.  @param {string} text @param {number} limit */
export function cutText(text, limit) {
  if (text.length <= limit) return text;
  const space = text.slice(0, limit).search(/\s\S*$/u);
  if (space > limit / 2) return text.slice(0, space);
  const splits = /[\uD800-\uDBFF]/.test(text[limit - 1]) && /[\uDC00-\uDFFF]/.test(text[limit]);
  return text.slice(0, splits ? limit - 1 : limit);
}

/** The direction of a text, by its first letter.  dir="auto" would do, but takes Chromium ten seconds for a
 *  megabyte without line ends.  @param {string} text */
export function directionOf(text) {
  const rtl = /^[^\p{L}]*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
  return rtl.test(text.slice(0, 1000)) ? 'rtl' : 'ltr';
}
