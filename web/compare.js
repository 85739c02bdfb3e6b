/** The comparison page: one sentence into three models at once, and one clock that plays back how each wrote its words.
 *  A column looks after its own model (compare-column.js); no model is fetched before somebody asks for it. */

import { Clock } from './compare-clock.js';
import { Column, megabytes } from './compare-column.js';
import { showFigure } from './compare-figure.js';
import { el } from './dom.js';
import { cutText } from './words.js';

/** @typedef {import('./types.d.ts').ModelEntry} ModelEntry
 *  @typedef {import('./types.d.ts').Choice} Choice */

const DEBOUNCE = 200;
const LONGEST = 1000;                               // characters that are translated
/** From three words to what is nearly too long for a model. */
const EXAMPLES = [
  'The cat sleeps.',
  'The dog, who must have been able to see the cat running through the garden.',
  'When you press the button, the browser loads the page again, and everything that you have typed into the form since '
    + 'your last visit is lost.',
  'If the server does not answer within thirty seconds, the client closes the connection, waits for a short time and tries '
    + 'again, and after the third attempt it shows a message that tells the user which address could not be reached and what '
    + 'to check first.',
  'An element that is not visible takes no space on the page, its children are not shown either, screen readers do not read '
    + 'it, and it cannot receive the focus, so that you should use this property with care, because people who use the '
    + 'keyboard will never find a button that is hidden in this way, even if the rest of the page, including the text that '
    + 'describes the button, can be read without any problem.',
];
const SEED = 1;
/** How each is drawn at first: the vector has one way, the matrix is the picture of 2015, the heads are many.
 *  @type {Record<string, Partial<Choice>>} */
const CHOICES = { 'en-de-bahdanau': { tab: 'matrix' }, 'en-de': { tab: 'matrix', kind: 'cross' } };

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const input = /** @type {HTMLTextAreaElement} */ ($('source'));
const slider = /** @type {HTMLInputElement} */ ($('slider'));
/** @type {Column[]} */
let columns = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/* ---- models: one after the other, so that the first can be read while the next comes ------------ */

async function start() {
  const { index, error } = await readIndex();
  columns = [...document.querySelectorAll('.column')].map((root) => {
    const { model = '' } = /** @type {HTMLElement} */ (root).dataset;
    const entry = error ? { folder: model, source: 'en', target: 'de' } : index.find(({ folder }) => folder === model);
    const column = new Column(/** @type {HTMLElement} */ (root), { entry, choice: CHOICES[model] ?? {}, onRetry: async () => {
      if (await column.load()) await translate([column]);
    } });
    return column;
  });
  const bytes = (await Promise.all(columns.map((column) => column.missing()))).reduce((sum, each) => sum + each, 0);
  if (!bytes && !error) return fetchAll();
  $('fetch-size').textContent = `${bytes ? `Fetches ${megabytes(bytes)} MB, once. ` : ''}`
    + 'Every word is translated on this device, and none leaves it.';
  $('start').hidden = false;
}

/** @returns {Promise<{index: ModelEntry[], error?: unknown}>} with an error each column tries, and says what it finds */
async function readIndex() {
  try {
    const response = await fetch('models/index.json');
    if (!response.ok) throw new Error(`models/index.json: ${response.status}`);
    return { index: (await response.json()).models };
  } catch (error) {
    return { index: [], error };
  }
}

async function fetchAll() {
  $('start').hidden = true;
  for (const column of columns) if (await column.load()) await translate([column]);
}

/* ---- translating -------------------------------------------------------------------------------- */

/** @param {Column[]} which */
async function translate(which = columns) {
  const text = cutText(input.value, LONGEST);
  $('too-long').hidden = text.length === input.value.length;
  const shown = await Promise.all(which.map((column) => column.translate(text)));
  if (!shown.some(Boolean)) return;
  clock.resize(Math.max(0, ...columns.map(({ length }) => length)));
}

function changed(delay = DEBOUNCE) {
  for (const chip of $('examples').children)
    chip.setAttribute('aria-pressed', String(EXAMPLES[Number(chip.getAttribute('data-example'))] === input.value));
  clearTimeout(timer);
  timer = setTimeout(() => {
    clock.seek(clock.length);
    translate();
  }, delay);
}

/* ---- the clock and its controls ----------------------------------------------------------------- */

const clock = new Clock(() => {
  const { at, length, playing } = clock;
  for (const column of columns) column.reveal(at);
  $('player').hidden = !length;
  $('play').textContent = playing ? 'Pause' : 'Play';
  slider.max = String(Math.max(1, length));
  slider.value = String(at);
  slider.setAttribute('aria-valuetext', `${at} of ${length} words`);
  $('place').textContent = `${at} / ${length}`;
  for (const [id, end] of /** @type {const} */ ([['back', 0], ['step', length]]))
    /** @type {HTMLButtonElement} */ ($(id)).setAttribute('aria-disabled', String(at === end));
  if (!playing) $('live').textContent = at === length ? '' : columns.map((column) => column.said(at)).filter(Boolean).join('. ');
});

$('play').addEventListener('click', () => clock.toggle());
$('back').addEventListener('click', () => clock.step(-1));
$('step').addEventListener('click', () => clock.step(1));
slider.addEventListener('input', () => clock.seek(Number(slider.value)));

/** Keys work in the player, and wherever nothing else wants them. */
document.addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event, element = /** @type {Element} */ (target);
  if (ctrlKey || metaKey || altKey || !clock.length) return;
  if (target !== document.body && !element.closest('#player')) return;
  if (element === slider && key !== ' ' || element.matches('button') && key === ' ') return;       // they know what to do
  const act = { ' ': () => clock.toggle(), ArrowRight: () => clock.step(1), ArrowLeft: () => clock.step(-1),
                Home: () => clock.seek(0), End: () => clock.seek(clock.length) }[key];
  if (!act) return;
  event.preventDefault();
  act();
});

/* ---- the text and its examples ------------------------------------------------------------------ */

EXAMPLES.forEach((text, i) => {
  const words = text.split(' ').length;
  const chip = el('button', { type: 'button', class: 'chip', 'data-example': i, title: text }, `${words} words`);
  chip.addEventListener('click', () => {
    input.value = text;
    changed(0);
  });
  $('examples').append(chip);
});
$('fetch').addEventListener('click', fetchAll);
input.addEventListener('input', () => changed());
input.value ||= EXAMPLES[SEED];
changed(0);
start();
showFigure();
navigator.serviceWorker?.register('offline.js').catch(() => {});
