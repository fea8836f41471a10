# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many endpoints in one task: one read, every result, no failure that hides another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Fault, Security, Simulator
from tests.unit.support import ID, KEY, MODEL, Run, endpoints, seed

READ_ALL = "GET /_inference/_all"
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
    return endpoints(server, **{"endpoints": THREE, "defaults": DEFAULTS, "duplicate_model": "allow", **options})


def actions(run: Run) -> dict[str, str]:
    return {result["inference_id"]: result["action"] for result in run["results"]}


def test_all_are_created_after_one_read(server: Simulator) -> None:
    run = three(server)
    creates = [f"PUT /_inference/completion/{name}" for name in "abc"]
    assert server.requests == [READ_ALL, *creates]
    assert run["changed"] is True
    assert actions(run) == {"a": "created", "b": "created", "c": "created"}
    assert run["summary"] == {"created": 3, "updated": 0, "recreated": 0, "deleted": 0, "unchanged": 0, "failed": 0}
    assert server.endpoints["b"].task_settings == {"max_tokens": 256, "temperature": 0.5}
    assert server.endpoints["c"].service_settings == {"model_id": "other", "rate_limit": {"requests_per_minute": 7}}
    assert {server.endpoints[name].secret for name in "abc"} == {KEY}


def test_a_second_run_is_one_read(server: Simulator) -> None:
    three(server)
    server.clear_log()
    run = three(server, diff=True)
    assert server.requests == [READ_ALL]
    assert run["changed"] is False
    assert run["summary"]["unchanged"] == 3
    assert "diff" not in run


def test_many_idle_endpoints_are_one_read(server: Simulator) -> None:
    names = [f"e{number}" for number in range(100)]
    for name in names:
        seed(server, name)
    run = three(server, endpoints=[{"inference_id": name} for name in names])
    assert server.requests == [READ_ALL]
    assert run["summary"]["unchanged"] == 100


def test_results_keep_the_order_of_the_list(server: Simulator) -> None:
    run = three(server, endpoints=list(reversed(THREE)))
    assert [result["inference_id"] for result in run["results"]] == ["c", "b", "a"]


def test_one_failure_stops_no_other(server: Simulator) -> None:
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


def test_a_refusal_by_the_server_is_that_endpoints_alone(server: Simulator) -> None:
    server.faults.add(Fault("provider_refusal", match="completion/a$"))
    run = three(server)
    assert actions(run) == {"a": "none", "b": "created", "c": "created"}
    assert run["results"][0]["failure"]["status"] == 400
    assert KEY not in run.output


def test_created_changed_and_removed_in_one_go(server: Simulator) -> None:
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
        READ_ALL,
        "DELETE /_inference/completion/a",
        "GET /",
        "PUT /_inference/completion/b/_update",
        "PUT /_inference/completion/d",
    ]
    assert actions(run) == {"a": "deleted", "b": "updated", "d": "created", "gone": "none"}
    assert [block["before_header"] for block in run["diff"]] == [
        "inference endpoint a",
        "inference endpoint b",
        "inference endpoint d",
    ]
    assert "c" in server.endpoints


def test_check_mode_foretells_it_without_a_write(server: Simulator) -> None:
    foretold = three(server, check=True, diff=True)
    assert server.requests == [READ_ALL]
    happened = three(server, diff=True)
    for name in ("changed", "results", "summary", "diff"):
        assert foretold[name] == happened[name]


def test_the_version_is_asked_once(server: Simulator) -> None:
    three(server)
    server.clear_log()
    three(server, defaults={}, endpoints=[{"inference_id": name, "task_settings": {"max_tokens": 9}} for name in "ab"])
    assert server.requests.count("GET /") == 1


@pytest.mark.parametrize("check", [False, True])
def test_duplicates_within_the_list_are_warned_of_without_another_request(server: Simulator, check: bool) -> None:
    run = three(server, duplicate_model="warn", check=check)
    assert run.warnings == [
        f"a already serves the model {MODEL} for the task completion; b would be one more endpoint for the same model."
    ]
    assert server.requests.count(READ_ALL) == 1


def test_an_own_setting_lets_the_default_be(server: Simulator) -> None:
    three(server)
    assert server.endpoints["b"].service_settings["model_id"] == MODEL
    assert server.endpoints["b"].task_settings["max_tokens"] == 256


def test_bad_input_is_told_all_at_once_and_nothing_is_asked(server: Simulator) -> None:
    wrong = [{"inference_id": "a"}, {"inference_id": "A"}, {"inference_id": "a"}]
    run = three(server, endpoints=wrong, defaults={"task_settings": {"max_tokens": 0}})
    assert server.requests == []
    assert run["msg"] == (
        "3 problems: (1) endpoints[0], endpoints[1], endpoints[2]: task_settings.max_tokens must be at least 1, not 0. "
        "(2) endpoints[1]: inference_id 'A' is no valid id: small letters a-z, digits, hyphens, underscores and dots, "
        "a letter or a digit at both ends. "
        "(3) inference_id a stands in the list more than once: endpoints[0], endpoints[2]."
    )


def test_where_the_endpoints_cannot_be_read_nothing_is_done() -> None:
    with Simulator(security=Security(users={"u": ("p", ("manage_inference",))})) as server:
        run = three(server)
        assert server.requests == [READ_ALL]
    assert run.failed
    assert run["failure"]["status"] == 401
    assert "results" not in run


def test_temperature_with_top_p_out_of_the_defaults_is_warned_of(server: Simulator) -> None:
    defaults = {**DEFAULTS, "task_settings": {"max_tokens": 5, "temperature": 0.5}}
    run = three(server, endpoints=[{"inference_id": ID, "task_settings": {"top_p": 0.5}}], defaults=defaults)
    assert len(run.warnings) == 1
