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
