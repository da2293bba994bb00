# Each target works first on a fresh clone with Python 3.11 to 3.13, git and make: it builds the
# environment in .venv and fetches what it needs into .tools. Nothing is written outside the checkout.

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements-dev.lock
SPEC_OF_LOCK := --universal --python-version 3.11 --group dev --group site --generate-hashes --no-annotate

export PIP_CACHE_DIR ?= $(CURDIR)/.tools/cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export NO_MKDOCS_2_WARNING := 1

# An environment remembers the folder that it was made in; a moved or copied checkout needs its own.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): remake
endif

.PHONY: help generate check docs test lint format golden lock site serve demo drill bench tools clean remake

help: ## show this list
	@echo "make <target>, where <target> is one of:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

generate: $(READY) ## compile the specs into out/, judged by promtool and amtool
	@$(BIN)/watchbill generate

check: $(READY) ## compile and judge without writing; fail where out/ differs
	@$(BIN)/watchbill check
	@$(BIN)/watchbill reference --check

docs: $(READY) ## write docs/reference/, the pages for authors, anew
	@$(BIN)/watchbill reference

test: lint tools ## everything that a change must pass: lint, types, layers, drift, tests
	@$(BIN)/watchbill check
	@$(BIN)/watchbill reference --check
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term

lint: $(READY) ## ruff, mypy and the layers of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . || \
	    { echo 'ruff found something; "make format" mends what it can' >&2; exit 1; }
	@$(BIN)/mypy generator/watchbill tests bench pictures
	@$(BIN)/lint-imports

format: $(READY) ## format the code, and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

golden: $(READY) ## rewrite the expected files of tests/cases; read the diff
	@$(BIN)/watchbill tools >/dev/null
	@$(BIN)/python -m pytest tests/test_cases.py tests/test_messages.py --golden

tools: $(READY) ## fetch the oldest and the newest Prometheus and Alertmanager into .tools
	@$(BIN)/watchbill tools

site: $(READY) ## compile, build the runbook site into site/, strictly, and check its links
	@$(BIN)/watchbill site

serve: $(READY) ## serve the runbook site on 127.0.0.1:8000, rebuilt on change
	@$(BIN)/watchbill serve

drill: $(READY) tools site ## run every alert and drill through real servers, from the fault to the message; P0 on the oldest too
	@$(BIN)/watchbill drill --all
	@$(BIN)/watchbill drill --severity P0 --generation oldest --jobs 8

demo: $(READY) ## run the whole stack on 127.0.0.1 until Ctrl-C, and break it on purpose
	@$(BIN)/watchbill demo

bench: $(READY) tools ## measure speed, the cost of an objective's rules, and how true its budget is
	@PYTHONPATH=tests $(BIN)/python bench/run.py

lock: ## resolve the development dependencies anew into requirements-dev.lock
	@$(find_python); \
	echo "resolving $(LOCK) …" >&2; \
	test -x .tools/uv/bin/uv || { "$$python" -m venv .tools/uv && .tools/uv/bin/pip install -q uv; } && \
	UV_CACHE_DIR="$(CURDIR)/.tools/cache/uv" .tools/uv/bin/uv pip compile -q --upgrade $(SPEC_OF_LOCK) \
	    --custom-compile-command "make lock" pyproject.toml -o $(LOCK)

clean: ## remove the environment, the tools, the built site and every cache
	@rm -rf $(VENV) .tools site .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage .coverage.*

# Sets $$python to a suitable interpreter: PYTHON if given, else the first that can make environments.
define find_python
python=; \
for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
    if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        2>/dev/null; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
    echo "Python 3.11, 3.12 or 3.13 with its venv module is needed, and $(or $(PYTHON),PATH) has none;" \
        "install one or name it: make PYTHON=/path/to/python3.13" >&2; \
    exit 1; \
fi
endef

# Takes the lock that file descriptor 9 stands for; the kernel lets go of it when this make ends, killed or not.
define alone
mkdir -p .tools; exec 9>.tools/environment.lock; \
"$$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null || { \
    echo "waiting for another make that builds the environment …" >&2; \
    "$$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'; \
}
endef

# Another make may have built the environment while this one waited. The lock is complete, so nothing is resolved
# anew: pip refuses an extra such as coverage[toml] as unpinned as soon as a newer release than the locked one is out.
$(READY): $(LOCK) pyproject.toml
	@set -e; $(find_python); $(alone); \
	if [ "$$(cat $(READY) 2>/dev/null)" = "$(CURDIR)" ] && [ -z "$$(find $(LOCK) pyproject.toml -newer $(READY))" ]; then exit; fi; \
	echo "making the environment in $(VENV) with $$("$$python" --version) …" >&2; \
	rm -f $(READY); "$$python" -m venv --clear $(VENV); \
	echo "installing the locked dependencies …" >&2; \
	$(BIN)/python -m pip install -q --no-deps --require-hashes -r $(LOCK); \
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .; \
	printf '%s\n' "$(CURDIR)" >$(READY)
