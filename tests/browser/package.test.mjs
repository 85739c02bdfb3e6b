/** The npm package as its users meet it: packed, installed into an empty folder without a network, run in Node, checked by
 *  tsc, and loaded by plain script tags in a browser.  Needs `make site` and models/en-de. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test, { after, before } from 'node:test';

import { start } from './harness.mjs';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const LIMIT = 12e6;                                 // bytes of the tarball: a package that brings its model, but no more
let folder, tarball, installed;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'dolmetsch-package-'));
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { encoding: 'utf8' }));
  tarball = packed;
  writeFileSync(join(folder, 'package.json'), '{"name":"user","private":true,"type":"module"}');
  execFileSync('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', join(folder, packed.filename)],
    { cwd: folder });
  installed = join(folder, 'node_modules/dolmetsch');
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a module in the user's folder; its standard output.  @param {string} source */
function inNode(source) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'],
    { cwd: folder, input: source, encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test('what is in it: all that is exported, the model with its card, and nothing from elsewhere', () => {
  assert.ok(tarball.size < LIMIT, `${tarball.size} bytes`);
  const files = tarball.files.map(({ path }) => path);
  for (const [name, target] of Object.entries(exports)) assert.ok(files.includes(target.slice(2)), `${name} is ${target}`);
  for (const name of ['LICENSE', 'README.md', 'dist/models/en-de/card.md', 'dist/translator.d.ts', 'docs/api.md'])
    assert.ok(files.includes(name), name);
  assert.deepEqual(files.filter((name) => !/^(dist|docs)\/|^(LICENSE|README\.md|package\.json)$/.test(name)), []);
  for (const name of files.filter((path) => path.endsWith('.js')))
    for (const [, other] of readFileSync(join(installed, name), 'utf8').matchAll(/["'](\.\/[\w-]+\.(?:js|css))["']/g))
      assert.ok(files.includes(`dist/${other.slice(2)}`), `${name} names ${other}`);
});

test('Node: every export can be imported, and translates where it can', () => {
  const names = Object.keys(exports).filter((name) => !/\.(css|json)$|define$/.test(name))       // those need a browser
    .map((name) => `dolmetsch${name.slice(1)}`);
  assert.equal(inNode(names.map((name) => `await import('${name}');`).join('\n') + 'console.log("imported")'), 'imported');
  assert.match(inNode(`import { Translator } from 'dolmetsch';
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
    console.log(await translator.translate('The dog is in the garden.'));
    translator.destroy();`), /Hund.*Garten/);
  assert.match(inNode(`import { openEngine } from 'dolmetsch/node';
    const job = (await openEngine()).job(['The dog is in the garden.']);
    while (job.run(1000));
    console.log(job.result(0).text);`), /Hund.*Garten/);
  assert.equal(inNode('import "dolmetsch/polyfill"; console.log(typeof Translator.create)'), 'function');
});

test('its program: the packaged model, or one that is named', () => {
  const program = (/** @type {string[]} */ ...args) => spawnSync('npx', ['--offline', 'dolmetsch', ...args],
    { cwd: folder, input: 'The dog is in the garden.\n', encoding: 'utf8' });
  const { status, stdout, stderr } = program();
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.match(stdout, /^.*Hund.*Garten.*\n$/);
  assert.equal(program('--model', resolve('models/en-de')).stdout, stdout);
  const wrong = program('--model', 'nowhere');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /nowhere/);
  assert.match(program('--help').stdout, /^usage: dolmetsch \[OPTION\]/);
});

/** Lines that must not compile, with what tsc calls the fault. */
const WRONG = [
  ["import { Translator, Nothing } from 'dolmetsch'; Nothing;", 'TS2305'],
  ["import { openEngine } from 'dolmetsch/node'; openEngine(1);", 'TS2345'],
  ["import { DolmetschPage } from 'dolmetsch/widget'; new DolmetschPage().state = 'done';", 'TS2540'],
  ["import { elsewhere } from 'dolmetsch/elsewhere'; elsewhere;", 'TS2307'],
  ["Translator.create({ sourceLanguage: 'en' });", 'TS2345'],
];

test('types: a right program passes tsc, a wrong one does not', () => {
  const check = (/** @type {string} */ name, /** @type {string} */ source, /** @type {string} */ module) => {
    writeFileSync(join(folder, name), source);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ files: [name], compilerOptions: { strict: true, noEmit: true,
      types: [], target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
      module: module === 'bundler' ? 'esnext' : module, moduleResolution: module } }));
    return spawnSync(resolve('node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
  };
  const right = `import { Translator } from 'dolmetsch';
    import { openEngine } from 'dolmetsch/node';
    import { Overlay } from 'dolmetsch/overlay';
    import { DolmetschPage, DolmetschAttention } from 'dolmetsch/widget';
    import { translatePage } from 'dolmetsch/page';
    import 'dolmetsch/polyfill';
    const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de', workers: 2 });
    const { sentences } = await translator.translateDetailed('A cat.', { attention: true });
    const row: number[] = sentences[0].alignment[0];
    const text: string = (await openEngine('folder')).job(['A cat.']).result(0).text;
    new Overlay(document.body, { languages: { source: 'en', target: 'de' } }).choose({ tab: 'matrix' });
    const element = new DolmetschPage();
    element.to = 'de';
    const state: 'idle' | 'loading' | 'translating' | 'done' | 'error' = element.state;
    new DolmetschAttention().result = await translator.translateDetailed('A cat.');
    await translatePage(document, translator, { hover: false }).finished;
    export { row, text, state };`;
  for (const module of ['bundler', 'nodenext']) {
    assert.equal(check('right.ts', right, module).stdout, '', module);
    const found = check('wrong.ts', WRONG.map(([line]) => line).join('\n'), module).stdout;
    WRONG.forEach(([line, code], i) => assert.match(found, new RegExp(`wrong\\.ts\\(${i + 1},.*${code}`), `${module}: ${line}`));
  }
});

test('a browser: plain script tags from node_modules', async () => {
  writeFileSync(join(folder, 'page.html'), `<!doctype html><html lang="en"><title>A page</title>
    <link rel="icon" href="data:,">
    <script type="module" src="node_modules/dolmetsch/dist/translator-polyfill.js"></script>
    <script type="module">
      import { Translator } from './node_modules/dolmetsch/dist/translator.js';
      const translator = await Translator.create({ sourceLanguage: 'en', targetLanguage: 'de' });
      document.body.append(await translator.translate('The dog is in the garden.'));
    </script>
    <script type="module" src="node_modules/dolmetsch/dist/widget-define.js"></script>
    <body><dolmetsch-page to="de"></dolmetsch-page><p>The cat is black.</p></body>`);
  const browser = await start(folder, 'page.html');
  try {
    const { page, complaints } = await browser.open({ ready: false });
    await page.waitForFunction(() => document.body?.textContent.includes('Hund'), { timeout: 60_000 });
    await page.$eval('dolmetsch-page', (element) => element.start());
    assert.match(await page.$eval('p', (element) => element.textContent), /Katze/);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
  assert.ok(existsSync(join(installed, 'dist/overlay.css')));
});
