# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module completion."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ApiError
from ansible_collections.esops.inference.plugins.module_utils._modules import completion
from tests.simulator import Fault, Security, Simulator
from tests.unit.support import FORMER_KEY, ID, MODEL, Run, environment, find_leaks, run_module, seed

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["max_tokens", "top_p", "x"]), inner),
    max_leaves=6,
)
READ = f"GET /_inference/{ID}"
READ_ALL = "GET /_inference/_all"
ASK = f"POST /_inference/completion/{ID}?timeout=4500ms"
CHAT = "POST /_inference/chat_completion/chat/_stream?timeout=4500ms"
PASSED_ON = "Received an authentication error status code for request from inference entity id [{}] status [401]"
MISSING = "The endpoint does not exist. Hint: check inference_id, or create the endpoint first."
MAY_COST = "The provider may have processed the request and may charge for it, so it was not retried."


def complete(server: Simulator, *, check: bool = False, **options: Any) -> Run:
    common = {"elasticsearch_url": server.url, "inference_id": ID, "input": "Hello, you", "timeout": 5, "retries": 0}
    return run_module("completion", {**common, **options}, check=check)


def seed_chat(server: Simulator, inference_id: str = "chat") -> None:
    server.seed(inference_id, task_type="chat_completion", secret=FORMER_KEY)


def sent(server: Simulator) -> Any:
    """Return the body of the last request."""
    return server.log[-1].body


def message(**options: Any) -> str:
    """Return the message of a run that failed before any request."""
    with environment(ELASTICSEARCH_URL="http://127.0.0.1:9"):
        run = run_module("completion", {"inference_id": ID, "input": "Hello", **options})
    assert run.result.keys() == {"failed", "msg"}
    return str(run["msg"])


class TestResult:
    def test_completion_endpoint_returns_a_result(self, server: Simulator) -> None:
        seed(server)
        run = complete(server)
        assert run["results"] == [{"inference_id": ID, "result": f"{MODEL} answers: Hello, you"}]
        assert run["changed"] is False
        assert not run.failed
        assert run.warnings == []
        assert server.requests == [READ, ASK]
        assert sent(server) == {"input": "Hello, you"}

    def test_chat_completion_endpoint_returns_a_result(self, server: Simulator) -> None:
        seed_chat(server)
        run = complete(server, inference_id="chat")
        assert run["results"] == [
            {
                "inference_id": "chat",
                "result": f"{MODEL} answers: Hello, you",
                "finish_reason": "end_turn",
                "model": MODEL,
                "usage": {"completion_tokens": 4, "prompt_tokens": 2, "total_tokens": 6},
            }
        ]
        assert server.requests == ["GET /_inference/chat", CHAT]
        assert sent(server) == {"messages": [{"role": "user", "content": "Hello, you"}]}

    def test_task_type_option_saves_the_read(self, server: Simulator) -> None:
        seed(server)
        seed_chat(server)
        complete(server, task_type="completion")
        complete(server, task_type="chat_completion", inference_id="chat")
        assert server.requests == [ASK, CHAT]

    def test_each_prompt_is_sent_in_its_own_request(self, server: Simulator) -> None:
        seed(server)
        questions = ["What is the first?", "And the second?"]
        run = complete(server, input=questions)
        assert [result["result"] for result in run["results"]] == [f"{MODEL} answers: {text}" for text in questions]
        assert server.requests == [READ, ASK, ASK]

    def test_each_endpoint_gets_each_prompt(self, server: Simulator) -> None:
        seed(server)
        seed_chat(server)
        run = complete(server, inference_id=["chat", ID], input=["one", "two"], parallel=1)
        assert [(result["inference_id"], result["result"][-3:]) for result in run["results"]] == [
            *(("chat", "one"), ("chat", "two")),
            *((ID, "one"), (ID, "two")),
        ]
        assert server.requests == [READ_ALL, CHAT, CHAT, ASK, ASK]

    @pytest.mark.parametrize(
        "text", ["Grüße, 世界! 🙂", "one\ntwo\r\nthree", "data: [DONE]\n\n", "\ufeffx", "event: error"]
    )
    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_result_is_returned_unchanged(self, server: Simulator, inference_id: str, text: str) -> None:
        seed(server)
        seed_chat(server)
        assert (
            complete(server, inference_id=inference_id, input=text)["results"][0]["result"]
            == f"{MODEL} answers: {text}"
        )

    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_completion_cut_at_max_tokens_is_not_a_failure(self, server: Simulator, inference_id: str) -> None:
        seed(server)
        seed_chat(server)
        run = complete(server, inference_id=inference_id, task_settings={"max_tokens": 2})
        assert run["results"][0]["result"] == f"{MODEL} answers:"
        assert run["results"][0].get("finish_reason") == ("max_tokens" if inference_id == "chat" else None)

    def test_completions_run_in_parallel(self) -> None:
        with Simulator(delay=0.3) as server:
            for number in range(12):
                seed(server, f"e{number}")
            began = time.monotonic()
            run = complete(server, inference_id=[f"e{number}" for number in range(12)], parallel=6)
            assert [result["inference_id"] for result in run["results"]] == [f"e{number}" for number in range(12)]
            assert time.monotonic() - began < 12 * 0.3
            assert server.most_at_once == 6


