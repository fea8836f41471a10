# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the examples in CONTRIBUTING.md: each is a diff, which is applied to a copy of the collection."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "tests/unit/examples").glob("*.diff"))

#: The files that the tests of an example require.
_COPIED = ("plugins", "tests", "README.md", "galaxy.yml", "pyproject.toml")

#: Compares the catalog, with the service `acme` of an example, with the specification.
CATALOG = "tests/unit/plugins/module_utils/_services/test_catalog.py"

examples = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)


def copy_of_collection(place: Path) -> Path:
    """Copy the collection to a directory of collections, and return its path."""
    copy = place / "ansible_collections/esops/inference"
    copy.mkdir(parents=True)
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "output"))
        else:
            shutil.copy(source, copy / name)
    return copy


def run(command: list[str], copy: Path, collections: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy. Its files take precedence over those of this checkout."""
    environment = {**os.environ, "PYTHONPATH": str(collections), "GIT_CEILING_DIRECTORIES": str(collections)}
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


def added_tests(example: Path) -> dict[str, list[str]]:
    """Return the tests that a diff adds, by the paths of their files."""
    found: dict[str, list[str]] = {}
    path = ""
    for line in example.read_text(encoding="utf-8").splitlines():
        path = line[len("+++ b/") :] if line.startswith("+++ b/") else path
        added = re.match(r"\+\s*def (test_\w+)", line)
        if added:
            found.setdefault(path, []).append(added[1])
    return found


def passed_tests(ended: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the names of the tests that passed in a verbose run."""
    return set(re.findall(r"::(test_\w+)(?:\[.*\])? PASSED", ended.stdout))


@examples
def test_contributing_contains_the_example(example: Path) -> None:
    shown = f"```diff\n{example.read_text(encoding='utf-8')}```\n"
    assert shown in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@examples
def test_tests_pass_only_with_the_example(example: Path, tmp_path: Path) -> None:
    """With the example, the tests that it adds pass, and those that compare the catalog with the specification."""
    copy = copy_of_collection(tmp_path)
    tests = added_tests(example)
    names = [name for names in tests.values() for name in names]
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *tests]
    before = run([*command, "-k", " or ".join(names)], copy, tmp_path)
    assert passed_tests(before).isdisjoint(names)

    applied = run(["git", "apply", "--verbose", str(example)], copy, tmp_path)
    assert applied.returncode == 0, applied.stderr
    after = run([*command, CATALOG, "-k", " or ".join([*names, "acme", "specification"])], copy, tmp_path)
    assert after.returncode == 0, after.stdout
    assert passed_tests(after) > set(names)
