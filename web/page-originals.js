/** What the page was before it was translated: every change goes through here and can be taken back, node for node.
 *  What the page itself changes later is the page's: it is read as it is, and restore() leaves it.
 *  Nothing of translation in here.  page-blocks.js reads through it, page-write.js writes through it. */

import { inSlices, nextFrame } from './turn.js';

/** @typedef {{original: string, written: string}} TextRecord
 *  @typedef {{original: string | null, written: string | null}} AttributeRecord
 *  @typedef {{original: Node[], written: Node[]}} OrderRecord */

/** Nodes that are put back at once, and in each frame after that: what is cheap to write must be laid out, too. */
const AT_ONCE = 400, IN_A_FRAME = 1000;

export class Originals {
  /** @type {WeakMap<Node, TextRecord>} */
  #texts = new WeakMap();
  /** @type {WeakMap<Element, Map<string, AttributeRecord>>} */
  #attributes = new WeakMap();
  /** @type {WeakMap<Node, OrderRecord>} */
  #orders = new WeakMap();
  /** Text nodes that the page did not have. @type {WeakSet<Node>} */
  #made = new WeakSet();
  /** Whatever was changed, also if it is not in the page at the moment. @type {Set<WeakRef<Node>>} */
  #changed = new Set();
  /** @type {WeakSet<Node>} */
  #known = new WeakSet();
  #limit = 1024;
  /** Settles when everything is back; undefined when nothing is under way. @type {Promise<void> | undefined} */
  restoring;

  /* ---- reading: the page as its author has it ---- */

  /** @param {Text} node */
  text(node) {
    const record = this.#texts.get(node);
    return record && record.written === node.data ? record.original : node.data;
  }

  /** @param {Element} element @param {string} name */
  attribute(element, name) {
    const record = this.#attributes.get(element)?.get(name), value = element.getAttribute(name);
    return record && record.written === value ? record.original : value;
  }

