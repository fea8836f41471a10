# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that are written in different ways are compared by what they mean to the service."""

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
    """Both sides are compared by what they mean to the service, not by how they are written."""

    @pytest.mark.parametrize(
        ("settings", "different"),
        [
            ({ACME_MODEL: "m"}, {}),
            ({ACME_MODEL: "n"}, {ACME_MODEL: "n"}),
            # It is never shown, so nothing can be said of it.
            ({ADDRESS: "https://x"}, {}),
            ({HEADERS: {}}, {}),
            ({HEADERS: {"a": "1"}}, {HEADERS: {"a": "1"}}),
            # Adaptive allocations move their number.
            ({ADAPTIVE: True, MOST: 1}, {}),
            ({MOST: 1}, {MOST: 1}),
            # Without a row, a text means what the server shows.
            ({"service_settings.region": "eu"}, {}),
            ({"service_settings.region": "us"}, {"service_settings.region": "us"}),
        ],
    )
    def test_settings_differ_if_they_mean_something_else(
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
    def test_text_without_a_row_is_read_as_what_the_server_shows(
        self, declared: Any, shown: Any, different: Any
    ) -> None:
        path = "service_settings.depth"
        existing = Endpoint("a", "rerank", "shy", {path: shown})
        found = compare(wanted("a", settings={path: declared}), existing, Policy(), SHY).settings
        assert found == ({} if different is None else {path: different})
        assert all(type(value) is type(different) for value in found.values())

    def test_secret_that_the_server_shows_is_compared_since_it_is_none(self) -> None:
        shown = Endpoint("a", "rerank", "shy", {KEYS: {"a": "1"}})
        assert compare(wanted("a", secrets={KEYS: {"a": "2"}}), shown, Policy(), SHY).paths == (KEYS,)
        assert compare(wanted("a", secrets={KEYS: {"a": "1"}}), shown, Policy(), SHY).paths == ()
