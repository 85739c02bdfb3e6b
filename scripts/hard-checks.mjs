/**
 * hard-checks.mjs - what a machine can decide about one translation from English to German: numbers, URLs and
 * code kept, negation kept, no loop, nothing left in English. Pure functions of the two texts; no model, no files.
 * scripts/hard.mjs runs them over tests/golden/hard.en-de.tsv.
 *
 * A check is `{name, applies(english), passes(english, german)}`. They lean to mercy: a good translation should pass
 * all of them, a pass is no proof of a good translation.
 */

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {(english: string) => boolean} applies
 * @property {(english: string, german: string) => boolean} passes
 */

const always = () => true;
/** All matches of a global pattern. @param {string} text @param {RegExp} pattern */
const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[0]);
/** @param {string} text @param {RegExp} pattern */
const any = (text, pattern) => text.search(pattern) >= 0;
const letters = (/** @type {string} */ text) => all(text, /\p{L}/gu);
const words = (/** @type {string} */ text) => all(text.toLowerCase(), /\p{L}+(?:['’]\p{L}+)*/gu);

const URL_LIKE = new RegExp(['(?:https?|ftp)://[^\\s"”)]*[^\\s"”).,;:!?]', '[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+',
  '\\b(?:[\\w-]+\\.)+(?:org|com|net|de)\\b(?:/[\\w/.-]*\\w)?'].join('|'), 'g');
// Backticks, placeholders, tags, options, names with joints or humps, calls, and the like.
const CODE_LIKE = new RegExp([
  '`[^`]+`', '\\$?\\{\\{?[\\w.]+\\}\\}?', '%(?:\\d\\$)?[sd]\\b', '</?[a-z]+>', '(?<=^|\\s)--?[a-z][\\w-]*', '\\[[A-Z]+\\]',
  '(?<=^|\\s)[:@][a-z]\\w+', '\\$[A-Z]+', '\\w+(?:::\\w+)+(?:<\\w+>)?', '[\\w.]*\\w\\(\\)', '\\b\\w+_\\w+(?:\\(\\))?',
  '\\b[A-Za-z]*[a-z][A-Z]\\w*', '(?<=^|\\s)/\\w+(?:/\\w+)+', '\\b[a-z]+\\.(?:py|sh|yaml|name|bar|baz)\\b'].join('|'), 'g');
/** What of a text is code, without the backticks. @param {string} text */
const codes = (text) => all(text.replace(URL_LIKE, ' '), CODE_LIKE).map((code) => code.replace(/^`|`$/g, ''));
/** The text without URLs, code and straight-quoted words, which may stay English. @param {string} text */
const prose = (text) => text.replace(URL_LIKE, ' ').replace(CODE_LIKE, ' ').replace(/["“„'‚«][^"”“'‘»]*["”“'‘»]/g, ' ');

// --- numbers -----------------------------------------------------------------------------------------------------
const NUMBER = /\d+(?:[.,\u00a0\u202f]\d+)*/g;
const SMALL = 'null|kein,ein,zwei,drei,vier,fünf,sechs,sieben,acht,neun,zehn,elf,zwölf'.split(',');
const SPELT = new RegExp('\\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice|half|'
  + 'first|second|third|hundred|thousand)\\b', 'i');
const MONTHS = 'jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec'.split(',');
const plain = (/** @type {string} */ digits) => digits.replace(/^0+(?=\d)/, '');
/** @param {string} text */
const numbers = (text) => all(text, NUMBER).map((number) => plain(number.replace(/\D/g, '')));
/** @param {string} text */
const digitRuns = (text) => all(text, /\d+/g).map(plain);

/**
 * Every number of the source is there (1,299.99 may be 1.299,99, a small one spelt, 8 p.m. may be 20 Uhr), and no other.
 * @param {string} english @param {string} german
 */
const keepsNumbers = (english, german) => {
  const there = new Set([...numbers(german), ...digitRuns(german)]);
  const afternoon = /\d\s*p\.?m\b/i.test(english) ? 12 : 0;
  const hour = (/** @type {string} */ number) => String(Number(number) + (Number(number) < 12 ? afternoon : 0));
  const spelt = (/** @type {string} */ number) => any(german, new RegExp(SMALL[Number(number)] ?? '^$', 'i'));
  const source = numbers(english);
  if (!source.every((number) => there.has(number) || there.has(hour(number)) || spelt(number))) return false;
  if (SPELT.test(english)) return true;             // "two" may become 2
  const months = MONTHS.flatMap((month, i) => (new RegExp(`\\b${month}`, 'i').test(english) ? [String(i + 1)] : []));
  const known = new Set([...source, ...digitRuns(english), ...source.map(hour), ...months, '0', '00']);
  return numbers(german).every((number) => known.has(number)) || digitRuns(german).every((run) => known.has(run));
};

// --- negation ----------------------------------------------------------------------------------------------------
const NOT_EN = /\b(?:not|no|none|never|nobody|nothing|neither|nor|without|cannot)\b|n['’]t\b|\bdont\b/i;
// May be rendered with or without a negation, so nothing is asked.
const DOUBTFUL_EN = new RegExp('\\b(?:disagree|unless|until|before|hardly|only|fail\\w*|un\\w+|in(?:valid|convenience)|'
  + 'miss\\w*|wrong|too|exhausted|hesitate|ill|full|disable|otherwise|free|sorry)\\b', 'i');
const NOT_DE = new RegExp('(?<!\\p{L})(?:nicht\\p{L}*|kein\\p{L}*|nie|niemals|niemand\\p{L}*|nirgend\\p{L}*|weder|ohne|nein|'
  + 'un\\p{L}{4,}|verboten)(?!\\p{L})', 'iu');
const PLAINLY_NOT_DE = /(?<!\p{L})(?:nicht|kein\p{L}*|nie|niemals|niemand)(?!\p{L})/iu;

// --- repetition --------------------------------------------------------------------------------------------------
const MAY_DOUBLE = new Set(['die', 'der', 'das', 'den', 'sie', 'dass', 'ist', 'wir', 'uns', 'in']);
/** A word or phrase said twice in a row, or a string of letters four times. @param {string} text */
const repeats = (text) => {
  const said = words(text);
  for (let size = 1; size <= 8; size++)
    for (let at = 0; at + 2 * size <= said.length; at++) {
      const [first, next, third] = [0, size, 2 * size].map((from) => said.slice(at + from, at + from + size).join(' '));
      if (first === next && (size > 1 || next === third || !MAY_DOUBLE.has(first))) return true;
    }
  return any(text.toLowerCase(), /(\p{L}{2,6}?)\1\1(?=\1|\P{L}|$)/u) || any(text, /([^.\s\d])\1{4}/u);
};
/** Two sentences of the output that say the same. @param {string} text */
const doubled = (text) => {
  const sentences = text.split(/(?<=[.!?])\s+/).map((sentence) => words(sentence).join(' ')).filter(Boolean);
  return new Set(sentences).size < sentences.length;
};

// --- language ----------------------------------------------------------------------------------------------------
const ENGLISH = new Set(('the of and are is with you your this that these to from by has have had please not be been it its he '
  + 'she they we my our for at on or if when which who what how does do did would could should there their').split(' '));
const NAME = /(?<=[^\s.!?][\s-])\p{Lu}\p{L}+|^\p{Lu}\p{L}+(?= \p{Lu})/gu;
/** @param {string} english @param {string} german */
const isGerman = (english, german) => {
  const said = words(prose(german)), given = words(prose(english));
  if (!said.length) return true;
  const left = said.filter((word) => ENGLISH.has(word)).length;
  if (left > 1 || (left === 1 && said.length < 6)) return false;
  const names = new Set(letters(english).some((c) => c !== c.toUpperCase())
    ? all(prose(english), NAME).map((name) => name.toLowerCase()) : []);
  const ordinary = given.filter((word) => word.length > 3 && !names.has(word));
  const same = ordinary.filter((word) => said.includes(word)).length;
  return ordinary.length < 2 || same < 0.7 * ordinary.length;
};

// --- the rest ----------------------------------------------------------------------------------------------------
const SYMBOL = /\p{Extended_Pictographic}|\p{Regional_Indicator}|[→←★✔•]/gu;
const isShouted = (/** @type {string} */ text) => {
  const cased = letters(text).filter((c) => c.toLowerCase() !== c.toUpperCase() && c !== 'ß');
  return cased.length > 3 && cased.filter((c) => c === c.toUpperCase()).length > 0.9 * cased.length;
};
const CLOSERS = /["'”“‘’»)\]\s\p{Extended_Pictographic}\ufe0f\u200d]+$/u;
/** What kind of mark a text ends with: one of ? : . or none. @param {string} text */
const ending = (text) => /[?!:.…]$/.exec(text.replace(CLOSERS, ''))?.[0].replace(/[…!]/, '.') ?? '';
const sentenceEnds = (/** @type {string} */ text) => all(text.replace(URL_LIKE, ' '), /[.!?…]+(?=\s|$)/g).length;
const FORMAL = /(?<=[\p{Ll},;] )(?:Sie|Ihnen|Ihre?[nmrs]?)(?!\p{L})/u;
const FAMILIAR = /(?<!\p{L})(?:du|dich|dir|deine?[nmrs]?)(?!\p{L})/iu;

/** In order of how bad a failure is. @type {Check[]} */
export const CHECKS = [
  { name: 'output', applies: always, passes: (english, german) => !any(german, /[\ufffd\x00-\x08\x0b-\x1f\x7f]/)
    && (letters(english).length === 0 || letters(german).length > 0) },
  { name: 'repetition', applies: (english) => !repeats(english) && !doubled(english),
    passes: (_, german) => !repeats(german) && !doubled(german) },
  { name: 'length', applies: always, passes: (english, german) => {
    const ratio = (german.length + 12) / (english.length + 12);
    return ratio > 0.45 && ratio < 2.2;
  } },
  { name: 'german', applies: (english) => words(prose(english)).length > 0, passes: isGerman },
  { name: 'negation', applies: (english) => NOT_EN.test(prose(english)), passes: (_, german) => NOT_DE.test(german) },
  { name: 'no new negation', applies: (english) => !NOT_EN.test(english) && !DOUBTFUL_EN.test(english),
    passes: (_, german) => !PLAINLY_NOT_DE.test(german) },
  { name: 'numbers', applies: (english) => /\d/.test(english), passes: keepsNumbers },
  { name: 'urls', applies: (english) => any(english, URL_LIKE),
    passes: (english, german) => all(english, URL_LIKE).every((url) => german.includes(url)) },
  { name: 'code', applies: (english) => codes(english).length > 0,
    passes: (english, german) => codes(english).every((code) => german.includes(code)) },
  { name: 'symbols', applies: (english) => any(english, SYMBOL),
    passes: (english, german) => all(english, SYMBOL).every((symbol) => german.includes(symbol)) },
  { name: 'ending', applies: always, passes: (english, german) => ending(german) === ending(english) },
  { name: 'sentences', applies: (english) => sentenceEnds(english) > 1,
    passes: (english, german) => Math.abs(sentenceEnds(german) - sentenceEnds(english)) <= 1 },
  { name: 'capitals', applies: isShouted, passes: (_, german) => isShouted(german) || letters(german).length < 4 },
  { name: 'address', applies: (english) => /\byou/i.test(english),
    passes: (_, german) => !(FORMAL.test(german) && FAMILIAR.test(german)) },
];

/**
 * Requirements of a line are patterns, without regard to case; with ! in front the pattern must not be found.
 * @param {string} requirement @param {string} german
 */
const meets = (requirement, german) => (requirement.startsWith('!')
  ? !new RegExp(requirement.slice(1), 'iu').test(german) : new RegExp(requirement, 'iu').test(german));

/**
 * The names of the checks that apply to a line, each with whether it passed; `words` is the line's own requirements.
 * @param {string} english @param {string} german @param {string[]} requirements
 * @returns {Record<string, boolean>}
 */
export function judge(english, german, requirements) {
  const verdict = Object.fromEntries(CHECKS.filter((check) => check.applies(english))
    .map((check) => [check.name, check.passes(english, german)]));
  if (requirements.length) verdict.words = requirements.every((requirement) => meets(requirement, german));
  return verdict;
}

/**
 * Reads a hard set: category, English, a good German translation and any number of requirements, separated by tabs.
 * @param {string} text
 */
export function readHardSet(text) {
  return text.split('\n').filter(Boolean).map((line, i) => {
    const [category, english, german, ...requirements] = line.split('\t');
    if (!category || !english || !german) throw new Error(`line ${i + 1} of the hard set lacks its category or a side`);
    return { category, english, german, requirements };
  });
}
