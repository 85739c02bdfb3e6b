// Models for tests: the small random ones of tests/golden, packed once, and the shipped one.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

import { writeLexicon } from '../scripts/bench/lexicon.mjs';
import { Engine } from '../web/engine.js';

/** The golden models, by what tests/golden calls them. @type {Record<string, string>} */
export const GOLDEN = { ssru: 'transformer-ssru', selfattn: 'transformer-selfattn', bahdanau: 'bahdanau', rnn: 'rnn' };

/** @type {Set<string>} packed by this process */
const packed = new Set();

/** Path of a packed golden model. @param {string} kind one of GOLDEN */
export const goldenModel = (kind) => pack(kind, kind, []);

const PIECES = 304;                                 // of tests/golden/tiny.spm

/** The same with a shortlist: some 30 tokens for each, in no order that means anything. @param {string} kind */
export function goldenModelWithShortlist(kind) {
  const all = Array.from({ length: PIECES }, (_, id) => id), lex = `build/golden/lex.bin.${process.pid}`;
  mkdirSync('build/golden', { recursive: true });
  writeFileSync(lex, writeLexicon(all.map((source) => all.filter((id) => (source * 31 + id * 17) % 10 === 0))));
  const model = pack(kind, `${kind}-shortlist`, [lex]);
  rmSync(lex);
  return model;
}

/** @param {string} kind @param {string} name @param {string[]} lexicons */
function pack(kind, name, lexicons) {
  const out = `build/golden/${name}.dm`;
  if (!packed.has(name)) {
    mkdirSync('build/golden', { recursive: true });
    const mine = `${out}.${process.pid}`;           // test files run side by side
    execFileSync('build/dolmetsch',
      ['pack', `tests/golden/${GOLDEN[kind]}.bin`, 'tests/golden/tiny.spm', ...lexicons, mine]);
    renameSync(mine, out);
    packed.add(name);
  }
  return out;
}

export const SHIPPED = 'models/en-de';

/** An engine with a model file open. @param {string | Uint8Array} file @param {object} [options] of Engine.create */
export async function engineWith(file, options) {
  const engine = await Engine.create(readFileSync('build/site/engine.wasm'), options);
  const bytes = typeof file === 'string' ? readFileSync(file) : file;
  const at = engine.allocate(bytes.length);
  engine.memory().set(bytes, at);
  engine.open(at, bytes.length);
  return engine;
}

/** The bytes of a model folder. @param {string} folder */
export function modelBytes(folder) {
  return Buffer.concat(readdirSync(folder).filter((name) => /^model\.\d+$/.test(name)).sort()
    .map((name) => readFileSync(`${folder}/${name}`)));
}

/** Runs a job to its end. @param {import('../web/engine.js').Job} job @param {number} [slice] */
export function finish(job, slice = 1 << 20) {
  while (job.run(slice));
  return job;
}

/** Text that breaks programs. Each is one line. */
export const HARD_LINES = {
  'empty': '',
  'one space': ' ',
  'spaces and tabs': ' \t  \t ',
  'carriage return': 'The cat.\r',
  'NUL bytes': 'The\0cat\0sees.\0',
  'control characters': '\x01\x02 the \x1b[31mcat\x7f',
  'emoji': 'The 😀 cat 👨‍👩‍👧 sees 🇩🇪 the dog ❤️.',
  'right to left': 'שלום the cat مرحبا بالعالم.',
  'combining marks': 'a\u0308 e\u0301\u0301\u0301\u0301 Z\u0351\u036b\u0343\u036a',
  'byte order mark': '\ufeffThe cat.',
  'line separators': 'The cat.\u2028The dog.\u2029The end.',
  'a long word': 'x'.repeat(3000),
  'many dots': '.'.repeat(3000),
  'many sentences': 'The cat sees. '.repeat(50),
  'markup': '<b>The cat</b> & <script>alert("dog")</script>',
  'code': 'Call Array.prototype.map(x => x * 2) on foo.bar, see https://example.org/a?b=c&d=%20#e.',
};
