# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers with a fixed response, and connections that fail."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import urllib3.util.connection

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from tests.simulator.faults import Delivery
from tests.simulator.messages import JSON, Answer, Request
from tests.simulator.wire import Handling, Listener

SECRET = "s3cr/et+key"


Connect = Callable[..., Client]


class ConnectionSpy:
    """A replacement for C(create_connection) that records connection attempts and can make them fail."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.timeouts: list[float] = []
        self.failing: Callable[[int], OSError | None] = lambda _number: None
        self._connect = urllib3.util.connection.create_connection

    def __call__(self, address: tuple[str, int], timeout: float, *args: Any, **kwargs: Any) -> socket.socket:
        self.ports.append(address[1])
        self.timeouts.append(timeout)
        error = self.failing(len(self.ports))
        if error is not None:
            raise error
        return self._connect(address, timeout, *args, **kwargs)


class StubServer:
    """A server that returns the same response to all requests, and records them."""

    def __init__(self, response: Answer) -> None:
        self.received: list[Request] = []
        self._response = response
        self._listener = Listener(0, Handling(self._deliver, lambda _request: JSON), None)
        self.url = f"http://127.0.0.1:{self._listener.port}"

    def _deliver(self, request: Request) -> Delivery:
        self.received.append(request)
        return Delivery(self._response)

    def stop(self) -> None:
        self._listener.stop()


@contextlib.contextmanager
def stub_server(
    body: bytes, status: int = 200, content_type: str = JSON, headers: tuple[tuple[str, str], ...] = ()
) -> Iterator[StubServer]:
    server = StubServer(Answer(status, body, content_type, headers))
    try:
        yield server
    finally:
        server.stop()


def request_from_stub(connect: Connect, body: bytes, status: int = 200, content_type: str = JSON) -> Any:
    """Send a request to a server with this response, and return the result of the client."""
    with stub_server(body, status, content_type) as server:
        return connect(server.url).request("GET", "/")


def port(url: str) -> int:
    return int(url.rpartition(":")[2])
