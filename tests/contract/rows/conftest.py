# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run each row on the cluster at ELASTICSEARCH_URL, or on a simulator of each supported version, and report."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import pytest

from tests.contract.cluster import Cluster
from tests.contract.report import contradiction_lines, markdown_report, text_report
from tests.contract.simulated import simulated_cluster
from tests.contract.target import UnusableError, real_cluster
from tests.contract.verdicts import ROWS, Result, Verdict, examine
from tests.contract.versions import SUPPORTED, ServerVersion

CLUSTER = "cluster"
REPORT = "CONTRACT_REPORT"
RESULTS = pytest.StashKey[list[Result]]()
LEFT = pytest.StashKey[list[str]]()
OTHERS = pytest.StashKey[list[str]]()
CLUSTERS = pytest.StashKey[dict[str, Cluster]]()
UNDO = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Connect to the cluster, so that rows can be selected by its version. Signals end the run like Ctrl+C."""
    config.stash[UNDO] = ExitStack()
    config.stash[RESULTS] = []
    config.stash[LEFT] = []
    config.stash[OTHERS] = []
    config.stash[CLUSTERS] = {}
    if os.environ.get("ELASTICSEARCH_URL"):
        try:
            cluster = real_cluster(os.environ)
        except UnusableError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[CLUSTERS][str(cluster.version)] = cluster
        config.stash[OTHERS] = cluster.others()
    for number in (signal.SIGTERM, signal.SIGHUP):
        config.stash[UNDO].callback(signal.signal, number, signal.signal(number, _interrupt))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):  # another signal must not interrupt the cleanup
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_unconfigure(config: pytest.Config) -> None:
    """Restore the signal handlers."""
    config.stash[UNDO].close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize each row with each version."""
    if metafunc.function in ROWS:
        clusters = metafunc.config.stash[CLUSTERS]
        metafunc.parametrize(CLUSTER, list(clusters) or SUPPORTED, indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Allow `-k` to select a row by its ID."""
    row = ROWS.get(item.function) if isinstance(item, pytest.Function) else None
    if row:
        item.extra_keyword_matches.add(row.id)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the versions for which a row does not apply."""
    config.hook.pytest_deselected(items=[item for item in items if not _holds(item)])
    items[:] = [item for item in items if _holds(item)]


def _holds(item: pytest.Item) -> bool:
    row = ROWS.get(item.function) if isinstance(item, pytest.Function) else None
    if row is None:
        return True
    assert isinstance(item, pytest.Function)
    version = str(item.callspec.params[CLUSTER])
    cluster = item.config.stash[CLUSTERS].get(version)
    return row.holds.includes(cluster.version if cluster else ServerVersion.parse(version))


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Return the cluster. All rows share it, and it is closed at the end of the session."""
    clusters, version = request.config.stash[CLUSTERS], request.param
    if version not in clusters:
        clusters[version] = simulated_cluster(version)
    return clusters[version]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Examine a row instead of only calling it, and report its verdict as passed, failed, or skipped."""
    row = ROWS.get(pyfuncitem.function)
    if row is None:
        return None
    cluster = pyfuncitem.funcargs[CLUSTER]
    assert isinstance(cluster, Cluster)
    result = examine(row, cluster)
    pyfuncitem.config.stash[RESULTS].append(result)
    if result.contradiction:
        pytest.fail("\n".join(contradiction_lines(result)), pytrace=False)
    if result.verdict is Verdict.NOT_TESTABLE:
        pytest.skip(result.reason)
    return True


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Restore each cluster, however the session ended. Remaining items are a failure."""
    left = [line for cluster in session.config.stash[CLUSTERS].values() for line in cluster.close()]
    session.config.stash[LEFT] = left
    if left and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    _write_report(session.config)


def _write_report(config: pytest.Config) -> None:
    results, path = config.stash[RESULTS], os.environ.get(REPORT)
    if path and results:
        versions = ", ".join(dict.fromkeys(str(result.version) for result in results))
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(markdown_report(f"Contract of Elasticsearch {versions}", results), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the report."""
    results = config.stash[RESULTS]
    if results:
        terminalreporter.section("contract")
        for cluster in config.stash[CLUSTERS].values() if os.environ.get("ELASTICSEARCH_URL") else ():
            terminalreporter.line(f"Elasticsearch {cluster.version} at {cluster.url}")
            if cluster.version.beyond_the_reference:
                terminalreporter.line("elasticsearch.md does not cover this version. Rows of its latest version apply.")
        for line in text_report(results):
            terminalreporter.line(line)
    for inference_id in config.stash[OTHERS]:
        terminalreporter.line(f"Endpoint of another run: {inference_id}. Delete it if no other run is in progress.")
    for line in config.stash[LEFT]:
        terminalreporter.line(f"Cleanup failed: {line}", red=True)
