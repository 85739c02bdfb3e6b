/** What a promise gives, if it gives it in time.  For what the browser alone can answer: its store, its hashes, a worker that
 *  starts.  They answer or fail as a rule; one that does neither must not hold up anybody.
 *  @template T @param {Promise<T>} promise @param {number} ms @returns {Promise<T>} rejects with a TimeoutError */
export function inTime(promise, ms) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(`no answer for ${ms / 1000} s`, 'TimeoutError')), ms);
  });
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}
