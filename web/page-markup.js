/** Where a block's inline elements belong in its translation: pure functions on spans and alignments, no DOM.
 *  An element is one stretch of the target, inside its parent's, since a live node cannot be in two places: the stretch
 *  with the most words of its own.  Each element comes back once, whatever the translation is, and of the translation's text
 *  only the one word is left out that an opaque span stands for.  page.js calls place(). */

import { wordsOf } from './words.js';

/** @typedef {import('./types.d.ts').Token} Token
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./page-types.d.ts').Translation} Translation
 *  @typedef {import('./page-types.d.ts').Span & {literal?: string}} Span   literal: what an opaque span shows, if it went to
 *             the translator as a placeholder
 *  @typedef {import('./page-types.d.ts').Part} Part
 *  @typedef {{start: number, end: number, weight: number}} Link   a stretch of the source
 *  @typedef {{start: number, end: number, links: Link[], guessed?: boolean, owner?: Span}} Atom   a word of the target, or a
 *             part of one, with what it came from, or may have come from; `owner`: it is the copy of an opaque span
 *  @typedef {{source: string, target: string, atoms: Atom[], stands: Map<string, string>}} Texts   stands: placeholders, and
 *             what is behind each
 *  @typedef {{from: number, to: number, start: number, end: number}} Range   atoms and characters of the target
 *  @typedef {Range & {span: Span, before: string, after: string}} Place   with the white space that it brings */

const PUNCTUATION = /^[\p{P}\p{S}]+$/u;
const WORD = /[\p{L}\p{N}_]/u;
const FORCE = 1000;                                 // outweighs any number of words
/** What stands for an element in a text. */
export const PLACEHOLDER = /^\{\d+\}$/;

/** What stands where: the parts of the root, one after the other.
 *  @param {Span} root of the whole source @param {string} source @param {Translation} translation @returns {Part[]} */
export function place(root, source, { text, sentences }) {
  const opaque = opaqueIn(root);
  const atoms = cutWords(root, source, text, fixCopies(opaque, source, text, atomsOf(source, text, sentences)));
  const stands = new Map(opaque.map(({ start, end, literal = '' }) => [source.slice(start, end), literal]));
  return arrange(root, { source, target: text, atoms, stands }, { from: 0, to: atoms.length, start: 0, end: text.length });
}

/** Opaque spans that did not come out as they went in: which words the model made of them is a guess.
 *  @param {Span} root @param {string} source @param {Translation} translation */
export function uncopied(root, source, { text, sentences }) {
  const opaque = opaqueIn(root).filter(({ start }) => source[start] !== '\n');
  const atoms = opaque.length ? fixCopies(opaque, source, text, atomsOf(source, text, sentences)) : [];
  return opaque.filter((span) => !atoms.some(({ owner }) => owner === span));
}

/* ---- the target's words -------------------------------------------------------------------------- */

/** @param {string} source @param {string} text @param {Pick<Sentence, 'source' | 'target' | 'alignment'>[]} sentences
 *  @returns {Atom[]} */
function atomsOf(source, text, sentences) {
  if (!sentences.length) sentences = [{ source: tokensOf(source), target: tokensOf(text), alignment: [] }];
  return sentences.flatMap((sentence) => wordsOf(sentence.target).filter((word) => word.end > word.start)
    .flatMap(({ from, to, start, end }) => partsOf(sentence.target, from, to).map(([first, last]) => ({
      start: Math.max(start, sentence.target[first].start),
      end: Math.min(end, sentence.target[last - 1].end),
      links: linksOf(sentence, first, last),
      guessed: !sentence.alignment.length,
    }))));
}

/** Words, for a translation without tokens.  @param {string} text @returns {Token[]} */
const tokensOf = (text) => [...text.matchAll(/\S+\s*/g)].map(({ 0: word, index }) =>
  ({ text: word, start: index, end: index + word.length }));

/** The parts of a German compound, `Array-` and `Methode`, or of keys, `Strg`, `+` and `C`: each has a counterpart of its own.
 *  @param {Token[]} tokens @param {number} from @param {number} to @returns {[number, number][]} */
