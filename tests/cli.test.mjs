// build/dolmetsch and scripts/translate.mjs: the same options, the same bytes. What is wrong: cli-errors.test.mjs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

import { GOLDEN, goldenModel, goldenModelWithShortlist, HARD_LINES } from './models.mjs';
import { NATIVE, NODE, run, SANITIZED } from './programs.mjs';

/** Runs both programs and demands the same bytes; returns the output. */
async function both(args, input) {
  const [a, b] = await Promise.all([run(SANITIZED, args, input), run(NODE, args, input)]);
  assert.equal(a.err, '');
  assert.equal(b.err, '');
  assert.deepEqual([a.code, b.code], [0, 0]);
  assert.ok(a.out.equals(b.out), `outputs differ:\n${a.out.subarray(0, 2000)}\n---\n${b.out.subarray(0, 2000)}`);
  return a.out.toString();
}

const lines = Object.values(HARD_LINES);

for (const kind of Object.keys(GOLDEN)) {
  const model = ['--model', goldenModel(kind)];

  test(`${kind}: one line in, one line out, native and Node the same`, async () => {
    const out = await both(model, lines.map((line) => `${line}\n`).join(''));
    assert.equal(out.split('\n').length, lines.length + 1);
    assert.equal(out.split('\n')[0], '');
    assert.equal(out.split('\n')[1], ' ', 'white space comes back as it is');
  });

  test(`${kind}: --attention gives one JSON object per line, native and Node the same`, async () => {
    const input = ['The cat sees the house. Ein Hund.', ...lines.filter((line) => line.length < 1000)];
    const out = await both([...model, '--attention'], input.map((line) => `${line}\n`).join(''));
    const results = out.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.equal(results.length, input.length);
    results.forEach((result, i) => checkDetailed(result, input[i], kind));
  });

  test(`${kind}: every kernel set gives the same bytes`, async () => {
    const input = lines.slice(3).join('\n');
    const [ref, simd] = await Promise.all(['ref', 'simd128'].map((name) =>
      both([...model, '--attention', '--kernels', name], input)));
    assert.equal(ref, simd);
  });

  test(`${kind}: --nbest gives alternatives, best first, native and Node and every kernel set the same`, async () => {
    const input = ['The cat sees the house. Ein Hund.', ...lines.filter((line) => line.length < 300)];
    const search = [...model, '--beam', '4', '--nbest', '3'];
    const text = input.map((line) => `${line}\n`).join('');
    const out = await both([...search, '--attention'], text);
    assert.equal(await both([...search, '--attention', '--kernels', 'ref'], text), out);
    const results = out.trimEnd().split('\n').map((line) => JSON.parse(line));
    results.forEach((result, i) => checkDetailed(result, input[i], kind));
    let different = 0;
    for (const sentence of results.flatMap((result) => result.sentences)) different += checkAlternatives(sentence, kind);
    assert.ok(different > 10);
    const plain = (await both(search, text)).trimEnd().split('\n').map((line) => JSON.parse(line));
    for (const sentence of results.flatMap((result) => result.sentences)) delete sentence.attention;
    assert.deepEqual(plain, results, 'without --attention: the same but for it');
    assert.equal(await both([...model, '--beam', '4'], text), results.map((result) => `${result.text}\n`).join(''));
  });

  test(`${kind}: a beam of one is greedy, a wider one finds what is more probable`, async () => {
    const input = ['The cat sees the house.', 'a', 'The old dog has the red word.', 'Ein Hund', 'the'].join('\n');
    const greedy = await both([...model, '--attention'], input);
    assert.equal(await both([...model, '--attention', '--beam', '1', '--nbest', '1'], input), greedy);
    const wide = await both([...model, '--attention', '--beam', '4'], input);
    const sentences = [greedy, wide].map((out) => out.trimEnd().split('\n').flatMap((line) => JSON.parse(line).sentences));
    assert.equal(sentences[1].length, sentences[0].length);
    // One that ends by itself is preferred to one that was cut, whatever their scores: those are left out.
    const pairs = sentences[0].map((one, i) => [one.score, sentences[1][i].score])
      .filter((_, i) => sentences[0][i].cut === sentences[1][i].cut);
    const sum = (/** @type {number} */ side) => pairs.reduce((total, pair) => total + pair[side], 0);
    assert.ok(pairs.length > 2 && sum(1) > sum(0), `${sum(0)}, then ${sum(1)} of ${pairs.length}`);
  });
}

