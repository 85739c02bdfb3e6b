/** What <dolmetsch-page> looks like in each of its states: a button, what goes on beside it, and, where something failed, what
 *  and why.  Knows nothing of translating; keeps the focus where it was, and says aloud what changes. */

import { el } from './dom.js';
import { sheet } from './widget-style.js';

/** @typedef {import('./widget-texts.js').Texts} Texts
 *  @typedef {import('./widget-texts.js').Fault} Fault
 *  @typedef {import('./widget-run.js').State} State
 *  @typedef {'start' | 'restore'} Action */

const TRIGGER = 'button, a[href], summary, [role="button"]';
const MEGA = 1e6;

export class PageView {
  #host;
  #slot = el('slot');
  #start = el('button', { type: 'button', part: 'button', 'aria-describedby': 'note' });
  #main = el('button', { type: 'button', part: 'button' });
  #bar = el('progress', { part: 'progress', max: 1, 'aria-labelledby': 'status' });
  #status = el('span', { part: 'status', id: 'status' });
  #count = el('span', { part: 'count' });
  #note = el('span', { part: 'note', id: 'note' });
  #what = el('strong');
  #help = el('span');
  #why = el('small', { lang: 'en' });
  #fault = el('div', { part: 'error', role: 'alert' });
  #back = el('button', { type: 'button', part: 'button secondary' });
  #said = el('span', { class: 'said', role: 'status' });
  #box = el('div', { class: 'box', part: 'box' });
  /** @type {Texts} */
  texts = /** @type {any} */ (undefined);

  /** @param {HTMLElement} host @param {(action: Action) => void} act */
  constructor(host, act) {
    this.#host = host;
    const root = host.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet];
    this.#slot.append(this.#start);
    this.#fault.append(this.#what, ' ', this.#help, this.#why);
    this.#box.append(this.#slot, this.#fault, this.#main, this.#back, this.#bar, this.#status, this.#count, this.#note,
      this.#said);
    root.append(this.#box);
    this.#slot.addEventListener('click', (event) => {
      const trigger = /** @type {Element} */ (event.target).closest(TRIGGER);
      if (!trigger || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
      event.preventDefault();                       // of a link, a form, a summary: for when there is no script
      act('start');
    });
    this.#main.addEventListener('click', () => act(this.#host.getAttribute('state') === 'error' ? 'start' : 'restore'));
    this.#back.addEventListener('click', () => act('restore'));
  }

  /** @param {State} state
   *  @param {{to: string, left: boolean, partly: boolean}} now  partly: something of the page is translated; left:
   *    something is not */
  show(state, { to, left, partly }) {
    const { texts } = this, held = this.#host.matches(':focus-within'), idle = state === 'idle';
    const before = this.#box.dataset.state;
    this.#box.dataset.state = state;
    this.#box.lang = texts.tag;
    this.#start.textContent = texts.translate(to);
    this.#main.textContent = { idle: '', loading: texts.cancel, translating: texts.restore, done: texts.restore,
                               error: texts.retry }[state];
    this.#back.textContent = texts.restore;
    this.#status.textContent = { idle: '', loading: texts.fetching, translating: texts.translating(to),
      done: left ? `${texts.done(to)} ${texts.left}` : texts.done(to), error: '' }[state];
    this.#count.textContent = '';
    this.#bar.removeAttribute('value');
    this.#slot.hidden = !idle;
    this.#note.hidden = !idle;
    this.#main.hidden = idle;
    this.#fault.hidden = state !== 'error';
    this.#back.hidden = state !== 'error' || !partly;
    this.#bar.hidden = this.#count.hidden = state !== 'loading' && state !== 'translating';
    this.#said.textContent = idle ? (before && before !== 'idle' && before !== 'loading' ? texts.original : '')
      : this.#status.textContent;
    if (held && state !== before) this.#button(idle).focus({ preventScroll: true });
    if (!idle) for (const details of this.#host.querySelectorAll('details')) details.open = false;
  }

  /** Of a download in bytes, or of a page in passages.  @param {State} state @param {number} done @param {number} total */
  progress(state, done, total) {
    const { texts } = this, loading = state === 'loading';
    if (loading) this.#status.textContent = done < total ? texts.fetching : texts.starting;
    if (loading || state === 'translating') this.#count.textContent = loading
      ? texts.fetched(done / MEGA, total / MEGA) : texts.translated(done, total);
    this.#bar.value = total ? done / total : 1;
  }

  /** Beside the button: what a click costs.  @param {{bytes: number, stored: boolean} | undefined} size */
  size(size) {
    this.#note.textContent = !size ? '' : size.stored ? this.texts.stored : this.texts.size(size.bytes / MEGA);
  }

  /** @param {Fault} fault @param {string} why in the words of whoever failed */
  fault(fault, why) {
    [this.#what.textContent, this.#help.textContent] = this.texts.faults[fault];
    this.#why.textContent = why;
  }

  /** @param {boolean} idle @returns {HTMLElement} */
  #button(idle) {
    return idle ? this.#host.querySelector(TRIGGER) ?? this.#start : this.#main;
  }
}
