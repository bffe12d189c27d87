# Everything a contributor runs. Needs Python 3.11 to 3.13, git and make; the rest is installed into VENV.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2

# Another interpreter is looked for only when the caller did not name one.
ifeq ($(origin PYTHON),file)
CANDIDATES := $(PYTHON) python3.11 python3.12 python3.13
else
CANDIDATES := $(PYTHON)
endif
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
UNSUITABLE := none of "$(CANDIDATES)" is Python 3.11, 3.12 or 3.13 with the venv module: \
install one, or name it: make PYTHON=/path/to/python3.12

BIN := $(VENV)/bin
WHEEL_VENV := $(VENV)-wheel
# As pip does with what it does not leave in place: the first run need not.
COMPILE := $(BIN)/python -m compileall -q seatrial model properties counterexamples
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint types unit test-wheel slow random-systems random-proofs conformance conformance-note conformance-record conformance-coverage manifest-oracle manifest-conformance manifest-record bench oracle oracle-cover clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed  ## take a Deployment through a rollout: what holds, and the shortest runs of what does not
	@$(BIN)/seatrial check seatrial/manifests/web.yaml --faults none

test: lint types unit test-wheel  ## everything that must pass before a merge

lint: $(VENV)/.installed-dev  ## ruff: rules and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed-dev  ## mypy, strict
	$(BIN)/mypy

unit: $(VENV)/.installed-dev  ## the tests, against the checkout
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# The mapping of folders differs between an editable install and a wheel, so the tests run in both.
# They start in an empty folder: nothing of the checkout can be imported by accident.
test-wheel: $(VENV)/.installed-dev  ## the tests, against the built wheel
	@set -eu; \
	scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	echo "building the wheel"; \
	$(BIN)/python -m build --outdir "$$scratch/dist" >"$$scratch/log" 2>&1 || { cat "$$scratch/log" >&2; exit 1; }; \
	[ -x $(WHEEL_VENV)/bin/pip ] || $(BIN)/python -m venv $(WHEEL_VENV); \
	wheel=$$(echo "$$scratch"/dist/*.whl); \
	echo "installing it into $(WHEEL_VENV)"; \
	$(WHEEL_VENV)/bin/$(PIP_INSTALL) "$$wheel[dev]"; \
	$(WHEEL_VENV)/bin/$(PIP_INSTALL) --force-reinstall --no-deps "$$wheel"; \
	mkdir "$$scratch/run"; cp -R tests pyproject.toml "$$scratch/run"; cd "$$scratch/run"; \
	SEATRIAL_WHEEL=1 $(abspath $(WHEEL_VENV))/bin/pytest -n $(WORKERS) --dist worksteal -m "not slow and not heavy"

slow: $(VENV)/.installed-dev  ## the tests marked slow
	$(BIN)/pytest -m slow

random-systems: $(VENV)/.installed-dev  ## compare the engine with the reference on 100,000 random systems
	$(BIN)/python tests/random_systems.py --count 100000 --workers $(WORKERS)

random-proofs: $(VENV)/.installed-dev  ## compare prove with Python and with explore on 6,000 random rules, claims and systems
	$(BIN)/python tests/random_proofs.py --count 2000 --workers $(WORKERS)

# Cases are drawn anew with another SEED. The oracle is what `make oracle` builds.
CONFORMANCE = PYTHONPATH=tests $(BIN)/python -m conformance
SECONDS ?= 60
SEED ?= 0

conformance: $(VENV)/.installed-dev  ## compare fresh random cases with the real controllers (SECONDS, SEED)
	$(CONFORMANCE) run --seconds $(SECONDS) --seed $(SEED)

conformance-note: $(VENV)/.installed-dev  ## the same, and put the figures into docs/conformance.md
	$(CONFORMANCE) run --seconds $(SECONDS) --seed $(SEED) --note

conformance-record: $(VENV)/.installed-dev  ## write the cases that the tests check
	$(CONFORMANCE) record

conformance-coverage: $(VENV)/.installed-dev  ## count which Go statements these cases reach, into docs/conformance.md
	@COVER=1 sh tests/oracle/build.sh
	$(CONFORMANCE) coverage

manifest-oracle:  ## build what the API server makes of manifests (needs Go)
	@command -v go >/dev/null || { \
		echo "this needs Go 1.26 or later, and there is no \`go\` here: see https://go.dev/dl" >&2; exit 2; }
	@mkdir -p build/oracle
	@cd tests/oracle && GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=0 go build -o ../../build/oracle/manifests ./manifests

manifest-conformance: $(VENV)/.installed-dev  ## compare fresh manifests with the real API server (SEED)
	PYTHONPATH=tests $(BIN)/python -m conformance.manifests run --seed $(SEED)

manifest-record: $(VENV)/.installed-dev  ## write the manifests that the tests check
	PYTHONPATH=tests $(BIN)/python -m conformance.manifests record

bench: $(VENV)/.installed-dev  ## the benchmarks: against SPIN, growth, and the first start
	$(BIN)/python benchmarks/versus_spin.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/cold_start.py

oracle:  ## build the real controllers (needs Go; VERSION=1.34.4 for another release), minutes at first
	@sh tests/oracle/build.sh $(VERSION)

oracle-cover: $(VENV)/.installed-dev  ## which statements of the real controllers the tests of the oracle reach
	@COVER=1 sh tests/oracle/build.sh
	@sh tests/oracle/coverage.sh $(BIN)/pytest -q tests/conformance/test_oracle.py

clean:  ## remove what the other targets made, the environments at .venv included
	rm -rf .venv .venv-wheel build dist seatrial.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pyvenv.cfg and not bin/python, which is a link to an interpreter as old as its release.
$(VENV)/pyvenv.cfg:
	@for candidate in $(CANDIDATES); do \
		if $$candidate -c '$(SUITABLE)' 2>/dev/null; then \
			echo "creating $(VENV) with $$candidate"; \
			exec $$candidate -m venv $(VENV); \
		fi; \
	done; \
	echo 'make: $(UNSUITABLE)' >&2; exit 1

# Stamps: what is installed changes only with pyproject.toml, the code itself is read in place.
$(VENV)/.installed: $(VENV)/pyvenv.cfg pyproject.toml
	@echo "installing seatrial into $(VENV)"
	@$(BIN)/$(PIP_INSTALL) -e .
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/pyvenv.cfg pyproject.toml
	@echo "installing seatrial and its development tools into $(VENV)"
	@$(BIN)/$(PIP_INSTALL) -e '.[dev]'
	@$(COMPILE)
	@touch $(VENV)/.installed $@