function partsOf(tokens, from, to) {
  const joins = (/** @type {number} */ i) => /^[+/]$/.test(tokens[i].text);
  /** @type {[number, number][]} */
  const parts = [];
  for (let first = from, i = from + 1; i <= to; i++)
    if (i === to || joins(i) || joins(i - 1) || (/-$/.test(tokens[i - 1].text) && i > first)) parts.push([first, first = i]);
  return parts;
}

/** Where tokens [first, last) of the target came from; along the diagonal where the model does not say.
 *  @param {Pick<Sentence, 'source' | 'target' | 'alignment'>} sentence @param {number} first @param {number} last */
function linksOf({ source, target, alignment }, first, last) {
  /** @type {Link[]} */
  const links = [];
  for (let col = 0; col < source.length; col++) {
    let weight = 0;
    for (let row = first; row < last; row++)
      weight += alignment.length ? alignment[row][col]
        : Number(col === Math.floor((row + 0.5) / target.length * source.length));
    weight /= last - first;
    const { text, end } = source[col], start = end - text.trimStart().length;
    if (weight >= 0.01 && end > start) links.push({ start, end, weight });
  }
  return links;
}

/** How much of an atom comes from [start, end) of the source: 0 to 1.
 *  @param {Atom} atom @param {number} start @param {number} end */
function share(atom, start, end) {
  let sum = 0;
  for (const link of atom.links) {
    const common = Math.min(link.end, end) - Math.max(link.start, start);
    if (common > 0) sum += link.weight * common / (link.end - link.start);
  }
  return sum;
}

/* ---- opaque spans: looked for letter by letter ----------------------------------------------------- */

/** @param {Span} span @returns {Span[]} */
export const opaqueIn = (span) => (span.children ?? []).flatMap((child) =>
  child.opaque && child.end > child.start ? [child] : opaqueIn(child));

/** Finds the copies of opaque spans, and cuts the atoms at their edges.  Long ones choose first, since they may contain
 *  short ones.  @param {Span[]} spans @param {string} source @param {string} text @param {Atom[]} atoms @returns {Atom[]} */
function fixCopies(spans, source, text, atoms) {
  /** @type {Atom[]} */
  const copies = [];
  for (const span of [...spans].sort((a, b) => (b.end - b.start) - (a.end - a.start) || a.start - b.start)) {
    const literal = source.slice(span.start, span.end);
    const at = literal === '\n' ? sameLineEnd(source, span.start, text) : bestCopy(span, literal, text, atoms, copies);
    if (at >= 0) copies.push({ start: at, end: at + literal.length, owner: span,
      links: [{ start: span.start, end: span.end, weight: 1 }] });
  }
  copies.sort((a, b) => a.start - b.start);
  const rests = atoms.flatMap((atom) => outside(atom, copies));
  return [...rests, ...copies].sort((a, b) => a.start - b.start);
}

/** A word with markup inside, as in H<sub>2</sub>O: where it is copied, its parts are known.
 *  @param {Span} root @param {string} source @param {string} text @param {Atom[]} atoms @returns {Atom[]} */
function cutWords(root, source, text, atoms) {
  const inWord = (/** @type {number} */ at) => at > 0 && /^[\p{L}\p{N}]{2}$/u.test(source.slice(at - 1, at + 1));
  const cuts = [...new Set(edgesIn(root))].filter(inWord).sort((a, b) => a - b);
  for (let i = 0, to; i < cuts.length; i = to) {
    const start = source.slice(0, cuts[i]).search(/[\p{L}\p{N}]+$/u);
    const end = cuts[i] + source.slice(cuts[i]).search(/[^\p{L}\p{N}]|$/u);
    for (to = i + 1; to < cuts.length && cuts[to] < end;) to++;
    const taken = atoms.filter(({ owner }) => owner), at = bestCopy({ start, end }, source.slice(start, end), text, atoms, taken);
    if (at < 0) continue;
    const edges = [start, ...cuts.slice(i, to), end], by = at - start;
    const parts = edges.slice(1).map((edge, j) => ({ start: edges[j] + by, end: edge + by,
      links: [{ start: edges[j], end: edge, weight: 1 }] }));
    atoms = [...atoms.flatMap((atom) => outside(atom, parts)), ...parts].sort((a, b) => a.start - b.start);
  }
  return atoms;
}

