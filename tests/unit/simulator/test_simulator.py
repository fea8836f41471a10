# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the Python interface of the simulator."""

from __future__ import annotations

import threading

import pytest

from tests.simulator import Exchange, Simulator
from tests.unit.simulator.calls import COMPLETION, call, create


def test_requests_are_listed_as_sent_in_order(server: Simulator) -> None:
    call(server, "GET", "/_inference/x?pretty&human=true")
    create(server)
    call(server, "PUT", "/_inference/completion/x/_update", {"task_settings": {"max_tokens": 1}})
    call(server, "DELETE", "/_inference/completion/%78")

    assert server.requests == [
        "GET /_inference/x?pretty&human=true",
        "PUT /_inference/completion/x",
        "PUT /_inference/completion/x/_update",
        "DELETE /_inference/completion/%78",
    ]


def test_log_contains_requests_and_statuses(server: Simulator) -> None:
    call(server, "PUT", COMPLETION + "x", {"service": "y"}, headers={"X-Opaque-Id": "7"})
    call(server, "PUT", COMPLETION + "x", b"no json")

    first, second = server.log
    assert isinstance(first, Exchange)
    assert (first.method, first.path, first.status) == ("PUT", COMPLETION + "x", 400)
    assert first.body == {"service": "y"}
    assert first.headers["x-opaque-id"] == "7"
    assert second.body is None


def test_log_is_cleared(server: Simulator) -> None:
    call(server, "GET", "/")
    server.clear_log()

    assert (server.requests, server.log) == ([], [])


def test_connections_are_counted(server: Simulator) -> None:
    assert server.connections == 0
    for _time in range(3):
        call(server, "GET", "/")
    assert server.connections == 3


def test_maximum_of_concurrent_requests_is_recorded() -> None:
    with Simulator(delay=0.4) as server:
        threads = [threading.Thread(target=create, args=(server, f"x{number}")) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        call(server, "GET", "/")

        assert server.most_at_once == 5


def test_returned_endpoints_are_copies(server: Simulator) -> None:
    server.seed("x")
    server.endpoints["x"].task_settings["max_tokens"] = 5
    server.endpoints.clear()

    assert server.endpoints["x"].task_settings == {"max_tokens": 1024}


def test_seeded_endpoints_are_copied(server: Simulator) -> None:
    settings = {"model_id": "m"}
    server.seed("x", service_settings=settings)
    settings["model_id"] = "n"

    assert server.endpoints["x"].service_settings["model_id"] == "m"
    assert settings == {"model_id": "n"}


def test_repr_does_not_contain_secrets(server: Simulator) -> None:
    server.seed("x", secret="hush")

    assert "hush" not in repr(server.endpoints)


def test_simulator_listens_on_the_configured_port() -> None:
    with Simulator() as first:
        port = first.port
        with pytest.raises(OSError, match="in use"):
            Simulator(port=port).start()
    with Simulator(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"


def test_stopped_simulator_accepts_no_connections() -> None:
    with Simulator() as server:
        call(server, "GET", "/")
    with pytest.raises(ConnectionRefusedError):
        call(server, "GET", "/")
