# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: every operation on every version, with every fault at each request that it can affect.

Each run ends in sync or fails. In both cases, it reports the actual state of the server, and a second run without the
fault ends like a run that never encountered it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import flatten
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome
from tests.proxy import Proxy
from tests.simulator import Fault, Simulator, StoredEndpoint
from tests.unit.matrix.conftest import Count
from tests.unit.matrix.operations import (
    ALIKE,
    BASE,
    MODEL_ID,
    OPERATIONS,
    TOKENS,
    TRIAL,
    VERSIONS,
    WRITES,
    Bench,
    Operation,
    shown,
)
from tests.unit.support import FORMER_KEY, KEY

#: Long enough for the responses of the simulator, so that only the fault exceeds it.
TIMEOUT = 0.15

FAULTS = {
    "429": Fault("status", status=429),
    "429, Retry-After": Fault("status", status=429, retry_after="0"),
    "500": Fault("status", status=500),
    "500 although carried out": Fault("status_after", status=500),
    "400 although created": Fault("status_after", match=r"PUT (?!.*_update)", status=400),
    "502, a page": Fault("status", status=502, html=True),
    "503": Fault("status", status=503),
    "504": Fault("status", status=504),
    "504, a page, although carried out": Fault("status_after", status=504, html=True),
    "reset before": Fault("reset_before"),
    "reset after": Fault("reset_after"),
    "cut-off JSON": Fault("cut"),
    "cut-off response": Fault("cut_short"),
    "a page instead of the response": Fault("html"),
    "a page, not carried out": Fault("html_before"),
    "redirect": Fault("redirect"),
    "already exists": Fault("already_exists"),
    "provider refusal": Fault("provider_refusal"),
    "provider overloaded": Fault("provider_refusal", status=529),
    "provider limits the rate": Fault("provider_refusal", status=429),
    "provider does not respond": Fault("provider_timeout"),
    "busy with another update": Fault("busy", match="_update|^DELETE"),
    "not found": Fault("not_found", match="_update"),
}
#: These versions are tested with every fault: without updates, with updates that are not validated, and the latest.
KINDS_OF_VERSIONS = ("8.16", "9.3", "9.6")
#: One fault for each kind of result. The other versions are tested with these faults only, and these faults are tested
#: at every request. All other faults are tested at the first request, which is a read, and at each write.
MAIN_FAULTS = (
    *("429", "500 although carried out", "400 although created", "504, a page, although carried out", "reset before"),
    *("reset after", "cut-off JSON", "already exists", "provider refusal", "busy with another update"),
)
RETRIED = ("429", "502", "503", "504", "reset", "provider overloaded", "provider limits", "busy")
SLOW = Fault("slow", seconds=TIMEOUT * 1.4)


