# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for clients and nodes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3.util.connection

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import retries
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import (
    Connection,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from tests.unit.plugins.module_utils._elasticsearch.servers import (
    SECRET,
    Connect,
    ConnectionSpy,
)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a factory for clients without retries, and close the clients."""
    clients = []

    def make(*urls: str, **options: Any) -> Client:
        clients.append(Client(Connection(urls, **{"timeout": 5.0, "retries": 0, **options}), Redactor([SECRET])))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def unreachable_node() -> Iterator[str]:
    """Return the URL of a bound port without a listener."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses between attempts in seconds. Sleep is replaced, and the jitter is disabled."""
    slept: list[float] = []
    sleep = SimpleNamespace(sleep=lambda seconds: slept.append(seconds) if seconds else None, monotonic=lambda: 0.0)
    monkeypatch.setattr(retries, "time", sleep)
    monkeypatch.setattr(retries, "random", SimpleNamespace(uniform=lambda _least, most: most))
    return slept


@pytest.fixture
def connection_spy(monkeypatch: pytest.MonkeyPatch) -> ConnectionSpy:
    """Return a spy that records all connection attempts."""
    spy = ConnectionSpy()
    monkeypatch.setattr(urllib3.util.connection, "create_connection", spy)
    return spy
