/** What page translation reads and what it leaves alone: tags, attributes, classes, computed style.
 *  Nothing is changed here, and nothing is remembered.  page-blocks.js and page-watch.js ask. */

const XHTML = 'http://www.w3.org/1999/xhtml';
const tags = (/** @type {string} */ names) => new Set(names.toUpperCase().split(' '));

/** No text for people in it, or text that is no prose. */
const NOTHING = tags('script style template noscript link meta base param source track datalist');
/** Stands in a line like a word or an icon; what is inside is not text of the line. */
const REPLACED = tags('img picture svg math canvas audio video object embed iframe frame map input textarea meter progress');
/** In a line, too, with text of its own. */
const CONTROLS = tags('button select');
const CODE = tags('code pre kbd samp var tt listing xmp plaintext');
/** For documents without a style: whatever is not in here breaks a line. */
const INLINE = tags(`a abbr acronym b bdi bdo big cite data del dfn em font i ins label mark nobr output q rb rp rt ruby s
  slot small span strike strong sub sup time tt u wbr code kbd samp var`.replace(/\s+/g, ' '));
/** Not rendered as such, but read. */
const RENDERED = tags('title option optgroup');
const ICON = /(^|[\s_-])(icons?|glyphicons?|codicon|octicon|fa[srlbd]?|material-(icons|symbols)[\w-]*|bi|mdi|ti)($|[\s_])/i;
const ICON_FONT = /icon|symbols|awesome|glyph/i;
const ATTRIBUTES = ['title', 'alt', 'placeholder', 'label', 'abbr', 'aria-label', 'aria-description', 'aria-placeholder',
                    'aria-roledescription', 'aria-valuetext'];
/** Attributes to watch: those above, and those by which isUntouched() decides. */
const DECIDING = ['translate', 'class', 'contenteditable', 'lang'];
export const WATCHED = [...ATTRIBUTES, 'value', ...DECIDING];

/** This change of an attribute may make its element ours, or none of ours.  Classes change all the time; one counts.
 *  @param {Element} element @param {string} name @param {string | null} before */
export const decides = (element, name, before) => DECIDING.includes(name) && element.getAttribute(name) !== before
  && (name !== 'class' || element.classList.contains('notranslate') !== /(^|\s)notranslate(\s|$)/.test(before ?? ''));

/** @typedef {import('./page-originals.js').Originals} Originals
 *  @typedef {'nothing' | 'hidden' | 'replaced' | 'control' | 'opaque' | 'icon' | 'note' | 'break' | 'inline' | 'block'} Kind
 *    nothing   no line of its own, no text: script
 *    hidden    not on show now
 *    replaced  stands in a line, without text that is ours: an image, a field, math
 *    control   stands in a line, with a text of its own: a button
 *    opaque    stands in a line, with text that stays: code, translate="no"; on its own, a block that stays
 *    icon      stands in a line; its letters are a drawing
 *    note      clings to the word before it: a footnote's number
 *    break     a line end
 *    inline    text of the line
 *    block     lines of its own */

/** @param {Element} element @param {Originals} originals @param {string | undefined} language of the source
 *  @returns {{kind: Kind, line: boolean}}  line: it stands in a line of text */
export function classify(element, originals, language) {
  const tag = element.tagName.toUpperCase();
  if (NOTHING.has(tag)) return { kind: 'nothing', line: true };
  if (tag === 'BR' || tag === 'WBR') return { kind: tag === 'BR' ? 'break' : 'nothing', line: true };
  const style = styleOf(element), display = style?.display || (INLINE.has(tag) || REPLACED.has(tag) || CONTROLS.has(tag)
    || element.namespaceURI !== XHTML ? 'inline' : 'block');
  const line = /^(inline|ruby|contents)/.test(display);
  if (RENDERED.has(tag)) return { kind: 'block', line: false };
  if (display === 'none' || element.hasAttribute('hidden')) return { kind: 'hidden', line: true };
  if (REPLACED.has(tag) || element.namespaceURI !== XHTML) return { kind: 'replaced', line };
  if (isUntouched(element, originals, language)) return { kind: 'opaque', line };
  if (isIcon(element, style)) return { kind: 'icon', line };
  if (CONTROLS.has(tag)) return { kind: 'control', line };
  if (isNote(element, tag)) return { kind: 'note', line: true };
  return { kind: line ? 'inline' : 'block', line };
}

/** The text of this element is none of ours.  @param {Element} element @param {Originals} originals
 *  @param {string | undefined} language */
export function isUntouched(element, originals, language) {
  const translate = element.getAttribute('translate')?.toLowerCase();
  if (translate === 'no' || element.classList.contains('notranslate')) return true;
  if (CODE.has(element.tagName.toUpperCase()) && translate !== 'yes') return true;
  const editable = element.getAttribute('contenteditable');
  if (editable !== null && editable.toLowerCase() !== 'false') return true;
  const lang = originals.attribute(element, 'lang');
  return Boolean(language && lang && primary(lang) !== primary(language) && element !== element.ownerDocument.documentElement);
}

/** What wants to be translated inside of what does not.  @param {Element} element */
export const translatedIn = (element) => element.querySelectorAll('[translate=yes i], [translate=""]');

/** @param {string} language */
export const primary = (language) => language.split('-')[0].toLowerCase();

/** @param {Element} element @param {CSSStyleDeclaration | undefined} style */
function isIcon(element, style) {
  const text = element.textContent ?? '';
  if (text.length > 40 || /\s\S/.test(text.trim()) || !text.trim()) return false;      // a ligature is one word
  return ICON.test(element.getAttribute('class') ?? '') || ICON_FONT.test(style?.fontFamily ?? '')
    || (element.getAttribute('aria-hidden') === 'true' && /^[a-z0-9_]*$/.test(text.trim()));
}

/** A superscript or subscript without letters, at the end of its word.  @param {Element} element @param {string} tag */
const isNote = (element, tag) => (tag === 'SUP' || tag === 'SUB') && !/\p{L}/u.test(element.textContent ?? '')
  && !/^[\p{L}\p{N}]/u.test(element.nextSibling?.textContent ?? '');

/** None where there is no layout.  @param {Element} element */
function styleOf(element) {
  return element.isConnected ? element.ownerDocument.defaultView?.getComputedStyle(element) : undefined;
}

/** White space counts in it.  @param {Element} element */
export const keepsSpace = (element) => /^(pre|break-spaces)/.test(styleOf(element)?.whiteSpace ?? '');

/** Stands beside other things of its kind rather than in a sentence.  @param {Element} element */
export const standsAlone = (element) =>
  /^(A|BUTTON|LABEL)$/.test(element.tagName) || /^inline-/.test(styleOf(element)?.display ?? '');

/** The attributes of an element that people read or hear.  @param {Element} element @returns {string[]} */
export function readableAttributes(element) {
  const names = ATTRIBUTES.filter((name) => element.hasAttribute(name));
  if (element.matches('input[type=button i][value], input[type=reset i][value]')) names.push('value');
  return names;
}

/** The document of an iframe of this origin.  @param {Element} element @returns {Document | undefined} */
export function documentIn(element) {
  if (!/^I?FRAME$/.test(element.tagName)) return undefined;
  try {
    return /** @type {HTMLIFrameElement} */ (element).contentDocument ?? undefined;
  } catch {
    return undefined;
  }
}
