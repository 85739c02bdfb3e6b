/** Translates a page in place:  const page = translatePage(document, translator);  await page.finished;  page.restore();
 *  Elements are moved and texts changed, nothing is made anew, and what the model says never becomes HTML.
 *  Here is the order of things; reading, placing, writing and watching have rooms of their own: page-*.js. */

import { answersTo, partsOf } from './page-again.js';
import { Reader } from './page-blocks.js';
import { OriginalOnHover } from './page-hover.js';
import { Languages } from './page-language.js';
import { Originals } from './page-originals.js';
import { Queue } from './page-queue.js';
import { isUntouched } from './page-rules.js';
import { ReadersSelection } from './page-selection.js';
import { nodesOnShow } from './page-shown.js';
import { Watch } from './page-watch.js';
import { isCurrent, writeBlock } from './page-write.js';
import { inSlices } from './turn.js';

/** @typedef {import('./page-types.d.ts').Unit} Unit
 *  @typedef {import('./page-types.d.ts').Block} Block
 *  @typedef {import('./page-types.d.ts').LiveSpan} LiveSpan
 *  @typedef {import('./page-types.d.ts').Attribute} Attribute
 *  @typedef {import('./page-types.d.ts').Found} Found
 *  @typedef {import('./page-types.d.ts').Translation} Translation
 *  @typedef {import('./page-types.d.ts').PageTranslator} PageTranslator
 *  @typedef {import('./page-again.js').Answer} Answer
 *  @typedef {{signal?: AbortSignal, lang?: string, observe?: boolean, attributes?: boolean, hover?: boolean,
 *             onProgress?: (progress: {done: number, total: number}) => void, onError?: (error: unknown) => void}} Options
 *  @typedef {{finished: Promise<void>, progress: {done: number, total: number},
 *             restore(): Promise<void>, stop(): void}} Handle */

/** Steps between two turns of the event loop: containers read, texts written. */
const READ = 100, WRITE = 25;
const CALLS = 2;                                    // to the translator at a time: one works while one is written
const KEPT = 2000;                                  // translations, for what the page writes again

/** What each root was before, so that a second translation starts from the original. @type {WeakMap<Node, Originals>} */
const originalsOf = new WeakMap();
/** @type {WeakMap<Node, PageTranslation>} */
const running = new WeakMap();

/** @param {Document | Element | ShadowRoot} root @param {PageTranslator} translator @param {Options} [options]
 *  @returns {Handle} */
export function translatePage(root, translator, options = {}) {
  if (![1, 9, 11].includes(root?.nodeType)) throw new TypeError('translatePage: root is no document, element or shadow root');
  if (typeof translator?.translateDetailed !== 'function')
    throw new TypeError('translatePage: the translator has no translateDetailed');
  running.get(root)?.stop();
  const page = new PageTranslation(root, translator, options);
  running.set(root, page);
  page.finished.catch(() => {});                    // whoever wants to know awaits it, or has onError
  return page;
}

class PageTranslation {
  progress = { done: 0, total: 0 };
  /** @type {Promise<void>} */
  finished;
  #root;
  #whole;                                           // a page, not a part of one
  #translator;
  #options;
  #originals;
  #reader;
  #queue = new Queue(() => this.#pump());
  /** @type {Watch | undefined} */
  #watch;
  #ended = new AbortController();
  #selection;
  /** @type {(error?: unknown) => void} */
  #settle = () => {};
  #calls = 0;
  /** Units of the first pass that are not done. @type {Set<Unit> | undefined} */
  #first = new Set();
  #languages;
  #reading = true;
  /** @type {WeakMap<Node, Block[]>} */
  #blocks = new WeakMap();
  /** @type {WeakMap<Element, Map<string, Attribute>>} */
  #attributes = new WeakMap();
  /** @type {Map<string, Translation>} */
  #kept = new Map();

