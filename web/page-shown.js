/** What the reader sees of a page at this moment.  Reads layout, writes nothing.  page.js asks before it puts a page back. */

const ELEMENTS = 5000;                              // to look at: a longer search would be felt itself

/** Nodes that are on show, by the boxes of the elements around them.  A box that sticks out of one that is off the screen is
 *  missed, as is what is in a frame: for an order this is enough.
 *  @param {Document | Element | ShadowRoot} root @returns {Node[]} */
export function nodesOnShow(root) {
  const document = root.ownerDocument ?? /** @type {Document} */ (root), height = document.defaultView?.innerHeight ?? 0;
  /** @type {Node[]} */
  const nodes = [];
  let left = ELEMENTS;
  const isOnShow = (/** @type {Element} */ element) => {
    if (left-- <= 0) return false;
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > 0 && top < height;
  };
  const walk = (/** @type {Node} */ node) => {
    nodes.push(node);
    if (node.nodeType === 1 && /** @type {Element} */ (node).shadowRoot) walk(/** @type {any} */ (node).shadowRoot);
    for (const child of node.childNodes)
      if (child.nodeType !== 1 || isOnShow(/** @type {Element} */ (child))) walk(child);
  };
  walk(root);
  return nodes;
}
