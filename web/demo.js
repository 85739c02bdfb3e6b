/** The page: a text box, its translation, and the overlay between them. */

import { Translator } from './translator.js';
import { Trail } from './demo-history.js';
import { LANGUAGES, otherOf, turned } from './demo-languages.js';
import { linkLoses } from './permalink.js';
import { TextPane } from './text-pane.js';
import { rove, track } from './dom.js';
import { moveSentence } from './task.js';
import { cutText, describe, directionOf, viewOf } from './words.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {import('./types.d.ts').View} View
 *  @typedef {import('./types.d.ts').Side} Side
 *  @typedef {import('./types.d.ts').Choice} Choice
 *  @typedef {import('./text-pane.js').Mark} Mark */

const LIVE_LIMIT = 10_000;          // characters that are translated while one types
const DEBOUNCE = 120;
const STREAM_AFTER = 150;           // a translation that takes longer shows its words as they come
/** @type {Choice} */
const FIRST = { tab: 'lines', kind: 'alignment', layer: Infinity, head: 0, sentence: 0, pieces: false, zoom: 1 };
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
/** The language that one types. @type {import('./demo-languages.js').Tag} */
let from = 'en';
/** @type {string | undefined} the one that a link names; otherwise the first for the languages */
let model;
/** @type {Choice | undefined} what the overlay is to show once the text is translated */
let wanted;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let again = () => {};
/** What the last turn found in the box, and what it wrote there. */
let lastTurn = { found: '', wrote: '' };
/** No translation needs it: it comes while the model does. */
const pictures = import('./overlay.js');

/* ---- the model ------------------------------------------------------------------------------ */

let starting = new AbortController();

async function load() {
  starting.abort();
  const { signal } = starting = new AbortController();
  $('failure').hidden = true;
  $('loading').hidden = false;
  bar.removeAttribute('value');
  $('loading-text').textContent = 'Fetching the model';
  try {
    const creating = Translator.create({ sourceLanguage: from, targetLanguage: otherOf(from), coarse: true, model, signal,
      monitor: (monitor) => { monitor.addEventListener('downloadprogress', showProgress); } });
    creating.catch(() => {});                       // told below, when the page is filled
    await pictures;
    translator = await creating;
    const { architecture, bytes, notice, coarse } = /** @type {NonNullable<Translator['info']>} */ (translator.info);
    $('status').textContent = `${architecture}, ${megabytes(bytes)} MB, on this device`;
    $('status').title = notice ?? '';
    if (coarse) refine(translator);
    $('loading').hidden = true;
    translateSoon(0);
    offerTurn();
  } catch (/** @type {any} */ error) {
    if (signal.aborted) return;
    if (model && error?.name === 'NotSupportedError') {
      showNote(`This page has no model ${model}, which the link names; another one translates.`);
      model = undefined;
      return load();
    }
    showFailure('The model could not be loaded.', error, load);
  }
}

/** Words that came from part of the model: better ones when it is whole.  @param {Translator} half */
function refine(half) {
  half.refined.then(() => {
    const isWhole = shown && !shown.coarse && !$('target').matches('.waiting');
    if (!isWhole) translateSoon(0);
  }, (error) => {
    if (half === translator)
      showFailure('Part of the model could not be loaded. Without it, translations are a little worse.', error, reload);
  });
}

/** Anew: what has come is kept in the browser. */
function reload() {
  running.abort();
  translator = undefined;
  load();
}

function showProgress(/** @type {any} */ { loaded, bytes, totalBytes }) {
  bar.value = loaded;
  $('loading-text').textContent = bytes < totalBytes
    ? `Fetching the model: ${megabytes(bytes)} of ${megabytes(totalBytes)} MB` : 'Starting the model';
}

/** @param {string} what @param {any} error @param {() => void} retry what "Try again" does */
function showFailure(what, error, retry) {
  again = retry;
  $('loading').hidden = true;
  $('failure').hidden = false;
  $('failure-text').textContent = what;
  $('failure-why').textContent = `${error?.message ?? error} (${error?.cause?.code ?? error?.name ?? 'error'})`;
}

/** 12345 -> 12,345; toLocaleString costs 10 ms and more at the first call.  @param {number} n a whole number */
const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
/** A text that could not be translated is no news any more; a model that is not whole stays one. */
function forgiveText() {
  if (again === translateSoon) $('failure').hidden = true;
}

const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);

/* ---- the direction -------------------------------------------------------------------------- */

/** What the page says of its languages.  @param {import('./demo-languages.js').Tag} language that one types */
function direct(language) {
  from = language;
  const to = otherOf(from), [typed, read] = [from, to].map((tag) => LANGUAGES[tag].name);
  $('source-name').textContent = typed;
  $('target-name').textContent = read;
  $('from').setAttribute('aria-label', `${typed} text`);
  $('to').setAttribute('aria-label', `${read} translation`);
  $('target').setAttribute('aria-label', `${read} words; arrow keys move between them`);
  input.placeholder = `Type or paste some ${typed}`;
  $('turn').setAttribute('aria-label', `Translate ${read} to ${typed}`);
  $('turn').title = `Translate ${read} to ${typed}`;
  input.lang = from;
  $('target').lang = $('live').lang = to;
}

/** A site may have no model for the way back. */
async function offerTurn() {
  const back = { sourceLanguage: otherOf(from), targetLanguage: from };
  $('turn').hidden = await Translator.availability(back).catch(() => 'unavailable') === 'unavailable';
}

