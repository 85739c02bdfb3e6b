/** What the rooms of page translation (page*.js) hand each other. */

import type { Sentence } from './types.d.ts';

/** A node's stretch of its block's text: an inline element, or an opaque one, whose inside is not ours.  start == end: it
 *  has no text of its own.  before and after: white space touches it there.  `ordered`: what is in it keeps its order. */
export interface Span {
  start: number; end: number;
  before?: boolean; after?: boolean;
  opaque?: boolean;
  ordered?: boolean;
  children?: Span[];
}

/** A span of a page: its node, and the node's children that belong to the block, in the page's order. */
export interface LiveSpan extends Span {
  node: Element;
  nodes: Node[];
  children: LiveSpan[];
}

/** What a node's children become: text, and the elements that it has, each with its own. */
export type Part = string | { span: Span; parts: Part[] };

/** A paragraph's worth of lines: neighbouring text and inline elements of one container. */
export interface Block {
  kind: 'block';
  element: Element;                          // the container
  root: LiveSpan;
  source: string;
  texts: Text[]; written: string[];         // all text nodes in it, and what the page has in them
  lead: string; trail: string;               // white space around
  shown: [Text, string][];                   // what it was written as
  state: State;
}

export interface Attribute {
  kind: 'attribute';
  element: Element;
  name: string;
  source: string;
  state: State;
}

export type Unit = Block | Attribute;
/** waiting -> asked -> done; gone: the page has changed what it was read from. */
export type State = 'waiting' | 'asked' | 'done' | 'gone';

/** What the translator gives for one text. */
export interface Translation {
  text: string;
  sentences: Pick<Sentence, 'source' | 'target' | 'alignment'>[];
}

/** Any translator with the detailed call. */
export interface PageTranslator {
  translateDetailed(texts: string[], options: { signal?: AbortSignal; priority?: number; attention?: boolean }):
    Promise<Translation[]>;
  sourceLanguage?: string;
  targetLanguage?: string;
}

/** What is found in one container, and where to look on. */
export interface Found {
  container: Node;
  blocks: Block[];
  attributes: Attribute[];
  inside: Node[];                            // containers in it, open shadow roots and documents of iframes among them
  hidden: Element[];                         // not on show now
  unready: Element[];                        // custom elements that are not defined yet
}
