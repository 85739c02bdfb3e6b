/** The JavaScript of a Markdown page, ready to run: what a reader would copy is what the tests run. */

import { readFileSync } from 'node:fs';

const AsyncFunction = /** @type {any} */ ((async () => {}).constructor);

/** @param {string} file @returns {{name: string, code: string, imports: string[],
 *    body: string, declared: string[], run: (names: Record<string, unknown>) => Promise<unknown>}[]}
 *  run: as a module would, with values for the names that it takes as given and does not declare */
export function examples(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code], i) => {
    const imports = [...code.matchAll(/^import \{.*\} from '(.+)';$/gm)].map(([, from]) => from);
    const body = code.replace(/^import .*$/gm, '');
    const declared = [...body.matchAll(/^const (?:(\w+)|\{(.*?)\}) =/gm)].flatMap(([, one, some]) =>
      (one ? [one] : some.split(',').map((name) => name.trim())));
    return { name: `${file}, example ${i + 1}`, code, imports, body, declared, async run(names) {
      const given = Object.keys(names).filter((name) => !declared.includes(name));
      return new AsyncFunction(...given, `'use strict';\n${body}`)(...given.map((name) => names[name]));
    } };
  });
}

/** The rows of the table with this heading, as cells.  @param {string} file @param {string} heading of its first column */
export function table(file, heading) {
  const pattern = new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\|\\n((?:\\|.*\\n)+)`, 'm');
  const [, rows] = pattern.exec(readFileSync(file, 'utf8')) ?? ['', ''];
  return rows.trim().split('\n').map((row) => row.slice(1, -1).split('|').map((cell) => cell.trim()));
}

/** `a`, `b` as a list.  @param {string} cell */
export const quoted = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
