# Dolmetsch: a translator for the browser.  Targets:
#
#   make demo     build what is missing, translate one sentence here, serve the page and print its address
#   make test     every test: C (native under sanitizers, and as wasm), JavaScript, a real browser
#   make engine   build/*.wasm and build/site, what the page needs             (needs emcc)
#   make native   build/dolmetsch, the native program                          (needs a C11 compiler)
#   make bench    kernels and engine, timed side by side: native, in Node, in Chromium
#   make bench-peer  our engine against Bergamot's (docs/benchmarks.md)
#   make lint     compiler warnings as errors, types of the JavaScript, layout rules
#   make site     build/site: a folder to put on any static host
#   make package  build/dolmetsch-VERSION.tgz, the npm package, with the engine and the model in it
#   make clean    remove build/ and dist/
#   make help     this text
#
# demo, test and bench call scripts/setup.sh first, which installs missing packages.

CC     ?= cc
EMCC   ?= emcc
# Debian's emcc looks for its JavaScript modules where Debian's own node would find them.
export NODE_PATH := /usr/share/nodejs

# scripts/setup.sh puts a newer Node there where the system's is too old.
export PATH := $(firstword $(wildcard $(CURDIR)/build/tools/node_modules/node-linux-*/bin) /usr/local/bin):$(PATH)
NODE   := node
PORT   ?= 8000
TESTS  ?= $(wildcard tests/*.test.mjs tests/browser/*.test.mjs)

WARN     := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Werror
STRICT   := -std=c11 $(WARN) -ffp-contract=off -fno-math-errno -Iinclude -Isrc
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# The 128-bit kernels need SSE4.1 natively; every x86-64 machine since 2008 has it.
SIMD     := $(if $(filter x86_64 amd64,$(shell uname -m)),-msse4.1)

LIBRARY  := $(sort $(filter-out src/wasm%.c src/cli%.c,$(wildcard src/*.c src/*/*.c)))
PROGRAM  := $(wildcard src/cli*.c)
WASM     := $(wildcard src/wasm*.c)
HEADERS  := $(wildcard include/*.h src/*.h src/*/*.h tests/*.h)
CTESTS   := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))

.PHONY: help demo test engine native bench bench-peer lint site package clean ctests
help:
	@sed -n '/^# Dolmetsch/,/^$$/s/^# \{0,1\}//p' Makefile

# --- native: one object directory per flavour -------------------------------------------------
build/native/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) -O3 $(SIMD) -c $< -o $@
build/sanitize/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) $(SANITIZE) $(SIMD) -c $< -o $@

native: build/dolmetsch
build/dolmetsch: $(patsubst %.c,build/native/%.o,$(LIBRARY) $(PROGRAM))
	$(CC) $^ -o $@ -lm
build/sanitize/dolmetsch: $(patsubst %.c,build/sanitize/%.o,$(LIBRARY) $(PROGRAM))
	$(CC) $(SANITIZE) $^ -o $@ -lm

build/sanitize/tests/%: build/sanitize/tests/%.o $(patsubst %.c,build/sanitize/%.o,$(LIBRARY))
	$(CC) $(SANITIZE) $^ -o $@ -lm

# --- wasm: the engine, and the C tests as WASI programs ----------------------------------------
# The time goes into the kernels and layers of src/nn; the rest is a fifth smaller at -Os, and no slower.
EMFLAGS  := $(STRICT) -msimd128
build/wasm/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(EMCC) $(EMFLAGS) $(if $(filter-out src/nn/kernels_ref.c,$(filter src/nn/%,$<)),-O3,-Os) -c $< -o $@
build/wasm/tests/%.wasm: build/wasm/tests/%.o $(patsubst %.c,build/wasm/%.o,$(LIBRARY))
	$(EMCC) $(EMFLAGS) -sSTANDALONE_WASM -O1 -sALLOW_MEMORY_GROWTH -sTOTAL_STACK=1MB -sERROR_ON_UNDEFINED_SYMBOLS=0 -sWARN_ON_UNDEFINED_SYMBOLS=0 $^ -o $@

ctests: $(CTESTS:%=build/sanitize/tests/%) $(CTESTS:%=build/wasm/tests/%.wasm)

# The engine's only import is env.emscripten_notify_memory_growth; web/engine.js is its only user.
ENGINE   := -Os --no-entry -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=2GB -sINITIAL_MEMORY=1MB -sTOTAL_STACK=64KB \
            -sMALLOC=emmalloc -sFILESYSTEM=0 -sALLOW_TABLE_GROWTH
build/site/engine.wasm: $(patsubst %.c,build/wasm/%.o,$(LIBRARY) $(WASM))
	@mkdir -p $(@D)
	$(EMCC) $(EMFLAGS) -sSTANDALONE_WASM $(ENGINE) $^ -o $@

# A module beside the engine, for machines that have relaxed SIMD; none where the compiler lacks it.
build/site/kernels-relaxed.wasm: src/nn/kernels_relaxed.c scripts/build_relaxed.sh $(HEADERS)
	@EMCC="$(EMCC)" scripts/build_relaxed.sh $@ $< $(STRICT) -O2

# --- the site: what the page needs, in one folder for any static host ---------------------------
PAGE     := $(filter-out %.ts %.js,$(wildcard web/*))
engine: build/site/engine.wasm build/site/kernels-relaxed.wasm
site: engine
	@mkdir -p build/site/models
	cp -p $(PAGE) build/site/
	@$(NODE) scripts/site-js.mjs build/site
	@$(NODE) scripts/site-docs.mjs build/site
	@rm -rf build/site/examples && cp -rp examples build/site/
	rm -rf build/site/models/* && cp -rp models/* build/site/models/
	@for model in build/site/models/*/; do $(NODE) scripts/coarse-first.mjs $$model; done
	@$(NODE) scripts/models-index.mjs build/site/models
	@echo "build/site is ready: put it on any static host"

package:
	@scripts/setup.sh
	@$(MAKE) --no-print-directory -s site
	npm pack --pack-destination build

demo:
	@scripts/setup.sh --demo
	@$(MAKE) --no-print-directory -s site native
	@echo "If you want to change the settings later, open the menu and choose the first entry." | tee /dev/stderr | build/dolmetsch --model models/en-de
	@$(NODE) scripts/serve.mjs build/site $(PORT) --cors

test:
	@scripts/setup.sh
	@$(MAKE) --no-print-directory -j2 site native ctests build/sanitize/dolmetsch lint
	$(NODE) --test --test-concurrency=2 $(TESTS)

bench:
	@scripts/setup.sh
	@$(MAKE) --no-print-directory -s site native $(BENCH)
	$(NODE) scripts/bench/bench.mjs

PEER     := @browsermt/bergamot-translator@0.4.9
bench-peer:
	@scripts/setup.sh
	@$(MAKE) --no-print-directory -s site native
	@npm install --prefix build/peer --ignore-scripts --save-exact --no-audit --no-fund --loglevel=error $(PEER)
	$(NODE) scripts/bench/peer.mjs

# The engine with the benchmark's clock (src/stage.h), and the kernels with their ceilings (scripts/bench/ceiling.c).
BENCH    := $(addprefix build/bench/,dolmetsch engine.wasm ceiling-relaxed.wasm kernels)
STAGED   := src/job.c src/search/search.c
build/bench/native/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) -DDM_STAGES -O3 $(SIMD) -c $< -o $@
build/bench/wasm/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(EMCC) $(EMFLAGS) -DDM_STAGES -O3 -c $< -o $@
build/bench/native/scripts/bench/ceiling-relaxed.o: scripts/bench/ceiling.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) -DRELAXED -O3 $(SIMD) -c $< -o $@

