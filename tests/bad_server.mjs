/** A server of a folder that misbehaves as told: `faults` maps a file's name to what becomes of its answers, in turn; the
 *  last one stays.  `asked` counts the requests; `headers` go with every answer. */

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const TYPES = { '.css': 'text/css',
  '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.html': 'text/html' };
const PAGE = '<!doctype html><title>Log in</title>';

/** Answers that wait for release(). @type {(() => void)[]} */
const held = [];

/** @typedef {(response: import('node:http').ServerResponse, bytes: Buffer) => void} Fault */
/** @type {Record<string, Fault>} */
export const FAULTS = {
  good: (response, bytes) => response.end(bytes),
  'not there': (response) => response.writeHead(404).end('no'),
  'server error': (response) => response.writeHead(503).end(),
  'web page': (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE),
  'web page of no type': (response) => { response.removeHeader('Content-Type'); response.end(PAGE); },
  'login page': (response) => response.writeHead(302, { Location: '/login.html' }).end(),
  'login page elsewhere': (response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
  'silence': () => {},
  'held': (response, bytes) => held.push(() => response.end(bytes)),
  'silence in the middle': (response, bytes) => response.write(bytes.subarray(0, bytes.length >> 1)),
  'reset': (response) => response.socket?.resetAndDestroy(),
  'killed in the middle': (response, bytes) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, bytes.length >> 1), () => setTimeout(() => response.destroy(), 20));
  },
  'says it is longer': (response, bytes) => {
    response.writeHead(200, { 'Content-Length': bytes.length + 1000 });
    response.write(bytes, () => setTimeout(() => response.destroy(), 20));
  },
  'says it is shorter': (response, bytes) => {
    response.writeHead(200, { 'Content-Length': bytes.length - 10 });
    response.end(bytes.subarray(0, bytes.length - 10));
  },
  'endless': (response) => {
    const more = () => { while (!response.destroyed && response.write(Buffer.alloc(2 ** 16))); };
    response.on('drain', more);
    more();
  },
  'another version': (response, bytes) => response.end(Buffer.from(bytes).fill(7, 0, 100)),
  'a byte a second': (response, bytes) => {
    let at = 0;
    const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 1000);
    response.on('close', () => clearInterval(timer));
  },
  'no content': (response) => response.writeHead(204).end(),
};

/** @param {string} folder */
export async function badServer(folder) {
  /** @type {Map<string, string[]>} */
  const faults = new Map();
  /** @type {Map<string, number>} */
  const asked = new Map();
  /** @type {Map<string, string>} */
  const headers = new Map();
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname).replace(/\/$/, '/index.html');
    const name = path.split('/').pop() ?? '';
    asked.set(name, (asked.get(name) ?? 0) + 1);
    for (const [header, value] of headers) response.setHeader(header, value);
    if (name === 'login.html' || name === 'empty.html') return response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    const list = faults.get(name) ?? ['good'], fault = list.length > 1 ? list.shift() : list[0];
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    if (!bytes) return response.writeHead(404).end();
    response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream');
    response.setHeader('Cache-Control', 'no-cache');
    FAULTS[/** @type {string} */ (fault)](response, bytes);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(undefined)); });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`, faults, asked, headers,
    /** What is held comes, and what would have been. */
    release() {
      for (const [name, [fault]] of faults) if (fault === 'held') faults.delete(name);
      held.splice(0).forEach((answer) => answer());
    },
    /** A new start: no faults, no counts, no headers. */
    reset() { faults.clear(); asked.clear(); headers.clear(); },
    close: () => new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    }),
  };
}
