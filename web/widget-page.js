/** <dolmetsch-page>: offers to translate the page it stands in, and gives it back.  Attributes in, events out; until somebody
 *  asks, it has fetched a list of models and nothing else.  widget-view.js draws it, page.js translates. */

import { sizeOf } from './widget-size.js';
import { faultOf, textsFor } from './widget-texts.js';
import { PageView } from './widget-view.js';

/** @typedef {'idle' | 'loading' | 'translating' | 'done' | 'error'} State
 *  @typedef {import('./translator.js').Translator} Translator
 *  @typedef {import('./page.js').Handle} Translation */

/** Where there is no DOM the class can be imported, not used. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? Object);

/**
 * <dolmetsch-page from="en" to="de">
 *   <a href="/de/">Auf Deutsch</a>          a button, a link or <details> of the page's own; there before the script is
 * </dolmetsch-page>
 *
 * attributes  from   the language of the page; that of <html lang> unless given, else en
 *             to     the language that it is to be read in
 *             model  a folder of models/index.json, or the address of one; the best for the two languages unless given
 *             base   the folder of engine.wasm and models/; that of this file unless given
 *             state  'idle' | 'loading' | 'translating' | 'done' | 'error', set by the element
 * methods     start(), restore()
 * events      dolmetsch-state {state}, dolmetsch-progress {state, done, total}, dolmetsch-error {error}; they bubble
 */
export class DolmetschPage extends Base {
  static observedAttributes = ['from', 'to', 'model', 'base'];

  /** @type {PageView | undefined} */
  #view;
  /** @type {State} */
  #state = 'idle';
  /** Of the last start(); aborted when it no longer counts. */
  #run = new AbortController();
  /** @type {Translator | undefined} */
  #translator;
  /** @type {Translation | undefined} */
  #translation;
  /** Something that came later stayed in the original. */
  #left = false;
  #stale = false;