staged    = $(patsubst %.c,build/$1/%.o,$(filter-out $(STAGED),$(LIBRARY) $2)) $(patsubst %.c,build/bench/$1/%.o,$(STAGED) $3)
build/bench/dolmetsch: $(call staged,native,$(PROGRAM),scripts/bench/stages.c)
	$(CC) $^ -o $@ -lm
build/bench/engine.wasm: $(call staged,wasm,$(WASM),scripts/bench/stages.c scripts/bench/ceiling.c)
	$(EMCC) $(EMFLAGS) -sSTANDALONE_WASM $(ENGINE) -sERROR_ON_UNDEFINED_SYMBOLS=0 -sWARN_ON_UNDEFINED_SYMBOLS=0 $^ -o $@
build/bench/ceiling-relaxed.wasm: scripts/bench/ceiling.c scripts/build_relaxed.sh $(HEADERS)
	@EMCC="$(EMCC)" scripts/build_relaxed.sh $@ $< $(STRICT) -DRELAXED -O2
build/bench/kernels: $(patsubst %.c,build/native/%.o,$(LIBRARY)) $(patsubst %,build/bench/native/scripts/bench/%.o,kernels ceiling ceiling-relaxed)
	$(CC) $^ -o $@ -lm

# Warnings are errors in every C build above; the rest is types and layout.
lint:
	node_modules/.bin/tsc -p tsconfig.json
	$(NODE) scripts/lint.mjs

.SECONDARY:

clean:
	rm -rf build dist
