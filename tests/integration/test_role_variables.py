# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the validation and conversion of role variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.artifact import ROOT
from tests.integration.templating import Renderer, renderer

ROLES = ("anthropic", "inference")
DEFAULTS: dict[str, dict[str, Any]] = {
    role: yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text()) for role in ROLES
}
#: The task of both roles that rejects invalid variables. Its own variable contains the messages.
[CHECK] = [
    task
    for task in yaml.safe_load((ROOT / "roles/inference/tasks/check.yml").read_text())
    if "inference_problems" in task["vars"]
]
INTERNAL: dict[str, dict[str, str]] = {
    role: yaml.safe_load((ROOT / f"roles/{role}/vars/main.yml").read_text()) | CHECK["vars"] for role in ROLES
}

SECRET = "sk-ant-secret"
ENDPOINT = {"inference_id": "answers"}
EMPTY = "ROLE_endpoints is empty. List at least one endpoint."
ELEMENT = "must be a dictionary such as {inference_id: support-answers}, not"
#: Invalid values of the endpoints, and the message for each.
REJECTED_ENDPOINTS: dict[str, tuple[Any, str]] = {
    "null": (None, EMPTY),
    "empty": ("", EMPTY),
    "whitespace": (" \n", EMPTY),
    "comment": ("# none yet\n", EMPTY),
    "name": (SECRET, "ROLE_endpoints must be a list of dictionaries, not a string."),
    "number": (7, "ROLE_endpoints must be a list of dictionaries, not a number."),
    "boolean": (True, "ROLE_endpoints must be a list of dictionaries, not a boolean."),
    "dictionary": ({"api_key": SECRET}, "ROLE_endpoints must be a list of dictionaries, not a dictionary."),
    "text of a dictionary": (
        f"inference_id: answers\nservice_settings: {{api_key: {SECRET}}}",
        "ROLE_endpoints must be a list of dictionaries, not a dictionary.",
    ),
    "names": ([ENDPOINT, SECRET], f"ROLE_endpoints[1] {ELEMENT} a string."),
    "text of names": (f"- inference_id: answers\n- {SECRET}\n", f"ROLE_endpoints[1] {ELEMENT} a string."),
    "null element": ([None, ENDPOINT], f"ROLE_endpoints[0] {ELEMENT} null."),
    "nested list": ([[{"api_key": SECRET}]], f"ROLE_endpoints[0] {ELEMENT} a list."),
    "several elements": (
        [1, True, ENDPOINT],
        f"ROLE_endpoints[0] {ELEMENT} a number. ROLE_endpoints[1] {ELEMENT} a boolean.",
    ),
    "many elements": (
        [SECRET] * 5,
        " ".join(f"ROLE_endpoints[{number}] {ELEMENT} a string." for number in range(3))
        + " ROLE_endpoints has 2 more invalid elements.",
    ),
    "no inference_id": (
        [ENDPOINT, {"api_key": SECRET}, {"inference_id": None}, {"inference_id": ""}],
        " ".join(f"ROLE_endpoints[{number}] has no inference_id." for number in (1, 2, 3)),
    ),
}
ACCEPTED_ENDPOINTS: dict[str, Any] = {
    "list": [ENDPOINT],
    "text in YAML": "- inference_id: answers\n",
    "text in JSON": '[{"inference_id": "answers", "state": null}]',
    "empty list": [],
    "text of an empty list": "[]",
    "number as inference_id": [{"inference_id": 0}],
}
PATTERNS = {
    "test-*": ["test-*"],
    "test-*,old-[0-9]*": ["test-*", "old-[0-9]*"],
    "test-*, old-?": ["test-*", "old-?"],
    "test-*\nold-[!a]\n": ["test-*", "old-[!a]"],
    "- test-*\n- old-?\n": ["test-*", "old-?"],
    '- "test-*"\n': ["test-*"],
    '["test-*", "old-?"]': ["test-*", "old-?"],
    "[]": [],
    "": [],
    " \n": [],
}


def any_role(role: str, text: str) -> str:
    """Replace the prefix of role variables with ROLE, except in inference_id, which is not a role variable."""
    return re.sub(rf"\b{role}_(?!id\b)", "ROLE_", text)


