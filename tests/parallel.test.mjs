// The README's recipes for GNU parallel, as they stand there, over a worker that dies once in mid-line: in order, nothing lost.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { goldenModel } from './models.mjs';

const BLOCK = '2k';                                 // in place of the README's, so that a small text has many blocks
const readme = readFileSync('README.md', 'utf8').replaceAll('\\\n', '');
const recipes = readme.match(/^parallel .*$/gm) ?? [];

const words = ['the cat', 'a red house', 'the old dog', 'no tree', 'a small word', 'the man', 'one'];
const word = (/** @type {number} */ i) => words[Math.floor(i) % words.length];
const text = Array.from({ length: 400 }, (_, i) => `${word(i)} sees ${word(i / 7)} and ${word(i / 49)}`);
text[100] = text[101] = '';
// A worker reads all of its input first: a block is known by what it says, not by its number.
const TAKE = 'cat > "block.$$"\n', IS_BAD = `grep -q '^${text[150]}$' "block.$$"`;

/** A folder to run a recipe in: english.txt, and what stands for build/dolmetsch and for ssh.  @param {string} program */
function folderWith(program) {
  const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-parallel-'));
  const script = (/** @type {string} */ name, /** @type {string} */ body) => {
    writeFileSync(join(folder, name), `#!/bin/bash\n${body}`);
    chmodSync(join(folder, name), 0o755);
  };
  mkdirSync(join(folder, 'build'));
  symlinkSync('.', join(folder, 'dolmetsch'));                      // where the remote recipe looks for the checkout
  writeFileSync(join(folder, 'english.txt'), `${text.join('\n')}\n`);
  script('build/dolmetsch', `[ "$*" = "--model models/en-de" ] || exit 64\n${program}`);
  // HOST -- COMMAND...; the first jobs wait until both hosts have one, or quick jobs might all go to the first. As sshd does, it
  // sets SHELL: without, GNU parallel would run the blocks with nothing and call that a success.
  script('ssh', 'export SHELL=/bin/sh\necho "$1" >> hosts\nuntil [ "$(sort -u hosts | wc -l)" = 2 ]; do sleep 0.01; done\n'
    + 'shift 2\nexec sh -c "$*"\n');
  return folder;
}

/** @param {string} recipe @param {string} folder */
function run(recipe, folder) {
  const command = recipe.replace(/--block \w+/, `--block ${BLOCK}`);
  const env = { ...process.env, PARALLEL_SSH: join(folder, 'ssh'), PARALLEL_HOME: folder };
  return spawnSync('bash', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
}

const engine = `${resolve('build/dolmetsch')} --model ${resolve(goldenModel('ssru'))}`;
const skip = !/^GNU parallel/.test(spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout ?? '')
  && 'GNU parallel is not installed';

test('the README has a recipe for this machine and one for several', () => {
  assert.equal(recipes.length, 2);
  assert.ok(recipes[1].includes('--sshlogin'));
});

recipes.forEach((recipe, i) => test(`recipe ${i + 1}: in order, and a failed block is done again`, { skip }, () => {
  const input = `${text.join('\n')}\n`, want = execFileSync('bash', ['-c', engine], { input, encoding: 'utf8' });
  assert.ok(new Set(want.split('\n')).size > 200, 'the lines can be told apart');
  assert.equal(text.filter((line) => line === text[150]).length, 1, 'one block is the bad one');
  // Its worker says half of its answer and dies.
  const folder = folderWith(`${TAKE}if ${IS_BAD} && [ ! -e died ]; then\n`
    + `  mkdir died\n  ${engine} < "block.$$" | head -c 300\n  kill -9 $$\nfi\nexec ${engine} < "block.$$"\n`);
  const { status, stderr } = run(recipe, folder);
  assert.equal(status, 0, stderr);
  assert.ok(existsSync(join(folder, 'died')), stderr);
  assert.equal(readFileSync(join(folder, 'german.txt'), 'utf8'), want);
  if (!recipe.includes('--sshlogin')) return;
  const hosts = readFileSync(join(folder, 'hosts'), 'utf8').trim().split('\n');
  assert.equal(new Set(hosts).size, 2, 'both hosts worked');
}));

test('a block that fails every time is no success', { skip }, () => {
  const folder = folderWith(`${TAKE}if ${IS_BAD}; then echo >> tries; exit 7; fi\nexec ${engine} < "block.$$"\n`);
  const { status } = run(recipes[0], folder);
  assert.notEqual(status, 0);
  assert.equal(readFileSync(join(folder, 'tries'), 'utf8').length, Number(/--retries (\d+)/.exec(recipes[0])?.[1]));
});
