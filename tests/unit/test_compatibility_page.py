# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the page "Compatibility matrix" and of its generator."""

from __future__ import annotations

import pytest

from tests.contract.versions import MINOR_VERSIONS
from tests.pages.compatibility import (
    COLUMNS,
    FEATURES,
    PAGE,
    SETTINGS,
    Row,
    cells,
    combined,
    minor_versions,
    name_of,
    page,
    updated_since,
)
from tests.simulator.versions import NEWEST, OLDEST
from tests.unit.services import ACME

CELLS = {row.title.replace("`", ""): cells(row) for row in (*FEATURES, *SETTINGS)}


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.pages.compatibility"


def test_columns_have_each_supported_minor_version_once() -> None:
    shown = [minor for minors in COLUMNS for minor in minors]
    assert shown == list(minor_versions(OLDEST, NEWEST))
    assert {f"{major}.{minor}" for major, minor in shown} >= set(MINOR_VERSIONS)


def test_columns_are_named_after_their_versions() -> None:
    assert [name_of(minors) for minors in COLUMNS] == ["8.16", "8.17 to 9.3", "9.4", "9.5", "9.6"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("service_settings.api_key", ["re-create", *["in place"] * 5]),
        (
            "service_settings.rate_limit",
            ["re-create", "re-create: an update is ignored", "in place, with the API key", *["in place"] * 3],
        ),
        ("service_settings.model_id", ["re-create"] * 6),
        ("service_settings.url", [*["not available"] * 4, "re-create", "re-create"]),
        ("task_settings", ["re-create", *["in place"] * 5]),
        ("task_settings.top_k", ["do not set", "do not set in 8.17; in place in 8.18 to 9.3", *["in place"] * 4]),
        ("An update keeps chunking_settings", ["no updates", "from 9.2.7; from 9.3.2", *["yes"] * 4]),
        ("timeout applies to the provider: create", ["no", "yes in 8.19 and 9.1 to 9.3", *["yes"] * 4]),
        ("Update endpoints in place", ["no", *["yes"] * 5]),
    ],
)
def test_cells_follow_from_the_facts(title: str, expected: list[str]) -> None:
    assert CELLS[title] == expected


def test_cell_with_one_text_has_no_versions() -> None:
    assert combined([((8, 17), "no"), ((8, 18), "no")]) == "no"


def test_cell_with_several_texts_has_the_versions_of_each() -> None:
    assert combined([((8, 17), "a"), ((8, 18), "no"), ((8, 19), "a"), ((9, 0), "b")]) == "a in 8.17 and 8.19; b in 9.0"


def test_serverless_is_the_last_cell() -> None:
    row = Row("Flavor", lambda version: "serverless" if version.simulated.serverless else "numbered")
    assert cells(row) == [*["numbered"] * len(COLUMNS), "serverless"]


def test_updated_settings_are_grouped_by_version() -> None:
    assert updated_since(ACME) == {
        (8, 17): ["credentials", "``batch``", "``task_settings``"],
        (9, 0): ["``scaling``"],
        (9, 4): ["``rate``"],
    }
