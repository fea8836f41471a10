# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables: what their defaults pass to the module, which values mean "not set", and what is rejected.

Each case is a host of one play, and its variables are those of the host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.harness import SECRETS, Played, find_leaks, run_playbook
from tests.simulator import Simulator

ROOT = Path(__file__).parents[2]
DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "roles/anthropic/defaults/main.yml").read_text())
SPECS = yaml.safe_load((ROOT / "roles/anthropic/meta/argument_specs.yml").read_text())
OPTIONS: dict[str, Any] = SPECS["argument_specs"]["main"]["options"]
KEY = SECRETS["secret_anthropic_key"]

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - ansible.builtin.include_role:
            name: esops.inference.anthropic
      rescue:
        - ansible.builtin.set_fact:
            rejected: "{{ ansible_failed_result.msg }}"
    - ansible.builtin.copy:
        dest: "{{ directory }}/{{ inventory_hostname }}.json"
        mode: "0600"
        content: "{{ {'rejected': rejected | default(''),
                      'verified': anthropic_verified.results | default([]) | map(attribute='inference_id') | list}
                     | to_json }}"
"""


@dataclass(frozen=True)
class Case:
    """What the role did on one host.

    :ivar rejected: the message of the failure, if there was one.
    :ivar verified: the endpoints that were sent a prompt.
    :ivar passed: the options that the list module received, converted by ansible-core.
    """

    rejected: str
    verified: list[str]
    passed: dict[str, Any]


def run_cases(
    home: Path, server: Simulator, hosts: Mapping[str, Mapping[str, Any]], *arguments: str
) -> tuple[dict[str, Case], Played]:
    home.mkdir()
    results = home.with_suffix(".results")
    results.mkdir()
    common = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "directory": str(results),
    }
    inventory, playbook = home.with_suffix(".inventory.yml"), home.with_suffix(".playbook.yml")
    inventory.write_text(yaml.safe_dump({"all": {"hosts": dict(hosts), "vars": common}}))
    playbook.write_text(PLAYBOOK)
    played = run_playbook(["-i", inventory, playbook, *arguments], home, ELASTICSEARCH_URL=server.url)
    assert played.status == 0, played.printed
    options = passed_options(played)
    return {
        host: Case(**json.loads((results / f"{host}.json").read_text()), passed=options.get(host, {})) for host in hosts
    }, played


def passed_options(played: Played) -> dict[str, dict[str, Any]]:
    """Return what the list module received on each host where it succeeded, as ansible-playbook prints it."""
    [_before, *tasks] = played.printed.split(
        "TASK [esops.inference.anthropic : Keep the inference endpoints as declared]"
    )
    shown = re.findall(r"^(?:ok|changed): \[(\w+)\] => (\{\n.*?^\})$", "".join(tasks), re.MULTILINE | re.DOTALL)
    results = [(host, json.loads(text)) for host, text in shown]
    return {host: result["invocation"]["module_args"] for host, result in results if "summary" in result}


#: Values that mean "not set". A multiple-choice question of a survey has no answer of whitespace.
UNSET: dict[str, dict[str, Any]] = {
    "null": dict.fromkeys(DEFAULTS),
    "empty": dict.fromkeys(DEFAULTS, ""),
    "blank": {name: "" if "choices" in OPTIONS[name] else " \n" for name in DEFAULTS},
}


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The options that the module receives for the defaults of the role and for each value that means "not set"."""
    hosts = {"defaults": {}, **UNSET}
    with Simulator() as server:
        cases, _played = run_cases(
            tmp_path_factory.mktemp("role") / "unset",
            server,
            {host: {**variables, "anthropic_endpoints": []} for host, variables in hosts.items()},
        )
    assert {host: case.rejected for host, case in cases.items()} == dict.fromkeys(hosts, "")
    return {host: case.passed for host, case in cases.items()}


def test_role_defaults_declare_max_tokens_and_task_type_and_no_other_setting(passed: dict[str, dict[str, Any]]) -> None:
    assert declared(passed["defaults"]["defaults"]) == {
        "task_type": "completion",
        "service": "anthropic",
        "task_settings": {"max_tokens": DEFAULTS["anthropic_max_tokens"]},
    }


@pytest.mark.parametrize("value", UNSET)
def test_unset_variable_declares_no_setting(passed: dict[str, dict[str, Any]], value: str) -> None:
    assert declared(passed[value]["defaults"]) == {"service": "anthropic"}


@pytest.mark.parametrize("value", UNSET)
def test_unset_variable_leaves_module_default_in_place(passed: dict[str, dict[str, Any]], value: str) -> None:
    def options(host: str) -> dict[str, Any]:
        return {name: given for name, given in passed[host].items() if name != "defaults"}

    assert options(value) == options("defaults")
    assert options(value)["elasticsearch_url"][0].startswith("http://127.0.0.1:")  # from the environment