/** The kinds of attention that each model has. @type {Record<string, string[]>} */
const ATTENTIONS = { ssru: ['encoder', 'cross'], selfattn: ['encoder', 'decoder', 'cross'], bahdanau: ['cross'], rnn: [] };

/** The invariants of a detailed result. */
function checkDetailed(result, text, kind) {
  let at = 0;
  for (const sentence of result.sentences) {
    for (const [tokens, whole] of [[sentence.source, text], [sentence.target, result.text]]) {
      tokens.reduce((end, token) => {
        assert.ok(token.start >= end && token.end >= token.start && token.end <= whole.length, JSON.stringify(token));
        assert.equal(whole.slice(token.start, token.end), token.text);
        return token.end;
      }, 0);
      assert.equal(tokens.at(-1).text, '', 'the last token is the end of the sentence');
    }
    assert.ok(sentence.source[0].start >= at, 'sentences are in order');
    at = sentence.source.at(-1).end;
    const S = sentence.source.length, T = sentence.target.length;
    assert.deepEqual(Object.keys(sentence.attention ?? {}), ATTENTIONS[kind]);
    if (sentence.attention) {
      const { encoder = [], decoder = [], cross } = sentence.attention;
      checkRows(sentence.alignment, T, S);
      for (const head of encoder.flat()) checkRows(head, S, S);
      for (const head of cross.flat()) checkRows(head, T, S);
      for (const head of decoder.flat()) checkRows(head, T, T);
      assert.deepEqual(cross.at(-1)[0], sentence.alignment, 'the alignment is the last layer\'s head 0');
    } else {
      assert.deepEqual(sentence.alignment, [], 'no attention, no alignment');
    }
    assert.ok(sentence.score <= 0);
  }
}

/** The invariants of an n-best list of 3; returns how many alternatives there are. */
function checkAlternatives(sentence, kind) {
  const { source, alternatives } = sentence;
  assert.ok(alternatives.length <= 2);
  const seen = new Set([JSON.stringify(sentence.target.map((token) => token.text))]);
  [sentence, ...alternatives].reduce((better, other) => {
    assert.ok(better.cut === other.cut ? better.score >= other.score : other.cut, 'in order');
    return other;
  });
  for (const { text, target, alignment, score, cut, ...rest } of alternatives) {
    assert.deepEqual(rest, {});
    assert.equal(target.map((token) => token.text).join(''), text);
    assert.equal(target.at(-1).text, '');
    if (kind === 'rnn') assert.deepEqual(alignment, []);
    else checkRows(alignment, target.length, source.length);
    assert.ok(score <= 0 && typeof cut === 'boolean');
    seen.add(JSON.stringify(target.map((token) => token.text)));
  }
  return seen.size - 1;
}

function checkRows(matrix, rows, cols) {
  assert.equal(matrix.length, rows);
  for (const row of matrix) {
    assert.equal(row.length, cols);
    const sum = row.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - 1) <= 1e-4 * cols, `a row sums to ${sum}`);
  }
}

test('broken UTF-8 is translated, and the output is valid UTF-8', async () => {
  const model = ['--model', goldenModel('ssru'), '--attention'];
  const input = Buffer.concat([
    Buffer.from('The \xff\xfe cat', 'latin1'), Buffer.from('\n'),
    Buffer.from([0xe2, 0x82]), Buffer.from('\n'),                       // cut off
    Buffer.from([0xed, 0xa0, 0x80, 0x20, 0xed, 0xb0, 0x80]), Buffer.from('\n'), // lone surrogates
    Buffer.from([0xc0, 0x80, 0xf5, 0x80, 0x80, 0x80]),                  // overlong, above U+10FFFF
  ]);
  const out = await both(model, input);
  assert.equal(out.trimEnd().split('\n').length, 4);
  new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(out));
});

