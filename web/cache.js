/** What was fetched and found good, kept for the next visit; all pages and tabs of one origin share it.
 *
 *  One Cache (Cache API) with two kinds of entry:
 *    https://dolmetsch.invalid/sha256/HASH     a chunk of a model; its name is its hash, so that it is never stale
 *    https://dolmetsch.invalid/file/URL        a manifest, an index, the engine: for when the network fails
 *
 *  Nothing that was not checked goes in, and what comes out is checked again by the loader.  Where there is no Cache -
 *  plain http, private windows of some browsers, Node - everything works from memory, and `notice` says so. */

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {import('./types.d.ts').Stored} Stored */

const NAME = 'dolmetsch-1';
const CHUNK = 'https://dolmetsch.invalid/sha256/', FILE = 'https://dolmetsch.invalid/file/';
const fileKey = (/** @type {string} */ url) => FILE + encodeURIComponent(url);

/** The store, or one that keeps nothing.  Never throws.  @returns {Promise<Store>} */
export async function openStore() {
  try {
    if (!globalThis.caches) return new Store(undefined, 'This page has no cache (plain http, a private window, or no browser): '
      + 'the model is kept in memory only and fetched again next time.');
    return new Store(await caches.open(NAME));
  } catch (/** @type {any} */ error) {
    return new Store(undefined, `The browser refuses its cache (${error?.message ?? error}): `
      + 'the model is kept in memory only and fetched again next time.');
  }
}

export class Store {
  #cache;
  /** Why nothing is kept, if nothing is. @type {string | undefined} */
  notice;

  /** @param {Cache | undefined} cache @param {string} [notice] */
  constructor(cache, notice) {
    this.#cache = cache;
    this.notice = notice;
  }

  /** A chunk by its hash.  @param {string} hash */
  chunk(hash) {
    return this.#get(CHUNK + hash);
  }
  /** @param {string} hash @param {Uint8Array} bytes */
  keepChunk(hash, bytes) {
    return this.#put(CHUNK + hash, bytes);
  }
  /** @param {string} hash */
  async dropChunk(hash) {
    await this.#cache?.delete(CHUNK + hash).catch(() => {});
  }

  /** A file by its address.  @param {string} url */
  file(url) {
    return this.#get(fileKey(url));
  }
  /** @param {string} url @param {Uint8Array} bytes */
  keepFile(url, bytes) {
    return this.#put(fileKey(url), bytes);
  }

  /** Whether every chunk is here.  @param {Manifest} manifest */
  async hasAll(manifest) {
    const have = await this.#hashes();
    return manifest.chunks.every(({ sha256 }) => have.has(sha256));
  }

  /** What is kept, model by model.  @returns {Promise<Stored[]>} */
  async list() {
    const have = await this.#hashes();
    return (await this.#manifests()).map(({ url, manifest }) => {
      const here = manifest.chunks.filter(({ sha256 }) => have.has(sha256));
      const bytes = here.reduce((sum, chunk) => sum + chunk.bytes, 0);
      const { name, source, target, bytes: total } = manifest;
      return { url, name, source, target, bytes, total, complete: bytes === total };
    });
  }

  /** Lets go of chunks that no kept manifest names: those of models that have been replaced. */
  async prune() {
    const wanted = new Set((await this.#manifests()).flatMap(({ manifest }) => manifest.chunks.map(({ sha256 }) => sha256)));
    for (const hash of await this.#hashes()) if (!wanted.has(hash)) await this.dropChunk(hash);
  }

  async #hashes() {
    const keys = await this.#cache?.keys().catch(() => []) ?? [];
    return new Set(keys.filter(({ url }) => url.startsWith(CHUNK)).map(({ url }) => url.slice(CHUNK.length)));
  }

  /** @returns {Promise<{url: string, manifest: Manifest}[]>} */
  async #manifests() {
    const keys = await this.#cache?.keys().catch(() => []) ?? [];
    const found = await Promise.all(keys.map(async ({ url }) => {
      if (!url.startsWith(FILE) || !url.endsWith('manifest.json')) return [];
      try {
        return [{ url: decodeURIComponent(url.slice(FILE.length)).replace(/manifest\.json$/, ''),
                  manifest: JSON.parse(new TextDecoder().decode(await this.#get(url))) }];
      } catch {
        return [];
      }
    }));
    return found.flat();
  }

  /** @param {string} key @returns {Promise<Uint8Array | undefined>} */
  async #get(key) {
    try {
      const kept = await this.#cache?.match(key);
      return kept && new Uint8Array(await kept.arrayBuffer());
    } catch {                                       // evicted or damaged meanwhile
      return undefined;
    }
  }

  /** @param {string} key @param {Uint8Array} bytes */
  async #put(key, bytes) {
    try {
      await this.#cache?.put(key, new Response(/** @type {BodyInit} */ (bytes)));
    } catch (/** @type {any} */ error) {            // no room: what is kept stays, the rest is for memory
      this.#cache = undefined;
      this.notice = `The browser has no room to keep the model (${error?.message ?? error}): it is fetched again next time.`;
    }
  }
}

/** What is kept in this origin's store.  @returns {Promise<Stored[]>} */
export const stored = async () => (await openStore()).list();

/** Removes all of it; translators that run go on.  @returns {Promise<boolean>} whether there was something */
export async function clear() {
  try {
    return await globalThis.caches?.delete(NAME) ?? false;
  } catch {
    return false;                                   // refused: then there is nothing either
  }
}
