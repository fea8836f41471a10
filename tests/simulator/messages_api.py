# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in for Anthropic: an HTTP server with the Messages API, for `service_settings.url` of 9.6 or later."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

PATH = "/v1/messages"
#: For each status, the error type and the usual message of Anthropic.
ERRORS = {
    400: ("invalid_request_error", "invalid request"),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "model: {model}"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "Number of requests has exceeded your rate limit"),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}


class MessagesApi:
    """A server that returns a minimal message for each POST, or an error for rejected keys and models.

    A request with `stream: true` gets the message as server-sent events.

    with MessagesApi(refused_keys={"bad"}) as anthropic:
        ...  # create an endpoint with `anthropic.url` as service_settings.url
    """

    def __init__(self, *, refused_keys: Collection[str] = (), refused_models: Collection[str] = (), port: int = 0):
        self.refused_keys = set(refused_keys)
        self.refused_models = set(refused_models)
        self.requests: list[dict[str, Any]] = []
        self._statuses: list[tuple[int, str | None]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Return the value for `service_settings.url`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"

    def refuse(self, status: int, message: str | None = None, times: int = 1) -> None:
        """Reject the next requests with this status."""
        with self._lock:
            self._statuses += [(status, message)] * times

    def __enter__(self) -> MessagesApi:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and the body for one request."""
        model = str(body.get("model"))
        with self._lock:
            self.requests.append(body)
            planned = self._statuses.pop(0) if self._statuses else None
        if planned:
            return planned[0], _error(planned[0], model, planned[1])
        if not key or key in self.refused_keys:
            return 401, _error(401, model)
        if model in self.refused_models:
            return 404, _error(404, model)
        return 200, _message(model, int(body.get("max_tokens") or 1))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
                status, body = api.answer(self.headers.get("x-api-key", ""), request)
                streamed = status == HTTPStatus.OK and bool(request.get("stream"))
                data = _events(body) if streamed else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by the base class
                """Write no log."""

        return Handler


def _error(status: int, model: str, message: str | None = None) -> dict[str, Any]:
    name, usual = ERRORS.get(status, ("api_error", "error"))
    return {"type": "error", "error": {"type": name, "message": message or usual.format(model=model)}}


def _events(message: dict[str, Any]) -> bytes:
    """Return the message as server-sent events."""
    [content] = message["content"]
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {**content, "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": content["text"]}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return b"".join(b"event: %b\ndata: %b\n\n" % (one["type"].encode(), json.dumps(one).encode()) for one in events)


def _message(model: str, limit: int) -> dict[str, Any]:
    return {
        "id": "msg_simulated",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "big"}],
        "stop_reason": "max_tokens" if limit == 1 else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 2, "output_tokens": 1},
    }
