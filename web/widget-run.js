/** The translation of the page, which all <dolmetsch-page> in it share: there is one page, so there is one translation, and who
 *  wants the same takes part in it.  Knows no buttons: widget-page.js shows what it is told here. */

import { canonicalise } from './languages.js';

/** @typedef {'idle' | 'loading' | 'translating' | 'done' | 'error'} State
 *  @typedef {import('./translator.js').Translator} Translator
 *  @typedef {import('./page.js').Handle} Translation
 *  @typedef {{from: string, to: string, model: string, base: string}} Wish
 *  @typedef {{readonly wish: Wish, show(): void, progress(done: number, total: number): void, fault(error: unknown): void}} Part
 *    an element.  show(): what can be read here has changed */

class PageRun {
  /** @type {State} */
  state = 'idle';
  /** What failed, in the state `error`. @type {any} */
  error;
  /** Something that came later stayed in the original. */
  left = false;
  /** @type {Set<Part>} */
  #all = new Set();
  /** Those that want what is translated, or was last. @type {Set<Part>} */
  #parts = new Set();
  /** @type {Wish | undefined} */
  #wish;
  /** Of the last start; aborted when it no longer counts. */
  #run = new AbortController();
  /** @type {Promise<void>} */
  #started = Promise.resolve();
  /** @type {Promise<void>} */
  #restored = Promise.resolve();
  /** @type {Translator | undefined} */
  #translator;
  /** @type {Translation | undefined} */
  #translation;
  /** What <html> said of its language, and what a translation wrote there. @type {{own: string, written: string} | undefined} */
  #said;

  /** The language of the page as its author has it, also while it is translated. */
  get lang() {
    try {
      return canonicalise(this.#ownLang.replaceAll('_', '-'));           // en_US is a common mistake
    } catch {
      return 'en';
    }
  }

  get #ownLang() {
    const { lang } = document.documentElement;
    return this.#said?.written === lang ? this.#said.own : lang;
  }

  /** Something of the page is translated. */
  get partly() { return Boolean(this.#translation); }

  /** It takes part in what is under way, or was last.  @param {Part} part */
  has(part) { return this.#parts.has(part); }

  /** An element has come, or wants something else than before.  @param {Part} part */
  join(part) {
    if (this.#all.has(part)) return;
    this.#all.add(part);
    if (this.#wish && isSame(part.wish, this.#wish)) this.#parts.add(part);
    part.show();
  }

  /** The last one that wants what is there gives the page back, and keeps nothing.  @param {Part} part */
  leave(part) {
    this.#all.delete(part);
    if (!this.#parts.delete(part)) return;
    if (!this.#parts.size) this.#letGo();
    part.show();
  }

  /** Translates the page as this one wants it, unless it is, or is about to be.  Settles when it is, or is given back, or the
   *  translation has failed; never rejects.  @param {Part} part @returns {Promise<void>} */
  start(part) {
    const resting = this.state === 'idle' || this.state === 'error';
    if (this.has(part) && !resting) return this.#started;
    const { wish } = part;
    if (!this.has(part) || !this.#wish || !isSame(wish, this.#wish)) this.#turnTo(wish, part);
    return this.#started = this.#begin(wish);
  }

  /** Gives the page back, if this one takes part; while something is fetched, ends that.  Settles when all is back.
   *  @param {Part} part @returns {Promise<void>} */
  restore(part) {
    if (this.has(part) && this.state !== 'idle') this.#end();
    return this.#restored;
  }

  /** Something else is wanted.  @param {Wish} wish @param {Part} part */
  #turnTo(wish, part) {
    this.#letGo();
    this.#wish = wish;
    this.#parts = new Set([part, ...[...this.#all].filter((other) => isSame(other.wish, wish))]);
  }

  /** @param {Wish} wish */
  async #begin(wish) {
    const { signal } = this.#run = new AbortController();
    this.left = false;
    this.#become('loading');
    try {
      if (!wish.to) throw new TypeError('<dolmetsch-page> needs the attribute "to"');
      const [{ Translator }, { translatePage }] = await modules();
      signal.throwIfAborted();
      const translator = await this.#translatorFor(wish, Translator, signal);
      this.#giveBack();                             // of an attempt that failed
      await this.#restored;
      signal.throwIfAborted();
      this.#become('translating');
      this.#said = { own: this.#ownLang, written: wish.to };
      this.#translation = translatePage(document, translator, { lang: wish.to, observe: true, attributes: true, hover: true,
        onProgress: ({ done, total }) => this.#tell(signal, done, total), onError: (error) => this.#missed(signal, error) });
      await this.#translation.finished;
      if (!signal.aborted) this.#become('done');
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
    if (signal.aborted) await this.#restored;
  }

  /** One that outlives the signal, which is for its download alone.
   *  @param {Wish} wish @param {typeof import('./translator.js').Translator} Translator @param {AbortSignal} signal */
  async #translatorFor({ from, to, model, base }, Translator, signal) {
    if (this.#translator) return this.#translator;
    if (base) {
      Translator.engine = base;
      Translator.models = new URL('models/', base);
    }
    const download = new AbortController(), abort = () => download.abort(signal.reason);
    signal.addEventListener('abort', abort);
    const translator = await Translator.create({ sourceLanguage: from, targetLanguage: to, model: model || undefined,
      signal: download.signal, monitor: (monitor) => monitor.addEventListener('downloadprogress', (event) => {
        const { bytes: done, totalBytes: total } = /** @type {any} */ (event);
        if (total) this.#tell(signal, done, total);
      }) }).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) translator.destroy();
    signal.throwIfAborted();
    return this.#translator = translator;
  }

  #giveBack() {
    const translation = this.#translation;
    this.#translation = undefined;
    if (translation) this.#restored = translation.restore().finally(() => { this.#said = undefined; });
  }

  #end() {
    this.#run.abort(new DOMException('the page was given back', 'AbortError'));
    this.#giveBack();
    this.#become('idle');
  }

  /** The page as it was, and nothing kept. */
  #letGo() {
    this.#end();
    this.#translator?.destroy();
    this.#translator = this.#wish = undefined;
  }

  /** Of what the page added when it was done; until then `finished` rejects.
   *  @param {AbortSignal} signal @param {unknown} error */
  #missed(signal, error) {
    if (signal.aborted || this.state !== 'done') return;
    this.left = true;
    this.#become('done');
    for (const part of this.#parts) part.fault(error);
  }

  /** @param {any} error */
  #fail(error) {
    if (this.#translation && error?.name === 'AbortError') {            // by another translatePage(): nothing is amiss
      this.#translation = undefined;
      return this.#become('idle');
    }
    this.#run.abort(error);
    this.error = error;
    this.#become('error');
    for (const part of this.#parts) part.fault(error);
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    for (const part of this.#parts) part.show();
  }

  /** @param {AbortSignal} signal @param {number} done @param {number} total */
  #tell(signal, done, total) {
    if (signal.aborted) return;
    for (const part of this.#parts) part.progress(done, total);
  }
}

export const pageRun = new PageRun();

/** @param {Wish} a @param {Wish} b */
const isSame = (a, b) => a.from === b.from && a.to === b.to && a.model === b.model && a.base === b.base;

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
