/** What is on show, as a file: SVG to look at, JSON to work with.  Knows a view and the clipboard; overlay.js fetches this
 *  module when somebody first asks for it. */

import { el, uniqueId } from './dom.js';
import { WARNING } from './overlay-kinds.js';
import { headsFigure, linesFigure, matrixFigure, svgOf, vectorFigure } from './overlay-svg.js';
import { cutText } from './words.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {import('./types.d.ts').Side} Side
 *  model: what the page knows of it; text: the source, as the caller gave it
 *  @typedef {{detailed: Detailed, sentence: Sentence, view: View, choice: Choice, caption: string,
 *             languages: Record<Side, string>, model: object, text?: string}} Shown */

const FONTS = { 13: '13px system-ui, "Liberation Sans", sans-serif', 17: '17px ui-serif, Georgia, "Liberation Serif", serif' };
/** @type {Record<string, string>} */
const TYPES = { svg: 'image/svg+xml', json: 'application/json' };

/** A table is drawn as the lines that it lists.  @param {Shown} shown */
export function toSvg({ sentence, view, choice, caption }) {
  const context = /** @type {CanvasRenderingContext2D} */ (el('canvas').getContext('2d'));
  const measure = (/** @type {string} */ text, /** @type {number} */ size) => {
    context.font = FONTS[/** @type {keyof typeof FONTS} */ (size)];
    return context.measureText(text).width;
  };
  const figure = view.fixed ? vectorFigure(view, measure)
    : choice.tab === 'heads' ? headsFigure(sentence, choice.pieces)
    : choice.tab === 'matrix' ? matrixFigure(view, measure)
    : linesFigure(view, measure, uniqueId('dolmetsch-curve'));
  const oneHead = choice.tab !== 'heads' && choice.kind !== 'alignment';
  const which = oneHead ? ` Layer ${choice.layer + 1}, head ${choice.head + 1}.` : '';
  return svgOf(figure, `${textOf(sentence, 'source')} – ${textOf(sentence, 'target')}`, caption + which, measure);
}

/** The whole detailed result, and what of it is on show; layers, heads and sentences count from 0, as in its arrays.
 *  @param {Shown} shown */
export function toJson({ detailed, sentence, choice, languages, model, text }) {
  const sentences = detailed.sentences.map((each, i) => (i === choice.sentence ? sentence : each));
  return `${JSON.stringify({ format: 'dolmetsch-attention-1', note: WARNING.join(''), model, languages, shown: choice,
                             source: text, result: { ...detailed, sentences } })}\n`;
}

/** @param {'svg' | 'json'} what @param {'copy' | 'download'} how @param {Shown} shown @returns {Promise<string>} what to say */
export async function save(what, how, shown) {
  const text = what === 'svg' ? toSvg(shown) : toJson(shown);
  if (how === 'copy') return await navigator.clipboard?.writeText(text).then(() => 'Copied', () => '') || 'Not allowed here';
  const url = URL.createObjectURL(new Blob([text], { type: TYPES[what] }));
  el('a', { href: url, download: `${fileName(shown.sentence)}.${what}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return 'Saved';
}

/** @param {Sentence} sentence @param {Side} side */
const textOf = (sentence, side) => sentence[side].map(({ text }) => text).join('').trim();

/** "dolmetsch-the-dog-who": letters and digits, so that any file system takes it.  @param {Sentence} sentence */
function fileName(sentence) {
  const words = textOf(sentence, 'source').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `dolmetsch-${cutText(words.join('-'), 40).replace(/-$/, '') || 'sentence'}`;
}