@pytest.fixture(scope="module", params=VERSIONS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Simulator(version=request.param) as server:
        yield Bench(server)


@pytest.fixture(scope="module", params=KINDS_OF_VERSIONS)
def bench_of_few(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Return a bench for each kind of version."""
    with Simulator(version=request.param) as server:
        yield Bench(server)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_with_any_fault_at_any_request_reports_the_truth(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    is_kind = bench.version in KINDS_OF_VERSIONS
    for name, number in _hits(FAULTS if is_kind else MAIN_FAULTS, bench.server.requests, everywhere=is_kind):
        _run_with_fault(bench, expected, FAULTS[name], f"{name} at request {number}", number)
        count("runs with a fault")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_with_retries_reports_the_truth_after_any_temporary_fault(
    bench_of_few: Bench, operation: Operation, count: Count
) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    names = [name for name in FAULTS if name.startswith(RETRIED)]
    for name, number in _hits(names, bench.server.requests):
        _run_with_fault(bench, expected, FAULTS[name], f"{name} at request {number}", number, retries=2)
        count("runs with a fault and with retries")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_with_a_late_response_reports_the_truth(bench_of_few: Bench, operation: Operation, count: Count) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    for number in range(1, expected.requests + 1):
        _run_with_fault(bench, expected, SLOW, f"slow at request {number}", number, timeout=TIMEOUT)
        count("runs whose response came too late")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_with_a_silently_ignored_update_reports_the_truth(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    if any("/_update" in request for request in bench.server.requests) and operation.name != "rotate-key":
        _run_with_fault(bench, expected, replace(Fault("ignore"), match="_update"), "silently ignored", 1)
        count("runs with a fault")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_on_a_server_that_stops_and_restarts_reports_the_truth(
    bench: Bench, operation: Operation, count: Count
) -> None:
    expected = Expected.of(bench, operation)
    for number in range(1, expected.requests + 1):
        where = f"the server is gone from request {number} on"
        bench.prepare(operation)
        before = bench.held
        outcome = bench.run(operation, before=number, happens=bench.server.stop)
        bench.server.start()
        assert outcome.error is not None, where
        _assert_outcome_is_true(bench, expected, outcome, before, where)
        _assert_converges(bench, expected, where)
        count("runs whose server went away")


@pytest.mark.parametrize(("version", "other"), ALIKE.items())
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_omitted_versions_behave_like_a_tested_one(operation: Operation, version: str, other: str) -> None:
    sent = []
    for number in (version, other):
        with Simulator(version=number) as server:
            bench = Bench(server)
            expected = Expected.of(bench, operation)
            reported = (expected.outcome.action, expected.outcome.changes, shown(expected.held))
            error = str(expected.outcome.error or "").replace(number, "")
            sent.append((server.requests, [exchange.body for exchange in server.log], reported, error))
    assert sent[0] == sent[1]


@pytest.mark.parametrize("other", ["deletes it", "creates it alike", "creates another", "changes it"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_at_the_same_time_as_another_client_reports_the_truth(
    bench_of_few: Bench, operation: Operation, other: str, count: Count
) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    acts = {
        "deletes it": bench.remove,
        "creates it alike": lambda: bench.put(operation.settings, KEY),
        "creates another": lambda: bench.put({**BASE, MODEL_ID: "others-model"}, FORMER_KEY),
        "changes it": lambda: bench.put({**BASE, TOKENS: 7}, FORMER_KEY),
    }
    for number in range(1, expected.decisive + 1):
        bench.prepare(operation)
        outcome = bench.run(operation, before=number, happens=acts[other])
        report = f"{operation}, before request {number} another client {other}: {outcome.action}, {outcome.error}"
        after = bench.held
        if outcome.error is None:
            assert _is_in_sync(operation, after), report
            assert not bench.has_trial, report
        if bench.has_been_written_to:
            assert shown(after) == (outcome.after.as_dict() if outcome.after else None), report
        # The change by the other client may be a reason to refuse this declaration, in the second run as well.
        again = bench.run(operation)
        assert again.error is not None or _is_in_sync(operation, bench.held), report
        assert not again.changed or again.error is None or operation.sends_secret, report
        count("runs at the same time as another client")


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_edit_by_another_client_before_a_rejected_write_is_not_reported(
    bench_of_few: Bench, operation: Operation, status: int, count: Count
) -> None:
    """Changes by another client are not reported as changes of this run."""
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    for number in range(1, expected.requests + 1):
        where = f"a rejected write, before request {number} another client changes it"
        bench.prepare(operation)
        bench.server.faults.add(Fault("status", match=WRITES, status=status, times=99))
        outcome = bench.run(
            operation, before=number, happens=lambda: bench.put({**BASE, TOKENS: 50}, FORMER_KEY), retries=0
        )
        bench.server.faults.clear()
        report = f"{operation}, {where}: {outcome.action}, {outcome.changes}, {outcome.error}"
        # If it is unknown whether the server received a key, the key may have changed.
        assert not outcome.changed or (status == 500 and operation.sends_secret), report
        if outcome.after is not None and bench.has_been_written_to:
            assert shown(bench.held) == outcome.after.as_dict(), report
        count("runs whose endpoint was edited before a rejected write")


@pytest.mark.parametrize("fault", ["503", "reset before"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_with_a_failing_first_node_reports_the_truth(
    bench_of_few: Bench, operation: Operation, fault: str, count: Count
) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    with Simulator(version=bench.server.version.number, cluster_of=bench.server) as failing:
        for number in range(1, expected.requests + 1):
            bench.prepare(operation)
            before = bench.held
            failing.faults.add(replace(FAULTS[fault], at=number, times=99))
            outcome = bench.run(operation, urls=(failing.url, bench.server.url))
            failing.faults.clear()
            where = f"the first node: {fault} from request {number} on"
            _assert_outcome_is_true(bench, expected, outcome, before, where)
            _assert_converges(bench, expected, where)
            count("runs whose first node failed")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_run_through_a_proxy_reports_the_truth(
    bench_of_few: Bench, operation: Operation, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        for name in ("503", "reset after"):
            for number in range(1, expected.requests + 1):
                _run_with_fault(bench, expected, FAULTS[name], f"through a proxy, {name} at request {number}", number)
                count("runs through a proxy")
        assert proxy.requests


@dataclass(frozen=True)
class Expected:
    """The result of an operation on a version without a fault.

    :ivar requests: the number of requests.
    :ivar decisive: the number of requests until the endpoint is in sync.
    """

    operation: Operation
    requests: int
    decisive: int
    outcome: Outcome
    held: StoredEndpoint | None

    @classmethod
    def of(cls, bench: Bench, operation: Operation) -> Expected:
        bench.prepare(operation)
        before = bench.held
        outcome = bench.run(operation)
        requests = bench.server.requests
        is_cleaning = bool(requests) and requests[-1].startswith("DELETE ") and TRIAL in requests[-1]
        expected = cls(operation, len(requests), len(requests) - is_cleaning, outcome, bench.held)
        _assert_outcome_is_true(bench, expected, outcome, before, "no fault")
        return expected


def _hits(names: Iterable[str], requests: Sequence[str], *, everywhere: bool = True) -> Iterator[tuple[str, int]]:
    """Yield each fault with the number of each request that it can affect.

    :param everywhere: whether the main faults affect each request.
    """
    for name in names:
        fault = FAULTS[name]
        for number, request in enumerate(requests, 1):
            if fault.match:
                hits = re.search(fault.match, request)
            elif fault.kind.startswith("provider_"):
                hits = re.match("PUT ", request)
            else:
                is_main = everywhere and name in MAIN_FAULTS
                hits = is_main or number == 1 or re.search(WRITES, request)
            if hits:
                yield name, number


def _run_with_fault(bench: Bench, expected: Expected, fault: Fault, where: str, number: int, **options: Any) -> None:
    bench.prepare(expected.operation)
    before = bench.held
    bench.server.faults.add(replace(fault, at=number))
    outcome = bench.run(expected.operation, **options)
    bench.settle()
    bench.server.faults.clear()
    _assert_outcome_is_true(bench, expected, outcome, before, where)
    _assert_converges(bench, expected, where)


def _assert_outcome_is_true(
    bench: Bench, expected: Expected, outcome: Outcome, before: StoredEndpoint | None, where: str
) -> None:
    """Assert that the outcome shows the actual state of the server, and that a success is in sync."""
    after, operation = bench.held, expected.operation
    text = str(outcome.error or "")
    report = f"{operation}, {where}: {outcome.action}, changed {outcome.changed}, {text}"
    assert KEY not in text, report
    assert FORMER_KEY not in text, report
    if outcome.error is None:
        assert _is_in_sync(operation, after), report
        # A run for a single endpoint that changes nothing reads only this endpoint.
        assert not (outcome.changed and bench.has_trial), report
    if "did not respond within" in text:
        pass  # The server may still be working on the request, as the message states.
    elif "could not be read" in text or (outcome.after is None and outcome.error is not None and not outcome.changed):
        assert outcome.after is None, report
    else:
        assert shown(after) == (outcome.after.as_dict() if outcome.after else None), report
    if "could not be read" not in text and "did not respond within" not in text:
        assert outcome.changed or before == after, report
        # A key that was sent is reported as a change, even if it is the same key.
        assert not outcome.changed or before != after or operation.sends_secret, report
    assert (outcome.action == "none") == (not outcome.changed), report
    if outcome.changed and outcome.error is None:
        assert outcome.action in _actions(before, after), report


def _assert_converges(bench: Bench, expected: Expected, where: str) -> None:
    """Assert that a second run without the fault ends like a run without it, including the undeclared settings."""
    before = bench.held
    again = bench.run(expected.operation)
    where = f"second run after {where}"
    _assert_outcome_is_true(bench, expected, again, before, where)
    assert str(again.error or "") == str(expected.outcome.error or ""), where
    if bench.has_trial and not again.changed:
        # A run for a list reads all endpoints, so it finds the left-over of an earlier run.
        bench.run_list(expected.operation)
    assert not bench.has_trial, where
    assert shown(bench.held) == shown(expected.held), where


def _is_in_sync(operation: Operation, held: StoredEndpoint | None) -> bool:
    if operation.state == "absent" or held is None:
        return operation.state == "absent" and held is None
    settings = flatten({"service_settings": held.service_settings, "task_settings": held.task_settings})
    rotated = operation.policy.update_secrets != "always" or held.secret == KEY
    return rotated and all(settings[path] == value for path, value in operation.settings.items())


def _actions(before: StoredEndpoint | None, after: StoredEndpoint | None) -> tuple[str, ...]:
    """Return the actions that can change the endpoint from one state to the other."""
    if before is None:
        return ("created",)
    return ("deleted",) if after is None else ("updated", "recreated")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_two_equal_runs_at_once_both_end_in_sync(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    for _time in range(3):
        bench.prepare(operation)
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(bench.run, [operation, operation]))
        if expected.outcome.error is None:
            assert _is_in_sync(operation, bench.held)
        # A re-creation may find the temporary or the new endpoint of the other run, and fail.
        assert (
            operation.name == "recreate"
            or [str(outcome.error) for outcome in outcomes] == [str(expected.outcome.error)] * 2
        )
        _assert_converges(bench, expected, "two runs at once")
        count("pairs of runs at the same time")


def test_two_unequal_runs_at_once_end_as_one_of_them(bench: Bench, count: Count) -> None:
    one, other = (Operation("create", {**BASE, TOKENS: tokens}, exists=False) for tokens in (1, 2))
    for _time in range(3):
        bench.prepare(one)
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(bench.run, [one, other]))
        held = shown(bench.held)
        assert held is not None
        assert held["task_settings"]["max_tokens"] in (1, 2)
        assert any(outcome.error is None and outcome.after and outcome.after.as_dict() == held for outcome in outcomes)
        count("pairs of runs at the same time")
