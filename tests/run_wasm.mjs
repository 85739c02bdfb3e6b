// Runs a C test program that was compiled to WASI: node tests/run_wasm.mjs build/wasm/tests/test_x.wasm
// The working directory is the program's ".", so that it finds tests/golden as its native twin does.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const wasi = new WASI({
  version: 'preview1', args: process.argv.slice(2), env: { SEED: process.env.SEED ?? '1' },
  preopens: { '.': '.', '..': '..' }, returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(process.argv[2]));
const imports = { ...wasi.getImportObject(), env: { emscripten_notify_memory_growth() {} } };
process.exitCode = wasi.start(await WebAssembly.instantiate(module, imports));
