// Inline markup for tests of page-markup.js: HTML of a line into its text and spans, and parts back into HTML.  No DOM.

const TAG = /<(\/?)(\w+)>/g;
const OPAQUE = new Set(['code', 'img', 'br', 'i']);

/** Elements are <b>, <a>, ...; <code> and <i> are opaque, <img> is empty, <br> is a line end.
 *  @param {string} html @returns {{source: string, root: import('../web/page-types.d.ts').Span}} */
export function parse(html) {
  let source = '', at = 0;
  const root = { start: 0, end: 0, children: [], node: 'root' }, open = [root];
  for (const { 0: tag, 1: slash, 2: name, index } of html.matchAll(TAG)) {
    source += html.slice(at, index);
    at = index + tag.length;
    if (slash) {
      open.pop().end = source.length;
      continue;
    }
    const span = { start: source.length, end: source.length, children: [], node: name, opaque: OPAQUE.has(name),
      before: !source || source.endsWith(' '), after: false };
    open.at(-1).children.push(span);
    if (name === 'br') source += '\n';
    if (name === 'img' || name === 'br') span.end = source.length;
    else open.push(span);
  }
  source += html.slice(at);
  root.end = source.length;
  const mark = (span) => {
    span.after = span.end === source.length || source[span.end] === ' ';
    for (const child of span.children) {
      mark(child);
      if (span === root && child.node === 'img') child.after = / /.test(source[child.end] ?? ' ');
    }
    if (span.opaque) delete span.children;
  };
  mark(root);
  return { source, root };
}

/** @param {import('../web/page-types.d.ts').Part[]} parts @param {string} source */
export function show(parts, source) {
  return parts.map((part) => {
    if (typeof part === 'string') return part;
    const { node, opaque, start, end } = part.span, inside = opaque ? source.slice(start, end).trim() : show(part.parts, source);
    return node === 'img' || node === 'br' ? `<${node}>` : `<${node}>${inside}</${node}>`;
  }).join('');
}

/** Sentences of documentation, and words and marks that must be in the German beside the code; a|b: one of the two.
 *  @type {[string, string][]} */
export const SENTENCES = [
  ['Press <code>Ctrl</code>+<code>C</code> to copy the text.', '+ Text kopieren'],
  ['Press <code>Shift</code> and <code>Tab</code> to go back.', 'und'],
  ['Press <code>Delete</code> or <code>Backspace</code>.', 'oder'],
  ['Press <code>Ctrl</code>+<code>Shift</code>+<code>T</code> to open the last tab again.',
    'Sie + + letzte Tab|Registerkarte öffnen'],
  ['Press <code>Ctrl</code>+<code>C</code> to copy and <code>Ctrl</code>+<code>V</code> to paste.',
    '+ + und kopieren einfügen|einzufügen'],
  ['<code>Enter</code> sends the message, <code>Shift</code>+<code>Enter</code> begins a new line.', 'Nachricht neue Zeile +'],
  ['Hold down <code>Shift</code> and click the link.', 'und Link'],
  ['The <code>Space</code> bar pauses the video.', 'Video'],
  ['To undo, press <code>Ctrl</code>+<code>Z</code>', '+'],
  ['Press <code>Ctrl</code>/<code>Command</code> and drag the picture.', '/ und Bild'],
  ['Save the <b>whole</b> file with <a>the <code>Ctrl</code>+<code>S</code> shortcut</a>.', 'gesamte Datei +'],
  ['<b>Press <code>Shift</code></b> and wait.', 'und warten'],
  ['The answer is <code>yes</code> or <code>no</code>. Press <code>Return</code>. Then press <code>Escape</code>.',
    'Antwort oder dann'],
  ['If <code>count</code> is greater than <code>limit</code>, it prints <code>error</code>.', 'größer als'],
  ['The property <code>name</code> is a string.', 'Eigenschaft'],
  ['The <code>left</code>, <code>right</code>, <code>top</code> and <code>bottom</code> properties.', 'Eigenschaften und'],
  ['Set <code>color</code> to <code>red</code>.', 'auf'],
  ['The command <code>exit</code> closes the window (or <code>Ctrl</code>+<code>D</code>).', 'Befehl Fenster oder + ( )'],
];

/** What of `expected` is not in a translation beside its code, marks that are there too often, code that is not as it was.
 *  @param {string} found @param {string} html @param {string} expected */
export function unspoken(found, html, expected) {
  const code = /<code>.*?<\/code>/g, outside = found.replace(code, ' ').replace(/<[^>]*>/g, '');
  const count = (text, word) => text.toLowerCase().split(word.toLowerCase()).length - 1;
  const wrong = [...new Set(expected.split(' '))].filter((word) => {
    const more = word.split('|').reduce((sum, form) => sum + count(outside, form), 0) - count(expected, word);
    return /\p{L}/u.test(word) ? more < 0 : more !== 0;
  });
  const sorted = (text) => (text.match(code) ?? []).sort().join();
  return sorted(found) === sorted(html) ? wrong : [...wrong, sorted(found)];
}