  get from() { return this.getAttribute('from') ?? (document.documentElement.lang || 'en'); }
  set from(value) { this.setAttribute('from', value); }
  get to() { return this.getAttribute('to') ?? ''; }
  set to(value) { this.setAttribute('to', value); }
  get model() { return this.getAttribute('model') ?? ''; }
  set model(value) { this.setAttribute('model', value); }
  get base() { return this.hasAttribute('base') ? new URL(`${this.getAttribute('base')}`, document.baseURI).href : ''; }
  set base(value) { this.setAttribute('base', value); }
  get state() { return this.#state; }

  connectedCallback() {
    if (!this.hasAttribute('translate')) this.setAttribute('translate', 'no');
    if (this.#view) return;                         // moved within the page
    this.#view = new PageView(this, (action) => (action === 'start' ? this.start() : this.restore()));
    const asked = this.querySelector('details[open]');         // somebody clicked before this script had come
    this.#reset();
    if (asked) this.start();
  }

  disconnectedCallback() {
    queueMicrotask(() => { if (!this.isConnected) this.#letGo(); });
  }

  /** @param {string} _ @param {string | null} before @param {string | null} value */
  attributeChangedCallback(_, before, value) {
    if (!this.#view || before === value || this.#stale) return;
    this.#stale = true;                             // several in one go are one change
    queueMicrotask(() => {
      this.#stale = false;
      this.#letGo();
      this.#reset();
    });
  }

  /** Loads what it takes and translates the page.  Does nothing while it is at it, or done.  Settles when the page is
   *  translated, given back or failed; never rejects: the state and the events tell. */
  async start() {
    if (this.#state !== 'idle' && this.#state !== 'error') return;
    const run = this.#run = new AbortController();
    this.#left = false;
    this.#become('loading');
    try {
      if (!this.to) throw new TypeError('<dolmetsch-page> needs the attribute "to"');
      const [{ Translator }, { translatePage }] = await modules();
      run.signal.throwIfAborted();
      this.#translator ??= await this.#create(Translator, run.signal);
      this.#translation?.restore();
      this.#become('translating');
      this.#translation = translatePage(document, this.#translator, { lang: this.to, observe: true, attributes: true,
        hover: true, onProgress: ({ done, total }) => this.#tell(run.signal, done, total),
        onError: (error) => this.#missed(run.signal, error) });
      await this.#translation.finished;
      if (!run.signal.aborted) this.#become('done');
    } catch (error) {
      if (!run.signal.aborted) this.#fail(error);
    }
  }

  /** Gives the page back as it was; while the translator is loading, ends that.  Settles when all of the page is back. */
  async restore() {
    if (this.#state === 'idle') return;
    const restored = this.#end();
    this.#become('idle');
    await restored;
  }

  #end() {
    this.#run.abort(new DOMException('the page was given back', 'AbortError'));
    const restored = this.#translation?.restore();
    this.#translation = undefined;
    return restored;
  }

  /** The page as it was, and nothing kept. */
  #letGo() {
    this.#end();
    this.#translator?.destroy();
    this.#translator = undefined;
    this.#become('idle');
  }

  /** The words of its languages, and what a click would fetch. */
  async #reset() {
    const { from, to, model, base } = this, view = /** @type {PageView} */ (this.#view);
    view.texts = textsFor(to);
    view.size(undefined);                           // what was said is of another model, in another language
    this.#become('idle');
    const size = await sizeOf({ models: new URL('models/', base || import.meta.url).href, from, to, model });
    if (this.to === to && this.from === from && this.model === model && this.base === base) view.size(size);
  }

  /** A translator that outlives the signal, which is for its download alone.
   *  @param {typeof import('./translator.js').Translator} Translator @param {AbortSignal} signal */
  async #create(Translator, signal) {
    const { from, to, model, base } = this, download = new AbortController();
    if (base) {
      Translator.engine = base;
      Translator.models = new URL('models/', base);
    }
    const abort = () => download.abort(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      return await Translator.create({ sourceLanguage: from, targetLanguage: to, model: model || undefined,
        signal: download.signal, monitor: (monitor) => monitor.addEventListener('downloadprogress', (event) => {
          const { bytes: done, totalBytes: total } = /** @type {any} */ (event);
          if (total) this.#tell(signal, done, total);
        }) });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Of what the page added when it was done; until then `finished` rejects.
   *  @param {AbortSignal} signal @param {unknown} error */
  #missed(signal, error) {
    if (signal.aborted || this.#state !== 'done') return;
    this.#left = true;
    this.#become('done');
    this.#send('error', { error });
  }

  /** @param {any} error */
  #fail(error) {
    this.#run.abort(error);
    this.#view?.fault(faultOf(error), `${error?.message ?? error} (${error?.cause?.code ?? error?.name ?? 'error'})`);
    this.#become('error');
    this.#send('error', { error });
  }

  /** @param {State} state */
  #become(state) {
    const changed = state !== this.#state;
    this.#state = state;
    this.setAttribute('state', state);
    this.#view?.show(state, { to: this.to, left: this.#left, partly: Boolean(this.#translation) });
    if (changed) this.#send('state', { state });
  }

  /** @param {AbortSignal} signal @param {number} done @param {number} total */
  #tell(signal, done, total) {
    if (signal.aborted) return;
    this.#view?.progress(this.#state, done, total);
    this.#send('progress', { state: this.#state, done, total });
  }

  /** @param {string} what @param {object} detail */
  #send(what, detail) {
    this.dispatchEvent(new CustomEvent(`dolmetsch-${what}`, { bubbles: true, composed: true, detail }));
  }
}

/** What a click needs.  Firefox remembers of a module that it did not come: the second attempt has another address.
 *  @returns {Promise<[typeof import('./translator.js'), typeof import('./page.js')]>} */
async function modules() {
  try {
    return await Promise.all([import('./translator.js').catch(() => anew('translator.js')),
                              import('./page.js').catch(() => anew('page.js'))]);
  } catch (error) {
    throw error instanceof TypeError ? Object.assign(error, { unreachable: true }) : error;
  }
}
const anew = (/** @type {string} */ name) => import(new URL(`${name}?${Date.now()}`, import.meta.url).href);
