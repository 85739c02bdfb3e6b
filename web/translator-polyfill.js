/** Gives a page the W3C Translator API where the browser has none; where it has one, does nothing.
 *    <script type="module" src="translator-polyfill.js"></script> */
import { CreateMonitor, Translator } from './translator.js';

if (!('Translator' in globalThis)) {
  for (const [name, value] of Object.entries({ Translator, CreateMonitor }))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