test('a line of 1 MB is translated in one piece', { timeout: 300_000 }, async () => {
  const line = 'The old cat sees the red house. '.repeat(32_768);
  const [native, node] = await Promise.all([NATIVE, NODE].map((program) =>
    run(program, ['--model', goldenModel('ssru')], line.slice(0, 100_000))));
  assert.equal(native.code, 0);
  assert.ok(native.out.equals(node.out));
  const words = await run(NATIVE, ['--model', goldenModel('ssru')], line);
  assert.equal(words.code, 0);
  assert.equal(words.out.toString().split('\n').length, 2);
  assert.ok(words.out.length > 100_000);
});

for (const kind of Object.keys(GOLDEN)) test(`${kind}: translations do not depend on the lines around them`, async () => {
  const model = ['--model', goldenModel(kind)];
  const input = ['The cat sees the house.', 'a', 'The old dog has the red word and finds the small tree.', 'Das Haus'];
  const together = (await both(model, input.join('\n'))).trimEnd().split('\n');
  for (const [i, line] of input.entries()) assert.equal((await both(model, line)).trimEnd(), together[i]);
  const beam = [...model, '--beam', '3', '--nbest', '3', '--attention'];
  const all = (await both(beam, input.join('\n'))).trimEnd().split('\n');
  for (const [i, line] of input.entries()) assert.equal((await both(beam, line)).trimEnd(), all[i]);
});

for (const kind of Object.keys(GOLDEN)) test(`${kind}: a shortlist, the same in any company, on every kernel set`, async () => {
  const model = ['--model', goldenModelWithShortlist(kind), '--attention'];
  const input = ['The cat sees the house.', 'a', 'The old dog \u{1F600} has the red word and finds the small tree.', 'Das Haus'];
  const text = input.join('\n'), plain = await both(['--model', goldenModel(kind), '--attention'], text);
  assert.equal(await both([...model, '--shortlist', 'off'], text), plain, 'off is as without');
  for (const options of [[], ['--beam', '3', '--nbest', '3']]) {
    const out = await both([...model, ...options], text);
    assert.notEqual(out, plain);
    assert.equal(await both([...model, ...options, '--shortlist', 'on', '--kernels', 'ref'], text), out);
    const together = out.trimEnd().split('\n');
    for (const [i, line] of input.entries()) assert.equal((await both([...model, ...options], line)).trimEnd(), together[i]);
  }
});

test('--no-split: a line is one sentence; what is too long for a model is split all the same, and nothing is lost', async () => {
  const model = ['--model', goldenModel('bahdanau'), '--attention'];
  const line = ' \tThe cat sees. Ein Hund? \u2028 The end!  ', long = 'The old cat sees the red house. '.repeat(20);
  const input = [line, '', ' ', long].join('\n');
  const read = async (/** @type {string[]} */ args) =>
    (await both([...model, ...args], input)).trimEnd().split('\n').map((text) => JSON.parse(text));
  const [split, whole] = [await read([]), await read(['--no-split'])];
  assert.deepEqual(split.map(({ sentences }) => sentences.length), [3, 0, 0, 20]);
  assert.deepEqual(whole.slice(0, 3).map(({ sentences }) => sentences.length), [1, 0, 0]);
  const pieces = (/** @type {any} */ { sentences }) =>
    sentences.flatMap((/** @type {any} */ { source }) => source.slice(0, -1).map((/** @type {any} */ token) => token.text));
  assert.equal(pieces(whole[0]).join('').replace(/\s+/g, ' '), 'The cat sees. Ein Hund? The end!');
  assert.equal(pieces(whole[3]).join('').replaceAll(' ', ''), long.replaceAll(' ', ''), 'no character is lost at a cut');
  const sizes = whole[3].sentences.map((/** @type {any} */ { source }) => source.length);
  assert.ok(sizes.length > 1 && sizes.every((n) => n <= 128) && sizes[0] > 64, `${sizes}`);
});

test('lines come out while the input is still open', { timeout: 20_000 }, async () => {
  for (const program of [SANITIZED, NODE]) {
    const child = spawn(program[0], [...program.slice(1), '--model', goldenModel('ssru')]);
    try {
      child.stdin.write('The cat sees the house.\n');
      let out = '';
      for await (const data of child.stdout) if ((out += data).endsWith('\n')) break;
      assert.match(out, /^[^\n]*\n$/);
    } finally {
      child.kill();
    }
  }
});
