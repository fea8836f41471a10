# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the artifact: its files, its installation without a network, and its modules after installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifact import NAME, ROOT, VERSION, build, copy_checkout
from tests.integration.everything import play_everything

COLLECTION = "esops.inference"
DIRECTORIES = ("docs", "meta", "playbooks", "plugins", "roles")
FILES = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs/changelog.yaml",
    "changelogs/config.yaml",
    "requirements.txt",
}
#: Files for contributors and reviewers only.
LEFT_OUT = ("docs/INCLUSION.md", "docs/contributing/", "docs/site/")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a path for collections that contains only the artifact."""
    path = tmp_path_factory.mktemp("collections")
    run_tool("ansible-galaxy", path, "collection", "install", str(artifact), "--offline", "-p", str(path))
    return path


def run_tool(name: str, collections: Path, *arguments: str) -> str:
    """Run a tool of ansible-core with only these collections, and return its output."""
    run = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(collections),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
        },
        cwd=collections,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return run.stdout


def plugins() -> Iterator[tuple[str, str]]:
    """Yield the type and the full name of each plugin, module, and role of the checkout."""
    for path in sorted(ROOT.glob("plugins/*/*")):
        kind = path.parent.name.removesuffix("s")
        # Several filters can share a file. Each has its own documentation file.
        suffix = ".yml" if any(path.parent.glob("*.yml")) else ".py"
        if kind not in ("doc_fragment", "module_util") and path.suffix == suffix:
            yield kind, f"{COLLECTION}.{path.stem}"
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        yield "role", f"{COLLECTION}.{path.parents[1].name}"


def test_artifact_contains_only_files_for_users(artifact: Path, tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    names = [str(path.relative_to(tmp_path)) for name in DIRECTORIES for path in tmp_path.glob(f"{name}/**/*.*")]
    needed = {name for name in names if not name.startswith(LEFT_OUT)}
    with tarfile.open(artifact) as tar:
        held = {member.name for member in tar if not member.isdir()}
    assert artifact.name == NAME == f"esops-inference-{VERSION}.tar.gz"
    assert held == needed | FILES


def test_installed_plugins_have_documentation(installed: Path) -> None:
    found = defaultdict[str, list[str]](list)
    for kind, name in plugins():
        found[kind].append(name)
    for kind, names in found.items():
        documented = json.loads(run_tool("ansible-doc", installed, "--json", "--type", kind, *names))
        for name in names:
            where = documented[name]["path"] if kind == "role" else documented[name]["doc"]["filename"]
            assert where.startswith(str(installed))
    assert len(found["module"]) >= 2
    assert len(found["role"]) == 2


def test_installed_collection_works(installed: Path, tmp_path: Path) -> None:
    modules = (installed / "ansible_collections/esops/inference/plugins/modules").glob("*.py")
    assert set(play_everything(tmp_path, installed)) == set(modules)
