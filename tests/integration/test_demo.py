# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo does what it shows, the README shows what it does, and neither leaves anything behind."""

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
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that the demo prints, without a terminal."""
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
            # What a user may have set, and what must not matter
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


def test_demo_shows_each_step(shown: str) -> None:
    steps = re.split(r"^\d\. .*\n=+$", shown, flags=re.MULTILINE)[1:]
    assert [re.findall(r"changed=(\d) ", step) for step in steps] == [["1"], ["0"], ["1"], ["1"], ["1"]]
    assert "Every step did what it shows." in steps[-1]


def test_demo_has_no_colour_and_no_warning_without_a_terminal(shown: str) -> None:
    assert "\x1b" not in shown
    assert "WARNING" not in shown
    assert "DEPRECATION" not in shown


def test_demo_shows_no_key(shown: str) -> None:
    assert "a-key-for-the-demo" in (ROOT / "tests/demo/run.sh").read_text()
    assert "a-key-for-the-demo" not in shown


def test_demo_leaves_no_server(shown: str) -> None:
    found = re.search(r"http://127\.0\.0\.1:\d+", shown)
    assert found
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(found[0]).port))


def test_readme_shows_the_output_of_the_demo(shown: str) -> None:
    readme = (ROOT / "README.md").read_text()
    output = re.search(r"```console\n(\$ ansible-playbook create.yml\n.*?)```", readme, re.DOTALL)
    assert output
    assert output[1].rstrip() in "\n".join(line.rstrip() for line in shown.splitlines())
