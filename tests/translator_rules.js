/** The rules of the W3C Translator API as functions: tests run them in Node and in browsers (as a module of the site).
 *  Each gets the class, and throws where a rule is broken.  The site translates en to de and en to zh-Hans.
 *
 *  Where each rule of the text (Translator API, Writing Assistance APIs: "Shared infrastructure") is tested; a name alone is
 *  one of `rules` below, the files are tests/network.test.mjs, tests/api.test.mjs and tests/browser/translator.test.mjs.
 *
 *    create      arguments, tags: TypeError                 arguments of availability and create are checked
 *                a bad tag before an aborted signal,
 *                that before the monitor                    create checks in the order of the text
 *                document not fully active: InvalidState    browser: a page that is gone
 *                permissions policy: NotAllowedError        browser: a permissions policy
 *                a user's gesture for a download            not asked for: docs/api.md, "Where it differs"
 *                monitor throws: its error                  a monitor that throws ends create with its error
 *                pairs unknown for now: UnknownError        network: Translator.create
 *                no such pair: NotSupportedError            a pair that no model has: NotSupportedError
 *                download fails: NetworkError               network: Translator.create
 *                start fails: OperationError                network: Translator.create; api: the table of errors
 *                signal: before, while, at an event         create hears its signal; network: abort at every stage
 *                signal: afterwards                         the signal of create destroys the translator later
 *                tags of the model, by best fit             languages are canonical, or those of the model
 *    progress    0 first, 1 last, rising, 1/65536, total 1  downloadprogress: from 0 to 1
 *                50 ms apart                                downloadprogress: events of a download are 50 ms apart
 *                what is here already is not counted        browser: a reload in mid-download
 *                none after settling, or after an abort     downloadprogress: from 0 to 1; create hears its signal
 *    availability  its four values                          availability: one of four words; browser: the store, a reload
 *                forbidden by policy: unavailable           browser: a permissions policy
 *    translate   conversions, TypeError                     translate: arguments, conversions
 *                nothing to translate: the input            text with nothing to translate comes back as it is
 *                one language: the input                    languages are canonical, or those of the model
 *                signals, the caller's own reason           translate and measureInputUsage hear their signals
 *                other failures: UnknownError               api: the table of errors
 *    streaming   chunks, close, error, cancel               translateStreaming: ...
 *    usage       quota Infinity, usage 0, never exceeded    input usage: no quota
 *    destroy     pending and later calls: AbortError        destroy: pending and later calls reject with AbortError
 *    Web IDL     names, lengths, tags, no constructors      the class is as Web IDL makes them */

const PAIR = { sourceLanguage: 'en', targetLanguage: 'de' };
const TEXT = 'The cat sees the house. The old dog has the red word and finds the small tree.';
const LONG = `${TEXT} `.repeat(400);

function equal(found, wanted, what = '') {
  if (!Object.is(found, wanted)) throw new Error(`${what}: ${String(found)} is not ${String(wanted)}`);
}
const ok = (value, what) => { if (!value) throw new Error(what); };

/** @param {Promise<unknown> | (() => Promise<unknown>)} promise @param {unknown} wanted a name, or the very value */
async function rejects(promise, wanted, what = '') {
  let caught;
  try {
    const value = typeof promise === 'function' ? promise() : promise;
    ok(value instanceof Promise, `${what}: no promise`);
    await value;
  } catch (error) {
    caught = { error };
  }
  ok(caught, `${what}: not rejected`);
  if (typeof wanted !== 'string') return equal(caught.error, wanted, what);
  equal(caught.error?.name, wanted, what);
  if (wanted !== 'TypeError') ok(caught.error instanceof DOMException, `${what}: no DOMException`);
}
function throws(work, wanted) {
  try {
    work();
  } catch (error) {
    return typeof wanted === 'string' ? equal(error.name, wanted) : equal(error, wanted);
  }
  throw new Error('nothing was thrown');
}
const drain = (stream) => stream.pipeTo(new WritableStream());
const monitored = (seen) => ({ ...PAIR, monitor(monitor) {
  monitor.addEventListener('downloadprogress', (event) => seen.push(event));
} });

