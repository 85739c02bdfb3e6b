/** One model of the comparison: its download, its translation and its overlay, in its own column.  What fails here says so
 *  here and touches no other column.  Knows no clock: compare.js says up to which word it shows. */

import { Translator } from './translator.js';
import { Overlay, rangesOf } from './overlay.js';
import { TextPane } from './text-pane.js';
import { el } from './dom.js';
import { describe, viewOf } from './words.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').ModelEntry} ModelEntry
 *  @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {{sentence: number, tokens: number, start: number, end: number, said: string}} Step   one word: so many
 *    tokens of its sentence are written after it */

const PAIR = { sourceLanguage: 'en', targetLanguage: 'de' };
const ALIGNMENT = { kind: 'alignment', layer: 0, head: 0 };

export class Column {
  /** @type {Translator | undefined} */
  #translator;
  /** @type {Step[]} */
  #steps = [];
  #running = new AbortController();
  #onRetry;
  #ui;
  #german;
  #overlay;

  /** @param {HTMLElement} root with a heading and what the model sees; carries the name of its folder
   *  @param {{entry?: ModelEntry, choice: Partial<Choice>, onRetry: () => void}} options
   *    entry: what the index of the models says of it; none: the site does not have it */
  constructor(root, { entry, choice, onRetry }) {
    this.root = root;
    this.folder = root.dataset.model ?? '';
    this.name = root.querySelector('h2')?.lastChild?.textContent?.trim() ?? this.folder;
    this.entry = entry;
    this.#onRetry = onRetry;
    this.#ui = parts(this.name);
    this.#ui.retry.addEventListener('click', () => this.#onRetry());
    root.append(el('p', { class: 'about small' }, ...about(entry)), this.#ui.box, this.#ui.overlay);
    this.#german = new TextPane(this.#ui.german, { focusable: false });
    this.#overlay = new Overlay(this.#ui.overlay, { onPoint: (point) =>
      (point ? this.#german.light(point.sentence, rangesOf(point).target) : this.#german.clear()) });
    this.#overlay.choose(choice);
    if (!entry) this.#fail('This model is not on this site.', new Error(`models/index.json does not name ${this.folder}`), false);
  }

  /** Words of the translation on show; 0 where there is none. */
  get length() { return this.#steps.length; }
  get ready() { return this.#translator !== undefined; }

  /** @returns {Promise<number>} bytes that are still to be fetched; 0 for a model that the site does not have */
  async missing() {
    if (!this.entry || this.ready) return 0;
    const there = await Translator.availability({ ...PAIR, model: this.folder }).catch(() => 'downloadable');
    return there === 'available' ? 0 : this.entry.bytes ?? 0;
  }

  /** @returns {Promise<boolean>} whether it can translate */
  async load() {
    if (!this.entry || this.ready) return this.ready;
    const { loading, bar, progress } = this.#ui;
    this.#ui.failure.hidden = true;
    loading.hidden = false;
    progress.textContent = 'Waiting for the model';
    bar.removeAttribute('value');
    try {
      this.#translator = await Translator.create({ ...PAIR, model: this.folder, monitor: (monitor) => {
        monitor.addEventListener('downloadprogress', (/** @type {any} */ { loaded, bytes, totalBytes }) => {
          bar.value = loaded;
          progress.textContent = bytes < totalBytes
            ? `Fetching the model: ${megabytes(bytes)} of ${megabytes(totalBytes)} MB` : 'Starting the model';
        });
      } });
    } catch (error) {
      this.#fail('This model could not be loaded.', error);
    }
    loading.hidden = true;
    return this.ready;
  }

  /** Shows the whole translation; an earlier one that is under way ends.
   *  @param {string} text as one sentence @returns {Promise<boolean>} false: not shown, or something newer is on its way */
  async translate(text) {
    this.#running.abort();
    const { signal } = this.#running = new AbortController();
    if (!this.#translator) return false;
    if (!text.trim()) return this.#show(text, null), true;
    this.#ui.german.classList.add('waiting');
    try {
      const detailed = await this.#translator.translateDetailed(text, { attention: true, split: false, signal });
      this.#ui.failure.hidden = true;
      this.#show(text, detailed);
    } catch (error) {
      if (signal.aborted) return false;
      this.#show(text, null);
      this.#fail('This text could not be translated.', error);
    }
    return true;
  }

  /** As it was after so many words; the last one is lit, unless the sentence was finished.  @param {number} words */
  reveal(words) {
    const step = this.#steps[Math.min(words, this.length) - 1];
    this.#german.reveal(words);
    this.#overlay.reveal(step?.sentence ?? 0, words >= this.length ? Infinity : step?.tokens ?? 0);
    if (!step || words >= this.length) this.#german.clear();
    else this.#german.light(step.sentence, [{ ...step, weight: 1, on: true }]);
  }

  /** What the n-th word is and where it came from, for people who do not see it; '' where there is none.  @param {number} n */
  said(n) {
    const step = this.#steps[n - 1];
    return step ? `${this.name}: ${step.said}` : '';
  }

  /** @param {string} text @param {Detailed | null} detailed */
  #show(text, detailed) {
    this.#steps = (detailed?.sentences ?? []).flatMap((each, sentence) => {
      const view = viewOf(each, ALIGNMENT, false);
      return (view?.rows ?? []).flatMap(({ start, end, to }, index) => (end > start
        ? [{ sentence, start, end, tokens: to, said: describe(/** @type {any} */ (view), 'row', index) }] : []));
    });
    this.#german.show(detailed?.text ?? '', this.#steps.map((step, index) => ({ ...step, index })));
    this.#ui.german.classList.remove('waiting');
    this.#overlay.show(detailed, this.#translator?.info);
    this.#ui.status.textContent = !detailed ? '' : statusOf(text, detailed);
  }

  /** @param {string} what @param {any} error @param {boolean} [again] whether trying again may help */
  #fail(what, error, again = true) {
    this.#ui.failure.hidden = false;
    this.#ui.retry.hidden = !again;
    this.#ui.what.textContent = what;
    this.#ui.why.textContent = `${error?.message ?? error} (${error?.cause?.code ?? error?.name ?? 'error'})`;
  }
}

