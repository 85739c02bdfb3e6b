// What should stand for inline code in a text that is translated?  node scripts/bench/placeholders.mjs [model]
//
// Sentences of documentation with code in them go through the native program with the code's own letters and with several
// placeholders; printed is how much of it comes back exactly as often as it went in.  web/page-text.js does what is best.
import { execFileSync } from 'node:child_process';

const [model = 'models/en-de'] = process.argv.slice(2);
const SENTENCES = ['Use # to create a new object.', 'If you set #, the browser ignores the second value.',
  'For example, # returns an empty array.', 'The statement # is equivalent to # in this case.',
  'Send the header # with every request.', 'The element # has no closing tag, unlike #.',
  'You can write # instead of # where the order does not matter.', 'The # property of the # interface is read-only.'];
const SHORT = ['map()', 'Array.prototype.map()', 'overflow', '<div>', 'Int8Array', 'flex-wrap', '::before', 'document.write()',
  'addEventListener', '@media', '"use"', 'fetch()', 'null', 'HTMLMediaElement', 'aria-label', 'X_OK',
  'font-size', 'width', 'false', 'id'];
const LONG = ['new Map()', 'text-align: center', 'Content-Type: text/html', 'x => x * 2', '<input type="text">', 'a && b',
  'const x = foo({ a: 1, b: 2 })', 'Object.keys(obj).length === 0', 'npm install --save-dev esbuild', 'for (const x of list)',
  'width: calc(100% - 2rem)', "import fs from 'node:fs'", 'git commit -m "first"', '@media (width >= 600px)',
  'typeof value === "string"', 'GET /index.html HTTP/1.1', 'display: none !important', 'console.log("Hello, world")'];
/** @type {Record<string, (code: string, i: number) => string>} */
const WAYS = { 'its own letters': (code) => code, '{1}': (_, i) => `{${i + 1}}`, '<x1>': (_, i) => `<x${i + 1}>`,
  '[1]': (_, i) => `[${i + 1}]`, 'X1': (_, i) => `X${i + 1}`, 'Q1Q': (_, i) => `Q${i + 1}Q` };

/** @param {string[]} codes @param {(code: string, i: number) => string} way @returns {string} */
function survival(codes, way) {
  const lines = codes.flatMap((code, c) => SENTENCES.map((sentence, s) => {
    const stands = [code, codes[(5 * c + s + 1) % codes.length]].map(way), parts = sentence.split('#');
    return { stands: stands.slice(0, parts.length - 1), text: parts.reduce((text, part, i) => text + stands[i - 1] + part) };
  }));
  const input = `${lines.map(({ text }) => text).join('\n')}\n`;
  const output = execFileSync('build/dolmetsch', ['--model', model], { input, encoding: 'utf8' }).split('\n');
  const count = (/** @type {string} */ text, /** @type {string} */ part) => text.split(part).length - 1;
  const all = lines.flatMap(({ stands, text }, i) => stands.map((stand) => count(output[i], stand) === count(text, stand)));
  return `${(100 * all.filter(Boolean).length / all.length).toFixed(1)} % of ${all.length}`;
}

console.table(Object.fromEntries(Object.entries(WAYS).map(([name, way]) =>
  [name, { 'short code': survival(SHORT, way), 'code with spaces': survival(LONG, way) }])));