$('turn').addEventListener('click', () => trail.step(() => {
  const found = input.value, before = found === lastTurn.wrote ? lastTurn.found : '';
  const { text, isExample } = turned(found, before || (shown?.text ?? ''), from);
  lastTurn = { found, wrote: text };
  direct(otherOf(from));
  trail.named = isExample;
  model = undefined;
  input.value = text;
  show(text, null);
  wanted = { ...overlay.choice, sentence: 0 };
  changed(0);
  reload();
}));

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
    forgiveText();
    show(text, detailed);
  } catch (/** @type {any} */ error) {
    if (signal.aborted) return;
    show(text, null);
    showFailure('This text could not be translated.', error, translateSoon);
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
  overlay.languages = { source: from, target: otherOf(from) };
  overlay.show(detailed, translator?.info, text);
  if (detailed && wanted) restoring(() => overlay.choose(/** @type {Choice} */ (wanted)));
  if (detailed) wanted = undefined;
  if (!detailed || !translator) return;
  const words = text.trim().split(/\s+/u).length, ms = detailed.ms ?? 0;
  const cut = detailed.sentences.some((sentence) => sentence.cut) ? ' · a sentence was cut short' : '';
  const half = detailed.coarse ? ' · from part of the model, the rest is on its way' : '';
  const rate = grouped(Math.round(1000 * words / Math.max(ms, 0.1)));
  $('status').textContent = `${grouped(words)} ${words === 1 ? 'word' : 'words'} in `
    + `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms · ${rate} words/s · ${detailed.kernels}${half}${cut}`;
}

/* ---- the start; what a link, Back and Forward bring back ---------------------------------------- */

const trail = new Trail(
  () => ({ text: cutText(input.value, LIVE_LIMIT), from, model: model ?? translator?.info?.name,
           choice: { ...overlay.choice, ...wanted } }),
  (link) => {
    const turns = (link.from ?? 'en') !== from, other = link.model && link.model !== (model ?? translator?.info?.name);
    begin(link);
    changed(0);
    if (!turns && !other) return;
    model = link.model;
    reload();
  });

const first = trail.begin();
model = first.model;
direct(first.from ?? 'en');
load();
const { Overlay, rangesOf } = await pictures;

/* ---- pointing: from the text, from the text box, from the overlay ----------------------------- */

/** @type {Choice['tab']} */
let tab = 'lines';
let isRestoring = false;
const restoring = (/** @type {() => void} */ act) => {
  isRestoring = true;
  act();
  isRestoring = false;
};
const overlay = new Overlay($('overlay'), {
  async attend(i) {
    const { source: from, target: to } = /** @type {Detailed} */ (shown).sentences[i];
    const begin = from[0].start, text = input.value.slice(begin, from[from.length - 1].end);
    const detailed = await /** @type {NonNullable<typeof translator>} */ (translator)
      .translateDetailed(text, { attention: true, signal: running.signal });
    return moveSentence(detailed.sentences[0], begin, to[0].start - detailed.sentences[0].target[0].start);
  },
  onChoice: (choice) => {
    const opened = tab === 'heads' && (choice.tab === 'lines' || choice.tab === 'matrix');
    tab = choice.tab;
    if (isRestoring) return;
    if (opened) trail.step(() => {});
    else trail.changed();
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
  $('limit').textContent = long                     // it describes the text box, also where it is not to be seen
    ? `The first ${grouped(cut)} of ${grouped(value.length)} characters are translated here.` : '';
  $('clear').hidden = value === '';
  forgiveText();
  translateSoon(delay);
}

input.addEventListener('input', () => {
  trail.named = false;
  showNote('');
  changed();
  trail.changed();
});
input.addEventListener('scroll', () => { $('mirror').scrollTop = input.scrollTop; });
$('clear').addEventListener('click', () => {
  input.value = '';
  input.dispatchEvent(new Event('input'));
  input.focus();
});
for (const button of document.querySelectorAll('[data-example]')) {
  button.addEventListener('click', () => trail.step(() => {
    trail.named = true;
    showNote('');
    wanted = { ...overlay.choice, sentence: 0 };
    input.value = LANGUAGES[from].examples[button.getAttribute('data-example') ?? ''];
    changed(0);
  }));
}
$('retry').addEventListener('click', () => again());

$('others').addEventListener('click', async () => {
  const text = input.value, others = await import('./demo-others.js').catch(() => undefined);
  if (!others) showNote('What lists other translations could not be fetched.');
  else if (shown?.sentences.length && translator) others.toggleOthers($('others'), shown, overlay.choice.sentence,
    { translator, text, signal: running.signal, show: (detailed) => show(text, detailed) });
});

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
copies('share', () => {
  if (linkLoses(input.value)) showNote('The link holds the first 1,000 characters.');
  return trail.link();
});

function showNote(/** @type {string} */ text) {
  $('note').textContent = text;
  $('note').hidden = !text;
}

/** @param {import('./permalink.js').Link} link */
function begin({ text, choice, from: language = 'en', note = '' }) {
  direct(language);
  input.value = text ?? (input.value || LANGUAGES[from].examples.verbs);
  wanted = { ...FIRST, ...choice };
  showNote(note);
}

begin(first);
trail.changed();
changed(0);
navigator.serviceWorker?.register('offline.js').catch(() => {});       // the next visit needs no network
