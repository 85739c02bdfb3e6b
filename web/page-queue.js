/** What is translated next: what is on show first, then the rest in the page's order.  page.js fills it and empties it. */

import { nextTurn } from './turn.js';

/** @typedef {import('./page-types.d.ts').Unit} Unit */

/** Of a call to the translator: enough for its batches, few enough that what comes into view is not kept waiting. */
const UNITS = 32, CHARACTERS = 4000;
const ON_SHOW = 1, REST = 3;
const PATIENCE = 200;                               // milliseconds to wait for the first word on what is on show

export class Queue {
  /** @type {Set<Unit>} */
  #urgent = new Set();
  /** @type {Set<Unit>} */
  #rest = new Set();
  /** @type {WeakMap<Element, Set<Unit>>} */
  #units = new WeakMap();
  /** @type {IntersectionObserver | undefined} */
  #observer;
  /** @type {WeakMap<Element, () => void>} */
  #hidden = new WeakMap();
  #onChange;
  #looked = false;

  /** @param {() => void} onChange there may be something to do */
  constructor(onChange) {
    this.#onChange = onChange;
    if (typeof IntersectionObserver === 'function')
      this.#observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: '25%' });
  }

  /** @param {Unit} unit */
  add(unit) {
    if (!this.#observer || !isRendered(unit.element)) {
      this.#urgent.add(unit);
      return;
    }
    const units = this.#units.get(unit.element) ?? new Set();
    this.#units.set(unit.element, units.add(unit));
    this.#rest.add(unit);
    this.#observer.observe(unit.element);
  }

  /** Calls back when an element comes into view.  @param {Element} element @param {() => void} onShow */
  whenShown(element, onShow) {
    this.#hidden.set(element, onShow);
    this.#observer?.observe(element);
  }

  /** The next units for one call, none if there are none.  @returns {{units: Unit[], priority: number}} */
  next() {
    const from = this.#urgent.size ? this.#urgent : this.#rest, units = [];
    if (from === this.#rest && !this.#looked) return { units: [], priority: REST };
    let size = 0;
    for (const unit of from) {
      if (units.length === UNITS || (units.length && size + unit.source.length > CHARACTERS)) break;
      this.#forget(unit);
      if (unit.state !== 'waiting') continue;
      units.push(unit);
      size += unit.source.length;
    }
    return { units, priority: from === this.#urgent ? ON_SHOW : REST };
  }

  /** All are added.  The rest begins when it is known what is on show, or after a while: a page in the background has no
   *  view.  @param {Document} document */
  start(document) {
    const look = () => {
      this.#looked = true;
      this.#onChange();
    };
    if (!this.#observer) return look();
    const last = new IntersectionObserver(() => {   // a browser tells its observers in any order, but in one turn
      last.disconnect();
      nextTurn().then(look);
    });
    last.observe(document.documentElement);
    setTimeout(look, PATIENCE);
  }

  close() {
    this.#observer?.disconnect();
    this.#urgent.clear();
    this.#rest.clear();
  }

  /** @param {Unit} unit */
  #forget(unit) {
    this.#urgent.delete(unit);
    this.#rest.delete(unit);
    const units = this.#units.get(unit.element);
    units?.delete(unit);
    if (units?.size === 0 && !this.#hidden.has(unit.element)) this.#observer?.unobserve(unit.element);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.#observer?.unobserve(target);
      if (!isInvisible(target))
        for (const unit of this.#units.get(target) ?? []) if (this.#rest.delete(unit)) this.#urgent.add(unit);
      this.#units.delete(target);
      this.#hidden.get(target)?.();
      this.#hidden.delete(target);
    }
    this.#onChange();
  }
}

/** It may come into view; a page's title never does.  @param {Element} element */
const isRendered = (element) => element.isConnected && !/^(TITLE|OPTION|OPTGROUP)$/.test(element.tagName);

/** It has a place, but nobody sees it: a menu that is closed.  It is translated with the rest, since nothing tells when it
 *  opens.  @param {Element} element */
const isInvisible = (element) => element.checkVisibility?.({ visibilityProperty: true }) === false;
