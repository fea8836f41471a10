# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the demo: each step, its cleanup, and its output in the README."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.harness import BYTECODE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the output of the demo without a terminal."""
    home = tmp_path_factory.mktemp("home")
    run = subprocess.run(
        [ROOT / "tests/demo/run.sh"],
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": sys.prefix,
            "PYTHONPATH": BYTECODE,
            # Variables of the user must not affect the demo.
            "ELASTICSEARCH_URL": "http://127.0.0.1:9",
            "ELASTICSEARCH_USERNAME": "elastic",
            "HTTP_PROXY": "http://127.0.0.1:9",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert [path.name for path in home.iterdir() if path.name != ".ansible"] == []
    return run.stdout


def test_demo_steps_report_the_expected_changes(output: str) -> None:
    steps = re.split(r"^\d\. .*\n=+$", output, flags=re.MULTILINE)[1:]
    assert [re.findall(r"changed=(\d) ", step) for step in steps] == [["1"], ["0"], ["1"], ["1"], ["1"]]
    assert "Every step had the expected result." in steps[-1]


def test_demo_without_terminal_prints_no_color_and_no_warning(output: str) -> None:
    assert "\x1b" not in output
    assert "WARNING" not in output
    assert "DEPRECATION" not in output


def test_demo_does_not_print_the_api_key(output: str) -> None:
    assert "a-key-for-the-demo" in (ROOT / "tests/demo/run.sh").read_text()
    assert "a-key-for-the-demo" not in output


def test_demo_stops_its_server(output: str) -> None:
    found = re.search(r"http://127\.0\.0\.1:\d+", output)
    assert found
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(found[0]).port))


def test_readme_contains_the_output_of_the_demo(output: str) -> None:
    """The README leaves out the lines PLAY and PLAY RECAP."""
    readme = (ROOT / "README.md").read_text()
    quoted = re.search(r"```console\n(\$ ansible-playbook create.yml\n.*?)```", readme, re.DOTALL)
    assert quoted
    shown = re.sub(r"^PLAY .*\n+", "", output, flags=re.MULTILINE)
    assert quoted[1].rstrip() in shown
