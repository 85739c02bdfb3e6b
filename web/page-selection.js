/** Keeps the reader's selection over the same part of a block while its text changes.  The selection is read only after it
 *  has changed, since reading it costs a layout of the page.  page-write.js asks before and after it writes. */

/** @typedef {{anchorNode: Node, anchorOffset: number, focusNode: Node, focusOffset: number}} Ends */

export class ReadersSelection {
  #document;
  #stale = true;
  /** @type {Ends | undefined} */
  #ends;

  /** @param {Document} document @param {AbortSignal} signal */
  constructor(document, signal) {
    this.#document = document;
    document.addEventListener('selectionchange', () => { this.#stale = true; }, { signal });
  }

  /** @param {Text[]} texts of a block @returns {((texts: Text[]) => void) | undefined} to be called with those it has then */
  hold(texts) {
    const ends = this.#read();
    if (!ends) return undefined;
    const from = shareAt(texts, ends.anchorNode, ends.anchorOffset), to = shareAt(texts, ends.focusNode, ends.focusOffset);
    if (from === undefined && to === undefined) return undefined;
    return (now) => {
      const [anchor, anchorAt] = from === undefined ? [ends.anchorNode, ends.anchorOffset] : pointAt(now, from);
      const [focus, focusAt] = to === undefined ? [ends.focusNode, ends.focusOffset] : pointAt(now, to);
      if (anchor.isConnected && focus.isConnected)
        this.#document.getSelection()?.setBaseAndExtent(anchor, anchorAt, focus, focusAt);
      this.#stale = true;
    };
  }

  #read() {
    if (!this.#stale) return this.#ends;
    this.#stale = false;
    const selection = this.#document.getSelection();
    this.#ends = selection?.anchorNode && selection.focusNode && !selection.isCollapsed ? { anchorNode: selection.anchorNode,
      anchorOffset: selection.anchorOffset, focusNode: selection.focusNode, focusOffset: selection.focusOffset } : undefined;
    return this.#ends;
  }
}

/** @param {Text[]} texts */
const lengthOf = (texts) => texts.reduce((sum, { length }) => sum + length, 0);

/** How far into the texts a point is, 0 to 1; undefined if it is not in them.
 *  @param {Text[]} texts @param {Node} node @param {number} offset */
function shareAt(texts, node, offset) {
  const at = texts.indexOf(/** @type {Text} */ (node));
  return at < 0 ? undefined : (lengthOf(texts.slice(0, at)) + offset) / lengthOf(texts);
}

/** @param {Text[]} texts @param {number} share @returns {[Text, number]} */
function pointAt(texts, share) {
  let rest = Math.round(share * lengthOf(texts)), at = 0;
  while (at < texts.length - 1 && rest > texts[at].length) rest -= texts[at++].length;
  return [texts[at], rest];
}
