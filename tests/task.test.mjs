// web/task.js over the real engine: cut into jobs, the result is that of one job.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Task } from '../web/task.js';
import { engineWith, finish, goldenModel, HARD_LINES } from './models.mjs';

const LINES = ['The cat sees the house. The dog', 'runs.\r', '', '   ', '1. The old dog', '\t- has the red word.', 'Dr.',
  'Smith sees it.',
  ...Object.values(HARD_LINES)];

/** Everything but what differs from run to run. */
const bare = (results) => results.map(({ text, score, sentences }) => ({ text, score: Math.round(1e4 * score), sentences }));

test('cut anywhere, a translation is the same, with the same offsets', async () => {
  const engine = await engineWith(goldenModel('ssru'));
  const texts = [LINES.join('\n'), 'The cat.', '', `${LINES.slice(0, 8).join('\n')}\n`, '\n\n'];
  const job = finish(engine.job(texts));
  const whole = bare(texts.map((_, i) => job.result(i)));
  for (const limit of [1, 10, 40, 1000, 2 ** 14]) {
    const task = new Task(texts, {}, limit);
    let partial = '';
    while (task.run(engine)) partial = task.partials().find(({ index }) => index === 0)?.text ?? partial;
    assert.deepEqual(bare(task.results), whole, `limit ${limit}`);
    if (limit === 10) assert.ok(partial.length > 10);
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
  for (let i = 0; i < 30; i++) half();              // slices go by the clock: the largest has come by now
  const before = engine.memory().length;
  for (let i = 0; i < 100; i++) half();
  assert.equal(engine.memory().length, before);
});
