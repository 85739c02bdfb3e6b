// web/task.js over the real engine: cut into jobs, the result is that of one job.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Task } from '../web/task.js';
import { engineWith, finish, goldenModel, HARD_LINES } from './models.mjs';

const LINES = ['The cat sees the house. The dog', 'runs.\r', '', '   ', '1. The old dog', '\t- has the red word.', 'Dr.',
  'Smith sees it.',
  ...Object.values(HARD_LINES)];

/** Everything but what differs from run to run. */
const bare = (results) => results.map(({ text, sentences }) => ({ text, sentences }));

test('cut anywhere, a translation is the same, with the same offsets', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  const texts = [LINES.join('\n'), 'The cat.', '', `${LINES.slice(0, 8).join('\n')}\n`, '\n\n'];
  const job = finish(engine.job(texts));
  const results = texts.map((_, i) => job.result(i)), whole = bare(results);
  for (const limit of [1, 10, 40, 1000, 2 ** 14]) {
    const task = new Task(texts, {}, limit);
    let partial = '';
    while (task.run(engine)) partial = task.partials().find(({ index }) => index === 0)?.text ?? partial;
    assert.deepEqual(bare(task.results), whole, `limit ${limit}`);
    task.results.forEach(({ score }, i) =>            // the mean of sentences' scores that have 4 decimals already
      assert.ok(Math.abs(score - results[i].score) < 2e-4, `${score}, in one job ${results[i].score}`));
    if (limit === 10) assert.ok(partial.length > 10);
    const plain = new Task(texts, { plain: true }, limit);
    while (plain.run(engine));
    assert.deepEqual(bare(plain.results), whole.map(({ text }) => ({ text, sentences: [] })), `limit ${limit}, the texts alone`);
  }
  assert.deepEqual(new Task([], {}).results, []);
});

test('a task that is freed in its middle leaves nothing behind', async () => {
  const engine = await engineWith(goldenModel('ssru')), text = `${LINES.join('\n')}\n`.repeat(5);
  const half = () => {
    const task = new Task([text], {}, 500);
    task.run(engine);
    task.run(engine);
    task.free();
    assert.equal(task.run(engine), false);
  };
  for (let i = 0; i < 30; i++) half();
  const before = engine.memory().length;
  for (let i = 0; i < 100; i++) half();
  // Slices go by the clock, so a larger one may still come; a hundred lost jobs would be tens of megabytes.
  assert.ok(engine.memory().length - before < 2 ** 21, `${engine.memory().length - before} bytes more`);
});
