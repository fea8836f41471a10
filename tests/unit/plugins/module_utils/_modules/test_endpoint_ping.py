# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module endpoint_ping."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._modules.endpoint_ping import request_body
from tests.simulator import Fault, Security, Simulator
from tests.simulator.faults import Delivery
from tests.simulator.messages import JSON, Answer, Request
from tests.simulator.wire import Handling, Listener
from tests.unit.support import FORMER_KEY, ID, OTHERS, Run, environment, find_leaks, run_module, seed

READ = f"GET /_inference/{ID}"
PING = f"POST /_inference/completion/{ID}?timeout=4500ms"
CHAT = "POST /_inference/chat_completion/chat/_stream?timeout=4500ms"
MISSING = "The endpoint does not exist. Hint: check inference_id, or create the endpoint first."
MAY_COST = "The provider may have processed the request and may charge for it, so it was not retried."

#: Task types without streaming: request and response (server module core, classes *Results).
EXCHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text_embedding": ({"input": "ping"}, {"text_embedding": [{"embedding": [0.1, -0.2]}]}),
    "sparse_embedding": (
        {"input": "ping"},
        {"sparse_embedding": [{"is_truncated": False, "embedding": {"ping": 1.2}}]},
    ),
    "embedding": ({"input": "ping"}, {"embeddings": [{"embedding": [0.1, -0.2]}]}),
    "rerank": ({"query": "ping", "input": ["ping"]}, {"rerank": [{"index": 0, "relevance_score": 0.9}]}),
    "completion": ({"input": "ping"}, {"completion": [{"result": "pong"}]}),
}


