# The commands of the project; each does the set-up that it needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXAMPLE := examples/attack-container.scap.gz

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

$(READY): requirements.lock tools/setup-venv
	@tools/setup-venv $(VENV)
	@touch $@

build: $(READY)  ## compile the hot rooms and install the command as .venv/bin/tercel
	@tools/build $(VENV)

probe: $(READY)  ## compile the probe for every architecture; CC_BPF=clang or zig chooses the compiler
	@tools/build-probe $(VENV) $(CC_BPF)

run: build  ## watch this machine with the rules that ship (DURATION=10 ends by itself), or else the sample capture
	@tools/setup-live
	@tools/run $(BIN) $(EXAMPLE) $(DURATION)

test: build  ## check style, types and layers, run every test on both forms, fuzz briefly, measure briefly
	@tools/setup-peers
	@$(BIN)/python tools/check.py

bench: build  ## measure speed beside sysdig and write docs/performance.md; SIZE is the number of events
	@tools/setup-peers
	@$(BIN)/python -m bench --events $(or $(SIZE),20000000)

bench-live: build  ## measure what watching a machine costs and loses and write docs/performance-live.md
	@tools/setup-peers
	@$(BIN)/python -m bench.live

soak: build  ## run each fuzzer for SOAK seconds (default 1800), a sensor under short-lived processes, many starts; keep the logs
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SOAK),1800) --log tests/fuzz/logs
	@$(BIN)/python -m tests.soak --seconds $(or $(SOAK),600) --log tests/soak/logs

lint: $(READY)  ## check style and layers
	@$(BIN)/ruff check && $(BIN)/ruff format --check && PYTHONPATH=src $(BIN)/lint-imports --no-logo

types: $(READY)  ## check types
	@$(BIN)/mypy

docs: build  ## write the generated reference pages
	@$(BIN)/python tools/gen_docs.py

lock: $(READY)  ## resolve the dependencies again
	@$(BIN)/pip install --quiet uv && $(BIN)/uv pip compile pyproject.toml --group dev --group fuzz --extra isal \
		--universal --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean:  ## remove what was built
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests tools bench -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help build probe run test bench bench-live soak lint types docs lock clean
