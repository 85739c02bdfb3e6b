#!/usr/bin/env bash
# Installs what building and testing need and a new machine may lack: a C compiler, Emscripten, Node >= 20,
# Chromium, and the npm packages of package-lock.json. Does nothing, quickly, when all is there.
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
if [ "$demo" != --demo ]; then
  have chromium || have chromium-browser || have google-chrome || need chromium "Chromium"
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

# Debian 12's own Node is 18; the npm registry carries newer ones as a package. The Makefile looks there first.
if ! node_ok; then
  have npm || "${root[@]}" apt-get install -y -qq --no-install-recommends npm >/dev/null
  machine=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
  echo "setup: installing Node.js 22 into build/tools"
  npm install --prefix build/tools --ignore-scripts --no-audit --no-fund --loglevel=error "node-linux-$machine@22" >/dev/null
fi

if [ "$demo" != --demo ] && [ package-lock.json -nt node_modules/.package-lock.json ]; then
  have npm || "${root[@]}" apt-get install -y -qq --no-install-recommends npm >/dev/null
  echo "setup: npm ci"
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
fi
