# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of requests, failover, and imports of the client."""

from __future__ import annotations

import contextlib
import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import client as client_module
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import VERSION
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    TlsFailed,
    Unreachable,
)
from tests.simulator import Fault, Simulator
from tests.unit.plugins.module_utils._elasticsearch.servers import (
    Connect,
    ConnectionSpy,
    port,
    request_from_stub,
    stub_server,
)


class TestRequest:
    def test_request_and_response_are_json(self, server: Simulator, connect: Connect) -> None:
        body = {"service": "anthropic", "service_settings": {"api_key": "clé", "model_id": "m"}}
        body["task_settings"] = {"max_tokens": 1}  # type: ignore[assignment]
        stored = connect(server.url).request("PUT", "/_inference/completion/a", {"timeout": "30s"}, body)
        assert stored["inference_id"] == "a"
        assert server.requests == ["PUT /_inference/completion/a?timeout=30s"]
        assert server.log[0].body == body

    def test_request_has_user_agent_and_json_headers(self, server: Simulator, connect: Connect) -> None:
        connect(server.url).request("GET", "/")
        sent = server.log[0].headers
        assert sent["user-agent"] == f"ansible-esops.inference/{VERSION}"
        assert sent["accept"] == "application/json"
        assert sent["content-type"] == "application/json"

    def test_connection_headers_override_client_headers(self, server: Simulator, connect: Connect) -> None:
        connect(server.url, headers={"X-Found": "1", "user-agent": "mine"}).request("GET", "/")
        assert server.log[0].headers["x-found"] == "1"
        assert server.log[0].headers["user-agent"] == "mine"

    def test_response_can_be_a_list(self, connect: Connect) -> None:
        assert request_from_stub(connect, b'[1, {"a": null}]') == [1, {"a": None}]

    def test_body_with_nan_is_not_sent(self, server: Simulator, connect: Connect) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            connect(server.url).request("PUT", "/", body={"temperature": float("nan")})
        assert server.requests == []

    def test_requests_share_one_connection(self, server: Simulator, connect: Connect) -> None:
        client = connect(server.url)
        for _time in range(3):
            client.request("GET", "/")
        assert server.connections == 1


