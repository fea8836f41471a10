# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module anthropic_endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from tests.simulator import Fault, Security, Simulator
from tests.unit.support import (
    ID,
    KEY,
    MODEL,
    OTHERS,
    PROOF_QUERY,
    VERSION,
    Run,
    create_request,
    endpoints,
    seed,
    update_request,
)

DEFAULTS: dict[str, Any] = {
    "service_settings": {"api_key": KEY, "model_id": MODEL},
    "task_settings": {"max_tokens": 1024},
}
THREE: list[dict[str, Any]] = [
    {"inference_id": "a"},
    {"inference_id": "b", "task_settings": {"max_tokens": 256, "temperature": 0.5}},
    {"inference_id": "c", "service_settings": {"model_id": "other", "rate_limit": {"requests_per_minute": 7}}},
]


def three(server: Simulator, **options: Any) -> Run:
    """Run the module, by default without parallel requests, so that their order is fixed."""
    common = {"defaults": DEFAULTS, "duplicate_model": "allow", "parallel": 1, "return_unchanged": True}
    return endpoints(server, **{"endpoints": THREE, **common, **options})


def actions(run: Run) -> dict[str, str]:
    return {result["inference_id"]: result["action"] for result in run["results"]}


def test_all_endpoints_are_created_after_one_read(server: Simulator) -> None:
    run = three(server)
    assert server.requests == [OTHERS, VERSION, *(create_request(name) for name in "abc")]
    assert run["changed"] is True
    assert actions(run) == {"a": "created", "b": "created", "c": "created"}
    assert run["summary"] == {"created": 3, "updated": 0, "recreated": 0, "deleted": 0, "unchanged": 0, "failed": 0}
    assert server.endpoints["b"].task_settings == {"max_tokens": 256, "temperature": 0.5}
    assert server.endpoints["c"].service_settings == {"model_id": "other", "rate_limit": {"requests_per_minute": 7}}
    assert {server.endpoints[name].secret for name in "abc"} == {KEY}


def test_second_run_sends_one_request(server: Simulator) -> None:
    three(server)
    server.clear_log()
    run = three(server, diff=True)
    assert server.requests == [OTHERS]
    assert run["changed"] is False
    assert run["summary"]["unchanged"] == 3
    assert "diff" not in run


def test_many_endpoints_in_sync_need_one_request(server: Simulator) -> None:
    names = [f"e{number}" for number in range(100)]
    for name in names:
        seed(server, name)
    run = three(server, endpoints=[{"inference_id": name} for name in names])
    assert server.requests == [OTHERS]
    assert run["summary"]["unchanged"] == 100


def test_results_keep_the_order_of_the_list(server: Simulator) -> None:
    run = three(server, endpoints=list(reversed(THREE)))
    assert [result["inference_id"] for result in run["results"]] == ["c", "b", "a"]


def test_failure_of_an_endpoint_does_not_stop_others(server: Simulator) -> None:
    server.seed("b", service="openai")
    run = three(server)
    assert run.failed
    assert run["changed"] is True
    assert actions(run) == {"a": "created", "b": "none", "c": "created"}
    assert run["summary"]["failed"] == 1
    assert run["summary"]["created"] == 2
    assert [result["inference_id"] for result in run["results"] if result.get("failed")] == ["b"]
    assert run["results"][1]["msg"].startswith("Inference endpoint b belongs to the service openai")
    assert run["results"][1]["failure"]["reason"] == run["results"][1]["msg"]
    assert run["msg"] == f"1 of 3 endpoints failed. b: {run['results'][1]['msg']}"


def test_rejection_by_the_server_affects_only_that_endpoint(server: Simulator) -> None:
    server.faults.add(Fault("provider_refusal", match=r"completion/a\?"))
    run = three(server)
    assert actions(run) == {"a": "none", "b": "created", "c": "created"}
    assert run["results"][0]["failure"]["status"] == 400
    assert KEY not in run.output