/** @param {Span} span @returns {number[]} */
const edgesIn = (span) => (span.children ?? []).flatMap((child) => [child.start, child.end, ...edgesIn(child)]);

/** @param {Span} span @param {string} literal @param {string} text @param {Atom[]} atoms @param {Atom[]} taken */
function bestCopy(span, literal, text, atoms, taken) {
  let best = -1, most = WORD.test(literal) && !/[^\p{L}]/u.test(literal) ? 0.1 : -1;     // a plain word may be a German one
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
    const end = at + literal.length;
    const inWord = (WORD.test(literal[0]) && WORD.test(text[at - 1] ?? ''))
      || (WORD.test(literal[literal.length - 1]) && WORD.test(text[end] ?? ''));
    if (inWord || taken.some((copy) => copy.start < end && copy.end > at)) continue;
    const score = Math.max(0, ...atoms.filter((atom) => atom.start < end && atom.end > at)
      .map((atom) => share(atom, span.start, span.end)));
    if (score > most) [best, most] = [at, score];
  }
  return best;
}

/** A line end is copied, so that it is the same one by number.  @param {string} source @param {number} at @param {string} text */
function sameLineEnd(source, at, text) {
  const lineEnds = (/** @type {string} */ string) => string.split('\n').length - 1;
  if (lineEnds(source) !== lineEnds(text)) return -1;
  return text.split('\n').slice(0, lineEnds(source.slice(0, at)) + 1).join('\n').length;
}

/** @param {Atom} atom @param {Atom[]} copies in order @returns {Atom[]} what is left of it */
function outside(atom, copies) {
  let { start } = atom;
  const parts = [];
  for (const copy of copies) {
    if (copy.end <= start || copy.start >= atom.end) continue;
    if (copy.start > start) parts.push({ start, end: copy.start });
    start = Math.max(start, copy.end);
  }
  if (start === atom.start) return [atom];
  if (start < atom.end) parts.push({ start, end: atom.end });
  const owners = copies.filter((copy) => copy.start < atom.end && copy.end > atom.start);
  const links = atom.links.filter((link) => !owners.some(({ links: [own] }) => link.start < own.end && link.end > own.start));
  return parts.map((part) => ({ ...part, links }));
}

/* ---- placing ---------------------------------------------------------------------------------------- */

/** @param {Span} parent @param {Texts} texts @param {Range} within
 *  @returns {Part[]} */
function arrange(parent, texts, within) {
  const children = parent.children ?? [];
  const places = placeBearing(children.filter((child) => child.end > child.start), parent, texts, within);
  for (const child of children)
    if (!places.some(({ span }) => span === child)) places.push(placeBetween(child, parent, texts, within, places));
  const order = (/** @type {Place} */ { span }) => children.indexOf(span);
  places.sort((a, b) => a.start - b.start || a.end - b.end || order(a) - order(b));

  /** @type {Part[]} */
  const parts = [];
  let at = within.start;
  for (const { span, before, after, ...range } of places) {
    const text = readable(texts, at, range.start) + before;
    if (text) parts.push(text);
    const lost = !span.opaque && range.start === range.end && span.end > span.start;
    parts.push({ span, parts: span.opaque ? [] : lost ? asWritten(span, texts.source) : arrange(span, texts, range) });
    if (after) parts.push(after);
    at = range.end;
  }
  if (at < within.end) parts.push(readable(texts, at, within.end));
  return joined(parts);
}

/** The target's text between two elements.  A placeholder in it is one too many, or one that came out where its element cannot
 *  be; a reader sees what it stands for.  @param {Texts} texts @param {number} from @param {number} to */
const readable = ({ target, stands }, from, to) => target.slice(from, to).replace(/( ?)(\{\d+\})/g,
  (all, space, stand) => (!stands.has(stand) ? all : stands.get(stand) && space + stands.get(stand)));

/** Children with text of their own, the strongest first.
 *  @param {Span[]} children @param {Span} parent @param {Texts} texts @param {Range} within
 *  @returns {Place[]} */
