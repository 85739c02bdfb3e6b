/** The page: a text box, its translation, and the overlay between them. */

import { Translator } from './translator.js';
import { Overlay, rangesOf } from './overlay.js';
import { TextPane } from './text-pane.js';
import { rove, track } from './dom.js';
import { moveSentence } from './task.js';
import { cutText, describe, directionOf, viewOf } from './words.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Side} Side
 *  @typedef {import('./text-pane.js').Mark} Mark */

const LIVE_LIMIT = 10_000;          // characters that are translated while one types
const DEBOUNCE = 120;
const STREAM_AFTER = 150;           // a translation that takes longer shows its words as they come
/** @type {Record<string, string>} */
const EXAMPLES = {
  greeting: 'Good morning, how are you?',
  verbs: 'The dog, who must have been able to see the cat running through the garden.',
  manual: 'To start the server, run the command below. It listens on port 8080 until you stop it. '
    + 'If another program already uses that port, choose a different one in the configuration file.',
};
const ALIGNMENT = { kind: 'alignment', layer: 0, head: 0 };

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const input = /** @type {HTMLTextAreaElement} */ ($('source'));
const bar = /** @type {HTMLProgressElement} */ ($('loading-bar'));
const source = new TextPane($('mirror'), { focusable: false });
const target = new TextPane($('target'), { focusable: true });

/** @type {Translator | undefined} */
let translator;
/** @type {Detailed | null} */
let shown = null;
/** @type {View[]} one for each sentence of `shown`, in words */
let views = [];
let running = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/* ---- the model ------------------------------------------------------------------------------ */

async function load() {
  $('failure').hidden = true;
  $('loading').hidden = false;
  bar.removeAttribute('value');
  $('loading-text').textContent = 'Fetching the model';
  try {
    translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de', coarse: true,
      monitor: (monitor) => { monitor.addEventListener('downloadprogress', showProgress); } });
    const { architecture, bytes, notice, coarse } = /** @type {NonNullable<Translator['info']>} */ (translator.info);
    $('status').textContent = `${architecture}, ${megabytes(bytes)} MB, on this device`;
    $('status').title = notice ?? '';
    if (coarse) refine(translator);
    $('loading').hidden = true;
    translateSoon(0);
  } catch (error) {
    showFailure('The model could not be loaded.', error);
  }
}

/** The first words came from half of the model: better ones when it is whole.  @param {Translator} half */
function refine(half) {
  half.refined.then(() => translateSoon(0), (error) => showFailure('The second half of the model could not be loaded.', error));
}

function showProgress(/** @type {any} */ { loaded, bytes, totalBytes }) {
  bar.value = loaded;
  $('loading-text').textContent = bytes < totalBytes
    ? `Fetching the model: ${megabytes(bytes)} of ${megabytes(totalBytes)} MB` : 'Starting the model';
}

function showFailure(/** @type {string} */ what, /** @type {any} */ error) {
  $('loading').hidden = true;
  $('failure').hidden = false;
  $('failure-text').textContent = what;
  $('failure-why').textContent = `${error?.message ?? error} (${error?.cause?.code ?? error?.name ?? 'error'})`;
}

const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);

/* ---- translating ---------------------------------------------------------------------------- */

function translateSoon(delay = DEBOUNCE) {
  clearTimeout(timer);
  timer = setTimeout(translateNow, delay);
}

async function translateNow() {
  running.abort();
  const { signal } = running = new AbortController();
  const text = cutText(input.value, LIVE_LIMIT);
  if (!translator) return;
  if (!text.trim()) return show(text, null);
  const start = performance.now();
  $('target').classList.add('waiting');
  try {
    const detailed = await translator.translateDetailed(text, { signal, onPartial: (partial) => {
      if (performance.now() - start < STREAM_AFTER) return;
      $('target').classList.remove('waiting');
      shown = null;
      target.show(partial);
    } });
    $('failure').hidden = true;
    show(text, detailed);
  } catch (/** @type {any} */ error) {
    if (signal.aborted) return;
    show(text, null);
    showFailure('This text could not be translated.', error);
  }
}

/** @param {string} text @param {Detailed | null} detailed */
function show(text, detailed) {
  shown = detailed;
  views = (detailed?.sentences ?? []).map((sentence) => /** @type {View} */ (viewOf(sentence, ALIGNMENT, false)));
  /** @type {(side: Side) => Mark[]} */
  const marks = (side) => views.flatMap((view, sentence) =>
    (side === 'source' ? view.cols : view.rows).map(({ start, end }, index) => ({ start, end, sentence, index,
      label: side === 'target' ? describe(view, 'row', index) : undefined })));
  const held = document.activeElement?.closest('#target') ? Number(document.activeElement.getAttribute('data-i')) : -1;
  source.show(text, marks('source'));
  target.show(detailed?.text ?? '', marks('target'));
  if (held >= 0) /** @type {HTMLElement | null} */ ($('target').querySelector(`[data-i="${held}"]`))?.focus();
  $('target').classList.remove('waiting');
  $('live').textContent = detailed && detailed.text.length < 500 ? detailed.text : '';
  overlay.show(detailed, translator?.info);
  if (!detailed || !translator) return;
  const words = text.trim().split(/\s+/u).length, ms = detailed.ms ?? 0;
  const cut = detailed.sentences.some((sentence) => sentence.cut) ? ' · a sentence was cut short' : '';
  const rate = Math.round(1000 * words / Math.max(ms, 0.1)).toLocaleString('en');
  $('status').textContent = `${words.toLocaleString('en')} ${words === 1 ? 'word' : 'words'} in `
    + `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms · ${rate} words/s · ${detailed.kernels}${cut}`;
}

