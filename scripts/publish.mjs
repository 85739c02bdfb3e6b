// Cuts a packed model file into the chunks and the manifest of a model folder:
//   node scripts/publish.mjs build/model.dm models/en-de en de [scores.json [TRAINED]]
// TRAINED says in a few words on how much it was trained, for pages to show: "10.7 M German tokens, 90 minutes on two cores".
// Old chunks of the folder are removed. The manifest is written last, so that a folder with a manifest
// is whole.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const CHUNK_BYTES = 512 * 1024;
const sha256 = (/** @type {Uint8Array} */ bytes) => createHash('sha256').update(bytes).digest('hex');

const [file, folder, source, target, scoresFile, trained] = process.argv.slice(2);
if (!target) {
  console.error('usage: node scripts/publish.mjs MODEL.dm FOLDER SOURCE TARGET [SCORES.json [TRAINED]]');
  process.exit(2);
}
const bytes = await readFile(file);
if (bytes.subarray(0, 4).toString('latin1') !== 'DMT1') {
  console.error(`publish: ${file} is not a model file (build/dolmetsch pack writes one)`);
  process.exit(1);
}
const scores = scoresFile ? JSON.parse(await readFile(scoresFile, 'utf8')) : {};
// What src/model/config.c makes of the file's options.
const options = bytes.toString('latin1', 64, 4096);
const type = /\btype: *(\w+)/.exec(options)?.[1] ?? 'unknown';
const architecture = type !== 's2s' ? type : /\bdolmetsch-context: *fixed/.test(options) ? 'rnn' : 'bahdanau';

await mkdir(folder, { recursive: true });
for (const old of await readdir(folder))
  if (/^model\.\d{3}$/.test(old) || old === 'manifest.json') await rm(join(folder, old));

/** @type {{file: string, bytes: number, sha256: string}[]} */
const chunks = [];
for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
  const chunk = bytes.subarray(at, at + CHUNK_BYTES);
  const chunkFile = `model.${String(chunks.length).padStart(3, '0')}`;
  await writeFile(join(folder, chunkFile), chunk);
  chunks.push({ file: chunkFile, bytes: chunk.length, sha256: sha256(chunk) });
}
const manifest = {
  format: 'dolmetsch-manifest-1', name: basename(folder), source, target, architecture,
  bytes: bytes.length, sha256: sha256(bytes), chunks,
  licence: 'trained on CC-BY, CC-BY-SA, MIT, MPL, GPL, AGPL and GFDL texts: card.md lists them', card: 'card.md', trained, scores,
};
await writeFile(join(folder, 'manifest.json.new'), `${JSON.stringify(manifest, null, 1)}\n`);
await rename(join(folder, 'manifest.json.new'), join(folder, 'manifest.json'));
console.log(`${folder}: ${chunks.length} chunks, ${bytes.length} bytes`);
