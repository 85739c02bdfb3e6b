/** <dolmetsch-page>: offers to translate the page it stands in, and gives it back.  Attributes in, events out; until somebody
 *  asks, it has fetched a list of models and nothing else.  widget-run.js does it, for all of them; widget-view.js draws it. */

import { pageRun } from './widget-run.js';
import { sizeOf } from './widget-size.js';
import { faultOf, textsFor } from './widget-texts.js';
import { PageView } from './widget-view.js';

/** @typedef {import('./widget-run.js').State} State
 *  @typedef {import('./widget-run.js').Part} Part */

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
  /** An attribute has changed, and nothing else has yet. */
  #stale = false;
  #part = this.#asPart();

  get from() { return this.getAttribute('from') ?? pageRun.lang; }
  set from(value) { this.setAttribute('from', value); }
  get to() { return this.getAttribute('to') ?? ''; }
  set to(value) { this.setAttribute('to', value); }
  get model() { return this.getAttribute('model') ?? ''; }
  set model(value) { this.setAttribute('model', value); }
  get base() { return addressOf(this.getAttribute('base') ?? ''); }
  set base(value) { this.setAttribute('base', value); }
  get state() { return this.#state; }

  connectedCallback() {
    if (!this.hasAttribute('translate')) this.setAttribute('translate', 'no');
    if (this.#view) return pageRun.join(this.#part);           // moved, or back in the page
    this.#view = new PageView(this, (action) => (action === 'start' ? this.start() : this.restore()));
    const asked = this.querySelector('details[open]');         // somebody clicked before this script had come
    this.#reset();
    pageRun.join(this.#part);
    if (asked) this.start();
  }

  disconnectedCallback() {
    queueMicrotask(() => { if (!this.isConnected) pageRun.leave(this.#part); });
  }

  /** @param {string} _ @param {string | null} before @param {string | null} value */
  attributeChangedCallback(_, before, value) {
    if (!this.#view || before === value || this.#stale) return;
    this.#stale = true;                             // several in one go are one change
    queueMicrotask(() => this.#apply());
  }

  /** Loads what it takes and translates the page.  Settles when the page is translated, given back or failed, also when it is
   *  under way or done; never rejects: the state and the events tell.  @returns {Promise<void>} */
  start() {
    this.#apply();
    return pageRun.start(this.#part);
  }

  /** Gives the page back as it was; while the translator is loading, ends that.  Settles when all of the page is back.
   *  @returns {Promise<void>} */
  restore() {
    this.#apply();
    return pageRun.restore(this.#part);
  }

  /** Takes in what the attributes say now, before anything is done by what they said. */
  #apply() {
    if (!this.#stale) return;
    this.#stale = false;
    pageRun.leave(this.#part);
    this.#reset();
    if (this.isConnected) pageRun.join(this.#part);
  }

  /** The words of its languages, and what a click would fetch. */
  async #reset() {
    const { from, to, model, base } = this, view = /** @type {PageView} */ (this.#view);
    view.texts = textsFor(to);
    view.size(undefined);                           // what was said is of another model, in another language
    this.#show();
    const size = await sizeOf({ models: new URL('models/', base || import.meta.url).href, from, to, model });
    if (this.to === to && this.from === from && this.model === model && this.base === base) view.size(size);
  }

  /** @returns {Part} */
  #asPart() {
    const element = this;
    return {
      get wish() {
        const { from, to, model, base } = element;
        return { from, to, model, base };
      },
      show: () => this.#show(),
      progress: (done, total) => {
        this.#view?.progress(this.#state, done, total);
        this.#send('progress', { state: this.#state, done, total });
      },
      fault: (error) => this.#send('error', { error }),
    };
  }

  /** What goes on, as far as it is about this one. */
  #show() {
    const before = this.#state, state = this.#state = pageRun.has(this.#part) ? pageRun.state : 'idle';
    const { error, left, partly } = pageRun, view = this.#view;
    this.setAttribute('state', state);
    if (state === 'error')
      view?.fault(faultOf(error), `${error?.message ?? error} (${error?.cause?.code ?? error?.name ?? 'error'})`);
    view?.show(state, { to: this.to, left, partly });
    if (state !== before) this.#send('state', { state });
  }

  /** @param {string} what @param {object} detail */
  #send(what, detail) {
    this.dispatchEvent(new CustomEvent(`dolmetsch-${what}`, { bubbles: true, composed: true, detail }));
  }
}

/** @param {string} base what is no address stays as it is, for the message when it is used */
function addressOf(base) {
  try {
    return base && new URL(base, document.baseURI).href;
  } catch {
    return base;
  }
}
