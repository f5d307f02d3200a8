# Everything goes through a virtual environment of its own, .venv; Go, Node and npm come into it as wheels.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
VSIX := vscode-client/alloclens.vsix
E2E ?= 1
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix vscode-client
NPM_KERNEL = PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix server/kernel

.PHONY: help
help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: .venv/made $(VSIX) ## the leaky example under load in a real VS Code, hints growing before your eyes
	@exec $(BIN)/python -m scripts.demo

.PHONY: test
test: lint types unit e2e ## all checks; E2E=0 leaves out those in a real VS Code

.PHONY: lint
lint: .venv/made vscode-client/node_modules/made server/kernel/node_modules/made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m scripts.settings --check
	$(NPM) run --silent lint
	$(NPM_KERNEL) run --silent check

.PHONY: types
types: .venv/made vscode-client/node_modules/made
	$(BIN)/mypy
	$(NPM) run --silent typecheck

.PHONY: unit
unit: .venv/made vscode-client/node_modules/made
	$(NPM) run --silent test
	$(BIN)/python -m scripts.tools go-libraries
	$(BIN)/python -m pytest -n 4 -m "not e2e"

.PHONY: e2e
ifeq ($(E2E),0)
e2e:
	@echo "E2E=0: the tests in a real VS Code were left out."
else
e2e: .venv/made $(VSIX)
	$(BIN)/python -m scripts.tools chromium
	$(BIN)/python -m scripts.tools code-server
	$(BIN)/python -m pytest -m e2e -n 2 --dist loadgroup tests/e2e
	$(BIN)/python -m pytest -m e2e -n 2 tests/pictures tests/test_packaging.py
endif

.PHONY: fix
fix: .venv/made ## format, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: vsix
vsix: $(VSIX) ## the VS Code extension, packed

.PHONY: screenshot
screenshot: .venv/made $(VSIX) ## pictures of the documentation, taken of the demo
	$(BIN)/python -m scripts.screenshot

.PHONY: proto
proto: .venv/made ## profile_pb2.py from profile.proto
	$(BIN)/python -m scripts.proto

.PHONY: lock
lock: .venv/made ## requirements-dev.txt, all packages of .venv with their hashes, from pyproject.toml
	$(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.10 --extra dev --generate-hashes \
	  --no-emit-index-url --custom-compile-command 'make lock' --output-file requirements-dev.txt pyproject.toml

.PHONY: settings
settings: .venv/made ## every list of settings, from store/settings.py
	$(BIN)/python -m scripts.settings

.PHONY: histories
histories: .venv/made ## the releases of other projects that tests carry lines through; needs cargo
	$(BIN)/python -m scripts.histories

.PHONY: kernel
kernel: server/kernel/node_modules/made ## kernel.wasm, the loops over samples, from kernel.ts
	$(NPM_KERNEL) run --silent build

.PHONY: pictures
pictures: vscode-client/node_modules/made ## the report's flame graph and timeline, from vscode-client/pictures
	$(NPM) run --silent pictures

.PHONY: fuzz
fuzz: .venv/made ## ten minutes of damaged profiles, settings, caches, messages and answers, and of names
	$(BIN)/python -m tests.fuzz --minutes 10

.PHONY: faults
faults: .venv/made ## half an hour of killed servers and captures, and of directories in unrest
	$(BIN)/python -m tests.faults --kills 1000

.PHONY: bench
bench: .venv/made ## time and memory of a load, beside gunzip and pprof; the first hint in a large workspace; a series of thousands; the flame graph of a large profile; a key typed
	$(BIN)/python -m scripts.bench
	$(BIN)/python -m scripts.bench.placement
	$(BIN)/python -m scripts.bench.series
	$(BIN)/python -m scripts.bench.flame
	$(BIN)/python -m scripts.bench.typing

.PHONY: leaks
leaks: .venv/made ## real Go programs that leak and that do not: who finds the line, and who is accused in vain
	$(BIN)/python -m tests.leaks

.PHONY: clean
clean: ## remove what was made here
	rm -rf .venv .tools server/kernel/node_modules vscode-client/node_modules vscode-client/dist $(VSIX)

.venv/made: pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or later is needed; name one with PYTHON=."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "This Python cannot make virtual environments; on Debian, install python3-venv."; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes --requirement requirements-dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

vscode-client/node_modules/made: vscode-client/package-lock.json .venv/made
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

server/kernel/node_modules/made: server/kernel/package-lock.json .venv/made
	$(NPM_KERNEL) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(VSIX): vscode-client/node_modules/made vscode-client/package.json vscode-client/README.md vscode-client/alloclens.schema.json $(wildcard vscode-client/src/*.ts vscode-client/src/*/*.ts vscode-client/media/* vscode-client/pictures/* vscode-client/*.mjs)
	$(NPM) run --silent build
	$(NPM) run --silent package
