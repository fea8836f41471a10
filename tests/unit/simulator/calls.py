# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send plain HTTP requests to a simulator, with the bodies that the tests share."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulator import Simulator

KEY = "sk-ant-very-secret"
MODEL = "claude-sonnet-4-5"
COMPLETION = "/_inference/completion/"


@dataclass(frozen=True)
class Reply:
    """The response to a request."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.content)

    @property
    def error(self) -> Any:
        """Return the error in the body."""
        return self.json["error"]

    @property
    def reason(self) -> str:
        """Return the reason of the error."""
        return str(self.error["reason"])


def call(
    server: Simulator,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Reply:
    """Send one request over a new connection. Bytes are sent unchanged, other bodies as JSON."""
    connection: http.client.HTTPConnection
    if context:
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} if content is not None else {}
    try:
        connection.request(method, path, content, {**sent, **(headers or {})})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def create_body(**changes: Any) -> dict[str, Any]:
    """Return the body of a valid create, with changed top-level fields (None removes a field)."""
    body: dict[str, Any] = {
        "service": "anthropic",
        "service_settings": {"api_key": KEY, "model_id": MODEL},
        "task_settings": {"max_tokens": 1024},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def create(server: Simulator, inference_id: str = "x", **changes: Any) -> Reply:
    """Create a completion endpoint."""
    return call(server, "PUT", COMPLETION + inference_id, create_body(**changes))


def update(server: Simulator, body: object, inference_id: str = "x", query: str = "") -> Reply:
    """Update a completion endpoint."""
    return call(server, "PUT", f"{COMPLETION}{inference_id}/_update{query}", body)
