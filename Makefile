# What people run here. `make` alone says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

.PHONY: test
test: deps lint doc unit postgres ## Every test there is, on both engines; installs what it needs when it is missing

.PHONY: deps
deps: ## Install Chromium, its driver, Chinese fonts, PostgreSQL, nginx, sqlite3, libfaketime, openpyxl, jsonschema and LibreOffice from Debian's packages when missing, pm4py and Django
	@scripts/install-test-deps.sh

.PHONY: lint
lint: ## Formatting and clippy, warnings refused
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: doc
doc: ## The documentation builds without a warning
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# The target `nodes` brings a PostgreSQL of its own for each test, so that it runs once, with the others of that engine.
EMBEDDED := --workspace --lib --bins --test integration --test browser

# How many at once: `.config/nextest.toml`.
WHOLE := --profile whole --test-threads $$((3 * $$(nproc)))

# Nothing is tried twice: a test that fails now and then is a fault to be found.
.PHONY: unit
unit:
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo test --workspace --doc --quiet; \
		scripts/in-memory.sh cargo nextest run $(WHOLE) $(EMBEDDED) --no-fail-fast --retries 0; \
	else \
		scripts/in-memory.sh cargo test $(EMBEDDED) --no-fail-fast; \
	fi

# What does not touch the records was tried with the embedded ones.
.PHONY: postgres
postgres: ## The tests of the records, the server and the pages again, on a PostgreSQL server of their own
	@if cargo nextest --version >/dev/null 2>&1; then \
		scripts/in-memory.sh scripts/postgres.sh with cargo nextest run $(WHOLE) -p store -p app -p tasksteper --no-fail-fast --retries 0; \
	else \
		scripts/in-memory.sh scripts/postgres.sh with cargo test -p store -p app -p tasksteper --no-fail-fast; \
	fi

.PHONY: bench
bench: ## Load the real server at 10,000 and 100,000 items (BENCH_SIZES=10000,1000000: at these) and print the ratios
	cargo bench -p tasksteper --bench load

.PHONY: screenshots
screenshots: deps ## Every page at 1440×900 and 390×844, with full and with empty data, into target/tmp/pictures
	cargo test -p tasksteper --test browser -- look::

.PHONY: kept
kept: ## Keep a data file of the newest schema for the tests of upgrades; once for each migration
	@scripts/keep-schema.sh

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: demo
demo: ## The product with its four flows and a story to look at
	cargo run --release -- demo
