.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
ROUNDS ?= 3
PORT ?= 8000
T ?= tests
SERIES := tests/oidc/test_attacker_model.py tests/audit/test_attacks.py tests/audit/test_store_attacks.py \
  tests/audit/test_mending.py tests/audit/test_formats.py tests/oidc/test_races.py tests/vault/content/test_hostile_corpus.py
B := .venv/bin

.PHONY: help environment run demo migrate test test-long lint format types contracts bench bench-oidc screenshots lock docs clean

help: ## this list
	@awk -F ':.*## ' '/^## /{print "\n" substr($$0, 4)} /^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' Makefile

## Run it
run: ## set everything up and serve http://localhost:8000 (PORT=8010 for another port)
	@PYTHON=$(PYTHON) tools/environment requirements.lock
	@exec $(B)/citizen-account run --port $(PORT) --stop-with-parent
demo: ## the same, filled with a small town
	@PYTHON=$(PYTHON) tools/environment requirements.lock
	@exec $(B)/citizen-account run --port $(PORT) --demo --stop-with-parent
migrate: environment ## bring the database to this version
	@$(B)/citizen-account migrate

## Work on it
environment: ## .venv with everything that tests and linters need
	@PYTHON=$(PYTHON) tools/environment requirements-test.lock
	@tools/machine
test: environment lint ## every test (one: make test T=tests/vault)
	TMPDIR=$$(tools/scratch) ROUNDS=$(ROUNDS) $(B)/python -m pytest -n 2 --dist loadfile $(T)
test-long: environment ## the long series: 100 seeds of each attack and race, 40 kills of each program; an hour at most
	TMPDIR=$$(tools/scratch) ROUNDS=100 $(B)/python -m pytest -n 2 --timeout 3600 $(SERIES)
	TMPDIR=$$(tools/scratch) ROUNDS=40 $(B)/python -m pytest -n 2 --dist loadfile --timeout 3600 tests/kills
lint: environment types contracts ## ruff, mypy, import contract, spelling
	$(B)/ruff check .
	$(B)/ruff format --check .
	$(B)/codespell
types: environment ## mypy strict
	$(B)/mypy
contracts: environment ## the import contract of the house
	$(B)/lint-imports
format: environment ## ruff's formatter
	$(B)/ruff format .
	$(B)/ruff check --fix .
bench: environment ## speed beside the bare parts, in one run
	$(B)/python -m bench
bench-oidc: environment ## the provider beside npm oidc-provider, in turns on one core
	$(B)/python -m bench.oidc
screenshots: environment ## the pictures in docs/pictures, phone and desktop
	$(B)/python -m tools.screenshots
lock: environment ## pin the dependencies of pyproject.toml again
	tools/lock
clean: ## everything that was made, but not data/
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis node_modules
