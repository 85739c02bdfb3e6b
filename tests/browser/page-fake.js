/** A translator for tests of page translation: every sentence comes back with its words in reverse order, in capitals, the
 *  mark at its end where it was, and with the exact alignment.  Numbers, code and placeholders keep their letters. */

const isMark = (word) => /^[.,:;!?]+$/.test(word);

/** @param {string} sentence @param {number} at its place in the text @param {number} to its place in the translation */
function reverse(sentence, at, to) {
  const words = [...sentence.matchAll(/[.,:;!?]+(?=\s|$)|[^\s]+?(?=[.,:;!?]+(?:\s|$)|\s|$)/g)]
    .map(({ 0: text, index }) => ({ text, start: at + index, end: at + index + text.length }));
  const end = words.length && isMark(words.at(-1).text) ? words.length - 1 : words.length;
  const order = [...words.slice(0, end).map((_, i) => i).reverse(), ...words.slice(end).map((_, i) => end + i)];
  let text = '';
  const target = order.map((from) => {
    const word = /[(){}<>\d_]/.test(words[from].text) ? words[from].text : words[from].text.toUpperCase();
    if (text && !isMark(word)) text += ' ';
    text += word;
    return { text: word, start: to + text.length - word.length, end: to + text.length };
  });
  const stop = (tokens, offset) => [...tokens, { text: '', start: offset, end: offset }];
  const row = (from) => [...words.map((_, i) => Number(i === from)), Number(from === words.length)];
  return { text, source: stop(words, at + sentence.length), target: stop(target, to + text.length),
    alignment: [...order, words.length].map(row) };
}

/** @param {string} text */
export function translateReversed(text) {
  let out = '';
  const sentences = [];
  for (const { 0: sentence, index } of text.matchAll(/\s+|\S(?:[^.!?\n]|[.!?](?!\s))*[.!?]?/g)) {
    if (sentence.trim()) sentences.push(reverse(sentence, index, out.length));
    out += sentence.trim() ? sentences.at(-1).text : sentence;
  }
  return { text: out, sentences };
}

/** Counts and keeps its calls.  `hold`: it answers when release() is called.  `fail(texts)` may throw.  */
export class FakeTranslator {
  sourceLanguage = 'en';
  targetLanguage = 'de';
  calls = [];
  held = [];
  constructor({ hold = false, fail = () => {} } = {}) {
    this.hold = hold;
    this.fail = fail;
  }
  async translateDetailed(texts, options) {
    this.calls.push({ texts, ...options });
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.hold) await new Promise((resolve, reject) => {
      this.held.push(resolve);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
    this.fail(texts);
    return texts.map(translateReversed);
  }
  release() { this.held.splice(0).forEach((resolve) => resolve()); }
}