def test_list_creates_updates_and_deletes_in_one_run(server: Simulator) -> None:
    three(server)
    server.clear_log()
    mixed = [
        {"inference_id": "a", "state": "absent"},
        {"inference_id": "b", "task_settings": {"max_tokens": 1}},
        {"inference_id": "d"},
        {"inference_id": "gone", "state": "absent"},
    ]
    run = three(server, endpoints=mixed, diff=True)
    assert server.requests == [
        OTHERS,
        VERSION,
        "DELETE /_inference/completion/a",
        update_request("b"),
        create_request("d"),
    ]
    assert actions(run) == {"a": "deleted", "b": "updated", "d": "created", "gone": "none"}
    assert [block["before_header"] for block in run["diff"]] == [
        "inference endpoint a",
        "inference endpoint b",
        "inference endpoint d",
    ]
    assert "c" in server.endpoints


def test_check_mode_predicts_all_changes_without_a_write(server: Simulator) -> None:
    predicted = three(server, check=True, diff=True)
    assert server.requests == [OTHERS]
    happened = three(server, diff=True)
    for name in ("changed", "results", "summary", "diff"):
        assert predicted[name] == happened[name]


def test_version_is_requested_once(server: Simulator) -> None:
    three(server)
    server.clear_log()
    three(server, defaults={}, endpoints=[{"inference_id": name, "task_settings": {"max_tokens": 9}} for name in "ab"])
    assert server.requests.count(VERSION) == 1


@pytest.mark.parametrize("check", [False, True])
def test_duplicates_within_the_list_cause_warnings_without_another_request(server: Simulator, check: bool) -> None:
    run = three(server, duplicate_model="warn", check=check)
    assert run.warnings == [
        f"Inference endpoint a already uses the model {MODEL} for the task type completion, so b is a duplicate."
    ]
    assert server.requests.count(OTHERS) == 1


def test_setting_of_an_endpoint_overrides_the_default(server: Simulator) -> None:
    three(server)
    assert server.endpoints["b"].service_settings["model_id"] == MODEL
    assert server.endpoints["b"].task_settings["max_tokens"] == 256


def test_all_invalid_options_are_reported_at_once_without_a_request(server: Simulator) -> None:
    wrong = [{"inference_id": "a"}, {"inference_id": "A"}, {"inference_id": "a"}]
    run = three(server, endpoints=wrong, defaults={"task_settings": {"max_tokens": 0}})
    assert server.requests == []
    assert run["msg"] == (
        "3 problems: (1) endpoints[0], endpoints[1], endpoints[2]: task_settings.max_tokens must be at least 1, not 0. "
        "(2) endpoints[1]: inference_id 'A' is not valid. Hint: use only the lowercase letters a-z, digits, hyphens, "
        "underscores, and dots, and start and end with a letter or digit. "
        "(3) inference_id a appears more than once in the list: endpoints[0], endpoints[2]."
    )


@pytest.mark.rejected("GET /_inference/.*: 401")
def test_unreadable_endpoints_fail_the_task_without_a_write() -> None:
    with Simulator(security=Security(users={"u": ("p", ("manage_inference",))})) as server:
        run = three(server)
        assert server.requests == [OTHERS]
    assert run.failed
    assert run["failure"]["status"] == 401
    assert "results" not in run


def test_temperature_with_top_p_of_the_defaults_causes_a_warning(server: Simulator) -> None:
    defaults = {**DEFAULTS, "task_settings": {"max_tokens": 5, "temperature": 0.5}}
    run = three(server, endpoints=[{"inference_id": ID, "task_settings": {"top_p": 0.5}}], defaults=defaults)
    assert len(run.warnings) == 1


