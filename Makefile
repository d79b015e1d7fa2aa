# Every target sets up what it needs in .venv, from requirements.lock (hashes, no registry address).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
HOME_DIR ?= zhida-home
SAMPLE ?= 150
BENCH_SUBJECTS ?= 1000000
BENCH_CITIES ?= .cities
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/ready

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench mutate docs lock clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(READY) ## the virtual environment

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "zhida needs Python 3.11 or later; name one with: make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## a synthetic city, two deliveries, two runs, explained
	@$(BIN)/zhida demo

run: $(READY) ## one run over the newest snapshot of HOME_DIR (default zhida-home)
	@$(BIN)/zhida --home $(HOME_DIR) run

test: $(READY) ## all tests, on SQLite and a real PostgreSQL
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(PYTEST_ARGS)

check: $(READY) ## lint, format, types, imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy tests benchmarks
	@$(BIN)/lint-imports

$(BENCH_READY): benchmarks/other_engines.lock
	@test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r benchmarks/other_engines.lock
	@touch $(BENCH_READY)

bench: $(READY) $(BENCH_READY) ## figures against a named baseline of the same run
	@$(BIN)/python -m benchmarks.decisions
	@$(BIN)/python -m benchmarks.simulate
	@$(BIN)/python -m benchmarks.guards
	@$(BIN)/python -m benchmarks.packages
	@$(BIN)/python -m benchmarks.linkage
	@$(BIN)/python -m benchmarks.awards
	@$(BIN)/python -m benchmarks.scale --subjects $(BENCH_SUBJECTS) --folder $(BENCH_CITIES)
	@$(BIN)/python -m benchmarks.other_engines --subjects $(BENCH_SUBJECTS) --folder $(BENCH_CITIES)
	@$(BIN)/python -m benchmarks.city --residents 760000

mutate: $(READY) ## SAMPLE faults put into the code, and how many of them the tests notice
	@$(BIN)/python -m tests.mutation --sample $(SAMPLE)

docs: $(READY) ## write the reference pages that are made from the code
	@$(BIN)/python -m console.reference_pages

lock: $(READY) ## write the locks anew from pyproject.toml and benchmarks/other_engines.in
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade --extra dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade benchmarks/other_engines.in -o benchmarks/other_engines.lock

clean: ## remove what was made here
	rm -rf $(VENV) $(BENCH_VENV) $(BENCH_CITIES) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
