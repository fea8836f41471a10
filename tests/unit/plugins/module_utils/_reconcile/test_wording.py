# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of plans, for one and for several items."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint, Server
from ansible_collections.esops.inference.plugins.module_utils._reconcile import wording
from tests.unit.reconciling import EXISTING, MODEL, V93


@pytest.mark.parametrize(
    ("changes", "not_updatable", "server", "text"),
    [
        (["x"], ["x"], None, "differs in x, but no version of Elasticsearch can update it in place."),
        (["x"], ["x"], V93, "differs in x, but Elasticsearch 9.3.0 cannot update it in place."),
        (["x", "y"], ["y"], V93, "differs in x and y, but Elasticsearch 9.3.0 cannot update y in place."),
        (
            ["x", "y"],
            ["x", "y"],
            None,
            "differs in x and y, but no version of Elasticsearch can update x and y in place.",
        ),
    ],
)
def test_refusal_of_a_change_names_the_differences_and_the_fixed_settings(
    changes: list[str], not_updatable: list[str], server: Server | None, text: str
) -> None:
    assert wording.cannot_update(EXISTING, changes, not_updatable, server) == f"Inference endpoint a {text}"


@pytest.mark.parametrize(
    ("duplicates", "text"),
    [
        (["b"], "Inference endpoint b already uses the model m"),
        (["b", "c"], "Inference endpoints b and c already use the model m"),
    ],
)
def test_duplicates_agree_with_their_verb(duplicates: list[str], text: str) -> None:
    assert wording.duplicate(EXISTING, duplicates, MODEL) == (
        f"{text} for the task type completion, so a is a duplicate."
    )


def test_refusal_of_an_endpoint_of_another_service_names_both_services() -> None:
    assert wording.other_service(Endpoint("a", "completion", "openai", {}), "anthropic") == (
        "Inference endpoint a belongs to the service openai, not to anthropic. "
        "It was not changed. Hint: use a different inference_id."
    )


def test_unreadable_endpoint_is_named_with_the_reason() -> None:
    assert wording.unreadable("a", "It is broken.") == "Inference endpoint a cannot be read: It is broken."


def test_refusal_of_a_create_names_the_missing_settings() -> None:
    assert wording.cannot_create("a", ["x", "y"]) == (
        "Inference endpoint a does not exist, and creating it requires x and y. "
        "Hint: declare the missing settings, or correct inference_id."
    )


def test_refusal_of_a_recreation_names_the_differences_and_the_missing_settings() -> None:
    assert wording.cannot_recreate(EXISTING, ["x"], ["y", "z"]) == (
        "Inference endpoint a differs in x, and re-creating it (allow_recreate=true) requires y and z. "
        "Nothing was changed. Hint: declare the missing settings."
    )


def test_missing_credentials_are_named() -> None:
    assert wording.requires_secrets("x or y and z") == (
        "On this version, updating service settings also requires x or y and z (not set)."
    )


def test_carry_over_warning_names_the_temporary_endpoint_and_the_settings() -> None:
    assert wording.carried_over(EXISTING._replace(inference_id="a-ansible-preflight"), "a", ["x", "y"]) == (
        "An earlier run was interrupted while it re-created inference endpoint a. "
        "Its temporary endpoint a-ansible-preflight still has x and y, so these values are carried over."
    )