/* ---- pointing: from the text, from the text box, from the overlay ----------------------------- */

const overlay = new Overlay($('overlay'), {
  async attend(i) {
    const { source: from, target: to } = /** @type {Detailed} */ (shown).sentences[i];
    const begin = from[0].start, text = input.value.slice(begin, from[from.length - 1].end);
    const detailed = await /** @type {NonNullable<typeof translator>} */ (translator)
      .translateDetailed(text, { attention: true, signal: running.signal });
    return moveSentence(detailed.sentences[0], begin, to[0].start - detailed.sentences[0].target[0].start);
  },
  onPoint: (point) => {
    if (!point) return source.clear(), target.clear();
    const ranges = rangesOf(point);
    source.light(point.sentence, ranges.source);
    target.light(point.sentence, ranges.target);
  },
});

/** @param {Side} side @param {Mark | undefined} mark @param {boolean} [turn] turn the overlay to its sentence */
function point(side, mark, turn = false) {
  const view = mark && views[mark.sentence];
  if (!mark || !view) {
    source.clear();
    target.clear();
    return overlay.clear();
  }
  const ranges = rangesOf({ sentence: mark.sentence, view, axis: side === 'target' ? 'row' : 'col', index: mark.index });
  source.light(mark.sentence, ranges.source);
  target.light(mark.sentence, ranges.target);
  if (turn) overlay.select(mark.sentence);
  overlay.light(mark.sentence, side, mark.start);
}

rove($('target'));
track($('target'), (i, how) => point('target', target.mark(i), how === 'focus'));

/* The words behind the text box lie under it, so they are found by place, or by the caret. */
input.addEventListener('pointermove', ({ clientX, clientY }) => {
  const word = document.elementsFromPoint(clientX, clientY).find((element) => element.matches('#mirror .dm-word'));
  point('source', word ? source.mark(Number(word.getAttribute('data-i'))) : undefined);
});
input.addEventListener('pointerleave', () => point('source', undefined));
input.addEventListener('blur', () => point('source', undefined));
const pointCaret = () => point('source', source.markAt(input.selectionStart), true);
input.addEventListener('click', pointCaret);
input.addEventListener('keyup', ({ key }) => { if (/^(Arrow|Home|End|Page)/.test(key)) pointCaret(); });

/* ---- the text box and the buttons ------------------------------------------------------------- */

function changed(delay = DEBOUNCE) {
  const { value } = input, text = cutText(value, LIVE_LIMIT), cut = text.length, long = cut < value.length;
  input.dir = $('mirror').dir = directionOf(text);
  source.show(text);
  target.clear();
  $('field').classList.toggle('long', long);
  $('limit').hidden = !long;
  $('limit').textContent =
    `The first ${cut.toLocaleString('en')} of ${value.length.toLocaleString('en')} characters are translated here.`;
  $('clear').hidden = value === '';
  if (!$('failure').hidden && translator) $('failure').hidden = true;
  translateSoon(delay);
}

input.addEventListener('input', () => changed());
input.addEventListener('scroll', () => { $('mirror').scrollTop = input.scrollTop; });
$('clear').addEventListener('click', () => {
  input.value = '';
  changed(0);
  input.focus();
});
for (const button of document.querySelectorAll('[data-example]')) {
  button.addEventListener('click', () => {
    input.value = EXAMPLES[button.getAttribute('data-example') ?? ''];
    changed(0);
  });
}
$('retry').addEventListener('click', () => (translator ? translateSoon(0) : load()));

/** @param {string} id @param {() => string} text */
function copies(id, text) {
  const button = $(id), label = button.textContent;
  button.addEventListener('click', async () => {
    const done = await navigator.clipboard?.writeText(text()).then(() => 'Copied', () => '') || 'Not allowed here';
    button.textContent = done;
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}
copies('copy', () => shown?.text ?? '');
copies('share', () => {               // after the #, so that it reaches no server
  const text = input.value.slice(0, 1000).replace(/\p{Surrogate}/gu, '\ufffd');
  return `${location.href.split('#')[0]}#${encodeURIComponent(text)}`;
});

function textFromAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}
input.value ||= textFromAddress() || EXAMPLES.verbs;
window.addEventListener('hashchange', () => {
  const text = textFromAddress();
  if (!text) return;
  input.value = text;
  changed(0);
});
changed(0);
load();
navigator.serviceWorker?.register('offline.js').catch(() => {});       // the next visit needs no network
