// Runs a C test program that was compiled to WASI: node tests/run_wasm.mjs build/wasm/tests/test_x.wasm
// The working directory is the program's ".", so that it finds tests/golden as its native twin does.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const wasi = new WASI({
  version: 'preview1', args: process.argv.slice(2), env: { SEED: process.env.SEED ?? '1' },
  preopens: { '.': '.', '..': '..' }, returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(process.argv[2]));

// wasm calls WASI's native functions by a short cut in which no garbage may be collected, but accounting for a
// large memory does just that, and Node dies (seen in 20 and 22). A JavaScript function between them has no short cut.
const { wasi_snapshot_preview1: native } = wasi.getImportObject();
const calls = Object.entries(native).map(([name, call]) => [name, (...args) => Reflect.apply(call, undefined, args)]);
const imports = { wasi_snapshot_preview1: Object.fromEntries(calls), env: { emscripten_notify_memory_growth() {} } };
process.exitCode = wasi.start(await WebAssembly.instantiate(module, imports));
