# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything happens in the checkout: tools, ansible-core and the collection itself are in .venv.
VENV := $(CURDIR)/.venv
export ANSIBLE_COLLECTIONS_PATH := $(VENV)
export PATH := $(VENV)/bin:$(PATH)

.PHONY: help test conformance contract demo docs bench build venv clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    shows the collection at work against a simulated Elasticsearch"
	@echo "make test    runs all checks and tests; make test STEP=unit runs one of"
	@echo "             lint, types, unit, contract, integration, docs, sanity"
	@echo "make conformance"
	@echo "             tests it with every ansible-core and Python that is supported, and runs the checks"
	@echo "             of Galaxy; make conformance STEP=plays-2.16 runs one of"
	@echo "             galaxy, sanity-VERSION, plays-VERSION. What fails with a candidate of ansible-core"
	@echo "             is reported, and does not count"
	@echo "make contract"
	@echo "             compares a cluster with what the collection relies on; ELASTICSEARCH_URL and"
	@echo "             credentials come from the environment or follow, as in make contract"
	@echo "             ELASTICSEARCH_URL=https://...; without it, the simulator. See CONTRIBUTING.md"
	@echo "make docs    builds the documentation's site, docs/site/build/html/index.html"
	@echo "make build   builds what users install, dist/esops-inference-VERSION.tar.gz"
	@echo "make bench   measures how long things take, in a quarter of an hour, and writes the page of"
	@echo "             figures and the README's table; make bench QUICK=1 is rough, and writes nothing"
	@echo "make venv    only makes the environment, .venv"
	@echo "make clean   removes the environment, caches and results"
	@echo
	@echo "The newest suitable Python is found; PYTHON=/path/to/python3 names another (3.10 or newer)."

test: venv
	@nox $(if $(STEP),--session $(STEP),--parallel 2)

conformance: venv
	@nox $(if $(STEP),--session $(STEP),--tags conformance --parallel 2)

contract: venv
	@python -m pytest tests/contract/rows --quiet --no-header --tb=no -rN $(if $(ROW),-k "$(ROW)")

build: venv
	@nox --session build

demo: venv
	@tests/demo/run.sh

docs: venv
	@nox --session docs

bench: venv
	@python -m tests.benchmark $(if $(QUICK),--quick)

venv: .venv/.done

.venv/.done: tests/requirements.txt tests/venv.sh
	@PYTHON="$(PYTHON)" bash tests/venv.sh

clean:
	@rm -rf .venv .nox .ansible .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache dist docs/site/build tests/output
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
