# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of `make contract` with a cluster of which only the address is known: verdicts, report, and exit status."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from requests.auth import HTTPBasicAuth

from tests.contract.connection import Connection
from tests.contract.simulated import PASSWORD, security
from tests.contract.suite.clusters import ROWS_COMMAND, environment_of
from tests.contract.target import UnusableError, real_cluster
from tests.contract.verdicts import Result, Verdict, examine_all
from tests.contract.versions import Holds
from tests.simulator import Fault, Simulator
from tests.simulator.versions import Version

LOCAL = "127.0.0.1"
KEY = "sk-ant-of-a-user"


def run(simulator: Simulator, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the rows in a separate process."""
    environment = {**os.environ, **environment_of(simulator, **variables)}
    return subprocess.run(ROWS_COMMAND, env=environment, capture_output=True, text=True, check=False)


def results_of(simulator: Simulator, **variables: str) -> dict[str, Result]:
    """Examine all rows, as on a real cluster."""
    cluster = real_cluster(environment_of(simulator, **variables))
    try:
        return {result.row.id: result for result in examine_all(cluster)}
    finally:
        assert cluster.close() == []


def test_right_server_newer_than_the_reference_is_confirmed_and_the_report_is_written(tmp_path: Path) -> None:
    report = tmp_path / "reports" / "contract.md"
    with Simulator(version="9.7.1", security=security()) as simulator:
        done = run(simulator, ANTHROPIC_STANDIN_HOST=LOCAL, CONTRACT_REPORT=str(report))
        url = simulator.url

    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert f"Elasticsearch 9.7.1 at {url}" in done.stdout
    assert "elasticsearch.md does not cover this version" in done.stdout
    assert re.search(r"  create-taken-id +confirmed +A create of an existing ID returns 400", done.stdout)
    assert re.search(r"  delete-in-use +not testable here +the cluster rejects PUT /_ingest/pipeline/", done.stdout)
    assert ", 0 contradicted, " in done.stdout
    assert "| create-taken-id | 9.7.1 | confirmed | Create |" in report.read_text()


def test_wrong_server_is_reported_with_both_responses_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "contract.md"
    monkeypatch.setattr(Version, "knows_create_timeout", False)
    with Simulator(version="9.6.1", security=security()) as simulator:
        done = run(simulator, ANTHROPIC_STANDIN_HOST=LOCAL, ANTHROPIC_API_KEY=KEY, CONTRACT_REPORT=str(report))

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert ", 1 contradicted, " in done.stdout
    for text in (done.stdout, report.read_text()):
        assert "create-timeout-known on 9.6.1: A create accepts `timeout`." in text
        assert '  expected:  200 {"inference_id": "esops-contract-' in text
        assert '  observed:  400 {"error":{"root_cause":[{"type":"illegal_argument_exception"' in text
        assert PASSWORD not in text
        assert KEY not in text


def test_cluster_out_of_reach_ends_the_run_with_its_reason() -> None:
    with Simulator(security=security()) as simulator:
        environment = environment_of(simulator)
    done = subprocess.run(ROWS_COMMAND, env={**os.environ, **environment}, capture_output=True, text=True, check=False)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no response to GET /" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_wrong_password_ends_the_run_with_its_reason() -> None:
    with Simulator(security=security()) as simulator, pytest.raises(UnusableError) as caught:
        real_cluster(environment_of(simulator, HTTPBasicAuth("administrator", "wrong-password")))

    assert "unable to authenticate user [administrator]" in str(caught.value)
    assert "wrong-password" not in str(caught.value)


@pytest.mark.parametrize("fault", [Fault("html_before"), Fault("status", status=503), Fault("redirect")])
def test_response_of_another_server_ends_the_run(fault: Fault) -> None:
    with Simulator(security=security()) as simulator:
        simulator.faults.add(fault)
        with pytest.raises(UnusableError):
            real_cluster(environment_of(simulator))


def test_credentials_in_the_address_are_used_and_hidden() -> None:
    encoded = PASSWORD.replace(PASSWORD[0], f"%{ord(PASSWORD[0]):02X}")
    with Simulator(security=security()) as simulator:
        url = simulator.url.replace("http://", f"http://administrator:{encoded}@")
        with closing(Connection.from_environment({"ELASTICSEARCH_URL": f"{url}/"})) as connection:
            status = connection.send("GET", "/").status

    assert status == 200
    assert connection.url == simulator.url
    assert connection.secrets.hide(f"{encoded} {PASSWORD}") == "******** ********"


def test_api_key_takes_precedence_over_a_password() -> None:
    with Simulator(security=security()) as simulator:
        cluster_key = {**environment_of(simulator), "ELASTICSEARCH_API_KEY": "d3Jvbmc6a2V5"}
        with pytest.raises(UnusableError, match="unable to authenticate with provided credentials"):
            real_cluster(cluster_key)


def test_without_a_provider_rows_that_need_one_are_not_testable() -> None:
    with Simulator(version="9.6", security=security()) as simulator:
        simulator.faults.add(Fault("provider_unreachable", times=10_000))
        results = results_of(simulator)

    assert [one.row.id for one in results.values() if one.verdict is Verdict.CONTRADICTED] == []
    for row_id in ("run", "update-rate-limit", "update-answer", "create-with-accepted-key"):
        assert results[row_id].reason == "no provider: set ANTHROPIC_API_KEY"
    for row_id in ("create-validates", "update-key-validated"):
        assert results[row_id].reason.startswith("the cluster does not reach the provider: Failed to send")


def test_stand_in_replaces_the_provider_from_9_6() -> None:
    with Simulator(version="9.6", security=security()) as simulator:
        results = results_of(simulator, ANTHROPIC_STANDIN_HOST=LOCAL)

    assert [one.row.id for one in results.values() if one.verdict is Verdict.CONTRADICTED] == []
    for row_id in ("create-validates", "update-rate-limit", "update-key-validated", "run"):
        assert results[row_id].verdict is Verdict.CONFIRMED


def test_stand_in_is_ignored_before_9_6() -> None:
    with Simulator(version="9.5", security=security()) as simulator:
        results = results_of(simulator, ANTHROPIC_STANDIN_HOST=LOCAL)

    assert "require Elasticsearch 9.6 or later" in results["run"].reason


def test_versions_of_a_row_are_shown_in_words() -> None:
    assert str(Holds()) == "every version"
    assert str(Holds(">=8.17,<9.4", on_serverless=False)) == ">=8.17, <9.4, not serverless"
