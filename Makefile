# make serve and make test do all the set-up themselves, in .venv. They need
# Python 3.11 or 3.12 with its headers, a C compiler, and a package index pip can reach;
# make test also needs chromium, which it installs on Debian where root runs it.
# PYTHON=… chooses the interpreter; PORT=… and HOST=… say where to serve;
# ARGS=… goes to pytest or to the bench; REASON=… says why golden answers change.

PYTHON ?=
PORT   ?= 8000
HOST   := 127.0.0.1
UV     ?= uv
ARGS   :=
REASON :=
export REASON

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
SERVE  := $(VENV)/.ready-to-serve
TEST   := $(VENV)/.ready-to-test
SELF   := $(VENV)/.kneechain-installed

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help serve test lint check record golden mutate bench torture prove setup lock clean browser

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

serve: $(SERVE) $(SELF) ## set up if need be, then serve on http://127.0.0.1:8000
	$(BIN)/kneechain serve --host $(HOST) --port $(PORT)

test: browser lint check ## set up if need be, then everything that must hold: lint, check, all tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

lint: $(TEST) $(SELF) ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: $(TEST) $(SELF) ## run every example of the rules on both evaluators, and prove what holds for every exam
	$(BIN)/kneechain rules check
	$(BIN)/kneechain rules verify

record: $(TEST) $(SELF) ## after a change of the rules: keep what is proved, the base rates and the lock
	$(BIN)/kneechain rules verify --record
	$(BIN)/kneechain rules base-rate --record
	$(BIN)/kneechain rules lock

golden: $(TEST) $(SELF) ## after a change of answers: keep those of now, with REASON=why (tests/golden)
	@$(BIN)/python -m tests.golden.record --reason "$$REASON" $(ARGS)

mutate: $(TEST) $(SELF) ## change every rule in every small way and show what no example or case notices
	$(BIN)/kneechain rules mutate --full

bench: $(TEST) $(SELF) ## measure, beside other engines and a bare echo
	$(BIN)/python -m bench.inference $(ARGS)
	$(BIN)/python -m bench.explanations
	$(BIN)/python -m bench.http_rate
	$(BIN)/python -m bench.decision_log

torture: $(TEST) $(SELF) ## kill the service 200 times on each database, and look for what was acknowledged
	$(BIN)/python -m tests.integration.torture $(or $(ARGS),200)

prove: browser $(TEST) $(SELF) ## the promises at their full size; takes long
	KNEECHAIN_FULL=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal --durations=15 $(ARGS)

setup: $(TEST) $(SELF) ## only the set-up, with all that tests and benches need

clean: ## remove all that was made here
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# -- pins ----------------------------------------------------------------------------------

LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
UPGRADE :=

lock: ## write requirements/ anew from pyproject.toml; UPGRADE=--upgrade takes newer releases
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or UV=/its/path" >&2; exit 1; }
	$(UV) $(LOCK) $(UPGRADE) --group build -o requirements/build.txt
	$(UV) $(LOCK) $(UPGRADE) pyproject.toml -c requirements/build.txt -o requirements/base.txt
	$(UV) $(LOCK) $(UPGRADE) pyproject.toml --extra dev --extra bench \
		-c requirements/build.txt -c requirements/base.txt -o requirements/dev.txt

# -- set-up --------------------------------------------------------------------------------

# What makes an interpreter unusable, said so that it completes "python3 …".
define PROBE
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 12):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
import importlib.util, os, sysconfig
if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
    sys.exit("cannot make virtual environments; install its venv package (Debian: python3-venv)")
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    sys.exit("has no C headers; install its development package (Debian: python3-dev)")
endef
export PROBE

# Leaves the interpreter in $python, or stops.
FIND_PYTHON = python=; seen=; \
	for candidate in $(or $(PYTHON),python3.12 python3.11 python3 python \
		"$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.12*/bin/python3 \
		"$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.11*/bin/python3); do \
		command -v "$$candidate" >/dev/null || { seen="$$seen$(PYTHON:%=\n  % is not there)"; continue; }; \
		why=$$("$$candidate" -c "$$PROBE" 2>&1) && { python=$$candidate; break; }; \
		seen="$$seen\n  $$candidate $$(printf '%s' "$$why" | tail -n 1)"; \
	done; \
	[ "$$python" ] || { printf '%b\n' "kneechain needs Python 3.11 or 3.12:" \
		"durable_rules does not work on newer ones (decision 0002)." \
		"Install one, or name it: make PYTHON=/path/to/python3.12 …" \
		"Looked at:$${seen:- nothing, there is none}" >&2; exit 1; }

# Leaves the C compiler in $CC, or stops. Python's own choice comes first.
FIND_COMPILER = compiler=; \
	for candidate in "$${CC:-}" "$$("$$python" -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "")')" \
		cc gcc clang; do \
		command -v "$${candidate%% *}" >/dev/null && { compiler=$$candidate; break; }; \
	done; \
	[ "$$compiler" ] || { echo "kneechain needs a C compiler (cc, gcc or clang):" \
		"durable_rules comes as C source. Debian: apt install build-essential" >&2; exit 1; }; \
	export CC="$$compiler"

# $(call SET_UP,requirements,for what): a new $(VENV). The stamps come last, so what is
# half made counts for nothing; they hold the path, for an environment cannot be moved.
define SET_UP
@$(FIND_PYTHON); $(FIND_COMPILER); set -eu; \
echo "Setting up $(VENV) to $(2), with $$("$$python" --version) ($$python) and $$CC"; \
rm -rf $(VENV); \
"$$python" -m venv $(VENV); \
$(PIP) install -qq --require-hashes --only-binary :all: -r requirements/build.txt; \
$(PIP) install -qq --require-hashes --no-build-isolation --use-pep517 -r requirements/$(1).txt; \
pwd -P > $@
endef

$(SERVE): requirements/build.txt requirements/base.txt
	$(call SET_UP,base,serve)

$(TEST): requirements/build.txt requirements/base.txt requirements/dev.txt
	$(call SET_UP,dev,test and serve)
	@cp $@ $(SERVE)

# In place, so that the checkout is what runs. Answers name the version that stands in pyproject.toml.
$(SELF): pyproject.toml
	@$(PIP) install -qq --no-deps --no-build-isolation -e .
	@touch $@

# The documentation page is tested in a browser; playwright's own is not downloaded.
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
HAS_BROWSER := for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; false

browser:
	@($(HAS_BROWSER)) || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& echo "Installing chromium, which the tests of the documentation page need" \
		&& apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium >/dev/null; }; \
	($(HAS_BROWSER)) || { echo "make test needs a browser, one of: $(BROWSERS)." \
		"Debian: apt install chromium" >&2; exit 1; }

# An environment that was moved or copied, whose interpreter is gone, or which is of another
# version than the PYTHON asked for, is made anew.
VERSION := -c 'import sys; print(sys.version_info[:2])'
FIT := $(shell [ "$$(cat $(SERVE) 2>/dev/null)" = "$$(pwd -P)" ] \
	&& has=$$($(BIN)/python $(VERSION) 2>/dev/null) \
	&& [ "$$has" = "$$($(or $(PYTHON),$(BIN)/python) $(VERSION) 2>/dev/null)" ] && echo yes)
ifneq ($(FIT),yes)
.PHONY: $(SERVE) $(TEST)
endif
