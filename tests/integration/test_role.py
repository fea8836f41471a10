# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the role variables: defaults, values that mean "not set", and rejected values.

Each case is a host of one play with its own variables.
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
ROLES = ("anthropic", "inference")


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / path).read_text())


DEFAULTS: dict[str, dict[str, Any]] = {role: load(f"{role}/defaults/main.yml") for role in ROLES}
OPTIONS: dict[str, dict[str, Any]] = {
    role: load(f"{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"] for role in ROLES
}
KEY = SECRETS["secret_anthropic_key"]
OPENAI_KEY = SECRETS["secret_anthropic_key_rotated"]

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - ansible.builtin.include_role:
            name: "esops.inference.{{ role }}"
      rescue:
        - ansible.builtin.set_fact:
            rejected: "{{ ansible_failed_result.msg }}"
    - ansible.builtin.set_fact:
        case:
          rejected: "{{ rejected | default('') }}"
          verified: "{{ (lookup('vars', role ~ '_verified', default={})).results | default([])
                        | map(attribute='inference_id') | list }}"
    - ansible.builtin.copy:
        dest: "{{ results }}"
        mode: "0600"
        content: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'case'))) | to_json }}"
      run_once: true
"""


@dataclass(frozen=True)
class Case:
    """Result of the role on one host.

    :ivar rejected: the error message, or an empty string.
    :ivar verified: the endpoints that received a prompt.
    :ivar passed: the options that the list module received, converted by ansible-core.
    """

    rejected: str
    verified: list[str]
    passed: dict[str, Any]


def run_cases(
    role: str, home: Path, server: Simulator, hosts: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Case], Played]:
    home.mkdir()
    results = home.with_suffix(".json")
    common = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "results": str(results),
        "role": role,
    }
    inventory, playbook = home.with_suffix(".inventory.yml"), home.with_suffix(".playbook.yml")
    inventory.write_text(yaml.safe_dump({"all": {"hosts": dict(hosts), "vars": common}}))
    playbook.write_text(PLAYBOOK)
    played = run_playbook(["-i", inventory, playbook], home, ELASTICSEARCH_URL=server.url)
    assert played.status == 0, played.printed
    options = passed_options(role, played)
    cases = json.loads(results.read_text())
    return {host: Case(**cases[host], passed=options.get(host, {})) for host in hosts}, played


def passed_options(role: str, played: Played) -> dict[str, dict[str, Any]]:
    """Return the options of the list module on each host where it succeeded, from the output of ansible-playbook."""
    task = f"TASK [esops.inference.{role} : Manage inference endpoints]"
    [_before, *tasks] = played.printed.split(task)
    shown = re.findall(r"^(?:ok|changed): \[(\w+)\] => (\{\n.*?^\})$", "".join(tasks), re.MULTILINE | re.DOTALL)
    results = [(host, json.loads(text)) for host, text in shown]
    return {host: result["invocation"]["module_args"] for host, result in results if "summary" in result}


def unset(role: str) -> dict[str, dict[str, Any]]:
    """Return values that mean "not set". A multiple-choice question of a survey does not accept whitespace."""
    names = DEFAULTS[role]
    return {
        "null": dict.fromkeys(names),
        "empty": dict.fromkeys(names, ""),
        "blank": {name: "" if "choices" in OPTIONS[role][name] else " \n" for name in names},
    }


UNSET = ("null", "empty", "blank")


@pytest.fixture(scope="module", params=ROLES)
def passed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return the options that the module receives for the role defaults and for each value that means "not set"."""
    role = request.param
    hosts = {"defaults": {}, **unset(role)}
    with Simulator() as server:
        cases, _played = run_cases(
            role,
            tmp_path_factory.mktemp("role") / "unset",
            server,
            {host: {**variables, f"{role}_endpoints": []} for host, variables in hosts.items()},
        )
    assert {host: case.rejected for host, case in cases.items()} == dict.fromkeys(hosts, "")
    return {host: case.passed for host, case in cases.items()}


