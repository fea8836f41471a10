# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: every operation on every version, with every fault at every one of its requests that it can hit.

Each run ends as asked or fails. In both cases what it reports is what the server holds, and a second
run without the fault ends like one that never met it.
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

#: Long enough for an answer of the simulator, so that only the fault runs into it.
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
    "cut-off answer": Fault("cut_short"),
    "a page instead of the answer": Fault("html"),
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
#: Each kind of version meets every fault: without updates, with updates that are not validated, and the newest.
KINDS_OF_VERSIONS = ("8.16", "9.3", "9.6")
#: One fault of each way to end: what the other versions meet, and what any request meets in each kind of version.
#: Otherwise, a fault comes at the first request, a read, and at each write: another read fails in the same way.
MAIN_FAULTS = (
    *("429", "500 although carried out", "400 although created", "504, a page, although carried out", "reset before"),
    *("reset after", "cut-off JSON", "already exists", "provider refusal", "busy with another update"),
)
SENT_AGAIN = ("429", "502", "503", "504", "reset", "provider overloaded", "provider limits", "busy")
SLOW = Fault("slow", seconds=TIMEOUT * 1.4)


@pytest.fixture(scope="module", params=VERSIONS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Simulator(version=request.param) as server:
        yield Bench(server)


@pytest.fixture(scope="module", params=KINDS_OF_VERSIONS)
def bench_of_few(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A bench for each kind of version."""
    with Simulator(version=request.param) as server:
        yield Bench(server)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_fault_at_every_request(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    is_kind = bench.version in KINDS_OF_VERSIONS
    for name, number in _hits(FAULTS if is_kind else MAIN_FAULTS, bench.server.requests, everywhere=is_kind):
        _meet(bench, expected, FAULTS[name], f"{name} at request {number}", number)
        count("runs that met a fault")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_fault_that_a_retry_outlasts(bench_of_few: Bench, operation: Operation, count: Count) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    names = [name for name in FAULTS if name.startswith(SENT_AGAIN)]
    for name, number in _hits(names, bench.server.requests):
        _meet(bench, expected, FAULTS[name], f"{name} at request {number}", number, retries=2)
        count("runs that met a fault and could try again")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_answer_that_comes_too_late(bench_of_few: Bench, operation: Operation, count: Count) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    for number in range(1, expected.requests + 1):
        _meet(bench, expected, SLOW, f"slow at request {number}", number, timeout=TIMEOUT)
        count("runs whose answer came too late")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_update_that_is_silently_ignored(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    if any("/_update" in request for request in bench.server.requests) and operation.name != "rotate-key":
        _meet(bench, expected, replace(Fault("ignore"), match="_update"), "silently ignored", 1)
        count("runs that met a fault")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_server_that_goes_away_and_comes_back(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    for number in range(1, expected.requests + 1):
        where = f"the server is gone from request {number} on"
        bench.prepare(operation)
        before = bench.held
        outcome = bench.run(operation, before=number, happens=bench.server.stop)
        bench.server.start()
        assert outcome.error is not None, where
        _assert_truth(bench, expected, outcome, before, where)
        _assert_converges(bench, expected, where)
        count("runs whose server went away")


@pytest.mark.parametrize(("version", "other"), ALIKE.items())
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_versions_left_out_run_like_another(operation: Operation, version: str, other: str) -> None:
    sent = []
    for number in (version, other):
        with Simulator(version=number) as server:
            bench = Bench(server)
            expected = Expected.of(bench, operation)
            reported = (expected.outcome.action, expected.outcome.changes, shown(expected.held))
            error = str(expected.outcome.error or "").replace(number, "")
            sent.append((server.requests, [exchange.body for exchange in server.log], reported, error))
    assert sent[0] == sent[1]


@pytest.mark.parametrize("someone", ["deletes it", "creates it alike", "creates another", "changes it"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_someone_else_at_the_same_time(bench_of_few: Bench, operation: Operation, someone: str, count: Count) -> None:
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
        outcome = bench.run(operation, before=number, happens=acts[someone])
        told = f"{operation}, before request {number} someone {someone}: {outcome.action}, {outcome.error}"
        after = bench.held
        if outcome.error is None:
            assert _is_as_asked(operation, after), told
            assert not bench.has_trial, told
        if bench.has_been_written_to:
            assert shown(after) == (outcome.after.as_dict() if outcome.after else None), told
        # What the others made of it may be what this declaration has to be refused for, in the second run, too.
        again = bench.run(operation)
        assert again.error is not None or _is_as_asked(operation, bench.held), told
        assert not again.changed or again.error is None or operation.sends_secret, told
        count("runs that met someone else")


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_edited_by_someone_else_before_a_rejected_write(
    bench_of_few: Bench, operation: Operation, status: int, count: Count
) -> None:
    """Nothing that somebody else did is reported as a change of this run."""
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    for number in range(1, expected.requests + 1):
        where = f"a rejected write, before request {number} someone changes it"
        bench.prepare(operation)
        bench.server.faults.add(Fault("status", match=WRITES, status=status, times=99))
        outcome = bench.run(
            operation, before=number, happens=lambda: bench.put({**BASE, TOKENS: 50}, FORMER_KEY), retries=0
        )
        bench.server.faults.clear()
        told = f"{operation}, {where}: {outcome.action}, {outcome.changes}, {outcome.error}"
        # A key whose arrival nobody knows may have changed.
        assert not outcome.changed or (status == 500 and operation.sends_secret), told
        if outcome.after is not None and bench.has_been_written_to:
            assert shown(bench.held) == outcome.after.as_dict(), told
        count("runs whose endpoint was edited before a rejected write")


@pytest.mark.parametrize("fault", ["503", "reset before"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_first_node_is_sick(bench_of_few: Bench, operation: Operation, fault: str, count: Count) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    with Simulator(version=bench.server.version.number, cluster_of=bench.server) as sick:
        for number in range(1, expected.requests + 1):
            bench.prepare(operation)
            before = bench.held
            sick.faults.add(replace(FAULTS[fault], at=number, times=99))
            outcome = bench.run(operation, urls=(sick.url, bench.server.url))
            sick.faults.clear()
            where = f"the first node: {fault} from request {number} on"
            _assert_truth(bench, expected, outcome, before, where)
            _assert_converges(bench, expected, where)
            count("runs whose first node was sick")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_behind_a_proxy(
    bench_of_few: Bench, operation: Operation, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_of_few
    expected = Expected.of(bench, operation)
    with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        for name in ("503", "reset after"):
            for number in range(1, expected.requests + 1):
                _meet(bench, expected, FAULTS[name], f"behind a proxy, {name} at request {number}", number)
                count("runs behind a proxy")
        assert proxy.requests


@dataclass(frozen=True)
class Expected:
    """How an operation ends on a version without a fault.

    :ivar requests: how many it makes.
    :ivar decisive: how many of them it makes until the endpoint is as asked.
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
        _assert_truth(bench, expected, outcome, before, "no fault")
        return expected


def _hits(names: Iterable[str], requests: Sequence[str], *, everywhere: bool = True) -> Iterator[tuple[str, int]]:
    """Faults with the number of each request that they can hit: one that asks the provider, say.

    C(everywhere): whether the main faults hit each request.
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


def _meet(bench: Bench, expected: Expected, fault: Fault, where: str, number: int, **patience: Any) -> None:
    bench.prepare(expected.operation)
    before = bench.held
    bench.server.faults.add(replace(fault, at=number))
    outcome = bench.run(expected.operation, **patience)
    bench.settle()
    bench.server.faults.clear()
    _assert_truth(bench, expected, outcome, before, where)
    _assert_converges(bench, expected, where)


def _assert_truth(
    bench: Bench, expected: Expected, outcome: Outcome, before: StoredEndpoint | None, where: str
) -> None:
    """What is reported is what the server holds, and a success is what was asked."""
    after, operation = bench.held, expected.operation
    text = str(outcome.error or "")
    told = f"{operation}, {where}: {outcome.action}, changed {outcome.changed}, {text}"
    assert KEY not in text, told
    assert FORMER_KEY not in text, told
    if outcome.error is None:
        assert _is_as_asked(operation, after), told
        # A single run that changes nothing reads nothing but its endpoint.
        assert not (outcome.changed and bench.has_trial), told
    if "did not respond within" in text:
        pass  # What the server is still at will be done when it is done; the message says so.
    elif "could not be read" in text or (outcome.after is None and outcome.error is not None and not outcome.changed):
        assert outcome.after is None, told
    else:
        assert shown(after) == (outcome.after.as_dict() if outcome.after else None), told
    if "could not be read" not in text and "did not respond within" not in text:
        assert outcome.changed or before == after, told
        # A key that was sent counts as a change, whether it was another one or not.
        assert not outcome.changed or before != after or operation.sends_secret, told
    assert (outcome.action == "none") == (not outcome.changed), told
    if outcome.changed and outcome.error is None:
        assert outcome.action in _actions(before, after), told


def _assert_converges(bench: Bench, expected: Expected, where: str) -> None:
    """A second run without the fault ends like one that never met it: not even what nobody declared is lost."""
    before = bench.held
    again = bench.run(expected.operation)
    where = f"second run after {where}"
    _assert_truth(bench, expected, again, before, where)
    assert str(again.error or "") == str(expected.outcome.error or ""), where
    if bench.has_trial and not again.changed:
        # A list run reads all endpoints, so it finds what an earlier run left behind.
        bench.run_list(expected.operation)
    assert not bench.has_trial, where
    assert shown(bench.held) == shown(expected.held), where


def _is_as_asked(operation: Operation, held: StoredEndpoint | None) -> bool:
    if operation.state == "absent" or held is None:
        return operation.state == "absent" and held is None
    settings = flatten({"service_settings": held.service_settings, "task_settings": held.task_settings})
    rotated = operation.policy.update_secrets != "always" or held.secret == KEY
    return rotated and all(settings[path] == value for path, value in operation.settings.items())


def _actions(before: StoredEndpoint | None, after: StoredEndpoint | None) -> tuple[str, ...]:
    """What can have brought the server from one to the other."""
    if before is None:
        return ("created",)
    return ("deleted",) if after is None else ("updated", "recreated")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_two_equal_runs_at_once_both_end_as_asked(bench: Bench, operation: Operation, count: Count) -> None:
    expected = Expected.of(bench, operation)
    for _time in range(3):
        bench.prepare(operation)
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(bench.run, [operation, operation]))
        if expected.outcome.error is None:
            assert _is_as_asked(operation, bench.held)
        # A recreate may find the other's temporary endpoint, or its new one, and say so.
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
