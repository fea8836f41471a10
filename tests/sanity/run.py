# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run `ansible-test sanity` on this checkout, with the ansible-core of the Python that runs this.

ansible-test needs some help for that:

* It wants to stand in a real `…/ansible_collections/<namespace>/<name>`: a copy is made for it.
* It installs into its home directory, without pip's environment variables: it gets a home beside the
  Python that runs this, with pip's configuration written down there.
* It downloads the script that installs pip from a host of its own, which a network with nothing but a
  package index does not reach: a script that uses the pip that comes with Python takes its place.
* It checks modules with every Python on PATH and fails at the stand-ins of pyenv, which run nothing
  unless they are switched on: the Pythons behind them take their place.

Whatever ansible-test leaves out, for want of a program say, is a failure here; for want of a Python only
with --every-python, and of those that tests/supported.yml names. Other arguments are handed on to ansible-test.

Without arguments, which is `make test`, it runs less than with --every-python, which is `make conformance` and
leaves nothing out:

* pylint is left out. Ruff, and mypy for most of it, look at the same files in the steps `lint` and `types`.
* Modules are compiled and imported with the oldest and the newest Python that is here, not with those between them.
* pep8 is left out, because `ruff check` and `ruff format` demand more, and changelog, because
  `antsibull-changelog lint` is what it runs: both are in the step `lint`.
* ansible-test makes no environment of its own to run in; its tests have theirs all the same.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from types import SimpleNamespace

import ansible_test
import yaml
from ansible import release as ansible_release
from ansible_test._internal.constants import SUPPORTED_PYTHON_VERSIONS
from ansible_test._internal.python_requirements import get_venv_packages

from tests.artifact import ROOT, copy_checkout

EVERY_PYTHON = "--every-python"
HOME = Path(sys.prefix, "sanity")

#: What is left out of `make test`, or done by another run of ansible-test.
SKIPPED = ("changelog", "compile", "import", "pep8", "pylint")

GET_PIP = """\
# Takes the same arguments as get-pip.py.
import ensurepip
import glob
import os
import subprocess
import sys

requirements = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
bundled = glob.glob(os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl"))
if bundled:
    pip = [os.path.join(bundled[0], "pip")]  # a wheel is a program, too
else:
    subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
    pip = ["-m", "pip"]
subprocess.check_call([sys.executable] + pip + ["install"] + requirements)
"""


def output(*command: str) -> str:
    """Return what the command prints."""
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def write_pip_configuration() -> None:
    """Write what configures pip here, from files and environment, where ansible-test's pip looks for it."""
    pip = (sys.executable, "-m", "pip")
    config = configparser.RawConfigParser()
    config["global"] = {}
    listed = output(*pip, "config", "list").splitlines()
    # The environment comes last, because it wins.
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):
        name, value = line.split("=", 1)
        section, key = name.replace(":env:", "global").rsplit(".", 1)
        config.setdefault(section, {})[key] = ast.literal_eval(value)
    config["global"]["cache-dir"] = output(*pip, "cache", "dir").strip()
    config["global"]["quiet"] = "2"
    # Most of what is installed is never imported; what is, Python compiles when it is.
    config.setdefault("install", {})["compile"] = "no"
    path = HOME / ".config/pip/pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # an index's address may hold a password
    with path.open("w") as file:
        config.write(file)


def write_get_pip() -> None:
    """Put GET_PIP where ansible-test keeps what it downloads, under the name that its source gives."""
    source = Path(ansible_test.__file__).parent / "_util/target/setup/requirements.py"
    name = re.search(r"'~/(\S+get_pip_%s\.py)'", source.read_text())
    if not name:
        sys.exit(f"{source} gets pip in a way that is not known here.")
    for python in (SimpleNamespace(version=version) for version in SUPPORTED_PYTHON_VERSIONS):
        path = HOME / (name[1] % get_venv_packages(python)["pip"].replace(".", "_"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GET_PIP)


def path_of_pythons() -> str:
    """Return PATH, with the Pythons of pyenv instead of its stand-ins."""
    directories = os.environ["PATH"].split(os.pathsep)
    if shutil.which("pyenv"):
        root = Path(output("pyenv", "root").strip())
        directories = [directory for directory in directories if Path(directory) != root / "shims"]
        directories += [str(directory) for directory in sorted(root.glob("versions/*/bin"))]
    return os.pathsep.join(directories)


def is_gap(line: str, pythons: Collection[str]) -> bool:
    """Whether ansible-test says that it left something out, other than what needs a Python not among `pythons`."""
    missing = re.search(r'WARNING: Skipping sanity test "\S+" on Python (\S+) because it could not be found', line)
    if missing:
        return missing[1] in pythons
    return bool(re.search(r"WARNING: (Skipping|Required program)", line))


def commands(arguments: list[str], pythons: Sequence[str], *, every_python: bool) -> list[list[str]]:
    """The arguments of each run of ansible-test sanity, on a machine with these Pythons, the oldest first."""
    if every_python or arguments:
        return [["--venv", *arguments]]
    return [
        [part for name in SKIPPED for part in ("--skip-test", name)],
        *(
            ["--test", "compile", "--test", "import", "--python", version]
            for version in dict.fromkeys((pythons[0], pythons[-1]))
        ),
    ]


def run(collection: Path, arguments: list[str]) -> tuple[int, list[str]]:
    """Run ansible-test sanity, showing what it prints. Return its exit status and its warnings."""
    tool = Path(sys.executable).with_name("ansible-test")
    warnings: dict[str, None] = {}  # each once: ansible-test repeats them at its end
    with subprocess.Popen(
        [tool, "sanity", "--color", "no", *arguments],
        cwd=collection,
        env={**os.environ, "HOME": str(HOME), "PATH": path_of_pythons()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith("WARNING: "):
                warnings[line.rstrip()] = None
    return process.returncode, list(warnings)


def main() -> int:
    arguments = sys.argv[1:]
    every_python = EVERY_PYTHON in arguments
    pythons: list[str] = []
    if every_python:
        arguments.remove(EVERY_PYTHON)
        pythons = yaml.safe_load((ROOT / "tests/supported.yml").read_text())["pythons"]
    write_pip_configuration()
    write_get_pip()
    here = [
        version for version in SUPPORTED_PYTHON_VERSIONS if shutil.which(f"python{version}", path=path_of_pythons())
    ]
    status = 0
    gaps: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        collection = Path(directory, "ansible_collections/esops/inference")
        copy_checkout(collection)
        for command in commands(arguments, here, every_python=every_python):
            exit_status, warnings = run(collection, command)
            status = status or exit_status
            gaps += [warning for warning in warnings if is_gap(warning, pythons)]
    print(f"ansible-core {ansible_release.__version__}: exit status {status}, {len(gaps)} checks left out.")
    return status or bool(gaps)


if __name__ == "__main__":
    sys.exit(main())
