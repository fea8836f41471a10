# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the guide "Getting started" have the output that it shows."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.artifact import copy_checkout
from tests.integration.guides import ROOT, blocks, reader
from tests.integration.harness import SECRETS, find_leaks
from tests.integration.test_targets import make_certificate
from tests.simulator import Security, Simulator

INSTALL = "Install the collection"
TUTORIAL = (
    "Preview the change",
    "Create the endpoint",
    "Change the endpoint",
    "Repair drift",
    "Test the endpoint",
    "Clean up",
)
OWN_CLUSTER = "Use your own cluster"
API_KEY = f"guide:{SECRETS['secret_api_key']}"


@contextmanager
def started(command: str, port: int) -> Iterator[str]:
    """Start the simulator with the command of the guide, and return what it prints."""
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


def requirements() -> set[str]:
    """Return the requirements of the collection, as pip writes them."""
    core = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].removesuffix(".0")
    return {f"ansible-core{core}", *(ROOT / "requirements.txt").read_text().splitlines()[-1:]}


def test_tutorial_has_the_shown_results(tmp_path: Path) -> None:
    [install] = blocks("getting_started", INSTALL)
    *_virtual_environment, (galaxy, _nothing) = install.commands
    start, variables = blocks("getting_started", "Start the simulator")
    _cd, (command, shown) = start.commands
    port = free_port()
    copy_checkout(tmp_path / "ansible-inference")
    with started(command, port) as printed, reader(tmp_path, {"9200": str(port)}) as person:
        assert printed == shown
        # Only the installed collection can be found.
        person.run("unset ANSIBLE_COLLECTIONS_PATH; export ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=false")
        assert "was installed successfully" in person.run(galaxy)
        person.follow([variables, *blocks("getting_started", *TUTORIAL)])
    assert "any-key-will-do" not in person.seen


def test_virtual_environment_has_the_requirements_of_the_collection() -> None:
    [install] = blocks("getting_started", INSTALL)
    [pip] = [shlex.split(command) for command, _nothing in install.commands if command.startswith("pip ")]
    assert set(pip[2:]) == requirements()


def test_playbook_of_the_tutorial_works_with_a_secured_cluster(tmp_path: Path) -> None:
    [playbook, *_others] = [block for block in blocks("getting_started") if block.caption]
    install, *steps = blocks("getting_started", OWN_CLUSTER)
    [galaxy, pip] = [shlex.split(command) for command, _nothing in install.commands]
    assert galaxy[:3] == ["ansible-galaxy", "collection", "install"]
    assert set(pip[2:]) <= requirements()
    typed = {
        "read -rs ELASTICSEARCH_API_KEY": API_KEY,
        "read -rs ANTHROPIC_API_KEY": SECRETS["secret_anthropic_key"],
    }
    certificate = make_certificate(tmp_path)
    with Simulator(tls=certificate, security=Security(api_keys={API_KEY: ("manage_inference", "monitor")})) as server:
        real = {"https://es.example.com:9200": server.url, "/etc/ssl/elasticsearch-ca.pem": f"{tmp_path}/ca.pem"}
        with reader(tmp_path, real, **typed) as person:
            person.follow([playbook, *steps])
        assert server.endpoints["support-answers"].secret == SECRETS["secret_anthropic_key"]
    assert find_leaks(person.seen) == []
