/** From live nodes to blocks of text with inline elements as spans.  A block is a run of neighbouring text and inline
 *  elements; whatever breaks a line for the reader ends it.  Reads the DOM and computed style, and writes nothing.
 *  page.js calls read() for one container after the other. */

import { classify, documentIn, keepsSpace, readableAttributes, standsAlone, translatedIn } from './page-rules.js';
import { TextOfBlock } from './page-text.js';

/** @typedef {import('./page-types.d.ts').LiveSpan} LiveSpan
 *  @typedef {import('./page-types.d.ts').Block} Block
 *  @typedef {import('./page-types.d.ts').Found} Found
 *  @typedef {import('./page-originals.js').Originals} Originals
 *  @typedef {{kind: import('./page-rules.js').Kind, element: Element, inside?: Item[]}} Piece
 *  @typedef {Text | Comment | Piece} Item   a text node, an anchor of some framework, or an element in a line */

const ELEMENT = 1, TEXT = 3, COMMENT = 8;
/** One address, one file name: no prose. */
const NAME = /^\S*(:\/\/|@|www\.)\S*$|^[\w.-]+\.[a-z]{2,4}$/i;

export class Reader {
  #originals;
  #language;

  /** @param {Originals} originals @param {string | undefined} language of the source */
  constructor(originals, language) {
    this.#originals = originals;
    this.#language = language;
  }

  /** What is in a container itself; its inner ones are named only.
   *  @param {Node} container an element, a document, a shadow root @returns {Found} */
  read(container) {
    const found = nothingIn(container);
    if (container.nodeType === ELEMENT) this.#enter(/** @type {Element} */ (container), found);
    /** @type {Item[]} */
    let run = [];
    const flush = () => {
      if (run.length) this.#addBlocks(found, /** @type {Element} */ (container), run);
      run = [];
    };
    for (const node of this.#originals.children(container)) {
      const item = this.#itemOf(node, found);
      if (item && !('kind' in item && item.kind === 'break')) run.push(item);
      else if (node.nodeType === ELEMENT) flush();
    }
    flush();
    return found;
  }

  /** @param {Node} node @param {Found} found @returns {Item | undefined} undefined: nothing of a line */
  #itemOf(node, found) {
    if (node.nodeType === TEXT || node.nodeType === COMMENT) return /** @type {Text | Comment} */ (node);
    if (node.nodeType !== ELEMENT) return undefined;
    const element = /** @type {Element} */ (node), { kind, line } = classify(element, this.#originals, this.#language);
    if (kind === 'hidden') found.hidden.push(element);
    if (kind === 'opaque') found.inside.push(...translatedIn(element));
    if (kind === 'nothing' || kind === 'hidden' || kind === 'break') return { kind, element };
    if (kind === 'opaque') return line ? { kind, element } : undefined;
    const inside = kind === 'inline' ? this.#lineOf(element) : undefined;
    if (inside) {
      this.#enter(element, found);
      for (const name of /** @type {const} */ (['attributes', 'inside', 'hidden', 'unready']))
        /** @type {any[]} */ (found[name]).push(...inside.found[name]);
      return { kind, element, inside: inside.items };
    }
    if (kind === 'inline' || kind === 'block' || kind === 'control') found.inside.push(element);
    else this.#enter(element, found);
    return line && kind !== 'inline' ? { kind, element } : undefined;
  }

  /** The inside of an inline element; undefined if it has lines of its own.  @param {Element} element */
  #lineOf(element) {
    const found = nothingIn(element), items = [];
    for (const node of this.#originals.children(element)) {
      const item = this.#itemOf(node, found);
      if (!item) return undefined;
      items.push(item);
    }
    return { items, found };
  }

  /** What an element has besides its children.  @param {Element} element @param {Found} found */
  #enter(element, found) {
    for (const name of readableAttributes(element)) {
      const source = (this.#originals.attribute(element, name) ?? '').trim();
      if (isProse(source)) found.attributes.push({ kind: 'attribute', element, name, source, state: 'waiting' });
    }
    const inner = element.shadowRoot ?? documentIn(element);
    if (inner) found.inside.push(inner);
    if (element.localName.includes('-') && element.matches(':not(:defined)')) found.unready.push(element);
  }

  /** @param {Found} found @param {Element} container @param {Item[]} run */
  #addBlocks(found, container, run) {
    const alone = this.#isRow(run) ? run.filter((item) => 'kind' in item).map((item) => [item]) : [run];
    for (const items of alone) {
      const block = this.#blockOf(container, items);
      if (block && isProse(proseOf(block))) found.blocks.push(block);
    }
  }

  /** Links or buttons side by side, with nothing but marks between them.  @param {Item[]} run */
  #isRow(run) {
    let several = 0;
    for (const item of run) {
      if (!('kind' in item)) {
        if (item.nodeType === TEXT && /[\p{L}\p{N}]/u.test(this.#originals.text(/** @type {Text} */ (item)))) return false;
      } else if (item.kind === 'inline' && item.element.textContent?.trim()) {
        if (!standsAlone(item.element)) return false;
        several++;
      }
    }
    return several > 1;
  }

  /** @param {Element} container @param {Item[]} items @returns {Block | undefined} */
  #blockOf(container, items) {
    const element = container.nodeType === ELEMENT ? container : /** @type {any} */ (container).host ?? container;
    const text = new TextOfBlock(this.#originals, container.nodeType === ELEMENT && keepsSpace(container));
    const root = text.spanOf(container, items);
    return { kind: 'block', element, root, source: text.source, texts: text.nodes,
      written: text.nodes.map((node) => this.#originals.text(node)), lead: text.lead, trail: text.trail,
      shown: [], state: 'waiting' };
  }
}

/** @param {Node} container @returns {Found} */
const nothingIn = (container) => ({ container, blocks: [], attributes: [], inside: [], hidden: [], unready: [] });

/** @param {string} text */
const isProse = (text) => /\p{L}/u.test(text) && !NAME.test(text);

/** Its text without opaque spans.  @param {Block} block */
function proseOf({ root, source }) {
  /** @type {(span: LiveSpan) => LiveSpan[]} */
  const opaque = (span) => (span.opaque ? [span] : span.children.flatMap(opaque));
  let prose = '', at = 0;
  for (const { start, end } of opaque(root)) {
    prose += source.slice(at, start);
    at = end;
  }
  return (prose + source.slice(at)).trim();
}