class Cluster:
    """A cluster with an C(openai) endpoint for each task type, which records the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {name: answer for name, (_body, answer) in EXCHANGES.items()}
        self.others: list[dict[str, str]] = []
        self.sent: dict[str, dict[str, Any]] = {}
        self._listener = Listener(0, Handling(self._deliver, lambda _request: JSON), None)
        self.url = f"http://127.0.0.1:{self._listener.port}"

    def _deliver(self, request: Request) -> Delivery:
        if request.method == "GET":
            own = [{"inference_id": name, "task_type": name, "service": "openai"} for name in EXCHANGES]
            return Delivery(Answer(200, {"endpoints": [*own, *self.others]}))
        task_type, inference_id = request.segments[1:3]
        assert inference_id not in self.sent
        self.sent[inference_id] = request.json_object()
        content_type = "text/event-stream" if request.path.endswith("/_stream") else None
        return Delivery(Answer(200, self.answers[task_type], content_type))

    def stop(self) -> None:
        self._listener.stop()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.stop()


def ping(server: Simulator | Cluster, *, check: bool = False, **options: Any) -> Run:
    common = {"elasticsearch_url": server.url, "inference_id": ID, "timeout": 5, "retries": 0}
    return run_module("endpoint_ping", {**common, **options}, check=check)


def seed_chat(server: Simulator, inference_id: str = "chat") -> None:
    server.seed(inference_id, task_type="chat_completion", secret=FORMER_KEY)


def message(**options: Any) -> str:
    """Return the message of a run that failed before any request."""
    with environment(ELASTICSEARCH_URL="http://127.0.0.1:9"):
        run = run_module("endpoint_ping", {"inference_id": ID, **options})
    assert run.result.keys() == {"failed", "msg"}
    return str(run["msg"])


def posts(server: Simulator) -> list[str]:
    return [request for request in server.requests if request.startswith("POST")]


class TestResponse:
    def test_completion_that_responds_is_pinged_once_with_one_token(self, server: Simulator) -> None:
        seed(server)
        run = ping(server)
        [result] = run["results"]
        assert 0 <= result.pop("milliseconds") < 5000
        assert result == {"inference_id": ID, "task_type": "completion", "service": "anthropic", "responds": True}
        assert (run["changed"], run.failed, run.warnings) == (False, False, [])
        assert server.requests == [READ, PING]
        assert server.log[-1].body == {"input": "ping", "task_settings": {"max_tokens": 1}}

    def test_chat_that_responds_is_pinged_once_with_one_token(self, server: Simulator) -> None:
        seed_chat(server)
        run = ping(server, inference_id="chat")
        assert run["results"][0]["responds"] is True
        assert server.requests == ["GET /_inference/chat", CHAT]
        assert server.log[-1].body == {"messages": [{"role": "user", "content": "ping"}], "max_completion_tokens": 1}

    def test_chat_is_not_read_to_its_end(self, server: Simulator) -> None:
        seed_chat(server)
        server.faults.add(Fault("trickle", seconds=0.05, match="POST"))
        began = time.monotonic()
        run = ping(server, inference_id="chat", input="word " * 100, max_tokens=100, timeout=20)
        assert time.monotonic() - began < 4
        assert run["results"][0]["responds"] is True

    def test_every_task_type_gets_its_smallest_request(self, cluster: Cluster) -> None:
        run = ping(cluster, inference_id="*")
        assert cluster.sent == {name: body for name, (body, _answer) in EXCHANGES.items()}
        assert {one["inference_id"]: one["responds"] for one in run["results"]} == dict.fromkeys(EXCHANGES, True)
        assert not run.failed

    @pytest.mark.parametrize("task_type", EXCHANGES)
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (b"<html>", "is not a complete JSON document of Elasticsearch"),
            ({}, "not in the documented format"),
            (None, "The response contains no result."),
        ],
    )
    def test_status_200_without_a_result_is_a_failure_that_may_cost(
        self, cluster: Cluster, task_type: str, answer: Any, words: str
    ) -> None:
        [name] = EXCHANGES[task_type][1]
        cluster.answers[task_type] = {name: []} if answer is None else answer
        run = ping(cluster, inference_id="*", retries=3)
        failed = [one for one in run["results"] if not one["responds"]]
        assert [one["inference_id"] for one in failed] == [task_type]
        assert words in run["msg"]
        assert MAY_COST in run["msg"]
        assert run["msg"].startswith(f"1 of 5 endpoints did not respond. {task_type}: POST /_inference/{task_type}/")
        assert len(cluster.sent) == len(EXCHANGES)

    def test_unknown_task_type_is_a_failure_without_a_request(self, cluster: Cluster) -> None:
        cluster.others.append({"inference_id": "new", "task_type": "translation", "service": "openai"})
        run = ping(cluster, inference_id=["new", "rerank"])
        assert run["msg"] == (
            "1 of 2 endpoints did not respond. new: The endpoint has the task type translation. Only text_embedding, "
            "sparse_embedding, embedding, rerank, completion and chat_completion can be pinged."
        )
        assert list(cluster.sent) == ["rerank"]


class TestRequest:
    @pytest.mark.parametrize(
        ("service", "setting"),
        [
            ("anthropic", "max_tokens"),
            ("amazonbedrock", "max_new_tokens"),
            ("azureaistudio", "max_new_tokens"),
            ("openai", None),
            ("unlisted", None),
        ],
    )
    def test_completion_is_limited_if_the_service_has_a_setting_for_that(
        self, service: str, setting: str | None
    ) -> None:
        body = request_body(Endpoint("a", "completion", service, {}), "ping", 3)
        assert body == {"input": "ping", **({"task_settings": {setting: 3}} if setting else {})}

    @pytest.mark.parametrize("task_type", ["text_embedding", "sparse_embedding", "embedding", "rerank"])
    def test_task_type_without_tokens_to_generate_gets_no_limit(self, task_type: str) -> None:
        assert "task_settings" not in request_body(Endpoint("a", task_type, "amazonbedrock", {}), "ping", 3)

    def test_text_and_limit_can_be_set(self, server: Simulator) -> None:
        seed(server)
        ping(server, input="Reply with OK.", max_tokens="16")
        assert server.log[-1].body == {"input": "Reply with OK.", "task_settings": {"max_tokens": 16}}


class TestSelection:
    @pytest.fixture(autouse=True)
    def _endpoints(self, server: Simulator) -> None:
        for name in ("team-b", "team-a", "other"):
            seed(server, name)

    @pytest.mark.parametrize(
        ("entries", "expected"),
        [
            (["*"], ["other", "team-a", "team-b"]),
            (["team-*", "other"], ["team-a", "team-b", "other"]),
            (["team-b", "team-*", "*", "team-b"], ["team-b", "team-a", "other"]),
            (["team-[ab]"], ["team-a", "team-b"]),
        ],
    )
    def test_each_endpoint_is_pinged_once_in_the_order_of_the_entries(
        self, server: Simulator, entries: list[str], expected: list[str]
    ) -> None:
        run = ping(server, inference_id=entries, parallel=1)
        assert [one["inference_id"] for one in run["results"]] == expected
        assert server.requests == [
            OTHERS,
            *(f"POST /_inference/completion/{name}?timeout=4500ms" for name in expected),
        ]

    def test_ids_without_patterns_need_one_read(self, server: Simulator) -> None:
        ping(server, inference_id=["other", "team-a"], parallel=1)
        assert server.requests[0] == OTHERS
        assert len(server.requests) == 3

    def test_filters_apply_to_patterns(self, server: Simulator) -> None:
        seed_chat(server)
        run = ping(server, inference_id="*", task_type="chat_completion", service="anthropic")
        assert [one["inference_id"] for one in run["results"]] == ["chat"]
        assert server.requests == ["GET /_inference/chat_completion/_all", CHAT]

    def test_pattern_without_a_match_is_a_failure(self, server: Simulator) -> None:
        run = ping(server, inference_id=["none-*"])
        assert run["msg"] == "none-*: No endpoint matches the pattern."
        assert run["results"] == [
            {
                "inference_id": "none-*",
                "responds": False,
                "failed": True,
                "msg": "No endpoint matches the pattern.",
                "failure": run["failure"],
            }
        ]
        assert run["failure"]["status"] == 404
        assert server.requests == [OTHERS]

    def test_pattern_whose_endpoints_are_filtered_out_is_a_failure(self, server: Simulator) -> None:
        run = ping(server, inference_id="team-*", service="openai")
        assert run["msg"] == "team-*: No endpoint matches the pattern."
        assert posts(server) == []

    @pytest.mark.parametrize(
        ("filters", "words"),
        [
            ({"service": "openai"}, "The endpoint has the service anthropic, not openai."),
            ({"task_type": "rerank"}, "The endpoint has the task_type completion, not rerank."),
        ],
    )
    def test_named_endpoint_that_is_filtered_out_is_a_failure(
        self, server: Simulator, filters: dict[str, Any], words: str
    ) -> None:
        assert ping(server, inference_id="other", **filters)["msg"] == f"other: {words}"
        assert posts(server) == []

    def test_named_endpoint_that_is_not_in_the_list_of_its_task_type_is_a_failure(self, server: Simulator) -> None:
        run = ping(server, inference_id=["other", "team-a"], task_type="rerank")
        assert "or does not have the task type rerank. Hint: check inference_id and task_type, or create" in run["msg"]
        assert server.requests == ["GET /_inference/rerank/_all"]

    @pytest.mark.parametrize("inference_id", ["missing", ["missing"]])
    def test_id_that_does_not_exist_is_a_failure(self, server: Simulator, inference_id: Any) -> None:
        run = ping(server, inference_id=inference_id)
        assert run["msg"] == f"missing: {MISSING}"
        assert (run["failure"]["status"], run["failure"]["method"]) == (404, None)
        assert server.requests == ["GET /_inference/missing"]

    def test_id_that_does_not_exist_does_not_prevent_other_pings(self, server: Simulator) -> None:
        run = ping(server, inference_id=["missing", "team-a", "team-b"])
        assert [one["responds"] for one in run["results"]] == [False, True, True]
        assert run["msg"] == f"1 of 3 endpoints did not respond. missing: {MISSING}"


class TestBuiltIn:
    def test_pattern_without_a_leading_dot_skips_built_in_endpoints(self, server: Simulator) -> None:
        run = ping(server, inference_id="*")
        assert run["msg"] == (
            "*: No endpoint matches the pattern. Built-in endpoints match only patterns that start with a dot."
        )
        assert server.requests == [OTHERS]

    @pytest.mark.parametrize("entry", [".*", ".multilingual-*", ".multilingual-e5-small-elasticsearch"])
    def test_pattern_with_a_leading_dot_or_id_selects_built_in_endpoints(self, server: Simulator, entry: str) -> None:
        run = ping(server, inference_id=entry, check=True)
        assert {one["inference_id"] for one in run["results"]} >= {".multilingual-e5-small-elasticsearch"}
        assert all("msg" not in one for one in run["results"])


class TestCheckMode:
    def test_check_mode_reads_endpoints_without_a_ping(self, server: Simulator) -> None:
        seed(server)
        seed_chat(server)
        run = ping(server, inference_id="*", check=True)
        assert run["results"] == [
            {"inference_id": ID, "task_type": "completion", "service": "anthropic"},
            {"inference_id": "chat", "task_type": "chat_completion", "service": "anthropic"},
        ]
        assert not run.failed
        assert server.requests == [OTHERS]

    @pytest.mark.parametrize("inference_id", ["missing", "none-*"])
    def test_missing_endpoint_in_check_mode_is_not_a_failure(self, server: Simulator, inference_id: str) -> None:
        run = ping(server, inference_id=inference_id, check=True)
        assert not run.failed
        [result] = run["results"]
        assert result.keys() == {"inference_id", "msg"}

    def test_unreadable_cluster_in_check_mode_is_a_failure(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=503))
        assert ping(server, check=True)["failure"]["status"] == 503


class TestUnreadableCluster:
    @pytest.fixture(autouse=True)
    def _sick(self, server: Simulator) -> None:
        seed(server, "a")
        seed_chat(server)
        server.seed("broken", service="anthropic", state="unparsable")

    def test_named_endpoints_that_can_be_read_are_pinged(self, server: Simulator) -> None:
        run = ping(server, inference_id=["a", "broken", "chat"], parallel=1)
        assert [(one["inference_id"], one["responds"]) for one in run["results"]] == [
            ("a", True),
            ("broken", False),
            ("chat", True),
        ]
        assert run["failure"]["method"] == "GET"
        assert MAY_COST not in run["msg"]
        assert len(posts(server)) == 2

    def test_endpoints_of_a_pattern_that_can_be_read_are_pinged_with_a_warning(self, server: Simulator) -> None:
        run = ping(server, inference_id="c*")
        assert [(one["inference_id"], one["responds"]) for one in run["results"]] == [("chat", True)]
        [warning] = run.warnings
        assert warning.startswith("Endpoints of the task type completion cannot be read: ")

    def test_id_with_a_pattern_is_read_separately_if_the_lists_do_not_contain_it(self, server: Simulator) -> None:
        run = ping(server, inference_id=["c*", "a", "broken", "missing"], parallel=1)
        assert [(one["inference_id"], one["responds"]) for one in run["results"]] == [
            ("chat", True),
            ("a", True),
            ("broken", False),
            ("missing", False),
        ]
        assert f"missing: {MISSING}" in run["msg"]
        assert len(posts(server)) == 2

    def test_cluster_that_cannot_be_read_is_not_pinged(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=503))
        run = ping(server, inference_id="*")
        assert run["failure"]["status"] == 503
        assert "results" not in run
        assert server.requests == [OTHERS]


class TestFailure:
    def test_reason_of_the_provider_is_reported_with_a_hint(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("provider_refusal", match="POST"))
        run = ping(server)
        assert run["failure"]["status"] == 401
        assert run["msg"] == (
            f"{ID}: {PING}: failed with status 401 (status_exception): {run['failure']['reason']}. "
            "Hint: set service_settings.api_key to a valid key. The provider rejected the API key of the endpoint."
        )
        assert "invalid x-api-key" in run["failure"]["reason"]
        [result] = run["results"]
        assert result.keys() == {"inference_id", "task_type", "service", "responds", "failed", "msg", "failure"}
        assert result["responds"] is False

    def test_failure_does_not_hide_other_results(self, server: Simulator) -> None:
        seed(server)
        seed_chat(server)
        server.faults.add(Fault("provider_refusal", match="completion/chat/"))
        run = ping(server, inference_id=["chat", ID])
        assert run["msg"].startswith("1 of 2 endpoints did not respond. chat: POST ")
        assert [one["responds"] for one in run["results"]] == [False, True]

    @pytest.mark.parametrize(
        ("before", "may_cost"),
        [(b"", False), (b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n', True)],
    )
    def test_error_inside_a_stream_with_status_200_is_a_failure(
        self, cluster: Cluster, before: bytes, may_cost: bool
    ) -> None:
        cluster.others.append({"inference_id": "chat", "task_type": "chat_completion", "service": "openai"})
        error = b'event: error\ndata: {"error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'
        cluster.answers["chat_completion"] = before + error
        run = ping(cluster, inference_id="chat*")
        assert run["results"][0]["responds"] is False
        assert "the stream ended with an error (overloaded_error): Overloaded" in run["msg"]
        assert (MAY_COST in run["msg"]) is may_cost


class TestCost:
    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    @pytest.mark.parametrize("status", [429, 503])
    def test_request_that_was_not_executed_is_retried(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, inference_id: str, status: int
    ) -> None:
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        seed(server)
        seed_chat(server)
        server.faults.add(Fault("status", status=status, match="POST", times=2))
        run = ping(server, inference_id=inference_id, retries=3)
        assert not run.failed
        assert len(posts(server)) == 3

    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ({"kind": "reset_after"}, "was lost"),
            ({"kind": "reset_before"}, "was lost"),
            ({"kind": "html"}, "is an HTML page .text/html."),
            ({"kind": "status_after", "status": 502, "html": True}, "has status 502"),
            ({"kind": "status_after", "status": 504}, "failed with status 504"),
            ({"kind": "status_after", "status": 500}, "failed with status 500"),
            ({"kind": "status_after", "status": 408}, "failed with status 408"),
        ],
    )
    def test_request_that_may_have_been_executed_is_sent_once(
        self, server: Simulator, inference_id: str, fault: dict[str, Any], words: str
    ) -> None:
        seed(server)
        seed_chat(server)
        server.faults.add(Fault(**fault, match="POST"))
        run = ping(server, inference_id=inference_id, retries=3)
        assert re.search(words, run["msg"])
        assert MAY_COST in run["msg"]
        assert len(posts(server)) == 1

    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_provider_timeout_is_not_retried(self, inference_id: str) -> None:
        with Simulator(delay=2) as server:
            seed(server)
            seed_chat(server)
            run = ping(server, inference_id=inference_id, timeout=0.5, retries=3)
            assert len(posts(server)) == 1
        assert "Request timed out after [450ms]" in run["msg"]
        assert MAY_COST in run["msg"]


def test_endpoints_are_pinged_at_the_same_time() -> None:
    with Simulator(delay=0.3) as server:
        for number in range(8):
            seed(server, f"e{number}")
        run = ping(server, inference_id="e*", parallel=4)
        assert len(run["results"]) == 8
        assert server.most_at_once == 4


class TestOptions:
    def test_list_without_an_entry_is_rejected(self) -> None:
        assert message(inference_id=[]) == "inference_id must contain at least one endpoint ID or pattern."

    @pytest.mark.parametrize("entry", ["", "_all", "a/b"])
    def test_invalid_id_is_rejected(self, entry: str) -> None:
        assert message(inference_id=[entry, "a"]) == (
            f'inference_id contains invalid IDs: {entry!r}. Hint: use the pattern "*" to select all endpoints.'
        )

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"input": " "}, "input must not be empty."),
            ({"max_tokens": 0}, "max_tokens must be at least 1, not 0."),
            ({"parallel": 65}, "parallel must be from 1 to 64, not 65."),
            (
                {"task_type": "any"},
                "task_type 'any' is not valid. Hint: omit task_type to select endpoints of any type.",
            ),
            ({"service": ""}, "service is empty. Hint: omit service to select endpoints of any service."),
        ],
    )
    def test_value_out_of_range_is_rejected(self, wrong: dict[str, Any], words: str) -> None:
        assert message(**wrong) == words

    @settings(deadline=None, max_examples=50)
    @given(
        st.sampled_from(["inference_id", "task_type", "service", "input", "max_tokens", "parallel"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.none() | st.text(), max_size=2),
    )
    def test_value_of_any_type_ends_in_a_message(self, name: str, value: Any) -> None:
        run = run_module("endpoint_ping", {"elasticsearch_url": "nowhere", "inference_id": ID, name: value})
        assert run.failed
        assert "bug in esops.inference" not in run["msg"]


@pytest.mark.parametrize("inference_id", [ID, "chat"])
def test_no_secret_is_shown(inference_id: str) -> None:
    password = "pass/word+1"
    security = Security(users={"elastic": (password, ("all",))})
    with Simulator(security=security, refused_keys=[FORMER_KEY]) as server:
        seed(server)
        seed_chat(server)
        run = ping(
            server,
            inference_id=inference_id,
            elasticsearch_username="elastic",
            elasticsearch_password=password,
            headers={"X-Api-Key": "another-secret"},
        )
    assert run.failed
    assert find_leaks(run.output, [password, "another-secret", FORMER_KEY]) == []