@pytest.mark.parametrize("passed", ["anthropic"], indirect=True)
def test_role_anthropic_declares_max_tokens_and_task_type_and_no_other_setting(
    passed: dict[str, dict[str, Any]],
) -> None:
    assert declared(passed["defaults"]["defaults"]) == {
        "task_type": "completion",
        "service": "anthropic",
        "task_settings": {"max_tokens": DEFAULTS["anthropic"]["anthropic_max_tokens"]},
    }


@pytest.mark.parametrize("value", UNSET)
def test_unset_variable_declares_no_setting(passed: dict[str, dict[str, Any]], value: str) -> None:
    """The module for Anthropic models adds the name of its service."""
    assert declared(passed[value]["defaults"] or {}) in ({}, {"service": "anthropic"})


@pytest.mark.parametrize("value", UNSET)
def test_unset_variable_leaves_module_default_in_place(passed: dict[str, dict[str, Any]], value: str) -> None:
    def options(host: str) -> dict[str, Any]:
        return {name: value for name, value in passed[host].items() if name != "defaults"}

    assert options(value) == options("defaults")
    assert options(value)["elasticsearch_url"][0].startswith("http://127.0.0.1:")  # from the environment


def declared(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are not None, without empty groups."""
    parts = {name: declared(value) if isinstance(value, dict) else value for name, value in options.items()}
    return {name: value for name, value in parts.items() if value not in (None, {})}


#: Invalid values of the endpoints that contain an API key, and the message for each. More of them are in
#: test_role_variables.py.
REJECTED: dict[str, tuple[Any, str]] = {
    "element": (
        [{"inference_id": "answers"}, KEY],
        "ROLE_endpoints[1] must be a dictionary such as {inference_id: support-answers}, not a string.",
    ),
    "yaml": (
        f"- inference_id: answers\n  service_settings: {{api_key: {KEY}\n",
        "ROLE_endpoints is not valid YAML or JSON, line 3, column 1.",
    ),
    "tag": (f"- !secret {KEY}\n", "ROLE_endpoints is not valid YAML or JSON, line 1, column 3."),
}
#: The same for defaults, which only the role inference has.
REJECTED_DEFAULTS: dict[str, tuple[Any, str]] = {
    "defaults": (
        {"openai": KEY},
        "inference_defaults.openai must be a dictionary such as {service_settings: {model_id: gpt-4.1}}, not a string.",
    ),
    "defaults_yaml": (
        f"openai: {{service_settings: {{api_key: {KEY}}}\n",
        "inference_defaults is not valid YAML or JSON, line 2, column 1.",
    ),
}


@dataclass(frozen=True)
class Rejections:
    """Result of a play with invalid variables.

    :ivar messages: the error message of each host.
    :ivar expected: the messages that are expected.
    """

    messages: dict[str, str]
    expected: dict[str, str]
    played: Played
    requests: list[str]


@pytest.fixture(scope="module", params=ROLES)
def rejections(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rejections:
    role = request.param
    hosts = {name: {f"{role}_endpoints": value} for name, (value, _message) in REJECTED.items()}
    expected = {name: message.replace("ROLE", role) for name, (_value, message) in REJECTED.items()}
    if role == "inference":
        hosts |= {
            name: {"inference_endpoints": [{"inference_id": "answers"}], "inference_defaults": value}
            for name, (value, _message) in REJECTED_DEFAULTS.items()
        }
        expected |= {name: message for name, (_value, message) in REJECTED_DEFAULTS.items()}
    with Simulator() as server:
        cases, played = run_cases(role, tmp_path_factory.mktemp("role") / "rejected", server, hosts)
        messages = {host: case.rejected for host, case in cases.items()}
        return Rejections(messages, expected, played, server.requests)


def test_invalid_variables_are_rejected_with_position_and_type(rejections: Rejections) -> None:
    assert rejections.messages == rejections.expected


def test_rejection_sends_no_request_and_shows_no_secret(rejections: Rejections) -> None:
    assert rejections.requests == []
    assert find_leaks(rejections.played.printed + rejections.played.written) == []


#: Answers of a survey, which are strings, and the options that the module receives for them.
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
        cases, _played = run_cases("anthropic", tmp_path_factory.mktemp("role") / "answers", server, hosts)
    return cases, server


def test_answers_of_a_survey_are_converted_to_the_types_of_the_options(
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
    assert prompt["messages"][0]["content"] == DEFAULTS["anthropic"]["anthropic_verify_input"]
    assert prompt["max_completion_tokens"] == DEFAULTS["anthropic"]["anthropic_verify_max_tokens"]


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


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Case], Simulator]:
    """Run the role inference on a cluster with endpoints of three services."""
    endpoints = "- {inference_id: chat, service: anthropic, task_settings: {max_tokens: 64}}\n"
    foreign = {"task_type": "rerank", "service_settings": {"model_id": "rerank-v3.5"}}
    hosts = {
        "created": {
            "inference_endpoints": endpoints
            + "- {inference_id: rerank, service: cohere, task_settings: {top_n: 3}}\n"
            + "- {inference_id: search, service: openai, task_type: text_embedding, "
            + "service_settings: {model_id: text-embedding-3-small}}\n",
            "inference_defaults": json.dumps(
                {
                    "anthropic": {"service_settings": {"api_key": KEY, "model_id": "claude-sonnet-4-5"}},
                    "cohere": foreign,
                    "openai": {"service_settings": {"api_key": OPENAI_KEY}},
                    "jinaai": None,
                }
            ),
        },
        "verified": {
            "inference_endpoints": [
                {"inference_id": "verified", "service": "anthropic"},
                {"inference_id": "rerank", "service": "cohere"},
                {"inference_id": "gone", "state": "absent"},
                {"inference_id": ".elser-2-elasticsearch", "service": "elasticsearch"},
            ],
            "inference_verify": "yes",
        },
        "purged": {
            "inference_endpoints": "[{inference_id: verified, service: anthropic}]",
            "inference_purge": "true",
            "inference_purge_services": "cohere, jinaai\n",
            "inference_purge_exclude": "rerank",
        },
    }
    with Simulator() as server:
        server.seed("verified", service_settings={"model_id": "claude-sonnet-4-5"}, task_settings={"max_tokens": 64})
        server.seed("rerank", service="cohere", **foreign, task_settings={"top_n": 3})
        server.seed("unlisted", service="cohere", **foreign)
        server.seed("of-other-service", service="openai")
        cases, _played = run_cases("inference", tmp_path_factory.mktemp("role") / "mixed", server, hosts)
    return cases, server


def test_defaults_of_each_service_apply_to_its_endpoints(mixed: tuple[dict[str, Case], Simulator]) -> None:
    cases, server = mixed
    assert cases["created"].rejected == ""
    assert server.endpoints["chat"].secret == KEY
    assert server.endpoints["chat"].service_settings["model_id"] == "claude-sonnet-4-5"
    assert server.endpoints["search"].secret == OPENAI_KEY
    assert server.endpoints["search"].task_type == "text_embedding"


def test_verify_pings_each_present_endpoint_except_built_in_ones(mixed: tuple[dict[str, Case], Simulator]) -> None:
    cases, server = mixed
    assert cases["verified"].rejected == ""
    assert cases["verified"].verified == ["verified", "rerank"]
    text = DEFAULTS["inference"]["inference_verify_input"]
    bodies = [exchange.body for exchange in server.log if exchange.method == "POST"]
    assert {"query": text, "input": [text]} in bodies
    limit = {"max_tokens": DEFAULTS["inference"]["inference_verify_max_tokens"]}
    assert {"input": text, "task_settings": limit} in bodies
    assert len(bodies) == 2


def test_services_to_purge_can_be_a_string(mixed: tuple[dict[str, Case], Simulator]) -> None:
    cases, server = mixed
    assert cases["purged"].rejected == ""
    assert cases["purged"].passed["purge_services"] == ["cohere", "jinaai"]
    assert "unlisted" not in server.endpoints
    assert {"rerank", "of-other-service"} <= server.endpoints.keys()
