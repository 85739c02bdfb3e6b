/** The fake engine as three architectures, for the comparison page: the first byte of the model file says which.
 *  'r', one vector: no attention, and the second half of a sentence is forgotten; 'b', one head; else the Transformer. */

import { Engine as Fake, FAKE_MODEL } from './fake-engine.js';

/** @param {string} initial of the architecture */
export function fakeModel(initial) {
  const bytes = FAKE_MODEL.slice();
  bytes[0] = initial.charCodeAt(0);
  return bytes;
}

export class Engine extends Fake {
  #initial = '';

  static async create(wasm) {
    await super.create(wasm);
    return new Engine();
  }
  open(at, bytes) {
    const file = this.memory().subarray(at, at + bytes);
    this.#initial = String.fromCharCode(file[0]);
    file[0] = FAKE_MODEL[0];
    super.open(at, bytes);
  }
  get architecture() { return { r: 'rnn', b: 'bahdanau' }[this.#initial] ?? 'transformer'; }
  job(texts, options) {
    const job = super.job(texts, options), result = job.result.bind(job), initial = this.#initial;
    job.result = (i) => asBy(initial, structuredClone(result(i)));
    return job;
  }
}

function asBy(initial, detailed) {
  for (const sentence of detailed.sentences) {
    if (initial === 'b') sentence.attention = { cross: [[sentence.alignment]] };
    if (initial !== 'r') continue;
    const { target } = sentence, kept = target.slice(0, target.length / 2), { end } = kept.at(-1);
    Object.assign(sentence, { alignment: [], attention: {}, target: [...kept, { text: '', start: end, end }] });
    detailed.text = detailed.text.slice(0, end);
  }
  return detailed;
}
