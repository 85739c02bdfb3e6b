/** What was fetched and found good, kept for the next visit; all pages and tabs of one origin share it.
 *
 *  One Cache (Cache API) with two kinds of entry:
 *    https://dolmetsch.invalid/sha256/HASH     a chunk of a model; its name is its hash, so that it is never stale
 *    https://dolmetsch.invalid/file/URL        a manifest, an index, the engine: for when the network fails
 *
 *  Nothing that was not checked goes in, and what comes out is checked again by the loader.  Where there is no Cache -
 *  plain http, private windows of some browsers, Node - or where it stays silent, everything works from memory, and `notice`
 *  says so. */

import { inTime } from './in-time.js';
import { sizeOfChunks } from './manifest.js';

/** @typedef {import('./types.d.ts').Manifest} Manifest
 *  @typedef {import('./types.d.ts').Stored} Stored */

const NAME = 'dolmetsch-1';
const CHUNK = 'https://dolmetsch.invalid/sha256/', FILE = 'https://dolmetsch.invalid/file/';
const fileKey = (/** @type {string} */ url) => FILE + encodeURIComponent(url);

const PATIENCE = 10_000;                            // milliseconds until a store that does not answer is none
const inMemory = (/** @type {string} */ why) => `${why}: the model is kept in memory only and fetched again next time.`;
const reason = (/** @type {any} */ error) => error?.message ?? error;

/** The store, or one that keeps nothing.  Never throws.  @returns {Promise<Store>} */
export async function openStore() {
  try {
    if (globalThis.caches) return new Store(await inTime(caches.open(NAME), PATIENCE));
    return new Store(undefined, inMemory('This page has no cache (plain http, a private window, or no browser)'));
  } catch (error) {
    return new Store(undefined, inMemory(`The browser refuses its cache (${reason(error)})`));
  }
}

export class Store {
  #cache;
  #patience;
  /** Why nothing is kept, if nothing is. @type {string | undefined} */
  notice;

  /** @param {Cache | undefined} cache @param {string} [notice] @param {number} [patience] */
  constructor(cache, notice, patience = PATIENCE) {
    this.#cache = cache;
    this.#patience = patience;
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
    await this.#ask((cache) => cache.delete(CHUNK + hash));
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
    const have = await this.hashes();
    return manifest.chunks.every(({ sha256 }) => have.has(sha256));
  }

  /** Whether a model is here whole, and still the one that is meant: a site may have a newer one at the same address.
   *  @param {{url: string, sha256?: string}} model */
  async holds({ url, sha256 }) {
    return (await this.list()).some((kept) => kept.url === url && kept.complete && (!sha256 || kept.sha256 === sha256));
  }

  /** What is kept, model by model.  @returns {Promise<Stored[]>} */
  async list() {
    const have = await this.hashes();
    return (await this.#manifests()).map(({ url, manifest }) => {
      const here = manifest.chunks.filter(({ sha256 }) => have.has(sha256));
      const bytes = sizeOfChunks(here), total = sizeOfChunks(manifest.chunks), { name, source, target, sha256 } = manifest;
      return { url, name, source, target, bytes, total, complete: bytes === total, sha256 };
    });
  }

  /** Lets go of chunks that no kept manifest names: those of models that have been replaced. */
  async prune() {
    const wanted = new Set((await this.#manifests()).flatMap(({ manifest }) => manifest.chunks.map(({ sha256 }) => sha256)));
    for (const hash of await this.hashes()) if (!wanted.has(hash)) await this.dropChunk(hash);
  }

  /** Of the chunks that are here. */
  async hashes() {
    const urls = await this.#urls();
    return new Set(urls.filter((url) => url.startsWith(CHUNK)).map((url) => url.slice(CHUNK.length)));
  }

  /** @returns {Promise<{url: string, manifest: Manifest}[]>} */
  async #manifests() {
    const found = await Promise.all((await this.#urls()).map(async (url) => {
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

  async #urls() {
    return (await this.#ask((cache) => cache.keys()))?.map(({ url }) => url) ?? [];
  }

  /** @param {string} key @returns {Promise<Uint8Array | undefined>} */
  #get(key) {
    return this.#ask(async (cache) => {
      const kept = await cache.match(key);
      return kept && new Uint8Array(await kept.arrayBuffer());
    });
  }

  /** @param {string} key @param {Uint8Array} bytes */
  async #put(key, bytes) {
    await this.#ask((cache) => cache.put(key, new Response(/** @type {BodyInit} */ (bytes))).catch((error) => {
      this.#cache = undefined;                      // no room: what is kept stays, the rest is for memory
      this.notice = `The browser has no room to keep the model (${reason(error)}): it is fetched again next time.`;
    }));
  }

  /** An entry that was evicted or damaged meanwhile is as good as none; a store that is silent is asked nothing more.
   *  @template T @param {(cache: Cache) => Promise<T>} work @returns {Promise<T | undefined>} */
  async #ask(work) {
    try {
      return this.#cache && await inTime(work(this.#cache), this.#patience);
    } catch (/** @type {any} */ error) {
      if (error?.name === 'TimeoutError') {
        this.#cache = undefined;
        this.notice = inMemory("The browser's cache does not answer");
      }
      return undefined;
    }
  }
}

/** What is kept in this origin's store.  @returns {Promise<Stored[]>} */
export const stored = async () => (await openStore()).list();

/** Removes all of it; translators that run go on.  @returns {Promise<boolean>} whether something was removed */
export async function clear() {
  try {
    return globalThis.caches ? await inTime(caches.delete(NAME), PATIENCE) : false;
  } catch {
    return false;                                   // refused: then there is nothing either
  }
}