class TestNodes:
    def test_url_path_precedes_request_path(self, connect: Connect) -> None:
        with stub_server(b"{}") as server:
            connect(server.url + "/es").request("GET", "/_inference/_all")
        assert [request.target for request in server.received] == ["/es/_inference/_all"]

    def test_responding_node_is_used_first_for_next_request(
        self, server: Simulator, connect: Connect, unreachable_node: str, connection_spy: ConnectionSpy
    ) -> None:
        client = connect(unreachable_node, server.url, retries=3)
        client.request("GET", "/")
        client.request("GET", "/_inference/_all")
        assert server.requests == ["GET /", "GET /_inference/_all"]
        assert connection_spy.ports == [port(unreachable_node), server.port]

    def test_other_nodes_receive_no_request_if_first_node_responds(self, server: Simulator, connect: Connect) -> None:
        with Simulator() as other:
            connect(server.url, other.url).request("GET", "/")
            assert (server.requests, other.requests) == (["GET /"], [])

    def test_failed_node_is_replaced_by_recovered_node(self, connect: Connect) -> None:
        with Simulator() as first:
            pass
        with Simulator() as second:
            client = connect(first.url, second.url)
            client.request("GET", "/")
        with Simulator(port=first.port) as again:
            client.request("GET", "/_inference/_all")
            assert (second.requests, again.requests) == (["GET /"], ["GET /_inference/_all"])

    def test_rejected_request_is_not_sent_to_next_node(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("status", status=403))
        with Simulator() as other:
            with pytest.raises(ApiError, match="failed with status 403"):
                connect(server.url, other.url).request("GET", "/")
            assert other.requests == []

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
    def test_lost_write_is_not_sent_to_another_node(self, server: Simulator, connect: Connect, method: str) -> None:
        server.faults.add(Fault("reset_after"))
        with Simulator() as other:
            with pytest.raises(ConnectionLost):
                connect(server.url, other.url).request(method, "/_inference/completion/a")
            assert other.requests == []

    def test_lost_read_is_sent_to_the_next_node(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("reset_after"))
        with Simulator() as other:
            client = connect(server.url, other.url)
            assert client.request("GET", "/")["name"] == "simulator"
            client.request("GET", "/_inference/_all")
            assert (server.requests, other.requests) == (["GET /"], ["GET /", "GET /_inference/_all"])

    def test_read_without_response_is_lost_if_one_node_received_it(
        self, server: Simulator, connect: Connect, unreachable_node: str
    ) -> None:
        server.faults.add(Fault("reset_after"))
        with pytest.raises(ConnectionLost) as caught:
            connect(unreachable_node, server.url).request("GET", "/")
        assert f"{unreachable_node} cannot be reached: " in caught.value.problem
        assert f"The connection to {server.url} was lost: " in caught.value.problem

    def test_error_lists_all_unreachable_nodes(self, connect: Connect, unreachable_node: str) -> None:
        with pytest.raises(Unreachable) as caught:
            connect(unreachable_node, "http://nosuch.invalid").request("GET", "/_inference/_all")
        error = caught.value
        assert str(error).startswith(f"GET /_inference/_all: {unreachable_node} cannot be reached: Failed to establish")
        assert "Connection refused. http://nosuch.invalid cannot be reached: Failed to " in str(error)
        assert str(error).endswith(
            "Hint: check elasticsearch_url, and that the host where the module runs can reach it."
        )
        assert (error.ambiguous, error.status, error.retried) == (False, None, False)
        assert "object at" not in str(error)

    def test_refused_connection_to_single_node_is_retried(
        self, server: Simulator, connect: Connect, connection_spy: ConnectionSpy, pauses: list[float]
    ) -> None:
        connection_spy.failing = lambda number: (
            ConnectionRefusedError(111, "Connection refused") if number < 3 else None
        )
        connect(server.url, retries=2).request("GET", "/")
        assert connection_spy.ports == [server.port] * 3
        assert server.requests == ["GET /"]
        assert pauses == [2]

    def test_invalid_host_name_is_reported(self, connect: Connect) -> None:
        with pytest.raises(ClientError) as caught:
            connect("http://a..b").request("GET", "/")
        assert str(caught.value).startswith("GET /: The request cannot be sent: ")
        assert "'a..b', label empty or too long. Hint: check elasticsearch_url" in str(caught.value)


