/** A service worker for the page's own files, so that a page opens without a network once it has been visited.
 *  The network comes first; the copy is for when it fails.  The model is not in here: cache.js keeps it. */

const NAME = 'dolmetsch-page-1';
const here = /** @type {any} */ (globalThis);
/** Where a browser can be told, these do not even wake it: what a first translation waits for. */
const PASSING = ['models/*', '*.wasm'];
const PARTS = /["'](\.{0,2}\/?[\w./-]+\.(?:js|css|svg|png))["']/g;         // what a page or a module names

here.addEventListener('install', (/** @type {any} */ event) => {
  here.skipWaiting();
  event.addRoutes?.(PASSING.map((urlPattern) => ({ condition: { urlPattern }, source: 'network' }))).catch(() => {});
  event.waitUntil(keepVisited());
});
here.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(here.clients.claim()));
here.addEventListener('fetch', (/** @type {any} */ event) => {
  const { url, method, mode } = event.request;
  if (method !== 'GET' || !url.startsWith(here.registration.scope)) return;
  if (mode === 'navigate' || /\.(js|css|svg|png)$/.test(new URL(url).pathname)) event.respondWith(answer(event));
});

/** The first page, and those that are open: they were fetched before this worker could see it. */
async function keepVisited() {
  const cache = await caches.open(NAME), { scope } = here.registration, seen = new Set();
  const open = await here.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  const pages = open.map((/** @type {any} */ { url }) => bare(url)).filter((/** @type {string} */ url) => url.startsWith(scope));
  for (const page of [scope, ...pages]) await keep(cache, page, seen);
}

/** A file, and what it names, and so on.  @param {Cache} cache @param {string} url @param {Set<string>} seen */
async function keep(cache, url, seen) {
  if (seen.has(url)) return;
  seen.add(url);
  const response = await fetch(url, { cache: 'no-cache' }).catch(() => undefined);
  if (!response?.ok || response.redirected) return;
  await cache.put(url, response.clone());
  if (!/html|javascript/.test(response.headers.get('content-type') ?? '')) return;
  const parts = [...(await response.text()).matchAll(PARTS)].map(([, part]) => new URL(part, url).href);
  await Promise.all(parts.map((part) => keep(cache, part, seen)));
}

/** The copy is written beside the answer: nobody waits for it.  @param {any} event */
async function answer(event) {
  const { request } = event, url = bare(request.url), { scope } = here.registration;
  try {
    const response = await fetch(request);
    if (response.ok && !response.redirected) event.waitUntil(put(url, response.clone()).catch(() => {}));
    return response;
  } catch (error) {
    const cache = await caches.open(NAME);
    const kept = await cache.match(url === `${scope}index.html` ? scope : url);
    if (kept) return kept;
    throw error;
  }
}

/** @param {string} url */
const bare = (url) => url.split(/[?#]/)[0];

/** @param {string} url @param {Response} response */
const put = async (url, response) => (await caches.open(NAME)).put(url, response);
