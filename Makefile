# Every target sets up what it needs; nothing but python3 (3.11+), node and npm has to be there first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGE := src/dashstream/_page/index.html
RUN_STAMP := $(VENV)/.run
DEV_STAMP := $(VENV)/.dev
NATIVE := src/dashstream/adapters/websocket/flush.c
NODE_STAMP := ui/node_modules/.package-lock.json
UI_SOURCES := $(shell find ui/src ui/index.html ui/vite.config.ts -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup demo fleet test lint ui-test pytest bench chaos fuzz wheel generate screenshots pictures chromium kafka clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(RUN_STAMP) $(PAGE) ## install what the product needs and build the page: leaves .venv/bin/dashstream

demo: setup ## run the live LangGraph demo in the browser
	$(BIN)/dashstream demo

fleet: $(DEV_STAMP) $(PAGE) ## run Kafka, Valkey, two gateways and a program; flags in FLEET="--runs 3"
	@$(BIN)/python scripts/fleet.py $(FLEET)

test: lint ui-test pytest ## run every check and every test

lint: $(DEV_STAMP) $(NODE_STAMP) ## style, types, layers, dead code, generated code, bundle budget
	scripts/lint

ui-test: $(NODE_STAMP) ## the page's unit tests
	cd ui && npm test

pytest: $(DEV_STAMP) $(PAGE) chromium kafka ## the Python, end-to-end and fault tests
	$(BIN)/pytest

bench: $(DEV_STAMP) $(PAGE) ## figures, each against a baseline in the same run
	scripts/bench

fuzz: $(DEV_STAMP) ## a million executions of every fuzz target; FUZZ="RUNS TARGET" for less
	scripts/fuzz $(FUZZ)

wheel: $(DEV_STAMP) $(PAGE) ## the wheel, with the built page, in dist/
	rm -rf dist && $(BIN)/python -m hatchling build -t wheel

chaos: $(DEV_STAMP) $(PAGE) kafka ## two gateways under load and faults, judged from outside; ARGS="--records 1000000 --faults 340"
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

generate: $(DEV_STAMP) $(NODE_STAMP) ## rewrite generated code, vectors and reference pages
	scripts/generate

screenshots: $(DEV_STAMP) $(PAGE) chromium ## take README's pictures again
	$(BIN)/python scripts/screenshots.py

pictures: $(DEV_STAMP) $(PAGE) chromium ## take the gallery's pictures again that tests compare with; SCENES="run-done"
	$(BIN)/python scripts/pictures.py $(SCENES)

chromium:
	@scripts/chromium >/dev/null

kafka:
	@scripts/kafka >/dev/null

clean: ## remove all that these targets made
	rm -rf $(VENV) ui/node_modules src/dashstream/_page dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "DashStream needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/run.txt pyproject.toml hatch_build.py $(NATIVE) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(NODE_STAMP): ui/package.json ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	@touch $@

$(PAGE): $(NODE_STAMP) $(UI_SOURCES)
	cd ui && npm run build
	@touch $@
