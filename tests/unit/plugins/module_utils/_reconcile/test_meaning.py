# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparison of values by their meaning to a service."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.comparison import compare
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Policy
from tests.unit.reconciling import wanted
from tests.unit.services import ADAPTIVE, ADDRESS, DIMENSIONS, HEADERS, KEYS, MOST, RATE, SHY
from tests.unit.services import MODEL as ACME_MODEL

SHOWN = {ACME_MODEL: "M", RATE: 10, DIMENSIONS: 3, ADAPTIVE: True, MOST: 4, "service_settings.region": "eu"}


class TestMeaning:
    """Both sides are compared by their meaning to the service, not by their notation."""

    @pytest.mark.parametrize(
        ("settings", "different"),
        [
            ({ACME_MODEL: "m"}, {}),
            ({ACME_MODEL: "n"}, {ACME_MODEL: "n"}),
            # Elasticsearch never returns it, so it cannot be compared.
            ({ADDRESS: "https://x"}, {}),
            ({HEADERS: {}}, {}),
            ({HEADERS: {"a": "1"}}, {HEADERS: {"a": "1"}}),
            # Adaptive allocations change their number.
            ({ADAPTIVE: True, MOST: 1}, {}),
            ({MOST: 1}, {MOST: 1}),
            # Without a row, a string is compared by the type that the server returns.
            ({"service_settings.region": "eu"}, {}),
            ({"service_settings.region": "us"}, {"service_settings.region": "us"}),
        ],
    )
    def test_settings_differ_if_their_meaning_differs(
        self, settings: dict[str, Any], different: dict[str, Any]
    ) -> None:
        shown = Endpoint("a", "rerank", "shy", SHOWN)
        assert compare(wanted("a", settings=settings), shown, Policy(), SHY).settings == different

    @pytest.mark.parametrize(
        ("declared", "shown", "different"),
        [
            ("60", 60, None),
            ("61", 60, 61),
            ("0.5", 0.5, None),
            ("True", True, None),
            ("false", True, False),
            ("1", True, "1"),
            ("true", 1, "true"),
            ("many", 60, "many"),
            ("[60]", 60, "[60]"),
            ("60", "60.0", "60"),
            (60, "60", 60),
        ],
    )
    def test_string_without_a_row_is_converted_to_the_returned_type(
        self, declared: Any, shown: Any, different: Any
    ) -> None:
        path = "service_settings.depth"
        existing = Endpoint("a", "rerank", "shy", {path: shown})
        found = compare(wanted("a", settings={path: declared}), existing, Policy(), SHY).settings
        assert found == ({} if different is None else {path: different})
        assert all(type(value) is type(different) for value in found.values())

    def test_secret_that_the_server_returns_is_compared(self) -> None:
        shown = Endpoint("a", "rerank", "shy", {KEYS: {"a": "1"}})
        assert compare(wanted("a", secrets={KEYS: {"a": "2"}}), shown, Policy(), SHY).paths == (KEYS,)
        assert compare(wanted("a", secrets={KEYS: {"a": "1"}}), shown, Policy(), SHY).paths == ()
