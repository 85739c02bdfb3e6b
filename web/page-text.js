/** The text of one block as a translator should read it, and where in it each inline element is: white space collapsed
 *  as the browser does it, code as its own letters or as a placeholder, images as nothing or as a placeholder.
 *  Reads text nodes and elements that page-blocks.js has sorted; changes nothing. */

/** @typedef {import('./page-types.d.ts').LiveSpan & {literal?: string}} LiveSpan   literal: of code behind a placeholder
 *  @typedef {import('./page-blocks.js').Item} Item
 *  @typedef {import('./page-blocks.js').Piece} Piece
 *  @typedef {import('./page-originals.js').Originals} Originals */

/** Code that a translator copies by itself; the rest goes as a placeholder. */
const COPYABLE = /^[^\s{}]{1,40}$/;
const SPACES = /[ \t\n\r\f]+/;

export class TextOfBlock {
  source = '';
  lead = '';
  trail = '';
  /** @type {Text[]} */
  nodes = [];
  #originals;
  #keepsSpace;
  #begun = false;
  /** White space that was read and not written yet. */
  #pending = '';
  /** Spans that the next character touches. @type {LiveSpan[]} */
  #touching = [];
  /** Spans whose first character is still to come. @type {LiveSpan[]} */
  #opening = [];
  /** Images and the like; a placeholder if they stand in the middle of a line. @type {Set<Piece>} */
  #words = new Set();
  #placeholders = 0;
  #around = '';

  /** @param {Originals} originals @param {boolean} keepsSpace */
  constructor(originals, keepsSpace) {
    this.#originals = originals;
    this.#keepsSpace = keepsSpace;
  }

  /** @param {Element} container @param {Item[]} items @returns {LiveSpan} */
  spanOf(container, items) {
    this.#around = container.textContent ?? '';
    let root = this.#read(container, items);
    const words = replacedIn(root, items).filter(({ span }) => this.#inMidLine(span)).map(({ piece }) => piece);
    if (words.length) {                             // once more, with placeholders
      Object.assign(this, { source: '', nodes: [] });
      this.#words = new Set(words);
      this.#placeholders = 0;
      root = this.#read(container, items);
    }
    return root;
  }

  /** @param {Element} container @param {Item[]} items */
  #read(container, items) {
    const root = this.#open(container, items);
    this.#begun = false;
    this.#addAll(items, root);
    this.trail = this.#pending;
    this.#pending = '';
    for (const span of this.#touching) span.after = true;
    this.#touching = [];
    root.start = 0;
    root.end = this.source.length;
    return root;
  }

  /** Between words of the line, a word itself.  @param {LiveSpan} span */
  #inMidLine({ start, end, before, after }) {
    return before && after && /[\p{L}\p{N}]/u.test(this.source.slice(0, start)) && /[\p{L}\p{N}]/u.test(this.source.slice(end));
  }

  /** @param {Element} node @param {Item[]} items @returns {LiveSpan} */
  #open(node, items) {
    const nodes = items.map((item) => ('kind' in item ? item.element : item));
    const ordered = nodes.some((child) => isAnchor(child, this.#originals));
    return { node, nodes, ordered, start: this.source.length, end: this.source.length, children: [],
      before: !this.source || Boolean(this.#pending) || this.source.endsWith('\n'), after: false };
  }

  /** @param {Item[]} items @param {LiveSpan} parent */
  #addAll(items, parent) {
    for (const item of items) {
      if ('kind' in item) parent.children.push(this.#addElement(item));
      else if (item.nodeType === 3) this.#addText(/** @type {Text} */ (item));
    }
  }

  /** @param {Piece} piece */
  #addElement(piece) {
    const { kind, element, inside = [] } = piece, span = this.#open(element, inside);
    if (kind === 'inline') {
      this.#opening.push(span);
      this.#addAll(inside, span);
      this.#opening = this.#opening.filter((other) => other !== span);
    } else {
      span.opaque = true;
      const word = this.#words.has(piece) ? this.#placeholder() : '';
      const text = kind === 'break' ? '\n' : kind === 'opaque' ? this.#stand(span) : word;
      if (text) {
        this.#opening.push(span);
        this.#write(text);
      } else this.#begin();
    }
    span.end = this.source.length;
    if (span.end <= span.start) span.end = span.start;
    if (kind !== 'break') this.#touching.push(span);
    return span;
  }

  /** What stands for an element that stays as it is.  @param {LiveSpan} span */
  #stand(span) {
    const text = span.node.textContent?.trim();
    if (!text || COPYABLE.test(text)) return text;
    span.literal = text.split(SPACES).join(' ');
    return this.#placeholder();
  }

  /** One that the page's own text does not have. */
  #placeholder() {
    do this.#placeholders++; while (this.#around.includes(`{${this.#placeholders}}`));
    return `{${this.#placeholders}}`;
  }

  /** @param {Text} node */
  #addText(node) {
    this.nodes.push(node);
    const text = this.#originals.text(node).replace(/\u00ad/g, '');
    if (!text) return;
    if (this.#keepsSpace) {
      const [, space, rest, tail] = /** @type {RegExpExecArray} */ (/^(\s*)([^]*?)(\s*)$/.exec(text));
      if (space) this.#space(space);
      if (rest) this.#write(rest);
      if (tail) this.#space(tail);
      return;
    }
    const words = text.split(SPACES);
    words.forEach((word, i) => {
      if (i > 0) this.#space(' ');
      if (word) this.#write(word);
    });
  }

  /** @param {string} space */
  #space(space) {
    for (const span of this.#touching) span.after = true;
    this.#touching = [];
    if (this.#keepsSpace) this.#pending += space;
    else if (!this.source.endsWith('\n')) this.#pending = space;
  }

  /** What comes before the first thing is not part of the text. */
  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    this.lead = this.#pending;
    this.#pending = '';
  }

  /** @param {string} text without white space at its ends, or a line end */
  #write(text) {
    for (const span of this.#touching) span.after = text === '\n';
    this.#touching = [];
    this.#begin();
    if (this.source && (text !== '\n' || this.#keepsSpace)) this.source += this.#pending;
    this.#pending = '';
    for (const span of this.#opening) span.start = this.source.length;
    this.#opening = [];
    this.source += text;
  }
}

/** Frameworks hold on to comments and to empty text nodes, and look for things beside them.
 *  @param {Node} node @param {Originals} originals */
export const isAnchor = (node, originals) =>
  node.nodeType === 8 || (node.nodeType === 3 && originals.text(/** @type {Text} */ (node)) === '');

/** @param {LiveSpan} span @param {Item[]} items @returns {{span: LiveSpan, piece: Piece}[]} */
function replacedIn(span, items) {
  const pieces = /** @type {Piece[]} */ (items.filter((item) => 'kind' in item));
  return pieces.flatMap((piece, i) => (piece.kind === 'replaced' || piece.kind === 'control'
    ? [{ span: span.children[i], piece }] : replacedIn(span.children[i], piece.inside ?? [])));
}