class TestSettings:
    def test_task_settings_are_sent_to_a_completion_endpoint(self, server: Simulator) -> None:
        seed(server)
        complete(server, task_settings={"max_tokens": 7, "temperature": 0.5, "top_k": None})
        assert sent(server)["task_settings"] == {"max_tokens": 7, "temperature": 0.5}
        assert server.endpoints[ID].task_settings == {"max_tokens": 1024}

    def test_task_settings_are_renamed_for_a_chat_completion_endpoint(self, server: Simulator) -> None:
        seed_chat(server)
        run = complete(server, inference_id="chat", task_settings={"max_tokens": 7, "top_p": 1, "stop": ["x"]})
        assert not run.failed
        body = sent(server)
        del body["messages"]
        assert body == {"max_completion_tokens": 7, "top_p": 1, "stop": ["x"]}

    def test_task_settings_can_be_numeric_strings(self, server: Simulator) -> None:
        seed(server)
        complete(server, task_settings={"max_tokens": "7", "temperature": "0.5", "top_k": 3.0})
        assert json.dumps(sent(server)["task_settings"]) == '{"max_tokens": 7, "temperature": 0.5, "top_k": 3}'

    def test_task_settings_of_other_services_are_sent_unchanged(self, server: Simulator) -> None:
        seed(server)
        complete(server, task_settings={"user": "12", "max_new_tokens": "12"})
        assert sent(server)["task_settings"] == {"user": "12", "max_new_tokens": 12}

    @pytest.mark.rejected("POST /_inference/.*: 400")
    def test_task_setting_that_chat_completion_rejects_has_a_hint(self, server: Simulator) -> None:
        seed_chat(server)
        run = complete(server, inference_id="chat", task_settings={"top_k": 1})
        assert "unknown field [top_k]" in run["failure"]["reason"]
        assert "use only max_tokens, temperature, top_p, and stop as task_settings" in run["msg"]

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"max_tokens": 0}, "task_settings.max_tokens must be at least 1, not 0."),
            ({"max_tokens": "many"}, "task_settings.max_tokens must be an integer, not many."),
            ({"max_tokens": 1.5}, "task_settings.max_tokens must be an integer, not 1.5."),
            ({"max_tokens": True}, "task_settings.max_tokens must be an integer, not True."),
            ({"top_k": -1}, "task_settings.top_k must be at least 0, not -1."),
            ({"temperature": "nan"}, "task_settings.temperature must be a number, not nan."),
            ({"top_p": [1]}, "task_settings.top_p must be a number, not [1]."),
            ({"messages": []}, "task_settings.messages is not supported. Hint: use input instead."),
        ],
    )
    def test_invalid_task_settings_are_rejected(self, wrong: dict[str, Any], words: str) -> None:
        assert message(task_settings=wrong) == words


class TestOptions:
    @pytest.mark.parametrize("text", ["", " ", [], [""], ["a", ""], {"a": 1}, 5, [5], [["a"]]])
    def test_input_that_is_not_a_string_is_rejected(self, text: Any) -> None:
        assert message(input=text) == "input must be a non-empty string or a non-empty list of such strings."

    @pytest.mark.parametrize("inference_id", [[], "", ["a", " "]])
    def test_empty_inference_id_is_rejected(self, inference_id: Any) -> None:
        expected = "inference_id must contain at least one endpoint ID and no empty strings."
        assert message(inference_id=inference_id) == expected

    @pytest.mark.parametrize("parallel", [0, 65])
    def test_parallel_out_of_range_is_rejected(self, parallel: int) -> None:
        assert message(parallel=parallel) == f"parallel must be from 1 to 64, not {parallel}."

    @settings(deadline=None, max_examples=100)
    @given(st.sampled_from(["inference_id", "input", "task_type", "task_settings", "parallel"]), ANYTHING)
    def test_any_value_of_an_option_ends_in_a_message(self, name: str, value: Any) -> None:
        ended = run_module(
            "completion", {"elasticsearch_url": "nowhere", "inference_id": ID, "input": "a", name: value}
        )
        assert ended.failed
        assert "bug in esops.inference" not in ended["msg"]
        assert "Traceback" not in ended.output

    def test_all_validation_errors_are_reported_at_once(self) -> None:
        assert message(parallel=0, input="", task_settings={"top_k": -1}).startswith("3 problems: ")

    def test_task_types_without_completions_are_rejected(self) -> None:
        assert "value of task_type must be one of: completion, chat_completion" in message(task_type="rerank")


