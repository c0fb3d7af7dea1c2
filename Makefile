# Everything sets itself up: a Python of 3.11 or newer and make are enough.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
unexport PYTHONDONTWRITEBYTECODE # hundreds of processes follow: what is compiled once serves them all
PYTHON ?= $(firstword $(foreach one,python3 python3.14 python3.13 python3.12 python3.11 python,$(if $(shell $(one) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null | grep True),$(one))))

# What covers engine/language and engine/core, which alone must be covered: measuring doubles what a test costs.
COVERED := tests/core tests/language
# What has a target of its own: a browser, and processes that are killed.
APART := tests/browser tests/chaos
PATIENT := -o faulthandler_timeout=1800
SIDE_BY_SIDE := -n auto --maxprocesses=8 --dist=worksteal
TWO := -n 2 --dist=worksteal

.PHONY: help demo test covered others test-long test-kills test-chaos test-browser check types lint house specs bench bench-batch bench-cluster bench-findings bench-package bench-portal lock clean docs pictures
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -hE '^[a-z-]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 21

$(READY): requirements-dev.txt pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "Habeas needs Python 3.11 or newer: install it (Debian: apt install python3 python3-venv), or name it with make PYTHON=..." >&2; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: install it (Debian: apt install python3-venv)." >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made: install Python's venv module (Debian: apt install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## watch one access request against a simulated Zoom
	@$(BIN)/python -m engine.demo

test: $(READY) ## run the tests
	@$(MAKE) --no-print-directory --jobs=2 covered others
	@echo "The browser tests were not run here: make test-browser. Every moment of a kill, and more examples of each property: make test-long."

covered: $(READY)
	@told=$$($(NICE) $(BIN)/python -m pytest $(COVERED) --cov --cov-report=term --cov-fail-under=100 2>&1); good=$$?; echo "$$told"; exit $$good

others: $(READY)
	@$(NICE) $(BIN)/python -m pytest $(APART:%=--ignore=%) $(COVERED:%=--ignore=%) $(SIDE_BY_SIDE)

test-long: $(READY) ## run every test, with many more examples of each property, new ones each time
	@$(BIN)/python -m pytest $(APART:%=--ignore=%) -m "" $(SIDE_BY_SIDE) --hypothesis-profile=long

test-kills: $(READY) ## disturb runs and batches at a few random moments, and go on with them
	@$(BIN)/python -m pytest tests/chaos $(SIDE_BY_SIDE) $(PATIENT)

test-chaos: $(READY) ## disturb runs and batches at many random moments, and go on with them
	@KILLS=50 EVENTS=100 $(BIN)/python -m pytest tests/chaos -n 4 $(PATIENT)

# Judges whether everybody can read the pages; it is not ours and is not kept here.
AXE := axe-core-4.14.1
AXE_SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

$(VENV)/$(AXE).js: $(READY)
	@command -v npm >/dev/null || { echo "The browser tests need axe-core from npm: install npm (Debian: apt install npm)." >&2; exit 1; }
	@cd $(VENV) && npm pack --silent axe-core@$(AXE:axe-core-%=%) >/dev/null && echo "$(AXE_SHA256)  $(AXE).tgz" | sha256sum --check --quiet
	@tar -xzOf $(VENV)/$(AXE).tgz package/axe.min.js > $@.part && mv $@.part $@ && rm $(VENV)/$(AXE).tgz

test-browser: $(READY) $(VENV)/$(AXE).js ## run the tests in a headless Chromium and Firefox
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { echo "The browser tests need Chromium: install it (Debian: apt install chromium chromium-driver)." >&2; exit 1; }
	@command -v firefox-esr >/dev/null || { echo "The browser tests need Firefox: install it (Debian: apt install firefox-esr)." >&2; exit 1; }
	@$(BIN)/python -m pytest tests/browser $(TWO)

pictures: $(READY) ## make the pictures of README.md and docs/desk.md anew, in a headless Chromium
	@HABEAS_TEST_DOCS=1 $(BIN)/python -m pytest -q tests/browser/test_desk_pictures.py tests/browser/test_package_picture.py

check: $(READY) ## lint, types, layers, documentation, specs
	@$(MAKE) --no-print-directory --jobs=2 types lint house specs

types: $(READY)
	@$(BIN)/mypy

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/deptry .

house: $(READY)
	@$(BIN)/python -m pytest tests/test_house.py
	@$(BIN)/python -m engine.reference --check

specs: $(READY)
	@$(BIN)/habeas check --strict

docs: $(READY) ## write the generated documentation anew
	@$(BIN)/python -m engine.reference

bench: $(READY) ## measure the budgets, beside their references; those of many people and of workers too
	@over=0; for part in bench bench.batch bench.cluster; do $(BIN)/python -m $$part || over=1; done; exit $$over

bench-batch: $(READY) ## measure many people over one account, beside a shell loop, and draw their growth
	@$(BIN)/python -m bench.batch

bench-cluster: $(READY) ## measure workers over a shared database, beside one worker and the batch of one machine
	@$(BIN)/python -m bench.cluster

bench-findings: $(READY) ## measure finding personal data and listing it, over 100,000 records
	@$(BIN)/python -m bench.findings

bench-package: $(READY) ## measure building a package of 100,000 records: the whole command, and each of its steps
	@$(BIN)/python -m bench.package

bench-portal: $(READY) ## measure the portal in Chromium and by ten clients, over a case of 100,000 records
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { echo "It needs Chromium: install it (Debian: apt install chromium chromium-driver)." >&2; exit 1; }
	@$(BIN)/python -m bench.portal

lock: ## pin every dependency anew, with hashes
	@rm -rf .lock && $(PYTHON) -m venv .lock && .lock/bin/pip install --quiet pip-tools
	@.lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --output-file requirements.txt pyproject.toml
	@.lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --extra dev --output-file requirements-dev.txt pyproject.toml
	@rm -rf .lock

clean: ## remove what was made
	@rm -rf $(VENV) .demo dist build .coverage .hypothesis .mypy_cache .ruff_cache *.egg-info
