# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the writes of the suite, and of its cleanup."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.contract import cluster as cluster_module
from tests.contract.cluster import PREFIX, Cluster, ForeignWriteError
from tests.contract.simulated import SimulatedSurroundings, security, simulated_cluster
from tests.contract.suite.clusters import ROWS_COMMAND, environment_of
from tests.contract.surroundings import Defect
from tests.contract.target import real_cluster
from tests.contract.validation import SETTING, SETTINGS_PATH
from tests.contract.verdicts import Row, examine, examine_all
from tests.contract.versions import Holds
from tests.simulator import Exchange, Fault, Simulator

FOREIGN = "endpoint-of-another-user"
MADE_BY_A_RUN = ("_inference", "_ingest", "_security")


def simulator_of(cluster: Cluster) -> Simulator:
    """Return the simulator of a cluster."""
    assert isinstance(cluster.surroundings, SimulatedSurroundings)
    return cluster.surroundings.simulator


def is_own(exchange: Exchange, prefix: str) -> bool:
    """Return whether a request only reads, or writes something of this run or the one setting."""
    if exchange.method in ("GET", "HEAD"):
        return True
    path = exchange.path.partition("?")[0]
    if path == SETTINGS_PATH:
        return [list(level) for level in exchange.body.values()] == [[SETTING]]
    root, *segments = path.strip("/").split("/")
    return root in MADE_BY_A_RUN and any(segment.startswith(prefix) for segment in segments)


def settings_of(simulator: Simulator) -> Any:
    """Return the cluster settings of a simulator."""
    return simulator._node.rules.cluster.settings.body(flat=True)


def row_of(check: Callable[[Cluster], None]) -> Row:
    """Make a row of a function."""
    return Row("some-row", "Some section", "Something.", check, Holds())


@pytest.mark.parametrize("version", ["8.16", "9.6", "serverless"])
def test_every_write_of_all_rows_is_about_an_own_id_or_the_one_setting(version: str) -> None:
    with closing(simulated_cluster(version)) as cluster:
        simulator = simulator_of(cluster)
        simulator.seed(FOREIGN)
        before = (simulator.endpoints, settings_of(simulator))
        examine_all(cluster)
    foreign = [f"{one.method} {one.path}" for one in simulator.log if not is_own(one, cluster.prefix)]

    assert foreign == []
    assert (simulator.endpoints, settings_of(simulator)) == before


@pytest.mark.parametrize("former", [{"persistent": {SETTING: "true"}}, {"transient": {SETTING: "true"}}])
def test_setting_is_restored_at_its_former_level(former: dict[str, dict[str, str | None]]) -> None:
    with closing(simulated_cluster("9.6")) as cluster:
        simulator = simulator_of(cluster)
        simulator._node.rules.cluster.settings.update(former)
        cluster.validate_creates()
        changed = settings_of(simulator)
    restored = settings_of(simulator)

    assert changed != restored
    assert restored == {"persistent": {}, "transient": {}, **former}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"/_inference/completion/{FOREIGN}", {}),
        ("DELETE", f"/_inference/{PREFIX}00000000-1", None),
        ("DELETE", "/_inference/completion/_all", None),
        ("PUT", SETTINGS_PATH, {"persistent": {"indices.breaker.total.limit": "1%"}}),
        ("PUT", SETTINGS_PATH, {"persistent": {SETTING: True, "indices.breaker.total.limit": "1%"}}),
        ("PUT", SETTINGS_PATH, {}),
        ("POST", "/", None),
    ],
)
def test_foreign_write_is_not_sent(method: str, path: str, body: Any) -> None:
    with closing(simulated_cluster("9.6")) as cluster:
        with pytest.raises(ForeignWriteError):
            cluster.send(method, path, body)

        assert simulator_of(cluster).requests == []


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_row_that_ends_early_leaves_nothing(failure: type[BaseException]) -> None:
    def check(cluster: Cluster) -> None:
        cluster.endpoint()
        cluster.surroundings.broken_endpoint(cluster, Defect.NO_SETTINGS)
        raise failure

    with closing(simulated_cluster("9.6")) as cluster:
        before = simulator_of(cluster).endpoints
        with pytest.raises(failure):
            examine(row_of(check), cluster)

        assert simulator_of(cluster).endpoints == before


def test_create_whose_response_is_lost_is_removed() -> None:
    def check(cluster: Cluster) -> None:
        simulator_of(cluster).faults.add(Fault("reset_after", match="PUT /_inference"))
        cluster.create(cluster.new_id(), cluster.body())

    with closing(simulated_cluster("9.6")) as cluster:
        before = simulator_of(cluster).endpoints
        result = examine(row_of(check), cluster)

        assert result.reason.startswith("no response to PUT /_inference/completion/")
        assert simulator_of(cluster).endpoints == before


def test_failed_deletion_is_retried_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PAUSE_SECONDS", 0)
    with Simulator(version="9.6", security=security()) as simulator:
        cluster = real_cluster(environment_of(simulator))
        inference_id = cluster.endpoint()
        simulator.faults.add(Fault("status", match="DELETE", status=503, times=100))
        cluster.clean()

        assert cluster.close() == [f"still there: /_inference/{inference_id}?force=true"]


def test_deletion_that_succeeds_at_the_end_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PAUSE_SECONDS", 0)
    with Simulator(version="9.6", security=security()) as simulator:
        before = simulator.endpoints
        cluster = real_cluster(environment_of(simulator))
        cluster.endpoint()
        simulator.faults.add(Fault("status", match="DELETE", status=503, times=cluster_module.ATTEMPTS))
        cluster.clean()

        assert cluster.close() == []
        assert simulator.endpoints == before


def test_removal_that_fails_once_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PAUSE_SECONDS", 0)
    with closing(simulated_cluster("9.6")) as cluster:
        before = simulator_of(cluster).endpoints
        cluster.endpoint()
        simulator_of(cluster).faults.add(Fault("status", match="DELETE", status=503))
        cluster.clean()

        assert simulator_of(cluster).endpoints == before


def test_endpoints_of_other_runs_are_named_and_left_alone() -> None:
    with closing(simulated_cluster("9.6")) as cluster:
        simulator_of(cluster).seed(f"{PREFIX}00000000-1")
        cluster.endpoint()

        assert cluster.others() == [f"{PREFIX}00000000-1"]


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let new processes react to SIGINT. Background jobs of a shell ignore it, and so do the processes they start."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ended_by_a_signal_restores_the_cluster(number: signal.Signals) -> None:
    with Simulator(version="9.6", security=security()) as simulator:
        before = (simulator.endpoints, settings_of(simulator))
        simulator.faults.add(Fault("slow", at=10, match="GET /_inference/esops", seconds=600))
        environment = {**os.environ, **environment_of(simulator, ANTHROPIC_API_KEY="sk-ant-anything")}
        with subprocess.Popen(ROWS_COMMAND, env=environment, stdout=subprocess.PIPE, text=True) as run:
            while simulator.faults.pending and run.poll() is None:
                time.sleep(0.01)
            during = (simulator.endpoints, settings_of(simulator))
            run.send_signal(number)
            output, _nothing = run.communicate()

        assert during[0] != before[0]
        assert during[1] != before[1]
        assert (simulator.endpoints, settings_of(simulator)) == before
        assert run.returncode == pytest.ExitCode.INTERRUPTED
        assert " confirmed" in output