def test_check_mode_sends_no_request(server: Simulator) -> None:
    seed(server)
    run = complete(server, check=True)
    assert run["skipped"] is True
    assert "does not support check mode" in run["msg"]
    assert server.requests == []


class TestUnusableEndpoint:
    @pytest.mark.parametrize("inference_id", ["missing", ["missing"], "_all"])
    def test_missing_endpoint_gets_no_request(self, server: Simulator, inference_id: Any) -> None:
        run = complete(server, inference_id=inference_id)
        [result] = run["results"]
        assert run["msg"] == f"{result['inference_id']}: {MISSING}"
        assert run["failure"] == {
            "status": 404,
            "type": None,
            "reason": MISSING,
            "method": None,
            "path": None,
        }
        assert [request.split()[0] for request in server.requests] == ["GET"]

    def test_endpoint_of_another_task_type_gets_no_request(self, server: Simulator) -> None:
        run = complete(server, inference_id=".multilingual-e5-small-elasticsearch")
        assert run["msg"] == (
            ".multilingual-e5-small-elasticsearch: The endpoint has the task type text_embedding. "
            "Only completion and chat_completion are supported."
        )
        assert run["failure"]["status"] == 400
        assert len(server.requests) == 1

    def test_unreadable_endpoints_get_no_request(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=503))
        run = complete(server)
        assert run["failure"]["status"] == 503
        assert "results" not in run
        assert server.requests == [READ]


