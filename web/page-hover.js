/** Shows the original of a block while the pointer rests on it, or the keyboard's focus is in it.  A small box in the top
 *  layer, there only while it shows: it can be pointed at, Escape closes it, and what has the focus is described by it.
 *  Knows blocks and nothing of translating.  page.js makes one for each document. */

import { setAttributes, uniqueId } from './dom.js';

/** @typedef {import('./page-types.d.ts').Block} Block
 *  @typedef {import('./page-types.d.ts').LiveSpan} LiveSpan
 *  @typedef {import('./page-originals.js').Originals} Originals
 *  @typedef {{blocksOf: (node: Node) => Block[], originals: Originals, language: string | undefined, signal: AbortSignal,
 *             quietly: (change: () => void) => void}} Page */

const REST = 600, LEAVE = 250;                      // milliseconds
const STYLE = `
  :host { all: initial !important; display: block !important; position: fixed !important; z-index: 2147483647 !important; }
  div { position: fixed; box-sizing: border-box; max-inline-size: min(36rem, calc(100vw - 1rem));
        max-block-size: 40vh; overflow: auto; padding: 0.5em 0.75em;
        border: 1px solid GrayText; border-radius: 6px; box-shadow: 0 2px 12px rgb(0 0 0 / 0.25);
        font: 0.875rem/1.45 system-ui, sans-serif; white-space: pre-line; overflow-wrap: break-word;
        color-scheme: light dark; color: CanvasText; background: Canvas; }`;

export class OriginalOnHover {
  #document;
  #page;
  /** @type {HTMLElement | undefined} */
  #host;
  /** @type {Block[]} */
  #shown = [];
  /** @type {Block[]} */
  #next = [];
  #timer = 0;
  /** Whose description it is, and what that was. @type {{element: Element, before: string | null} | undefined} */
  #described;

  /** @param {Document} document @param {Page} page */
  constructor(document, page) {
    this.#document = document;
    this.#page = page;
    const passive = { capture: true, passive: true, signal: page.signal };
    document.addEventListener('pointerover', (event) => this.#point(event), passive);
    document.documentElement.addEventListener('pointerleave', () => this.#plan([]), passive);
    document.addEventListener('focusin', (event) => this.#focus(event), passive);
    document.addEventListener('focusout', () => this.#hide(), passive);
    document.addEventListener('keydown', ({ key }) => { if (key === 'Escape') this.#hide(); }, passive);
    for (const typing of ['beforeinput', 'input'])         // a box over a form would cover the label of the next field
      document.addEventListener(typing, () => this.#hide(), passive);
    document.addEventListener('scroll', (event) => { if (this.#host && event.target !== this.#host) this.#hide(); }, passive);
    page.signal.addEventListener('abort', () => this.#hide());
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const path = event.composedPath();
    if (event.pointerType === 'touch' || event.buttons) this.#hide();
    else if (this.#host && path.includes(this.#host)) this.#plan(this.#shown);
    else this.#plan(this.#blocksIn(path));
  }

  /** @param {FocusEvent} event */
  #focus(event) {
    const path = event.composedPath(), element = /** @type {Element} */ (path[0]);
    if (element.matches?.(':focus-visible')) this.#plan(this.#blocksIn(path), element);
  }

  /** The translated blocks that an event is in.  @param {EventTarget[]} path from the inside out @returns {Block[]} */
  #blocksIn(path) {
    for (let i = 0; i < path.length; i++) {
      const blocks = this.#page.blocksOf(/** @type {Node} */ (path[i])).filter(({ state }) => state === 'done');
      const inner = /** @type {Node} */ (path[i - 1]), exact = blocks.filter(({ root }) => root.nodes.includes(inner));
      if (blocks.length) return exact.length ? exact : i ? [] : blocks;
    }
    return [];
  }

  /** @param {Block[]} blocks @param {Element} [described] */
  #plan(blocks, described) {
    const same = (/** @type {Block[]} */ others) =>
      blocks.length === others.length && blocks.every((block, i) => block === others[i]);
    if (same(this.#next) && !described) return;
    this.#next = blocks;
    clearTimeout(this.#timer);
    if (same(this.#shown) && !described) return;
    this.#timer = window.setTimeout(() => {
      if (blocks.length) this.#show(blocks, described);
      else this.#hide();
    }, blocks.length ? REST : LEAVE);
  }

  /** @param {Block[]} blocks @param {Element} [described] */
  #show(blocks, described) {
    this.#hide();
    const text = blocks.map((block) => originalOf(block, this.#page.originals)).join('\n');
    const { element } = blocks[0];
    if (!element.isConnected) return;
    [this.#shown, this.#next] = [blocks, blocks];
    this.#page.quietly(() => {
      const host = this.#host = this.#document.createElement('div');
      host.id = uniqueId('dolmetsch-original');
      setAttributes(host, { role: 'tooltip', translate: 'no', dir: 'auto', lang: this.#page.language ?? '' });
      host.textContent = text;
      const box = this.#boxIn(host);
      this.#document.body.append(host);
      if ('popover' in host) {                      // above whatever else there is
        host.setAttribute('popover', 'manual');
        host.showPopover();
      }
      putBeside(box, element);
      if (described) this.#describe(described, host.id);
    });
  }

  #hide() {
    clearTimeout(this.#timer);
    [this.#shown, this.#next] = [[], []];
    if (!this.#host) return;
    this.#page.quietly(() => {
      this.#host?.remove();
      this.#host = undefined;
      const { element, before } = this.#described ?? {};
      if (before) element?.setAttribute('aria-describedby', before);
      else element?.removeAttribute('aria-describedby');
      this.#described = undefined;
    });
  }

  /** A box in a shadow root, out of reach of the page's style; by a style sheet that a strict CSP allows.
   *  @param {HTMLElement} host */
  #boxIn(host) {
    const shadow = host.attachShadow({ mode: 'open' }), view = /** @type {any} */ (this.#document.defaultView);
    const sheet = new view.CSSStyleSheet(), box = this.#document.createElement('div');
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    box.append(this.#document.createElement('slot'));
    shadow.append(box);
    return box;
  }

  /** @param {Element} element @param {string} id */
  #describe(element, id) {
    const before = element.getAttribute('aria-describedby');
    this.#described = { element, before };
    element.setAttribute('aria-describedby', before ? `${before} ${id}` : id);
  }
}

/** A block as its author wrote it.  @param {Block} block @param {Originals} originals */
function originalOf({ root }, originals) {
  /** @type {(span: LiveSpan) => string} */
  const textOf = (span) => (span.opaque ? span.node.textContent ?? '' : span.nodes.map((node) => {
    const inner = span.children.find((child) => child.node === node);
    return inner ? textOf(inner) : node.nodeType === 3 ? originals.text(/** @type {Text} */ (node)) : '';
  }).join(''));
  return textOf(root).replace(/\s+/g, ' ').trim();
}

/** Below the element, or above it where there is no room.  @param {HTMLElement} box @param {Element} element */
function putBeside(box, element) {
  const view = /** @type {Window} */ (element.ownerDocument.defaultView), at = element.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect(), gap = 6;
  const below = at.bottom + gap + height <= view.innerHeight || at.top < height + gap;
  const top = below ? Math.min(at.bottom + gap, view.innerHeight - height - gap) : at.top - gap - height;
  box.style.top = `${Math.max(gap, top)}px`;
  box.style.left = `${Math.max(gap, Math.min(at.left, view.innerWidth - width - gap))}px`;
}
