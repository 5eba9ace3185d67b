# Every target works on a fresh machine: it makes .venv with everything it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: venv demo test check chaos bench bench-peers clean

venv: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: venv
	$(BIN)/python -m flows.demo

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# In two processes, because tests of live flows mostly wait; how the two share the suite: tests/sharing.py.
test: check
	$(BIN)/python -m pytest -n 2

SEED ?= 1
chaos: venv
	$(BIN)/python -m tests.chaos --seed $(SEED) --faults 30 --events 300000

bench: venv
	$(BIN)/python -m benchmarks

bench-peers: venv
	$(BIN)/python -m benchmarks.peers

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .hypothesis build *.egg-info
