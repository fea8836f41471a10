# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the execution environment: ansible-builder accepts its definition and finds the requirements."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(tool: str, *arguments: str | Path, directory: Path) -> str:
    done = subprocess.run(
        [BIN / tool, *arguments],
        cwd=directory,
        env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(directory), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the installed collection, as users have it."""
    directory = tmp_path_factory.mktemp("installed")
    run("ansible-galaxy", "collection", "build", ROOT, directory=directory)
    [artifact] = directory.glob("*.tar.gz")
    options = ("--offline", "--no-deps", "--force", "--collections-path", directory)
    run("ansible-galaxy", "collection", "install", artifact, *options, directory=directory)
    return directory


def test_builder_finds_the_requirements_of_the_collection(installed: Path, tmp_path: Path) -> None:
    run("ansible-builder", "introspect", installed, "--write-pip", tmp_path / "python.txt", directory=tmp_path)
    [requirement] = (tmp_path / "python.txt").read_text().split("#")[:-1]
    assert requirement.strip() == "requests>=2.28"


def test_installed_collection_contains_the_files_for_awx(installed: Path) -> None:
    collection = installed / "ansible_collections/esops/inference"
    for path in sorted((ROOT / "docs/awx").rglob("*.*")):
        assert (collection / path.relative_to(ROOT)).read_bytes() == path.read_bytes()


def test_builder_accepts_the_definition(tmp_path: Path) -> None:
    definition = ROOT / "docs/awx/execution-environment.yml"
    options = ("--file", definition, "--context", tmp_path / "context", "--output-filename", "Containerfile")
    run("ansible-builder", "create", *options, directory=tmp_path)
    written = yaml.safe_load(definition.read_text())
    container = (tmp_path / "context/Containerfile").read_text()
    assert f'ARG EE_BASE_IMAGE="{written["images"]["base_image"]["name"]}"' in container
    assert "RUN $PKGMGR install -y git-core" in container
    assert "introspect" in container
    required = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text())
    assert required == written["dependencies"]["galaxy"]
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert [each["name"] for each in required["collections"]] == [f"{galaxy['repository']}.git"]


def test_documented_requirements_match_the_definition() -> None:
    needed = [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert needed == ["requests>=2.28"]
    assert "pip install 'requests>=2.28'" in (ROOT / "README.md").read_text()
