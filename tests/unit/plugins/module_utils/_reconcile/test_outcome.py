# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes in diff mode."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome
from tests.unit.reconciling import EXISTING, KEY, with_task_settings

FIVE = with_task_settings(EXISTING, max_tokens=5)


def test_diff_shows_both_sides_nested() -> None:
    diff = Outcome("a", "updated", True, EXISTING, FIVE).diff()
    assert diff == {
        "before": EXISTING.as_dict(),
        "after": FIVE.as_dict(),
        "before_header": "inference endpoint a",
        "after_header": "inference endpoint a",
    }


def test_diff_shows_a_rotated_secret_as_a_change_without_its_values() -> None:
    diff = Outcome("a", "updated", True, EXISTING, EXISTING, (KEY,), (KEY,)).diff()
    assert diff["before"]["service_settings"]["api_key"] == "(hidden)"
    assert diff["after"]["service_settings"]["api_key"] == "(hidden, sent)"
    del diff["before"]["service_settings"]["api_key"], diff["after"]["service_settings"]["api_key"]
    assert diff["before"] == diff["after"] == EXISTING.as_dict()


@pytest.mark.parametrize("nothing", [None, Endpoint("a", "", "anthropic", {})])
def test_diff_shows_an_empty_side_if_there_is_no_endpoint_or_it_is_unreadable(
    nothing: Endpoint | None,
) -> None:
    assert Outcome("a", before=nothing, after=FIVE).diff()["before"] == {}
    assert Outcome("a", before=FIVE, after=nothing).diff()["after"] == {}
