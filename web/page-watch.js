/** Hears what the page changes, and tells of it once a frame.  What we change ourselves, quietly(), is never heard.
 *  page.js makes one. */

import { decides, WATCHED } from './page-rules.js';
import { nextFrame } from './turn.js';

/** @typedef {import('./page-originals.js').Originals} Originals */

export class Watch {
  /** Nodes whose children, text or attributes have changed. @type {Set<Node>} */
  #dirty = new Set();
  /** Elements that may be ours no longer, or from now on. @type {Set<Element>} */
  #turned = new Set();
  #scheduled = false;
  #originals;
  #onChange;
  #observer;

  /** @param {Originals} originals @param {(nodes: Set<Node>, turned: Set<Element>) => void} onChange */
  constructor(originals, onChange) {
    this.#originals = originals;
    this.#onChange = onChange;
    this.#observer = new MutationObserver((records) => this.#take(records));
  }

  /** @param {Node} root a document, an element, a shadow root */
  add(root) {
    this.#observer.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: WATCHED,
      attributeOldValue: true });
  }

  /** Takes in what has changed until now, and nothing of this change.  @param {() => void} change */
  quietly(change) {
    this.#take(this.#observer.takeRecords());
    change();
    this.#observer.takeRecords();
  }

  close() {
    this.#take(this.#observer.takeRecords());
    this.#observer.disconnect();
    this.#dirty.clear();
    this.#turned.clear();
  }

  /** @param {MutationRecord[]} records */
  #take(records) {
    for (const { type, target, attributeName, addedNodes, oldValue } of records) {
      for (const node of addedNodes) this.#originals.forgetPlace(target, node);
      if (type === 'characterData') this.#originals.forgetText(target);
      if (type === 'attributes') this.#takeAttribute(/** @type {Element} */ (target), attributeName ?? '', oldValue);
      else this.#dirty.add(target);
    }
    if (this.#scheduled || !(this.#dirty.size || this.#turned.size)) return;
    this.#scheduled = true;
    nextFrame().then(() => {
      this.#scheduled = false;
      const nodes = this.#dirty, turned = this.#turned;
      [this.#dirty, this.#turned] = [new Set(), new Set()];
      if (nodes.size || turned.size) this.#onChange(nodes, turned);
    });
  }

  /** @param {Element} element @param {string} name @param {string | null} before */
  #takeAttribute(element, name, before) {
    this.#originals.forgetAttribute(element, name);
    if (decides(element, name, before)) this.#turned.add(element);
    else if (name !== 'class') this.#dirty.add(element);
  }
}
