/** What a translation is made of.  start and end count UTF-16 code units, in the caller's string for
 *  source tokens, in `text` for target tokens.  The last token of a sentence is its end: text "", start == end. */
export interface Token { text: string; start: number; end: number }

/** Weights by layer, head, row, column; every row sums to 1. */
export type Attention = number[][][][];

/** What else a sentence may be in the target language; its tokens count in its own text. */
export interface Alternative {
  text: string;
  target: Token[];
  alignment: number[][];
  score: number;
  cut: boolean;
}

export interface Sentence {
  source: Token[];
  target: Token[];
  alignment: number[][];                     // target x source; empty where the model has no attention
  score: number;                             // mean log-probability per target token
  cut: boolean;                              // stopped by the length limit, or as a loop
  alternatives?: Alternative[];              // the next best, best first, where the job looked for some
  attention?: { encoder?: Attention; decoder?: Attention; cross: Attention };   // the kinds that the model has
}

export interface Detailed {
  text: string;
  score: number;
  sentences: Sentence[];
  kernels?: string;                          // the kernel set that ran
  coarse?: boolean;                          // by the high bits of the weights: the rest was still on its way
  ms?: number;                               // time in the worker
}

export interface Manifest {
  format: 'dolmetsch-manifest-1';
  name: string;
  source: string;
  target: string;
  architecture: string;
  bytes: number;
  sha256: string;
  chunks: { file: string; bytes: number; sha256: string }[];
  coarse?: { chunks: number; matrices: import('./planes.js').Matrix[] };
  licence: string;
  scores: Record<string, unknown>;
  trained?: string;                          // on how much, how long: in words
  card: string;
}

export interface Progress { loaded: number; total: number }

/** A model in the browser's cache: `bytes` of `total` are there.  `url` is its folder. */
export interface Stored {
  url: string; name: string; source: string; target: string;
  bytes: number; total: number; complete: boolean;
  sha256: string;                            // of the whole model
}

/** A model as one worker gives it to another: fetched, checked and compiled once. */
export interface Lent {
  manifest: Manifest; notice?: string;
  modules: { core: WebAssembly.Module; relaxed?: WebAssembly.Module };
  refused?: string;                          // why there is no relaxed module
  bytes: ArrayBuffer | SharedArrayBuffer;
}

/** What the loader needs to know of an engine: a place in its memory. */
export interface Memory {
  allocate(bytes: number): number;
  memory(): Uint8Array;                      // fresh at each call: growth detaches old views
  free(at: number): void;
  unpackHigh(weights: number, sent: number, n: number, bits: number): void;       // wasm_planes.c has these
  unpackLow(weights: number, sent: number, n: number, bits: number): void;
  sumColumns(sums: number, weights: number, k: number, n: number): void;
}

/** A window, a worker or a MessagePort: something that messages go through. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: string, listener: (event: any) => void): void;
  start?(): void;
  close?(): void;
  terminate?(): void;
  ref?(): void;
  unref?(): void;
}

/** Tokens as people see them: a word, or a piece of one.  start and end leave spaces at the ends out. */
export interface Word {
  text: string; start: number; end: number;
  from: number; to: number;                  // its tokens, [from, to)
  last: boolean;                             // the end of the sentence
  joined: boolean;                           // no space before it
}

export type Side = 'source' | 'target';
export type Axis = 'row' | 'col';

/** What an overlay draws: how much each row word looks at each column word.  `fixed`: the model has no attention, one
 *  vector is all that its rows know of the columns, and the weights are 0. */
export interface View {
  rows: Word[]; cols: Word[]; weights: number[][];
  rowSide: Side; colSide: Side;
  languages?: Record<Side, string>;
  fixed?: boolean;
}

export type Kind = 'alignment' | 'cross' | 'encoder' | 'decoder';

/** What an overlay is to show; all count from 0. */
export interface Choice {
  tab: 'lines' | 'matrix' | 'heads' | 'table';      // heads: all of them at once, as small pictures
  kind: Kind; layer: number; head: number;   // layer and head mean nothing to the alignment
  sentence: number;
  pieces: boolean;                           // subword pieces instead of words
  zoom: number;                              // 1: what fits
}

/** What draws a choice into the overlay's stage. */
export interface Drawing {
  layout(): void;                            // the size has changed
  light(axis: Axis, index: number): void;    // index -1: nothing
  reveal(rows: number, cols: number): void;  // how many row words, and column words, are there yet
  destroy(): void;
}

/** A line of models/index.json. */
export interface ModelEntry {
  folder: string; source: string; target: string;
  name?: string; architecture?: string; bytes?: number;
  sha256?: string;                           // of the whole model: tells whether a kept one is still this one
  trained?: string;                          // on how much, how long: in words
  scores?: Record<string, { bleu?: number }>;                // by test set
}