const BAD_PAIRS = {
  'nothing': undefined, 'null': null, 'a number': 7, 'a string': 'en', 'empty': {},
  'no target': { sourceLanguage: 'en' }, 'no source': { targetLanguage: 'de' },
  'a symbol': { sourceLanguage: Symbol('en'), targetLanguage: 'de' },
  ...Object.fromEntries(['', 'e', 'en_US', 'en-', '-en', 'en-a', 'en us', 'x', 'english-language-x', 'en-abcdefghi',
    'i-klingon', 'en-GB-oed', 'en\0'].map((tag) =>
    [`source "${tag}"`, { sourceLanguage: tag, targetLanguage: 'de' }])),
  'target "de--AT"': { sourceLanguage: 'en', targetLanguage: 'de--AT' },
};

export const rules = {
  async 'arguments of availability and create are checked'(Translator) {
    for (const [name, options] of Object.entries(BAD_PAIRS)) {
      await rejects(() => Translator.availability(options), 'TypeError', `availability, ${name}`);
      await rejects(() => Translator.create(options), 'TypeError', `create, ${name}`);
    }
    for (const signal of [null, {}, 1, 'abort', new EventTarget()])
      await rejects(() => Translator.create({ ...PAIR, signal }), 'TypeError', 'signal');
    for (const monitor of [{}, 1, 'x']) await rejects(() => Translator.create({ ...PAIR, monitor }), 'TypeError', 'monitor');
  },

  async 'create checks in the order of the text: tags, signal, monitor'(Translator) {
    let called = 0;
    const signal = AbortSignal.abort(), monitor = () => { called++; };
    await rejects(Translator.create({ ...PAIR, sourceLanguage: 'e', signal, monitor }), 'TypeError', 'a bad tag first');
    await rejects(Translator.create({ ...PAIR, signal, monitor: 7 }), 'TypeError', 'a bad monitor first');
    await rejects(Translator.create({ ...PAIR, targetLanguage: 'ja', signal, monitor }), 'AbortError', 'then the signal');
    equal(called, 0, 'monitors called');
    await rejects(Translator.create({ ...PAIR, targetLanguage: 'ja', monitor }), 'NotSupportedError');
    equal(called, 1, 'the monitor, before the models are looked at');
  },

  async 'availability: one of four words, by the best fit of the tags'(Translator) {
    const of = (sourceLanguage, targetLanguage) => Translator.availability({ sourceLanguage, targetLanguage });
    for (const [source, target] of [['en', 'de'], ['en-GB', 'de-AT'], ['EN', 'DE'], ['en-Latn-x-lolcat', 'de'], ['en', 'zh'],
      ['en', 'zh-CN'], ['en-US', 'zh-Hans'], ['en-u-ca-gregory', 'de-DE-1996'], ['en-AU', 'cmn-Hans']])
      ok(['downloadable', 'downloading', 'available'].includes(await of(source, target)), `${source} ${target}`);
    for (const [source, target] of [['en', 'ja'], ['de', 'en'], ['ja', 'de'], ['en', 'zh-Hant'], ['en', 'zh-TW'], ['de', 'ja']])
      equal(await of(source, target), 'unavailable', `${source} ${target}`);
    for (const [source, target] of [['en', 'en'], ['en-US', 'en-GB'], ['fr', 'fr-CA'], ['en-x-asdf', 'en-x-xyzw']])
      equal(await of(source, target), 'available', `${source} ${target}`);
  },

  async 'a pair that no model has: NotSupportedError'(Translator) {
    await rejects(Translator.create({ sourceLanguage: 'en', targetLanguage: 'ja' }), 'NotSupportedError');
  },

  async 'languages are canonical, or those of the model; one language into itself is the identity'(Translator) {
    for (const [sourceLanguage, targetLanguage] of [['EN-gb', 'DE'], ['en-US', 'de-DE'], ['en-latn-us', 'de-x-private']]) {
      const translator = await Translator.create({ sourceLanguage, targetLanguage });
      equal(translator.sourceLanguage, 'en');
      equal(translator.targetLanguage, 'de');
      translator.destroy();
    }
    const same = await Translator.create({ sourceLanguage: 'en-us', targetLanguage: 'EN-GB' });
    equal(same.sourceLanguage, 'en-US');
    equal(same.targetLanguage, 'en-GB');
    equal(await same.translate(TEXT), TEXT);
    equal((await same.translateDetailed([TEXT, '']))[0].text, TEXT);
    same.destroy();
    await rejects(same.translate(TEXT), 'AbortError');
    const old = await Translator.create({ sourceLanguage: 'iw-latn-il', targetLanguage: 'HE-LATN' });
    equal(old.sourceLanguage, 'he-Latn-IL', 'canonical');
    equal(old.targetLanguage, 'he-Latn', 'canonical');
    old.destroy();
  },

  async 'downloadprogress: from 0 to 1, rising, in steps of 1/65536, none later'(Translator) {
    const seen = [];
    const translator = await Translator.create(monitored(seen)), count = seen.length;
    ok(count >= 2, `${count} events`);
    equal(seen[0].loaded, 0);
    equal(seen.at(-1).loaded, 1);
    seen.forEach((event, i) => {
      equal(event.type, 'downloadprogress');
      equal(event.total, 1);
      equal(event.lengthComputable, true);
      equal(event.loaded * 65536 % 1, 0, 'a step');
      ok(i === 0 || event.loaded > seen[i - 1].loaded, 'rising');
    });
    await translator.translate('The cat.');
    equal(seen.length, count);
    translator.destroy();

    let calls = 0;
    const again = await Translator.create({ ...PAIR, monitor(monitor) {
      equal(monitor.ondownloadprogress, null);
      monitor.ondownloadprogress = () => { throw new Error('replaced'); };
      monitor.ondownloadprogress = () => { calls++; };
    } });
    ok(calls >= 2, 'ondownloadprogress');
    again.destroy();
  },

  async 'a monitor that throws ends create with its error'(Translator) {
    const error = new Error('mine');
    await rejects(Translator.create({ ...PAIR, monitor(monitor) {
      monitor.addEventListener('downloadprogress', () => { throw new Error('an event'); });
      throw error;
    } }), error);
  },

  async 'create hears its signal: before, while, and at the first and the last event'(Translator) {
    await rejects(Translator.create({ ...PAIR, signal: AbortSignal.abort() }), 'AbortError');
    const reason = { my: 'reason' };
    await rejects(Translator.create({ ...PAIR, signal: AbortSignal.abort(reason) }), reason);
    const stop = new AbortController(), call = Translator.create({ ...PAIR, signal: stop.signal });
    stop.abort(reason);
    await rejects(call, reason);
    for (const at of [0, 1]) {
      const end = new AbortController(), seen = [];
      await rejects(Translator.create({ ...PAIR, signal: end.signal, monitor(monitor) {
        monitor.addEventListener('downloadprogress', ({ loaded }) => {
          ok(!end.signal.aborted, 'an event after the abort');
          seen.push(loaded);
          if (loaded === at) end.abort(reason);
        });
      } }), reason, `at ${at}`);
      equal(seen.at(-1), at);
    }
  },

  async 'the signal of create destroys the translator later'(Translator) {
    const stop = new AbortController(), reason = new Error('over');
    const translator = await Translator.create({ ...PAIR, signal: stop.signal });
    const calls = [translator.translate(TEXT), translator.measureInputUsage(TEXT), drain(translator.translateStreaming(TEXT))];
    stop.abort(reason);
    for (const call of calls) call.catch(() => {});
    for (const call of calls) await rejects(call, reason);
    for (const text of [TEXT, '']) await rejects(translator.translate(text), reason);
    await rejects(translator.measureInputUsage(TEXT), reason);
    throws(() => translator.translateStreaming(TEXT), reason);
  },

  async 'translate: arguments, conversions'(Translator, translator) {
    await rejects(() => translator.translate(), 'TypeError');
    await rejects(() => translator.translate(Symbol('x')), 'TypeError');
    await rejects(() => translator.translate('x', 7), 'TypeError');
    await rejects(() => translator.translate('x', { signal: null }), 'TypeError');
    await rejects(() => translator.measureInputUsage(), 'TypeError');
    throws(() => translator.translateStreaming(), 'TypeError');
    throws(() => translator.translateStreaming('x', { signal: {} }), 'TypeError');
    equal(await translator.translate(null), await translator.translate('null'));
    equal(await translator.translate(['a', 'b'], null), await translator.translate('a,b'));
    equal(typeof await translator.translate(TEXT), 'string');
  },

  async 'text with nothing to translate comes back as it is'(Translator, translator) {
    const texts = ['', ' ', '     ', ' \r\n\t\f', '\u00a0\u2003\u3000', '\u200b\ufeff'];
    for (let code = 0; code < 0x20; code++) texts.push(String.fromCharCode(code));
    for (let code = 0x7f; code < 0xa0; code++) texts.push(String.fromCharCode(code));
    const found = await Promise.all(texts.map((text) => translator.translate(text)));
    texts.forEach((text, i) => equal(found[i], text, JSON.stringify(text)));
    const mixed = await translator.translateDetailed(['\x01\x02', 'The cat.', '\n']);
    equal(mixed[0].text, '\x01\x02');
    equal(mixed[2].text, '\n');
    equal(mixed[1].text, await translator.translate('The cat.'));
    for (const text of texts) equal(typeof await translator.translate(`Hello ${text} world`), 'string');
  },

  async 'translate and measureInputUsage hear their signals'(Translator, translator) {
    for (const method of ['translate', 'measureInputUsage']) {
      await rejects(translator[method](TEXT, { signal: AbortSignal.abort() }), 'AbortError', method);
      for (const reason of [undefined, new Error('mine')]) {
        const stop = new AbortController(), call = translator[method](TEXT, { signal: stop.signal });
        stop.abort(reason);
        await rejects(call, reason ?? 'AbortError', method);
        await rejects(translator[method](TEXT, { signal: stop.signal }), reason ?? 'AbortError', method);
      }
    }
    const blank = new AbortController(), call = translator.translate(' ', { signal: blank.signal });
    blank.abort();
    await rejects(call, 'AbortError', 'blank');
  },

  async 'an abort stops a running translation within 50 ms, and the next one runs'(Translator, translator) {
    await translator.translate('The cat.');
    const stop = new AbortController(), call = translator.translate(LONG, { signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 60));
    const start = performance.now();
    stop.abort();
    await rejects(call, 'AbortError');
    const settled = performance.now() - start;
    await translator.translate('The cat.');
    const free = performance.now() - start;
    ok(settled < 20, `settled after ${settled} ms`);
    ok(free < 150, `the next translation came after ${free} ms`);       // a slice, and the translation
  },

  async 'translateStreaming: strings that together are the translation'(Translator, translator) {
    for (const text of [TEXT, `${TEXT}\n\n  ${TEXT}  `, '', ' \n ', TEXT.repeat(40)]) {
      const stream = translator.translateStreaming(text), parts = [];
      equal(Object.prototype.toString.call(stream), '[object ReadableStream]');
      const reader = stream.getReader();
      for (let read; !(read = await reader.read()).done;) parts.push(read.value);
      ok(parts.every((part) => typeof part === 'string' && part), 'strings');
      const { text: whole, sentences } = await translator.translateDetailed(text);
      if (!sentences.some(({ cut }) => cut)) equal(parts.join(''), whole, 'joined');
      else ok(parts.join('').length >= whole.length, 'a repetition may have been sent before it was cut');
    }
  },

  async 'translateStreaming: abort, cancel'(Translator, translator) {
    const reason = new DOMException('mine', 'VersionError');
    throws(() => translator.translateStreaming(TEXT, { signal: AbortSignal.abort(reason) }), reason);
    throws(() => translator.translateStreaming(TEXT, { signal: AbortSignal.abort() }), 'AbortError');
    const stop = new AbortController(), stream = translator.translateStreaming(LONG, { signal: stop.signal });
    stop.abort(reason);
    await rejects(drain(stream), reason);
    const start = performance.now();
    for (const read of [false, true]) {
      const reader = translator.translateStreaming(LONG).getReader();
      if (read) await reader.read();
      await reader.cancel('enough');
    }
    await translator.translate('The cat.');
    ok(performance.now() - start < 1000, `${performance.now() - start} ms`);
  },

  async 'destroy: pending and later calls reject with AbortError'(Translator) {
    const translator = await Translator.create(PAIR);
    const calls = [translator.translate(LONG), translator.translate(''), translator.measureInputUsage(TEXT),
      translator.translateDetailed([TEXT]), drain(translator.translateStreaming(TEXT))];
    for (const call of calls) call.catch(() => {});
    equal(translator.destroy(), undefined);
    for (const call of calls) await rejects(call, 'AbortError');
    for (const method of ['translate', 'measureInputUsage', 'translateDetailed'])
      await rejects(translator[method](TEXT), 'AbortError', method);
    await rejects(translator.translate('', { signal: AbortSignal.abort(new Error('later')) }), 'AbortError', 'the first reason');
    throws(() => translator.translateStreaming(TEXT), 'AbortError');
    translator.destroy();
    equal(translator.sourceLanguage, 'en');
  },

  async 'input usage: no quota, and a text of a million characters is not too long for it'(Translator, translator) {
    equal(translator.inputQuota, Infinity);
    const huge = `${LONG}\n`.repeat(Math.ceil(1e6 / LONG.length)), stop = new AbortController();
    for (const text of ['', TEXT, huge]) equal(await translator.measureInputUsage(text), 0);
    const call = translator.translate(huge, { signal: stop.signal });
    setTimeout(() => stop.abort(), 300);
    await rejects(call, 'AbortError', 'it was under way');
  },

  async 'the class is as Web IDL makes them'(Translator, translator) {
    throws(() => new Translator(), 'TypeError');
    equal(Object.prototype.toString.call(translator), '[object Translator]');
    equal(Translator.name, 'Translator');
    equal(Translator.create.length, 1);
    equal(Translator.availability.length, 1);
    for (const name of ['translate', 'translateStreaming', 'measureInputUsage']) {
      equal(Translator.prototype[name].length, 1, name);
      ok(Object.getOwnPropertyDescriptor(Translator.prototype, name).enumerable, name);
    }
    await rejects(() => Translator.prototype.translate.call({}, 'x'), 'TypeError');
    throws(() => Translator.prototype.sourceLanguage, 'TypeError');
    for (const name of ['sourceLanguage', 'targetLanguage', 'inputQuota'])
      throws(() => { translator[name] = 'x'; }, 'TypeError');
    await Translator.create({ ...PAIR, monitor(monitor) {
      equal(Object.prototype.toString.call(monitor), '[object CreateMonitor]');
      ok(monitor instanceof EventTarget, 'an event target');
      equal(monitor.constructor.name, 'CreateMonitor');
      throws(() => new monitor.constructor(), 'TypeError');
      monitor.addEventListener('downloadprogress', (event) =>
        ok(typeof ProgressEvent === 'undefined' || event instanceof ProgressEvent, 'a ProgressEvent'));
    } }).then((made) => made.destroy());
  },

  async 'beyond the W3C: details, batches, priority'(Translator, translator) {
    const one = await translator.translateDetailed(TEXT, { attention: true });
    equal(one.text, await translator.translate(TEXT));
    equal(one.sentences.length, 2);
    ok(one.sentences[0].attention.cross.length > 0, 'attention');
    const many = await translator.translateDetailed([TEXT, '', 'The cat.']);
    equal(many.length, 3);
    equal(many[0].text, one.text);
    const order = [];
    const slow = translator.translate(LONG.slice(0, 8000), { priority: 3 }).then(() => order.push('hidden'));
    const fast = translator.translate('The cat.', { priority: 1 }).then(() => order.push('visible'));
    await Promise.all([slow, fast]);
    equal(order.join(), 'visible,hidden');
  },
};
