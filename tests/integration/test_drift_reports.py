# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the script of the guide "Report configuration drift". The tests of the playbook are in test_playbooks.py."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.guides import ROOT, blocks

SCRIPT = (ROOT / "docs/examples/drift_reports/drift_report.sh").read_text()
ARGUMENTS = (
    "-i inventory.yml esops.inference.anthropic_report "
    "-e anthropic_report_directory=/srv/www/drift -e anthropic_report_fail_on_drift=true"
)


def test_guide_shows_the_script() -> None:
    [shown] = [block.text for block in blocks("drift_reports") if block.language == "shell"]
    assert SCRIPT.partition("\n\n")[2] == shown


@pytest.mark.parametrize("status", [0, 2])
def test_script_sends_the_output_only_if_the_playbook_fails(tmp_path: Path, status: int) -> None:
    commands = {
        "ansible-playbook": f'echo "$@"; exit {status}',
        "mail": 'cat >sent; echo "$@" >>sent',
    }
    for name, command in commands.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{command}\n")
        (tmp_path / name).chmod(0o755)
    script = tmp_path / "drift_report.sh"
    script.write_text(SCRIPT.replace("/srv/inference", str(tmp_path)))
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    subprocess.run(["sh", script], env={"PATH": path}, check=True)
    sent = tmp_path / "sent"
    assert sent.exists() is (status != 0)
    if status:
        assert sent.read_text().splitlines() == [
            ARGUMENTS,
            "-s Inference endpoints have drifted team@example.com",
        ]
