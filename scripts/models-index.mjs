// Writes index.json of a folder of models, for Translator (web/translator.js): node scripts/models-index.mjs build/site/models
// A pair of languages that several models translate gets the first: the order is that of the folders' names.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sizeOfChunks } from '../web/manifest.js';

const [top = 'build/site/models'] = process.argv.slice(2);
const models = [];
for (const folder of (await readdir(top)).sort()) {
  const text = await readFile(join(top, folder, 'manifest.json'), 'utf8').catch(() => undefined);
  if (text === undefined) continue;
  const { name, source, target, architecture, sha256, chunks, trained, scores } = JSON.parse(text);
  models.push({ folder, name, source, target, architecture, bytes: sizeOfChunks(chunks), sha256, trained, scores });
}
await writeFile(join(top, 'index.json'), `${JSON.stringify({ models }, null, 1)}\n`);
console.log(`${join(top, 'index.json')}: ${models.map(({ folder }) => folder).join(', ') || 'no models'}`);
