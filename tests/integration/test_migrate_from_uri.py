# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide "Moving from ansible.builtin.uri" shows of both is so."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.guides import Block, Reader, blocks, reader
from tests.integration.harness import find_leaks
from tests.simulator import Security, Simulator

GUIDE = blocks("migrate_from_uri")
[SECRETS] = [yaml.safe_load(block.text) for block in GUIDE if block.caption == "variables.yml"]
#: The key among the settings of the task, where no server wants it.
MISPLACED = r'\1api_key: "{{ anthropic_api_key }}"\n\1\2'
API_KEY = base64.b64decode(SECRETS["elasticsearch_api_key"]).decode()


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(security=Security(api_keys={API_KEY: ("all",)})) as running:
        yield running


@pytest.fixture
def person(server: Simulator, tmp_path: Path) -> Iterator[Reader]:
    with reader(tmp_path, {"https://es.example.com:9200": server.url}) as someone:
        yield someone


def test_both_do_what_is_shown(server: Simulator, person: Reader) -> None:
    person.follow(GUIDE)
    assert server.endpoints["support-answers"].task_settings["max_tokens"] == 2048
    assert server.requests[-1] == "GET /_inference/support-answers"
    assert find_leaks(person.seen, secrets()) == []


def test_uri_shows_secrets_and_the_module_does_not(person: Reader) -> None:
    person.follow([block for block in GUIDE if block.caption])
    for name in ("uri", "module"):
        play = f"ANSIBLE_INJECT_INVOCATION=1 ansible-playbook -e @variables.yml -vvv with_{name}.yml"
        assert find_leaks(person.run(play), secrets()) == (list(secrets()) if name == "uri" else [])


def test_uri_shows_what_the_server_repeats(person: Reader) -> None:
    person.follow([changed(block, r'( +)(max_tokens: "{{)', MISPLACED) for block in GUIDE if block.caption])
    assert find_leaks(person.run("ansible-playbook -e @variables.yml with_uri.yml"), secrets()) == ["anthropic_api_key"]
    assert find_leaks(person.run("ansible-playbook -e @variables.yml with_module.yml"), secrets()) == []


def test_the_pair_fails_in_check_mode(person: Reader) -> None:
    person.follow([block for block in GUIDE if block.caption])
    assert "has no attribute 'status'" in person.run("ansible-playbook -e @variables.yml --check with_uri.yml")


def secrets() -> dict[str, str]:
    return {name: SECRETS[name] for name in ("elasticsearch_api_key", "anthropic_api_key")}


def test_without_the_condition_a_second_run_fails(server: Simulator, person: Reader) -> None:
    person.follow([changed(block, "when: ", "vars: # ") for block in GUIDE if block.caption])
    server.seed("support-answers")  # as a first run leaves it
    assert "already exists" in person.run("ansible-playbook -e @variables.yml with_uri.yml")


def changed(file: Block, old: str, new: str) -> Block:
    return Block(file.language, file.caption, re.sub(old, new, file.text))
