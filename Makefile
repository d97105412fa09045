# Two commands: `make demo` does the main job, `make test` passes the tests. Each sets itself up.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
PEERS := .peers/.ready

# Switches given on the command line reach the demo: make demo EMULATOR=1, USE_KEYS=1
ifdef EMULATOR
export EMULATOR
endif
ifdef USE_KEYS
export USE_KEYS
endif
ifdef LOCAL_LLM
export LOCAL_LLM
endif

.PHONY: demo test bench acceptance sabotage chaos check format lock clean

# LOCAL_LLM=1 adds a small model on this machine, compiled once; where that fails, one line says so.
demo: $(READY)
	@$(if $(filter-out 0,$(LOCAL_LLM)),$(BIN)/python -m thalas.local_llm)
	@$(BIN)/python manage.py up $(if $(ONCE),--once)

# Three at a time: each has a home, a database and a broker of its own, and most of the time waits for processes.
SIDE_BY_SIDE := -n 3 --dist loadscope

test: $(READY)
	$(BIN)/pytest $(SIDE_BY_SIDE) --ignore tests/sabotage
	@if $(BIN)/python -m tests.clusters; then TEST_DATABASE=postgresql $(BIN)/pytest $(SIDE_BY_SIDE) $(POSTGRES_TESTS); fi

# What must hold on PostgreSQL as on SQLite: whatever takes locks, and real processes beside each other.
POSTGRES_TESTS := $(addprefix tests/thalas/services/test_,budgets.py closings.py councils.py early_closings.py guards.py \
	patience.py runs.py schedules.py votes.py questions.py audits.py keys.py caps.py reservations.py limits.py expiries.py) \
	tests/machines \
	$(addprefix tests/processes/test_,councils.py guards.py workers.py database_faults.py budgets.py reservations.py)

# Takes each safety feature out of a copy of the tree and sees its test go red.
sabotage: $(READY)
	$(BIN)/pytest tests/sabotage

# Opens runs while workers, guards, beats, broker and database are killed: ten thousand of them in a
# quarter of an hour, or a minute's worth with SLICE=1. Then strangers call the API, twenty thousand times.
chaos: $(READY)
	@$(BIN)/python -m tests.chaos $(if $(SLICE),--slice)
	@$(if $(SLICE),:,$(BIN)/pytest -n 2 -m acceptance tests/doors/test_strangers.py)

# How fast Thalas is, beside a naive chord and asyncio.gather, on both databases; SHORT=1 takes a minute.
bench: $(READY) $(PEERS)
	$(BIN)/python -m benchmarks $(if $(SHORT),--short)

# The proofs whose short forms run with the tests, in full length: half an hour.
acceptance: $(READY)
	TEST_DATABASE=postgresql $(BIN)/pytest -m acceptance --timeout 1500 tests

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy manage.py containers thalas tasks providers risk beat_schedule tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs `uv` on the path. The lock names no host: whatever index pip is set up with serves it.
lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --group dev pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --only-binary :all: \
		--custom-compile-command "make lock" --group peers -o benchmarks/requirements.lock

clean:
	rm -rf .venv .peers .local-llm .local-llm.log var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Thalas needs Python 3.11 or newer with its venv module"; exit 2; }
	@echo "Setting up .venv with $(PYTHON) (once, about half a minute) …"
	@$(PYTHON) -m venv .venv || { echo "making .venv failed: is the venv module installed?"; rm -rf .venv; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--only-binary :all: -r requirements.lock
	@touch $(READY)

# What `make bench` measures Thalas against; the product never sees it.
$(PEERS): benchmarks/requirements.lock
	@$(PYTHON) -m venv .peers
	@.peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--only-binary :all: -r benchmarks/requirements.lock
	@touch $(PEERS)
