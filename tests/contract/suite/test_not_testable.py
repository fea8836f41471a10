# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of rows that are not testable: missing privileges, an unreachable provider, and a failing cluster."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.contract.cluster import Cluster
from tests.contract.simulated import READER, SimulatedSurroundings, simulated_cluster
from tests.contract.verdicts import Result, Verdict, all_rows, examine, examine_all
from tests.simulator import Fault

ROWS = {row.id: row for row in all_rows()}
READABLE = {
    *("version", "product-header", "read-unknown", "read-built-in", "unknown-path", "unknown-parameter"),
    *("privilege-to-write", "credentials-missing", "credentials-wrong", "update-by-post", "deployment-missing"),
    "create-master-timeout",
    *("services", "services-left-out", "services-of-task-type", "broken-neighbor"),
}
NEED_PROVIDER = (
    *("create-validates", "create-taken-id-bad-key", "create-with-accepted-key", "run", "run-streamed"),
    *("run-chat-streamed-only", "update-key", "update-key-validated", "update-rejected-stores-nothing"),
    *("update-answer", "update-rate-limit", "update-task-settings-whole", "update-null-allowed"),
)


def order(cluster: Cluster, fault: Fault) -> None:
    """Inject a fault into the simulator of a cluster."""
    assert isinstance(cluster.surroundings, SimulatedSurroundings)
    cluster.surroundings.simulator.faults.add(fault)


def examined(row_id: str, fault: Fault) -> Result:
    """Return the result of a row on a failing simulator."""
    with closing(simulated_cluster("9.6")) as cluster:
        order(cluster, fault)
        return examine(ROWS[row_id], cluster)


@pytest.mark.parametrize("row_id", NEED_PROVIDER)
@pytest.mark.parametrize("kind", ["provider_unreachable", "provider_timeout"])
def test_row_that_needs_the_provider_is_not_testable_without_it(row_id: str, kind: str) -> None:
    result = examined(row_id, Fault(kind, times=100))

    assert result.verdict is Verdict.NOT_TESTABLE
    assert "provider" in result.reason


def test_unprivileged_user_confirms_only_rows_that_read() -> None:
    with closing(simulated_cluster("9.6", READER)) as cluster:
        results = examine_all(cluster)

    assert {result.row.id for result in results if result.verdict is Verdict.CONFIRMED} <= READABLE
    assert [result.row.id for result in results if result.verdict is Verdict.CONTRADICTED] == []


def test_reason_names_the_missing_privilege() -> None:
    with closing(simulated_cluster("9.6", READER)) as cluster:
        result = examine(ROWS["create-taken-id-bad-task-type"], cluster)

    assert "is unauthorized for user [reader]" in result.reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("status", status=503), "the cluster returns 503"),
        (Fault("status", status=429), "the cluster returns 429"),
        (Fault("reset_before"), "no response to GET /_inference/"),
        (Fault("html_before"), "200, but not from Elasticsearch"),
        (Fault("redirect"), "302, but not from Elasticsearch"),
    ],
)
def test_row_without_response_of_the_cluster_is_not_testable(fault: Fault, reason: str) -> None:
    result = examined("read-unknown", fault)

    assert result.verdict is Verdict.NOT_TESTABLE
    assert reason in result.reason


def test_row_is_not_testable_if_the_required_setting_cannot_change() -> None:
    refused = Fault("status", match="PUT /_cluster/settings", status=403, times=100)

    result = examined("create-unvalidated", refused)

    assert result.verdict is Verdict.NOT_TESTABLE
    assert "xpack.inference.skip_validate_and_start" in result.reason


def test_row_uses_the_provider_if_the_setting_cannot_change() -> None:
    refused = Fault("status", match="PUT /_cluster/settings", status=403, times=100)

    assert examined("rate-limit-default", refused).verdict is Verdict.CONFIRMED