  /** @param {Node} parent @returns {Node[]} */
  children(parent) {
    const record = this.#orders.get(parent), now = /** @type {Node[]} */ ([...parent.childNodes]);
    if (!record) return now;
    const own = now.filter((node) => !this.#made.has(node)), there = new Set(own);
    const written = record.written.filter((node) => there.has(node)), known = new Set(written);
    if (own.filter((node) => known.has(node)).some((node, i) => node !== written[i])) return own;    // the page moved them
    /** @type {Map<Node | undefined, Node[]>} */
    const added = new Map();                        // by the node that they were put before
    let waiting = [];
    for (const node of own) {
      if (!known.has(node)) waiting.push(node);
      else if (waiting.length) added.set(node, waiting), waiting = [];
    }
    return [...record.original.filter((node) => there.has(node)).flatMap((node) => [...(added.get(node) ?? []), node]),
            ...waiting];
  }

  /* ---- writing ---- */

  /** @param {Text} node @param {string} text */
  setText(node, text) {
    if (this.#made.has(node)) {
      node.data = text;
      return;
    }
    const original = this.text(node);
    if (node.data !== text) node.data = text;
    this.#texts.set(node, { original, written: text });
    this.#remember(node);
  }

  /** @param {Element} element @param {string} name @param {string} value */
  setAttribute(element, name, value) {
    const records = this.#attributes.get(element) ?? new Map(), original = this.attribute(element, name);
    this.#attributes.set(element, records.set(name, { original, written: value }));
    element.setAttribute(name, value);
    this.#remember(element);
  }

  /** A text node beside the page's own.  @param {Node} parent @param {string} text */
  makeText(parent, text) {
    const node = /** @type {Document} */ (parent.ownerDocument).createTextNode(text);
    this.#made.add(node);
    return node;
  }

  /** Puts some of a node's children, and new text nodes, into an order.  @param {Node} parent @param {Node[]} nodes
   *  neighbours @param {Node | null} before what comes after them */
  setOrder(parent, nodes, before) {
    const original = this.children(parent);
    moveInto(parent, nodes, before);
    this.#orders.set(parent, { original, written: [...parent.childNodes].filter((node) => !this.#made.has(node)) });
    this.#remember(parent);
  }

  /** Text nodes of ours that are children of `parent`.  @param {Node} parent @returns {Text[]} */
  madeIn(parent) {
    return this.#orders.has(parent)
      ? /** @type {Text[]} */ ([...parent.childNodes].filter((node) => this.#made.has(node))) : [];
  }

  /** Those of ours among some text nodes.  @param {Text[]} nodes */
  removeMade(nodes) {
    for (const node of nodes) if (this.#made.has(node)) node.remove();
  }

  /** The page wrote this text itself.  @param {Node} node */
  forgetText(node) { this.#texts.delete(node); }

  /** The page put this node where it is, among nodes that we may have moved: it belongs before the one that it was put
   *  before.  @param {Node} parent @param {Node} node */
  forgetPlace(parent, node) {
    const record = this.#orders.get(parent);
    if (!record) return;
    record.original = record.original.filter((other) => other !== node);
    record.written = record.written.filter((other) => other !== node);
  }

  /** @param {Element} element @param {string} name */
  forgetAttribute(element, name) { this.#attributes.get(element)?.delete(name); }

  /** Puts everything back: at once what comes first, and all of a small page; the rest of a large one frame by frame.
   *  @param {Node[]} first @param {Node} root says the language of all others: it has a frame of its own, in which the browser
   *  asks every element for its style again  @returns {Promise<void>} */
  restore(first, root) {
    const others = first.filter((node) => node !== root);
    this.restoring ??= this.#restoreAll(others, root).finally(() => { this.restoring = undefined; });
    return this.restoring;
  }

  /** @param {Node[]} first @param {Node} root */
  async #restoreAll(first, root) {
    for (const node of first) this.restoreNode(node);
    const references = this.#changed.values();
    const step = () => {
      const { value, done } = references.next(), node = value?.deref();
      if (node) this.restoreNode(node);
      return !done;
    };
    let more = true;
    for (let i = 0; more && i < AT_ONCE; i++) more = step();
    if (more) {
      await nextFrame();
      this.restoreNode(root);                       // while the passages still say their own: nothing is laid out anew
      await nextFrame();
      await inSlices(step, IN_A_FRAME, undefined, nextFrame);
    }
    this.#changed.clear();
  }

  /** What was changed of one node.  @param {Node} node */
  restoreNode(node) {
    if (!this.#known.delete(node)) return;
    this.#restoreOrder(node);
    const text = this.#texts.get(node);
    if (text && /** @type {Text} */ (node).data === text.written) /** @type {Text} */ (node).data = text.original;
    this.#texts.delete(node);
    for (const name of this.#attributes.get(/** @type {Element} */ (node))?.keys() ?? [])
      this.#restoreAttribute(/** @type {Element} */ (node), name);
  }

  /** @param {Node} parent */
  #restoreOrder(parent) {
    if (!this.#orders.has(parent)) return;
    const order = this.children(parent);
    for (const node of this.madeIn(parent)) parent.removeChild(node);
    moveInto(parent, order, null);
    this.#orders.delete(parent);
  }

  /** @param {Element} element @param {string} name */
  #restoreAttribute(element, name) {
    const value = this.attribute(element, name);
    this.forgetAttribute(element, name);
    if (value === null) element.removeAttribute(name);
    else if (value !== element.getAttribute(name)) element.setAttribute(name, value);
  }

  /** @param {Node} node */
  #remember(node) {
    if (this.#known.has(node)) return;
    this.#known.add(node);
    this.#changed.add(new WeakRef(node));
    if (this.#changed.size < this.#limit) return;
    for (const reference of this.#changed) if (!reference.deref()) this.#changed.delete(reference);
    this.#limit = 2 * this.#changed.size + 1024;
  }
}

/** Puts nodes into an order with as few moves as can be: a node that moves loses its focus, an iframe its document.
 *  @param {Node} parent @param {Node[]} nodes @param {Node | null} before */
function moveInto(parent, nodes, before) {
  const at = new Map(/** @type {Node[]} */ ([...parent.childNodes]).map((node, i) => [node, i]));
  const stays = heaviestRise(nodes.map((node) => at.get(node) ?? -1), nodes.map(weightOf));
  for (let i = nodes.length - 1, next = before; i >= 0; next = nodes[i--])
    if (!stays.has(i)) move(parent, nodes[i], next);
}

/** @param {any} parent @param {Node} node @param {Node | null} before */
function move(parent, node, before) {
  if (node.parentNode === parent && typeof parent.moveBefore === 'function') parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

/** How much is lost when it moves.  @param {Node} node */
function weightOf(node) {
  if (node.nodeType !== 1) return 1;
  const element = /** @type {Element} */ (node), active = /** @type {Document | ShadowRoot} */ (node.getRootNode()).activeElement;
  if (active && element.contains(active)) return 1e6;
  return element.matches('iframe, object, embed, video, audio')
    || element.querySelector('iframe, object, embed, video, audio') ? 1e3 : 10;
}

/** The rising subsequence of the largest weight.  @param {number[]} values -1: new, cannot stay @param {number[]} weights
 *  @returns {Set<number>} indices */
export function heaviestRise(values, weights) {
  const sums = [...weights], previous = values.map(() => -1);
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) continue;
    for (let j = 0; j < i; j++) {
      if (values[j] < 0 || values[j] > values[i] || sums[j] + weights[i] <= sums[i]) continue;
      [sums[i], previous[i]] = [sums[j] + weights[i], j];
    }
    if (best < 0 || sums[i] > sums[best]) best = i;
  }
  const stays = new Set();
  for (; best >= 0; best = previous[best]) stays.add(best);
  return stays;
}
