# Two commands do all the set-up on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

.PHONY: install
install: .venv/.installed  ## the environment and locked dependencies

.tools/.uv-$(UV_VERSION):
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	touch $@

.venv/.installed: requirements.lock .tools/.uv-$(UV_VERSION)
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	touch $@

.PHONY: lock
lock: .tools/.uv-$(UV_VERSION)  ## write the lock file anew from pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --all-extras \
		pyproject.toml -o requirements.lock
