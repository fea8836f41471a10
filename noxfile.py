# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of `make test`; each also runs alone, as `make test STEP=<name>`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

BIN = Path(sys.executable).parent

# Every step uses the environment that nox itself runs in: .venv, made by the Makefile.
nox.options.default_venv_backend = "none"
nox.options.allow_parallel = True
os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(BIN.parent)

PACKAGE = "ansible_collections.esops.inference.plugins"


# The longest step comes first, so that it runs beside all the others.
@nox.session
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity; arguments after -- are handed on."""
    session.run("python", "tests/sanity/run.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, playbooks and changelog."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("ansible-lint", "--offline", "--strict", "--nocolor")
    session.run("antsibull-changelog", "lint")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    packages = [f"{PACKAGE}.{name}" for name in ("filter", "module_utils", "modules")]
    session.run("mypy", *(f"--package={package}" for package in packages))
    session.run("mypy", "--package", "tests.simulator", "--package", "tests.benchmark")


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests, and demand their coverage of plugins/."""
    if sys.version_info >= (3, 12):
        session.env["COVERAGE_CORE"] = "sysmon"  # measures lines at almost no cost
    session.run("pytest", "tests/unit", "--cov", "--cov-report=term-missing:skip-covered", *session.posargs)


@nox.session(venv_backend="venv", reuse_venv=True)
def docs(session: nox.Session) -> None:
    """Check the documentation and build its site, with tools that only this needs."""
    session.install("-r", "docs/site/requirements.txt")
    session.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", ".")
    session.run("python", "docs/site/build.py")


@nox.session
def integration(session: nox.Session) -> None:
    """Play every integration target against the simulator."""
    session.run("pytest", "tests/integration", *session.posargs)
