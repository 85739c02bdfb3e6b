/** What a link to the page holds, after its #, so that it reaches no server: a sentence, its language, the model, the view.
 *  Pure functions between a fragment and a state; a fragment may come from anywhere, so nothing of it is taken unchecked. */

import { cutText } from './words.js';

/** @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {import('./demo-languages.js').Tag} Tag
 *  @typedef {{text?: string, from?: Tag, model?: string, choice: Partial<Choice>, note?: string}} Link  from: en unless given;
 *             note: what was not taken */

const LONGEST_TEXT = 1000, LONGEST = 10 * LONGEST_TEXT;                 // characters; a letter may take nine of a fragment
const FOREIGN = 'The address ends in something that is not a link of this page; it was not used.';

/** @type {Record<string, readonly string[]>} */
const NAMES = { view: ['lines', 'matrix', 'heads', 'table'], kind: ['alignment', 'cross', 'encoder', 'decoder'] };
const COUNTS = { layer: 99, head: 99, sentence: 9999 };                 // from 1, as people count
const ZOOMS = ['0.5', '0.7', '1', '1.4', '2'];

/** The text comes first and the model last: what follows a link in a message is not a letter.
 *  @param {{text: string, from?: Tag, model?: string, choice: Choice}} state */
export function formatLink({ text, from = 'en', model, choice }) {
  const parts = [['text', wellFormed(cutText(text, LONGEST_TEXT))]];
  if (from !== 'en') parts.push(['from', from]);
  if (choice.tab !== 'lines') parts.push(['view', choice.tab]);
  if (choice.kind !== 'alignment')
    parts.push(['kind', choice.kind], ['layer', String(choice.layer + 1)], ['head', String(choice.head + 1)]);
  if (choice.sentence) parts.push(['sentence', String(choice.sentence + 1)]);
  if (choice.pieces) parts.push(['pieces', '1']);
  if (choice.zoom !== 1) parts.push(['zoom', String(choice.zoom)]);
  if (model) parts.push(['model', model]);
  return `#${parts.map(([name, value]) => `${name}=${encode(value)}`).join('&')}`;
}

/** What a text of that length loses in a link.  @param {string} text */
export const linkLoses = (text) => text.length > LONGEST_TEXT;

/** Brackets, quotes, stars and the like end a link where messages are set as Markdown.  @param {string} text */
const encode = (text) => encodeURIComponent(text).replaceAll('%20', '+').replace(/[!'()*~_.]/g, (sign) =>
  `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** @param {string} fragment with its #, or '' @returns {Link} */
export function parseLink(fragment) {
  const given = fragment.replace(/^#/, '');
  if (!given) return { choice: {} };
  if (given.length > LONGEST) return { choice: {}, note: 'The address is too long to be a link of this page; it was not used.' };
  if (!/[=&]/.test(given)) {                        // by hand: #Good%20morning
    const text = decode(given);
    return text?.trim().includes(' ') ? { text: cutText(text, LONGEST_TEXT), choice: {} } : { choice: {}, note: FOREIGN };
  }
  const values = new Map(given.split('&').map((part) => {
    const at = part.indexOf('=');
    return [part.slice(0, Math.max(0, at)), at < 0 ? undefined : decode(part.slice(at + 1).replaceAll('+', ' '))];
  }));
  const text = values.get('text');
  if (!text?.trim()) return { choice: {}, note: FOREIGN };
  const { choice, from, model, wrong } = check(values);
  if (text.length > LONGEST_TEXT) wrong.push('the end of its text');
  return { text: cutText(text, LONGEST_TEXT), ...(from && { from }), model, choice,
           ...(wrong.length && { note: `Of this link, something was not understood: ${wrong.join(', ')}.` }) };
}

/** @param {Map<string, string | undefined>} values */
function check(values) {
  /** @type {Partial<Choice>} */
  const choice = {};
  /** @type {string[]} */
  const wrong = [];
  /** @type {Tag | undefined} */
  let from;
  let model;
  for (const [name, value = ''] of values) {
    const count = /^[1-9]\d{0,3}$/.test(value) ? Number(value) : Infinity;
    if (name === 'text') continue;
    if (Object.hasOwn(NAMES, name) && NAMES[name].includes(value))
      Object.assign(choice, { [name === 'view' ? 'tab' : name]: value });
    else if (Object.hasOwn(COUNTS, name) && count <= COUNTS[/** @type {keyof typeof COUNTS} */ (name)])
      Object.assign(choice, { [name]: count - 1 });
    else if (name === 'pieces' && value === '1') choice.pieces = true;
    else if (name === 'zoom' && ZOOMS.includes(value)) choice.zoom = Number(value);
    else if (name === 'from' && (value === 'en' || value === 'de')) from = value;
    else if (name === 'model' && /^[\w-][\w.-]{0,63}$/.test(value)) model = value;
    else wrong.push(/^[a-z]{1,12}$/.test(name) ? name : 'an unknown part');
  }
  return { choice, from, model, wrong };
}

/** Half a character is none.  @param {string} text */
const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** @param {string} text */
function decode(text) {
  try {
    return wellFormed(decodeURIComponent(text));
  } catch {
    return undefined;
  }
}