/** What a column shows below its heading.  @param {string} name */
function parts(name) {
  const german = el('p', { class: 'text german dm-target', lang: 'de', 'aria-label': `German, ${name}` });
  const progress = el('p'), bar = el('progress', { max: 1, 'aria-label': `Download, ${name}` });
  const loading = el('div', { class: 'loading', hidden: true }, progress, bar);
  const what = el('p'), why = el('p', { class: 'small' }), retry = el('button', { type: 'button', class: 'chip' }, 'Try again');
  const failure = el('div', { class: 'failure', role: 'alert', hidden: true }, what, why, retry);
  const status = el('p', { class: 'status' });
  const overlay = el('section', { 'aria-label': `What it looked at, ${name}`, hidden: true });
  return { german, progress, bar, loading, what, why, retry, failure, status, overlay,
           box: el('div', { class: 'box' }, german, loading, failure, status) };
}

/** How long it was trained and how well it does, as far as the index says.  @param {ModelEntry | undefined} entry */
function about(entry) {
  if (!entry) return [];
  const scores = Object.entries(entry.scores ?? {}).flatMap(([set, score]) =>
    (typeof score?.bleu === 'number' ? [`${score.bleu.toFixed(1)} on ${set}`] : []));
  const known = [entry.trained && `Trained on ${entry.trained}.`, scores.length && `BLEU: ${scores.join(', ')}.`];
  return [known.filter(Boolean).map((each) => `${each} `).join(''),
    el('a', { href: `models/${entry.folder}/card.md` }, 'Its card')];
}

/** @param {string} text @param {Detailed} detailed */
function statusOf(text, { ms = 0, sentences }) {
  const words = text.trim().split(/\s+/u).length;
  const parts = sentences.length > 1 ? ` · taken in ${sentences.length} parts, for it is longer than a model takes` : '';
  const cut = sentences.some((sentence) => sentence.cut) ? ' · cut short: it repeated itself or found no end' : '';
  return `${words} ${words === 1 ? 'word' : 'words'} in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms${parts}${cut}`;
}

export const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
