/** What the page says of its language, for screen readers, hyphens and quotes: an element as soon as all in it is translated,
 *  what is around at the end of the first pass: what is still English in it must not be read as German, and a new language
 *  lays out anew whatever inherits it.  page.js tells what was translated. */

import { primary } from './page-rules.js';

const RTL = /^(ar|arc|ckb|dv|fa|he|ps|sd|syr|ug|ur|yi)$/;

export class Languages {
  #root;
  #lang;
  #originals;
  /** Elements that are to say it at the end. @type {Set<Element>} */
  #around = new Set();
  #ended = false;

  /** @param {Document | Element | ShadowRoot} root of the translation @param {string | undefined} lang
   *  @param {import('./page-originals.js').Originals} originals */
  constructor(root, lang, originals) {
    this.#root = root;
    this.#lang = lang;
    this.#originals = originals;
  }

  /** @param {import('./page-types.d.ts').Unit} unit that shows the target language from now on */
  sayOf(unit) {
    const block = unit.kind === 'block';
    this.say(unit.element, block ? fillsContainer(unit) : !unit.element.firstChild);
    if (block) for (const element of elementsIn(unit.root)) this.say(element, true);
  }

  /** @param {Element} element that shows the target language from now on @param {boolean} whole all of it */
  say(element, whole) {
    if (!this.#lang) return;
    const root = this.rootOf(element), from = element.closest('[lang]');
    const dir = RTL.test(primary(this.#lang)) ? 'rtl' : 'ltr';
    if (dir !== (root.getAttribute('dir')?.toLowerCase() ?? 'ltr')) this.#originals.setAttribute(root, 'dir', dir);
    if (whole) this.#set(element, from);
    else if (from) this.#around.add(from);
    this.#around.add(root);
    if (this.#ended) this.end();
  }

  /** The first pass is over. */
  end() {
    this.#ended = true;
    for (const element of this.#around) this.#set(element, element);
    this.#around.clear();
  }

  /** @param {Element} element @param {Element | null} from whom it has its language now */
  #set(element, from) {
    if (this.#lang && from?.getAttribute('lang') !== this.#lang) this.#originals.setAttribute(element, 'lang', this.#lang);
  }

  /** The root of the translation, where that is a part of the page; else the element's document.  @param {Element} element */
  rootOf(element) {
    const document = element.ownerDocument, root = this.#root;
    return root.nodeType === 1 && root !== document.body && root.ownerDocument === document
      ? /** @type {Element} */ (root) : document.documentElement;
  }
}

/** Nothing but the block is in its container.  @param {import('./page-types.d.ts').Block} block */
const fillsContainer = ({ element, root }) =>
  element === root.node && [...element.children].every((child) => root.nodes.includes(child));

/** @param {import('./page-types.d.ts').LiveSpan} span @returns {Element[]} whose text is translated */
const elementsIn = ({ children }) =>
  children.flatMap((child) => (child.opaque ? [] : [child.node, ...elementsIn(child)]));
