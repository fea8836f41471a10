# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the workflow that runs the suite with the official images, which only GitHub itself runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.versions import MINOR_VERSIONS

WORKFLOW = Path(__file__).parents[3] / ".github" / "workflows" / "contract.yml"
ACTIONLINT = shutil.which("actionlint")


@pytest.fixture
def workflow() -> Any:
    """Return the workflow."""
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def test_workflow_runs_every_supported_minor_version(workflow: Any) -> None:
    assert workflow["jobs"]["contract"]["strategy"]["matrix"]["version"] == list(MINOR_VERSIONS)


def test_workflow_runs_weekly_and_by_hand(workflow: Any) -> None:
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    [schedule] = workflow["on"]["schedule"]
    minute, hour, day_of_month, month, day_of_week = schedule["cron"].split()
    assert (day_of_month, month) == ("*", "*")
    assert all(field.isdigit() for field in (minute, hour, day_of_week))


def test_workflow_keeps_the_report_of_a_failed_run(workflow: Any) -> None:
    steps = workflow["jobs"]["contract"]["steps"]
    [upload] = [step for step in steps if step.get("uses", "").startswith("actions/upload-artifact@")]

    assert upload["if"] == "always()"
    assert upload["with"]["path"] == "${{ env.CONTRACT_REPORT }}"


@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing_in_the_workflow() -> None:
    assert ACTIONLINT
    done = subprocess.run([ACTIONLINT, "-no-color", str(WORKFLOW)], capture_output=True, text=True, check=False)

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
