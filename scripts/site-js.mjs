// The page's JavaScript as it is sent: node scripts/site-js.mjs [FOLDER]; a step of `make site`
//
// Every module of web/ becomes one file with what it imports, minified, and beside it a source map that holds the readable
// source: a page asks for its own file, translator.js and the worker's, instead of twenty that name each other.  Files of
// their own stay translator.js and widget.js, so that a page has one of each class, and what is imported when it is needed, by
// import().
// Where esbuild is not installed (`make demo` does without npm) the modules go as they are, and do the same.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder = 'build/site'] = process.argv.slice(2);
const names = readdirSync('web').filter((name) => name.endsWith('.js'));
const esbuild = await import('esbuild').catch(() => undefined);
mkdirSync(folder, { recursive: true });
if (esbuild) {
  /** @type {import('esbuild').Plugin} */
  const apart = { name: 'apart', setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\// }, ({ kind, path }) => (kind === 'dynamic-import' || /^\.\/(translator|widget)\.js$/.test(path)
      ? { path, external: true } : undefined));
  } };
  await esbuild.build({ entryPoints: names.map((name) => join('web', name)), outdir: folder, bundle: true, minify: true,
    format: 'esm', target: 'es2022', charset: 'utf8', sourcemap: true, external: ['node:*'], plugins: [apart],
    logLevel: 'warning' });
} else {
  for (const name of names) copyFileSync(join('web', name), join(folder, name));
  console.log('site: no esbuild, so the JavaScript is not minified (npm ci installs it)');
}
