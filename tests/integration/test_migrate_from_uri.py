# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow the guide "Migrate from ansible.builtin.uri", and verify its statements about both modules."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.guides import Block, Reader, blocks, follow_excerpts, reader
from tests.integration.harness import find_leaks
from tests.simulator import Security, Simulator

GUIDE = blocks("migrate_from_uri")
FILES = [block for block in GUIDE if block.caption]
[VARIABLES] = [yaml.safe_load(block.text) for block in FILES if block.caption == "variables.yml"]
SECRETS: dict[str, str] = {name: VARIABLES[name] for name in ("elasticsearch_api_key", "anthropic_api_key")}
#: Puts the API key among the task settings, which Elasticsearch rejects.
MISPLACED = r'\1api_key: "{{ anthropic_api_key }}"\n\1\2'
API_KEY = base64.b64decode(SECRETS["elasticsearch_api_key"]).decode()


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(security=Security(api_keys={API_KEY: ("all",)})) as running:
        yield running


@pytest.fixture
def person(server: Simulator, tmp_path: Path) -> Iterator[Reader]:
    with reader(tmp_path, {"https://es.example.com:9200": server.url}) as user:
        yield user


def edited(files: list[Block], pattern: str, replacement: str) -> list[Block]:
    """Return the files with a replacement in the text of each."""
    return [Block(file.language, file.caption, re.sub(pattern, replacement, file.text)) for file in files]


def test_guide_shows_real_output_of_both_playbooks(server: Simulator, person: Reader) -> None:
    follow_excerpts(person, GUIDE)
    assert server.endpoints["support-answers"].task_settings["max_tokens"] == 2048
    assert server.requests[-1] == "GET /_inference/support-answers"
    assert find_leaks(person.seen, SECRETS) == []


def test_verbose_output_contains_secrets_only_with_uri(person: Reader) -> None:
    person.follow(FILES)
    for name in ("uri", "module"):
        play = f"ANSIBLE_INJECT_INVOCATION=1 ansible-playbook -e @variables.yml -vvv with_{name}.yml"
        assert find_leaks(person.run(play), SECRETS) == (list(SECRETS) if name == "uri" else [])


def test_error_repeats_misplaced_key_only_with_uri(person: Reader) -> None:
    person.follow(edited(FILES, r'( +)(max_tokens: "{{)', MISPLACED))
    assert find_leaks(person.run("ansible-playbook -e @variables.yml with_uri.yml"), SECRETS) == ["anthropic_api_key"]
    assert find_leaks(person.run("ansible-playbook -e @variables.yml with_module.yml"), SECRETS) == []


def test_uri_tasks_fail_in_check_mode(person: Reader) -> None:
    person.follow(FILES)
    assert "has no attribute 'status'" in person.run("ansible-playbook -e @variables.yml --check with_uri.yml")


def test_uri_without_condition_fails_if_endpoint_exists(server: Simulator, person: Reader) -> None:
    person.follow(edited(FILES, "when: ", "vars: # "))
    server.seed("support-answers")
    assert "already exists" in person.run("ansible-playbook -e @variables.yml with_uri.yml")
