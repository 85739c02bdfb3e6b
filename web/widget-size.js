/** What a click on <dolmetsch-page> would fetch, for the words beside its button.  Reads index.json or a manifest, a few hundred
 *  bytes, and the store; the translator itself is not loaded for it. */

import { openStore } from './cache.js';
import { canonicalise, chooseModel } from './languages.js';
import { sizeOfChunks } from './manifest.js';

/** @param {{models: string, from: string, to: string, model?: string}} wanted  models: the folder of index.json
 *  @returns {Promise<{bytes: number, stored: boolean} | undefined>} undefined: not known, which is no error before the click */
export async function sizeOf({ models, from, to, model }) {
  try {
    const wanted = model && /[/:]/.test(model)
      ? await ofManifest(new URL(`${model.replace(/\/*$/, '')}/`, models).href)
      : await ofIndex(models, from, to, model);
    const { bytes } = wanted, store = await openStore();
    return Number.isFinite(bytes) ? { bytes, stored: await store.holds(wanted) } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} url */
async function ofManifest(url) {
  const { chunks, sha256 } = await readJson(new URL('manifest.json', url));
  return { url, bytes: sizeOfChunks(chunks), sha256 };
}

/** @param {string} models @param {string} from @param {string} to @param {string} [model] */
async function ofIndex(models, from, to, model) {
  /** @type {{models: import('./types.d.ts').ModelEntry[]}} */
  const index = await readJson(new URL('index.json', models));
  const entries = model ? index.models.filter(({ folder }) => folder === model) : index.models;
  const entry = chooseModel(entries, canonicalise(from), canonicalise(to));
  return { url: new URL(`${entry?.folder}/`, models).href, bytes: entry?.bytes ?? NaN, sha256: entry?.sha256 };
}

/** @param {URL} url */
const readJson = async (url) => (await fetch(url, { priority: 'low' })).json();