function placeBearing(children, parent, texts, within) {
  const { source, atoms } = texts;
  if (children.length === 1 && !children[0].opaque && coversAll(children[0], parent, source))
    return [{ span: children[0], ...within, before: '', after: '' }];
  /** @type {Place[]} */
  const places = [];
  const waiting = children.map((span) => ({ span, best: best(span) }));
  /** @param {Span} span */
  function best(span) {
    const bounds = boundsOf(span, parent, places, within);
    const free = (/** @type {number} */ i) => !places.some(({ from, to }) => from <= i && i < to);
    if (span.opaque) return bestWord(span, texts, bounds, free);
    return bestStretch(atoms, bounds.from, bounds.to, free, (atom) => {
      if (atom.owner) return contains(span, atom.owner) ? FORCE : -2 * FORCE;
      return 2 * share(atom, span.start, span.end) - 1;
    });
  }
  while (waiting.length) {
    const next = waiting.reduce((a, b) => (b.best.score > a.best.score ? b : a));
    waiting.splice(waiting.indexOf(next), 1);
    if (next.best.to === next.best.from) continue;
    const { from, to, end } = trimmed(next.span, next.best, texts);
    places.push({ span: next.span, from, to, start: atoms[from].start, end, before: '', after: '' });
    for (const other of waiting)
      if ((other.best.from < to && other.best.to > from) || parent.ordered) other.best = best(other.span);
  }
  return places;
}

/** @param {Span} child @param {Span} parent @param {string} source */
const coversAll = (child, parent, source) =>
  !/\S/.test(source.slice(parent.start, child.start)) && !/\S/.test(source.slice(child.end, parent.end));

/** @param {Span} outer @param {Span} inner */
const contains = (outer, inner) => outer.start <= inner.start && inner.end <= outer.end;

/** Where a child may be: anywhere in its parent, or between its neighbours where their order must stay.
 *  @param {Span} span @param {Span} parent @param {Place[]} places @param {Range} within */
function boundsOf(span, parent, places, within) {
  const bounds = { ...within }, order = parent.children ?? [];
  if (!parent.ordered) return bounds;
  for (const place of places) {
    if (order.indexOf(place.span) < order.indexOf(span)) {
      bounds.from = Math.max(bounds.from, place.to);
      bounds.start = Math.max(bounds.start, place.end);
    } else {
      bounds.to = Math.min(bounds.to, place.from);
      bounds.end = Math.min(bounds.end, place.start);
    }
  }
  return bounds;
}

/** The stretch of free atoms with the largest sum of scores (Kadane's), or the single best atom if no sum is above 0, or
 *  none.  @param {Atom[]} atoms @param {number} from @param {number} to @param {(i: number) => boolean} free
 *  @param {(atom: Atom) => number} scoreOf */
function bestStretch(atoms, from, to, free, scoreOf) {
  let best = { from, to: from, score: -0.9 };       // a tenth of a word is worth no place
  for (let i = from, start = from, sum = 0; i < to; i++) {
    const score = free(i) ? scoreOf(atoms[i]) : -Infinity;
    if (sum <= 0) [start, sum] = [i, 0];
    sum += score;
    if (sum > best.score) best = { from: start, to: i + 1, score: sum };
  }
  return best;
}

/** What an opaque span covers, and hides: its copy, or else the one word that is mostly its own, or nothing.  What else leans on
 *  it (an article, an `and`, the noun beside it) would be lost.
 *  @param {Span} span @param {Texts} texts @param {{from: number, to: number}} bounds @param {(i: number) => boolean} free */
function bestWord(span, { source, target, atoms }, { from, to }, free) {
  let best = { from, to: from, score: 0 };
  const literal = source.slice(span.start, span.end), copy = atoms.findIndex(({ owner }) => owner === span);
  if (copy >= 0) return from <= copy && copy < to && free(copy) ? { from: copy, to: copy + 1, score: FORCE } : best;
  const textOf = (/** @type {number} */ i) => target.slice(atoms[i].start, atoms[i].end);
  const excess = (/** @type {number} */ i) => (!free(i) || atoms[i].owner || atoms[i].guessed ? 0
    : Math.max(0, share(atoms[i], span.start, span.end) - 0.5));
  for (let i = from; i < to; i++) {
    const alike = PUNCTUATION.test(textOf(i)) === PUNCTUATION.test(literal);
    const score = alike ? excess(i) * textOf(i).length : 0;         // names are longer than articles
    if (score > best.score) best = { from: i, to: i + 1, score };
  }
  if (!best.score) return best;
  const piece = (/** @type {number} */ i) => excess(i) > 0 && literal.includes(textOf(i));    // a bracket of `<b>`
  while (best.from > from && atoms[best.from - 1].end === atoms[best.from].start && piece(best.from - 1)) best.from--;
  while (best.to < to && atoms[best.to].start === atoms[best.to - 1].end && piece(best.to)) best.to++;
  return best;
}