@dataclass(frozen=True)
class Role:
    """A role, with methods that render its internal variables."""

    name: str
    renderer: Renderer

    def render(self, variable: str, **given: Any) -> Any:
        """Render an internal variable. The names in C(given) do not have a prefix."""
        named = {f"{self.name}_{name}": value for name, value in {"endpoints": [ENDPOINT], **given}.items()}
        variables = {**DEFAULTS[self.name], "role_name": self.name, **named}
        return self.renderer(f"{{{{ {variable} }}}}", INTERNAL[self.name], variables)

    def internal(self, name: str, **given: Any) -> Any:
        return self.render(f"{self.name}_{name}", **given)

    def problems(self, **given: Any) -> str:
        """Return the error message for these variables, with ROLE instead of the name of the role."""
        return any_role(self.name, " ".join(self.render("inference_problems", **given).split()))


@pytest.fixture(scope="module")
def running() -> Iterator[Renderer]:
    with renderer() as started:
        yield started


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest, running: Renderer) -> Role:
    return Role(request.param, running)


@pytest.fixture
def inference(running: Renderer) -> Role:
    return Role("inference", running)


@pytest.mark.parametrize("name", REJECTED_ENDPOINTS)
def test_invalid_endpoints_are_rejected_with_position_and_type(role: Role, name: str) -> None:
    value, message = REJECTED_ENDPOINTS[name]
    assert role.problems(endpoints=value) == message
    assert SECRET not in message


@pytest.mark.parametrize("name", ACCEPTED_ENDPOINTS)
def test_endpoints_are_accepted_as_list_or_string(role: Role, name: str) -> None:
    assert role.problems(endpoints=ACCEPTED_ENDPOINTS[name]) == ""


@pytest.mark.parametrize("value", [True, "true", "Yes", "on", "y", "T", 1, "1", "1.0", " true\n"])
def test_verify_is_on_for_every_true_value_of_a_module(role: Role, value: Any) -> None:
    assert role.internal("verify_answer", verify=value) == "true"
    assert role.problems(verify=value) == ""


@pytest.mark.parametrize("value", [False, "false", "No", "off", "n", "F", 0, "0", "0.0", "", " ", None])
def test_verify_is_off_for_every_false_value_of_a_module_and_if_unset(role: Role, value: Any) -> None:
    assert role.internal("verify_answer", verify=value) == "false"
    assert role.problems(verify=value) == ""


@pytest.mark.parametrize("value", ["perhaps", "2", 2, [True], {"a": SECRET}, "truetrue"])
def test_verify_rejects_a_value_that_is_not_a_boolean(role: Role, value: Any) -> None:
    assert role.problems(verify=value) == "ROLE_verify must be true or false."


def test_verify_covers_endpoints_that_are_neither_absent_nor_built_in(role: Role) -> None:
    endpoints = [
        {"inference_id": "a"},
        {"inference_id": "b", "state": None},
        {"inference_id": "c", "state": "absent"},
        {"inference_id": "d", "state": "present"},
        {"inference_id": ".elser-2-elasticsearch"},
    ]
    assert role.internal("verify_ids", endpoints=endpoints) == ["a", "b", "d"]
    assert role.internal("verify_ids", endpoints=[]) == []


@pytest.mark.parametrize("text", PATTERNS)
def test_string_of_patterns_is_split_at_commas_and_whitespace(role: Role, text: str) -> None:
    assert role.internal("excluded", purge_exclude=text) == PATTERNS[text]
    assert role.problems(purge_exclude=text) == ""


@pytest.mark.parametrize("value", [["test-*", "old-?"], []])
def test_list_of_patterns_is_passed_unchanged(role: Role, value: list[str]) -> None:
    assert role.internal("excluded", purge_exclude=value) == value


def test_null_for_patterns_excludes_nothing(role: Role) -> None:
    assert role.internal("excluded", purge_exclude=None) == []


@pytest.mark.parametrize("text", ["[test-*, old-?]", "Test-*", "test-* # all", "'test-*'", "{a: b}"])
def test_pattern_that_cannot_match_an_id_is_rejected(role: Role, text: str) -> None:
    """Otherwise, a purge deletes the endpoints that the user wanted to protect."""
    assert role.problems(purge_exclude=text) == (
        "ROLE_purge_exclude must be a list of shell patterns for IDs, or a string with such patterns separated by "
        "commas or newlines."
    )


