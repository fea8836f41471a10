# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of retries after temporary errors, and of the retry budget."""

from __future__ import annotations

import contextlib
import email.utils
import time
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import retries
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    TimedOut,
    UnreadableResponse,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.retries import (
    RetryBudget,
    send_with_retries,
    should_try_next_node,
)
from tests.simulator import Fault, Simulator
from tests.unit.plugins.module_utils._elasticsearch.responses import (
    BUSY_DELETE,
    DELETE,
    PUT,
    RUN,
    api_error,
    provider_error,
    provider_message,
    validation_error,
)
from tests.unit.plugins.module_utils._elasticsearch.servers import (
    Connect,
    ConnectionSpy,
)


class TestRetries:
    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_retryable_status_is_retried(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int, method: str
    ) -> None:
        server.seed("a")
        server.faults.add(Fault("status", status=status, times=3))
        with contextlib.suppress(ApiError):  # The PUT has no body.
            connect(server.url, retries=3, timeout=60).request(method, "/_inference/completion/a")
        assert server.requests == [f"{method} /_inference/completion/a"] * 4
        assert [exchange.status for exchange in server.log[:3]] == [status] * 3
        assert pauses == [2, 4]

    def test_pause_before_a_retry_is_random(
        self, server: Simulator, connect: Connect, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        between: list[tuple[float, float]] = []
        luck = SimpleNamespace(uniform=lambda least, most: between.append((least, most)) or 0.75)
        monkeypatch.setattr(retries, "random", luck)
        server.faults.add(Fault("status", status=503, times=2))
        connect(server.url, retries=2).request("GET", "/")
        assert (pauses, set(between)) == ([1.5], {(0.5, 1)})

    def test_pauses_of_all_requests_share_one_budget(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        client = connect(server.url, retries=3, timeout=5)
        server.faults.add(Fault("status", status=503, times=2))
        client.request("GET", "/")
        server.faults.add(Fault("status", status=503, times=9))
        with pytest.raises(ApiError, match="failed with status 503"):
            client.request("GET", "/")
        with pytest.raises(ApiError, match="failed with status 503"):
            client.request("GET", "/")
        assert pauses == [2, 2, 1]
        assert server.requests == ["GET /"] * (3 + 4 + 1)

    @pytest.mark.usefixtures("pauses")
    def test_retries_are_counted_with_their_last_reason(self, server: Simulator, connect: Connect) -> None:
        client = connect(server.url, retries=2)
        client.request("GET", "/")
        assert (client.retry_budget.retry_count, client.retry_budget.last_reason) == (0, "")
        server.faults.add(Fault("status", status=429))
        client.request("GET", "/")
        assert (client.retry_budget.retry_count, client.retry_budget.last_reason) == (1, "status 429")
        server.faults.add(Fault("reset_before"))
        client.request("GET", "/")
        assert (client.retry_budget.retry_count, client.retry_budget.last_reason) == (2, "ProtocolError")

    def test_request_that_timed_out_is_not_retried(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("slow", seconds=0.4))
        with pytest.raises(TimedOut):
            connect(server.url, retries=3, timeout=0.1).request("GET", "/")
        assert (server.requests, pauses) == (["GET /"], [])

    @pytest.mark.parametrize(
        ("status", "reason", "hint"),
        [
            (429, "(es_rejected_execution_exception): rejected execution", "The cluster is busy."),
            (502, "(status_exception): Bad Gateway", "A proxy in front of Elasticsearch cannot reach it"),
            (503, "(cluster_block_exception): blocked by", "The cluster, or a proxy in front of it, is not ready"),
            (
                504,
                "(process_cluster_event_timeout_exception): Gateway Timeout",
                "increase the timeout of the proxy in front of Elasticsearch",
            ),
        ],
    )
    @pytest.mark.usefixtures("pauses")
    def test_error_is_reported_after_last_retry(
        self, server: Simulator, connect: Connect, status: int, reason: str, hint: str
    ) -> None:
        server.faults.add(Fault("status", status=status, times=9))
        with pytest.raises(ApiError) as caught:
            connect(server.url, retries=2).request("GET", "/")
        error = caught.value
        assert server.requests == ["GET /"] * 3
        assert str(error).startswith(f"GET /: failed with status {status} {reason}")
        assert hint in error.hint
        assert (error.status, error.ambiguous, error.retried) == (status, status >= 500, True)

    @pytest.mark.usefixtures("pauses")
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
    def test_other_status_is_not_retried(self, server: Simulator, connect: Connect, status: int) -> None:
        server.faults.add(Fault("status", status=status))
        with pytest.raises(ApiError) as caught:
            connect(server.url, retries=3).request("GET", "/")
        assert server.requests == ["GET /"]
        assert (caught.value.status, caught.value.retried) == (status, False)

    @pytest.mark.parametrize("kind", ["reset_before", "reset_after", "cut"])
    def test_lost_connection_is_retried_and_unreadable_response_is_not(
        self, server: Simulator, connect: Connect, pauses: list[float], kind: str
    ) -> None:
        server.faults.add(Fault(kind))
        if kind == "cut":
            with pytest.raises(UnreadableResponse):
                connect(server.url, retries=2).request("GET", "/")
        else:
            assert connect(server.url, retries=2).request("GET", "/")["name"] == "simulator"
        assert server.requests == ["GET /"] * (1 if kind == "cut" else 2)
        assert pauses == []

    @pytest.mark.parametrize(
        ("retry_after", "waited"),
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
    def test_retry_after_is_respected_up_to_a_maximum(
        self, server: Simulator, connect: Connect, pauses: list[float], retry_after: str, waited: list[float]
    ) -> None:
        server.faults.add(Fault("status", status=503, retry_after=retry_after))
        connect(server.url, retries=1, timeout=90).request("GET", "/")
        assert server.requests == ["GET /"] * 2
        assert pauses == waited

    def test_retry_after_can_be_a_date(self, server: Simulator, connect: Connect, pauses: list[float]) -> None:
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

    def test_error_after_lost_attempt_is_marked_as_retried(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("reset_after"))
        assert self.create(connect(server.url, retries=1)).retried
        assert server.requests == ["PUT /_inference/completion/a"] * 2

    def test_error_of_first_attempt_is_not_marked_as_retried(self, server: Simulator, connect: Connect) -> None:
        server.seed("a")
        assert not self.create(connect(server.url, retries=1)).retried

    def test_refused_connection_is_not_counted_as_attempt(
        self, server: Simulator, connect: Connect, connection_spy: ConnectionSpy
    ) -> None:
        server.seed("a")
        connection_spy.failing = lambda number: ConnectionRefusedError(111, "refused") if number == 1 else None
        assert not self.create(connect(server.url, retries=1)).retried
        assert connection_spy.ports == [server.port] * 2

    @pytest.mark.usefixtures("pauses")
    def test_lost_write_remains_lost_if_retry_is_refused(
        self, server: Simulator, connect: Connect, connection_spy: ConnectionSpy
    ) -> None:
        """Check that another node does not receive a write that may have been executed."""
        connection_spy.failing = lambda number: ConnectionRefusedError(111, "refused") if number > 1 else None
        server.faults.add(Fault("reset_after"))
        with Simulator() as other:
            with pytest.raises(ConnectionLost) as caught:
                connect(server.url, other.url, retries=2).request("DELETE", "/_inference/completion/a")
            assert other.requests == []
        assert caught.value.ambiguous
        assert server.requests == ["DELETE /_inference/completion/a"]

    @pytest.mark.usefixtures("pauses")
    def test_lost_write_to_single_node_remains_lost_if_retry_is_refused(
        self, server: Simulator, connect: Connect, connection_spy: ConnectionSpy
    ) -> None:
        connection_spy.failing = lambda number: ConnectionRefusedError(111, "refused") if number > 1 else None
        server.faults.add(Fault("reset_after"))
        with pytest.raises(ConnectionLost) as caught:
            connect(server.url, retries=2).request("DELETE", "/_inference/completion/a")
        assert f"{server.url} cannot be reached: Failed to establish a new connection" in caught.value.problem
        assert caught.value.ambiguous


class TestProviderErrors:
    """Tests of temporary provider errors, which Elasticsearch reports with status 400."""

    PATH = "/_inference/completion/a"
    BODY: ClassVar[dict[str, Any]] = {
        "service": "anthropic",
        "service_settings": {"api_key": "k", "model_id": "m"},
        "task_settings": {"max_tokens": 5},
    }

    def write(self, client: Client, **more: Any) -> Any:
        return client.request_with_retries("PUT", self.PATH, None, self.BODY, **more)

    @pytest.mark.parametrize("status", [429, 500, 529])
    def test_temporary_provider_error_is_retried_with_growing_pauses(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=status, times=3))
        client = connect(server.url, retries=3, timeout=60)
        assert self.write(client)["inference_id"] == "a"
        assert server.requests == [f"PUT {self.PATH}"] * 4
        assert pauses == [1, 2, 4]
        assert (client.retry_budget.retry_count, client.retry_budget.last_reason) == (
            3,
            f"status {status} from the provider",
        )

    @pytest.mark.parametrize("status", [401, 404])
    def test_provider_rejection_is_not_retried(
        self, server: Simulator, connect: Connect, pauses: list[float], status: int
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=status))
        with pytest.raises(ApiError) as caught:
            self.write(connect(server.url, retries=3))
        assert (caught.value.provider_status, len(server.requests), pauses) == (status, 1, [])

    def test_last_provider_error_is_raised_after_retries(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=529, times=9))
        with pytest.raises(ApiError) as caught:
            self.write(connect(server.url, retries=2, timeout=60))
        assert (caught.value.provider_status, caught.value.retried) == (529, True)
        assert (len(server.requests), pauses) == (3, [1, 2])

    def test_least_retries_override_connection_retries(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=529, times=2))
        self.write(connect(server.url, retries=0, timeout=60), least_retries=2)
        assert (len(server.requests), pauses) == (3, [1, 2])

    def test_pauses_for_provider_errors_respect_budget(
        self, server: Simulator, connect: Connect, pauses: list[float]
    ) -> None:
        server.faults.add(Fault("provider_refusal", status=529, times=99))
        with pytest.raises(ApiError):
            self.write(connect(server.url, retries=50, timeout=5))
        assert sum(pauses) <= 5
        assert len(server.requests) == len(pauses) + 1

    @pytest.mark.usefixtures("pauses")
    def test_delete_waits_for_an_update_in_progress(self, server: Simulator, connect: Connect) -> None:
        server.seed("a")
        server.faults.add(Fault("busy", times=2))
        client = connect(server.url, retries=3)
        assert client.request_with_retries("DELETE", self.PATH)["acknowledged"] is True
        assert (len(server.requests), client.retry_budget.last_reason) == (3, "an update in progress")


