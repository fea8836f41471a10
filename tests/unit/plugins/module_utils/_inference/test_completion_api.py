# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of completion requests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import UnreadableResponse
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.server_sent_events import Event
from ansible_collections.esops.inference.plugins.module_utils._inference.completion_api import CompletionApi
from tests.simulator import Simulator
from tests.unit.support import ID, seed


class StreamingClient(Client):
    """A stub of a client that streams these data as events."""

    def __init__(self, *data: str) -> None:
        self._data = data

    def stream_events(self, *_args: Any) -> Generator[Event, None, None]:
        return (Event("message", data) for data in self._data)


class StubClient(Client):
    """A stub of a client that always returns the same response."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def request_with_retries(self, *_args: Any, **_options: Any) -> Any:
        return self._response


class TestCompletionApi:
    def test_completion_can_have_several_parts(self) -> None:
        parts = {"completion": [{"result": "a"}, {"result": " b"}]}
        assert CompletionApi(StubClient(parts)).complete(ID, {"input": "x"}, 5) == ["a", " b"]

    @pytest.mark.parametrize("response", [[], {}, {"completion": None}, {"completion": ["a"]}, {"completion": [{}]}])
    def test_completion_in_unexpected_format_is_unreadable(self, response: Any) -> None:
        with pytest.raises(UnreadableResponse, match="not in the documented format"):
            CompletionApi(StubClient(response)).complete(ID, {"input": "x"}, 5)

    @pytest.mark.parametrize(("timeout", "query"), [(130.0, "120s"), (0.2, "180ms"), (86400, "86390s")])
    def test_server_timeout_is_shorter_than_client_timeout(self, server: Simulator, timeout: float, query: str) -> None:
        seed(server)
        client = Client(Connection((server.url,)), Redactor([]))
        CompletionApi(client).complete(ID, {"input": "x"}, timeout)
        client.close()
        assert server.requests == [f"POST /_inference/completion/{ID}?timeout={query}"]

    @pytest.mark.parametrize(
        ("data", "chunk"),
        [
            ("{}", ("", None, None, {})),
            ('{"choices": null, "usage": null, "model": null}', ("", None, None, {})),
            ('{"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}', ("ab", None, None, {})),
            ('{"choices": [{"delta": {"content": null}, "finish_reason": "stop"}]}', ("", "stop", None, {})),
            ('{"choices": [{"delta": null}], "model": "m"}', ("", None, "m", {})),
            (
                '{"usage": {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}}}',
                ("", None, None, {"prompt_tokens": 1}),
            ),
        ],
    )
    def test_chat_event_is_parsed_into_chunk(self, data: str, chunk: tuple[Any, ...]) -> None:
        assert list(CompletionApi(StreamingClient(data, "[DONE]", "{")).chat("chat", {}, 5)) == [chunk]

    @pytest.mark.parametrize(
        "data",
        ["", "{", "[]", "null", '"a"', '{"choices": [1]}', '{"choices": [{"delta": {"content": 1}}]}', '{"usage": 5}'],
    )
    def test_chat_event_in_unexpected_format_is_unreadable(self, data: str) -> None:
        with pytest.raises(UnreadableResponse, match="not in the documented format"):
            list(CompletionApi(StreamingClient(data)).chat("chat", {}, 5))

    def test_chat_stream_without_done_event_is_unreadable(self) -> None:
        chunks = CompletionApi(StreamingClient("{}")).chat("chat", {}, 5)
        next(chunks)
        with pytest.raises(UnreadableResponse, match=r"before the final \[DONE\] event"):
            next(chunks)