class TestParallel:
    def many(self, server: Simulator, number: int, **options: Any) -> Run:
        declared = [{"inference_id": f"e{position:03}"} for position in range(number)]
        return three(server, endpoints=declared, **options)

    def test_requests_never_exceed_parallel_and_results_keep_the_order(self) -> None:
        with Simulator(delay=0.02) as server:
            run = self.many(server, 40, parallel=8)
            assert 2 <= server.most_at_once <= 8
            assert server.connections <= 8
        assert [result["inference_id"] for result in run["results"]] == [f"e{number:03}" for number in range(40)]
        assert run["summary"]["created"] == 40

    def test_each_endpoint_needs_one_request_for_any_parallel(self, server: Simulator) -> None:
        self.many(server, 20, parallel=16)
        assert server.requests[:2] == [OTHERS, VERSION]
        assert sorted(server.requests[2:]) == [create_request(f"e{number:03}") for number in range(20)]

    def test_endpoints_in_sync_need_one_connection(self, server: Simulator) -> None:
        self.many(server, 20, parallel=1)
        server.clear_log()
        before = server.connections
        assert self.many(server, 20, parallel=8)["changed"] is False
        assert (server.requests, server.connections - before) == ([OTHERS], 1)

    def test_failure_of_an_endpoint_does_not_stop_others(self, server: Simulator) -> None:
        server.faults.add(Fault("provider_refusal", match=r"completion/e007\?"))
        run = self.many(server, 20, parallel=8)
        assert run["summary"] == {**dict.fromkeys(run["summary"], 0), "created": 19, "failed": 1}
        assert run["results"][7]["failed"] is True

    def test_parallel_creates_find_the_same_duplicates_as_sequential_ones(self, server: Simulator) -> None:
        run = self.many(server, 3, parallel=8, duplicate_model="fail")
        assert actions(run) == {"e000": "created", "e001": "none", "e002": "none"}

    def test_lost_server_is_detected_once(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        tried: list[str] = []
        put = Inference.put

        def gone(self: Inference, task_type: str, inference_id: str, *more: Any, **options: Any) -> Any:
            tried.append(inference_id)
            server.stop()
            return put(self, task_type, inference_id, *more, **options)

        monkeypatch.setattr(Inference, "put", gone)
        run = self.many(server, 20, parallel=1)
        assert run["summary"]["failed"] == 20
        assert tried in (["e000"], ["e000", "e001"])  # The first may find its connection closed before it is refused.
        assert "Skipped because an earlier request failed: " in run["results"][19]["msg"]

    def test_endpoints_in_sync_do_not_fail_if_the_server_is_lost(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        three(server)
        version = Inference.server

        def gone(self: Inference) -> Any:
            server.stop()
            return version(self)

        monkeypatch.setattr(Inference, "server", gone)
        changed = [{"inference_id": name, "task_settings": {"max_tokens": 9}} for name in "ab"]
        run = three(server, endpoints=[*changed, THREE[2]], parallel=8)
        assert [result.get("failed", False) for result in run["results"]] == [True, True, False]
        assert "Skipped because an earlier request failed: " in run["results"][1]["msg"]

    @pytest.mark.parametrize("parallel", [0, -1, 65])
    def test_parallel_out_of_range_is_rejected(self, server: Simulator, parallel: int) -> None:
        assert three(server, parallel=parallel)["msg"] == f"parallel must be from 1 to 64, not {parallel}."
        assert server.requests == []


class TestPurge:
    @pytest.fixture(autouse=True)
    def _cluster(self, server: Simulator) -> None:
        three(server)
        for name in ("x", "y", "test-1", "test-2"):
            seed(server, name)
        server.seed("foreign", service="openai")
        server.seed(".built-in", service="anthropic")
        server.clear_log()

    @staticmethod
    def held(server: Simulator) -> set[str]:
        return {name for name in server.endpoints if not name.startswith(".")}

    @pytest.mark.parametrize("parallel", [1, 8])
    def test_purge_deletes_only_unlisted_endpoints(self, server: Simulator, parallel: int) -> None:
        run = three(server, purge=True, purge_exclude=["test-*"], parallel=parallel)
        assert server.requests[0] == OTHERS
        assert sorted(server.requests[1:]) == ["DELETE /_inference/completion/x", "DELETE /_inference/completion/y"]
        assert self.held(server) == {"a", "b", "c", "test-1", "test-2", "foreign"}
        assert ".built-in" in server.endpoints
        assert actions(run) == {"a": "none", "b": "none", "c": "none", "x": "deleted", "y": "deleted"}
        assert run["summary"]["deleted"] == 2

    def test_list_without_purge_deletes_nothing(self, server: Simulator) -> None:
        assert three(server)["changed"] is False

    def test_purge_in_check_mode_is_predicted_without_a_write(self, server: Simulator) -> None:
        predicted = three(server, purge=True, check=True, diff=True)
        # One request verifies for the whole run that query strings reach Elasticsearch.
        proof = f"GET /_inference/completion/test-1{PROOF_QUERY}"
        dry_runs = [f"DELETE /_inference/completion/{name}?dry_run=true" for name in ("test-1", "test-2", "x", "y")]
        assert server.requests == [OTHERS, proof, *dry_runs]
        happened = three(server, purge=True, diff=True)
        for name in ("changed", "results", "summary", "diff"):
            assert predicted[name] == happened[name]
        assert [block["before_header"][-1] for block in happened["diff"]] == ["1", "2", "x", "y"]

    @pytest.mark.rejected("DELETE /_inference/.*: 409", "DELETE /ansible-inference-fingerprints.*: 409")
    def test_purge_keeps_and_reports_an_endpoint_in_use(self, server: Simulator) -> None:
        server.refer("x")
        run = three(server, purge=True)
        assert run.failed
        assert run["summary"] == {**dict.fromkeys(run["summary"], 0), "deleted": 3, "unchanged": 3, "failed": 1}
        assert "x" in self.held(server)
        assert three(server, purge=True, force=True)["summary"]["deleted"] == 1

    def test_purge_deletes_a_leftover_temporary_endpoint(self, server: Simulator) -> None:
        seed(server, "a-ansible-preflight")
        three(server, purge=True)
        assert "a-ansible-preflight" not in server.endpoints

    def test_purge_is_limited_to_half_of_the_endpoints_or_five(self, server: Simulator) -> None:
        for number in range(10):
            seed(server, f"z{number}")
        server.clear_log()
        run = three(server, purge=True)
        assert server.requests == [OTHERS]
        assert run.failed
        assert "The purge would delete 14 of the 17 endpoints of the service anthropic" in run["msg"]
        assert "more than the limit of 8." in run["msg"]
        assert "set purge_max=14" in run["msg"]
        assert three(server, purge=True, purge_max=14)["summary"]["deleted"] == 14

    def test_purge_of_five_endpoints_is_always_allowed(self, server: Simulator) -> None:
        seed(server, "z")
        run = three(server, endpoints=THREE[:1] + THREE[1:], purge=True)
        assert run["summary"]["deleted"] == 5

    def test_purge_max_of_zero_prevents_every_purge(self, server: Simulator) -> None:
        assert "more than the limit of 0." in three(server, purge=True, purge_max=0)["msg"]

    def test_purge_with_an_empty_list_is_rejected(self, server: Simulator) -> None:
        run = three(server, endpoints=[], purge=True)
        assert "purge=true with no endpoints would delete all endpoints" in run["msg"]
        assert server.requests == []

    def test_negative_purge_max_is_rejected(self, server: Simulator) -> None:
        assert three(server, purge=True, purge_max=-1)["msg"] == "purge_max must be 0 or more, not -1."


def test_unchanged_endpoints_are_abbreviated_without_return_unchanged(server: Simulator) -> None:
    three(server)
    short = three(server, return_unchanged=False)["results"]
    assert short[0] == {"inference_id": "a", "changed": False, "action": "none"}
    changed = three(
        server, return_unchanged=False, endpoints=[{"inference_id": "a", "task_settings": {"max_tokens": 9}}]
    )
    assert changed["results"][0]["endpoint"]["task_settings"] == {"max_tokens": 9}
    assert three(server)["results"][1]["endpoint"]["inference_id"] == "b"
