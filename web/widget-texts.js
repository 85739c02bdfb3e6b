/** What <dolmetsch-page> says: in the language that its reader wants, where we have it, else in English.  Words only; which of
 *  them are due when is widget-page.js's business. */

/** @typedef {'fetch' | 'files' | 'pair' | 'engine' | 'memory' | 'forbidden' | 'other'} Fault
 *  @typedef {ReturnType<typeof english>} Texts */

/** @param {(tag: string) => string} name of a language  @param {(n: number, digits?: number) => string} number */
const english = (name, number) => ({
  tag: 'en',
  translate: (/** @type {string} */ to) => `Read this page in ${name(to)}`,
  cancel: 'Cancel',
  restore: 'Show the original',
  retry: 'Try again',
  size: (/** @type {number} */ megabytes) => `Fetches ${number(megabytes, 1)} MB, once. What you read stays on this device.`,
  stored: 'The translator is on this device already. What you read stays here.',
  fetching: 'Fetching the translator',
  fetched: (/** @type {number} */ done, /** @type {number} */ total) => `${number(done, 1)} of ${number(total, 1)} MB`,
  starting: 'Starting the translator',
  translating: (/** @type {string} */ to) => `Translating into ${name(to)}`,
  translated: (/** @type {number} */ done, /** @type {number} */ total) => `${number(done)} of ${number(total)} passages`,
  done: (/** @type {string} */ to) => `In ${name(to)}, by a machine on this device.`,
  left: 'Something that came later could not be translated.',
  original: 'This is the original again.',
  /** What went wrong, and what may help. @type {Record<Fault, [what: string, help: string]>} */
  faults: {
    fetch: ['The translator could not be fetched.', 'Is there a network? What has come so far is kept.'],
    files: ['The translator’s files do not fit together.', 'The site may be in the middle of an update: try again later.'],
    pair: ['There is no translator for these two languages.', 'The page stays as it is.'],
    engine: ['The translator does not start in this browser.',
             'The browser may be too old, or the security policy of this page too strict.'],
    memory: ['There is not enough memory for the translator.', 'Closing other tabs may help.'],
    forbidden: ['This page does not allow translators.', 'A frame needs allow="translator".'],
    other: ['The translation failed.', 'The page is as it was, or partly translated.'],
  },
});

/** @type {typeof english} */
const german = (name, number) => ({
  tag: 'de',
  translate: (to) => `Diese Seite auf ${name(to)} lesen`,
  cancel: 'Abbrechen',
  restore: 'Original zeigen',
  retry: 'Noch einmal versuchen',
  size: (megabytes) => `Lädt einmalig ${number(megabytes, 1)} MB. Was Sie lesen, bleibt auf diesem Gerät.`,
  stored: 'Der Übersetzer ist schon auf diesem Gerät. Was Sie lesen, bleibt hier.',
  fetching: 'Der Übersetzer wird geladen',
  fetched: (done, total) => `${number(done, 1)} von ${number(total, 1)} MB`,
  starting: 'Der Übersetzer startet',
  translating: (to) => `Wird auf ${name(to)} übersetzt`,
  translated: (done, total) => `${number(done)} von ${number(total)} Abschnitten`,
  done: (to) => `Auf ${name(to)}, maschinell auf diesem Gerät übersetzt.`,
  left: 'Etwas, das später dazukam, ließ sich nicht übersetzen.',
  original: 'Dies ist wieder das Original.',
  faults: {
    fetch: ['Der Übersetzer konnte nicht geladen werden.', 'Besteht eine Verbindung? Was schon da ist, bleibt erhalten.'],
    files: ['Die Dateien des Übersetzers passen nicht zusammen.',
            'Vielleicht wird die Website gerade erneuert: später noch einmal.'],
    pair: ['Für diese beiden Sprachen gibt es keinen Übersetzer.', 'Die Seite bleibt, wie sie ist.'],
    engine: ['Der Übersetzer startet in diesem Browser nicht.',
             'Der Browser ist vielleicht zu alt, oder die Sicherheitsregeln der Seite sind zu streng.'],
    memory: ['Der Speicher reicht für den Übersetzer nicht.', 'Andere Tabs zu schließen kann helfen.'],
    forbidden: ['Diese Seite erlaubt keine Übersetzer.', 'Ein Rahmen braucht allow="translator".'],
    other: ['Die Übersetzung ist fehlgeschlagen.', 'Die Seite ist unverändert oder zum Teil übersetzt.'],
  },
});

/** @type {Record<string, typeof english>} */
const ALL = { en: english, de: german };

/** @param {string} to the language that the reader wants @returns {Texts} */
export function textsFor(to) {
  const tag = to.toLowerCase().split('-')[0], spoken = tag in ALL ? tag : 'en';
  const names = new Intl.DisplayNames(spoken, { type: 'language' });
  const name = (/** @type {string} */ wanted) => {
    try {
      return names.of(wanted) ?? wanted;
    } catch {                                       // no language tag: it is an error, but at the click
      return wanted;
    }
  };
  return ALL[spoken](name, (n, digits = 0) =>
    n.toLocaleString(spoken, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
}

/** @param {any} error of Translator, of page.js, or of an import @returns {Fault} */
export function faultOf(error) {
  const code = error?.cause?.code ?? error?.code, name = error?.name;
  if (name === 'NotSupportedError') return 'pair';
  if (name === 'NotAllowedError') return 'forbidden';
  if (code === 'DM_ERR_FETCH' || error?.unreachable) return 'fetch';
  if (/^DM_ERR_(INTEGRITY|MANIFEST|FORMAT|VERSION)$/.test(code)) return 'files';
  if (/^DM_ERR_(ENGINE|WORKER)$/.test(code)) return 'engine';
  return code === 'DM_ERR_MEMORY' ? 'memory' : 'other';
}
