/** The kinds of attention that a model has, and what each is, in words. */

/** @typedef {import('./types.d.ts').Kind} Kind
 *  @typedef {import('./types.d.ts').Side} Side */

/** @type {Record<Kind, string>} */
export const KINDS = { alignment: 'Alignment', cross: 'Cross-attention', encoder: 'Encoder', decoder: 'Decoder' };

/** Stands under every drawing; the first half is what it says, the second why.  @type {[string, string]} */
export const WARNING = ['Attention is not explanation: ', 'it is where the model looked, not why it chose a word.'];

/** The kinds to choose from: those that the sentence carries, or, where its attention can still be had, those that it may.
 *  Where a model has one head in all, as Bahdanau's, the alignment is that head.
 *  @param {import('./types.d.ts').Sentence} sentence @param {boolean} more @param {string} [architecture] @returns {Kind[]} */
export function kindsOf({ attention, alignment }, more, architecture) {
  if (!alignment.length || architecture === 'bahdanau' || !attention && !more) return ['alignment'];
  if (!attention) return ['alignment', 'cross', 'encoder'];
  const only = !attention.encoder && attention.cross?.length === 1 && attention.cross[0].length === 1;
  const here = /** @type {const} */ (['cross', 'encoder', 'decoder']).filter((kind) => attention[kind] && !only);
  return ['alignment', ...here];
}

/** @param {Kind | 'heads'} kind heads: all of them at once @param {boolean} fixed no attention
 *  @param {Record<Side, string>} languages @param {string} [architecture] */
export function captionOf(kind, fixed, languages, architecture) {
  const source = nameOf(languages.source), target = nameOf(languages.target);
  if (fixed) return `No attention: every ${source} word goes into one vector, and all that the ${target} words are made of `
    + 'comes out of it.';
  if (architecture === 'bahdanau')
    return `How much of each ${source} word goes into each ${target} one: one head, all the attention of this model.`;
  return {
    heads: 'Every head of every layer; rows look, columns are looked at. Open one to see its words.',
    alignment: `How each ${target} word draws on the ${source} ones: one head of the last layer, trained to align.`,
    cross: `What the decoder looks at in the ${source} sentence while it writes each ${target} word.`,
    encoder: `What each ${source} word looks at in its own sentence while the sentence is read.`,
    decoder: `What each ${target} word looks at among the ${target} words before it.`,
  }[kind];
}

/** "German".  @param {string} tag BCP 47 */
export function nameOf(tag) {
  return new Intl.DisplayNames('en', { type: 'language' }).of(tag) ?? tag;
}
