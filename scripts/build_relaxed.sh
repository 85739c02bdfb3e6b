#!/usr/bin/env bash
# Compiles relaxed-SIMD kernels into a wasm module of their own, with the compiler flags given:
#
#   scripts/build_relaxed.sh OUT.wasm SOURCE.c FLAG...
#
# emcc 3.1.60 and later know these instructions. Debian's 3.1.6 does not: it compiles with clang 19 in place
# of its own clang, and wasm-ld-19 links, as emcc's own tools cannot read the result. Where neither is to be
# had, nothing is made and a note says so: the engine runs without these kernels.
set -euo pipefail
out=$1 source=$2
shift 2
emcc=${EMCC:-emcc}
object=${out%.wasm}.o

if "$emcc" --version | awk 'NR == 1 && match($0, /[0-9]+\.[0-9]+\.[0-9]+/) {
    split(substr($0, RSTART, RLENGTH), v, "."); new = v[1] * 1000000 + v[2] * 1000 + v[3] >= 3001060 } END { exit !new }'; then
  link=$(em-config LLVM_ROOT)/wasm-ld
elif command -v clang-19 >/dev/null && command -v wasm-ld-19 >/dev/null; then
  export EM_LLVM_ADD_VERSION=19 EM_CLANG_ADD_VERSION=19
  link=wasm-ld-19
else
  rm -f "$out"
  echo "note: no relaxed-SIMD kernels: they need clang-19 and lld-19, or Emscripten 3.1.60" >&2
  exit 0
fi
mkdir -p "$(dirname "$out")"
"$emcc" "$@" -msimd128 -mrelaxed-simd -c "$source" -o "$object"
# No stack and no data: everything is in registers and in the operands.
"$link" --no-entry --import-memory --strip-all -z stack-size=0 "$object" -o "$out"
rm "$object"
