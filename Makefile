# Bare `make` lists the recipes. Each of them sets itself up on a machine with Python 3.11+, git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup test check bench demo infra-demo tune-demo destroy fmt lock docs

help: ## list the recipes
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup: $(STAMP) ## make .venv/bin/tuneguard from the hashed lock files

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tuneguard needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 setup" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make $(VENV): Python's venv module is missing (Debian: apt-get install python3-venv)." >&2; exit 1; }

$(STAMP): $(VENV)/bin/python pyproject.toml requirements-uv.lock requirements-dev.lock
	@echo "Setting up $(VENV) (once; about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

test: $(STAMP) ## the whole test suite; starts a PostgreSQL of its own where the server is installed
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(STAMP) ## lint, types, contracts, docs drift: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=scripts $(BIN)/mypy scripts/finetune scripts/*.py
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check

docs: $(STAMP) ## write the reference pages that are made from the code
	$(BIN)/python docs/generate.py

fmt: $(STAMP) ## format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## benchmarks: ratios and counts, on demand; figures go into benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

demo: $(STAMP) ## thirty simulated days of a forgetful fleet, no account needed
	$(BIN)/tuneguard demo $(ARGS)

infra-demo: $(STAMP) ## pulumi up, a guard's cycle, pulumi destroy on the sandbox, no account needed
	PATH="$$(tools/pulumi-cli/ensure.sh):$$PATH" $(BIN)/python scripts/infra_demo.py

destroy: $(STAMP) ## undeploy from a stack's endpoints, then destroy it: make destroy STACK=dev
	$(BIN)/python -m infra.destroy --stack $(STACK) $(ARGS)

tune-demo: $(STAMP) ## the fine-tuning paths in a few minutes, ending with the comparison table; no account needed
	$(BIN)/python scripts/tune_demo.py

lock: $(STAMP) ## resolve the lock files afresh
	$(BIN)/uv pip compile pyproject.toml --universal --all-extras --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --all-extras --group dev --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --universal --extra postgres --extra web --generate-hashes --no-emit-index-url --no-annotate --no-header -q -c requirements.lock -o requirements-image.lock
