# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide "Getting started" says is done word for word, and does what the guide shows."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.guides import ROOT, blocks, reader
from tests.integration.harness import SECRETS, find_leaks
from tests.integration.test_targets import make_certificate
from tests.simulator import Security, Simulator

HERE_AND_NOW = ("Start the simulator", "Look, then create", "Change it", "Put it right", "Remove it")
YOURS = "Against your cluster"
API_KEY = f"guide:{SECRETS['secret_api_key']}"


@contextmanager
def started(command: str, port: int) -> Iterator[str]:
    """The simulator that the guide starts, and what it says."""
    words = command.replace("9200", str(port)).split()
    with subprocess.Popen([sys.executable, *words[1:]], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip().replace(str(port), "9200")
        finally:
            server.terminate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_every_step_does_what_it_shows(tmp_path: Path) -> None:
    first, *following = blocks("getting_started", *HERE_AND_NOW)
    _activate, (command, shown) = first.commands
    port = free_port()
    with started(command, port) as said, reader(tmp_path, {"9200": str(port)}) as person:
        assert said == shown
        person.run(f"cd {ROOT}")
        person.folder = tmp_path / "endpoints"
        person.follow(following)
    assert "any-key-will-do" not in person.seen


def test_the_checkout_is_made_as_shown() -> None:
    [block] = blocks("getting_started", "Get the collection")
    *_clone, (make, _nothing) = block.commands
    planned = subprocess.run([*make.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "venv" in planned.stdout + planned.stderr


def test_the_same_files_do_for_a_real_cluster(tmp_path: Path) -> None:
    playbook, settings, *_others = [block for block in blocks("getting_started") if block.caption]
    install, work = blocks("getting_started", YOURS)
    assert "ansible-galaxy collection install" in install.text
    typed = {
        "read -rs ELASTICSEARCH_API_KEY": API_KEY,
        "read -rs ANTHROPIC_API_KEY": SECRETS["secret_anthropic_key"],
    }
    certificate = make_certificate(tmp_path)
    with Simulator(tls=certificate, security=Security(api_keys={API_KEY: ("manage_inference", "monitor")})) as server:
        stands_for = {"https://es.example.com:9200": server.url, "/etc/ssl/elasticsearch-ca.pem": f"{tmp_path}/ca.pem"}
        with reader(tmp_path, stands_for, **typed) as person:
            person.follow([playbook, settings, work])
        assert server.endpoints["support-answers"].secret == SECRETS["secret_anthropic_key"]
    assert find_leaks(person.seen) == []
