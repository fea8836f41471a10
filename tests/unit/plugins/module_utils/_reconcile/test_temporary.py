# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary endpoints: their IDs, and those that earlier runs left."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired
from ansible_collections.esops.inference.plugins.module_utils._reconcile.temporary import (
    base_id,
    find_left_over,
    find_orphans,
    plan_left_over_deletions,
    temporary_id,
)
from tests.unit.reconciling import wanted

PRESENT, ABSENT = wanted("a"), wanted("a", "absent")
TRIAL = "a-ansible-preflight"
REMOVAL = wanted(TRIAL, "absent")


def endpoints(*inference_ids: str, service: str = "anthropic") -> dict[str, Endpoint]:
    return {inference_id: Endpoint(inference_id, "completion", service, {}) for inference_id in inference_ids}


def test_id_of_a_temporary_endpoint_leads_back_to_its_endpoint() -> None:
    assert temporary_id("a") == TRIAL
    assert base_id(TRIAL) == "a"


def test_endpoint_with_another_id_is_not_temporary() -> None:
    assert base_id("a") == base_id("a-ansible-preflight-b") == base_id("-ansible-preflight") == ""


def test_left_over_of_an_endpoint_is_found_by_its_id() -> None:
    held = endpoints("a", "b-ansible-preflight", TRIAL)
    assert find_left_over("a", held.values()) == held[TRIAL]
    assert find_left_over("c", held.values()) is None


@pytest.mark.parametrize(
    ("declared", "held", "removals", "kept"),
    [
        ([PRESENT], [], [], []),
        ([PRESENT], ["a"], [], []),
        # The endpoint exists, or is declared as absent, so its temporary endpoint is not needed.
        ([PRESENT], ["a", TRIAL], [REMOVAL], []),
        ([ABSENT], ["a", TRIAL], [REMOVAL], []),
        ([ABSENT], [TRIAL], [REMOVAL], []),
        ([], ["a", TRIAL], [REMOVAL], []),
        # It may be the only copy of the settings. A create of the endpoint uses it, or a warning names it.
        ([PRESENT], [TRIAL], [], []),
        ([], [TRIAL], [], [TRIAL]),
        # The temporary endpoint itself is declared.
        ([wanted(TRIAL)], ["a", TRIAL], [], []),
        ([wanted(TRIAL)], [TRIAL], [], []),
    ],
)
def test_left_over_is_deleted_unless_it_may_be_the_only_copy(
    declared: list[Desired], held: list[str], removals: list[Desired], kept: list[str]
) -> None:
    existing = endpoints(*held)
    assert plan_left_over_deletions(declared, existing, ["anthropic"]) == removals
    assert find_orphans(declared, existing, ["anthropic"]) == kept


def test_temporary_endpoint_of_another_service_is_neither_deleted_nor_reported() -> None:
    existing = endpoints("a", TRIAL, "b-ansible-preflight", service="openai")
    assert plan_left_over_deletions([PRESENT], existing, ["anthropic"]) == []
    assert find_orphans([PRESENT], existing, ["anthropic"]) == []


def test_left_overs_and_orphans_are_sorted() -> None:
    existing = endpoints("b", "b-ansible-preflight", "a", TRIAL, "d-ansible-preflight", "c-ansible-preflight")
    assert [desired.inference_id for desired in plan_left_over_deletions([], existing, ["anthropic"])] == [
        TRIAL,
        "b-ansible-preflight",
    ]
    assert find_orphans([], existing, ["anthropic"]) == ["c-ansible-preflight", "d-ansible-preflight"]
