# All targets need Python 3.11 or later. test-clients also needs Node 20 or later, npm, curl, a JDK (17 or later) and Go;
# test-browser needs Node 20 or later, npm and Chromium; test-console npm, curl and Chromium; bench-peers and bench-publish
# need Node 20.15 or later and npm.

PYTHON ?= python3
PYTHONS ?= $(PYTHON)
# Flags of python -m benchmarks, such as BENCH="--rounds 1 --only chat search"; the figures are in build/benchmarks.json.
BENCH ?=
# Tests of code that uses other packages.
LOWEST := $(addprefix tests/,api cli control faults firebase scenarios server units)
NPM_CLIENTS := tests/external/clients/node_modules/npm.stamp
AXE := tests/external/console/node_modules/npm.stamp
# Files and folders for test, test-slow and test-random; all without them.
TESTS ?=
# Twice the processors of a small machine, since many tests wait for a socket or a process.
WORKERS ?= 4
# The shortest runs: a worker that has no tests left takes some of another's.
PARALLEL := --numprocesses $(WORKERS) --dist worksteal
# Flags of python -m tests.mutation, such as MUTATION="--only core web/parsing.py --sample 20".
MUTATION ?=
VENV ?= .venv
BIN := $(VENV)/bin
# Tests start Python a thousand times, which takes longer without compiled files.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The constraints pin exact versions, where pyproject.toml has ranges.
INSTALL := $(PIP) install --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-lowest test-pythons test-random mutation test-clients test-browser test-console test-package test-image test-deploy fuzz soak docs tables lint format bench bench-peers bench-publish clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

run: $(VENV)/run.stamp ## serve on http://127.0.0.1:2538
	@$(BIN)/clevora-mock serve

test: $(VENV)/test.stamp ## run the suite, without its slow tests
	@$(PYTEST) $(TESTS) $(PARALLEL) -m "not slow"

test-slow: $(VENV)/test.stamp ## run the slow tests of the suite
	@$(PYTEST) $(TESTS) $(PARALLEL) -m slow

test-lowest: $(VENV)-lowest/test.stamp ## run tests with the oldest packages that pyproject.toml allows
	@# The test client of the oldest Starlette uses a name that the newest anyio deprecates, and the oldest click what
	@# Python 3.13 does.
	@env -u PYTHONDONTWRITEBYTECODE $(VENV)-lowest/bin/python -m pytest $(LOWEST) $(PARALLEL) -m "not slow" \
		-W 'ignore:The anyio.abc.BlockingPortal alias:DeprecationWarning' \
		-W "ignore:'count' is passed as positional argument:DeprecationWarning"

test-pythons: ## run the suite with Python 3.11, 3.12 and 3.13, each with the newest packages and the oldest
	@pythons=$$(tests/support/find-pythons --all) && for python in $$pythons; do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') && \
		echo "Python $$version" && rm -f .venv-$$version/test.stamp && \
		$(MAKE) --no-print-directory test test-slow test-lowest PYTHON=$$python VENV=.venv-$$version \
			'INSTALL=$$(PIP) install --upgrade --upgrade-strategy eager --editable' || exit 1; \
	done

test-random: $(VENV)/test.stamp ## run the suite without its slow tests three times, each in a random order
	@for run in 1 2 3; do \
		seed=$${SEED:-$$(date +%s)-$$run} && echo "SEED=$$seed" && \
		$(PYTEST) $(TESTS) -p tests.support.random_order --random-order $$seed $(PARALLEL) -m "not slow" || exit 1; \
	done

mutation: $(VENV)/test.stamp ## change the package in small ways, and name each change that no test notices
	@$(BIN)/python -m tests.mutation $(MUTATION)

test-clients: $(VENV)/test.stamp .venv-clients/clients.stamp .venv-agents/clients.stamp $(NPM_CLIENTS) ## run third-party clients for Python, Node, Go and Java, and curl
	@command -v curl >/dev/null || { echo "make test-clients needs curl" >&2; exit 1; }
	@command -v java >/dev/null || { echo "make test-clients needs a JDK, 17 or later" >&2; exit 1; }
	@tests/external/clients/install-program test-clients golang-go go
	@$(PYTEST) tests/external/clients -m "not browser" --numprocesses 2 --dist loadgroup

test-browser: $(VENV)/test.stamp $(NPM_CLIENTS) ## run clients in pages of Chromium; installs it on Debian
	@tests/external/clients/install-program test-browser chromium chromium google-chrome chromium-browser
	@$(PYTEST) tests/external/clients -m browser --numprocesses 2 --dist loadgroup

test-console: $(VENV)/console.stamp $(AXE) ## use the console in Chromium, and picture it in build/screenshots; installs Chromium on Debian
	@command -v curl >/dev/null || { echo "make test-console needs curl" >&2; exit 1; }
	@tests/external/clients/install-program test-console chromium chromium google-chrome chromium-browser
	@$(PYTEST) tests/external/console --numprocesses 2 --dist loadfile

test-package: $(VENV)/test.stamp ## build the wheel, and install and use it in a clean environment of each of PYTHONS
	@PYTHONS="$(PYTHONS)" $(PYTEST) tests/external/package --numprocesses 2 --dist loadfile

