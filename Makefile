# The few commands a person needs. `make` alone lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
.PHONY: help setup setup-dev console console-types screens docs reference run test test-unit check verify bench bench-simulation bench-tracing audit-dependencies lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

setup: .venv/.run-ready ## make .venv with everything the product needs
setup-dev: .venv/.dev-ready
.venv/.run-ready: requirements/run.txt requirements/bootstrap.txt pyproject.toml
	$(PYTHON) scripts/setup.py run
.venv/.dev-ready: requirements/dev.txt .venv/.run-ready
	$(PYTHON) scripts/setup.py dev

run: setup console ## build the reference city and play an outbreak through the whole loop
	@$(BIN)/python scripts/stale_kernels.py
	$(BIN)/twinward demo

# a test starts many processes: each would compile the whole product anew where nothing may be kept
test test-unit verify: export PYTHONDONTWRITEBYTECODE =

test: setup-dev console ## everything the tests need, then all tests
	@$(BIN)/python scripts/stale_kernels.py
	$(BIN)/python scripts/system_parts.py
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
test-unit: setup-dev ## only the tests that need no server
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" --ignore=tests/stories --ignore=tests/browser

check: setup-dev ## ruff, mypy strict, import table
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/architecture

verify: setup-dev ## the slow proofs: hundreds of seeds, a hundred kills on two databases
	$(BIN)/python scripts/system_parts.py
	$(BIN)/python -m pytest -m slow

.venv-bench/.bench-ready: requirements/bench.txt
	$(PYTHON) scripts/setup.py bench .venv-bench
bench: setup-dev bench-simulation bench-tracing ## every measured table, peers in the same run
	$(BIN)/python -m benchmarks.bench_platform
	$(BIN)/python -m benchmarks.bench_loop
	$(BIN)/python -m benchmarks.bench_city
	$(BIN)/python -m benchmarks.bench_trust
	$(BIN)/python -m benchmarks.bench_logistics
	$(BIN)/python -m benchmarks.bench_chains
	$(BIN)/python -m benchmarks.bench_planning
bench-simulation: setup-dev .venv-bench/.bench-ready ## the simulator beside Covasim and LASER
	$(BIN)/python -m benchmarks.bench_simulation
bench-tracing: setup-dev ## contact queries beside DuckDB and PostGIS
	$(BIN)/python -m benchmarks.bench_tracing

console: setup ## build the web console into the package
	$(BIN)/python scripts/console.py
console-types: setup-dev console ## write the console's types anew from the API's own description
	$(BIN)/python scripts/console_types.py
screens: setup-dev console ## write the pictures of the console anew
	$(BIN)/python scripts/system_parts.py
	$(BIN)/python scripts/screens.py

reference: setup-dev ## write docs/reference anew from the code
	$(BIN)/python scripts/make_reference.py
docs: reference ## build the documentation site into dist/docs, without network
	$(BIN)/python scripts/build_docs.py

audit-dependencies: setup-dev ## what is installed against the hashed locks, and licences
	$(BIN)/python scripts/audit_dependencies.py

lock: ## write the hashed locks anew
	sh scripts/lock.sh
clean: ## remove what setup made
	rm -rf .venv .venv-bench
