// The documentation as pages that translate themselves: node scripts/site-docs.mjs [FOLDER]; a step of `make site`
//
// README.md, docs/*.md and the model's card become FOLDER/docs/*.html, with <dolmetsch-page> on each; web/docs.css has their
// looks.  Links between them lead on; links to files that a site does not have become their text.
// Where marked is not installed (`make demo` does without npm) there are no such pages.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';

const [site = 'build/site'] = process.argv.slice(2), out = join(site, 'docs');
const marked = await import('marked').catch(() => undefined);

/** Files of the repository, by the pages that they become. @type {Map<string, string>} */
const PAGES = new Map([['README.md', 'index.html'], ['models/en-de/card.md', 'model.html'],
  ...(await readdir('docs')).filter((name) => name.endsWith('.md')).sort()
    .map((name) => /** @type {[string, string]} */ ([`docs/${name}`, name.replace('.md', '.html')]))]);

const escape = (/** @type {string} */ text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const slug = (/** @type {string} */ text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, '').trim().replace(/\s/g, '-');

/** @param {string} file @param {string} href @returns {string | undefined} where a link leads on the site */
function target(file, href) {
  if (/^[a-z]+:|^#/.test(href)) return href;
  const [path, hash] = href.split('#'), page = PAGES.get(normalize(join(dirname(file), path)));
  return page && page + (hash ? `#${hash}` : '');
}

/** @param {string} file @param {NonNullable<typeof marked>} marked @returns {Promise<{title: string, body: string}>} */
async function render(file, { Marked }) {
  let title = '';
  const parser = new Marked({ renderer: {
    heading({ tokens, depth, text }) {
      if (depth === 1) title ||= text;
      return `<h${depth} id="${slug(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      const to = target(file, href), inside = this.parser.parseInline(tokens);
      return to === undefined ? inside : `<a href="${escape(to)}">${inside}</a>`;
    },
    image: ({ href, text }) => `<img src="${escape(basename(href))}" alt="${escape(text)}">`,
    code: ({ text }) => `<pre tabindex="0"><code>${escape(text)}</code></pre>\n`,
    html: ({ text }) => escape(text),
  } });
  const body = await parser.parse(await readFile(file, 'utf8'));
  let tables = 0;
  return { title, body: body.replace(/<th\b[^>]*><\/th>/g, '<td></td>')
    .replace(/<table>/g, () => `<div class="table" role="region" aria-label="Table ${++tables}" tabindex="0"><table>`)
    .replaceAll('</table>', '</table></div>') };
}

/** @param {string} page @param {{title: string, body: string}} content @param {[page: string, title: string][]} all */
const html = (page, { title, body }, all) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self';
  worker-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}${page === 'index.html' ? '' : ' - Dolmetsch'}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../docs.css">
<script type="module" src="../widget-define.js"></script>
</head>
<body>
<a class="skip" href="#text">Skip to the text</a>
<header>
  <a class="home" href="../" translate="no">Dolmetsch</a>
  <dolmetsch-page from="en" to="de"></dolmetsch-page>
</header>
<nav aria-label="Documentation"><ul>
${all.map(([to, name]) => `<li><a href="${to}"${to === page ? ' aria-current="page"' : ''}>${escape(name)}</a></li>`).join('\n')}
</ul></nav>
<main id="text">
${body}</main>
</body>
</html>
`;

if (marked) {
  await mkdir(out, { recursive: true });
  const contents = await Promise.all([...PAGES].map(async ([file, page]) => ({ page, ...await render(file, marked) })));
  const all = contents.map(({ page, title }) => /** @type {[string, string]} */ ([page, title]));
  for (const content of contents) await writeFile(join(out, content.page), html(content.page, content, all));
  for (const name of await readdir('docs')) if (/\.(png|svg)$/.test(name)) await cp(join('docs', name), join(out, name));
  console.log(`${out}: ${all.length} pages`);
} else {
  console.log('site: no marked, so there are no pages of documentation (npm ci installs it)');
}
