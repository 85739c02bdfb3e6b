/** Running text whose words can be lit: the German output, and the layer behind the English text box. */

import { el } from './dom.js';

/** @typedef {{start: number, end: number, sentence: number, index: number, label?: string, last?: boolean}} Mark */

export class TextPane {
  /** @type {{mark: Mark, element: HTMLElement}[]} */
  #words = [];
  /** @type {Map<number, {mark: Mark, element: HTMLElement}[]>} */
  #bySentence = new Map();
  /** @type {Set<HTMLElement>} */
  #lit = new Set();
  #root;
  #focusable;

  /** @param {HTMLElement} root @param {{focusable: boolean}} options focusable: the words are tab stops */
  constructor(root, { focusable }) {
    this.#root = root;
    this.#focusable = focusable;
  }

  /** @param {string} text @param {Mark[]} [marks] in order, not overlapping */
  show(text, marks = []) {
    const pieces = [];
    let at = 0;
    this.#lit.clear();
    this.#words = [];
    this.#bySentence = new Map();
    for (const mark of marks) {
      if (mark.start < at || mark.end <= mark.start) continue;      // ranges that make no sense are only text
      if (mark.start > at) pieces.push(text.slice(at, mark.start));
      const i = this.#words.length;
      const element = el('span', this.#focusable
        ? { class: 'dm-word', role: 'button', 'aria-label': mark.label, tabindex: i ? -1 : 0, 'data-i': i }
        : { class: 'dm-word', 'data-i': i });
      element.textContent = text.slice(mark.start, at = mark.end);
      pieces.push(element);
      const word = { mark, element };
      this.#words.push(word);
      this.#bySentence.set(mark.sentence, [...this.#bySentence.get(mark.sentence) ?? [], word]);
    }
    pieces.push(text.slice(at));
    this.#root.replaceChildren(...pieces);
  }

  /** @param {number} i @returns {Mark | undefined} */
  mark(i) { return this.#words[i]?.mark; }

  /** @param {number} offset @returns {Mark | undefined} the word that touches this place of the text */
  markAt(offset) { return this.#words.find(({ mark }) => mark.start <= offset && offset <= mark.end)?.mark; }

  /** Hides the words from the n-th on; they keep their places.  @param {number} n */
  reveal(n) { this.#words.forEach(({ element }, i) => element.classList.toggle('dm-unwritten', i >= n)); }

  /** Lights words of a sentence by the ranges they overlap; `on` is the one that is pointed at.
   *  @param {number} sentence @param {{start: number, end: number, weight: number, on?: boolean}[]} ranges */
  light(sentence, ranges) {
    for (const element of this.#lit) element.classList.remove('dm-lit', 'dm-on');
    this.#lit.clear();
    for (const { mark, element } of this.#bySentence.get(sentence) ?? []) {
      const mine = ranges.filter(({ start, end }) => start < mark.end && mark.start < end);
      const weight = Math.min(1, mine.reduce((sum, range) => sum + range.weight, 0));
      const on = mine.some((range) => range.on);
      if (weight < 0.04 && !on) continue;
      element.style.setProperty('--dm-w', weight.toFixed(3));
      element.classList.add('dm-lit');
      element.classList.toggle('dm-on', on);
      this.#lit.add(element);
    }
  }

  clear() { this.light(-1, []); }
}
