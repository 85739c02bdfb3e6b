/** What the worker does: one engine, one model, and translations in short slices, so that messages - a cancel above
 *  all - are heard in between.  The most urgent translation runs: the lowest `priority`, of those the first that
 *  came; one that comes later and is more urgent runs at once, and the other goes on after it.
 *  No DOM and no Worker in here: tests run it in Node. */

import { DolmetschError } from './errors.js';
import { Model } from './model.js';
import { Task } from './task.js';
import { nextTurn } from './turn.js';

/** @typedef {{task: Task, priority: number, resolve: (value: import('./types.d.ts').Detailed[]) => void,
 *             reject: (error: unknown) => void, tell?: () => void, coarse?: boolean}} Call */

const PARTIAL = 50;                                 // milliseconds between two partial texts

/** @param {import('./model.js').EngineClass} Engine @param {import('./model.js').FetchWasm} [fetchWasm]
 *  @returns {import('./rpc.js').Handlers} */
export function service(Engine, fetchWasm) {
  const model = new Model(Engine, fetchWasm);
  /** @type {Call[]} most urgent first */
  const calls = [];
  let running = false;

  const runCalls = async () => {
    if (running) return;
    running = true;
    while (calls.length && model.engine) {
      const call = calls[0];
      call.coarse ||= model.coarse;
      try {
        if (call.task.run(model.engine)) {
          call.tell?.();
        } else {
          if (call.coarse) for (const result of call.task.results) result.coarse = true;
          call.resolve(call.task.results);
          end(call);
        }
      } catch (error) {
        call.reject(error);
        end(call);
      }
      await nextTurn();
    }
    running = false;
  };
  const end = (/** @type {Call} */ call) => {
    const at = calls.indexOf(call);
    if (at >= 0) calls.splice(at, 1);
    call.task.free();
  };

  return {
    load: (args, context) => model.load(args, context),

    /** Answers when the model is whole. */
    refined: () => model.whole.then(() => {}),

    lend: (_, { transfer }) => model.lend(transfer),

    /** { texts, options of the job, partial, priority } -> Detailed[];  events: { index, text } when partial is set */
    translate: ({ texts, options, partial, priority = 0 }, { signal, emit }) => new Promise((resolve, reject) => {
      if (!model.engine) throw new DolmetschError('DM_ERR_ARGUMENT', 'no model is loaded');
      /** @type {Call} */
      const call = { task: new Task(texts, options), priority, resolve, reject };
      if (partial) call.tell = teller(call.task, emit);
      const before = calls.findIndex((other) => other.priority > priority);
      calls.splice(before < 0 ? calls.length : before, 0, call);
      signal.addEventListener('abort', () => {
        end(call);
        reject(signal.reason);
      });
      runCalls();
    }),
  };
}

/** Tells of the partial texts that have changed, now and then.
 *  @param {Task} task @param {(value: {index: number, text: string}) => void} emit */
function teller(task, emit) {
  /** @type {string[]} */
  const sent = [];
  let last = performance.now();
  return () => {
    if (performance.now() - last < PARTIAL) return;
    for (const { index, text } of task.partials()) if (text !== (sent[index] ?? '')) emit({ index, text: sent[index] = text });
    last = performance.now();
  };
}
