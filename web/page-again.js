/** The second question about a block.  Code and keys go to the translator with their own letters, and where those come out
 *  changed (Ctrl as Strg) their places in the translation are a guess.  Such a sentence is asked for again with placeholders:
 *  they read worse, but come back.  page.js calls answersTo() and, for each block, partsOf(). */

import { opaqueIn, place, PLACEHOLDER, uncopied } from './page-markup.js';

/** @typedef {import('./page-types.d.ts').Unit} Unit
 *  @typedef {import('./page-types.d.ts').LiveSpan} LiveSpan
 *  @typedef {import('./page-types.d.ts').Part} Part
 *  @typedef {import('./page-types.d.ts').Translation} Translation
 *  @typedef {{root: LiveSpan, source: string}} Text
 *  @typedef {Text & {stands: string[]}} Again   with placeholders
 *  @typedef {Translation & {asked?: Again}} Answer   to the block's own text, unless `asked` is there
 *  @typedef {LiveSpan & {literal?: string, original?: LiveSpan}} Copy */

/** What is good at once comes first, so that nobody waits for the second question but whom it is about.
 *  @param {Unit[]} units @param {(sources: string[]) => Promise<Map<string, Translation>>} ask
 *  @returns {AsyncGenerator<Map<Unit, Answer>, void>} */
export async function* answersTo(units, ask) {
  const first = await ask(units.map(({ source }) => source));
  /** @type {Map<Unit, Answer>} */
  const answers = new Map(units.map((unit) => [unit, /** @type {Translation} */ (first.get(unit.source))]));
  /** @type {Map<Unit, Again>} */
  const open = new Map();
  for (const [unit, answer] of answers) {
    const again = unit.kind === 'block' ? withPlaceholders(unit, answer) : undefined;
    if (again) open.set(unit, again);
  }
  yield new Map([...answers].filter(([unit]) => !open.has(unit)));
  if (!open.size) return;
  const second = await ask([...open.values()].map(({ source }) => source));
  yield new Map([...open].map(([unit, asked]) => {
    const translation = /** @type {Translation} */ (second.get(asked.source));
    const came = asked.stands.every((stand) => translation.text.split(stand).length === 2);
    return [unit, came ? { ...translation, asked } : /** @type {Answer} */ (answers.get(unit))];
  }));
}

/** What a block becomes.  @param {Text} block @param {Answer} answer @returns {Part[]} */
export function partsOf({ root, source }, answer) {
  return answer.asked ? ofThePage(place(answer.asked.root, answer.asked.source, answer)) : place(root, source, answer);
}

/** The block with placeholders for all code of those sentences in which some was changed: what came out well the first time
 *  may be changed the second.  @param {Text} block @param {Translation} translation
 *  @returns {Again | undefined} undefined: nothing was changed */
function withPlaceholders({ root, source }, translation) {
  const ends = translation.sentences.map(({ source: tokens }) => tokens[tokens.length - 1]?.end ?? 0);
  const sentenceOf = (/** @type {{start: number}} */ { start }) => ends.findIndex((end) => start < end);
  const isWord = (/** @type {{start: number, end: number}} */ { start, end }) =>
    source[start] !== '\n' && !PLACEHOLDER.test(source.slice(start, end));
  const changed = new Set(uncopied(root, source, translation).filter(isWord).map(sentenceOf));
  if (!changed.size) return undefined;
  let text = '', at = 0, number = 0;
  const edits = opaqueIn(root).filter((span) => isWord(span) && changed.has(sentenceOf(span))).map(({ start, end }) => {
    do number++; while (source.includes(`{${number}}`));
    text += `${source.slice(at, start)}{${number}}`;
    at = end;
    return { end, by: text.length - end, stand: `{${number}}` };
  });
  const moved = (/** @type {number} */ offset) => offset + (edits.filter(({ end }) => end <= offset).pop()?.by ?? 0);
  return { root: copyOf(root, source, moved), source: text + source.slice(at), stands: edits.map(({ stand }) => stand) };
}

/** @param {LiveSpan} span @param {string} source @param {(offset: number) => number} moved @returns {Copy} */
function copyOf(span, source, moved) {
  const { start, end, opaque, children = [] } = span, text = source.slice(start, end);
  return { ...(opaque && !PLACEHOLDER.test(text) && { literal: text }), ...span, original: span, start: moved(start),
    end: moved(end), children: children.map((child) => copyOf(child, source, moved)) };
}

/** The same with the spans that page-write.js knows.  @param {Part[]} parts @returns {Part[]} */
const ofThePage = (parts) => parts.map((part) => {
  if (typeof part === 'string') return part;
  const { original } = /** @type {Copy} */ (part.span);
  return { span: original ?? part.span, parts: ofThePage(part.parts) };
});
