#!/usr/bin/env bash
# Installs what building and testing need and a new machine may lack: a C compiler, Emscripten, Node >= 20,
# Chromium, Firefox, GNU parallel, and the npm packages of package-lock.json. Does nothing, quickly, when all is there.
# FIREFOX=none does without Firefox, in the tests too.
#
#   scripts/setup.sh            everything
#   scripts/setup.sh --demo     only what `make demo` needs: no browser, no npm packages
#
# On Debian and Ubuntu it uses apt, as root or through sudo; elsewhere it names what is missing and stops.
set -euo pipefail
cd "$(dirname "$0")/.."

demo=${1:-}
missing=()          # Debian packages
names=()            # for people without apt
need() { missing+=("$1"); names+=("$2"); }

have() { command -v "$1" >/dev/null 2>&1; }
tools=$PWD/build/tools/node_modules
PATH=$(echo "$tools"/node-linux-*/bin):$PATH
node_ok() { have node && node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; }

have make || need make "GNU make"
have cc || need gcc "a C11 compiler (cc)"
[ -e /usr/include/stdio.h ] || [ "$(uname)" != Linux ] || need libc6-dev "the C library's headers"
have "${EMCC:-emcc}" || need emscripten "Emscripten (emcc): Debian's package or https://emscripten.org"
# Relaxed SIMD needs clang 19 beside an old emcc (scripts/build_relaxed.sh); where apt has none, all else works.
old_emcc() {
  ! have "${EMCC:-emcc}" || [ "$(printf '%s\n' 3.1.60 "$("${EMCC:-emcc}" --version | grep -om1 '[0-9]\+\.[0-9]\+\.[0-9]\+')" |
    sort -V | head -1)" != 3.1.60 ]
}
clang19=()
if ! { have clang-19 && have wasm-ld-19; } && old_emcc; then clang19=(clang-19 lld-19 llvm-19); fi
if [ "$demo" != --demo ]; then
  have chromium || have chromium-browser || have google-chrome || need chromium "Chromium"
  parallel --version 2>/dev/null | grep -q '^GNU parallel' || need parallel "GNU parallel"
  have firefox-esr || [ -n "${FIREFOX:-}" ] || need firefox-esr "Firefox, or FIREFOX=path, or FIREFOX=none"
fi
node_ok || need nodejs "Node.js 20 or newer: https://nodejs.org"

root=()             # how to run apt-get
if have apt-get; then
  if [ "$(id -u)" = 0 ]; then root=(env DEBIAN_FRONTEND=noninteractive)
  elif have sudo; then root=(sudo env DEBIAN_FRONTEND=noninteractive); fi
fi
if [ ${#missing[@]} -gt 0 ]; then
  if [ ${#root[@]} -eq 0 ]; then
    echo "setup: these are missing, and there is no apt (with root or sudo) to install them:" >&2
    printf '  - %s\n' "${names[@]}" >&2
    exit 1
  fi
  echo "setup: installing ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if [ ${#clang19[@]} -gt 0 ] && [ ${#root[@]} -gt 0 ]; then
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || "${root[@]}" apt-get update -qq || true
  if [ "$(apt-cache search --names-only '^clang-19$')" ]; then
    echo "setup: installing ${clang19[*]}"
    "${root[@]}" apt-get install -y -qq --no-install-recommends "${clang19[@]}" >/dev/null ||
      echo "setup: without ${clang19[*]}: the engine will have no relaxed-SIMD kernels" >&2
  fi
fi

# Debian 12's own Node is 18; the npm registry carries newer ones as a package. The Makefile looks there first.
if ! node_ok; then
  have npm || "${root[@]}" apt-get install -y -qq --no-install-recommends npm >/dev/null
  machine=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
  echo "setup: installing Node.js 24 into build/tools"
  npm install --prefix build/tools --ignore-scripts --no-audit --no-fund --loglevel=error "node-linux-$machine@24" >/dev/null
fi

if [ "$demo" != --demo ] && [ package-lock.json -nt node_modules/.package-lock.json ]; then
  have npm || "${root[@]}" apt-get install -y -qq --no-install-recommends npm >/dev/null
  echo "setup: npm ci"
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
fi
