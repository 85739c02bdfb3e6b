/** A view as an SVG that stands alone: light colours, its own labels, caption and warning in it.  Pure functions from views
 *  to text, without a page: overlay-export.js calls them, and says how wide a text is. */

import { guidedHead } from './overlay-habits.js';
import { KINDS, WARNING } from './overlay-kinds.js';
import { curve, strongest } from './overlay-lines.js';
import { shade } from './overlay-thumbnail.js';
import { mergeWeights, percent, wordsOf } from './words.js';

/** @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Word} Word
 *  @typedef {import('./types.d.ts').Sentence} Sentence
 *  @typedef {import('./types.d.ts').Side} Side
 *  @typedef {(text: string, size: number) => number} Measure  the width of a text of that size, in pixels
 *  @typedef {{width: number, height: number, body: string}} Figure */

/** @type {Record<Side, string>} */
const COLOURS = { source: '#2667ab', target: '#b8500f' };
const INK = '#1c1b19', SOFT = '#69665f', HEAT = '#4a448c', RULE = '#e5e2db';
const SERIF = "ui-serif, 'Iowan Old Style', Palatino, Georgia, 'Liberation Serif', serif";
const SANS = "system-ui, 'Liberation Sans', sans-serif";
const SIZE = 17, SMALL = 13, MARGIN = 24, GAP = 12; // pixels: of words, of captions; around all, between words
const WIDEST = 1400, LINE = 22, WAY = 150;          // a row of words; a line of a column; from one row to the other
const CELL = 22, PICTURE = 76, LEVELS = 10;         // of a matrix; of a head in the grid, and the strengths in it

/** The whole file: a figure with its caption under it.
 *  @param {Figure} figure @param {string} title @param {string} caption @param {Measure} measure */
export function svgOf(figure, title, caption, measure) {
  const width = Math.ceil(Math.max(figure.width, 420)) + 2 * MARGIN, said = [caption, WARNING.join('')];
  const lines = said.flatMap((each) => wrap(each, width - 2 * MARGIN, measure));
  const top = figure.height + MARGIN + 32, height = Math.ceil(top + lines.length * 19 + MARGIN - 16);
  const words = lines.map((line, i) => label(width / 2, top + i * 19, line, 'middle')).join('');
  return '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
    + `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>${escape(title)}</title>`
    + `<desc>${escape(said.join(' '))}</desc><rect width="100%" height="100%" fill="#fff"/>`
    + `<g transform="translate(${round((width - figure.width) / 2)} ${MARGIN})" font-family="${SERIF}" font-size="${SIZE}">`
    + `${figure.body}</g><g font-family="${SANS}" font-size="${SMALL}" fill="${SOFT}">${words}</g></svg>\n`;
}

/** Two rows of words with curves between them.
 *  @param {View} view @param {Measure} measure @param {string} id of the gradient, unique among those in a page
 *  @returns {Figure} */
export function linesFigure(view, measure, id) {
  const { wide, near, places, words, ...size } = layOut(view, measure), far = near + WAY;
  const way = wide ? `x1="0" x2="0" y1="${round(near)}" y2="${round(far)}"`
    : `x1="${round(near)}" x2="${round(far)}" y1="0" y2="0"`;
  const curves = strongest(view).map(({ row, col, weight }) =>
    `<path d="${curve(wide, [near, places[0][col]], [far, places[1][row]])}" stroke-width="${round(0.8 + 3.2 * weight)}" `
    + `stroke-opacity="${round(0.08 + 0.84 * weight)}"/>`);
  return { ...size, body: `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" ${way}>`
    + `<stop stop-color="${COLOURS[view.colSide]}"/><stop offset="1" stop-color="${COLOURS[view.rowSide]}"/></linearGradient>`
    + `<g fill="none" stroke="url(#${id})" stroke-linecap="round">${curves.join('')}</g>${words}` };
}

/** Two rows of words with the one vector between them that a model without attention has.
 *  @param {View} view @param {Measure} measure @returns {Figure} */
