/**
 * hard.mjs - pass rates of a model on the hard set, by category and by check, through the native engine:
 *   node scripts/hard.mjs --model models/en-de [--set FILE] [--json rates.json] [--fails] [ENGINE OPTION]...
 * --fails prints each line that failed with what it failed. The checks are in hard-checks.mjs; scripts/train/card.py
 * puts the rates into the model's card.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

import { CHECKS, judge, readHardSet } from './hard-checks.mjs';

const USAGE = 'usage: node scripts/hard.mjs --model FOLDER|FILE [--set FILE] [--json FILE] [--fails] [ENGINE OPTION]...';

/** @param {string[]} argv */
function parse(argv) {
  const options = { model: '', set: 'tests/golden/hard.en-de.tsv', json: '', fails: false, engine: /** @type {string[]} */ ([]) };
  for (let i = 0; i < argv.length; i++)
    if (argv[i] === '--fails') options.fails = true;
    else if (argv[i] === '--model') options.model = argv[++i] ?? '';
    else if (argv[i] === '--set') options.set = argv[++i] ?? '';
    else if (argv[i] === '--json') options.json = argv[++i] ?? '';
    else options.engine.push(argv[i]);
  if (options.model) return options;
  console.error(USAGE);
  process.exit(2);
}

/** One translation for each line. @param {string[]} lines @param {ReturnType<typeof parse>} options */
function translate(lines, options) {
  const done = spawnSync('build/dolmetsch', ['--model', options.model, ...options.engine],
    { input: lines.map((line) => `${line}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 26 });
  const out = done.stdout?.split('\n').slice(0, -1) ?? [];
  if (!done.error && done.status === 0 && out.length === lines.length) return out;
  console.error(done.error ? 'hard: build/dolmetsch does not run: make native' : `hard: ${done.stderr}`);
  process.exit(1);
}

/** @typedef {{lines: number, passed: number}} Rate */
/** @param {Record<string, Rate>} table @param {string} key @param {boolean} passed */
function count(table, key, passed) {
  table[key] ??= { lines: 0, passed: 0 };
  table[key].lines++;
  table[key].passed += Number(passed);
}

/** @param {string} title @param {Record<string, Rate>} table */
function print(title, table) {
  console.log(title);
  for (const [name, { lines, passed }] of Object.entries(table))
    console.log(`  ${name.padEnd(16)} ${String(passed).padStart(4)} of ${lines}, ${Math.round(100 * passed / lines)} %`);
}

const options = parse(process.argv.slice(2));
const set = readHardSet(readFileSync(options.set, 'utf8'));
const outputs = translate(set.map((line) => line.english), options);
const [total, categories, found] = Array.from({ length: 3 }, () => /** @type {Record<string, Rate>} */ ({}));
set.forEach(({ category, english, requirements }, i) => {
  const verdict = judge(english, outputs[i], requirements);
  const failed = Object.keys(verdict).filter((name) => !verdict[name]);
  count(total, 'all', failed.length === 0);
  count(categories, category, failed.length === 0);
  for (const name of Object.keys(verdict)) count(found, name, verdict[name]);
  if (options.fails && failed.length) console.log(`${category}\t${english}\t${outputs[i]}\t${failed.join(', ')}`);
});
const checks = Object.fromEntries([...CHECKS.map((check) => check.name), 'words'].filter((name) => found[name])
  .map((name) => [name, found[name]]));
print('lines that pass every check', { ...categories, ...total });
print('by check, of the lines that it applies to', checks);
if (options.json) writeFileSync(options.json, `${JSON.stringify({ total: total.all, categories, checks }, null, 1)}\n`);
