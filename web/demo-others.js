/** Other translations of the sentence in hand: what beam search found beside the one that is shown, with scores.  One that is
 *  chosen takes its place.  Fetched when somebody asks; demo.js gives the page, and gets whole results back. */

import { el } from './dom.js';
import { moveSentence } from './task.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {Pick<Sentence, 'target' | 'alignment' | 'score' | 'cut'> & {text: string}} Way
 *  @typedef {{translator: import('./translator.js').Translator, text: string, signal: AbortSignal,
 *             show: (detailed: Detailed) => void}} Page  signal: the text is another one */

const SEARCH = { beam: 4, nbest: 4, split: false };

/** Opens the list below its button, or closes it.  @param {HTMLElement} button @param {Detailed} shown
 *  @param {number} index of the sentence @param {Page} page */
export async function toggleOthers(button, shown, index, { translator, text, signal, show }) {
  const listOf = () => (button.nextElementSibling?.matches('.others') ? button.nextElementSibling : undefined);
  const wasOpen = listOf(), close = () => {
    listOf()?.remove();
    button.setAttribute('aria-expanded', 'false');
  };
  const open = (/** @type {HTMLElement} */ list) => {
    close();
    list.classList.add('others');
    button.after(list);
    button.setAttribute('aria-expanded', 'true');
    signal.addEventListener('abort', close);
  };
  close();
  if (wasOpen) return;
  const sentence = shown.sentences[index], { source } = sentence;
  /** @type {Way[]} */
  let ways;
  try {
    ways = waysOf(shown, sentence, await translator.translateDetailed(
      text.slice(source[0].start, source[source.length - 1].end), { ...SEARCH, signal }));
  } catch (/** @type {any} */ error) {
    if (!signal.aborted) open(el('p', { class: 'small', role: 'alert' }, `The search failed: ${error?.message ?? error}`));
    return;
  }
  if (signal.aborted) return;
  const choices = ways.map((way, i) => choiceOf(way, ways[0], translator.targetLanguage, i === 0));
  choices.forEach((choice, i) => choice.addEventListener('change', () => show(i ? replace(shown, index, ways[i]) : shown)));
  open(el('fieldset', {}, el('legend', { class: 'small' }, ways.length > 1
    ? 'By beam search; how sure the model was of each piece, on average' : 'The search found no other.'), ...choices));
}

/** The one that is shown first, then what the search found, the surest first.  @param {Detailed} shown
 *  @param {Sentence} sentence of it @param {Detailed} found @returns {Way[]} */
function waysOf(shown, sentence, found) {
  const { target } = sentence, first = { ...sentence, text: shown.text.slice(target[0].start, target[target.length - 1].end) };
  const [best] = found.sentences, others = [{ ...best, text: found.text }, ...best?.alternatives ?? []];
  return [first, ...others.filter(({ text }, i) => text !== first.text
    && others.findIndex((other) => other.text === text) === i)];
}

/** @param {Way} way @param {Way} first @param {string} lang @param {boolean} checked */
function choiceOf(way, first, lang, checked) {
  const sure = `${Math.round(100 * Math.exp(way.score))}\u00a0%`;
  const label = el('label', { class: 'other' }, el('input', { type: 'radio', name: 'other', checked }),
    el('span', { lang, dir: 'auto' }, ...marked(way.text, first.text)), el('small', {}, sure));
  label.style.setProperty('--dm-w', `${Math.exp(way.score)}`);
  return label;
}

/** Words that the first one does not have in this order stand out.  @param {string} text @param {string} first */
function marked(text, first) {
  const [words, others] = [text, first].map((each) => each.match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []);
  /** Longest common subsequence from [i, j) on. @type {number[][]} */
  const common = Array.from({ length: words.length + 1 }, () => new Array(others.length + 1).fill(0));
  for (let i = words.length - 1; i >= 0; i--)
    for (let j = others.length - 1; j >= 0; j--)
      common[i][j] = words[i] === others[j] ? 1 + common[i + 1][j + 1] : Math.max(common[i + 1][j], common[i][j + 1]);
  let j = 0;
  return words.map((word, i) => {
    while (j < others.length && words[i] !== others[j] && common[i][j] === common[i][j + 1]) j++;
    if (word === others[j] && common[i][j] > common[i + 1][j]) return others[j++];
    return /\s/.test(word) ? word : el('b', {}, word);
  });
}

/** The same result with another translation of one sentence.  Of that one only the alignment is known.
 *  @param {Detailed} shown @param {number} index @param {Way} way @returns {Detailed} */
function replace(shown, index, { text, target, alignment, score, cut }) {
  const old = shown.sentences[index], start = old.target[0].start, end = old.target[old.target.length - 1].end;
  const sentences = shown.sentences.map((sentence, i) => {
    if (i < index) return sentence;
    if (i > index) return moveSentence(sentence, 0, text.length - (end - start));
    return { ...moveSentence({ ...old, target, alignment, score, cut }, 0, start), source: old.source, attention: {} };
  });
  return { ...shown, text: shown.text.slice(0, start) + text + shown.text.slice(end),
    sentences: /** @type {Sentence[]} */ (sentences) };
}
