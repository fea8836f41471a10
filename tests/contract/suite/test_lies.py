# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that the suite detects a wrong server: one wrong response in any row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from tests.contract.cluster import Cluster
from tests.contract.simulated import simulated_cluster
from tests.contract.suite.clusters import LyingConnection, lying_cluster
from tests.contract.verdicts import Result, Row, Verdict, all_rows, examine, examine_all
from tests.contract.versions import SUPPORTED, ServerVersion
from tests.simulator.endpoints import Endpoints
from tests.simulator.messages import Answer
from tests.simulator.routes import Call
from tests.simulator.versions import Version

ROWS = all_rows()


def contradictions(version: str) -> list[Result]:
    """Return the contradictions that the suite finds in a simulator of this version."""
    with closing(simulated_cluster(version)) as cluster:
        return [result for result in examine_all(cluster) if result.verdict is Verdict.CONTRADICTED]


@pytest.mark.parametrize(
    ("fact", "version", "rows"),
    [
        ("updates", "8.16", ["update-missing"]),
        ("knows_create_timeout", "8.17", ["create-timeout-unknown"]),
        ("updates_rate_limit", "8.19", ["update-rate-limit-ignored"]),
        ("prints_top_k_as_top_p", "9.3", ["top-k-shown"]),
        ("allows_null_on_update", "9.4", ["update-null"]),
        ("validates_updates", "9.4", ["update-key-validated", "update-rejected-stores-nothing", "update-ignores-skip"]),
        ("chats", "9.5", ["run-chat-streamed-only", "chat-completion-supported"]),
        ("knows_url", "9.6", ["url-known"]),
    ],
)
def test_server_of_a_version_that_lacks_its_fact_is_contradicted_in_its_rows_alone(
    fact: str, version: str, rows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = getattr(Version.parse(version), fact)
    monkeypatch.setattr(Version, fact, property(lambda _self: not truth))

    assert [result.row.id for result in contradictions(version)] == rows


def test_server_that_ignores_the_task_type_of_a_read_is_reported_with_both_responses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = Endpoints.read

    def read(self: Endpoints, call: Call) -> Answer:
        one = {name: value for name, value in call.variables.items() if name == "inference_id"}
        return honest(self, call if one.get("inference_id") in (None, "_all") else replace(call, variables=one))

    monkeypatch.setattr(Endpoints, "read", read)

    found = contradictions("9.6")

    assert [result.row.id for result in found] == ["read-other-task-type"]
    contradiction = found[0].contradiction
    assert contradiction
    assert contradiction.request.startswith("GET /_inference/rerank/esops-contract-")
    assert contradiction.expected == (
        '400 status_exception "Requested task type [rerank] does not match '
        "the inference endpoint's task type [completion]\""
    )
    assert contradiction.observed.startswith('200 {"endpoints":[{"inference_id":"esops-contract-')


@pytest.fixture(scope="module", params=[version for version in SUPPORTED if version != "serverless"])
def lying(request: pytest.FixtureRequest) -> Iterator[tuple[Cluster, LyingConnection]]:
    """Yield a cluster whose connection can replace a response."""
    with lying_cluster(request.param) as both:
        yield both


def first_version(row: Row) -> str:
    """Return the oldest supported version for which a row applies."""
    return next(version for version in SUPPORTED if row.holds.includes(ServerVersion.parse(version)))


def test_every_confirmed_row_is_contradicted_by_a_lie_in_one_of_its_responses(
    lying: tuple[Cluster, LyingConnection],
) -> None:
    cluster, connection = lying
    blind = [
        row.id for row in ROWS if first_version(row) == str(cluster.version) and _is_blind(row, cluster, connection)
    ]

    assert blind == []


def _is_blind(row: Row, cluster: Cluster, connection: LyingConnection) -> bool:
    """Return whether a row is confirmed even if any one of its responses is replaced."""
    connection.count, connection.lie_at = 0, None
    if examine(row, cluster).verdict is not Verdict.CONFIRMED:
        return False
    for number in reversed(range(connection.count)):
        connection.count, connection.lie_at = 0, number
        if examine(row, cluster).verdict is Verdict.CONTRADICTED:
            return False
    return True
