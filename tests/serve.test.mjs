import test from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../scripts/serve.mjs';

/** The raw status line: fetch would clean the path before it is sent. */
const raw = (url, path, method = 'GET') => new Promise((resolve, reject) => {
  const { hostname, port } = new URL(url);
  let text = '';
  const socket = connect(Number(port), hostname, () =>
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
  socket.setEncoding('latin1').on('data', (part) => { text += part; }).on('end', () => resolve(text)).on('error', reject);
});

test('serves what lies below its folder, with the right types, and nothing else', async (t) => {
  const top = await mkdtemp(join(tmpdir(), 'dolmetsch-serve-')), root = join(top, 'site');
  await mkdir(join(root, 'sub'), { recursive: true });
  await mkdir(join(top, 'site-secret'));
  await writeFile(join(top, 'secret'), 'secret');
  await writeFile(join(top, 'site-secret/secret'), 'secret');
  await symlink(join(top, 'secret'), join(root, 'link'));
  for (const name of ['index.html', 'a.js', 'engine.wasm', 'model.000', 'm.json', 'sub/index.html', 'ä b.css'])
    await writeFile(join(root, name), `this is ${name}`);
  const server = await serve(root);
  t.after(async () => { await server.close(); await rm(top, { recursive: true }); });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*\/$/);

  for (const [path, type] of [['', 'text/html'], ['a.js', 'text/javascript'],
    ['engine.wasm', 'application/wasm'], ['sub/?q#h', 'text/html'],
    ['model.000', 'application/octet-stream'], ['m.json', 'application/json'], ['%C3%A4%20b.css', 'text/css']]) {
    const answer = await fetch(server.url + path);
    assert.equal(answer.status, 200, path);
    assert.ok(answer.headers.get('content-type').startsWith(type), path);
    assert.match(await answer.text(), /^this is /);
  }
  const head = await raw(server.url, '/a.js', 'HEAD');
  assert.match(head, /^HTTP\/1\.1 200/);
  assert.match(head, /Content-Length: 12/i);
  assert.doesNotMatch(head, /this is/);
  for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/sub/../../secret',
    '/link', '/../site-secret/secret', '/none', '/sub', '//etc/passwd'])
    assert.match(await raw(server.url, path), /^HTTP\/1\.1 404/, path);
  for (const path of ['/%', '/a%00.js', '/..%5csecret']) assert.match(await raw(server.url, path), /^HTTP\/1\.1 400/, path);
  assert.match(await raw(server.url, '/a.js', 'POST'), /^HTTP\/1\.1 405/);
});

test('a folder that is not there, or a port that is taken, is an error', async (t) => {
  await assert.rejects(serve('/nonexistent'));
  const server = await serve('.');
  t.after(() => server.close());
  await assert.rejects(serve('.', Number(new URL(server.url).port)), { code: 'EADDRINUSE' });
});
