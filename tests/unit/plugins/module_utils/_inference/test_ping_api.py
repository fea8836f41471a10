# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of test requests and of the recognition of results."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import UnreadableResponse
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.server_sent_events import Event
from ansible_collections.esops.inference.plugins.module_utils._inference.ping_api import SHAPES, PingApi


class StubClient(Client):
    """A stub of a client that always returns the same response and records the requests."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self.requests: list[tuple[Any, ...]] = []

    def request_with_retries(self, *args: Any, **_options: Any) -> Any:
        self.requests.append(args)
        return self._response


class StreamingClient(Client):
    """A stub of a client that streams these events and records the progress of the stream."""

    def __init__(self, *responses: Any) -> None:
        self._responses = responses
        self.read = 0
        self.closed = False

    def stream_events(self, *_args: Any) -> Generator[Event, None, None]:
        try:
            for response in self._responses:
                self.read += 1
                yield Event("message", response if isinstance(response, str) else json.dumps(response))
        finally:
            self.closed = True


def delta(content: str | None = None, finish_reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"role": "assistant", "content": content}, "finish_reason": finish_reason}]}


class TestResults:
    @pytest.mark.parametrize(
        ("task_type", "response"),
        [
            ("text_embedding", {"text_embedding": [{"embedding": [0.1, -2]}]}),
            ("text_embedding", {"text_embedding_bytes": [{"embedding": [1, -2]}]}),
            ("text_embedding", {"text_embedding_bits": [{"embedding": [0]}]}),
            ("sparse_embedding", {"sparse_embedding": [{"is_truncated": False, "embedding": {"ping": 1.5}}]}),
            ("embedding", {"embeddings": [{"embedding": [0.1]}]}),
            ("embedding", {"embeddings_bytes": [{"embedding": [1]}]}),
            ("embedding", {"embeddings_bits": [{"embedding": [1]}]}),
            ("rerank", {"rerank": [{"index": 0, "relevance_score": 0.5}]}),
            ("completion", {"completion": [{"result": "pong"}]}),
            ("completion", {"completion": [{"result": ""}]}),
        ],
    )
    def test_ping_accepts_response_with_result(self, task_type: str, response: Any) -> None:
        client = StubClient(response)
        PingApi(client).ping(task_type, "a/b", {"input": "ping"}, 130)
        assert client.requests == [
            ("POST", f"/_inference/{task_type}/a%2Fb", {"timeout": "120s"}, {"input": "ping"}),
        ]

    @pytest.mark.parametrize(
        ("task_type", "response"),
        [
            ("text_embedding", {"text_embedding": []}),
            ("text_embedding", {"text_embedding": [{"embedding": []}]}),
            ("text_embedding", {"text_embedding": [{"embedding": None}]}),
            ("text_embedding", {"text_embedding": [{"embedding": ["a"]}]}),
            ("text_embedding", {"text_embedding": [{"embedding": [True]}]}),
            ("sparse_embedding", {"sparse_embedding": [{"embedding": {}}]}),
            ("sparse_embedding", {"sparse_embedding": [{"embedding": {"ping": None}}]}),
            ("sparse_embedding", {"sparse_embedding": [{"embedding": [1]}]}),
            ("embedding", {"embeddings": []}),
            ("rerank", {"rerank": []}),
            ("rerank", {"rerank": [{"index": None}]}),
            ("completion", {"completion": []}),
            ("completion", {"completion": [{"result": None}]}),
        ],
    )
    def test_ping_rejects_response_without_result(self, task_type: str, response: Any) -> None:
        with pytest.raises(UnreadableResponse, match=r"The response contains no result\.") as caught:
            PingApi(StubClient(response)).ping(task_type, "a", {}, 5)
        assert caught.value.ambiguous

    @pytest.mark.parametrize("task_type", SHAPES)
    @pytest.mark.parametrize("response", [[], {}, {"took": 1}, {"error": "x"}, [1]])
    def test_response_in_unexpected_format_is_unreadable(self, task_type: str, response: Any) -> None:
        with pytest.raises(UnreadableResponse, match="not in the documented format"):
            PingApi(StubClient(response)).ping(task_type, "a", {}, 5)

    @pytest.mark.parametrize("results", [None, 5, ["a"], [{}], {"a": 1}])
    def test_results_in_unexpected_format_are_unreadable(self, results: Any) -> None:
        with pytest.raises(UnreadableResponse, match="not in the documented format"):
            PingApi(StubClient({"rerank": results})).ping("rerank", "a", {}, 5)

    def test_result_of_another_task_type_is_unreadable(self) -> None:
        with pytest.raises(UnreadableResponse, match="not in the documented format"):
            PingApi(StubClient({"completion": [{"result": "a"}]})).ping("rerank", "a", {}, 5)


class TestChat:
    @pytest.mark.parametrize("result", [delta("pong"), delta(None, "length")])
    def test_stream_is_closed_after_first_result(self, result: Any) -> None:
        client = StreamingClient(delta(""), result, delta(" again"), "[DONE]")
        assert len(list(PingApi(client).chat_until_result("chat", {}, 5))) == 2
        assert (client.read, client.closed) == (2, True)

    @pytest.mark.parametrize(
        "responses",
        [
            (),
            ("[DONE]",),
            (delta(""), "[DONE]"),
            ({"usage": {"prompt_tokens": 1}}, "[DONE]"),
            ({"error": {"code": "overloaded", "message": "Overloaded"}}, "[DONE]"),
        ],
    )
    def test_stream_without_result_is_rejected(self, responses: tuple[Any, ...]) -> None:
        client = StreamingClient(*responses)
        with pytest.raises(UnreadableResponse, match=r"contains no result|before the final \[DONE\] event"):
            list(PingApi(client).chat_until_result("chat", {}, 5))
        assert client.closed

    def test_event_in_unexpected_format_is_unreadable(self) -> None:
        client = StreamingClient("<html>")
        with pytest.raises(UnreadableResponse, match="not in the documented format"):
            list(PingApi(client).chat_until_result("chat", {}, 5))
        assert client.closed