class TestRejection:
    def test_rejection_by_the_provider_is_reported(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("provider_refusal", match="POST"))
        run = complete(server)
        assert run["failure"] == {
            "status": 401,
            "type": "status_exception",
            "reason": f"{PASSED_ON.format(ID)}. Error message: [invalid x-api-key]",
            "method": "POST",
            "path": ASK.removeprefix("POST "),
        }
        assert run["msg"] == (
            f"{ID}: {ASK}: failed with status 401 (status_exception): {run['failure']['reason']}. "
            "Hint: set service_settings.api_key to a valid key. The provider rejected the API key of the endpoint."
        )
        assert run["results"] == [
            {"inference_id": ID, "failed": True, "failure": run["failure"], "msg": run["msg"].removeprefix(f"{ID}: ")}
        ]

    @pytest.mark.parametrize(
        ("refused", "status", "hint"),
        [
            (404, 404, "check service_settings.model_id. The provider does not offer the model"),
            (429, 429, "run the task again later. The rate limit of the provider was exceeded."),
            (529, 400, "run the task again later. The provider is overloaded."),
            (500, 400, "run the task again later. The provider reported a temporary error."),
        ],
    )
    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_rejection_by_the_provider_has_a_hint(
        self, server: Simulator, inference_id: str, refused: int, status: int, hint: str
    ) -> None:
        seed(server)
        seed_chat(server)
        server.faults.add(Fault("provider_refusal", match="POST", status=refused))
        run = complete(server, inference_id=inference_id)
        assert run["failure"]["status"] == status
        assert f"status [{refused}]" in run["failure"]["reason"]
        assert hint in run["msg"]
        assert MAY_COST not in run["msg"]

    @pytest.mark.rejected("POST /_inference/.*: 401")
    def test_missing_credentials_are_reported(self) -> None:
        with Simulator(security=Security(users={"elastic": ("secret", ("all",))})) as server:
            run = complete(server, task_type="completion")
        assert run["failure"]["status"] == 401
        assert "set elasticsearch_api_key, or elasticsearch_username" in run["msg"]

    @pytest.mark.rejected("POST /_inference/.*: 403")
    @pytest.mark.parametrize("task_type", ["completion", "chat_completion"])
    def test_missing_privilege_is_reported(self, task_type: str) -> None:
        with Simulator(security=Security(users={"reader": ("secret", ("monitor",))})) as server:
            credentials = {"elasticsearch_username": "reader", "elasticsearch_password": "secret"}
            run = complete(server, task_type=task_type, **credentials)
        assert run["failure"]["status"] == 403
        assert "grant the cluster privilege monitor_inference" in run["msg"]

    @pytest.mark.rejected("POST /_inference/.*: 400")
    @pytest.mark.parametrize(("inference_id", "task_type"), [(ID, "chat_completion"), ("chat", "completion")])
    def test_wrong_task_type_has_a_hint(self, server: Simulator, inference_id: str, task_type: str) -> None:
        seed(server)
        seed_chat(server)
        run = complete(server, inference_id=inference_id, task_type=task_type)
        assert run["failure"]["status"] == 400
        assert run["msg"].endswith("Hint: remove task_type, so that the module looks it up.")

    @pytest.mark.rejected("POST /_inference/.*: 404")
    def test_rejected_stream_has_a_complete_failure(self, server: Simulator) -> None:
        run = complete(server, inference_id="missing", task_type="chat_completion")
        assert run["failure"]["status"] == 404
        assert run["failure"]["type"] == "resource_not_found_exception"
        assert run["failure"]["reason"] == "Inference endpoint not found [missing]"

    def test_failure_does_not_hide_other_results(self, server: Simulator) -> None:
        seed(server)
        seed_chat(server)
        server.faults.add(Fault("provider_refusal", match="completion/chat/"))
        run = complete(server, inference_id=["chat", "missing", ID], parallel=1)
        assert run["msg"].startswith("2 of 3 completions failed. chat: POST ")
        assert f"missing: {MISSING}" in run["msg"]
        assert run["failure"] == run["results"][0]["failure"]
        assert [result.get("failed", False) for result in run["results"]] == [True, True, False]
        assert run["results"][2]["result"] == f"{MODEL} answers: Hello, you"


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
        run = complete(server, inference_id=inference_id, retries=3)
        assert not run.failed
        assert len(server.requests) == 4
        assert run.warnings == [f"Requests were retried 2 times. Last reason: status {status}."]

    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_request_with_a_retryable_status_of_the_provider_is_not_retried(
        self, server: Simulator, inference_id: str
    ) -> None:
        """Newer versions report a timeout of the provider with the status 429."""
        seed(server)
        seed_chat(server)
        words = f"Request timed out after [30s] for inference id [{inference_id}]"
        server.faults.add(
            Fault("status_after", status=429, error_type="timeout_exception", message=words, match="POST")
        )
        run = complete(server, inference_id=inference_id, retries=3)
        assert run.failed
        assert MAY_COST in run["msg"]
        assert len([line for line in server.requests if line.startswith("POST")]) == 1

    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ({"kind": "reset_after"}, "was lost"),
            ({"kind": "reset_before"}, "was lost"),
            ({"kind": "cut_short"}, "was lost|is cut off"),  # The latter with urllib3 before 2
            ({"kind": "html"}, "is an HTML page .text/html."),
            ({"kind": "status_after", "status": 502, "html": True}, "has status 502"),
            ({"kind": "status_after", "status": 504}, "failed with status 504"),
            ({"kind": "status_after", "status": 500}, "failed with status 500"),
            ({"kind": "status_after", "status": 408}, "failed with status 408"),
        ],
    )
    def test_request_that_may_have_been_executed_is_not_retried(
        self, server: Simulator, inference_id: str, fault: dict[str, Any], words: str
    ) -> None:
        seed(server)
        seed_chat(server)
        server.faults.add(Fault(**fault, match="POST"))
        run = complete(server, inference_id=inference_id, retries=3)
        assert re.search(words, run["msg"])
        assert MAY_COST in run["msg"]
        assert len(server.requests) == 2

    @pytest.mark.rejected("POST /_inference/.*: 429")
    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_request_that_timed_out_is_not_retried(self, inference_id: str) -> None:
        with Simulator(delay=2) as server:
            seed(server)
            seed_chat(server)
            run = complete(server, inference_id=inference_id, timeout=0.5, retries=3)
            assert len(server.requests) == 2
        # Elasticsearch times out before the client does, so that it can return the reason.
        assert "Request timed out after [450ms]" in run["msg"]
        assert "increase timeout, or run the task again later. The provider did not respond in time." in run["msg"]
        assert MAY_COST in run["msg"]

    @pytest.mark.parametrize("inference_id", [ID, "chat"])
    def test_request_without_a_response_is_not_retried(self, server: Simulator, inference_id: str) -> None:
        seed(server)
        seed_chat(server)
        server.faults.add(Fault("slow", seconds=1, match="POST"))
        run = complete(server, inference_id=inference_id, timeout=0.5, retries=3)
        assert len(server.requests) == 2
        assert "did not respond within 0.5 s. Hint: increase timeout." in run["msg"]
        assert MAY_COST in run["msg"]

    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (408, "status_exception", "Request timed out after [30s]"),
            (429, "timeout_exception", "Request timed out after [30s] for inference id [one]"),
        ],
    )
    def test_timeout_of_provider_may_cost_on_every_version(self, status: int, kind: str, reason: str) -> None:
        error = ApiError("refused", "POST", "/_inference/completion/one", "a hint.", status, kind, reason)
        assert completion._Completion("one", "completion")._hint(error) == f"a hint. {MAY_COST}"

    def test_another_node_is_used_only_if_the_first_did_not_get_the_request(self, server: Simulator) -> None:
        seed(server)
        with Simulator() as other:
            seed(other)
            server.faults.add(Fault("reset_after", match="POST"))
            run = complete(server, elasticsearch_url=[server.url, other.url], task_type="completion")
            assert run.failed
            assert other.requests == []
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            unused = f"http://127.0.0.1:{taken.getsockname()[1]}"
            assert not complete(server, elasticsearch_url=[unused, server.url], task_type="completion").failed


