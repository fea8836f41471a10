# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's own checks and conversions of its variables, and the agreement of all places that list them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.integration.templating import Renderer, renderer
from tests.pages.readme import ROOT

ROLE = ROOT / "roles/anthropic"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
INTERNAL: dict[str, str] = yaml.safe_load((ROLE / "vars/main.yml").read_text())

#: The running renderer.
RENDERERS: list[Renderer] = []

SECRET = "sk-ant-secret"
ENDPOINT = {"inference_id": "answers"}
EMPTY = "anthropic_endpoints is empty. List at least one endpoint."
ELEMENT = "must be a dictionary such as {inference_id: support-answers}, not"
#: Values of anthropic_endpoints and the message that rejects each.
REJECTED_ENDPOINTS: dict[str, tuple[Any, str]] = {
    "null": (None, EMPTY),
    "empty": ("", EMPTY),
    "whitespace": (" \n", EMPTY),
    "comment": ("# none yet\n", EMPTY),
    "name": (SECRET, "anthropic_endpoints must be a list of dictionaries, not text."),
    "number": (7, "anthropic_endpoints must be a list of dictionaries, not a number."),
    "boolean": (True, "anthropic_endpoints must be a list of dictionaries, not a boolean."),
    "dictionary": ({"api_key": SECRET}, "anthropic_endpoints must be a list of dictionaries, not a dictionary."),
    "text of a dictionary": (
        f"inference_id: answers\nservice_settings: {{api_key: {SECRET}}}",
        "anthropic_endpoints must be a list of dictionaries, not a dictionary.",
    ),
    "names": ([ENDPOINT, SECRET], f"anthropic_endpoints[1] {ELEMENT} text."),
    "text of names": (f"- inference_id: answers\n- {SECRET}\n", f"anthropic_endpoints[1] {ELEMENT} text."),
    "null element": ([None, ENDPOINT], f"anthropic_endpoints[0] {ELEMENT} null."),
    "nested list": ([[{"api_key": SECRET}]], f"anthropic_endpoints[0] {ELEMENT} a list."),
    "several elements": (
        [1, True, ENDPOINT],
        f"anthropic_endpoints[0] {ELEMENT} a number. anthropic_endpoints[1] {ELEMENT} a boolean.",
    ),
    "many elements": (
        [SECRET] * 5,
        " ".join(f"anthropic_endpoints[{number}] {ELEMENT} text." for number in range(3))
        + " anthropic_endpoints has 2 more such elements.",
    ),
    "no inference_id": (
        [ENDPOINT, {"api_key": SECRET}, {"inference_id": None}, {"inference_id": ""}],
        " ".join(f"anthropic_endpoints[{number}] has no inference_id." for number in (1, 2, 3)),
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


@pytest.fixture(scope="module", autouse=True)
def _renderer() -> Iterator[None]:
    with renderer() as running:
        RENDERERS.append(running)
        yield
    RENDERERS.clear()


def render(variable: str, **given: Any) -> Any:
    """Return what an internal variable of the role becomes if these variables are set."""
    [running] = RENDERERS
    variables = {**DEFAULTS, "anthropic_endpoints": [ENDPOINT], **given}
    templates = {name: text for name, text in INTERNAL.items() if name not in given}
    return running(f"{{{{ {variable} }}}}", templates, variables)


def problems(**given: Any) -> str:
    return " ".join(render("anthropic_problems", **given).split())


@pytest.mark.parametrize("name", REJECTED_ENDPOINTS)
def test_invalid_endpoints_are_rejected_with_position_and_type(name: str) -> None:
    value, message = REJECTED_ENDPOINTS[name]
    assert problems(anthropic_endpoints=value) == message
    assert SECRET not in message


@pytest.mark.parametrize("name", ACCEPTED_ENDPOINTS)
def test_list_of_endpoints_is_accepted_as_list_or_text(name: str) -> None:
    assert problems(anthropic_endpoints=ACCEPTED_ENDPOINTS[name]) == ""


@pytest.mark.parametrize("value", [True, "true", "Yes", "on", "y", "T", 1, "1", "1.0", " true\n"])
def test_verify_is_on_for_every_true_value_of_a_module(value: Any) -> None:
    assert render("anthropic_verify_answer", anthropic_verify=value) == "true"
    assert problems(anthropic_verify=value) == ""


@pytest.mark.parametrize("value", [False, "false", "No", "off", "n", "F", 0, "0", "0.0", "", " ", None])
def test_verify_is_off_for_every_false_value_of_a_module_and_if_unset(value: Any) -> None:
    assert render("anthropic_verify_answer", anthropic_verify=value) == "false"
    assert problems(anthropic_verify=value) == ""


@pytest.mark.parametrize("value", ["perhaps", "2", 2, [True], {"a": SECRET}, "truetrue"])
def test_verify_rejects_a_value_that_is_not_a_boolean(value: Any) -> None:
    assert problems(anthropic_verify=value) == "anthropic_verify must be true or false."


def test_verify_covers_endpoints_that_are_not_absent() -> None:
    endpoints = [
        {"inference_id": "a"},
        {"inference_id": "b", "state": None},
        {"inference_id": "c", "state": "absent"},
        {"inference_id": "d", "state": "present"},
    ]
    assert render("anthropic_verify_ids", anthropic_endpoints=endpoints) == ["a", "b", "d"]
    assert render("anthropic_verify_ids", anthropic_endpoints=[]) == []


@pytest.mark.parametrize("text", PATTERNS)
def test_text_of_patterns_is_split_at_commas_and_whitespace(text: str) -> None:
    assert render("anthropic_excluded", anthropic_purge_exclude=text) == PATTERNS[text]
    assert problems(anthropic_purge_exclude=text) == ""


@pytest.mark.parametrize("value", [["test-*", "old-?"], []])
def test_list_of_patterns_is_passed_unchanged(value: list[str]) -> None:
    assert render("anthropic_excluded", anthropic_purge_exclude=value) == value


def test_null_for_patterns_excludes_nothing() -> None:
    assert render("anthropic_excluded", anthropic_purge_exclude=None) == []


@pytest.mark.parametrize("text", ["[test-*, old-?]", "Test-*", "test-* # all", "'test-*'", "{a: b}"])
def test_text_that_no_id_can_match_is_rejected_as_pattern(text: str) -> None:
    """Otherwise, a purge deletes the endpoints that the text was to protect."""
    assert problems(anthropic_purge_exclude=text) == (
        "anthropic_purge_exclude must be a list of shell patterns for IDs, "
        "or such patterns separated by commas or newlines."
    )


def test_several_problems_are_reported_together() -> None:
    found = problems(anthropic_endpoints=[None], anthropic_verify="perhaps")
    assert found == f"anthropic_endpoints[0] {ELEMENT} null. anthropic_verify must be true or false."
