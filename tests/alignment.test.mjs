// The hand-made alignments of tests/golden, and the measures that are taken on them, worked out by hand.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const FILE = 'tests/golden/align.en-de.tsv';
/** As scripts/train/align.py has them: runs of letters or digits, else single marks. */
const words = (/** @type {string} */ text) => text.match(/\p{L}+|\p{Nd}+|[^\p{L}\p{Nd}\s]/gu) ?? [];
const pairs = readFileSync(FILE, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));

test('30 pairs, of documentation and of general text, none twice', () => {
  assert.equal(pairs.length, 30);
  for (const fields of pairs) assert.equal(fields.length, 4, fields[0]);
  assert.deepEqual([...new Set(pairs.map(([kind]) => kind))].sort(), ['docs', 'general']);
  for (const side of [1, 2]) assert.equal(new Set(pairs.map((fields) => fields[side])).size, 30);
  assert.ok(pairs.flat().every((field) => field === field.normalize('NFC') && field === field.trim()));
});

test('every link is well formed, between words of its pair, and there once; every word has one', () => {
  const bare = [];
  for (const [, english, german, links] of pairs) {
    const sides = [words(english), words(german)], seen = new Set(), linked = [new Set(), new Set()];
    for (const link of links.split(' ')) {
      assert.match(link, /^\d+[-?]\d+$/, english);
      const ends = link.split(/[-?]/).map(Number);
      ends.forEach((end, side) => {
        assert.ok(end < sides[side].length, `${link} leads out of: ${side ? german : english}`);
        assert.match(sides[side][end], /^[\p{L}\p{Nd}]/u, `${link}: marks have no links`);
        linked[side].add(end);
      });
      assert.ok(!seen.has(ends.join()), `${link} is there twice: ${english}`);
      seen.add(ends.join());
    }
    sides.forEach((side, i) => side.forEach((word, at) => {
      if (/^[\p{L}\p{Nd}]/u.test(word) && !linked[i].has(at)) bare.push([english, word]);
    }));
  }
  assert.deepEqual(bare, []);
});

/** Runs Python on scripts/train/alignment_set.py. @param {string} program */
function python(program) {
  return spawnSync('python3', ['-c', `import sys; sys.path.insert(0, 'scripts/train')\nfrom alignment_set import *\n${program}`],
    { encoding: 'utf8' });
}
const skip = spawnSync('python3', ['--version']).error ? 'no python3 here' : false;

test('error rate and accuracy, worked out by hand', { skip }, () => {
  // Pair a: 2 of the 3 links found are possible, 1 of them sure; 2 sure in all.  Pair b: nothing found, 1 sure.
  // AER = 1 - (1 + 2) / (3 + 3) = 0.5.  Accuracy: of the German words 0, 1 and 2 of a and 0 of b only the first is right;
  // the second has a wrong link beside a right one, and counts in the next line, where that link is gone.
  const { stdout, stderr } = python(`
a = Pair('docs', '', '', {(0, 0), (2, 2)}, {(0, 0), (1, 1), (2, 2)})
b = Pair('docs', '', '', {(0, 0)}, {(0, 0)})
print(error_rate([{(0, 0), (1, 1), (2, 1)}, set()], [a, b]), accuracy([{(0, 0), (1, 1), (2, 1)}, set()], [a, b]))
print(accuracy([{(0, 0), (1, 1)}, set()], [a, b]))
print(error_rate([a.sure, b.sure], [a, b]), error_rate([a.possible, b.sure], [a, b]), accuracy([a.possible, b.sure], [a, b]))
print(error_rate([set(), set()], [a, b]))`);
  assert.equal(stderr, '');
  assert.deepEqual(stdout.trim().split(/\s+/).map(Number), [0.5, 0.25, 0.5, 0, 0, 1, 1]);
});

test('the set is read as it is written: sure links, and possible ones that hold the sure', { skip }, () => {
  const { stdout, stderr } = python(`
pairs = read_set('${FILE}')
print(len(pairs), sum(len(p.sure) for p in pairs), sum(len(p.possible) for p in pairs), all(p.sure <= p.possible for p in pairs))
import tempfile
with tempfile.NamedTemporaryFile('w') as file:
    file.write('docs\\ta\\tb\\n'); file.flush()
    try: read_set(file.name)
    except ValueError as error: print(str(error).split(',')[1])`);
  assert.equal(stderr, '');
  const count = (/** @type {RegExp} */ mark) => pairs.reduce((sum, [, , , links]) => sum + (links.match(mark)?.length ?? 0), 0);
  assert.equal(stdout.trim(), `30 ${count(/-/g)} ${count(/[-?]/g)} True\n line 1: 3 fields instead of 4`);
});
