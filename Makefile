# One word per task. `make demo` and `make test` work on a fresh Debian machine with Python 3.11.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup system peers headset-page run demo test test-all check bench train clean

help:
	@echo "make demo | test | run | check | test-all | bench | train | setup | clean"

system:
	@sh tools/system-packages.sh system-packages.txt

# What the tests compare with and talk to: a PACS, a converter, a validator. Without them those tests skip.
peers:
	@sh tools/system-packages.sh test-packages.txt || true

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --progress-bar off -c constraints.txt -e '.[dev]'
	touch $(STAMP)

# The page that headsets open needs Node.js; all else works without it.
headset-page:
	@sh tools/headset-page.sh

setup: system $(STAMP) headset-page

run: setup
	$(BIN)/auricle window

demo: setup
	$(BIN)/auricle demo --out out/demo

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: peers check
	$(BIN)/pytest -m "not slow and not gpu"

test-all: peers check
	$(BIN)/pytest

bench: setup
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.accuracy

train: setup
	$(BIN)/auricle train heart --minutes 60 --out out/train-heart --resume

clean:
	rm -rf $(VENV) out build *.egg-info
