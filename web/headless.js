/** The engine in Node, in the caller's thread: what a program wants that does nothing but translate, scripts/translate.mjs
 *  above all.  No worker, no cache; Translator, which has a worker, runs in Node by itself.
 *
 *    const engine = await openEngine('models/en-de')
 *    const job = engine.job(['The dog sees the cat.']);
 *    while (job.run(1000));                        // decoder steps between two looks at the clock, or at a signal
 *    job.result(0).text                            // 'Der Hund sieht die Katze.': see types.d.ts
 *    job.free() */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { Engine } from './engine.js';
import { DolmetschError } from './errors.js';
import { loadModel } from './loader.js';

export { Translator } from './translator.js';

const here = new URL('.', import.meta.url), packaged = existsSync(new URL('engine.wasm', here));
/** Of engine.wasm: beside this file in the npm package, build/site in a checkout. */
const folder = packaged ? here : new URL('../build/site/', here);

/** The folder of the model that came with the npm package; none in a checkout. @type {string | undefined} */
export const packagedModel = packaged ? fileURLToPath(new URL('models/en-de/', here)) : undefined;

/** @param {string} [model]  a model's folder, or one model file; the packaged one unless given
 *  @returns {Promise<Engine>} with the model open */
export async function openEngine(model = packagedModel) {
  if (!model) throw new DolmetschError('DM_ERR_ARGUMENT', 'no model is named, and none came with this copy');
  const wasm = await readFile(new URL('engine.wasm', folder)).catch(() => {
    throw new DolmetschError('DM_ERR_ENGINE', 'the engine is not built yet: run "make engine"');
  });
  const engine = await Engine.create(wasm, { relaxed: () => readFile(new URL('kernels-relaxed.wasm', folder)) });
  if ((await stat(model)).isDirectory()) {
    const { at, bytes } = await loadModel(model, engine, { read: (url) => readFile(url), pause: 0 });
    engine.open(at, bytes);
  } else {
    const file = await readFile(model), at = engine.allocate(file.length);
    engine.memory().set(file, at);
    engine.open(at, file.length);
  }
  return engine;
}