export function vectorFigure(view, measure) {
  const { wide, near, along, places, words, ...size } = layOut(view, measure);
  const middle = near + WAY / 2, half = Math.min(75, along * 0.3), thick = 7;
  /** @param {number[]} ends @param {number} from @param {number} to @param {Side} side */
  const threads = (ends, from, to, side) => ends.map((end, i) => {
    const on = along / 2 + (ends.length > 1 ? (i / (ends.length - 1) - 0.5) * 2 * (half - 5) : 0);
    return `<path d="${curve(wide, [from, end], [to, on])}" stroke="${COLOURS[side]}"/>`;
  }).join('');
  const [x, y, width, height] = wide ? [along / 2 - half, middle - thick, 2 * half, 2 * thick]
    : [middle - thick, along / 2 - half, 2 * thick, 2 * half];
  return { ...size, body: `<g fill="none" stroke-opacity=".45" stroke-width="1.2">`
    + threads(places[0], near, middle - thick, view.colSide) + threads(places[1], near + WAY, middle + thick, view.rowSide)
    + `</g><rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="5" fill="${HEAT}"/>`
    + words };
}

/** The two rows of words: one above the other, or side by side as columns where they are too long for that.  `near` is where
 *  the way from one to the other begins, `places` are the middles of the words along the rows.
 *  @param {View} view @param {Measure} measure */
function layOut(view, measure) {
  const lists = [view.cols, view.rows], widths = lists.map((words) => words.map((word) => measure(nameOf(word), SIZE)));
  const sums = widths.map((list) => list.reduce((sum, width) => sum + width + GAP, -GAP));
  const wide = Math.max(...sums) <= WIDEST, longest = Math.max(...lists.map(({ length }) => length));
  const along = wide ? Math.max(...sums) : longest * LINE;
  const widest = widths.map((list) => Math.max(...list)), near = wide ? SIZE + 12 : widest[0] + 10;
  const places = widths.map((list, side) => {
    let at = (along - sums[side]) / 2;
    return list.map((width, i) => (wide ? (at += width + GAP) - width / 2 - GAP : (i + 0.5) * along / list.length));
  });
  const words = lists.map((list, i) => `<g fill="${COLOURS[i ? view.rowSide : view.colSide]}">${list.map((word, at) => (wide
    ? label(places[i][at], i ? near + WAY + SIZE + 6 : SIZE, nameOf(word), 'middle')
    : label(i ? near + WAY + 10 : near - 10, places[i][at] + 6, nameOf(word), i ? 'start' : 'end'))).join('')}</g>`).join('');
  const across = near + WAY + (wide ? SIZE + 12 : widest[1] + 10);
  return { wide, near, along, places, words, width: wide ? along : across, height: wide ? across : along };
}

/** Rows look, columns are looked at; a viewer that shows titles shows the value of a cell.
 *  @param {View} view @param {Measure} measure @returns {Figure} */
