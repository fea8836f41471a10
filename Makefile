# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# All tools, ansible-core, and the collection itself are installed in .venv.
VENV := $(CURDIR)/.venv
export ANSIBLE_COLLECTIONS_PATH := $(VENV)
export PATH := $(VENV)/bin:$(PATH)
# The steps start hundreds of Python processes, which are much slower if each of them compiles the packages again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help test conformance contract demo docs bench build venv clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    Show the collection at work with a simulated Elasticsearch."
	@echo "make test    Run all checks and tests. To run one step: make test STEP=unit."
	@echo "             Steps: lint, types, unit, contract, integration, docs, sanity."
	@echo "make conformance"
	@echo "             Test with all supported versions of ansible-core and Python, and run the checks"
	@echo "             of Galaxy. To run one step: make conformance STEP=plays-2.16."
	@echo "             Steps: galaxy, sanity-VERSION, plays-VERSION. Failures with a release candidate of"
	@echo "             ansible-core are reported, but the command does not fail."
	@echo "make contract"
	@echo "             Compare a cluster with the behavior that the collection expects. Set the cluster and"
	@echo "             credentials in the environment or as arguments: make contract"
	@echo "             ELASTICSEARCH_URL=https://... The default is the simulator. See CONTRIBUTING.md."
	@echo "make docs    Build the documentation site, docs/site/build/html/index.html."
	@echo "make build   Build the collection, dist/esops-inference-VERSION.tar.gz."
	@echo "make bench   Run the benchmarks (about 15 minutes), and update their page and the table in the"
	@echo "             README. For rough results without updates: make bench QUICK=1."
	@echo "make venv    Create the environment, .venv."
	@echo "make clean   Remove the environment, caches, and results."
	@echo
	@echo "The latest suitable Python is used. To use another one (3.10 or later), set PYTHON=/path/to/python3."

test: venv
	@nox $(if $(STEP),--session $(STEP),--parallel 3)

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
