// Layout rules that a compiler does not check: node scripts/lint.mjs
// Prints every breach and exits 1 if there is one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MAX_LINES = 400, MAX_WIDTH = 130;
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' }).split('\n')
  .filter((name) => /\.(c|h|js|mjs|ts|py|sh|css|html)$/.test(name));
let breaches = 0;
const report = (/** @type {string} */ name, /** @type {number} */ line, /** @type {string} */ what) => {
  console.error(`${name}:${line}: ${what}`);
  breaches++;
};

for (const name of files) {
  const text = readFileSync(name, 'utf8');
  const lines = text.split('\n');
  if (lines.length - 1 > MAX_LINES) report(name, MAX_LINES, `more than ${MAX_LINES} lines (${lines.length - 1})`);
  if (!text.endsWith('\n')) report(name, lines.length, 'no line end at the end of the file');
  lines.forEach((line, i) => {
    if ([...line].length > MAX_WIDTH) report(name, i + 1, `wider than ${MAX_WIDTH} columns`);
    if (/[ \t]$/.test(line)) report(name, i + 1, 'white space at the end of the line');
    if (/\t/.test(line)) report(name, i + 1, 'a tab');
    if (/\b(TODO|FIXME|XXX)\b/.test(line) && name !== 'scripts/lint.mjs') report(name, i + 1, 'unfinished business');
  });
}
if (!files.length) report('.', 0, 'no file found');
process.exitCode = breaches ? 1 : 0;
if (!breaches) console.log(`lint: ${files.length} files`);
