/** SHA-256 as lower-case hex.  crypto.subtle exists only in secure contexts; on plain http a script does the same work, and
 *  from then on where the browser's stays silent. */

import { inTime } from './in-time.js';

const PATIENCE = 10_000;                            // milliseconds
let silent = false;

/** @param {Uint8Array} bytes @returns {Promise<string>} */
export async function sha256(bytes) {
  const digest = await native(bytes) ?? (await import('./sha256-script.js')).digestInScript(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {Uint8Array} bytes */
async function native(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle || silent) return undefined;
  try {
    return new Uint8Array(await inTime(subtle.digest('SHA-256', /** @type {BufferSource} */ (bytes)), PATIENCE));
  } catch {
    silent = true;
    return undefined;
  }
}
