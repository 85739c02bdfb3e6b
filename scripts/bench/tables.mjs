/** The report of bench.mjs as tables that a person reads. */
import { BATCHES, LENGTHS, median, REPEATS, STAGES } from './measure.mjs';

/** @typedef {any} Report   what bench.mjs writes with --json
 *  @typedef {{navigation: number, ready: number, module: number}} Visit   see waitForGerman */

const spread = (/** @type {number[]} */ values) => (Math.max(...values) - Math.min(...values)) / median(values);
const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

/** @param {string} title @param {[label: string, cells: Record<string, string | number>][]} rows */
function table(title, rows) {
  if (!rows.length) return;
  const columns = Object.keys(rows[0][1]);
  const lines = [['', ...columns], ...rows.map(([label, cells]) => [label, ...columns.map((name) => `${cells[name] ?? ''}`)])];
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  console.log(`\n${title}\n`);
  for (const [label, ...cells] of lines)
    console.log(`  ${label.padEnd(widths[0])}   ${cells.map((cell, i) => cell.padStart(widths[i + 1])).join('   ')}`);
}

/** Every kernel set of every place. @param {Report} report @returns {{label: string, place: any, set: string}[]} */
const sets = ({ places }) => Object.entries(places).flatMap(([name, place]) =>
  Object.keys(place.speed).map((set) => ({ label: `${name}, ${set}`, place, set })));

/** @param {Report} report */
function kernelTables(report) {
  const all = sets(report).filter(({ place, set }) => place.kernels[set]);
  const row = (/** @type {(kernels: any) => string} */ cell) =>
    Object.fromEntries(all.map(({ label, place, set }) => [label, cell(place.kernels[set])]));
  const most = (/** @type {any} */ { ceiling, products }) =>
    Math.max(ceiling, .../** @type {number[]} */ (Object.values(products)));
  table('int8 products (rows x depth x columns), GMAC/s and share of the ceiling: the best of ceiling.c and of these', [
    ['ceiling', row((kernels) => most(kernels).toFixed(1))],
    ...Object.keys(all[0].place.kernels[all[0].set].products).map((name) => /** @type {[string, any]} */ ([name,
      row((kernels) => {
        const speed = kernels.products[name];
        return `${speed.toFixed(1)} ${percent(speed / most(kernels)).padStart(5)}`;
      })]))]);
  table('the other kernels, native, ns for one value', Object.entries(report.places.native?.kernels.other ?? {}));
}

/** @param {Report} report */
function speedTables(report) {
  const { words, tokens, sentences } = report, all = sets(report);
  table('words/s with so many sentences at once; ms for a sentence alone, and for each token with 64 sentences at once',
    all.map(({ label, place, set }) => {
      const { batches } = place.speed[set];
      const speeds = BATCHES.map((size) => [`${size} at once`, Math.round(1000 * words / median(batches[size]))]);
      return [label, { ...Object.fromEntries(speeds), spread: percent(spread(batches[1])),
        'ms/sentence': (median(batches[1]) / sentences).toFixed(2),
        'ms/token': (median(batches[64]) / tokens.lines).toFixed(3) }];
    }));
  for (const [how, title] of Object.entries({ alone: 'one at a time', together: 'all at once' }))
    table(`ms for each token of source and target, by the tokens of the source sentences, ${title}`,
      all.map(({ label, place, set }) => [label, Object.fromEntries(LENGTHS.map((length) =>
        [`${length}-token`, (median(place.speed[set][how][length]) / tokens.ofLength[length]).toFixed(3)]))]));
}

/** @param {Report} report */
function stageTable({ places }) {
  const rows = Object.entries(places).flatMap(([name, { stages }]) =>
    Object.entries({ one: 'a sentence of 20 tokens', batch: 'all lines, 64 at once' }).map(([which, title]) => {
      const spent = stages[which], sum = STAGES.reduce((total, stage) => total + spent[stage], 0);
      const shares = STAGES.map((stage) => [stage, percent(spent[stage] / sum)]);
      return /** @type {[string, any]} */ ([`${name}, ${title}`, { ms: sum.toFixed(2), ...Object.fromEntries(shares) }]);
    }));
  table('where the time goes', rows);
}

/** @param {Report} report */
function startTables({ places, visits }) {
  const wasm = Object.entries(places).filter(([, { workers }]) => workers);
  table('ms to the first sentence, of the engine from a server and of a Translator from the page\'s store; bytes of the heap',
    wasm.map(([name, { load, workers, heap, model }]) => [name, { engine: Math.round(load),
      Translator: Math.round(median(workers.first)), heap, 'above the model': heap - model }]));
  const of = (/** @type {Visit[]} */ rounds) => Object.fromEntries(/** @type {const} */ (['navigation', 'ready', 'module'])
    .map((from) => [from, Math.round(median(rounds.map((times) => times[from])))]));
  if (visits) table('ms to the first German word in the demo page: from navigation, DOMContentLoaded, the run of its module',
    [['nothing stored', of(visits.first)], ['next visit', of(visits.next)]]);
}

/** @param {Report} report */
function workerTable({ places, words }) {
  const row = (/** @type {string} */ label, /** @type {Record<string, number[]>} */ ms, times = 1) => {
    const [one, two] = [ms[1], ms[2]].map((values) => 1000 * times * words / median(values));
    return /** @type {[string, any]} */ ([label, { one: Math.round(one), two: Math.round(two), ratio: (two / one).toFixed(2) }]);
  };
  const rows = Object.entries(places).filter(([, { workers }]) => workers).map(([name, { workers }]) => row(name, workers.lines));
  if (places.native?.parallel) rows.push(row('native, GNU parallel', places.native.parallel, REPEATS.corpus));
  table('words/s with one worker and with two', rows);
}

/** @param {Report} report */
export function print(report) {
  const { cpu, cores, rounds, sentences, words, tokens } = report;
  const size = `${sentences} sentences, ${words} words, ${tokens.lines} tokens of source and target`;
  console.log(`${cpu}, ${cores} cores; ${size}; median of ${rounds} rounds in turns`);
  for (const [name, { refused }] of Object.entries(report.places))
    for (const [set, why] of Object.entries(refused ?? {})) console.log(`${name} has no kernels "${set}": ${why}`);
  kernelTables(report);
  speedTables(report);
  stageTable(report);
  startTables(report);
  workerTable(report);
  table('bytes', Object.entries(report.sizes));
}
