/** Translator: the W3C Translator API (https://webmachinelearning.github.io/translation-api/), with the model in this
 *  page's own worker.  docs/api.md has examples and every error.
 *
 *    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
 *    await translator.translate('The dog sees the cat.')             'Der Hund sieht die Katze.'
 *    await translator.translateDetailed('The dog sees the cat.')     tokens, ranges, alignment: see types.d.ts
 *    translator.destroy()
 *
 *  Beyond the W3C's: models, engine, stored, clear; create's model, workers, coarse and shortlist; priority;
 *  translateDetailed; info; refined. */

import { clear, openStore, stored } from './cache.js';
import { CreateMonitor, Progress } from './create-monitor.js';
import { DolmetschError } from './errors.js';
import { canonicalise, chooseModel, sameLanguage } from './languages.js';
import { loadFile, readJson } from './files.js';
import { openPool } from './pool.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').ModelEntry} ModelEntry
 *  @typedef {import('./pool.js').Pool} Pool
 *  @typedef {{sourceLanguage: string, targetLanguage: string, model?: string}} CoreOptions
 *  @typedef {CoreOptions & {signal?: AbortSignal, monitor?: (monitor: CreateMonitor) => void, workers?: number,
 *             coarse?: boolean, shortlist?: boolean}} CreateOptions
 *  @typedef {{signal?: AbortSignal, priority?: number}} TranslateOptions */

export { CreateMonitor };

const { DOMException } = globalThis;                // a page that is gone has it no more
/** Nothing in it to translate. */
const BLANK = /^[\s\p{Cc}\p{Cf}]*$/u;
const PRIVATE = Symbol();
/** Downloads under way, by folder. @type {Map<string, number>} */
const downloads = new Map();

export class Translator {
  /** The folder of the models, with index.json in it. @type {string | URL} */
  static models = new URL('models/', import.meta.url);
  /** The folder of engine.wasm. @type {string | URL} */
  static engine = new URL('.', import.meta.url);

  #source;
  #target;
  /** @type {Pool | undefined} none where source and target are one language */
  #pool;
  #ended = new AbortController();

  /** @param {symbol} key @param {string} source @param {string} target @param {Pool} [pool] */
  constructor(key, source, target, pool) {
    if (key !== PRIVATE) throw new TypeError('Illegal constructor');
    this.#source = source;
    this.#target = target;
    this.#pool = pool;
  }

  /** @param {CoreOptions} options @returns {Promise<'unavailable' | 'downloadable' | 'downloading' | 'available'>} */
  static async availability(options) {
    fullyActive();
    const core = coreOf(options);
    if (policyForbids()) return 'unavailable';
    const found = await find(core);
    if (!found) return sameLanguage(core.sourceLanguage, core.targetLanguage) ? 'available' : 'unavailable';
    if (found.url.startsWith('file:')) return 'available';
    if (downloads.get(found.url)) return 'downloading';
    const store = await openStore();
    return !store.notice && await store.holds(found) ? 'available' : 'downloadable';
  }

