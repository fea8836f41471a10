# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of versions, and of the rows that apply to them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.contract.verdicts import Row, all_rows
from tests.contract.versions import SUPPORTED, Holds, ServerVersion

ROWS = all_rows()
VERSIONS = [ServerVersion.parse(text) for text in SUPPORTED]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("9.3", "9.3"), ("9.3.1", "9.3.1"), ("9.4.0-SNAPSHOT", "9.4.0"), ("serverless", "serverless")],
)
def test_version_is_read_and_shown(text: str, shown: str) -> None:
    assert str(ServerVersion.parse(text)) == shown


@pytest.mark.parametrize("text", ["", "nine", "8.15.3", "7.17.0"])
def test_text_that_is_not_a_usable_version_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"version of Elasticsearch|or later"):
        ServerVersion.parse(text)


def test_serverless_is_treated_as_the_latest_version() -> None:
    version = ServerVersion.of_cluster({"version": {"number": "8.11.0", "build_flavor": "serverless"}})

    assert version.serverless
    assert Holds(">=9.6").includes(version)
    assert not version.beyond_the_reference


@pytest.mark.parametrize("information", [None, {}, {"version": "9.3"}, {"version": {}}])
def test_response_without_a_version_is_rejected(information: object) -> None:
    with pytest.raises(ValueError, match="does not have a version"):
        ServerVersion.of_cluster(information)


@pytest.mark.parametrize(("number", "beyond"), [("9.6.3", False), ("9.7.0", True), ("10.0.0", True)])
def test_version_newer_than_the_reference_is_known_to_be(number: str, beyond: bool) -> None:
    assert ServerVersion.parse(number).beyond_the_reference is beyond


@pytest.mark.parametrize(
    ("specifiers", "number", "holds"),
    [
        ("", "8.16.0", True),
        ("<9.4", "9.3.9", True),
        ("<9.4", "9.4.0", False),
        (">=8.19,!=9.0.*", "8.18.2", False),
        (">=8.19,!=9.0.*", "8.19.0", True),
        (">=8.19,!=9.0.*", "9.0.4", False),
        (">=8.19,!=9.0.*", "9.1.0", True),
        ("!=8.19.*,<9.1", "9.0.4", True),
    ],
)
def test_row_holds_for_the_minor_versions_it_names(specifiers: str, number: str, holds: bool) -> None:
    assert Holds(specifiers).includes(ServerVersion.parse(number)) is holds


def test_row_may_leave_serverless_out() -> None:
    assert not Holds(on_serverless=False).includes(ServerVersion.parse("serverless"))


def test_ids_of_rows_are_unique_and_short() -> None:
    counts = Counter(row.id for row in ROWS)

    assert max(counts.values()) == 1
    assert max(map(len, counts)) <= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_states_a_fact_for_some_supported_version_and_cites_its_source(row: Row) -> None:
    assert row.statement.endswith(".")
    assert row.section
    assert row.source
    assert any(row.holds.includes(version) for version in VERSIONS)


def test_rows_of_every_file_are_found() -> None:
    files = {path.stem for path in Path(__file__).parent.with_name("rows").glob("test_*.py")}

    assert {row.check.__module__.rpartition(".")[2] for row in ROWS} == files
