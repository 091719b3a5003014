# One target per habit. Every target installs what it needs into .venv first.
.DEFAULT_GOAL := help
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help demo test test-long lint bench clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml scripts/install.sh
	./scripts/install.sh .venv
	@touch $@

demo: $(STAMP) ## the whole story in a minute: three clusters, a model, two outages
	$(BIN)/tradewind demo

test: $(STAMP) ## all tests: real processes, real Envoy, kubectl and S3
	$(BIN)/pytest -m "not long and not llm"

test-long: $(STAMP) ## what takes longer than CI has
	$(BIN)/pytest -m "long"

lint: $(STAMP) ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## side-by-side measurements; tables here, JSON in bench/out
	@for name in fleet predict api; do echo "== $$name"; $(BIN)/python bench/$$name.py || exit 1; done

clean: ## remove what the other targets made
	rm -rf .venv bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
