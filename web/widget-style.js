/** The looks of <dolmetsch-page>, as a sheet that a strict Content Security Policy lets through.  Ink is the page's own, so that
 *  it is at home in any colour scheme; parts and --dolmetsch-* properties are for who embeds it. */

const CSS = `
:host { display: inline-block; max-width: 100%; text-align: start; }
:host([hidden]), [hidden] { display: none !important; }
.box { display: flex; flex-wrap: wrap; align-items: center; gap: .45em .8em; line-height: 1.4; }
button { min-height: 2.25em; padding: .35em 1.1em; border: 1px solid color-mix(in srgb, currentColor 40%, transparent);
  border-radius: 99px; background: color-mix(in srgb, currentColor 5%, transparent); color: inherit; font: inherit;
  font-weight: 500; cursor: pointer; transition: background-color .15s; }
button:hover { background: color-mix(in srgb, currentColor 12%, transparent); }
button:focus-visible { outline: 2px solid var(--dolmetsch-accent, currentColor); outline-offset: 2px; }
[part="note"], [part="status"], [part="count"], small { font-size: .875em;
  color: color-mix(in srgb, currentColor 82%, transparent); }
[part="count"] { font-variant-numeric: tabular-nums; }
progress { appearance: none; width: 8em; height: .4em; border: 0; border-radius: 99px; overflow: hidden;
  background: color-mix(in srgb, currentColor 15%, transparent); color: inherit; }
progress::-webkit-progress-bar { background: none; }
progress::-webkit-progress-value { background: var(--dolmetsch-accent, currentColor); border-radius: 99px;
  transition: inline-size .2s; }
progress::-moz-progress-bar { background: var(--dolmetsch-accent, currentColor); border-radius: 99px; }
progress:indeterminate { background: linear-gradient(90deg, transparent, var(--dolmetsch-accent, currentColor), transparent)
  0 0 / 50% 100% no-repeat color-mix(in srgb, currentColor 15%, transparent); animation: wait 1.4s linear infinite; }
progress:indeterminate::-moz-progress-bar { background: none; }
@keyframes wait { from { background-position-x: -100%; } to { background-position-x: 200%; } }
[part="error"] { flex-basis: 100%; padding-inline-start: .8em; border-inline-start: 3px solid var(--dolmetsch-error, #d4503e); }
[part="error"] small { display: block; overflow-wrap: anywhere; }
.said { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) {
  button, progress::-webkit-progress-value { transition: none; }
  progress:indeterminate { animation: none; background: color-mix(in srgb, currentColor 45%, transparent); }
}
@media (forced-colors: active) {
  progress { border: 1px solid; }
}
`;

/** One for all elements of a page. @type {CSSStyleSheet} */
export const sheet = /** @type {any} */ (globalThis.CSSStyleSheet && new CSSStyleSheet());
sheet?.replaceSync(CSS);
