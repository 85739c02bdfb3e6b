// Runs every C test program twice: native under AddressSanitizer and UBSan, and as wasm.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const programs = readdirSync('tests').filter((name) => /^test_.*\.c$/.test(name)).map((name) => name.slice(0, -2));

test('there are C tests', () => assert.ok(programs.length > 0));

for (const program of programs) {
  const native = `build/sanitize/tests/${program}`;
  const wasm = `build/wasm/tests/${program}.wasm`;
  for (const [kind, command] of [
    ['native, sanitized', [native]],
    ['wasm', [process.execPath, '--no-warnings', 'tests/run_wasm.mjs', wasm]],
  ]) {
    test(`${program}: ${kind}`, async (t) => {
      const file = command[command.length - 1];
      assert.ok(existsSync(file), `${file} is not built: make ctests`);
      const { stdout } = await run(command[0], command.slice(1), { maxBuffer: 1 << 24 })
        .catch((error) => assert.fail(`${error.message}\n${error.stdout}\n${error.stderr}`));
      assert.match(stdout, /^ok /m, 'a test ran');
      for (const line of stdout.split('\n')) if (line.startsWith('skipped')) t.diagnostic(line);
    });
  }
}
