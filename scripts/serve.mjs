/** A static file server for development and tests: node scripts/serve.mjs [folder] [port] [--cors]
 *  GET and HEAD only, files below the folder only, no listings, no caching.  Port 0 takes a free one.  --cors lets pages of other
 *  origins, and frames that have none, read the files. */

import { createServer } from 'node:http';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** @param {string} root @param {number} [port] @param {string} [host] @param {Record<string, string>} [headers]  more of them
 *  @returns {Promise<{url: string, close(): Promise<void>}>} */
export async function serve(root, port = 0, host = '127.0.0.1', headers = {}) {
  const base = await realpath(root);
  const server = createServer((request, response) => {
    answer(base, headers, request, response).catch(() => refuse(response, 500));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(undefined));
  });
  const at = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${at.port}/`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** @param {string} base @param {Record<string, string>} headers @param {import('node:http').IncomingMessage} request
 *  @param {import('node:http').ServerResponse} response */
async function answer(base, headers, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  let path;
  try {
    path = decodeURIComponent((request.url ?? '/').split(/[?#]/)[0]);
  } catch {
    return refuse(response, 400);
  }
  if (path.includes('\0') || path.includes('\\')) return refuse(response, 400);
  if (path.endsWith('/')) path += 'index.html';
  // realpath resolves "..", and links too: what it gives must lie below the folder.
  const file = await realpath(join(base, path)).catch(() => '');
  if (!file.startsWith(base + sep)) return refuse(response, 404);
  const about = await stat(file);
  if (!about.isFile()) return refuse(response, 404);
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': about.size,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file).on('error', () => response.destroy()).pipe(response);
}

/** @param {import('node:http').ServerResponse} response @param {number} status */
function refuse(response, status) {
  if (response.headersSent) return response.destroy();
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${status}\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [root = '.', port = '8000'] = process.argv.slice(2).filter((argument) => argument !== '--cors');
  const headers = process.argv.includes('--cors') ? { 'Access-Control-Allow-Origin': '*' } : undefined;
  try {
    const { url } = await serve(root, Number(port), undefined, headers);
    console.log(url);
  } catch (error) {
    console.error(`serve: ${/** @type {Error} */ (error).message}`);
    process.exitCode = 1;
  }
}
