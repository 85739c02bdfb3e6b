/** The menu that copies or saves what is on show.  Knows no view: overlay.js does what was asked, and says how it went. */

import { activeIn, el } from './dom.js';

/** @typedef {'svg' | 'json'} What
 *  @typedef {'copy' | 'download'} How
 *  @typedef {(what: What, how: How) => Promise<string>} Save  resolves to what is to be said */

/** @param {Save} save @param {HTMLElement} live says it to who does not see it */
export function saveMenu(save, live) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const title = el('summary', { class: 'dm-quiet' }, 'Save or copy');
  const whats = /** @type {const} */ (['svg', 'json']), hows = /** @type {const} */ (['copy', 'download']);
  const items = whats.flatMap((what) => hows.map((how) => {
    const name = `${how === 'copy' ? 'Copy' : 'Download'} ${what.toUpperCase()}`;
    const button = el('button', { type: 'button', class: 'dm-quiet' }, name);
    button.addEventListener('click', async () => {
      const said = await save(what, how).catch((error) => `This did not work: ${error?.message ?? error}`);
      close();
      live.textContent = title.textContent = said;
      clearTimeout(timer);
      timer = setTimeout(() => { title.textContent = 'Save or copy'; }, 2500);
    });
    return button;
  }));
  const root = el('details', { class: 'dm-menu' }, title, el('div', { role: 'group', 'aria-label': 'Save or copy' }, ...items));
  const close = () => {
    if (root.contains(activeIn(root))) title.focus();
    root.open = false;
  };
  root.addEventListener('keydown', ({ key }) => { if (key === 'Escape') close(); });
  root.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget && !root.contains(/** @type {Node} */ (relatedTarget))) root.open = false;
  });
  return root;
}
