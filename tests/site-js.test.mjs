// scripts/site-js.mjs: the JavaScript of the site, minified, and without esbuild.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

const modules = readdirSync('web').filter((name) => name.endsWith('.js'));
let folder;
before(() => { folder = mkdtempSync(join(tmpdir(), 'dolmetsch-js-')); });
after(() => rmSync(folder, { recursive: true }));

test('minified: a file for each module, its map with the source, and nothing that is not there', () => {
  const site = join(folder, 'site');
  execFileSync(process.execPath, ['scripts/site-js.mjs', site]);
  for (const name of modules) {
    const text = readFileSync(join(site, name), 'utf8');
    assert.ok(text.replace(/`[^`]*`/g, '').split('\n').length < 20, `${name} is not minified`);      // texts stay as they are
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(site, `${name}.map`), 'utf8'));
    const at = sources.findIndex((source) => source.endsWith(`/${name}`));
    const source = readFileSync(join('web', name), 'utf8');
    const own = source.replace(/\/\*[^]*?\*\/|^export \{.*\} from .*;$/gm, '').trim();   // a map has no place for mere re-exports
    if (own) assert.equal(sourcesContent[at], source, name);
    for (const [, file] of text.matchAll(/(?:from|import|import\(|new URL\()\s*"(\.\/[\w./-]+\.js)"/g))
      assert.ok(existsSync(join(site, file)), `${name} names ${file}`);
  }
  // translator.js is one file, so that a page has one Translator
  for (const name of ['demo.js', 'translator-polyfill.js'])
    assert.match(readFileSync(join(site, name), 'utf8'), /from"\.\/translator\.js"/);
  const gzip = ['translator.js', 'worker.js'].map((name) => gzipSync(readFileSync(join(site, name)), { level: 9 }).length);
  assert.ok(gzip[0] + gzip[1] < 18_000, `translating takes ${gzip} bytes of JavaScript`);
});

test('without esbuild the modules go as they are', () => {
  const bare = join(folder, 'bare');
  for (const path of ['web', 'scripts/site-js.mjs', 'package.json']) cpSync(path, join(bare, path), { recursive: true });
  assert.match(execFileSync(process.execPath, ['scripts/site-js.mjs', 'out'], { cwd: bare, encoding: 'utf8' }), /no esbuild/);
  for (const name of modules) assert.deepEqual(readFileSync(join(bare, 'out', name)), readFileSync(join('web', name)));
});
