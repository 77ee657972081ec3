# `make` alone lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test test-long lint check format bench race sabotage screenshots lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; PYTHON=python3.12 make ... picks another one."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This machine lacks python3-venv: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.installed  ## start the school on this machine (demo when empty); Ctrl-C stops it
	@$(BIN)/python tools/run.py

test: $(VENV)/.installed-dev  ## the whole suite, on SQLite and on PostgreSQL
	$(BIN)/python tools/test.py

test-long: $(VENV)/.installed-dev  ## the full counts of every proof
	$(BIN)/python tools/test.py --long

lint: $(VENV)/.installed-dev  ## style, format, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check: lint test  ## everything that must be green: lint, then the tests

format: $(VENV)/.installed-dev  ## put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev  ## print how fast and how big, beside the floor
	$(BIN)/python -m benchmarks

race: $(VENV)/.installed-dev  ## COUNT calls (200,000) by workers that are killed, judged offline; SEED, DATABASE
	@COUNT=$(COUNT) SEED=$(SEED) DATABASE=$(DATABASE) $(BIN)/python -m tests.races

sabotage: $(VENV)/.installed-dev  ## take guards out of a copy one by one; the suite must notice each
	$(BIN)/python -m tools.sabotage

screenshots: $(VENV)/.installed-dev  ## take the pictures of README afresh from the demo
	$(BIN)/python tools/screenshots.py

lock:  ## write both locks afresh (needs uv)
	tools/lock.sh

clean:  ## remove the virtual environment; the school in instance/ stays
	rm -rf $(VENV)
