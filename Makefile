# Two commands on a fresh machine: `make demo` and `make test`. Everything is installed into .venv.

PYTHON ?= python3
PY := .venv/bin/python

.PHONY: demo demo-painting test fuzz soak test-hosts test-lowest lint format plugins protos options texts bench audit

demo: .venv/installed
	$(PY) -m tests.demo $(if $(OUTPUT),--output "$(OUTPUT)") $(if $(SOURCE),--source "$(SOURCE)") $(if $(TARGET),--target "$(TARGET)")

demo-painting: .venv/installed
	$(PY) -m tests.demo_painting $(if $(OUTPUT),--output "$(OUTPUT)") $(if $(SOURCE),--source "$(SOURCE)") $(if $(TARGET),--target "$(TARGET)")

test: lint
	$(PY) -m pytest $(PYTEST_ARGUMENTS)

# Nonsense against a server for as long as one likes: MINUTES=60, and SEED= to repeat a run.
fuzz: .venv/installed
	$(PY) -m tests.fuzz $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(SEED),--seed "$(SEED)") $(FUZZ_ARGUMENTS)

test-hosts: .venv/installed
	$(PY) -m pytest -m hosts tests/hosts $(PYTEST_ARGUMENTS)

# The fast tests with the lowest versions that pyproject.toml allows.
test-lowest: build/lowest/installed
	build/lowest/bin/python -m pytest -m "not slow and not hosts" $(PYTEST_ARGUMENTS)

# The promises that server/deploy/README.md makes, for MINUTES, with slopes of memory, descriptors and threads.
soak: .venv/installed
	$(PY) -m tests.promises.soak $(or $(MINUTES),60)

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy server training plugins protos/pleinair/common protos/pleinair/pictures tests
	.venv/bin/buf lint protos

format: .venv/installed
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

protos: .venv/installed
	$(PY) protos/generate.py
	$(PY) -m plugins.schemas

options: .venv/installed
	$(PY) -m training.option_tables training/README.md
	$(PY) -m server.options.table server/README.md

texts: .venv/installed
	$(PY) -m plugins.translations

plugins: .venv/installed
	$(PY) -m plugins.bundle

bench: .venv/installed
	$(PY) -m tests.benchmarks.serving $(SERVING_ARGUMENTS)
	$(PY) -m tests.benchmarks.wire
	$(PY) -m tests.benchmarks.training_step
	$(PY) -m tests.benchmarks.opening

# Known advisories; status 3 where their source cannot be reached.
audit: .venv/installed
	$(PY) -m tests.audit build/audit

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Pleinair needs Python 3.11 or newer; name one with make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[train,metrics,dev]'
	$(PY) -m plugins.vendor
	touch $@

build/lowest/installed: pyproject.toml .ci/lowest
	PYTHON="$(PYTHON)" .ci/lowest build/lowest
	build/lowest/bin/python -m plugins.vendor
	touch $@