def declared(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options without those that are None, and without groups that are empty then."""
    parts = {name: declared(value) if isinstance(value, dict) else value for name, value in options.items()}
    return {name: value for name, value in parts.items() if value not in (None, {})}


#: Values of anthropic_endpoints that are invalid and hold a key, and the message that rejects each. More of them are in
#: test_role_variables.py.
REJECTED: dict[str, tuple[Any, str]] = {
    "element": (
        [{"inference_id": "answers"}, KEY],
        "anthropic_endpoints[1] must be a dictionary such as {inference_id: support-answers}, not text.",
    ),
    "yaml": (
        f"- inference_id: answers\n  service_settings: {{api_key: {KEY}\n",
        "anthropic_endpoints is not valid YAML or JSON, line 3, column 1.",
    ),
    "tag": (f"- !secret {KEY}\n", "anthropic_endpoints is not valid YAML or JSON, line 1, column 3."),
}


@dataclass(frozen=True)
class Rejections:
    """What a play with invalid endpoints left.

    :ivar messages: the message of each host.
    """

    messages: dict[str, str]
    played: Played
    requests: list[str]


@pytest.fixture(scope="module")
def rejections(tmp_path_factory: pytest.TempPathFactory) -> Rejections:
    hosts = {name: {"anthropic_endpoints": value} for name, (value, _message) in REJECTED.items()}
    with Simulator() as server:
        cases, played = run_cases(tmp_path_factory.mktemp("role") / "rejected", server, hosts)
        return Rejections({host: case.rejected for host, case in cases.items()}, played, server.requests)


def test_invalid_endpoints_are_rejected_with_position_and_type(rejections: Rejections) -> None:
    assert rejections.messages == {name: message for name, (_value, message) in REJECTED.items()}


def test_rejection_of_endpoints_sends_no_request_and_shows_no_secret(rejections: Rejections) -> None:
    assert rejections.requests == []
    assert find_leaks(rejections.played.printed + rejections.played.written) == []


#: Answers of a survey, which are text, and what the module receives for them.
ANSWERS = {
    "anthropic_allow_recreate": "true",
    "anthropic_duplicate_model": "allow",
    "anthropic_force": "yes",
    "anthropic_headers": '{"X-Tenant": "support"}',
    "anthropic_max_tokens": "2048",
    "anthropic_parallel": "3",
    "anthropic_preflight": "No",
    "anthropic_purge_exclude": "test-*\nold-?\n",
    "anthropic_purge_max": "0",
    "anthropic_temperature": "0.5",
    "anthropic_timeout": "20",
}
PASSED = {
    "allow_recreate": True,
    "duplicate_model": "allow",
    "force": True,
    "parallel": 3,
    "preflight": False,
    "purge_exclude": ["test-*", "old-?"],
    "purge_max": 0,
    "timeout": 20.0,
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Case], Simulator]:
    hosts = {
        "answers": {**ANSWERS, "anthropic_endpoints": "[]"},
        "verified": {
            "anthropic_endpoints": [{"inference_id": "chat"}, {"inference_id": "gone", "state": "absent"}],
            "anthropic_task_type": "",
            "anthropic_max_tokens": None,
            "anthropic_verify": "Yes",
            "anthropic_verify_input": None,
            "anthropic_verify_max_tokens": " ",
        },
        "removed": {"anthropic_endpoints": [{"inference_id": "outdated", "state": "absent"}]},
        "other_type": {"anthropic_endpoints": [{"inference_id": "chat"}]},
        "own_type": {"anthropic_endpoints": [{"inference_id": "chat", "task_type": "chat_completion"}]},
    }
    with Simulator() as server:
        for name in ("chat", "outdated"):
            server.seed(
                name,
                task_type="chat_completion",
                service_settings={"model_id": "claude-sonnet-4-5"},
                task_settings={"max_tokens": 5 if name == "outdated" else 1024},
            )
        cases, _played = run_cases(tmp_path_factory.mktemp("role") / "answers", server, hosts)
    return cases, server


def test_text_from_a_survey_reaches_the_module_as_the_type_of_each_option(
    answered: tuple[dict[str, Case], Simulator],
) -> None:
    cases, server = answered
    passed = cases["answers"].passed
    assert {option: passed[option] for option in PASSED} == PASSED
    assert passed["defaults"]["task_settings"]["max_tokens"] == 2048
    assert passed["defaults"]["task_settings"]["temperature"] == 0.5
    assert "support" in [exchange.headers.get("x-tenant") for exchange in server.log]


def test_verify_with_unset_variables_sends_the_default_prompt(answered: tuple[dict[str, Case], Simulator]) -> None:
    cases, server = answered
    assert cases["verified"].rejected == ""
    assert cases["verified"].verified == ["chat"]
    [prompt] = [exchange.body for exchange in server.log if exchange.method == "POST"]
    assert prompt["messages"][0]["content"] == DEFAULTS["anthropic_verify_input"]
    assert prompt["max_completion_tokens"] == DEFAULTS["anthropic_verify_max_tokens"]


def test_absent_endpoint_with_other_settings_than_the_role_defaults_is_deleted(
    answered: tuple[dict[str, Case], Simulator],
) -> None:
    cases, server = answered
    assert cases["removed"].rejected == ""
    assert server.requests.count("DELETE /_inference/chat_completion/outdated") == 1
    assert "outdated" not in server.endpoints


def test_default_task_type_applies_unless_the_endpoint_sets_its_own(
    answered: tuple[dict[str, Case], Simulator],
) -> None:
    cases, _server = answered
    assert "task_type" in cases["other_type"].rejected
    assert cases["own_type"].rejected == ""
