// Fills dist/, which is what the npm package holds: node scripts/package.mjs; the `prepack` step of `npm pack`
//
// The modules as `make site` minified them, with their source maps; types from their JSDoc; the engine; one model; and
// translate.mjs as the package's program.  Everything lies in one folder, so that all of it finds each other in a browser,
// in Node and on a CDN without a setting.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const SITE = 'build/site', OUT = 'dist', MODEL = 'en-de';
/** What package.json exports; what they name comes with them. */
const MODULES = ['translator', 'translator-polyfill', 'engine', 'loader', 'headless', 'overlay', 'page',
                 'widget', 'widget-define'];
const FILES = ['engine.wasm', 'overlay.css', `models/${MODEL}`,
  ...['kernels-relaxed.wasm'].filter((name) => existsSync(join(SITE, name)))];      // which not every compiler makes

const { models } = JSON.parse(await readFile(join(SITE, 'models/index.json'), 'utf8').catch(() => {
  throw new Error(`${SITE} is not built: make site`);
}));
await rm(OUT, { recursive: true, force: true });
await mkdir(join(OUT, 'models'), { recursive: true });
const scripts = new Set(MODULES.map((module) => `${module}.js`));
for (const name of scripts)                         // which grows meanwhile
  for (const [, other] of (await readFile(join(SITE, name), 'utf8')).matchAll(/["']\.\/([\w-]+\.js)["']/g)) scripts.add(other);
for (const name of [...[...scripts].flatMap((script) => [script, `${script}.map`]), ...FILES])
  await cp(join(SITE, name), join(OUT, name), { recursive: true });
const index = { models: models.filter((/** @type {{folder: string}} */ { folder }) => folder === MODEL) };
await writeFile(join(OUT, 'models/index.json'), `${JSON.stringify(index, null, 1)}\n`);

/** @type {import('esbuild').Plugin} */
const beside = { name: 'beside', setup: ({ onResolve }) => {
  onResolve({ filter: /\/headless\.js$/ }, () => ({ path: './headless.js', external: true }));
} };
await build({ entryPoints: ['scripts/translate.mjs'], outfile: join(OUT, 'translate.js'), bundle: true, format: 'esm',
  platform: 'node', target: 'node20', charset: 'utf8', plugins: [beside], logLevel: 'warning' });
await chmod(join(OUT, 'translate.js'), 0o755);

const types = { extends: '../tsconfig.json', include: [], files: MODULES.map((module) => `../web/${module}.js`),
  compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: '../web', outDir: `../${OUT}`,
    typeRoots: ['../node_modules/@types'] } };
await writeFile('build/tsconfig.package.json', JSON.stringify(types));
execFileSync('node_modules/.bin/tsc', ['-p', 'build/tsconfig.package.json'], { stdio: 'inherit' });
for (const name of await readdir('web')) if (name.endsWith('.d.ts')) await cp(join('web', name), join(OUT, name));
