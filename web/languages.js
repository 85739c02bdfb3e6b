/** Language tags (BCP 47): canonical form, and which model serves which pair. */

/** @typedef {import('./types.d.ts').ModelEntry} ModelEntry */

/** @param {string} tag @returns {string} */
export function canonicalise(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    throw new TypeError(`${JSON.stringify(tag)} is no language tag`);
  }
}

/** How well a language that is there serves one that is asked for: 0 not at all; 1 same language and script,
 *  2 same region too, 3 narrowed (en for en-GB), 4 the same.  @param {string} there @param {string} wanted */
function fit(there, wanted) {
  if (there === wanted) return 4;
  if (wanted.startsWith(`${there}-`) && sameScript(there, wanted)) return 3;
  if (!sameScript(there, wanted)) return 0;
  return new Intl.Locale(there).maximize().region === new Intl.Locale(wanted).maximize().region ? 2 : 1;
}

/** @param {string} a @param {string} b */
function sameScript(a, b) {
  const [from, to] = [a, b].map((tag) => tag.split('-')[0]);
  if (from !== to && from !== 'und' && to !== 'und') return false;     // at once: maximize costs milliseconds at its first call
  const [x, y] = [a, b].map((tag) => new Intl.Locale(tag).maximize());
  return x.language === y.language && x.script === y.script;
}

/** Whether a text of one needs no translation into the other.  @param {string} source @param {string} target */
export const sameLanguage = (source, target) => sameScript(source, target);

/** The best model for a pair; of equals the first.
 *  @param {ModelEntry[]} models @param {string} source @param {string} target */
export function chooseModel(models, source, target) {
  /** @type {{entry: ModelEntry, score: number} | undefined} */
  let best;
  for (const entry of models) {
    const from = fit(canonicalise(entry.source), source), to = fit(canonicalise(entry.target), target);
    if (from && to && from + to > (best?.score ?? 0)) best = { entry, score: from + to };
  }
  return best?.entry;
}
