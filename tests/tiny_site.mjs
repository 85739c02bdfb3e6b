/** A site with the real engine and a model so small that it loads at once: build/site without its models. */

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { goldenModel } from './models.mjs';

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @param {number} [chunks] how many the model has @param {string} [kind] of GOLDEN */
export function tinySite(chunks = 5, kind = 'ssru') {
  const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-tiny-'));
  for (const name of readdirSync('build/site'))
    if (/\.(js|html|css|wasm)$/.test(name)) cpSync(join('build/site', name), join(folder, name));
  cpSync('tests/translator_rules.js', join(folder, 'translator_rules.js'));
  const bytes = readFileSync(goldenModel(kind)), size = Math.ceil(bytes.length / chunks);
  const models = [['en-de', 'de'], ['en-zh', 'zh-Hans']].map(([name, target]) => {
    writeModel(join(folder, 'models', name), name, target, bytes, size);
    return { folder: name, source: 'en', target, sha256: hash(bytes) };
  });
  writeFileSync(join(folder, 'models/index.json'), JSON.stringify({ models }));
  return { folder, bytes: bytes.length, sha256: hash(bytes), remove: () => rmSync(folder, { recursive: true }) };
}

/** A folder of a model, in chunks of `size` bytes.  @param {string} folder @param {string} name @param {string} target */
export function writeModel(folder, name, target, bytes, size) {
  mkdirSync(folder, { recursive: true });
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size), file = `model.00${chunks.length}`;
    writeFileSync(join(folder, file), chunk);
    chunks.push({ file, bytes: chunk.length, sha256: hash(chunk) });
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({
    format: 'dolmetsch-manifest-1', name, source: 'en', target, architecture: 'transformer', licence: 'CC0-1.0',
    bytes: bytes.length, sha256: hash(bytes), scores: {}, card: 'card.md', chunks }));
}