THROTTLED = provider_message("Received a rate limit status code", 429)
TIMED_OUT = "Request timed out after [30s] for inference id [one]"


class TestSendWithRetries:
    """Tests of errors that are only recognizable by the body of the response."""

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (provider_error(THROTTLED), "status 429 from the provider"),
            (validation_error("connect_exception", "Connection refused"), "a temporary error of the provider"),
            (api_error(DELETE, 409, "status_exception", BUSY_DELETE), "an update in progress"),
            (api_error(RUN, 429, "status_exception", THROTTLED), "status 429 from the provider"),
            (api_error(RUN, 429, "es_rejected_execution_exception", "queue is full"), "status 429"),
        ],
    )
    def test_temporary_error_is_retried_with_its_reason(
        self, pauses: list[float], error: ClientError, reason: str
    ) -> None:
        budget, tries = RetryBudget(60), []

        def send(retried: bool) -> str:
            tries.append(retried)
            if not retried:
                raise error
            return "sent"

        assert send_with_retries(send, 3, budget) == "sent"
        assert (tries, pauses, budget.last_reason) == ([False, True], [1], reason)

    @pytest.mark.parametrize(
        "error",
        [
            api_error(PUT, 400, "validation_exception", "x"),
            api_error(RUN, 400, "status_exception", THROTTLED),
            api_error(RUN, 429, "timeout_exception", TIMED_OUT),
            ConnectionLost("It is lost.", *PUT),
        ],
    )
    def test_permanent_or_costly_error_is_not_retried(self, pauses: list[float], error: ClientError) -> None:
        budget = RetryBudget(60)

        def send(_retried: bool) -> str:
            raise error

        with pytest.raises(type(error)) as caught:
            send_with_retries(send, 3, budget)
        assert caught.value is error
        assert (budget.retry_count, pauses) == (0, [])


def test_retry_budget_cannot_be_exceeded() -> None:
    budget = RetryBudget(3)
    assert [budget.consume(2), budget.consume(2), budget.consume(2)] == [2, 1, 0]
    assert not budget.wait(1, "any")
    assert budget.retry_count == 0


@pytest.mark.parametrize(
    ("method", "statuses"),
    [("GET", {429, 502, 503, 504}), ("PUT", {429, 503}), ("DELETE", {429, 503}), ("POST", {503})],
)
def test_next_node_is_tried_if_request_was_not_executed(method: str, statuses: set[int]) -> None:
    assert {status for status in range(200, 600) if should_try_next_node(method, status)} == statuses
