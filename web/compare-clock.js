/** The clock of the comparison: a number of words that rises while it plays, by hand or by itself.  Knows no page and no
 *  translation; compare.js draws what it says. */

const BEAT = 450;                                   // milliseconds a word

export class Clock {
  #at = 0;
  #length = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #onChange;
  #beat;

  /** @param {() => void} onChange @param {number} [beat] */
  constructor(onChange, beat = BEAT) {
    this.#onChange = onChange;
    this.#beat = beat;
  }

  /** Words that are written, 0 to length. */
  get at() { return this.#at; }
  get length() { return this.#length; }
  get playing() { return this.#timer !== undefined; }

  /** A new length; who stood at the end stays there.  @param {number} length */
  resize(length) {
    const atEnd = this.#at === this.#length;
    this.#length = length;
    this.#at = atEnd ? length : Math.min(this.#at, length);
    this.#onChange();
  }

  /** To a place, by hand: a clock that plays stops.  @param {number} at */
  seek(at) {
    this.#stop();
    this.#at = Math.max(0, Math.min(this.#length, Math.round(at)));
    this.#onChange();
  }

  /** @param {number} by */
  step(by) { this.seek(this.#at + by); }

  /** Plays on; from the beginning if it stood at the end. */
  play() {
    if (this.playing || !this.#length) return;
    if (this.#at === this.#length) this.#at = 0;
    this.#next();
    this.#onChange();
  }

  #next() {
    this.#timer = setTimeout(() => {
      this.#at = Math.min(this.#at + 1, this.#length);
      if (this.#at < this.#length) this.#next();
      else this.#stop();
      this.#onChange();
    }, this.#beat);
  }

  pause() {
    this.#stop();
    this.#onChange();
  }

  toggle() { this.playing ? this.pause() : this.play(); }

  #stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
