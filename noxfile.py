# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of `make test` and of `make conformance`; each also runs alone, as `make test STEP=<name>`."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nox
import nox.command
import yaml

BIN = Path(sys.executable).parent

# The steps of `make test` use the environment that nox itself runs in: .venv, made by the Makefile.
nox.options.default_venv_backend = "none"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = True
nox.options.allow_parallel = True
os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(BIN.parent)

if shutil.which("pyenv"):
    # pyenv's python3.x only work for the versions that are switched on: switch on all of them.
    versions = subprocess.run(["pyenv", "versions", "--bare"], stdout=subprocess.PIPE, text=True, check=True)
    os.environ["PYENV_VERSION"] = ":".join(versions.stdout.split())

SUPPORTED = yaml.safe_load(Path("tests/supported.yml").read_text())
CANDIDATES = SUPPORTED["ansible_core_candidates"] or {}
ARTIFACT = Path(f"dist/esops-inference-{yaml.safe_load(Path('galaxy.yml').read_text())['version']}.tar.gz").absolute()
PACKAGE = "ansible_collections.esops.inference.plugins"


# The longest steps come first, so that the others run at the same time.
@nox.session
def integration(session: nox.Session) -> None:
    """Play every integration target against the simulator."""
    # Two processes, because this step takes as long as all others. Tests of a file share fixtures, and stay together.
    session.run("pytest", "tests/integration", "--numprocesses=2", "--dist=loadfile", *session.posargs)


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests, and demand their coverage of plugins/."""
    if sys.version_info >= (3, 12):
        session.env["COVERAGE_CORE"] = "sysmon"  # measures lines at almost no cost
    session.run("pytest", "tests/unit", "--cov", "--cov-report=term-missing:skip-covered", *session.posargs)


@nox.session
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity; arguments after -- are handed on."""
    session.run("python", "-m", "tests.sanity.run", *session.posargs)


@nox.session(venv_backend="uv|venv", reuse_venv=True)
def docs(session: nox.Session) -> None:
    """Check the documentation and build its site, with tools that only this needs."""
    session.install("--no-compile", "-r", "docs/site/requirements.txt")
    session.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", ".")
    session.run("python", "docs/site/build.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, playbooks, changelog, licenses, and language."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("ansible-lint", "--offline", "--strict", "--nocolor")
    session.run("antsibull-changelog", "lint")
    session.run("reuse", "lint", "--lines")
    session.run("python", "-m", "tests.prose")


@nox.session
def contract(session: nox.Session) -> None:
    """Compare the simulator with every row, in every version. `make contract` takes a real cluster, this never."""
    session.run("pytest", "tests/contract", *session.posargs, env={"ELASTICSEARCH_URL": ""})


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    packages = [f"{PACKAGE}.{name}" for name in ("filter", "module_utils", "modules")]
    session.run("mypy", *(f"--package={package}" for package in packages))
    session.run("mypy", "--package", "tests.simulator", "--package", "tests.benchmark", "--package", "tests.contract")


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build the artifact that users install, in dist."""
    session.run("python", "-m", "tests.artifact", "dist")


@nox.session(default=False)
def pythons(session: nox.Session) -> None:
    """Make the environments that modules are played in, with the oldest and the newest requests."""
    session.run("python", "-m", "tests.conformance.pythons")


conformance = functools.partial(nox.session, venv_backend="venv", reuse_venv=True, default=False, tags=["conformance"])


@contextlib.contextmanager
def ansible_core(session: nox.Session, core: str) -> Iterator[None]:
    """Install ansible-core. What fails with a candidate of it is reported, and does not fail the step."""
    if core not in CANDIDATES:
        session.install(f"ansible-core=={core}.*")
        yield
        return
    version = core
    try:
        session.install("--upgrade", f"ansible-core=={core}.*,>={core}.0.dev0")  # .dev0: pip takes candidates, too
        version = session.run(
            "python", "-c", "import ansible.release as it; print(it.__version__)", silent=True
        ).strip()
        session.warn(f"ansible-core {version} is a candidate: this step reports what fails, but does not fail.")
        yield
    except nox.command.CommandFailed as failure:
        session.skip(f"FAILED with the candidate ansible-core {version}, see the output of this step: {failure.reason}")
    session.log(f"Passed with the candidate ansible-core {version}.")
    if version.replace(".", "").isdigit():
        session.warn(f"ansible-core {version} is released: move its line in tests/supported.yml.")


def add_steps_for(core: str, python: str, requests: str) -> None:
    """Add the steps of one ansible-core, which runs on this Python; modules run with the oldest or newest requests."""

    @conformance(name=f"sanity-{core}", python=python)
    def sanity_on_core(session: nox.Session) -> None:
        """Run ansible-test sanity with every Python that is supported."""
        with ansible_core(session, core):
            session.run("python", "-m", "tests.sanity.run", "--every-python", *session.posargs)

    @conformance(name=f"plays-{core}", python=python, requires=["build", "pythons"])
    def plays_on_core(session: nox.Session) -> None:
        """Play what is built: every integration target, and the modules on every Python that is supported."""
        variables = {"ANSIBLE_CORE": core, "REQUESTS_AGE": requests}
        tests = ("tests/integration/test_targets.py", "tests/conformance")
        with ansible_core(session, core):
            session.install("pytest", "requests", "trustme", "--constraint", "tests/requirements.txt")
            # The tests look for the collection in the environment of the Python that runs them.
            session.run(
                "ansible-galaxy", "collection", "install", ARTIFACT, "--force", "-p", session.virtualenv.location
            )
            session.run("pytest", *tests, *session.posargs, env=variables)


for number, (core, python) in enumerate((SUPPORTED["ansible_cores"] | CANDIDATES).items()):
    add_steps_for(core, python, "newest" if number % 2 else "oldest")


@conformance(requires=["build"])
def galaxy(session: nox.Session) -> None:
    """Import what is built as Ansible Galaxy does, which is to warn of nothing."""
    session.install("galaxy-importer>=0.4.44,<1")
    session.chdir(session.create_tmp())  # it leaves its result there
    log = session.run(
        "python",
        "-m",
        "galaxy_importer.main",
        ARTIFACT,
        env={"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"},
        silent=True,
    )
    print(log)
    if "WARNING" in log or "ERROR" in log or "completed successfully" not in log:
        session.error("galaxy-importer found something")