  /** @param {Document | Element | ShadowRoot} root @param {PageTranslator} translator @param {Options} options */
  constructor(root, translator, options) {
    this.#root = root;
    this.#whole = [this.#document, this.#document.documentElement, this.#document.body].includes(/** @type {any} */ (root));
    this.#translator = translator;
    this.#options = { lang: translator.targetLanguage, observe: true, attributes: true, hover: true, ...options };
    this.#originals = originalsOf.get(root) ?? new Originals();
    originalsOf.set(root, this.#originals);
    this.#reader = new Reader(this.#originals, translator.sourceLanguage);
    this.finished = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#languages = new Languages(root, this.#options.lang, this.#originals);
    this.#selection = new ReadersSelection(this.#document, this.#ended.signal);
    const { signal } = this.#options, abort = () => this.#end(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true, signal: this.#ended.signal });
    if (this.#options.observe) this.#watch = new Watch(this.#originals, (nodes, turned) => this.#readAgain(nodes, turned));
    if (signal?.aborted) abort();
    else this.#start();
  }

  /** Leaves the page as it is now. */
  stop() { this.#end(new DOMException('the translation of the page was stopped', 'AbortError')); }

  /** Puts the page back, node for node: at once what is on show, and all of a small page; the rest of a large one frame by
   *  frame.  Settles when all is back. */
  restore() {
    this.stop();
    return this.#originals.restore(nodesOnShow(this.#root), this.#languages.rootOf(this.#document.documentElement));
  }

  /** @param {unknown} reason */
  #end(reason) {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(reason);
    this.#watch?.close();
    this.#queue.close();
    if (running.get(this.#root) === this) running.delete(this.#root);
    this.#settle(reason);
  }

  get #document() { return this.#root.ownerDocument ?? /** @type {Document} */ (this.#root); }

  /* ---- reading ---- */

  async #start() {
    try {
      const root = this.#root, document = this.#document;
      if (this.#originals.restoring) await this.#originals.restoring;       // of a translation before this one
      if (this.#ended.signal.aborted) return;
      this.#watch?.add(this.#whole ? document : root);
      this.#showOriginals(document);
      await this.#read(this.#whole ? titleAndBody(document) : [root]);
    } catch (error) {
      this.#fail(error);
    }
    this.#reading = false;
    this.#queue.start(this.#document);
    this.#pump();
  }

  /** Containers, and those in them that are new.  @param {Node[]} containers */
  async #read(containers) {
    const stack = [...containers].reverse();
    await inSlices(() => {
      const container = stack.pop();
      if (!container || this.#ended.signal.aborted) return false;
      const found = this.#reader.read(this.#entered(container));
      this.#takeIn(found);
      stack.push(...found.inside.filter((inner) => !this.#blocks.has(inner)).reverse());
      return stack.length > 0;
    }, READ, () => this.#tell());
    this.#pump();
  }

  /** Documents and shadow roots are watched apart.  @param {Node} container */
  #entered(container) {
    if (this.#blocks.has(container) || container === this.#root) return container;
    if (container.nodeType === 11) this.#watch?.add(container);
    if (container.nodeType !== 9) return container;
    const document = /** @type {Document} */ (container), frame = document.defaultView?.frameElement;
    this.#watch?.add(document);
    this.#showOriginals(document);
    this.#blocks.set(document, []);
    frame?.addEventListener('load', () => {
      const now = /** @type {HTMLIFrameElement} */ (frame).contentDocument;
      if (now) this.#read([now]);
    }, { once: true, signal: this.#ended.signal });
    return document.body ?? document;
  }

  /** @param {Document} document */
  #showOriginals(document) {
    if (!this.#options.hover || !document.documentElement) return;
    new OriginalOnHover(document, { originals: this.#originals, language: this.#translator.sourceLanguage,
      signal: this.#ended.signal, quietly: (change) => this.#quietly(change), blocksOf: (node) => this.#blocks.get(node) ?? [] });
  }

  /** @param {Found} found */
  #takeIn({ container, blocks, attributes, hidden, unready }) {
    const before = this.#blocks.get(container) ?? [];
    const now = blocks.map((block) => before.find((old) => this.#isSame(old, block)) ?? block);
    const gone = before.filter((old) => !now.includes(old)), nodes = new Set(now.flatMap(({ root }) => root.nodes));
    for (const old of gone) {
      this.#drop(old);
      if (!old.root.nodes.some((node) => nodes.has(node)))
        this.#quietly(() => this.#originals.removeMade(old.shown.map(([node]) => node)));
    }
    this.#blocks.set(container, now);
    for (const block of now) if (!before.includes(block)) this.#add(block);
    for (const attribute of attributes) this.#addAttribute(attribute);
    for (const element of hidden) this.#queue.whenShown(element, () => this.#readAgain(new Set([element])));
    for (const element of unready) customElements.whenDefined(element.localName)
      .then(() => this.#readAgain(new Set([element])), () => {});
  }

  /** @param {Block} old @param {Block} block */
  #isSame(old, block) {
    const same = old.source === block.source && old.texts.length === block.texts.length
      && old.texts.every((node, i) => node === block.texts[i]) && old.root.nodes.length === block.root.nodes.length
      && old.root.nodes.every((node, i) => node === block.root.nodes[i]);
    return same && old.state !== 'gone' && (old.state !== 'done' || old.shown.every(([node, text]) => node.data === text));
  }

  /** @param {Attribute} attribute */
  #addAttribute(attribute) {
    if (!this.#options.attributes) return;
    const { element, name, source } = attribute, known = this.#attributes.get(element) ?? new Map(), before = known.get(name);
    const written = before && this.#originals.attribute(element, name) !== element.getAttribute(name);
    if (before?.source === source && (before.state !== 'done' || written)) return;
    if (before) this.#drop(before);
    this.#attributes.set(element, known.set(name, attribute));
    this.#add(attribute);
  }

  /** @param {Unit} unit */
  #add(unit) {
    this.progress.total++;
    if (this.#reading) this.#first?.add(unit);
    this.#queue.add(unit);
  }

  /** @param {Unit} unit */
  #drop(unit) {
    if (unit.state === 'waiting' || unit.state === 'asked') this.#count(unit);
    unit.state = 'gone';
  }

  /** What the page has changed.  @param {Set<Node>} nodes @param {Set<Element>} [turned] are perhaps no longer ours */
  #readAgain(nodes, turned = new Set()) {
    const containers = new Set();
    for (const element of turned) {
      const { parentNode } = element;
      if (!parentNode || !this.#containerOf(parentNode)) continue;          // the root is ours whatever it says
      this.#quietly(() => this.#letGo(element));
      nodes.add(parentNode);
    }
    for (const node of nodes) {
      const container = this.#containerOf(node);
      if (container) containers.add(container);
      else for (const part of this.#newAt(node)) containers.add(part);
    }
    if (containers.size) this.#read([...containers]).catch((error) => this.#fail(error));
  }

  /** Puts back what is in a node, as if it had never been read.  @param {Node} node */
  #letGo(node) {
    this.#originals.restoreNode(node);
    for (const block of this.#blocks.get(node) ?? []) this.#drop(block);
    for (const attribute of this.#attributes.get(/** @type {Element} */ (node))?.values() ?? []) this.#drop(attribute);
    this.#blocks.delete(node);
    this.#attributes.delete(/** @type {Element} */ (node));
    const shadow = /** @type {Element} */ (node).shadowRoot;
    for (const inner of [...node.childNodes, ...(shadow ? [shadow] : [])]) this.#letGo(inner);
  }

  /** The container whose reading covers a node; undefined in what stays untouched.  @param {Node} node */
  #containerOf(node) {
    for (let at = /** @type {Node | null} */ (node); at; at = parentOf(at)) {
      const element = at.nodeType === 1 ? /** @type {Element} */ (at) : undefined;
      if (element && isUntouched(element, this.#originals, this.#translator.sourceLanguage)) return undefined;
      if (this.#blocks.has(at) && at.isConnected) return at;
    }
    return undefined;
  }

  /** The title and the body, where the page has put others into their places.  @param {Node} node that it changed */
  #newAt(node) {
    const { documentElement, head } = this.#document, around = [this.#document, documentElement, head];
    return this.#whole && around.includes(/** @type {any} */ (node))
      ? titleAndBody(this.#document).filter((part) => !this.#blocks.has(part)) : [];
  }

  /* ---- translating ---- */

  #pump() {
    while (this.#calls < CALLS && !this.#ended.signal.aborted) {
      const { units, priority } = this.#queue.next();
      if (!units.length) break;
      this.#ask(units, priority);
    }
    this.#finish();
  }

  /** @param {Unit[]} units @param {number} priority */
  async #ask(units, priority) {
    this.#calls++;
    for (const unit of units) unit.state = 'asked';
    try {
      const ask = (/** @type {string[]} */ sources) => this.#translationsOf(sources, priority);
      for await (const answers of answersTo(units, ask)) await this.#write(answers);
    } catch (error) {
      this.#fail(error);
    }
    this.#calls--;
    this.#pump();
  }

  /** What is kept, and the rest from the translator.  @param {string[]} sources @param {number} priority */
  async #translationsOf(sources, priority) {
    const translations = new Map(sources.map((source) => [source, this.#kept.get(source)]));
    const texts = [...translations.keys()].filter((source) => !translations.get(source));
    const results = texts.length ? await this.#translate(texts, priority) : [];
    texts.forEach((text, i) => {
      translations.set(text, results[i]);
      this.#kept.set(text, results[i]);
      if (this.#kept.size > KEPT) this.#kept.delete(/** @type {string} */ (this.#kept.keys().next().value));
    });
    return /** @type {Map<string, Translation>} */ (translations);
  }

  /** Once more if it fails: a worker that was lost is made again.  @param {string[]} texts @param {number} priority
   *  @returns {Promise<Translation[]>} */
  async #translate(texts, priority) {
    const { signal } = this.#ended;
    const ask = async () => {
      const results = await this.#translator.translateDetailed(texts, { signal, priority, attention: false });
      if (results?.length !== texts.length || results.some((result) => typeof result?.text !== 'string'))
        throw new TypeError(`the translator gave no translation for each of ${texts.length} texts`);
      return results;
    };
    try {
      return await ask();
    } catch {
      signal.throwIfAborted();
      return await ask();
    }
  }

  /* ---- writing ---- */

  /** @param {() => void} change of ours */
  #quietly(change) {
    if (this.#watch) this.#watch.quietly(change);
    else change();
  }

  /** @param {Map<Unit, Answer>} answers */
  async #write(answers) {
    const units = [...answers.keys()];
    let at = 0;
    await inSlices(() => {
      if (at >= units.length || this.#ended.signal.aborted) return false;
      const unit = units[at++];
      this.#quietly(() => {
        if (unit.state === 'asked') this.#writeOne(unit, /** @type {Answer} */ (answers.get(unit)));
      });
      return at < units.length;
    }, WRITE, () => this.#tell());
  }

  /** @param {Unit} unit @param {Answer} answer */
  #writeOne(unit, answer) {
    if (unit.kind === 'attribute') {
      const { element, name, source } = unit;
      if ((this.#originals.attribute(element, name) ?? '').trim() === source)
        this.#originals.setAttribute(element, name, answer.text);
    } else if (isCurrent(unit, this.#originals)) {
      unit.shown = writeBlock(unit, partsOf(unit, answer), this.#originals, this.#selection);
    }
    this.#languages.sayOf(unit);
    unit.state = 'done';
    this.#count(unit);
  }

  /* ---- the end ---- */

  /** @param {Unit} unit that nobody waits for any more */
  #count(unit) {
    this.progress.done++;
    this.#first?.delete(unit);
  }

  #tell() { if (!this.#ended.signal.aborted) this.#options.onProgress?.(this.progress); }

  #finish() {
    if (this.#reading || this.#first?.size || this.#ended.signal.aborted) return;
    if (this.#first) this.#quietly(() => this.#languages.end());
    this.#first = undefined;
    this.#settle();
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#ended.signal.aborted) return;
    this.#options.onError?.(error);
    if (this.#first) this.#end(error);
  }
}

/** @param {Node} node @returns {Node | null} */
const parentOf = (node) => node.parentNode ?? /** @type {ShadowRoot} */ (node).host
  ?? /** @type {Document} */ (node).defaultView?.frameElement ?? null;

/** What there is to read of a page.  @param {Document} document */
const titleAndBody = (document) => [...document.querySelectorAll(':root > head > title, :root > body')];
