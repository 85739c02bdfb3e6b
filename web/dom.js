/** The few lines of DOM building that the page and its overlay share.  Text goes in as text, never as HTML. */

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {Record<string, unknown>} [attributes]
 *  @param {(Node | string)[]} children @returns {HTMLElementTagNameMap[K]} */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** @param {string} tag @param {Record<string, unknown>} [attributes] @param {Node[]} children */
export function svg(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS('http://www.w3.org/2000/svg', tag));
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

let ids = 0;
/** An id that nothing else has.  @param {string} prefix */
export const uniqueId = (prefix) => `${prefix}-${++ids}`;

/** What has the focus, seen from `node`: inside its own shadow root, too.  @param {Node} node @returns {Element | null} */
export const activeIn = (node) => /** @type {Document | ShadowRoot} */ (node.getRootNode()).activeElement ?? null;

/** true sets an empty attribute; false, null and undefined set none.
 *  @param {Element} element @param {Record<string, unknown>} attributes */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** One tab stop for a group of items; arrow keys, Home and End move inside it.  Items carry data-i.
 *  `columns` > 1 makes it a grid.  @param {HTMLElement} group @param {() => number} [columns] */
export function rove(group, columns = () => 1) {
  const items = () => /** @type {HTMLElement[]} */ ([...group.querySelectorAll('[data-i]')]);
  group.addEventListener('focusin', ({ target }) => {
    const item = /** @type {Element} */ (target).closest('[data-i]');
    if (item) for (const other of items()) other.setAttribute('tabindex', other === item ? '0' : '-1');
  });
  group.addEventListener('keydown', (event) => {
    const list = items(), at = list.indexOf(/** @type {HTMLElement} */ (activeIn(group)));
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const forward = getComputedStyle(group).direction === 'rtl' ? -1 : 1, width = columns();
    const to = { ArrowRight: at + forward, ArrowLeft: at - forward, ArrowDown: at + width, ArrowUp: at - width,
                 Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    list[to]?.focus();
  });
}

/** Calls back with the item that the pointer or the focus is on, and with -1 when it is on none.
 *  @param {HTMLElement} group @param {(index: number, how: 'pointer' | 'focus') => void} callback */
export function track(group, callback) {
  const indexOf = (/** @type {Event} */ event) =>
    Number(/** @type {Element} */ (event.target).closest?.('[data-i]')?.getAttribute('data-i') ?? -1);
  group.addEventListener('pointerover', (event) => callback(indexOf(event), 'pointer'));
  group.addEventListener('pointerleave', () => callback(-1, 'pointer'));
  group.addEventListener('focusin', (event) => callback(indexOf(event), 'focus'));
  group.addEventListener('focusout', () => callback(-1, 'focus'));
}
