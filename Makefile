# `make run` opens the page, `make check` tests each part in two minutes, `make test` everything; each sets up what it needs, once.
#
# Settings, as environment variables or on the command line (`make run PORT=8000`):
#   PYTHON       the Python to build the environment with; the first of 3.10 to 3.13 that is found unless given
#   VENV         where the environment lies
#   HOST, PORT   where the page answers
#   TORCH_INDEX  a package index to take PyTorch from: on Linux without an NVIDIA card, PyTorch's own CPU index saves gigabytes
#   SPACE        where `make deploy` puts it: SPACE=somebody/mmdemo; HARDWARE=zero-a10g, cpu-basic, ... for a new one
#   ARGS         more for `make train`, such as ARGS="--task digits"

VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 7860
BIN := $(VENV)/bin
# A version that is merely on the path may be a shim that does not run, and Debian's Python may lack venv: try it.
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$python -c '$(USABLE)' 2>/dev/null && echo $$python && break; done)
# A throw-away environment is not compiled ahead, which takes longer than all the rest: most of it is never imported.
PIP := $(BIN)/python -m pip install --disable-pip-version-check $(if $(CI),--quiet --no-compile) -c constraints.txt

.PHONY: run check test lint train deploy browsers screenshots clean
.DEFAULT_GOAL := run

run: $(VENV)/run.stamp
	@echo "The page opens at http://$(HOST):$(PORT) (stop it with Ctrl+C)"
	@$(BIN)/python -m mmdemo serve --host $(HOST) --port $(PORT)

# The linters are among the unit tests, and so are the tests of the JavaScript modules; tests/README.md says what is where.
# A file's tests stay together, since they share what is made for them.
check: $(VENV)/test.stamp
	@$(BIN)/python -m pytest -rs tests/unit --numprocesses logical --maxprocesses 4 --dist loadfile

test: check browsers
	@$(BIN)/python -m pytest -rs tests/training --numprocesses logical --maxprocesses 2 --dist worksteal
	@$(BIN)/python -m pytest -rs tests/server --numprocesses logical --maxprocesses 2 --dist loadfile
	@$(BIN)/python -m pytest -rs tests/browser --numprocesses logical --maxprocesses 2 --dist loadfile

lint: $(VENV)/test.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/oxlint --deny-warnings

train: $(VENV)/train.stamp
	@$(BIN)/python -m mmdemo train $(ARGS)

deploy: $(VENV)/run.stamp
	@[ -n "$(SPACE)" ] || { echo "Where to? make deploy SPACE=somebody/mmdemo"; exit 1; }
	@$(BIN)/python tools/deploy.py $(SPACE) $(if $(HARDWARE),--hardware $(HARDWARE)) $(ARGS)

# The browser tests take a Chromium that is there, or else Playwright's; a Firefox that is there; and WebKitGTK's driver
# with its small browser, on a screen of Xvfb. What is missing is skipped, and says so. A throw-away machine (CI, as root)
# may install the system's.
INSTALL = { [ -n "$$CI" ] && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	apt-get install -y -qq --no-install-recommends $(1); } >/dev/null 2>&1
browsers: $(VENV)/test.stamp
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| $(BIN)/playwright install chromium >/dev/null 2>&1 \
		|| $(call INSTALL,chromium) \
		|| echo "There is no Chromium and none could be installed: the browser tests will be skipped."
	@command -v firefox-esr || command -v firefox \
		|| $(call INSTALL,firefox-esr) \
		|| echo "There is no Firefox and none could be installed: its tests will be skipped."
	@{ command -v WebKitWebDriver && command -v Xvfb; } \
		|| $(call INSTALL,webkit2gtk-driver xvfb gstreamer1.0-plugins-good gstreamer1.0-libav) \
		|| echo "There is no WebKitGTK with its driver and Xvfb, and none could be installed: its tests will be skipped."

# The scenario that runs in all three, with pictures of each in screenshots/.
screenshots: $(VENV)/test.stamp browsers
	@MMDEMO_SCREENSHOTS=screenshots $(BIN)/python -m pytest -rs tests/browser/test_engines.py

# A stamp is as old as the last installation, so that nothing is installed again until a list of requirements changes.
$(VENV)/run.stamp $(VENV)/train.stamp $(VENV)/test.stamp: $(VENV)/pyvenv.cfg constraints.txt requirements.txt
# Each list includes the one before it, so what served the larger serves the smaller.
$(VENV)/run.stamp: LIST := requirements.txt
$(VENV)/run.stamp: SERVES := run
$(VENV)/train.stamp: LIST := requirements-train.txt
$(VENV)/train.stamp: SERVES := run train
$(VENV)/train.stamp: requirements-train.txt
$(VENV)/test.stamp: LIST := requirements-test.txt
$(VENV)/test.stamp: SERVES := run train test
$(VENV)/test.stamp: requirements-train.txt requirements-test.txt
$(VENV)/%.stamp:
	@echo "Installing $(LIST) into $(VENV): the first time takes a few minutes..."
	@$(if $(TORCH_INDEX),$(PIP) torch --index-url $(TORCH_INDEX))
	@$(PIP) -r $(LIST)
	@touch $(SERVES:%=$(VENV)/%.stamp)

$(VENV)/pyvenv.cfg:
	@[ -n "$(PYTHON)" ] || { echo "No usable Python was found: mmdemo needs 3.10, 3.11, 3.12 or 3.13 with its venv module" \
		"(on Debian and Ubuntu: apt install python3-venv). Or name one: make run PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .gradio cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