export function matrixFigure({ rows, cols, weights, rowSide, colSide }, measure) {
  const longest = (/** @type {Word[]} */ words) => Math.max(...words.map((word) => measure(nameOf(word), SIZE))) + 8;
  const left = longest(rows), top = longest(cols);
  const names = `<g fill="${COLOURS[rowSide]}">${rows.map((word, r) =>
    label(left - 8, top + (r + 0.5) * CELL + 6, nameOf(word), 'end')).join('')}</g>`
    + `<g fill="${COLOURS[colSide]}">${cols.map((word, c) => `<g transform="translate(${round(left + (c + 0.5) * CELL + 6)} `
      + `${round(top - 8)}) rotate(-90)">${label(0, 0, nameOf(word), 'start')}</g>`).join('')}</g>`;
  const cells = weights.map((row, r) => row.map((weight, c) => (weight < 0.005 ? '' : `<rect x="${round(left + c * CELL + 1)}" `
    + `y="${round(top + r * CELL + 1)}" width="${CELL - 2}" height="${CELL - 2}" rx="3" fill-opacity="${round(shade(weight))}">`
    + `<title>${escape(`${nameOf(rows[r])} · ${nameOf(cols[c])} ${percent(weight)}`)}</title></rect>`)).join('')).join('');
  const width = cols.length * CELL, height = rows.length * CELL;
  return { width: left + width, height: top + height, body: `<rect x="${round(left)}" y="${round(top)}" width="${width}" `
    + `height="${height}" rx="4" fill="${INK}" fill-opacity=".04"/><g fill="${HEAT}">${cells}</g>${names}` };
}

/** All heads of every kind; the one that was trained to align has a dot.
 *  @param {Sentence} sentence @param {boolean} pieces @returns {Figure} */
export function headsFigure(sentence, pieces) {
  const step = PICTURE + 8, left = 34, guided = guidedHead(sentence);
  let top = 0, width = 0, body = '';
  for (const kind of /** @type {const} */ (['cross', 'encoder', 'decoder'])) {
    const layers = sentence.attention?.[kind];
    if (!layers) continue;
    const [rows, cols] = [kind === 'encoder' ? 'source' : 'target', kind === 'decoder' ? 'target' : 'source'].map((side) =>
      wordsOf(sentence[/** @type {Side} */ (side)], pieces));
    body += `<g font-family="${SANS}" font-weight="600" font-size="15" fill="${INK}">`
      + `${label(left, top + 16, KINDS[kind], 'start')}</g>`;
    layers.forEach((heads, layer) => {
      const y = top + 28 + layer * step;
      body += `<g font-family="${SANS}" font-size="12" fill="${SOFT}">${label(left - 10, y + 42, `L${layer + 1}`, 'end')}</g>`;
      heads.forEach((weights, head) => {
        const isGuided = kind === 'cross' && guided?.layer === layer && guided.head === head;
        body += `<g transform="translate(${left + head * step} ${y})"><title>${KINDS[kind]}, layer ${layer + 1}, head ${head + 1}`
          + `${isGuided ? ', trained to align' : ''}</title><rect width="${PICTURE}" height="${PICTURE}" rx="6" fill="#fff" `
          + `stroke="${RULE}"/>${picture(mergeWeights(weights, rows, cols))}`
          + `${isGuided ? `<circle cx="${PICTURE}" r="5" fill="${COLOURS.target}"/>` : ''}</g>`;
      });
      width = Math.max(width, left + heads.length * step);
    });
    top += 44 + layers.length * step;
  }
  return { width, height: top, body };
}

/** One head: a path for each strength, of runs of cells.  @param {number[][]} weights */
function picture(weights) {
  const paths = Array.from({ length: LEVELS + 1 }, () => '');
  weights.forEach((row, r) => {
    const levels = row.map((weight) => Math.round(shade(weight) * LEVELS));
    for (let from = 0, to; from < levels.length; from = to) {
      to = from + 1;
      while (levels[to] === levels[from]) to++;
      paths[levels[from]] += `M${from} ${r}h${to - from}v1h${from - to}z`;
    }
  });
  const inner = PICTURE - 8, [x, y] = [inner / Math.max(1, weights[0]?.length ?? 0), inner / Math.max(1, weights.length)];
  return `<g transform="translate(4 4) scale(${x.toFixed(4)} ${y.toFixed(4)})" fill="${HEAT}" shape-rendering="crispEdges">`
    + `${paths.map((d, level) => (level && d ? `<path d="${d}" fill-opacity="${level / LEVELS}"/>` : '')).join('')}</g>`;
}

/** @param {string} line @param {number} width @param {Measure} measure @returns {string[]} */
function wrap(line, width, measure) {
  /** @type {string[]} */
  const lines = [];
  for (const word of line.split(' ')) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (!lines.length || measure(longer, SMALL) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** @param {number} x @param {number} y @param {string} text @param {'start' | 'middle' | 'end'} anchor */
const label = (x, y, text, anchor) => `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(text)}</text>`;

/** @param {Word} word */
const nameOf = (word) => (word.last ? 'end' : word.text || '␣');

const round = (/** @type {number} */ value) => Math.round(value * 100) / 100;

/** Text for XML, which forbids some characters however they are written.  @param {string} text */
const escape = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
  .replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