  /** @param {CreateOptions} options @returns {Promise<Translator>} */
  static async create(options) {
    fullyActive();
    const core = coreOf(options), { monitor, workers, coarse, shortlist } = options, signal = signalOf(options);
    if (monitor !== undefined && typeof monitor !== 'function') throw new TypeError('monitor is not a function');
    signal?.throwIfAborted();
    if (policyForbids()) throw new DOMException('the permissions policy of this page forbids translators', 'NotAllowedError');
    const progress = new Progress();
    monitor?.(progress.monitor);

    const { sourceLanguage, targetLanguage } = core, same = sameLanguage(sourceLanguage, targetLanguage);
    const search = find(core, signal).then((found) => {
      if (found || same) return found;
      throw new DOMException(`no model translates from ${sourceLanguage} to ${targetLanguage}`, 'NotSupportedError');
    });
    const pool = same && !await search ? undefined : await open(search, progress, { workers, coarse, shortlist, signal });
    const found = await search;
    try {
      await progress.finish(signal);                // throws, if a listener aborts
    } catch (error) {
      pool?.close(error);
      throw error;
    }
    const translator = new Translator(PRIVATE, found?.source ?? sourceLanguage, found?.target ?? targetLanguage, pool);
    signal?.addEventListener('abort', () => translator.#end(signal.reason), { signal: translator.#ended.signal });
    return translator;
  }

  /** What is kept in the browser, for all pages of this origin. */
  static stored = stored;
  /** Removes it. */
  static clear = clear;

  get sourceLanguage() { return this.#source; }
  get targetLanguage() { return this.#target; }
  get inputQuota() { return Infinity; }
  /** Of the model; `notice` says why it will be fetched again next time, if it will. */
  get info() { return this.#pool?.info; }

  /** Resolves when the model is whole: at once, unless create was told that a coarse one will do. @returns {Promise<void>} */
  get refined() {
    return this.#pool?.refined.catch((error) => { throw asDOMException(error, 'NetworkError'); }) ?? Promise.resolve();
  }

  /** @param {string} input @param {TranslateOptions} [options] @returns {Promise<string>} */
  async translate(input, options = {}) {
    if (!arguments.length) throw new TypeError('translate: 1 argument is required');
    const text = `${input}`, { signal, priority } = optionsOf(options);
    return (await this.#run([text], { signal, priority, plain: true }))[0].text;
  }

  /** Strings as they are decoded, word by word; together they are the translation.
   *  @param {string} input @param {TranslateOptions} [options] @returns {ReadableStream<string>} */
  translateStreaming(input, options = {}) {
    if (!arguments.length) throw new TypeError('translateStreaming: 1 argument is required');
    const text = `${input}`, { signal, priority } = optionsOf(options), stop = new AbortController();
    this.#check(signal);
    return new ReadableStream({
      start: async (controller) => {
        let sent = '';
        const send = (/** @type {string} */ more) => {
          if (more) controller.enqueue(more);
          sent += more;
        };
        const onPartial = (/** @type {string} */ partial) => {
          const words = partial.slice(0, partial.search(/\s*\S*$/));        // the last one may still grow
          if (words.startsWith(sent)) send(words.slice(sent.length));
        };
        try {
          const [detailed] = await this.#run([text], { signal, priority, onPartial }, stop.signal);
          send(restOf(detailed, sent));
          controller.close();
        } catch (error) {
          if (!stop.signal.aborted) controller.error(error);
        }
      },
      cancel: (reason) => stop.abort(reason),
    });
  }

  /** One text, or several together (faster than one by one).  onPartial hears the text so far, word by word.
   *  @template {string | string[]} T @param {T} input
   *  @param {TranslateOptions & {attention?: boolean, beam?: number, nbest?: number, kernels?: string, split?: boolean,
   *           shortlist?: boolean, onPartial?: (text: string, index: number) => void}} [options]  as Engine.job has them
   *  @returns {Promise<T extends string ? Detailed : Detailed[]>} */
  async translateDetailed(input, options) {
    const results = await this.#run((Array.isArray(input) ? input : [input]).map(String), optionsOf(options));
    return /** @type {any} */ (Array.isArray(input) ? results : results[0]);
  }

  /** @param {string} input @param {{signal?: AbortSignal}} [options] @returns {Promise<number>} 0: there is no quota */
  async measureInputUsage(input, options = {}) {
    if (!arguments.length) throw new TypeError('measureInputUsage: 1 argument is required');
    input = `${input}`;
    const { signal } = optionsOf(options);
    this.#check(signal);
    await later();
    this.#check(signal);
    return 0;
  }

  /** Frees the workers and the model; calls that are under way, and later ones, reject with an AbortError. */
  destroy() {
    this.#end(new DOMException('the translator was destroyed', 'AbortError'));
  }

  /** @param {unknown} reason */
  #end(reason) {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(reason);
    this.#pool?.close(reason);
  }

  /** @param {AbortSignal} [signal] */
  #check(signal) {
    fullyActive();
    this.#ended.signal.throwIfAborted();
    signal?.throwIfAborted();
  }

  /** @param {string[]} texts @param {any} options @param {AbortSignal} [cancelled] of a stream @returns {Promise<Detailed[]>} */
  async #run(texts, { signal, ...options }, cancelled) {
    this.#check(signal);
    const identity = !this.#pool, blank = texts.map((text) => identity || BLANK.test(text));
    const echo = (/** @type {string} */ text) => ({ text, score: 0, sentences: [] });
    const stop = new AbortController();
    const ends = [this.#ended.signal, signal, cancelled].filter((end) => end !== undefined);
    const listeners = ends.map((end) => {
      const abort = () => stop.abort(end.reason);
      end.addEventListener('abort', abort);
      return () => end.removeEventListener('abort', abort);
    });
    try {
      if (blank.every(Boolean)) {
        await later();
        stop.signal.throwIfAborted();
        return texts.map(echo);
      }
      const results = await /** @type {Pool} */ (this.#pool).translate(texts.map((text, i) => (blank[i] ? '' : text)),
        { ...options, signal: stop.signal });
      return results.map((result, i) => (blank[i] ? echo(texts[i]) : result));
    } catch (error) {
      if (stop.signal.aborted) throw stop.signal.reason;
      throw asDOMException(error, 'UnknownError');
    } finally {
      for (const remove of listeners) remove();
    }
  }
}

Object.defineProperty(Translator, 'name', { value: 'Translator' });         // which a minifier may have shortened
Object.defineProperty(Translator.prototype, Symbol.toStringTag, { value: 'Translator', configurable: true });
for (const [object, names] of /** @type {[any, string[]][]} */ ([
  [Translator, ['availability', 'create']],
  [Translator.prototype, ['translate', 'translateStreaming', 'measureInputUsage', 'destroy',
                          'sourceLanguage', 'targetLanguage', 'inputQuota']],
])) for (const name of names) Object.defineProperty(object, name, { enumerable: true });

/** What is left to send of a translation.  A repetition that was cut may have been sent, and nothing is taken back: then
 *  what follows its sentence.  @param {Detailed} detailed @param {string} sent */
function restOf({ text, sentences }, sent) {
  if (text.startsWith(sent)) return text.slice(sent.length);
  let same = 0;
  while (text[same] === sent[same]) same++;
  const cut = sentences.find(({ target }) => target[target.length - 1].end >= same);
  return cut ? text.slice(cut.target[cut.target.length - 1].end) : '';
}

/* ---- arguments, as Web IDL converts them --------------------------------------------------------- */

/** @param {any} options @returns {CoreOptions} */
function coreOf(options) {
  const { sourceLanguage, targetLanguage, model } = dictionary(options);
  for (const [name, value] of Object.entries({ sourceLanguage, targetLanguage }))
    if (value === undefined) throw new TypeError(`${name} is required`);
  return { sourceLanguage: canonicalise(`${sourceLanguage}`), targetLanguage: canonicalise(`${targetLanguage}`), model };
}

/** @param {any} options */
const optionsOf = (options) => ({ ...dictionary(options), signal: signalOf(options) });

/** @param {any} value */
function dictionary(value) {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' && typeof value !== 'function') throw new TypeError('options is not an object');
  return value;
}

/** @param {any} options @returns {AbortSignal | undefined} */
function signalOf(options) {
  const { signal } = dictionary(options);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal is not an AbortSignal');
  return signal;
}

/* ---- models ------------------------------------------------------------------------------------- */

/** The model for a pair of languages, or the one that is named: a folder of the index, or an address.
 *  @param {CoreOptions} core @param {AbortSignal} [signal]
 *  @returns {Promise<{url: string, source: string, target: string, sha256?: string} | undefined>} */
async function find({ sourceLanguage, targetLanguage, model }, signal) {
  const models = folder(Translator.models);
  try {
    const options = { store: openStore(), signal };
    if (model && /[/:]/.test(model)) {
      const { loadManifest } = await import('./manifest.js');
      const url = folder(new URL(model, models)), { source, target, sha256 } = await loadManifest(url, options);
      return chooseModel([{ folder: url, source, target }], sourceLanguage, targetLanguage) && { url, source, target, sha256 };
    }
    const url = new URL('index.json', models).href;
    const index = await loadFile(url, (bytes) => checkIndex(readJson(url, bytes)), options);
    const entry = chooseModel(model ? index.filter((each) => each.folder === model) : index, sourceLanguage, targetLanguage);
    return entry && { ...entry, url: folder(new URL(entry.folder, models)) };
  } catch (error) {
    signal?.throwIfAborted();
    throw asDOMException(error, 'UnknownError');
  }
}

/** @param {any} value @returns {ModelEntry[]} */
function checkIndex(value) {
  const good = Array.isArray(value?.models) && value.models.every((/** @type {any} */ entry) =>
    /^[\w.-]+$/.test(entry?.folder) && [entry.source, entry.target].every((tag) => typeof tag === 'string' && tag));
  if (!good) throw new DolmetschError('DM_ERR_MANIFEST', 'index.json is no list of models');
  return value.models;
}

/** The address of a folder; one that is relative is so to the page.  @param {string | URL} url */
const folder = (url) => new URL(String(url).replace(/\/*$/, '/'), globalThis.document?.baseURI ?? import.meta.url).href;

/** The worker starts while the model is searched for.
 *  @param {Promise<{url: string} | undefined>} search @param {Progress} progress
 *  @param {{workers?: number, coarse?: boolean, shortlist?: boolean, signal?: AbortSignal}} given */
async function open(search, progress, given) {
  const count = (/** @type {string} */ url, /** @type {number} */ by) => downloads.set(url, (downloads.get(url) ?? 0) + by);
  let url = '';
  const base = search.then((found) => {
    count(url = /** @type {{url: string}} */ (found).url, 1);
    return url;
  });
  try {
    const options = { ...given, engine: folder(Translator.engine), base };
    return await openPool({ ...options, onProgress: (now) => progress.report(now) });
  } catch (/** @type {any} */ error) {
    given.signal?.throwIfAborted();
    const network = /FETCH|MANIFEST|INTEGRITY/.test(error?.code);
    throw asDOMException(error, network ? 'NetworkError' : 'OperationError');
  } finally {
    if (url) count(url, -1);
  }
}

/** The W3C's error, with ours as its `cause`.  @param {any} error @param {string} name */
function asDOMException(error, name) {
  if (error instanceof DOMException) return error;
  return Object.defineProperty(new DOMException(String(error?.message ?? error), name), 'cause', { value: error });
}

/** A page that is gone, a frame that was removed, starts nothing more. */
function fullyActive() {
  const { document } = globalThis;
  if (document && !document.defaultView) throw new DOMException('the page is not active any more', 'InvalidStateError');
}

function policyForbids() {
  const page = /** @type {any} */ (globalThis.document), policy = page?.permissionsPolicy ?? page?.featurePolicy;
  return policy?.features?.().includes('translator') && !policy.allowsFeature('translator');
}

/** A turn of the event loop, so that a signal that is aborted right after the call is heard. */
const later = () => new Promise((resolve) => { setTimeout(resolve); });
