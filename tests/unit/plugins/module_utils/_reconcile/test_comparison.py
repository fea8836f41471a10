# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparison of an endpoint with its declaration, and with an earlier state of itself."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.comparison import Differences, compare
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Policy
from ansible_collections.esops.inference.plugins.module_utils._reconcile.history import unequal_paths
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import SERVICE
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting
from tests.unit.reconciling import EXISTING, MODEL, TEMPERATURE, TOKENS, wanted, with_task_settings
from tests.unit.services import (
    ACME,
    BATCH,
    DIMENSIONS,
    INPUT,
    RATE,
    USER,
)
from tests.unit.services import MODEL as ACME_MODEL

STORED = Endpoint("a", "rerank", "acme", {ACME_MODEL: "m", RATE: 10, INPUT: "query", USER: "u"})


def found(
    settings: dict[str, Any], existing: Endpoint = STORED, task_type: str | None = None, unmanaged: str = "keep"
) -> Differences:
    desired = wanted("a", task_type=task_type, settings=settings, secrets={"service_settings.api_key": "k"})
    return compare(desired, existing, Policy(unmanaged_settings=unmanaged), ACME)


class TestDifferences:
    @pytest.mark.parametrize(
        ("settings", "different"),
        [
            ({}, {}),
            ({RATE: 10, INPUT: "query"}, {}),
            ({RATE: 10.0}, {}),
            ({RATE: 7}, {RATE: 7}),
            ({DIMENSIONS: 3}, {DIMENSIONS: 3}),
            ({RATE: 7, INPUT: "document", USER: "u"}, {RATE: 7, INPUT: "document"}),
        ],
    )
    def test_only_declared_settings_are_compared(self, settings: dict[str, Any], different: dict[str, Any]) -> None:
        assert found(settings) == Differences(different, frozenset())

    def test_setting_that_is_stored_as_none_differs_from_one_that_is_missing(self) -> None:
        assert found({USER: None}, STORED._replace(settings={})).paths == (USER,)

    @pytest.mark.parametrize(
        ("declared", "different"), [(None, None), ("rerank", None), ("text_embedding", "text_embedding")]
    )
    def test_task_type_differs_only_if_another_one_is_declared(
        self, declared: str | None, different: str | None
    ) -> None:
        assert found({}, task_type=declared).task_type == different

    def test_paths_are_sorted_after_the_task_type(self) -> None:
        assert Differences({"c": 1, "a": 2}, frozenset({"b"}), "rerank").paths == ("task_type", "a", "b", "c")
        assert Differences({}, frozenset()).paths == ()


class TestRemovals:
    def test_undeclared_task_settings_are_removed(self) -> None:
        assert found({INPUT: "query"}, unmanaged="remove") == Differences({}, frozenset({USER}))

    def test_undeclared_service_settings_are_reset_to_their_defaults(self) -> None:
        existing = STORED._replace(settings={ACME_MODEL: "m", RATE: 7, DIMENSIONS: 3})
        assert found({}, existing, unmanaged="remove") == Differences({RATE: 10}, frozenset())

    def test_declared_setting_overrides_its_default(self) -> None:
        existing = STORED._replace(settings={RATE: 7})
        assert found({RATE: 7}, existing, unmanaged="remove") == Differences({}, frozenset())

    def test_defaults_are_those_of_the_task_type_that_the_endpoint_has(self) -> None:
        settings = {RATE: 10, BATCH: 7}
        existing = STORED._replace(task_type="text_embedding", settings=settings)
        assert found({}, existing, unmanaged="remove") == Differences({BATCH: 5}, frozenset())
        assert found({}, STORED._replace(settings=settings), unmanaged="remove") == Differences({}, frozenset())

    def test_default_that_is_not_returned_is_not_a_difference(self) -> None:
        assert found({}, STORED._replace(settings={}), unmanaged="remove") == Differences({}, frozenset())

    def test_default_of_a_fixed_setting_is_not_a_difference(self) -> None:
        fixed = ACME._replace(settings=(Setting(BATCH, "int", default=5),))
        existing = STORED._replace(settings={BATCH: 7})
        removing = Policy(unmanaged_settings="remove")
        assert compare(wanted("a"), existing, removing, fixed) == Differences({}, frozenset())

    def test_setting_that_a_create_needs_is_not_removed(self) -> None:
        removing = compare(wanted("a"), EXISTING, Policy(unmanaged_settings="remove"), SERVICE)
        assert removing == Differences({}, frozenset({TEMPERATURE}))

    def test_undeclared_settings_are_kept_by_default(self) -> None:
        assert found({}) == Differences({}, frozenset())


class TestAppliedTo:
    DIFFERENCES = Differences({TOKENS: 5, MODEL: "n"}, frozenset({TEMPERATURE}))

    def test_endpoint_with_differences_has_new_values_and_lacks_removed_ones(self) -> None:
        applied = self.DIFFERENCES.applied_to(EXISTING)
        assert applied.settings == {**with_task_settings(EXISTING, max_tokens=5, temperature=None).settings, MODEL: "n"}

    def test_settings_that_stay_are_neither_changed_nor_removed(self) -> None:
        assert self.DIFFERENCES.applied_to(EXISTING, without=[MODEL, TEMPERATURE]) == with_task_settings(
            EXISTING, max_tokens=5
        )
        assert self.DIFFERENCES.applied_to(EXISTING, without=self.DIFFERENCES.paths) == EXISTING

    def test_existing_endpoint_itself_is_not_changed(self) -> None:
        before = dict(EXISTING.settings)
        self.DIFFERENCES.applied_to(EXISTING)
        assert EXISTING.settings == before


class TestUnequal:
    @pytest.mark.parametrize(
        ("after", "paths"),
        [
            (EXISTING, ()),
            (with_task_settings(EXISTING, max_tokens=5), (TOKENS,)),
            (with_task_settings(EXISTING, temperature=None), (TEMPERATURE,)),
            (with_task_settings(EXISTING, top_k=3, max_tokens=5), (TOKENS, "task_settings.top_k")),
            (EXISTING._replace(task_type="chat_completion"), ("task_type",)),
            (None, ()),
        ],
    )
    def test_unequal_paths_are_the_same_in_both_directions(
        self, after: Endpoint | None, paths: tuple[str, ...]
    ) -> None:
        assert unequal_paths(EXISTING, after) == unequal_paths(after, EXISTING) == paths
