/** Lets the event loop turn once: messages, input and painting come in between.  setTimeout would cost 4 ms each time,
 *  and a second in a page that is not on show. */

/** @returns {Promise<void>} */
export const nextTurn = () => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resolve(); };
  port2.postMessage(0);
});

const NO_FRAME = 100;                               // milliseconds, where there are no frames though the page is on show

/** Lets the page be laid out and painted once; where nobody looks at it, one turn.  @returns {Promise<void>} */
export const nextFrame = () => (document.hidden ? nextTurn() : new Promise((resolve) => {
  requestAnimationFrame(() => nextTurn().then(resolve));
  setTimeout(resolve, NO_FRAME);
}));

/** Does work in slices: none is longer than `most` steps, or 8 ms and one step.
 *  @param {() => boolean} step does a little; false: there is nothing left @param {number} most
 *  @param {() => void} [onSlice] after each @param {() => Promise<void>} [pause] between two @returns {Promise<void>} */
export async function inSlices(step, most, onSlice, pause = nextTurn) {
  for (let more = true; more; ) {
    const end = performance.now() + 8;
    for (let i = 0; more && i < most && performance.now() < end; i++) more = step();
    onSlice?.();
    if (more) await pause();
  }
}
