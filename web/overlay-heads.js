/** All heads of all layers at once, as small pictures, one block for each kind of attention that the model has.  A click
 *  or Enter opens one in the large view.  Knows pictures and names; overlay.js turns an opened head into a choice. */

import { el, rove } from './dom.js';
import { guidedHead, habitOf } from './overlay-habits.js';
import { KINDS } from './overlay-kinds.js';
import { drawThumbnail } from './overlay-thumbnail.js';
import { mergeWeights, wordsOf } from './words.js';

/** @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').Attention} Attention
 *  @typedef {import('./types.d.ts').Word} Word
 *  @typedef {import('./types.d.ts').Axis} Axis
 *  @typedef {import('./types.d.ts').Side} Side
 *  @typedef {Exclude<import('./types.d.ts').Kind, 'alignment'>} Kind
 *  @typedef {{kind: Kind, layer: number, head: number}} Head
 *  @typedef {{rows: Word[], cols: Word[], kind: Kind, pictures: HTMLElement[]}} Block */

/** Which sides a kind's rows and columns are of.  @type {Record<Kind, [Side, Side]>} */
const SIDES = { cross: ['target', 'source'], encoder: ['source', 'source'], decoder: ['target', 'target'] };

/** @param {HTMLElement} stage @param {Sentence} sentence with its attention
 *  @param {{pieces: boolean, chosen: Head | undefined, onOpen: (head: Head) => void, onRead: (text: string) => void}} options
 *    onRead: the head under the pointer or the focus, in words; '' when there is none */
export function drawHeads(stage, sentence, options) {
  const there = /** @type {Kind[]} */ (Object.keys(SIDES)).filter((kind) => sentence.attention?.[kind]);
  /** @type {Block[]} */
  const blocks = there.map((kind) => {
    const [rows, cols] = SIDES[kind].map((side) => wordsOf(sentence[side], options.pieces));
    return { kind, rows, cols, pictures: [] };
  });
  const root = el('div', { class: 'dm-grid' }, ...blocks.map((block) => blockOf(block, sentence, options)));
  stage.replaceChildren(root);
  const paint = () => blocks.forEach((block) => {
    const heads = /** @type {Attention} */ (sentence.attention?.[block.kind]).flat();
    block.pictures.forEach((picture, i) => drawThumbnail(/** @type {HTMLCanvasElement} */ (picture.querySelector('canvas')),
      mergeWeights(heads[i], block.rows, block.cols)));
  });
  paint();
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', paint);
  return {
    layout() {},
    /** A band through every picture that has the word.
     *  @param {Axis} axis of the alignment @param {number} index -1: nothing */
    light(axis, index) {
      const side = axis === 'row' ? 'target' : 'source';
      blocks.forEach(({ kind, rows, cols, pictures }) => {
        const mine = SIDES[kind][0] === side ? 'row' : SIDES[kind][1] === side ? 'col' : undefined;
        const n = (mine === 'row' ? rows : cols).length, grid = /** @type {HTMLElement} */ (pictures[0].parentElement);
        for (const each of ['row', 'col']) grid.classList.toggle(`dm-band-${each}`, index >= 0 && mine === each);
        grid.style.setProperty('--dm-at', `${100 * index / n}%`);
        grid.style.setProperty('--dm-thick', `${100 / n}%`);
      });
    },
    reveal() {},
    destroy() { scheme.removeEventListener('change', paint); },
  };
}

/** @param {Block} block @param {Sentence} sentence @param {Parameters<typeof drawHeads>[2]} options */
function blockOf({ kind, pictures }, sentence, { chosen, onOpen, onRead }) {
  const layers = /** @type {Attention} */ (sentence.attention?.[kind]), perLayer = layers[0].length;
  const guided = kind === 'cross' ? guidedHead(sentence) : undefined;
  const mine = chosen?.kind === kind ? chosen : { layer: 0, head: 0 };
  const grid = el('div', { class: 'dm-grid-heads', role: 'group',
    'aria-label': `${KINDS[kind]}: ${layers.length} layers of ${perLayer} heads; arrow keys move, Enter opens` });
  grid.style.setProperty('--dm-heads', String(perLayer));
  layers.forEach((heads, layer) => {
    grid.append(el('span', { class: 'dm-layer-name', 'aria-hidden': 'true' }, `L${layer + 1}`));
    heads.forEach((weights, head) => {
      const isGuided = guided?.layer === layer && guided.head === head;
      const name = `${KINDS[kind]}, layer ${layer + 1}, head ${head + 1}${isGuided ? ', trained to align' : ''}: `
        + habitOf(weights, kind, sentence.alignment);
      const button = el('button', { type: 'button', class: `dm-head${isGuided ? ' dm-guided' : ''}`, 'aria-label': name,
        'aria-current': chosen === mine && mine.layer === layer && mine.head === head ? 'true' : undefined,
        tabindex: mine.layer === layer && mine.head === head ? 0 : -1, 'data-i': pictures.length }, el('canvas'));
      button.addEventListener('click', () => onOpen({ kind, layer, head }));
      for (const type of ['pointerenter', 'focus']) button.addEventListener(type, () => onRead(name));
      for (const type of ['pointerleave', 'blur']) button.addEventListener(type, () => onRead(''));
      pictures.push(button);
      grid.append(button);
    });
  });
  rove(grid, () => perLayer);
  return el('section', { class: `dm-grid-block dm-of-${kind}` }, el('h3', { class: 'dm-grid-title' }, `${KINDS[kind]} `,
    el('small', {}, `${layers.length} layers × ${perLayer} heads`),
    ...(guided ? [el('span', { class: 'dm-guided-key' }, 'trained to align')] : [])), grid);
}
