# Two commands do all the set-up on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
TESTS ?= tests
ROWS := $(wildcard tests/integration/test_*.py) tests/integration/admin tests/integration/api/test_events.py tests/integration/api/test_fuzz.py tests/test_migrations.py tests/browser
export UV_PYTHON_DOWNLOADS := never
# The machine's own authorities where it has some, as pip takes them; else the bundled ones.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif

.PHONY: help
help:  ## what there is to make
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: install
install: .venv/.installed  ## the environment and locked dependencies

.tools/.uv-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3.11 …"; exit 1; }
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	touch $@

.venv/.installed: requirements.lock .tools/.uv-$(UV_VERSION)
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	touch $@

.PHONY: run
run: install  ## web, worker, beat and a mail catcher with demo data; Ctrl-C ends all
	@$(BIN)/python -m tracking.embedded.environment
	@$(BIN)/python manage.py run

.PHONY: test
test: install test-rows  ## every test, the browser's once; those whose services are missing are skipped by name
	$(BIN)/pytest -n auto --dist worksteal -m "not crash" $(TESTS) \
		$(if $(filter tests,$(TESTS)),$$($(BIN)/python -m tests.services postgres >/dev/null && echo --ignore=tests/browser))
	@echo "Processes that are killed want the machine for themselves; three installations, which mostly wait, have room on it:"
	$(BIN)/pytest -n 3 --dist worksteal -m crash $(TESTS:tests=tests/crash) || test $$? = 5 # none among those wanted

.PHONY: test-rows
test-rows: install  ## the tests of rows and of the browser on PostgreSQL, where one answers
	@if url=$$($(BIN)/python -m tests.services postgres); \
	then TEST_DATABASE_URL=$$url $(BIN)/pytest -q -n auto --dist worksteal $(ROWS); \
	else echo "skipped: the tests of rows and of the browser on PostgreSQL"; test -z "$$TRACKING_REQUIRE_SERVICES"; fi

.PHONY: check
check: lint types migrations-check docker-lint  ## all that must hold before a change is shared
	@$(MAKE) --no-print-directory test

.PHONY: lint
lint: install  ## form and style of the code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

.PHONY: types
types: export ENV_FILE := tests/settings.env
types: install  ## mypy, strict
	$(BIN)/mypy

.PHONY: migrations-check
migrations-check: export ENV_FILE := tests/settings.env
migrations-check: install  ## no model without its migration
	$(BIN)/python manage.py makemigrations --check --dry-run

.PHONY: docker-lint
docker-lint: install  ## Dockerfile and compose file, without an engine
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

.PHONY: sbom
sbom: install  ## var/sbom.json: what the image is made of (CycloneDX), from its lock file, without a network
	@mkdir -p var
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements docker/requirements.lock --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON -o var/sbom.json

PIP_AUDIT := 2.10.1
.PHONY: audit
audit: install  ## known holes in what the image is made of; skipped where nobody can be asked
	@$(BIN)/python -m tests.known_holes $(UV) tool run --quiet pip-audit==$(PIP_AUDIT) \
		--disable-pip --require-hashes -r docker/requirements.lock

.PHONY: bench
bench: install  ## how fast it is, beside others; SIZE=full for millions of rows, PARTS="send match" for some
	$(BIN)/python -m benchmarks $(PARTS)

SOAK_MINUTES ?= 60
SOAK_SEEDS ?= 1
.PHONY: soak
soak: export CRASH_SECONDS = $(shell expr $(SOAK_MINUTES) '*' 30)
soak: export CRASH_SEEDS = $(SOAK_SEEDS)
soak: install  ## everything fails in turn for SOAK_MINUTES (60), half of them a broker, in SOAK_SEEDS (1) orders; ends in var/soak.json, README and docs
	$(BIN)/pytest -s -q -m crash tests/crash/test_chaos.py
	$(BIN)/python -m tests.crash.report README.md docs/reliability.md

.PHONY: screenshots
screenshots: install  ## the pictures in docs/images, taken from the running product
	$(BIN)/python -m tests.screenshots

.PHONY: editor
editor:  ## the bundle of the rule form's editor, from tracking/static_src/editor; needs npm
	cd tracking/static_src/editor && npm ci --ignore-scripts && npm run build

.PHONY: lock
lock: .tools/.uv-$(UV_VERSION)  ## write the lock files anew from pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --all-extras \
		pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
		--constraints requirements.lock --extra embedded pyproject.toml -o docker/requirements.lock

.PHONY: clean
clean:  ## away with what was made beside the environment: demo data, logs, caches
	rm -rf var staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -not -path './.tools/*' -prune -exec rm -rf {} +
