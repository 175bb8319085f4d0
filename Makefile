# One entry for everything: `make demo` and `make test` work in a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_S ?= 60
DEMO_DIR ?= demo-out

.PHONY: all demo test real chaos-real chaos soak bench lint docs clean

all: lint test

# The build is repeated when what it is made from changes. Twice quiet: an editable installation
# makes setuptools warn of what is meant; errors are shown.
PIP := $(BIN)/pip install --quiet --quiet --disable-pip-version-check
SOURCES := $(shell find ccore -name '*.pyx' -o -name '*.pxd')

$(VENV)/built: pyproject.toml setup.py $(SOURCES)
	@echo "setting up $(VENV) (a minute or two, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade pip setuptools
	@$(PIP) --editable ".[dev]"
	@touch $@

demo: $(VENV)/built
	$(BIN)/ccore demo --seconds $(DEMO_S) --dir $(DEMO_DIR)

test: $(VENV)/built
	$(BIN)/python -m pytest

real: $(VENV)/built
	$(BIN)/python -m tests.real

CHAOS_SEEDS ?= 500
chaos: $(VENV)/built
	$(BIN)/python -m tests.chaos --seeds $(CHAOS_SEEDS) --keep-going

SOAK_CALLS ?= 200000
soak: $(VENV)/built
	$(BIN)/python -m tests.soak --calls $(SOAK_CALLS) --picture docs/soak.svg

chaos-real: $(VENV)/built
	$(BIN)/python -m tests.real.chaos

bench: $(VENV)/built
	$(BIN)/python -m bench

lint: $(VENV)/built
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/cython-lint ccore
	$(BIN)/mypy

docs: $(VENV)/built
	$(BIN)/python -m docs

clean:
	rm -rf $(VENV) build *.egg-info $(DEMO_DIR) ccore/*.so ccore/*.c ccore/*/*.so ccore/*/*.c
