/** The page's place in the browser's history: what Back, Forward, a reload and a link bring back.  Knows a state and the
 *  address; demo.js says what is on the page.  What somebody types is kept in the tab's history, but stands in the address,
 *  which browsers list and send to other devices, only once a link was asked for. */

import { formatLink, parseLink } from './permalink.js';

/** @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {{text: string, from: import('./demo-languages.js').Tag, model?: string, choice: Choice}} State
 *  @typedef {import('./permalink.js').Link} Link */

const PAUSE = 300;                                  // milliseconds: browsers refuse more than some changes a second

export class Trail {
  #read;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {State | undefined} */
  #last;
  /** May the address say what the sentence is?  Links and examples may, what was typed may not. */
  named = false;

  /** @param {() => State} read what is on the page @param {(link: Link) => void} restore puts it there */
  constructor(read, restore) {
    this.#read = read;
    const go = (/** @type {Link} */ link, /** @type {boolean} */ named) => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.named = named;
      restore(link);
    };
    window.addEventListener('popstate', ({ state }) => { if (state) go(state, state.named); });
    window.addEventListener('hashchange', () => {   // an address that somebody wrote
      if (!history.state) go(parseLink(location.hash), true);
    });
  }

  /** What the page begins with.  @returns {Link} */
  begin() {
    const { state } = history, link = state ?? parseLink(location.hash);
    this.named = state ? state.named : Boolean(link.text);
    return link;
  }

  /** The state has changed: soon, this place in the history stands for it. */
  changed() {
    this.#last = this.#read();
    this.#timer ??= setTimeout(() => this.#settle(), PAUSE);
  }

  /** A new place in the history: Back leads to what was before.  @param {() => void} change the page */
  step(change) {
    if (this.#timer) this.#settle();
    change();
    this.#last = this.#read();
    this.#write('pushState');
  }

  /** The address of what is on the page; from now on it stands in the browser's bar, too. */
  link() {
    this.named = true;
    this.#last = this.#read();
    this.#settle();
    return location.href.split('#')[0] + formatLink(this.#last);
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#write('replaceState');
  }

  /** @param {'pushState' | 'replaceState'} how */
  #write(how) {
    const state = this.#last;
    if (!state) return;
    const address = location.pathname + location.search + (this.named ? formatLink(state) : '');
    try {
      history[how]({ ...state, named: this.named }, '', address);
    } catch {                                       // too many in a short time; the next change writes it
    }
  }
}
