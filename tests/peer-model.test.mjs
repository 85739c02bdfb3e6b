// A model goes to the peer's int8 format and comes back through our converter: the same model but for the rounding
// to one scale for each matrix.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { readModel, unpack, writePeerModel } from '../scripts/bench/peer-model.mjs';
import { goldenModelWithShortlist } from './models.mjs';

const I8 = 2;

for (const kind of ['ssru', 'selfattn'])
  test(`${kind}: to intgemm8 and back`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'dolmetsch-peer-')), prefix = join(folder, 'model');
    t.after(() => rmSync(folder, { recursive: true }));
    const file = readFileSync(goldenModelWithShortlist(kind));
    writePeerModel(file, prefix);
    execFileSync('build/dolmetsch', ['pack', `${prefix}.bin`, `${prefix}.spm`, join(folder, 'lex.bin'), `${prefix}.dm`]);
    const before = readModel(file), after = readModel(readFileSync(`${prefix}.dm`));

    assert.deepEqual(after.meta, before.meta);
    assert.deepEqual(after.tensors.map(({ name, type, dims }) => ({ name, type, dims })),
      before.tensors.map(({ name, type, dims }) => ({ name, type, dims })));
    let matrices = 0;
    before.tensors.forEach(({ name, type, dims: [k, n], bytes }, i) => {
      const back = after.tensors[i].bytes;
      if (type !== I8) return assert.ok(bytes.equals(back), name);
      matrices++;
      const a = unpack(k, n, bytes), b = unpack(k, n, back);
      const step = a.reduce((max, value) => Math.max(max, Math.abs(value)), 0) / 127;
      const worst = a.reduce((max, value, at) => Math.max(max, Math.abs(value - b[at])), 0);
      assert.ok(worst > 0 || a.every((value) => value === 0), `${name}: another scale must round`);
      assert.ok(worst <= 0.50001 * step, `${name}: off by ${worst / step} steps`);
    });
    assert.ok(matrices > 10);
  });