/** Without the punctuation at its ends that its source does not have: a mark of its own, or the hyphen of a compound.
 *  @param {Span} span @param {{from: number, to: number}} stretch @param {Texts} texts */
function trimmed(span, { from, to }, { source, target, atoms }) {
  const text = source.slice(span.start, span.end).trim();
  const isMark = (/** @type {number} */ i) => !atoms[i].owner && PUNCTUATION.test(target.slice(atoms[i].start, atoms[i].end));
  const upTo = (/** @type {number} */ first, /** @type {number} */ last) => {
    const { start, end, owner } = atoms[last - 1];
    const hyphen = !owner && end > start + 1 && target[end - 1] === '-' && !text.endsWith('-');
    return { from: first, to: last, end: hyphen ? end - 1 : end };
  };
  if (span.opaque || PUNCTUATION.test(text)) return upTo(from, to);
  let [first, last] = [from, to];
  if (!/^[\p{P}\p{S}]/u.test(text)) while (first < last && isMark(first)) first++;
  if (!/[\p{P}\p{S}]$/u.test(text)) while (first < last && isMark(last - 1)) last--;
  return first < last ? upTo(first, last) : upTo(from, to);
}

/** A child without words in the target: an image, an empty element, or one whose words the translation left out.
 *  @param {Span} span @param {Span} parent @param {Texts} texts @param {Range} within
 *  @param {Place[]} places @returns {Place} */
function placeBetween(span, parent, { source, target, atoms }, within, places) {
  const bounds = boundsOf(span, parent, places, within);
  const clear = (/** @type {number} */ at, /** @type {boolean} */ toEnd) => {
    const sibling = places.find((place) => place.start < at && at < place.end);
    const free = !sibling ? at : toEnd ? sibling.end : sibling.start;
    return Math.min(Math.max(free, bounds.start), bounds.end);
  };
  const before = source.slice(parent.start, span.start), after = source.slice(span.end, parent.end);
  let at;
  if (!/\S/.test(before)) at = clear(within.start, false);
  else if (!/\S/.test(after)) at = clear(within.end, true);
  else {
    const left = !span.before && !/^[.!?…]/.test(after), near = left ? span.start - 1 : span.end + after.search(/\S/);
    let nearest = -1, most = 0;
    for (let i = within.from; i < within.to; i++) {
      const weight = share(atoms[i], near, near + 1);
      if (weight > most) [nearest, most] = [i, weight];
    }
    at = clear(nearest < 0 ? within.end : left ? atoms[nearest].end : atoms[nearest].start, left || nearest < 0);
  }
  const space = (/** @type {boolean | undefined} */ wanted, /** @type {string | undefined} */ there) =>
    (wanted && there && !/\s/.test(there) ? ' ' : '');
  return { span, from: within.from, to: within.from, start: at, end: at,
    before: at > within.start ? space(span.before, target[at - 1]) : '',
    after: at < within.end ? space(span.after, target[at]) : '' };
}

/** An element whose words the translation left out keeps those it has.  @param {Span} span @param {string} source
 *  @returns {Part[]} */
function asWritten(span, source) {
  /** @type {Part[]} */
  const parts = [];
  let at = span.start;
  for (const child of span.children ?? []) {
    parts.push(source.slice(at, child.start), { span: child, parts: child.opaque ? [] : asWritten(child, source) });
    at = child.end;
  }
  return joined([...parts, source.slice(at, span.end)]);
}

/** Neighbouring strings made one.  @param {Part[]} parts @returns {Part[]} */
function joined(parts) {
  /** @type {Part[]} */
  const whole = [];
  for (const part of parts) {
    const last = whole[whole.length - 1];
    if (typeof part === 'string' && typeof last === 'string') whole[whole.length - 1] = last + part;
    else if (part !== '') whole.push(part);
  }
  return whole;
}
