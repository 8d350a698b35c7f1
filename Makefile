# primum: make quickstart | test | check | report-picture | clean
#
# Needs Python >= 3.11, git and make; everything else is installed into $(VENV).
# On Linux, PyPI's torch is the CUDA build (about 3 GB). For the CPU build (about 200 MB) add
#   TORCH_INDEX=<package index with CPU builds of torch>

VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TORCH_INDEX ?=
TORCH := torch==2.13.0
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --no-compile -c constraints.txt
# What is installed is known by the content of these two files: a stamp with another hash is out of date.
HASH := $(shell cat pyproject.toml constraints.txt | git hash-object --stdin)
TRAIN := $(VENV)/.installed-train-$(HASH)
DEV := $(VENV)/.installed-dev-$(HASH)
# One thread a process: two test processes with two threads each on two cores are several times slower.
QUIET := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false RAY_USAGE_STATS_ENABLED=0
WORKERS ?= 2
RUN ?= runs/heart

.PHONY: quickstart test check install-dev chromium reference report-picture clean
.DELETE_ON_ERROR:

quickstart: $(TRAIN)
	@HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false $(BIN)/primum run heart; code=$$?; \
	case $$code in \
	0|3|4) echo "Open the report in a browser. (A verdict of review or block is a result, not a failure.)" ;; \
	*) exit $$code ;; \
	esac

test: $(DEV) chromium
	$(QUIET) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(QUIET) $(BIN)/python docs/build_reference.py --check
	$(QUIET) $(BIN)/python -m pytest -q -m "not slow" tests/guards tests/docs -n $(WORKERS)

reference: $(DEV)
	$(BIN)/python docs/build_reference.py

report-picture: $(DEV) chromium
	test -f $(RUN)/report.html || $(MAKE) quickstart
	$(BIN)/python docs/take_picture.py $(RUN)/report.html docs/pictures/report.png

install-dev: $(DEV)

chromium:
	@{ command -v chromium || command -v chromium-browser; } >/dev/null 2>&1 && \
	fc-list :lang=zh 2>/dev/null | grep -q . && ldconfig -p 2>/dev/null | grep -q libGL.so.1 || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fontconfig fonts-wqy-microhei libgl1 libglib2.0-0 >/dev/null; \
	else echo "chromium, a Chinese font or libGL is not installed: tests that need them are skipped"; fi

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "primum needs Python 3.11 or newer; none was found"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip

$(TRAIN): | $(BIN)/python
	$(LOCKED) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	$(LOCKED) -e ".[train]"
	@rm -f $(VENV)/.installed-train-* && touch $@

$(DEV): | $(TRAIN)
	$(LOCKED) -e ".[dev]"
	@rm -f $(VENV)/.installed-dev-* && touch $@

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis src/*.egg-info
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
