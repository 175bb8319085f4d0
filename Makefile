# One entry for everything: `make demo` and `make test` work in a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_S ?= 60
DEMO_DIR ?= demo-out

.PHONY: all demo test real bench lint docs clean

all: lint test

# The build is repeated when what it is made from changes.
$(VENV)/built: pyproject.toml setup.py ccore/_router.pyx ccore/_router.pxd
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip setuptools
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

demo: $(VENV)/built
	$(BIN)/ccore demo --seconds $(DEMO_S) --dir $(DEMO_DIR)

test: $(VENV)/built
	$(BIN)/python -m pytest

real: $(VENV)/built
	$(BIN)/python -m tests.real

bench: $(VENV)/built
	$(BIN)/python -m bench

lint: $(VENV)/built
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/cython-lint ccore
	$(BIN)/mypy

docs: $(VENV)/built
	$(BIN)/python -m docs

clean:
	rm -rf $(VENV) build *.egg-info $(DEMO_DIR) ccore/*.so ccore/*.c