class TestBrokenStream:
    @pytest.fixture(autouse=True)
    def _chat(self, server: Simulator) -> None:
        seed_chat(server)

    @pytest.mark.parametrize(
        ("kind", "words", "result"),
        [
            ("cut", "The stream ended before the final [DONE] event.", f"{MODEL} answers:"),
            ("cut_short", "was lost", f"{MODEL} answers:"),
            ("error_event", "the stream ended with an error (overloaded_error): Received an error response", MODEL),
        ],
    )
    def test_broken_stream_returns_the_received_text(
        self, server: Simulator, kind: str, words: str, result: str
    ) -> None:
        server.faults.add(Fault(kind, match="POST"))
        run = complete(server, inference_id="chat")
        assert words in run["msg"]
        assert MAY_COST in run["msg"]
        assert run["results"][0]["failed"] is True
        assert run["results"][0]["result"].startswith(result)
        assert run["results"][0]["result"] != f"{MODEL} answers: Hello, you"
        assert "finish_reason" not in run["results"][0]

    def test_stream_that_ends_with_an_error_has_no_status(self, server: Simulator) -> None:
        server.faults.add(Fault("error_event", match="POST"))
        assert complete(server, inference_id="chat")["failure"] == {
            "status": None,
            "type": "overloaded_error",
            "reason": "Received an error response for request from inference entity id [chat]. "
            "Error message: [Overloaded]",
            "method": "POST",
            "path": CHAT.removeprefix("POST "),
        }

    def test_endless_stream_is_aborted(self, server: Simulator) -> None:
        server.faults.add(Fault("trickle", seconds=0.1, match="POST"))
        began = time.monotonic()
        run = complete(server, inference_id="chat", input="word " * 100, timeout=1)
        assert time.monotonic() - began < 5
        assert "did not respond within 1 s" in run["msg"]
        assert run["results"][0]["result"].startswith(MODEL)

    def test_slow_stream_is_accepted(self, server: Simulator) -> None:
        server.faults.add(Fault("trickle", seconds=0.02, match="POST"))
        assert complete(server, inference_id="chat")["results"][0]["result"] == f"{MODEL} answers: Hello, you"


@pytest.mark.rejected("POST /_inference/.*: 401")
def test_no_secret_is_shown() -> None:
    password = "pass/word+1"
    security = Security(users={"elastic": (password, ("all",))})
    with Simulator(security=security, refused_keys=[FORMER_KEY]) as server:
        seed(server)
        server.seed("other", secret="another")
        credentials = {"elasticsearch_username": "elastic", "elasticsearch_password": password}
        run = complete(server, inference_id=[ID, "other"], input=f"Say {password}", **credentials)
    assert run["results"][0]["failed"] is True
    assert run["results"][1]["result"] == f"{MODEL} answers: Say ********"
    assert find_leaks(run.output, [password]) == []


def test_prompts_are_shown_in_the_invocation(server: Simulator) -> None:
    seed(server)
    assert complete(server)["invocation"]["module_args"]["input"] == "Hello, you"
