# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client sends, what it makes of every answer and of none, and what it tells nobody."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import importlib.util
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus

import pytest
import requests
import urllib3.util.connection
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import client as client_module
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import (
    VERSION,
    Client,
    Connection,
    Redactor,
    Repeated,
    base_url,
    cloud_url,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    Redirected,
    TimedOut,
    TlsFailed,
    Unreachable,
    UnreadableAnswer,
)
from tests.simulator import Fault, Simulator
from tests.simulator.faults import Delivery
from tests.simulator.messages import JSON, Answer, Request
from tests.simulator.wire import Handling, Listener

SECRET = "s3cr/et+key"

Connect = Callable[..., Client]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients that give up at once, unless told otherwise, and closes them."""
    clients = []

    def make(*urls: str, **options: Any) -> Client:
        clients.append(Client(Connection(urls, **{"timeout": 5.0, "retries": 0, **options}), Redactor([SECRET])))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """A node where nobody listens; the port stays taken, so that nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited between tries, without luck; nobody really waits."""
    slept: list[float] = []
    sleep = SimpleNamespace(sleep=lambda seconds: slept.append(seconds) if seconds else None, monotonic=lambda: 0.0)
    monkeypatch.setattr(client_module, "time", sleep)
    monkeypatch.setattr(client_module, "random", SimpleNamespace(uniform=lambda _least, most: most))
    return slept


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Dialled:
    """Every connection that is tried."""
    spy = Dialled()
    monkeypatch.setattr(urllib3.util.connection, "create_connection", spy)
    return spy


class Dialled:
    """Stands in for the making of connections: notes each, and lets some of them fail."""

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


class Canned:
    """A server that gives one answer to everything, and notes the requests."""

    def __init__(self, answer: Answer) -> None:
        self.received: list[Request] = []
        self._answer = answer
        self._listener = Listener(0, Handling(self._deliver, lambda _request: JSON), None)
        self.url = f"http://127.0.0.1:{self._listener.port}"

    def _deliver(self, request: Request) -> Delivery:
        self.received.append(request)
        return Delivery(self._answer)

    def stop(self) -> None:
        self._listener.stop()


@contextlib.contextmanager
def answering(
    body: bytes, status: int = 200, content_type: str = JSON, headers: tuple[tuple[str, str], ...] = ()
) -> Iterator[Canned]:
    server = Canned(Answer(status, body, content_type, headers))
    yield server
    server.stop()


def answer(connect: Connect, body: bytes, status: int = 200, content_type: str = JSON) -> Any:
    """What the client makes of an answer."""
    with answering(body, status, content_type) as server:
        return connect(server.url).request("GET", "/")


def refusal(connect: Connect, body: Any, status: int) -> ApiError:
    """What the client makes of an error."""
    with pytest.raises(ApiError) as caught:
        answer(connect, json.dumps(body).encode(), status)
    return caught.value


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


class TestRequest:
    def test_it_is_sent_as_json_and_answered_as_json(self, server: Simulator, connect: Connect) -> None:
        body = {"service": "anthropic", "service_settings": {"api_key": "clé", "model_id": "m"}}
        body["task_settings"] = {"max_tokens": 1}  # type: ignore[assignment]
        stored = connect(server.url).request("PUT", "/_inference/completion/a", {"timeout": "30s"}, body)
        assert stored["inference_id"] == "a"
        assert server.requests == ["PUT /_inference/completion/a?timeout=30s"]
        assert server.log[0].body == body

    def test_it_says_who_asks_and_what_for(self, server: Simulator, connect: Connect) -> None:
        connect(server.url).request("GET", "/")
        sent = server.log[0].headers
        assert sent["user-agent"] == f"ansible-esops.inference/{VERSION}"
        assert sent["accept"] == "application/json"
        assert sent["content-type"] == "application/json"

    def test_further_headers_are_sent_and_win(self, server: Simulator, connect: Connect) -> None:
        connect(server.url, headers={"X-Found": "1", "user-agent": "mine"}).request("GET", "/")
        assert server.log[0].headers["x-found"] == "1"
        assert server.log[0].headers["user-agent"] == "mine"

    def test_a_list_is_an_answer_too(self, connect: Connect) -> None:
        assert answer(connect, b'[1, {"a": null}]') == [1, {"a": None}]

    def test_nothing_that_is_no_json_is_sent(self, server: Simulator, connect: Connect) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            connect(server.url).request("PUT", "/", body={"temperature": float("nan")})
        assert server.requests == []

    def test_values_of_a_repeated_name_are_kept_in_order(self, connect: Connect) -> None:
        found = answer(connect, b'{"t": {"top_p": 0.9, "x": 1, "top_p": 40, "top_p": null}, "x": 2}')
        assert found == {"t": {"top_p": Repeated((0.9, 40, None)), "x": 1}, "x": 2}
        assert isinstance(found["t"]["top_p"], Repeated)

    def test_connections_are_kept(self, server: Simulator, connect: Connect) -> None:
        client = connect(server.url)
        for _time in range(3):
            client.request("GET", "/")
        assert server.connections == 1


class TestNodes:
    @pytest.mark.parametrize("path", ["", "/", "/es", "/es/", "/a/b//"])
    def test_a_path_of_the_url_is_kept(self, connect: Connect, path: str) -> None:
        with answering(b"{}") as server:
            connect(base_url(server.url + path)).request("GET", "/_inference/_all")
        assert [request.target for request in server.received] == [path.rstrip("/") + "/_inference/_all"]

    def test_the_first_that_answers_is_the_first_asked_from_then_on(
        self, server: Simulator, connect: Connect, nobody: str, dialled: Dialled
    ) -> None:
        client = connect(nobody, server.url, retries=3)
        client.request("GET", "/")
        client.request("GET", "/_inference/_all")
        assert server.requests == ["GET /", "GET /_inference/_all"]
        assert dialled.ports == [port(nobody), server.port]

    def test_the_others_are_not_asked_while_the_first_answers(self, server: Simulator, connect: Connect) -> None:
        with Simulator() as other:
            connect(server.url, other.url).request("GET", "/")
            assert (server.requests, other.requests) == (["GET /"], [])

    def test_a_node_that_dies_later_is_replaced_by_one_that_was_dead(self, connect: Connect) -> None:
        with Simulator() as first:
            pass
        with Simulator() as second:
            client = connect(first.url, second.url)
            client.request("GET", "/")
        with Simulator(port=first.port) as again:
            client.request("GET", "/_inference/_all")
            assert (second.requests, again.requests) == (["GET /"], ["GET /_inference/_all"])

    def test_an_error_of_a_node_is_no_reason_to_ask_the_next(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("status", status=403))
        with Simulator() as other:
            with pytest.raises(ApiError, match="refused with status 403"):
                connect(server.url, other.url).request("GET", "/")
            assert other.requests == []

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
    def test_a_write_that_is_lost_goes_to_no_other(self, server: Simulator, connect: Connect, method: str) -> None:
        server.faults.add(Fault("reset_after"))
        with Simulator() as other:
            with pytest.raises(ConnectionLost):
                connect(server.url, other.url).request(method, "/_inference/completion/a")
            assert other.requests == []

    def test_a_read_that_is_lost_goes_to_the_next(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("reset_after"))
        with Simulator() as other:
            client = connect(server.url, other.url)
            assert client.request("GET", "/")["name"] == "simulator"
            client.request("GET", "/_inference/_all")
            assert (server.requests, other.requests) == (["GET /"], ["GET /", "GET /_inference/_all"])

    def test_a_read_that_is_lost_everywhere_is_lost(self, server: Simulator, connect: Connect, nobody: str) -> None:
        server.faults.add(Fault("reset_after"))
        with pytest.raises(ConnectionLost) as caught:
            connect(nobody, server.url).request("GET", "/")
        assert f"{nobody} cannot be reached: " in caught.value.problem
        assert f"The connection with {server.url} was lost: " in caught.value.problem

    def test_where_none_can_be_reached_each_is_named(self, connect: Connect, nobody: str) -> None:
        with pytest.raises(Unreachable) as caught:
            connect(nobody, "http://nosuch.invalid").request("GET", "/_inference/_all")
        error = caught.value
        assert str(error).startswith(f"GET /_inference/_all: {nobody} cannot be reached: Failed to establish")
        assert "Connection refused. http://nosuch.invalid cannot be reached: Failed to " in str(error)
        assert str(error).endswith(
            "Hint: check elasticsearch_url, and that the machine which runs the module may reach it."
        )
        assert (error.ambiguous, error.status, error.retried) == (False, None, False)
        assert "object at" not in str(error)

    def test_a_single_node_is_asked_again(
        self, server: Simulator, connect: Connect, dialled: Dialled, pauses: list[float]
    ) -> None:
        dialled.failing = lambda number: ConnectionRefusedError(111, "Connection refused") if number < 3 else None
        connect(server.url, retries=2).request("GET", "/")
        assert dialled.ports == [server.port] * 3
        assert server.requests == ["GET /"]
        assert pauses == [2]

    def test_a_name_that_cannot_be_one_is_told(self, connect: Connect) -> None:
        with pytest.raises(ClientError) as caught:
            connect("http://a..b").request("GET", "/")
        assert str(caught.value).startswith("GET /: The request cannot be sent: ")
        assert "'a..b', label empty or too long. Hint: check elasticsearch_url" in str(caught.value)


class TestFailover:
    """One node has a fault, another is well."""

    @pytest.mark.parametrize("html", [False, True])
    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_read_goes_to_the_next_node(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int, html: bool
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9, html=html))
        with Simulator(cluster_of=server) as other:
            client = connect(server.url, other.url, retries=3)
            client.request("GET", "/")
            client.request("GET", "/_inference/_all")
            assert other.requests == ["GET /", "GET /_inference/_all"]
        assert (server.requests, pauses) == (["GET /"], [])
        assert (client.patience.resent, client.patience.reason) == (1, f"status {status} of {server.url}")

    @pytest.mark.parametrize(
        ("status", "method"), [(429, "PUT"), (429, "DELETE"), (503, "PUT"), (503, "DELETE"), (503, "POST")]
    )
    def test_write_goes_to_the_next_node_if_nothing_was_done(
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
    def test_write_stays_with_its_node_if_something_may_have_been_done(
        self, server: Simulator, connect: Connect, status: int
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9))
        with Simulator(cluster_of=server) as other:
            with pytest.raises(ApiError, match=f"refused with status {status}"):
                connect(server.url, other.url).request("PUT", "/_inference/completion/a")
            assert other.requests == []

    def test_all_nodes_are_tried_again_after_a_pause(
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
            with pytest.raises(ApiError, match="refused with status 429"):
                connect(server.url, other.url, retries=2).request("GET", "/")
            assert (len(server.requests), len(other.requests)) == (3, 3)

    def test_node_that_cannot_be_reached_does_not_hide_the_fault_of_another(
        self, server: Simulator, connect: Connect, nobody: str
    ) -> None:
        server.faults.add(Fault("status", status=503))
        with pytest.raises(ApiError, match="refused with status 503"):
            connect(server.url, nobody).request("GET", "/")

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_node_without_tls_is_skipped_and_named(self, server: Simulator, connect: Connect, method: str) -> None:
        with Simulator() as plain:
            distrusted = f"https://127.0.0.1:{plain.port}"
            client = connect(distrusted, server.url)
            with contextlib.suppress(ApiError):
                client.request(method, "/_inference/completion/a")
            assert plain.requests == []
        assert server.requests == [f"{method} /_inference/completion/a"]
        assert list(client.distrusted) == [distrusted]
        assert client.distrusted[distrusted].startswith(f"TLS with {distrusted} failed: ")

    def test_tls_that_fails_everywhere_is_the_error(self, server: Simulator, connect: Connect) -> None:
        with Simulator() as other, pytest.raises(TlsFailed) as caught:
            connect(*(f"https://127.0.0.1:{one.port}" for one in (server, other))).request("GET", "/")
        assert str(other.port) in caught.value.problem
        assert str(server.port) in caught.value.problem


class TestProviderFaults:
    """Elasticsearch reports a temporary fault of the provider as a status 400."""

    PATH = "/_inference/completion/a"
    BODY: ClassVar[dict[str, Any]] = {
        "service": "anthropic",
        "service_settings": {"api_key": "k", "model_id": "m"},
        "task_settings": {"max_tokens": 5},
    }

    def write(self, client: Client, **more: Any) -> Any:
        return client.request_with_retries("PUT", self.PATH, None, self.BODY, **more)

    @pytest.mark.parametrize("status", [429, 500, 529])
    def test_temporary_one_is_retried_with_growing_pauses(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=status, times=3))
        client = connect(server.url, retries=3, timeout=60)
        assert self.write(client)["inference_id"] == "a"
        assert server.requests == [f"PUT {self.PATH}"] * 4
        assert pauses == [1, 2, 4]
        assert (client.patience.resent, client.patience.reason) == (3, f"status {status} of the provider")

    @pytest.mark.parametrize("status", [401, 404])
    def test_refusal_is_not_retried(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=status))
        with pytest.raises(ApiError) as caught:
            self.write(connect(server.url, retries=3))
        assert (caught.value.provider_status, len(server.requests), pauses) == (status, 1, [])

    def test_retries_end_with_the_last_error(self, server: Simulator, connect: Connect, pauses: list[float]) -> None:
        server.faults.add(Fault("provider_refusal", status=529, times=9))
        with pytest.raises(ApiError) as caught:
            self.write(connect(server.url, retries=2, timeout=60))
        assert (caught.value.provider_status, caught.value.retried) == (529, True)
        assert (len(server.requests), pauses) == (3, [1, 2])

    def test_more_retries_can_be_asked_for(self, server: Simulator, connect: Connect, pauses: list[float]) -> None:
        server.faults.add(Fault("provider_refusal", status=529, times=2))
        self.write(connect(server.url, retries=0, timeout=60), least_retries=2)
        assert (len(server.requests), pauses) == (3, [1, 2])

    def test_pauses_take_no_longer_than_the_timeout(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=529, times=99))
        with pytest.raises(ApiError):
            self.write(connect(server.url, retries=50, timeout=5))
        assert sum(pauses) <= 5
        assert len(server.requests) == len(pauses) + 1

    @pytest.mark.usefixtures("pauses")
    def test_endpoint_that_is_being_updated_is_waited_for(self, server: Simulator, connect: Connect) -> None:
        server.seed("a")
        server.faults.add(Fault("busy", times=2))
        client = connect(server.url, retries=3)
        assert client.request_with_retries("DELETE", self.PATH)["acknowledged"] is True
        assert (len(server.requests), client.patience.reason) == (3, "an update in progress")


class TestAuthentication:
    @pytest.fixture(autouse=True)
    def _netrc(self, tmp_path: Path) -> None:
        """Of the HOME that every test has; requests would overwrite a header with it."""
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine 127.0.0.1 login thief password stolen\n")
        netrc.chmod(0o600)

    def sent(self, connect: Connect, **options: Any) -> str | None:
        with Simulator() as server:
            connect(server.url, **options).request("GET", "/")
            return server.log[0].headers.get("authorization")

    def test_the_netrc_of_these_tests_would_be_used(self, server: Simulator) -> None:
        requests.get(server.url, timeout=5)
        assert server.log[0].headers["authorization"] == "Basic " + base64.b64encode(b"thief:stolen").decode()

    def test_without_credentials_nothing_is_sent(self, connect: Connect) -> None:
        assert self.sent(connect) is None

    def test_user_and_password_go_as_utf_8(self, connect: Connect) -> None:
        header = self.sent(connect, username="jürgen", password="pässwörd:€")
        assert header == "Basic " + base64.b64encode("jürgen:pässwörd:€".encode()).decode()

    def test_a_user_without_a_password_has_an_empty_one(self, connect: Connect) -> None:
        assert self.sent(connect, username="joe") == "Basic " + base64.b64encode(b"joe:").decode()

    def test_an_encoded_api_key_is_sent_as_it_is(self, connect: Connect) -> None:
        assert self.sent(connect, api_key="aWQ6c2VjcmV0") == "ApiKey aWQ6c2VjcmV0"

    def test_an_api_key_in_two_parts_is_encoded(self, connect: Connect) -> None:
        assert self.sent(connect, api_key="id:secret") == "ApiKey aWQ6c2VjcmV0"

    def test_a_token_is_sent_as_bearer(self, connect: Connect) -> None:
        assert self.sent(connect, bearer_token="AAEAAWVsYXN0aWM") == "Bearer AAEAAWVsYXN0aWM"

    def test_an_authorization_among_the_headers_is_left_alone(self, connect: Connect) -> None:
        assert self.sent(connect, headers={"Authorization": "Custom x"}) == "Custom x"

    def test_no_secret_stands_in_the_text_of_a_connection(self) -> None:
        options = {"password": "pass-w", "api_key": "api-k", "bearer_token": "bear-t", "headers": {"X": "head-v"}}
        text = repr(Connection(("http://a",), username="joe", **options))  # type: ignore[arg-type]
        assert "username='joe'" in text
        assert not [secret for secret in ("pass-w", "api-k", "bear-t", "head-v") if secret in text]


class TestLost:
    @pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
    def test_a_reset(self, server: Simulator, connect: Connect, kind: str) -> None:
        server.faults.add(Fault(kind))
        with pytest.raises(ConnectionLost) as caught:
            connect(server.url).request("GET", "/")
        words = "[Errno 104] Connection reset by peer. Hint: if this happens every time, the server may want https://"
        assert str(caught.value).startswith(f"GET /: The connection with {server.url} was lost: {words}")
        assert caught.value.ambiguous
        assert server.requests == ["GET /"]

    def test_an_answer_that_breaks_off(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("cut_short"))
        """Before 2.0, urllib3 did not count the bytes, and what there is of the answer is no JSON."""
        with pytest.raises((ConnectionLost, UnreadableAnswer)) as caught:
            connect(server.url).request("GET", "/")
        assert re.search(r"was lost: IncompleteRead\(\d+ bytes read, 64 more|or is cut off", caught.value.problem)
        assert caught.value.ambiguous

    def test_time_runs_out(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("slow", seconds=0.4))
        with pytest.raises(ConnectionLost) as caught:
            connect(server.url, timeout=0.1).request("GET", "/")
        assert str(caught.value).startswith(
            f"GET /: {server.url} did not answer within 0.1 s. Hint: a longer timeout gives the server"
        )
        assert caught.value.ambiguous

    @pytest.mark.parametrize(("timeout", "connecting"), [(130.0, 10.0), (3.0, 3.0)])
    def test_connecting_takes_ten_seconds_at_most(
        self, server: Simulator, connect: Connect, dialled: Dialled, timeout: float, connecting: float
    ) -> None:
        connect(server.url, timeout=timeout).request("GET", "/")
        assert dialled.timeouts == [connecting]

    def test_time_runs_out_before_there_is_a_connection(self, connect: Connect, nobody: str, dialled: Dialled) -> None:
        dialled.failing = lambda _number: TimeoutError("timed out")
        with pytest.raises(Unreachable) as caught:
            connect(nobody).request("GET", "/")
        words = "Connection to 127.0.0.1 timed out. (connect timeout=5.0)"
        assert caught.value.problem == f"{nobody} cannot be reached: {words}."
        assert not caught.value.ambiguous


class TestRetries:
    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_what_passes_is_tried_again(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int, method: str
    ) -> None:
        server.seed("a")
        server.faults.add(Fault("status", status=status, times=3))
        with contextlib.suppress(ApiError):  # The PUT has no body.
            connect(server.url, retries=3, timeout=60).request(method, "/_inference/completion/a")
        assert server.requests == [f"{method} /_inference/completion/a"] * 4
        assert [exchange.status for exchange in server.log[:3]] == [status] * 3
        assert pauses == [2, 4]

    def test_not_everybody_comes_back_at_the_same_time(
        self, server: Simulator, connect: Connect, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        between: list[tuple[float, float]] = []
        luck = SimpleNamespace(uniform=lambda least, most: between.append((least, most)) or 0.75)
        monkeypatch.setattr(client_module, "random", luck)
        server.faults.add(Fault("status", status=503, times=2))
        connect(server.url, retries=2).request("GET", "/")
        assert (pauses, set(between)) == ([1.5], {(0.5, 1)})

    def test_the_pauses_of_all_requests_together_take_no_longer_than_the_timeout(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        client = connect(server.url, retries=3, timeout=5)
        server.faults.add(Fault("status", status=503, times=2))
        client.request("GET", "/")
        server.faults.add(Fault("status", status=503, times=9))
        with pytest.raises(ApiError, match="refused with status 503"):
            client.request("GET", "/")
        with pytest.raises(ApiError, match="refused with status 503"):
            client.request("GET", "/")
        assert pauses == [2, 2, 1]
        assert server.requests == ["GET /"] * (3 + 4 + 1)

    @pytest.mark.usefixtures("pauses")
    def test_it_is_counted_and_the_last_reason_kept(self, server: Simulator, connect: Connect) -> None:
        client = connect(server.url, retries=2)
        client.request("GET", "/")
        assert (client.patience.resent, client.patience.reason) == (0, "")
        server.faults.add(Fault("status", status=429))
        client.request("GET", "/")
        assert (client.patience.resent, client.patience.reason) == (1, "status 429")
        server.faults.add(Fault("reset_before"))
        client.request("GET", "/")
        assert (client.patience.resent, client.patience.reason) == (2, "ProtocolError")

    def test_time_that_ran_out_is_not_given_twice(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("slow", seconds=0.4))
        with pytest.raises(TimedOut):
            connect(server.url, retries=3, timeout=0.1).request("GET", "/")
        assert (server.requests, pauses) == (["GET /"], [])

    @pytest.mark.parametrize(
        ("status", "reason", "hint"),
        [
            (429, "(es_rejected_execution_exception): rejected execution", "the cluster is busy. Run again later"),
            (502, "(status_exception): Bad Gateway", "a proxy in front of Elasticsearch cannot reach it"),
            (503, "(cluster_block_exception): blocked by", "the cluster, or a proxy in front of it, is not ready"),
            (
                504,
                "(process_cluster_event_timeout_exception): Gateway Timeout",
                "a proxy in front of Elasticsearch gave up waiting",
            ),
        ],
    )
    @pytest.mark.usefixtures("pauses")
    def test_what_does_not_pass_is_told(
        self, server: Simulator, connect: Connect, status: int, reason: str, hint: str
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9))
        with pytest.raises(ApiError) as caught:
            connect(server.url, retries=2).request("GET", "/")
        error = caught.value
        assert server.requests == ["GET /"] * 3
        assert str(error).startswith(f"GET /: refused with status {status} {reason}")
        assert hint in error.hint
        assert (error.status, error.ambiguous, error.retried) == (status, status >= 500, True)

    @pytest.mark.usefixtures("pauses")
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
    def test_what_stays_is_not_tried_again(self, server: Simulator, connect: Connect, status: int) -> None:
        server.faults.add(Fault("status", status=status))
        with pytest.raises(ApiError) as caught:
            connect(server.url, retries=3).request("GET", "/")
        assert server.requests == ["GET /"]
        assert (caught.value.status, caught.value.retried) == (status, False)

    @pytest.mark.parametrize("kind", ["reset_before", "reset_after", "cut"])
    def test_a_lost_connection_is_tried_again_but_not_a_bad_answer(
        self, server: Simulator, connect: Connect, pauses: list[float], kind: str
    ) -> None:
        server.faults.add(Fault(kind))
        if kind == "cut":
            with pytest.raises(UnreadableAnswer):
                connect(server.url, retries=2).request("GET", "/")
        else:
            assert connect(server.url, retries=2).request("GET", "/")["name"] == "simulator"
        assert server.requests == ["GET /"] * (1 if kind == "cut" else 2)
        assert pauses == []

    @pytest.mark.parametrize(
        ("told", "waited"),
        [
            ("7", [7]),
            ("0", []),
            ("3600", [60]),
            ("99999999999", [60]),
            ("Thu, 01 Jan 1970 00:00:00 GMT", []),
            ("soon", []),
            ("1.5", []),
        ],
    )
    def test_retry_after_is_respected_within_reason(
        self, server: Simulator, connect: Connect, pauses: list[float], told: str, waited: list[float]
    ) -> None:
        server.faults.add(Fault("status", status=503, retry_after=told))
        connect(server.url, retries=1, timeout=90).request("GET", "/")
        assert server.requests == ["GET /"] * 2
        assert pauses == waited

    def test_retry_after_may_be_a_date(self, server: Simulator, connect: Connect, pauses: list[float]) -> None:
        date = email.utils.formatdate(time.time() + 30, usegmt=True)
        server.faults.add(Fault("status", status=429, retry_after=date))
        connect(server.url, retries=1, timeout=90).request("GET", "/")
        assert pauses == [pytest.approx(29.5, abs=1)]

    CREATE = ("PUT", "/_inference/completion/a", None)

    def create(self, client: Client) -> ApiError:
        body = {"service": "anthropic", "service_settings": {"api_key": "k", "model_id": "m"}}
        body["task_settings"] = {"max_tokens": 1}  # type: ignore[assignment]
        with pytest.raises(ApiError) as caught:
            client.request(*self.CREATE, body)
        assert caught.value.error_type == "resource_already_exists_exception"
        return caught.value

    def test_it_is_known_that_a_first_try_may_have_succeeded(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("reset_after"))
        assert self.create(connect(server.url, retries=1)).retried
        assert server.requests == ["PUT /_inference/completion/a"] * 2

    def test_it_is_known_that_there_was_no_first_try(self, server: Simulator, connect: Connect) -> None:
        server.seed("a")
        assert not self.create(connect(server.url, retries=1)).retried

    def test_a_connection_that_was_refused_is_no_try(
        self, server: Simulator, connect: Connect, dialled: Dialled
    ) -> None:
        server.seed("a")
        dialled.failing = lambda number: ConnectionRefusedError(111, "refused") if number == 1 else None
        assert not self.create(connect(server.url, retries=1)).retried
        assert dialled.ports == [server.port] * 2

    @pytest.mark.usefixtures("pauses")
    def test_lost_and_then_refused_is_lost(self, server: Simulator, connect: Connect, dialled: Dialled) -> None:
        """The first try may have been carried out; another node must not be asked to do it again."""
        dialled.failing = lambda number: ConnectionRefusedError(111, "refused") if number > 1 else None
        server.faults.add(Fault("reset_after"))
        with Simulator() as other:
            with pytest.raises(ConnectionLost) as caught:
                connect(server.url, other.url, retries=2).request("DELETE", "/_inference/completion/a")
            assert other.requests == []
        assert caught.value.ambiguous
        assert server.requests == ["DELETE /_inference/completion/a"]

    @pytest.mark.usefixtures("pauses")
    def test_single_node_that_is_lost_and_then_refused_is_lost(
        self, server: Simulator, connect: Connect, dialled: Dialled
    ) -> None:
        dialled.failing = lambda number: ConnectionRefusedError(111, "refused") if number > 1 else None
        server.faults.add(Fault("reset_after"))
        with pytest.raises(ConnectionLost) as caught:
            connect(server.url, retries=2).request("DELETE", "/_inference/completion/a")
        assert f"{server.url} cannot be reached: Failed to establish a new connection" in caught.value.problem
        assert caught.value.ambiguous


class TestRedirect:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_it_is_told_and_not_followed(self, server: Simulator, connect: Connect, status: int) -> None:
        location = ("Location", f"{server.url}/login?next={SECRET}")
        with answering(b"", status, headers=(location,)) as front, pytest.raises(Redirected) as caught:
            connect(front.url, retries=3).request("PUT", "/_inference/completion/a", body={})
        assert str(caught.value) == (
            f"PUT /_inference/completion/a: The answer is a redirect ({status}) to {server.url}/login?next=********, "
            "which is not followed. Hint: give the final address as elasticsearch_url."
        )
        assert (caught.value.status, caught.value.ambiguous) == (status, False)
        assert [request.method for request in front.received] == ["PUT"]
        assert server.requests == []

    def test_without_a_location(self, connect: Connect) -> None:
        with pytest.raises(Redirected, match=r"redirect \(304\) to nowhere"):
            answer(connect, b"", 304)


UNREADABLE_JSON = "is application/json that is not the JSON of Elasticsearch, or is cut off."


class TestUnreadable:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b'{"endpoints": [',
            b'{"temperature": NaN}',
            b'{"temperature": Infinity}',
            b'{"temperature": -Infinity}',
            b"42",
            b'"text"',
            b"null",
            b'{"a": "\xff"}',
            b"[" * 100_000,
        ],
    )
    def test_what_is_no_json_object(self, connect: Connect, body: bytes) -> None:
        with pytest.raises(UnreadableAnswer) as caught:
            answer(connect, body)
        assert caught.value.problem == f"The answer has status 200 and {UNREADABLE_JSON}"
        assert caught.value.hint == "check elasticsearch_url and what stands in front of it."
        assert (caught.value.status, caught.value.ambiguous) == (200, True)

    def test_a_page(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("html"))
        with pytest.raises(UnreadableAnswer) as caught:
            connect(server.url, retries=3).request("GET", "/")
        assert str(caught.value) == (
            "GET /: The answer has status 200 and is a page (text/html). "
            "Hint: a proxy or a login page in front of Elasticsearch may have answered; check elasticsearch_url."
        )
        assert server.requests == ["GET /"]

    @pytest.mark.parametrize(
        ("status", "ambiguous", "hint"),
        [
            (401, False, "a proxy or a login page"),
            (403, False, "a web application firewall in front of Elasticsearch rejected the request"),
            (404, False, "a proxy or a login page"),
            (407, False, "Put the user name and the password into HTTPS_PROXY or HTTP_PROXY"),
            (429, False, "the cluster is busy"),
            (500, True, "a proxy or a login page"),
            (502, True, "a proxy in front of Elasticsearch cannot reach it"),
            (503, True, "is not ready. Run again later"),
            (504, True, "gave up waiting"),
        ],
    )
    def test_a_page_with_an_error(self, connect: Connect, status: int, ambiguous: bool, hint: str) -> None:
        with pytest.raises(UnreadableAnswer) as caught:
            answer(connect, b"<html>", status, "text/html; charset=utf-8")
        error = caught.value
        assert error.problem == f"The answer has status {status} and is a page (text/html; charset=utf-8)."
        assert hint in error.hint
        assert (error.status, error.ambiguous) == (status, ambiguous)

    def test_an_error_of_what_stands_in_front(self, connect: Connect) -> None:
        with pytest.raises(UnreadableAnswer, match="status 503 and is application/json that is not"):
            answer(connect, b'{"message": "no healthy upstream"}', 503)

    @pytest.mark.usefixtures("pauses")
    def test_it_is_known_that_a_first_try_may_have_succeeded(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("status", status=504))
        server.faults.add(Fault("html"))
        with pytest.raises(UnreadableAnswer) as caught:
            connect(server.url, retries=1).request("GET", "/")
        assert caught.value.retried

    def test_without_a_content_type(self, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        monkeypatch.setattr("tests.simulator.wire._head", lambda *_args: head)
        with pytest.raises(UnreadableAnswer, match="is no content type that is not the JSON of Elasticsearch"):
            answer(connect, b"")

    def test_a_broken_compression(self, connect: Connect) -> None:
        encoding = ("Content-Encoding", "gzip")
        with answering(b"no gzip", headers=(encoding,)) as server, pytest.raises(UnreadableAnswer) as caught:
            connect(server.url).request("GET", "/")
        assert caught.value.problem.startswith(f"The answer of {server.url} cannot be decoded: ")
        assert caught.value.ambiguous


class TestRefusal:
    def test_the_full_shape(self, connect: Connect) -> None:
        error = {
            "root_cause": [{"type": "status_exception", "reason": "the root"}, "odd"],
            "type": "status_exception",
            "reason": f"the outer with {SECRET}",
            "caused_by": {"type": "x", "reason": f"the cause with {SECRET}", "caused_by": {"reason": "the innermost"}},
        }
        found = refusal(connect, {"error": error, "status": 400}, 400)
        assert str(found) == (
            "GET /: refused with status 400 (status_exception): the outer with ******** "
            "Cause: the root Cause: the cause with ******** Cause: the innermost"
        )
        assert found.failure == {
            "status": 400,
            "type": "status_exception",
            "reason": "the outer with ********",
            "method": "GET",
            "path": "/",
        }
        assert (found.ambiguous, found.retried, found.hint) == (False, False, "")

    def test_a_root_cause_is_not_told_twice(self, connect: Connect) -> None:
        error = {"root_cause": [{"reason": "same"}], "type": "t", "reason": "same", "caused_by": {"reason": None}}
        assert str(refusal(connect, {"error": error}, 404)) == "GET /: refused with status 404 (t): same"

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ({"error": "no handler found for uri [/x] and method [PUT]"}, "no handler found for uri [/x]"),
            ({"statusCode": 404, "error": "Not Found", "message": "Not Found here"}, "Not Found here"),
            ({"ok": False, "message": "Unknown resource."}, "Unknown resource."),
            ({"error": {"message": "gateway", "code": 7}}, '{"message": "gateway", "code": 7}'),
            ({"detail": "nö", "n": [1]}, '{"detail": "nö", "n": [1]}'),
            ({"error": None}, '{"error": null}'),
        ],
    )
    def test_other_shapes_have_no_type(self, connect: Connect, body: Any, problem: str) -> None:
        found = refusal(connect, body, 404)
        assert found.problem.startswith(f"refused with status 404: {problem}")
        assert found.error_type is None
        assert str(found.reason).startswith(problem)

    @pytest.mark.parametrize(
        ("error", "kind", "reason"),
        [
            ({"type": "null_pointer_exception", "reason": None}, "null_pointer_exception", "no reason given"),
            ({"type": "t", "reason": {"a": 1}}, "t", '{"a": 1}'),
        ],
    )
    def test_odd_reasons(self, connect: Connect, error: Any, kind: str, reason: str) -> None:
        found = refusal(connect, {"error": error}, 400)
        assert (found.error_type, found.reason) == (kind, reason)

    def test_without_credentials(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("status", status=401))
        with pytest.raises(ApiError) as caught:
            connect(server.url).request("GET", "/")
        assert caught.value.hint == (
            "check elasticsearch_username and elasticsearch_password, or elasticsearch_api_key or "
            "elasticsearch_bearer_token."
        )

    def test_a_failure_without_a_reason_tells_the_problem(self) -> None:
        assert ClientError("problem", "GET", "/x").failure["reason"] == "problem"


class TestProxies:
    @pytest.fixture(autouse=True)
    def _for_everybody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "")

    def failing(self, connect: Connect, url: str) -> ClientError:
        with pytest.raises(ClientError) as caught:
            connect(url).request("GET", "/")
        return caught.value

    def test_one_is_used(self, server: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        with pytest.raises(ApiError, match="no handler found for uri"):  # The simulator is no proxy.
            connect("http://es.invalid:9200").request("GET", "/")
        assert server.requests == ["GET http://es.invalid:9200/"]

    def test_one_that_is_not_there(
        self, server: Simulator, connect: Connect, nobody: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", nobody)
        error = self.failing(connect, server.url)
        assert isinstance(error, Unreachable)
        assert str(error).startswith(f"GET /: The proxy for {server.url} did not let the request through: Failed to")
        assert str(error).endswith("Hint: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment of the module.")
        assert server.requests == []

    def test_one_that_refuses(self, server: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        error = self.failing(connect, "https://es.invalid:9200")
        assert isinstance(error, Unreachable)
        assert "did not let the request through: Tunnel connection failed: 405 Method Not Allowed. Hint" in str(error)
        assert server.requests == ["CONNECT es.invalid:9200"]

    @pytest.mark.parametrize(
        "proxy",
        ["http://", "ftp://joe:pass@proxy", "http://joe:pass/word@proxy", "http://joe:pass@proxy:99999"],
    )
    def test_one_that_makes_no_sense(
        self, server: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        error = self.failing(connect, server.url)
        assert error.problem == "The request cannot be sent: the proxy that the environment names is no URL."
        assert "HTTPS_PROXY and HTTP_PROXY in the environment" in error.hint
        assert not error.ambiguous
        assert server.requests == []


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "base"),
        [
            ("http://localhost:9200", "http://localhost:9200"),
            ("https://es.example.com/", "https://es.example.com"),
            ("HTTPS://es.example.com:443/es//", "HTTPS://es.example.com:443/es"),
            ("http://[::1]:9200", "http://[::1]:9200"),
            ("http://host/a@b", "http://host/a@b"),
        ],
    )
    def test_of_a_node(self, url: str, base: str) -> None:
        assert base_url(url) == base

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "localhost:9200",
            "es.example.com",
            "ftp://host",
            "http://",
            "http:///path",
            "http://host:port",
            "http://host:70000",
            "http://[::1",
            "http://host?x=1",
            "http://host/#top",
            "http://ho st",
            "http://host\n",
        ],
    )
    def test_that_cannot_be_one(self, url: str) -> None:
        with pytest.raises(ValueError, match="must look like https://host:9200"):
            base_url(url)

    @pytest.mark.parametrize("user", ["joe", "joe:pass", ":pass", ""])
    def test_with_a_user_are_refused(self, user: str) -> None:
        with pytest.raises(ValueError, match="holds a user or a password: give them as elasticsearch_username"):
            base_url(f"http://{user}@host")

    @staticmethod
    def cloud_id(text: str, label: str = "my-deployment:") -> str:
        return label + base64.b64encode(text.encode()).decode()

    @pytest.mark.parametrize(
        ("content", "url"),
        [
            ("eu.example.com$abc123$kib456", "https://abc123.eu.example.com:443"),
            ("eu.example.com$abc123", "https://abc123.eu.example.com:443"),
            ("eu.example.com:9243$abc123$kib456", "https://abc123.eu.example.com:9243"),
            ("eu.example.com:9243$abc123:9244$kib456", "https://abc123.eu.example.com:9244"),
            ("eu.example.com$abc123:9244$kib456:9245", "https://abc123.eu.example.com:9244"),
        ],
    )
    def test_of_a_cloud_id(self, content: str, url: str) -> None:
        assert cloud_url(self.cloud_id(content)) == url
        assert cloud_url(self.cloud_id(content, label="")) == url
        assert cloud_url(self.cloud_id(content, label="a:b:")) == url

    @pytest.mark.parametrize("cloud_id", ["", "label:", "label:!!!", "label:abc", "läbel:ü", "label:/w=="])
    def test_of_what_is_no_cloud_id(self, cloud_id: str) -> None:
        with pytest.raises(ValueError, match="is not a Cloud ID"):
            cloud_url(cloud_id)

    def test_of_a_cloud_id_without_parts(self) -> None:
        with pytest.raises(ValueError, match="is not a Cloud ID"):
            cloud_url(self.cloud_id("eu.example.com"))

    @pytest.mark.parametrize("content", ["$abc123$kib", "eu.example.com$$kib"])
    def test_of_a_cloud_id_without_elasticsearch(self, content: str) -> None:
        with pytest.raises(ValueError, match="is a Cloud ID without an Elasticsearch host"):
            cloud_url(self.cloud_id(content))


def forms(secret: str) -> list[str]:
    """How a secret can look in a text."""
    raw = secret.encode()
    encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    return [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        *encoded,
        *(form.rstrip("=") for form in encoded),
    ]


#: What makes forms differ, more often than chance would have it. A star is what hides.
TRICKY = st.text(st.sampled_from("ab\"'\\/+ ?=%\néß€😀\x00"), min_size=4, max_size=12)
SECRETS = st.lists(TRICKY | st.text(min_size=4), min_size=1, max_size=3).map(
    lambda secrets: [secret.replace("*", "x") for secret in secrets]
)


class TestRedactor:
    @pytest.mark.parametrize("form", forms('p"w\\d é/+?'))
    def test_every_form_is_hidden(self, form: str) -> None:
        assert Redactor(['p"w\\d é/+?'])(f"before {form} after {form}") == "before ******** after ********"

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_overlapping_secrets_none_leaves_a_rest(self, order: int) -> None:
        secrets = ["secret", "secret-and-more", "my-secret-and-more"][::order]
        assert Redactor(secrets)("my-secret-and-more secret-and-more secret") == "******** ******** ********"

    def test_empty_secrets_are_none(self) -> None:
        assert Redactor(["", ""])("text") == "text"

    def test_bytes_that_are_no_text_are_hidden_as_they_are(self) -> None:
        assert Redactor(["pass\udc80word"])("a pass\udc80word") == "a ********"

    @pytest.mark.parametrize(
        ("text", "hidden"),
        [
            ("{api_key=sk-1, model_id=m}", "{api_key=********, model_id=m}"),
            ('{"api_key": "sk-1", "model_id": "m"}', '{"api_key": ********, "model_id": "m"}'),
            ('{"api_key":"sk \\"1","m":1}', '{"api_key":********,"m":1}'),
            ("{'api_key': 'sk 1', 'm': 1}", "{'api_key': ********, 'm': 1}"),
            ('{\\"api_key\\": \\"sk-1\\", \\"m\\": 1}', '{\\"api_key\\": ********, \\"m\\": 1}'),
            ("api_key = sk-1; more", "api_key = ********; more"),
            ("the required setting [api_key];2: more", "the required setting [api_key];2: more"),
            ("elasticsearch_api_key or a token", "elasticsearch_api_key or a token"),
        ],
    )
    def test_a_key_nobody_knows_is_hidden_by_its_name(self, text: str, hidden: str) -> None:
        assert Redactor([])(text) == hidden

    @settings(deadline=None, max_examples=150)
    @given(SECRETS, st.data())
    def test_no_form_of_any_secret_survives(self, secrets: list[str], data: st.DataObject) -> None:
        shown = [form for secret in secrets for form in forms(secret)]
        parts = data.draw(st.lists(st.sampled_from(shown) | st.text(), max_size=8))
        redacted = Redactor(secrets)("".join(parts))
        assert [form for form in shown if form in redacted] == []


EVENTS = "text/event-stream"


class TestEvents:
    def test_they_are_told_by_their_names(self, connect: Connect) -> None:
        with answering(b"\xef\xbb\xbfevent: message\ndata: a\n\ndata: b\n\n", content_type=EVENTS) as server:
            events = list(connect(server.url).events("/path", {"timeout": "5s"}, {"a": 1}))
        assert events == [("message", "a"), ("message", "b")]
        [request] = server.received
        assert (request.method, request.target, request.json_object()) == ("POST", "/path?timeout=5s", {"a": 1})

    def test_a_connection_is_kept_where_they_were_read_to_the_end(self, server: Simulator, connect: Connect) -> None:
        server.seed("chat", task_type="chat_completion")
        client, body = connect(server.url), {"messages": [{"role": "user", "content": "a"}]}
        for _time in range(2):
            *_others, last = client.events("/_inference/chat_completion/chat/_stream", {}, body)
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
            (b"{", UnreadableAnswer, "The stream ended with an error event that does not say what is wrong."),
            (
                b'{"status": 500}',
                UnreadableAnswer,
                "The stream ended with an error event that does not say what is wrong.",
            ),
        ],
    )
    def test_an_error_among_them(self, connect: Connect, data: bytes, kind: type[ClientError], problem: str) -> None:
        with answering(b"data: a\n\nevent: error\ndata: " + data + b"\n\n", content_type=EVENTS) as server:
            events = connect(server.url).events("/", {}, {})
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
    def test_a_refusal_in_each_shape(self, connect: Connect, body: bytes, content_type: str) -> None:
        with answering(body, 400, content_type) as server, pytest.raises(ApiError) as caught:
            list(connect(server.url).events("/", {}, {}))
        assert caught.value.problem == "refused with status 400 (t): r"

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
    def test_something_else(self, connect: Connect, body: bytes, status: int, content_type: str) -> None:
        with answering(body, status, content_type) as server, pytest.raises(UnreadableAnswer) as caught:
            list(connect(server.url).events("/", {}, {}))
        assert caught.value.status == status

    def test_a_broken_compression_is_no_end(self, connect: Connect) -> None:
        headers = (("Content-Encoding", "gzip"),)
        broken = answering(b"data: a\n\n", content_type=EVENTS, headers=headers)
        with broken as server, pytest.raises(UnreadableAnswer, match="cannot be decoded"):
            list(connect(server.url).events("/", {}, {}))


class TestManyAtOnce:
    def test_threads_can_share_a_client(self, server: Simulator, connect: Connect, nobody: str) -> None:
        client = connect(nobody, server.url)
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append(client.request("GET", "/")["name"])) for _number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["simulator"] * 8
        assert client._nodes == [server.url, nobody]


@pytest.fixture
def without_requests(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file as it is where requests is not installed."""
    monkeypatch.setitem(sys.modules, "requests", None)
    spec = importlib.util.spec_from_file_location(
        f"{client_module.__package__}.without_requests", client_module.__file__
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_without_requests_everything_but_the_client_is_there(without_requests: ModuleType) -> None:
    assert without_requests.base_url("http://a/") == "http://a"
    assert without_requests.Redactor(["secret"])("a secret") == "a ********"
    with pytest.raises(ImportError, match="requests"):
        without_requests.Client(without_requests.Connection(("http://a",)), without_requests.Redactor([]))
