/** <dolmetsch-attention>: a detailed result as overlay.js draws it, with its looks, in a shadow root.  Attributes in, events
 *  out; overlay.js is loaded when there is something to show. */

import { el } from './dom.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {import('./overlay.js').Overlay} Overlay
 *  @typedef {{architecture?: string}} Model */

const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? Object);

/** The attributes of a choice; overlay.js makes of them what can be shown. */
const CHOICE = ['tab', 'kind', 'layer', 'head', 'sentence', 'zoom', 'pieces'];

/**
 * <dolmetsch-attention src="result.json" tab="matrix"></dolmetsch-attention>
 *
 * attributes  src       a detailed result as JSON: a line of translate.mjs --attention
 *             from, to  the languages of the texts; en and de unless given
 *             tab, kind, layer, head, sentence, zoom, pieces    what is on show: see Choice in types.d.ts; they count from 0
 * properties  result    the same, as an object;  choice    what is on show now
 * method      show(result, model): with Translator's info of the model, as far as it is known
 * events      dolmetsch-choice {choice}, dolmetsch-point {point}, dolmetsch-error {error}; they bubble
 */
export class DolmetschAttention extends Base {
  static observedAttributes = ['src', 'from', 'to', ...CHOICE];

  /** @type {Promise<Overlay> | undefined} */
  #overlay;
  /** @type {Overlay | undefined} */
  #shown;
  /** @type {Detailed | null} */
  #result = null;
  /** @type {Model} */
  #model = {};
  #said = el('p', { part: 'error', role: 'alert', hidden: true });
  #turn = 0;
  #asking = false;

  get src() { return this.getAttribute('src') ?? ''; }
  set src(value) { this.setAttribute('src', value); }
  get result() { return this.#result; }
  set result(result) { this.show(result); }
  /** What is on show now. @type {Choice | undefined} */
  get choice() { return this.#shown?.choice; }

  connectedCallback() {
    if (this.src && !this.#result) this.#fetch();
    else this.#draw();
  }

  /** @param {string} name @param {string | null} before @param {string | null} value */
  attributeChangedCallback(name, before, value) {
    if (before === value || !this.isConnected) return;
    if (name === 'src') this.#fetch();
    else if (name === 'from' || name === 'to') {
      this.#overlay = undefined;
      this.#draw();
    } else this.#overlay?.then((overlay) => this.#ask(overlay));
  }

  /** @param {Detailed | null} result null: nothing to show  @param {Model} [model] */
  show(result, model = {}) {
    this.#turn++;
    this.#result = result;
    this.#model = model;
    this.#say('');
    return this.#draw();
  }

  async #fetch() {
    const turn = ++this.#turn, { src } = this;
    if (!src) return this.show(null);
    try {
      const response = await fetch(new URL(src, document.baseURI));
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const result = check(await response.json());
      if (turn === this.#turn) await this.show(result);
    } catch (/** @type {any} */ error) {
      if (turn === this.#turn) this.#fail(`${src}: ${error?.message ?? error}`, error);
    }
  }

  async #draw() {
    if (!this.isConnected || (!this.#result && !this.#overlay)) return;
    const turn = this.#turn;
    try {
      const overlay = await (this.#overlay ??= this.#open());
      if (turn === this.#turn) overlay.show(this.#result, this.#model);
    } catch (/** @type {any} */ error) {
      this.#overlay = undefined;
      this.#fail(String(error?.message ?? error), error);
    }
  }

  /** The shadow root's contents: the overlay once its looks are there. */
  async #open() {
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: 'open' }), root = el('div', { part: 'overlay', hidden: true });
    const looks = el('link', { rel: 'stylesheet', href: new URL('overlay.css', import.meta.url).href });
    const ready = new Promise((resolve) => { looks.onload = looks.onerror = resolve; });
    shadow.replaceChildren(looks, this.#said, root);
    const [{ Overlay }] = await Promise.all([import('./overlay.js'), ready]);
    const languages = { source: this.getAttribute('from') ?? 'en', target: this.getAttribute('to') ?? 'de' };
    const overlay = new Overlay(root, { languages,
      onPoint: (point) => this.#send('point', { point }),
      onChoice: (choice) => { if (!this.#asking) this.#send('choice', { choice }); } });
    this.#ask(overlay);
    return this.#shown = overlay;
  }

  /** Shows what the attributes ask for; the events tell of visitors' choices alone.  @param {Overlay} overlay */
  #ask(overlay) {
    const asked = Object.fromEntries(CHOICE.map((name) => [name, this.getAttribute(name) ?? undefined]));
    this.#asking = true;
    overlay.choose({ ...asked, pieces: this.hasAttribute('pieces') });
    this.#asking = false;
  }

  /** @param {string} words @param {unknown} error */
  #fail(words, error) {
    if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).append(this.#said);
    this.#say(`This translation could not be shown. ${words}`);
    this.#send('error', { error });
  }

  /** @param {string} words */
  #say(words) {
    this.#said.textContent = words;
    this.#said.hidden = !words;
  }

  /** @param {string} what @param {object} detail */
  #send(what, detail) {
    this.dispatchEvent(new CustomEvent(`dolmetsch-${what}`, { bubbles: true, composed: true, detail }));
  }
}

/** As much as overlay.js relies on.  @param {any} result @returns {Detailed} */
function check(result) {
  const tokens = (/** @type {any} */ list) => Array.isArray(list) && list.every((token) => typeof token?.text === 'string');
  const good = Array.isArray(result?.sentences) && result.sentences.every((/** @type {any} */ { source, target, alignment }) =>
    tokens(source) && tokens(target) && Array.isArray(alignment) && [0, target.length].includes(alignment.length)
    && alignment.every((row) => row?.length === source.length));
  if (!good) throw new TypeError('it is no detailed result');
  return result;
}
