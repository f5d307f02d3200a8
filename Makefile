# Everything runs in the virtual environment .venv; Go, Node and npm are installed into it as wheels.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
VSIX := vscode-client/alloclens.vsix
# With a Python of its own; the platform on which that is tested.
TESTED_VSIX := $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),vscode-client/alloclens-linux-x64.vsix)
E2E ?= 1
# Steps side by side whose outputs come one after the other, where this make can.
TOGETHER = --no-print-directory --jobs 3 $(if $(filter output-sync,$(.FEATURES)),--output-sync)
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix vscode-client
NPM_KERNEL = PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix server/kernel

# Compiled modules and rewritten tests are kept, whatever the environment says: each of hundreds of servers would compile its own.
# They are kept beside their sources, where a worker finds them, which is isolated from the environment.
export PYTHONDONTWRITEBYTECODE :=
unexport PYTHONPYCACHEPREFIX

# What TypeScript's checks depend on; a directory changes with the names in it.
CLIENT := $(shell find vscode-client/src vscode-client/test vscode-client/pictures) $(wildcard vscode-client/*.json vscode-client/*.mjs) $(wildcard server/alloclens/report/pictures.*)
KERNEL := $(shell find server/kernel -path server/kernel/node_modules -prune -o -type f -print) server/alloclens/profile/kernel.wasm

.PHONY: help
help: ## list all targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: .venv/made $(VSIX) ## run the leaky example under load in a real VS Code
	@exec $(BIN)/python -m scripts.demo

.PHONY: check
check: ## run linters, type checks and the tests that start no program, in less than a minute
	@$(MAKE) --no-print-directory --jobs 3 lint types quick

.PHONY: test
test: ## run all checks; E2E=0 skips those in a real VS Code
	@$(MAKE) $(TOGETHER) lint types libraries rewritten $(if $(filter 0,$(E2E)),,workbench)
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory e2e

.PHONY: lint
lint: .venv/made vscode-client/node_modules/linted server/kernel/node_modules/checked
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m scripts.settings --check
	$(BIN)/python -m scripts.protocol --check
	$(BIN)/python -m scripts.examples --check

.PHONY: types
types: .venv/made vscode-client/node_modules/typed
	$(BIN)/mypy

.PHONY: quick
quick: .venv/made
	$(BIN)/python -m pytest -n 2 -m "not e2e and not programs and not slow" --hypothesis-profile=quick

# More workers than cores: tests wait for programs and windows for a quarter of their time.
.PHONY: unit
unit: libraries vscode-client/node_modules/made
	$(NPM) run --silent test
	$(BIN)/python -m pytest -n 6 --dist worksteal -m "not e2e"

# pytest rewrites the assertions of a module once, or each worker would do so at the same time; `unit` says what fails here.
.PHONY: rewritten
rewritten: .venv/made
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null || true

.PHONY: libraries
libraries: .venv/made
	$(BIN)/python -m scripts.tools go-libraries

.PHONY: e2e
ifeq ($(E2E),0)
e2e:
	@echo "E2E=0: the tests in a real VS Code were left out."
else
e2e: workbench
	$(BIN)/python -m pytest -m e2e -n 3 --dist worksteal tests/e2e
	$(BIN)/python -m pytest -m e2e -n 2 --dist worksteal tests/pictures tests/test_packaging.py
endif

.PHONY: workbench
workbench: .venv/made $(VSIX) $(TESTED_VSIX)
	$(BIN)/python -m scripts.tools chromium
	$(BIN)/python -m scripts.tools code-server

.PHONY: fix
fix: .venv/made ## format the code, and apply automatic fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: vsix
ifdef TARGET
vsix: vscode-client/node_modules/made ## package the VS Code extension; TARGET=linux-x64 (darwin-arm64 …) puts the server in
	$(NPM) run --silent build
	$(BIN)/python -m scripts.vsix $(TARGET)
else
vsix: $(VSIX)
endif

.PHONY: dist
dist: .venv/made ## build the wheel and the source distribution, and check them
	rm -rf dist
	$(BIN)/hatchling build
	$(BIN)/twine check --strict dist/*

.PHONY: screenshot
screenshot: .venv/made $(VSIX) ## take pictures of the demo for the documentation
	$(BIN)/python -m scripts.screenshot

.PHONY: proto
proto: .venv/made ## generate profile_pb2.py from profile.proto
	$(BIN)/python -m scripts.proto

.PHONY: lock
lock: .venv/made ## lock all packages of .venv with their hashes, in requirements-dev.txt
	$(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.10 --extra dev --generate-hashes \
	  --no-emit-index-url --custom-compile-command 'make lock' --output-file requirements-dev.txt pyproject.toml

.PHONY: settings
settings: .venv/made ## generate all lists of settings from settings/settings.py
	$(BIN)/python -m scripts.settings

.PHONY: protocol
protocol: .venv/made ## generate vscode-client/src/protocol.ts and the examples in docs/protocol.md from lsp/protocol.py
	$(BIN)/python -m scripts.protocol
	TZ=UTC $(BIN)/python -m scripts.examples

.PHONY: histories
histories: .venv/made ## rebuild the releases of other projects that tests use; needs cargo
	$(BIN)/python -m scripts.histories

.PHONY: kernel
kernel: server/kernel/node_modules/made ## compile kernel.wasm, the loops over samples
	$(NPM_KERNEL) run --silent build

.PHONY: pictures
pictures: vscode-client/node_modules/made ## bundle the report's flame graph and timeline
	$(NPM) run --silent pictures

.PHONY: fuzz
fuzz: .venv/made ## feed damaged profiles, settings, caches, messages and responses for ten minutes
	$(BIN)/python -m tests.fuzz --minutes 10

.PHONY: faults
faults: .venv/made ## kill servers and captures in changing directories for half an hour
	$(BIN)/python -m tests.faults --kills 1000

.PHONY: mutants
mutants: .venv/made ## change the code a little at a time, and list the changes that no test notices
	$(BIN)/python -m scripts.mutants

.PHONY: bench
bench: .venv/made $(VSIX) ## measure time and memory, compared with gunzip and pprof
	$(BIN)/python -m scripts.bench

.PHONY: bench-compare
bench-compare: .venv/made ## compare time and memory with another checkout; name it with OTHER=
	@test -d "$(OTHER)" || { echo "Name a checkout with a .venv: make bench-compare OTHER=../older"; exit 1; }
	$(BIN)/python -m scripts.bench.compare "$(OTHER)"

.PHONY: leaks
leaks: .venv/made ## measure how well leaks are found in real Go programs
	$(BIN)/python -m tests.leaks

.PHONY: gate
gate: .venv/made ## measure what CI and agents are promised, with a real Go program; once installs a SARIF viewer
	$(BIN)/python -m tests.gate

.PHONY: languages
languages: .venv/made vscode-client/node_modules/made ## test real exporters of C++, Rust, Java, Node and Python, which are installed or compiled for it
	@mkdir -p .tools/exporters
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix .tools/exporters install --no-audit --no-fund --loglevel=error @datadog/pprof@5
	@if command -v mvn; then mvn -q -f tests/support/programs/java dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.tools/exporters/java; fi
	@test -d .tools/exporters/python || $(PYTHON) -m venv .tools/exporters/python
	.tools/exporters/python/bin/python -m pip install --quiet --disable-pip-version-check "ddtrace==4.*" "jax==0.*"
	$(BIN)/python -m pytest -rs --junitxml=.tools/exporters/run.xml tests/exporters
	$(BIN)/python -m scripts.languages

.PHONY: editors
editors: .venv/made ## try Neovim, Emacs and others, which are installed for it, on real captures; needs tmux
	$(BIN)/python -m tests.editors

.PHONY: live
live: .venv/made ## look at the hints for two minutes while real Go services write profiles every second
	$(BIN)/python -m tests.live

.PHONY: clean
clean: ## remove everything that was built here
	rm -rf .venv .tools dist server/kernel/node_modules vscode-client/node_modules vscode-client/dist vscode-client/server vscode-client/*.vsix

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

vscode-client/node_modules/linted: $(CLIENT) vscode-client/node_modules/made
	$(NPM) run --silent lint
	@touch $@

vscode-client/node_modules/typed: $(CLIENT) vscode-client/node_modules/made
	$(NPM) run --silent typecheck
	@touch $@

server/kernel/node_modules/checked: $(KERNEL) server/kernel/node_modules/made
	$(NPM_KERNEL) run --silent check
	@touch $@

$(VSIX): $(shell find server/alloclens -name '*.py') vscode-client/node_modules/made vscode-client/package.json vscode-client/README.md vscode-client/alloclens.schema.json $(wildcard vscode-client/src/*.ts vscode-client/src/*/*.ts vscode-client/media/* vscode-client/pictures/* vscode-client/*.mjs)
	$(NPM) run --silent build
	$(BIN)/python -m scripts.vsix

vscode-client/alloclens-linux-x64.vsix: $(VSIX)
	$(BIN)/python -m scripts.vsix linux-x64
