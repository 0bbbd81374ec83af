# `make help` lists the targets. They need Python 3.11 or newer, git and make; everything else is installed into .venv.

PYTHON ?= python3
UV := .venv/bin/uv
RUN := $(UV) run --frozen --no-sync
INSTALLED := .venv/installed
SUITE := .venv/json-schema-tests

.DEFAULT_GOAL := help
.PHONY: help install demo page test services suite check fmt bench bench-engine clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

install: $(INSTALLED) ## install everything into .venv, as locked

$(INSTALLED): pyproject.toml uv.lock
	@test -x $(UV) || { echo "Installing (once, a minute or less) ..."; $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "importer needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }; \
		$(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check uv; }
	@$(UV) sync --quiet --frozen --all-groups
	@touch $@

demo: $(INSTALLED) ## import a sample into a practice shop and show the report
	@$(RUN) importer demo

page: $(INSTALLED) ## the same with the page in a browser, until Ctrl-C
	@$(RUN) importer demo --page

test: $(INSTALLED) ## run every test that can run here, and say what was skipped and why
	@$(RUN) pytest -n auto --dist worksteal -q

services: ## start the PostgreSQL and RabbitMQ that tests want: Debian's packages, or docker compose
	@deploy/services.sh

suite: $(INSTALLED) ## fetch the official JSON Schema tests (they come with the source of jsonschema) and run them
	@test -d $(SUITE) || { mkdir -p $(SUITE).part && rm -rf $(SUITE).part/* \
		&& .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary jsonschema \
			--dest $(SUITE).part "jsonschema==$$(.venv/bin/python -c 'import importlib.metadata as m; print(m.version("jsonschema"))')" \
		&& tar -xzf $(SUITE).part/*.tar.gz -C $(SUITE).part --strip-components=2 --wildcards '*/json/tests/draft2020-12' \
		&& rm $(SUITE).part/*.tar.gz && mv $(SUITE).part $(SUITE); }
	@$(RUN) pytest -q -rP tests/unit/transform/test_schema_suite.py

check: $(INSTALLED) ## format, lint, types, floors, dependencies
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) deptry importer

fmt: $(INSTALLED) ## format and mend what can be mended
	@$(RUN) ruff check --fix-only --quiet .
	@$(RUN) ruff format .

bench: $(INSTALLED) ## measure the row engine against peers in the same run, quickly
	@$(RUN) python -m bench.engine --rows 100000 --rounds 3 --memory-rows 0 --sheet-rows 20000

bench-engine: $(INSTALLED) ## the same with a million rows and five rounds (half an hour)
	@$(RUN) python -m bench.engine

clean: ## remove what the targets made
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
