# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the files in .github, which only GitHub itself uses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.artifact import ROOT

WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
ACTIONLINT = shutil.which("actionlint")


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / ".github" / name).read_text(encoding="utf-8"))


def steps(*arguments: str) -> set[str]:
    """Return the names of the steps that nox runs with these arguments."""
    tool = Path(sys.executable).with_name("nox")
    listed = subprocess.run([tool, "--list", "--json", *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return {step["name"] for step in json.loads(listed.stdout)}


@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not installed")
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_passes_actionlint(workflow: Path) -> None:
    assert ACTIONLINT
    done = subprocess.run([ACTIONLINT, "-no-color", str(workflow)], capture_output=True, text=True, check=False)

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_test_and_conformance_share_no_step() -> None:
    of_test, of_conformance = steps(), steps("--tags", "conformance")

    assert {"docs", "lint"} <= of_test
    assert {"build", "galaxy"} <= of_conformance
    assert of_test & of_conformance == set()


def test_ci_runs_test_and_conformance() -> None:
    target = load("workflows/ci.yml")["jobs"]["make"]["strategy"]["matrix"]["target"]

    assert [json.loads(targets) for targets in re.findall(r"'(\[.*?\])'", target)] == [
        ["test"],
        ["test", "conformance"],
    ]


def test_ci_runs_every_week_for_every_pull_request_and_for_every_tag() -> None:
    # Without its quotes, the key is a boolean in YAML.
    events = load("workflows/ci.yml")["on"]

    assert set(events) == {"push", "pull_request", "schedule"}
    assert events["push"] == {"branches": ["main"], "tags": ["*"]}


def test_push_to_main_publishes_the_site_that_make_test_has_built() -> None:
    make, site = (load("workflows/ci.yml")["jobs"][name] for name in ("make", "site"))
    upload = make["steps"][-1]

    assert f"{upload['with']['path']}/index.html" in (ROOT / "Makefile").read_text()
    assert upload["if"] == site["if"]
    assert site["needs"] == "make"
    assert load("workflows/ci.yml")["permissions"] == {"contents": "read"}
    assert site["permissions"] == {"pages": "write", "id-token": "write"}


def test_dependabot_updates_all_requirements_with_an_upper_bound() -> None:
    [update] = [update for update in load("dependabot.yml")["updates"] if update["package-ecosystem"] == "pip"]
    found = {
        f"/{path.parent.relative_to(ROOT)}"
        for pattern in ("requirements.txt", "tests/**/requirements.txt", "docs/*/requirements.txt")
        for path in ROOT.glob(pattern)
        if ",<" in path.read_text(encoding="utf-8")
    }

    assert set(update["directories"]) == found
