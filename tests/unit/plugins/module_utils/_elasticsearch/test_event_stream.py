# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of streamed events, and of errors in streams."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import event_stream
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    TimedOut,
    UnreadableResponse,
)
from tests.simulator import Simulator
from tests.simulator.messages import JSON
from tests.unit.plugins.module_utils._elasticsearch.servers import (
    Connect,
    stub_server,
)

EVENTS = "text/event-stream"


class TestEvents:
    def test_events_have_their_names(self, connect: Connect) -> None:
        with stub_server(b"\xef\xbb\xbfevent: message\ndata: a\n\ndata: b\n\n", content_type=EVENTS) as server:
            events = list(connect(server.url).stream_events("/path", {"timeout": "5s"}, {"a": 1}))
        assert events == [("message", "a"), ("message", "b")]
        [request] = server.received
        assert (request.method, request.target, request.json_object()) == ("POST", "/path?timeout=5s", {"a": 1})

    def test_connection_is_reused_after_complete_stream(self, server: Simulator, connect: Connect) -> None:
        server.seed("chat", task_type="chat_completion")
        client, body = connect(server.url), {"messages": [{"role": "user", "content": "a"}]}
        for _time in range(2):
            *_others, last = client.stream_events("/_inference/chat_completion/chat/_stream", {}, body)
            assert last.data == "[DONE]"
        assert server.connections == 1

    @pytest.mark.parametrize(
        ("data", "kind", "problem"),
        [
            (b'{"error": {"type": "t", "message": "m"}}', ApiError, "the stream ended with an error (t): m"),
            (
                b'{"error": {"type": "t", "reason": "r"}, "status": 500}',
                ApiError,
                "the stream ended with an error (t): r",
            ),
            (b'{"error": "because"}', ApiError, "the stream ended with an error: because"),
            (b"{", UnreadableResponse, "The stream ended with an error event that contains no error."),
            (
                b'{"status": 500}',
                UnreadableResponse,
                "The stream ended with an error event that contains no error.",
            ),
        ],
    )
    def test_error_event_is_raised_after_preceding_events(
        self, connect: Connect, data: bytes, kind: type[ClientError], problem: str
    ) -> None:
        with stub_server(b"data: a\n\nevent: error\ndata: " + data + b"\n\n", content_type=EVENTS) as server:
            events = connect(server.url).stream_events("/", {}, {})
            assert next(events).data == "a"
            with pytest.raises(kind) as caught:
                next(events)
        assert caught.value.problem == problem
        assert caught.value.status == (500 if b"reason" in data else None)

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b'{"error": {"type": "t", "reason": "r"}, "status": 400}', JSON),
            (b'event: error\ndata: {"error": {"type": "t", "reason": "r"}, "status": 400}\n\n', EVENTS),
            (b'event: error\ndata: {"error": {"code": "bad_request", "type": "t", "message": "r"}}\n\n', EVENTS),
        ],
    )
    def test_rejected_stream_is_reported_in_each_format(self, connect: Connect, body: bytes, content_type: str) -> None:
        with stub_server(body, 400, content_type) as server, pytest.raises(ApiError) as caught:
            list(connect(server.url).stream_events("/", {}, {}))
        assert caught.value.problem == "failed with status 400 (t): r"

    @pytest.mark.parametrize(
        ("body", "status", "content_type"),
        [
            (b"<html>", 200, "text/html"),
            (b"<html>", 502, "text/html"),
            (b'{"completion": []}', 200, JSON),
            (b"", 400, EVENTS),
            (b"data: {\n\n", 400, EVENTS),
        ],
    )
    def test_response_that_is_not_a_stream_is_reported(
        self, connect: Connect, body: bytes, status: int, content_type: str
    ) -> None:
        with stub_server(body, status, content_type) as server, pytest.raises(UnreadableResponse) as caught:
            list(connect(server.url).stream_events("/", {}, {}))
        assert caught.value.status == status

    def test_stream_with_broken_compression_is_reported(self, connect: Connect) -> None:
        headers = (("Content-Encoding", "gzip"),)
        broken = stub_server(b"data: a\n\n", content_type=EVENTS, headers=headers)
        with broken as server, pytest.raises(UnreadableResponse, match="cannot be decoded"):
            list(connect(server.url).stream_events("/", {}, {}))

    def test_stream_that_exceeds_timeout_is_reported(self, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([0.0, 5.0, 5.1])
        monkeypatch.setattr(event_stream, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        monkeypatch.setattr(event_stream, "_CHUNK_SIZE", 9)
        with stub_server(b"data: a\n\ndata: b\n\n", content_type=EVENTS) as server:
            events = connect(server.url).stream_events("/", {}, {})
            assert [next(events).data, next(events).data] == ["a", "b"]
            with pytest.raises(TimedOut, match="did not respond within 5 s"):
                next(events)
