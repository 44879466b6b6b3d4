# fin-infra. `make` lists what there is; every target works on a fresh clone with Python 3.11 to 3.14 and nothing else.

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
comma := ,
STAMP := $(VENV)/.installed
CHROMIUM := $(VENV)/.chromium
PRODUCT := .cache/product
STACK = $(BIN)/python -m tests.acceptance.app
# The first Python that is in range; a name that is found but cannot run (a version manager's shim) is passed over.
IN_RANGE := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$name -c "$(IN_RANGE)" >/dev/null 2>&1 && echo $$name && break; done)
# More words for pytest: make test PYTEST='-k money'. The groups of loadgroup are those of tests/support/tiers.py.
PYTEST ?=
RUN_TESTS = MAKEFLAGS= $(BIN)/pytest -q -n 2 --dist loadgroup --durations=20 $(PYTEST)

# Each check runs on one core; two at a time end a minute earlier.
MAKEFLAGS += $(if $(filter check test long,$(MAKECMDGOALS)),-j2)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled tests are kept, whatever the shell says: compiling them anew is a tenth of a quick run.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo quick test long check lint types mypy pyright floors format bench docs accept up wait seed down sbom sast audit lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUNTIME) ## See the whole picture: sandbox, service and summary on 127.0.0.1:8050
	@$(BIN)/fin-infra demo run

quick: $(STAMP) ## Run the tests that need no process and no fault matrix, for after every change
	FIN_INFRA_TEST_TIER=quick $(RUN_TESTS)

test: check $(CHROMIUM) ## Run every check and every test, as CI does
	FIN_INFRA_TEST_TIER=test $(RUN_TESTS)

long: check $(CHROMIUM) ## Run everything with full figures, in clean environments too, before an issue is called done
	FIN_INFRA_TEST_TIER=long $(RUN_TESTS)

check: lint mypy pyright floors sast sbom ## Run every check of CI but the tests

lint: $(STAMP) ## Check style and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: mypy pyright ## Check types, twice

mypy: $(STAMP) ## Check types with mypy
	$(BIN)/mypy

pyright: $(STAMP) ## Check types with pyright
	$(BIN)/pyright

floors: $(STAMP) ## Check that imports go down
	$(BIN)/lint-imports --no-cache

format: $(STAMP) ## Put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## Print the benchmarks, ours beside the alternative
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

docs: $(STAMP) ## Build the documentation into site/
	$(BIN)/pip install -qq -c constraints.txt -e '.[docs]'
	$(BIN)/zensical build --clean --strict -f mkdocs.yml

up: $(STAMP) ## Start the sandbox (8060) and the service (8050) in the background
	@$(STACK) up

wait: $(STAMP) ## Wait until both answer
	@$(STACK) wait

seed: $(STAMP) ## Put the sandbox back to its first day
	@$(STACK) seed

accept: $(STAMP) ## Run the acceptance tests, against `make up` where that runs
	@if [ -z "$${ACCEPT_BASE_URL:-}" ] && [ -f .run/env ]; then . ./.run/env; fi; \
	$(BIN)/pytest -m acceptance tests/acceptance $(PYTEST)

down: ## Stop what `make up` started, and nothing else
	@if [ -d .run ]; then $(STACK) down; fi

sbom: $(STAMP) $(PRODUCT)/.installed ## Write the bill of materials of what users install to dist/sbom.json
	@mkdir -p dist
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o dist/sbom.json $(PRODUCT)/bin/python

audit: $(STAMP) ## Ask for known vulnerabilities of the pinned packages (needs the network)
	$(BIN)/uv tool run pip-audit==2.10.1 --strict --no-deps --disable-pip -r constraints.txt

sast: $(STAMP) ## Look for insecure code
	$(BIN)/bandit -q -r src -c pyproject.toml --severity-level medium

lock: $(STAMP) ## Take the newest versions into constraints.txt
	printf 'hatchling\neditables\n' | $(BIN)/uv pip compile -q --upgrade --all-extras --python-version 3.11 --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links -o constraints.txt pyproject.toml -

clean: down ## Remove what was built, and the virtual environment
	rm -rf $(VENV) .run .cache dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The browser for the tests of the page: the one that is there, else Debian's where this user may install it.
$(CHROMIUM): | $(STAMP)
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get && echo "Installing Debian's chromium for the tests of the page." && \
		timeout 300 sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium' \
		>/dev/null 2>&1; } || echo "There is no Chromium, and none could be installed: the tests of the page in a browser are skipped."
	@touch $@

# What `pip install fin-infra-kit[service]` brings, and nothing of ours for developers.
$(PRODUCT)/.installed: pyproject.toml constraints.txt | $(STAMP)
	@$(BIN)/python -m venv --without-pip --clear $(PRODUCT)
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip --python $(PRODUCT)/bin/python install -qq --no-compile -c constraints.txt '.[service]'
	@touch $@

# An environment with some extras of the package. What asks for it has two sizes: the demo's is there in half the time.
define install
	@if [ -z "$(PYTHON)" ]; then \
		echo "fin-infra needs Python 3.11, 3.12, 3.13 or 3.14 with venv; install one, or name it: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; fi
	@$(PYTHON) -c "$(IN_RANGE)" || { echo "$(PYTHON) is not Python 3.11, 3.12, 3.13 or 3.14 with venv; name another: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing into $(VENV); the first time takes $(2)."
	@$(BIN)/python -c "$(IN_RANGE)" 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip uninstall -qq -y fin-infra 2>/dev/null # what this package was called before 0.2
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -qq $(3) -c constraints.txt -e '.[$(1)]'
endef

$(RUNTIME): pyproject.toml constraints.txt
	$(call install,service,half a minute,--no-compile) # what the demo imports is compiled then, a part of it all
	@touch $@

# Never at the same time as the other: `make -j demo test` waits.
$(STAMP): pyproject.toml constraints.txt | $(if $(filter demo,$(MAKECMDGOALS)),$(RUNTIME))
	$(call install,service$(comma)dev,a minute or two)
	@touch $(RUNTIME) $@
