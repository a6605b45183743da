# Everything here works on a machine that has only git, make and npm. Bun and the packages come from the
# package registry into .tools/ and node_modules/; nothing outside of this directory is written.

SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help

BUN := .tools/bun
TOOLS := $(CURDIR)/.tools
BIN := node_modules/.bin
# Packages that hold unit, property and simulation tests. Suites against real nodes are in e2e/ (see .ci/run).
TESTED := ./cmd ./internal ./scripts ./standin ./web

export BUN_INSTALL_CACHE_DIR := $(TOOLS)/cache
export BUN_RUNTIME_TRANSPILER_CACHE_PATH := $(TOOLS)/cache
export DO_NOT_TRACK := 1
# What tools cache, they cache here and not in the home directory.
export XDG_CACHE_HOME := $(TOOLS)/cache
# npm and Bun bring their own list of authorities; behind a proxy of a company only the system's list will do.
SYSTEM_CA := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(SYSTEM_CA),)
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CA)
endif

#? make teller            build teller and run it on config.toml with its store in ./.teller (ARGS="..." for more flags)
.PHONY: teller
teller: build
	@./teller -c config.toml -d ./.teller $(ARGS)

#? make build             build the one executable, ./teller, and the link ./tool
.PHONY: build
build: setup
	@$(BUN) scripts/build.ts
	@ln -sf teller tool

#? make test              run the unit, property and simulation tests (ARGS="-t name" picks some)
.PHONY: test
test: setup
	@$(BUN) test --no-orphans --timeout 30000 $(TESTED) $(ARGS)

#? make test-kill         kill teller 1,000 times while 10,000 deposits come in, and compare the books (needs btcd or Go)
.PHONY: test-kill
test-kill: build
	@TELLER_BIN=$(CURDIR)/teller $(BUN) scripts/kill.ts $(ARGS)

#? make lint              run the linter and the house rules that it cannot say
.PHONY: lint
lint: setup
	@failed=0; \
	$(BIN)/biome lint --error-on-warnings . || failed=1; \
	$(BUN) scripts/tidy.ts || failed=1; \
	exit $$failed

#? make check             formatting, lint, types, house rules: what must be clean before a commit
.PHONY: check
check: setup
	@failed=0; \
	$(BIN)/biome format . || failed=1; \
	$(MAKE) --no-print-directory lint || failed=1; \
	$(BIN)/tsc -p . || failed=1; \
	$(BIN)/tsc -p web || failed=1; \
	exit $$failed

#? make format            format all files
.PHONY: format
format: setup
	@$(BIN)/biome format --write .

#? make bench             measure the hot paths
.PHONY: bench
bench: setup
	@$(BUN) bench/main.ts $(ARGS)

#? make install-linters   install what lint needs (the same as make setup)
.PHONY: install-linters
install-linters: setup
	@:

#? make setup             fetch Bun and the packages, once; every other target does it by itself
.PHONY: setup
setup: node_modules/.stamp
	@:

.tools/.stamp: scripts/get-bun.sh scripts/bun/package.json scripts/bun/package-lock.json
	@sh scripts/get-bun.sh
	@touch $@

node_modules/.stamp: .tools/.stamp package.json bun.lock bunfig.toml
	@$(BUN) install --frozen-lockfile --no-summary
	@touch $@

#? make clean             remove what was built
.PHONY: clean
clean:
	rm -rf build teller tool

#? make distclean         remove what was built and what was fetched
.PHONY: distclean
distclean: clean
	rm -rf .tools node_modules

#? make help              print this list
.PHONY: help
help:
	@sed -n 's/^#? //p' Makefile
