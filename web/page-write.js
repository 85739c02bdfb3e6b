/** Writes translations into live nodes: elements stay in their parents and at most change places with their neighbours,
 *  text nodes get other text.  Everything goes through Originals, so that it can be taken back.  Reads no layout.
 *  page.js calls it, block by block. */

import { isAnchor } from './page-text.js';

/** @typedef {import('./page-types.d.ts').LiveSpan} LiveSpan
 *  @typedef {import('./page-types.d.ts').Part} Part
 *  @typedef {import('./page-types.d.ts').Block} Block
 *  @typedef {import('./page-originals.js').Originals} Originals */

/** The page is still what the block was read from.  @param {Block} block @param {Originals} originals */
export function isCurrent({ root, texts, written }, originals) {
  /** @type {(span: LiveSpan) => boolean} */
  const inPlace = (span) => span.nodes.every((node) => node.parentNode === span.node)
    && span.children.every((child) => child.opaque || inPlace(child));
  return inPlace(root) && texts.every((node, i) => originals.text(node) === written[i]);
}

/** @param {Block} block @param {Part[]} parts @param {Originals} originals
 *  @param {import('./page-selection.js').ReadersSelection} selection @returns {[Text, string][]} what it shows now */
export function writeBlock(block, parts, originals, selection) {
  const { element, root, lead, trail } = block;
  const putSelection = selection.hold(block.texts);
  if (element.tagName === 'OPTION' && !element.hasAttribute('value'))       // else its value would be its new text
    originals.setAttribute(element, 'value', /** @type {HTMLOptionElement} */ (element).value);
  removeMade(root, originals);
  const texts = fill(root, [lead, ...parts, trail], originals);
  putSelection?.(texts);
  return texts.map((node) => [node, node.data]);
}

/** @param {LiveSpan} span @param {Part[]} parts @param {Originals} originals @returns {Text[]} in order */
function fill(span, parts, originals) {
  const { strings, elements } = gapsOf(parts);
  const sameOrder = elements.every(({ span: child }, i) => child === span.children[i]);
  const order = sameOrder ? keepPlaces(span, strings, originals) : changePlaces(span, strings, elements, originals);
  if (!areNeighbours(order)) originals.setOrder(span.node, order, after(order, span.node));
  const inside = new Map(elements.map((part) => [/** @type {Node} */ (part.span.node),
    part.span.opaque ? [] : fillInside(part.span, part.parts, originals)]));
  return order.flatMap((node) => inside.get(node) ?? (node.nodeType === 3 ? [/** @type {Text} */ (node)] : []));
}

/** An inline element has no text but this.  @param {LiveSpan} span @param {Part[]} parts @param {Originals} originals */
function fillInside(span, parts, originals) {
  originals.removeMade(originals.madeIn(span.node));
  return fill(span, parts, originals);
}

/** The text before each element, and after the last.  @param {Part[]} parts */
function gapsOf(parts) {
  const strings = [''];
  /** @type {{span: LiveSpan, parts: Part[]}[]} */
  const elements = [];
  for (const part of parts) {
    if (typeof part === 'string') strings[strings.length - 1] += part;
    else strings.push(''), elements.push(/** @type {any} */ (part));
  }
  return { strings, elements };
}

/** All elements stay: each gap's text goes into its first text node.
 *  @param {LiveSpan} span @param {string[]} strings @param {Originals} originals @returns {Node[]} */
function keepPlaces({ node: parent, nodes, children }, strings, originals) {
  const elements = new Set(children.map(({ node }) => /** @type {Node} */ (node)));
  /** @type {Node[][]} */
  const gaps = [[]];
  for (const node of nodes) {
    if (elements.has(node)) gaps.push([node]);
    else gaps[gaps.length - 1].push(node);
  }
  return gaps.flatMap((gap, i) => {
    const free = /** @type {Text[]} */ (gap.filter((node) => node.nodeType === 3 && !isAnchor(node, originals)));
    free.forEach((node, j) => setText(node, j ? '' : strings[i], originals));
    if (free.length || !strings[i]) return gap;
    const made = originals.makeText(parent, strings[i]);
    return i ? [gap[0], made, ...gap.slice(1)] : [made, ...gap];
  });
}

/** Elements change places: text nodes follow in their order.
 *  @param {LiveSpan} span @param {string[]} strings @param {{span: LiveSpan}[]} elements @param {Originals} originals
 *  @returns {Node[]} */
function changePlaces({ node: parent, nodes }, strings, elements, originals) {
  const free = /** @type {Text[]} */ (nodes.filter((node) => node.nodeType === 3));
  /** @type {Node[]} */
  const order = [];
  strings.forEach((string, i) => {
    const node = string ? free.shift() : undefined;
    if (node) setText(node, string, originals);
    if (string) order.push(node ?? originals.makeText(parent, string));
    if (i < elements.length) order.push(elements[i].span.node);
  });
  for (const node of free) setText(node, '', originals);
  return [...order, ...free];
}

/** @param {Text} node @param {string} text @param {Originals} originals */
function setText(node, text, originals) {
  const blank = (/** @type {string} */ string) => string !== '' && /^[ \t\n\r\f]+$/.test(string);
  if (node.data !== text && !(blank(node.data) && blank(text))) originals.setText(node, text);
}

/** Text nodes of an earlier translation; other blocks in the same container keep theirs.
 *  @param {LiveSpan} span @param {Originals} originals */
function removeMade({ node: parent, nodes }, originals) {
  const made = originals.madeIn(parent), own = new Set(nodes), ours = new Set(/** @type {Node[]} */ (made));
  const beside = (/** @type {'previousSibling' | 'nextSibling'} */ way, /** @type {Node} */ node) => {
    let other = node[way];
    while (other && ours.has(other)) other = other[way];
    return other && own.has(other);
  };
  originals.removeMade(made.filter((each) => beside('previousSibling', each) || beside('nextSibling', each)));
}

/** @param {Node[]} nodes */
const areNeighbours = (nodes) => nodes.every((node, i) => i === 0 || (node.parentNode && nodes[i - 1].nextSibling === node));

/** What comes after all of them.  @param {Node[]} nodes @param {Node} parent */
function after(nodes, parent) {
  const all = new Set(nodes);
  let last = parent.lastChild;
  while (last && !all.has(last)) last = last.previousSibling;
  return last && last.nextSibling;
}