class TestFailover:
    """Tests in which one node fails and another one works."""

    @pytest.mark.parametrize("html", [False, True])
    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_read_fails_over_to_next_node(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int, html: bool
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9, html=html))
        with Simulator(cluster_of=server) as other:
            client = connect(server.url, other.url, retries=3)
            client.request("GET", "/")
            client.request("GET", "/_inference/_all")
            assert other.requests == ["GET /", "GET /_inference/_all"]
        assert (server.requests, pauses) == (["GET /"], [])
        assert (client.retry_budget.retry_count, client.retry_budget.last_reason) == (
            1,
            f"status {status} from {server.url}",
        )

    @pytest.mark.parametrize(
        ("status", "method"), [(429, "PUT"), (429, "DELETE"), (503, "PUT"), (503, "DELETE"), (503, "POST")]
    )
    def test_write_fails_over_if_it_was_not_executed(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int, method: str
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9))
        with Simulator(cluster_of=server) as other:
            with pytest.raises(ApiError) as caught:
                connect(server.url, other.url, retries=3).request(method, "/_inference/completion/a")
            assert other.requests == server.requests == [f"{method} /_inference/completion/a"]
        assert caught.value.status in (400, 404)
        assert (caught.value.retried, pauses) == (False, [])

    @pytest.mark.parametrize("status", [502, 504])
    def test_write_does_not_fail_over_if_it_may_have_been_executed(
        self, server: Simulator, connect: Connect, status: int
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9))
        with Simulator(cluster_of=server) as other:
            with pytest.raises(ApiError, match=f"failed with status {status}"):
                connect(server.url, other.url).request("PUT", "/_inference/completion/a")
            assert other.requests == []

    def test_all_nodes_are_retried_after_a_pause(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("status", status=503, times=3))
        with Simulator(cluster_of=server) as other:
            other.faults.add(Fault("status", status=503, times=2))
            connect(server.url, other.url, retries=3, timeout=60).request("GET", "/")
            assert (len(server.requests), len(other.requests)) == (3, 3)
        assert pauses == [2]

    @pytest.mark.usefixtures("pauses")
    def test_retries_end_with_the_error_of_the_last_node(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("status", status=503, times=9))
        with Simulator(cluster_of=server) as other:
            other.faults.add(Fault("status", status=429, times=9))
            with pytest.raises(ApiError, match="failed with status 429"):
                connect(server.url, other.url, retries=2).request("GET", "/")
            assert (len(server.requests), len(other.requests)) == (3, 3)

    def test_unreachable_node_does_not_hide_error_of_another_node(
        self, server: Simulator, connect: Connect, unreachable_node: str
    ) -> None:
        server.faults.add(Fault("status", status=503))
        with pytest.raises(ApiError, match="failed with status 503"):
            connect(server.url, unreachable_node).request("GET", "/")

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_node_without_tls_is_skipped_and_reported(self, server: Simulator, connect: Connect, method: str) -> None:
        with Simulator() as plain:
            distrusted = f"https://127.0.0.1:{plain.port}"
            client = connect(distrusted, server.url)
            with contextlib.suppress(ApiError):
                client.request(method, "/_inference/completion/a")
            assert plain.requests == []
        assert server.requests == [f"{method} /_inference/completion/a"]
        assert list(client.skipped_nodes) == [distrusted]
        assert client.skipped_nodes[distrusted].startswith(f"The TLS connection to {distrusted} failed: ")

    def test_tls_failure_of_all_nodes_is_reported(self, server: Simulator, connect: Connect) -> None:
        with Simulator() as other, pytest.raises(TlsFailed) as caught:
            connect(*(f"https://127.0.0.1:{one.port}" for one in (server, other))).request("GET", "/")
        assert str(other.port) in caught.value.problem
        assert str(server.port) in caught.value.problem


class TestThreads:
    def test_threads_can_share_a_client(self, server: Simulator, connect: Connect, unreachable_node: str) -> None:
        client = connect(unreachable_node, server.url)
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append(client.request("GET", "/")["name"])) for _number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["simulator"] * 8
        assert client._nodes == [server.url, unreachable_node]


@pytest.fixture
def without_requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of a package with the same files, in an environment without requests and urllib3."""
    package = ModuleType("package_without_requests")
    package.__path__ = [str(Path(client_module.__file__).parent)]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    for missing in ("requests", "urllib3"):
        for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
            monkeypatch.setitem(sys.modules, name, None)
    yield package.__name__
    for name in [name for name in sys.modules if name.startswith(f"{package.__name__}.")]:
        del sys.modules[name]


def test_every_file_can_be_imported_without_requests(without_requests: str) -> None:
    """Check that a module can start and report the missing package."""
    for file in Path(client_module.__file__).parent.glob("*.py"):
        importlib.import_module(f"{without_requests}.{file.stem}")
    client, connection = (sys.modules[f"{without_requests}.{name}"] for name in ("client", "connection"))
    with pytest.raises(ImportError, match="requests"):
        client.Client(connection.Connection(("http://a",)), str)


def test_successful_run_does_not_import_error_and_stream_files() -> None:
    package = "ansible_collections.esops.inference.plugins.module_utils"
    with Simulator() as server:
        code = (
            "import sys\n"
            f"from {package}._inference.completion_api import CompletionApi\n"
            f"from {package}._elasticsearch.client import Client\n"
            f"from {package}._elasticsearch.connection import Connection\n"
            f"import {package}._reconcile.reconciler, {package}._services.anthropic, {package}._modules.completion\n"
            f"CompletionApi(Client(Connection(({server.url!r},)), str)).get_all()\n"
            "print(*(name.rpartition('.')[2] for name in sys.modules if 'esops' in name))\n"
        )
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "client" in loaded
    lazy = {"causes", "diagnosis", "event_stream", "hints", "provider_hints", "server_sent_events", "tls"}
    assert loaded & lazy == set()