test-image: $(VENV)/image.stamp ## build and run the image and the compose file; installs Podman on Debian or Ubuntu
	@tests/external/image/install-engine
	@$(BIN)/hadolint Dockerfile examples/*/Dockerfile
	@$(PYTEST) tests/external/image

test-deploy: $(VENV)/test.stamp ## run several servers behind nginx; installs nginx on Debian or Ubuntu
	@tests/external/deploy/install-nginx
	@$(PYTEST) tests/external/deploy

fuzz: $(VENV)/test.stamp .venv-fuzz/schemathesis.stamp ## attack servers with random requests, for FUZZ_SECONDS; FUZZ_SEED repeats a run
	@tests/external/repeat $(PYTEST) tests/external/fuzz --numprocesses 2 --dist worksteal -rP

soak: $(VENV)/test.stamp ## load with faults, kills within exports, attacks on memory, a sandbox beside its naive model; FUZZ_SECONDS and FUZZ_SEED as for fuzz
	@tests/external/repeat $(PYTEST) tests/external/soak --numprocesses 2 --dist worksteal -rP

docs: $(VENV)/docs.stamp ## build the documentation in build/docs; warnings are errors
	@$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs build/docs
	@echo "build/docs/index.html"

tables: $(VENV)/test.stamp ## regenerate the tables of the documentation, the benchmarks' report and the schema of scenarios
	@$(BIN)/python -m benchmarks.tables
	@$(BIN)/python -m tests.support.tables
	@$(BIN)/python -m clevora_mock.scenarios.json_schema > scenarios/schema.json

lint: $(VENV)/lint.stamp ## check style and types, also of the documentation's changes to the package
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m tests.project.lint_examples

format: $(VENV)/lint.stamp ## fix the style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/test.stamp ## compare with bare servers, in one run
	@mkdir -p build
	@$(BIN)/python -m benchmarks --json build/benchmarks.json $(BENCH)

bench-peers: $(VENV)/test.stamp benchmarks/external/peers.stamp ## compare with bare servers and other mocks, in one run
	@mkdir -p build
	@$(BIN)/python -m benchmarks --peers --json build/benchmarks.json $(BENCH)

bench-publish: $(VENV)/test.stamp benchmarks/external/peers.stamp ## measure everything, and publish it in the documentation
	@mkdir -p build
	@$(BIN)/python -m benchmarks --only all --peers --json build/benchmarks.json $(BENCH)
	@cp build/benchmarks.json benchmarks/results.json
	@$(MAKE) --no-print-directory tables

clean: ## remove the files of all other targets
	@rm -rf .venv .venv-* build dist tests/external/clients/node_modules tests/external/console/node_modules \
		benchmarks/external/node_modules benchmarks/external/.venv benchmarks/external/peers.stamp

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "clevora-mock needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
		"Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "Installing clevora-mock and its dependencies into $(VENV); the first time this takes about half a minute."
	@$(INSTALL) .
	@touch $@

$(VENV)/test.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "Installing what the tests need into $(VENV)."
	@$(INSTALL) '.[test]'
	@touch $@ $(VENV)/run.stamp

$(VENV)/docs.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "Installing what the documentation needs into $(VENV)."
	@$(INSTALL) '.[docs]'
	@touch $@ $(VENV)/run.stamp

$(VENV)-lowest/test.stamp: pyproject.toml constraints.txt constraints-lowest.txt
	@echo "Installing the oldest allowed packages into $(VENV)-lowest."
	@$(PYTHON) -m venv --clear $(VENV)-lowest
	@sed -n 's/==.*/==/p' constraints-lowest.txt | grep -vif - constraints.txt > $(VENV)-lowest/others.txt
	@$(VENV)-lowest/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints-lowest.txt \
		--constraint $(VENV)-lowest/others.txt --editable '.[test]'
	@touch $@

$(VENV)/image.stamp: $(VENV)/test.stamp tests/external/image/requirements.txt
	@$(PIP) install --requirement tests/external/image/requirements.txt
	@touch $@

$(VENV)/console.stamp: $(VENV)/test.stamp tests/external/console/requirements.txt
	@$(PIP) install --no-deps --requirement tests/external/console/requirements.txt
	@touch $@

$(AXE): tests/external/console/package.json
	@command -v npm >/dev/null || { echo "make test-console needs npm" >&2; exit 1; }
	@cd tests/external/console && npm install --no-audit --no-fund --loglevel=error
	@touch $@

# Clients that conflict with the tests' packages, and with each other. Each list is complete: pip resolves nothing, and
# `pip check` verifies it.
.venv-clients/clients.stamp: tests/external/clients/requirements.txt
.venv-agents/clients.stamp: tests/external/clients/requirements-agents.txt

.venv-%/clients.stamp:
	@echo "Installing the clients of $^ into $(@D)."
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --requirement $^
	@$(@D)/bin/python -m pip check
	@touch $@

.venv-fuzz/schemathesis.stamp: tests/external/fuzz/requirements.txt
	@echo "Installing schemathesis into .venv-fuzz."
	@$(PYTHON) -m venv --clear .venv-fuzz
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --requirement $<
	@.venv-fuzz/bin/python -m pip check
	@touch $@

$(NPM_CLIENTS): tests/external/clients/package.json
	@command -v node >/dev/null || { echo "make $(MAKECMDGOALS) needs Node 20 or later" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "make $(MAKECMDGOALS) needs npm" >&2; exit 1; }
	@echo "Installing the clients for Node into tests/external/clients/node_modules."
	@cd tests/external/clients && npm install --no-audit --no-fund --loglevel=error
	@touch $@

benchmarks/external/peers.stamp: benchmarks/external/package.json benchmarks/external/requirements.txt
	@command -v npm >/dev/null || { echo "make bench-peers needs npm" >&2; exit 1; }
	@cd benchmarks/external && npm install --no-audit --no-fund --loglevel=error
	@$(PYTHON) -m venv --clear benchmarks/external/.venv
	@benchmarks/external/.venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps \
		--requirement benchmarks/external/requirements.txt
	@benchmarks/external/.venv/bin/python -m pip check
	@touch $@

$(VENV)/lint.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	@echo "Installing what the checks need into $(VENV)."
	@$(INSTALL) '.[test,lint]'
	@touch $@ $(VENV)/test.stamp $(VENV)/run.stamp
