/** A translator as promises.
 *
 *    const translator = await createTranslator({ model: 'models/en-de/' });
 *    await translator.translate('Good morning.')                     'Guten Morgen.'
 *    await translator.translateDetailed('Good morning.')             tokens, ranges, alignment: see types.d.ts
 *    translator.destroy()
 *
 *  Every call takes an AbortSignal, which stops the work itself, and rejects with the signal's reason. */

import { connect } from './rpc.js';

/** @typedef {import('./types.d.ts').Detailed} Detailed
 *  @typedef {{name: string, source: string, target: string, bytes: number, architecture: string}} ModelInfo */

/** @param {{base?: string | URL, model?: string, signal?: AbortSignal, worker?: import('./types.d.ts').Port,
 *           onProgress?: (progress: import('./types.d.ts').Progress) => void}} [options]
 *  base: the folder of engine.wasm, this file's by default; model: the model's folder, seen from base. */
export async function createTranslator({ base, model = 'models/en-de/', onProgress, signal, worker } = {}) {
  signal?.throwIfAborted();
  const root = new URL(base ?? '.', import.meta.url);
  worker ??= new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const rpc = connect(worker);
  try {
    const urls = { wasm: new URL('engine.wasm', root).href, base: new URL(model, root).href };
    const info = await rpc.call('load', urls, { signal, onEvent: onProgress });
    return new Translator(rpc, info);
  } catch (error) {
    rpc.close();
    throw error;
  }
}

export class Translator {
  #rpc;
  /** @type {ModelInfo} */
  info;

  /** @param {ReturnType<typeof connect>} rpc @param {ModelInfo} info */
  constructor(rpc, info) {
    this.#rpc = rpc;
    this.info = info;
  }

  /** @param {string} text @param {{signal?: AbortSignal}} [options] @returns {Promise<string>} */
  async translate(text, options) {
    return (await this.translateDetailed(text, options)).text;
  }

  /** One text, or several together (faster than one by one).  onPartial hears the text so far, word by word.
   *  @template {string | string[]} T @param {T} input
   *  @param {{signal?: AbortSignal, attention?: boolean, onPartial?: (text: string, index: number) => void}} [options]
   *  @returns {Promise<T extends string ? Detailed : Detailed[]>} */
  async translateDetailed(input, { signal, attention = false, onPartial } = {}) {
    const texts = (Array.isArray(input) ? input : [input]).map(String);
    const results = await this.#rpc.call('translate', { texts, attention, partial: Boolean(onPartial) }, {
      signal,
      onEvent: ({ index, text }) => onPartial?.(text, index),
    });
    return Array.isArray(input) ? results : results[0];
  }

  /** Frees worker and model; calls that are under way reject with DM_ERR_CLOSED. */
  destroy() {
    this.#rpc.close();
  }
}