def test_errors_of_both_roles_are_reported_together(role: Role) -> None:
    found = role.problems(endpoints=[None], verify="perhaps")
    assert found == f"ROLE_endpoints[0] {ELEMENT} null. ROLE_verify must be true or false."


DEFAULTS_EXAMPLE = "must be a dictionary such as {openai: {service_settings: {model_id: gpt-4.1}}}, not"
SETTINGS_EXAMPLE = "must be a dictionary such as {service_settings: {model_id: gpt-4.1}}, not"
KEY = {"service_settings": {"api_key": SECRET}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (False, f"ROLE_defaults {DEFAULTS_EXAMPLE} a boolean."),
        (SECRET, f"ROLE_defaults {DEFAULTS_EXAMPLE} a string."),
        ([KEY], f"ROLE_defaults {DEFAULTS_EXAMPLE} a list."),
        (f"- openai: {SECRET}\n", f"ROLE_defaults {DEFAULTS_EXAMPLE} a list."),
        ({"openai": SECRET, "cohere": KEY}, f"ROLE_defaults.openai {SETTINGS_EXAMPLE} a string."),
        (f"openai: [{SECRET}]\ncohere: 1\n", None),
        ({SECRET.upper(): True}, f"An element of ROLE_defaults {SETTINGS_EXAMPLE} a boolean."),
    ],
)
def test_invalid_defaults_are_rejected_with_service_and_type(inference: Role, value: Any, message: str | None) -> None:
    both = f"ROLE_defaults.openai {SETTINGS_EXAMPLE} a list. ROLE_defaults.cohere {SETTINGS_EXAMPLE} a number."
    assert inference.problems(defaults=value) == (message or both)


@pytest.mark.parametrize(
    ("value", "common"),
    [
        (None, {}),
        ("", {}),
        (" \n", {}),
        ("# none yet\n", {}),
        ({}, {}),
        ("{}", {}),
        ({"openai": KEY, "cohere": None, "jinaai": ""}, {"openai": KEY}),
        (f"openai: {{service_settings: {{api_key: {SECRET}}}}}\ncohere:\n", {"openai": KEY}),
        (f'{{"openai": {{"service_settings": {{"api_key": "{SECRET}"}}}}}}', {"openai": KEY}),
    ],
)
def test_defaults_are_dictionary_or_string_without_empty_services(inference: Role, value: Any, common: Any) -> None:
    assert inference.problems(defaults=value) == ""
    assert inference.internal("common", defaults=value) == common


@pytest.mark.parametrize(
    ("value", "services"),
    [
        (None, []),
        ("", []),
        (" \n", []),
        ([], []),
        (["openai", "cohere"], ["openai", "cohere"]),
        ("openai", ["openai"]),
        ("openai, alibabacloud-ai-search\nhugging_face", ["openai", "alibabacloud-ai-search", "hugging_face"]),
        ("- openai\n- cohere\n", ["openai", "cohere"]),
        ('["openai", "cohere"]', ["openai", "cohere"]),
    ],
)
def test_services_to_purge_are_accepted_as_list_or_string(inference: Role, value: Any, services: list[str]) -> None:
    assert inference.problems(purge_services=value) == ""
    assert inference.internal("purged_services", purge_services=value) == services


@pytest.mark.parametrize("value", [True, 7, {"openai": True}, "open*", "openai # only", [None], ["Open AI"]])
def test_invalid_service_name_is_rejected(inference: Role, value: Any) -> None:
    assert inference.problems(purge_services=value) == (
        "ROLE_purge_services must be a list of service names, or a string with such names separated by commas or "
        "newlines."
    )


def test_errors_of_all_variables_are_reported_together(inference: Role) -> None:
    found = inference.problems(endpoints=None, defaults=[SECRET], purge_services="*", purge_exclude="{}", verify=2)
    assert re.findall(r"ROLE_\w+", found) == [
        *("ROLE_endpoints", "ROLE_defaults", "ROLE_purge_services", "ROLE_verify", "ROLE_purge_exclude")
    ]


def test_roles_have_the_same_internal_variables_except_for_their_prefix() -> None:
    """Both roles define them, because a role can only use its own variables."""

    def internal(role: str) -> dict[str, str]:
        return {
            any_role(role, name): any_role(role, text) for name, text in INTERNAL[role].items() - CHECK["vars"].items()
        }

    common = internal("anthropic")
    assert {name: text for name, text in internal("inference").items() if name in common} == common
