# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run `ansible-test sanity` on this checkout, with the ansible-core of the Python that runs this program.

ansible-test has some requirements, which this program meets:

* It must run in a real directory `…/ansible_collections/<namespace>/<name>`. This program makes a copy.
* It installs packages into its home directory and ignores the environment variables of pip. It gets a home directory
  next to this Python, with a configuration file for pip.
* It downloads the installer of pip from its own host, which is unreachable in a network that only has a package index.
  This program replaces it with a script that uses the pip bundled with Python.
* It tests modules with every Python on PATH, and fails at the shims of pyenv, which do not run unless they are enabled.
  This program puts the actual Pythons on PATH.

If ansible-test skips a check, for example because a program is missing, this program fails. If a Python is missing, it
fails only with --every-python, and only for the Pythons in tests/supported.yml. Other arguments are passed to
ansible-test.

`make conformance` uses --every-python, which skips nothing. `make test` uses no arguments, which skips these checks:

* Compiling and importing modules with other Pythons than the oldest available one. The unit tests import all modules
  with the Python of .venv.
* pylint and pep8, because ruff and, for most files, mypy check the same files in the steps `lint` and `types`.
* changelog, because `antsibull-changelog lint` does the same, and runtime-metadata and yamllint, because `ansible-lint`
  checks the same files. All of them are part of the step `lint`.
* ansible-doc, because the step `docs` builds the pages of all plugins.
* action-plugin-docs, because the collection has no action plugins.
* The virtual environment of ansible-test itself. Its tests still run in their own.
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

#: Checks that `make test` skips, or runs separately.
SKIPPED = (
    *("action-plugin-docs", "ansible-doc", "changelog", "compile", "import"),
    *("pep8", "pylint", "runtime-metadata", "yamllint"),
)

GET_PIP = """\
# A replacement for get-pip.py with the same arguments.
import ensurepip
import glob
import os
import subprocess
import sys

requirements = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
bundled = glob.glob(os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl"))
if bundled:
    pip = [os.path.join(bundled[0], "pip")]  # Python can run a wheel
else:
    subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
    pip = ["-m", "pip"]
subprocess.check_call([sys.executable] + pip + ["install"] + requirements)
"""


def output(*command: str) -> str:
    """Return the output of the command."""
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def write_pip_configuration() -> None:
    """Write the configuration of pip, from files and the environment, to the place that ansible-test's pip reads."""
    pip = (sys.executable, "-m", "pip")
    config = configparser.RawConfigParser()
    config["global"] = {}
    listed = output(*pip, "config", "list").splitlines()
    # The environment comes last, because it takes precedence.
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):
        name, value = line.split("=", 1)
        section, key = name.replace(":env:", "global").rsplit(".", 1)
        config.setdefault(section, {})[key] = ast.literal_eval(value)
    config["global"]["cache-dir"] = output(*pip, "cache", "dir").strip()
    config["global"]["quiet"] = "2"
    # Most of the installed files are never imported. Python compiles the others on import.
    config.setdefault("install", {})["compile"] = "no"
    path = HOME / ".config/pip/pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # the address of an index can contain a password
    with path.open("w") as file:
        config.write(file)


def write_get_pip() -> None:
    """Write GET_PIP to the cache of ansible-test, under the file name in its source."""
    source = Path(ansible_test.__file__).parent / "_util/target/setup/requirements.py"
    name = re.search(r"'~/(\S+get_pip_%s\.py)'", source.read_text())
    if not name:
        sys.exit(f"{source} installs pip in an unknown way.")
    for python in (SimpleNamespace(version=version) for version in SUPPORTED_PYTHON_VERSIONS):
        path = HOME / (name[1] % get_venv_packages(python)["pip"].replace(".", "_"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GET_PIP)


def path_of_pythons() -> str:
    """Return PATH with the Pythons of pyenv instead of its shims."""
    directories = os.environ["PATH"].split(os.pathsep)
    if shutil.which("pyenv"):
        root = Path(output("pyenv", "root").strip())
        directories = [directory for directory in directories if Path(directory) != root / "shims"]
        directories += [str(directory) for directory in sorted(root.glob("versions/*/bin"))]
    return os.pathsep.join(directories)


def is_gap(line: str, pythons: Collection[str]) -> bool:
    """Return whether ansible-test reports a skipped check. A missing Python counts only if it is one of `pythons`."""
    missing = re.search(r'WARNING: Skipping sanity test "\S+" on Python (\S+) because it could not be found', line)
    if missing:
        return missing[1] in pythons
    return bool(re.search(r"WARNING: (Skipping|Required program)", line))


def commands(arguments: list[str], pythons: Sequence[str], *, every_python: bool) -> list[list[str]]:
    """Return the arguments of each run of ansible-test sanity. `pythons`: the available Pythons, oldest first."""
    if every_python or arguments:
        return [["--venv", *arguments]]
    return [
        [part for name in SKIPPED for part in ("--skip-test", name)],
        ["--test", "compile", "--test", "import", "--python", pythons[0]],
    ]


def run(collection: Path, arguments: list[str]) -> tuple[int, list[str]]:
    """Run ansible-test sanity and print its output. Return its exit status and its warnings."""
    tool = Path(sys.executable).with_name("ansible-test")
    warnings: dict[str, None] = {}  # without duplicates: ansible-test repeats them at its end
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
    print(f"ansible-core {ansible_release.__version__}: exit status {status}, {len(gaps)} checks skipped.")
    return status or bool(gaps)


if __name__ == "__main__":
    sys.exit(main())
