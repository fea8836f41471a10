# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of failed calls to Anthropic, as the server reports them."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import Any

import pytest

from tests.simulator import Fault, MessagesApi, Simulator
from tests.unit.simulator.calls import COMPLETION, KEY, MODEL, Reply, call, create

VERSIONS = ["8.16.0", "8.17.0", "8.19.0", "9.0.0", "9.4.0", "9.5.0", "9.6.0", "serverless"]
UNSUCCESSFUL = "Received an unsuccessful status code"
SERVER_ERROR = "Received a server error status code"
RATE_LIMIT = (
    "Received a rate limit status code. Token limit [unknown], remaining tokens [unknown], tokens reset [unknown]. "
    "Request limit [50], remaining requests [0], request reset [2026-01-01T00:01:00Z]. Retry after [60]"
)


def run(server: Simulator) -> Reply:
    server.seed("x", secret=KEY)
    return call(server, "POST", COMPLETION + "x", {"input": "a"})


@pytest.mark.parametrize(
    ("status", "meaning", "message"),
    [
        (400, UNSUCCESSFUL, "invalid_request_error"),
        (401, "Received an authentication error status code", "invalid x-api-key"),
        (
            403,
            "Received a permission denied error status code",
            "Your API key does not have permission to use the specified resource.",
        ),
        (404, UNSUCCESSFUL, f"model: {MODEL}"),
        (413, UNSUCCESSFUL, "Request exceeds the maximum size"),
        (429, RATE_LIMIT, "Number of requests has exceeded your rate limit"),
        (500, SERVER_ERROR, "Internal server error"),
        (502, SERVER_ERROR, None),
        (503, SERVER_ERROR, None),
        (504, SERVER_ERROR, None),
        (529, "Received an Anthropic server is temporarily overloaded status code", "Overloaded"),
    ],
)
def test_provider_refusal_returns_the_words_of_the_server(
    server: Simulator, status: int, meaning: str, message: str | None
) -> None:
    words = f"{meaning} for request from inference entity id [x] status [{status}]"
    words += f". Error message: [{message}]" if message else ""
    server.faults.add(Fault("provider_refusal", status=status, times=2))
    created, ran = create(server), run(server)

    assert created.status == 400
    assert created.error["caused_by"] == {"type": "status_exception", "reason": words}
    assert (ran.status, ran.error["type"], ran.reason) == (status if status < 500 else 400, "status_exception", words)


def test_provider_refusal_with_a_message_returns_it(server: Simulator) -> None:
    words = "Your credit balance is too low to access the Anthropic API."
    server.faults.add(Fault("provider_refusal", status=400, message=words))

    assert create(server).error["caused_by"]["reason"].endswith(f"status [400]. Error message: [{words}]")


@pytest.mark.parametrize(
    ("version", "status", "error_type", "words"),
    [
        ("8.16.0", 503, "timeout_exception", "Request timed out waiting to be sent after [30s]"),
        ("8.17.0", 503, "timeout_exception", "Request timed out waiting to be sent after [30s]"),
        ("8.18.0", 408, "status_exception", "Request timed out after [30s]"),
        ("9.4.0", 408, "status_exception", "Request timed out after [30s]"),
        ("9.5.0", 429, "timeout_exception", "Request timed out after [2m] for inference id [x]"),
        ("serverless", 429, "timeout_exception", "Request timed out after [2m] for inference id [x]"),
    ],
)
def test_timeout_is_reported_by_version(version: str, status: int, error_type: str, words: str) -> None:
    with Simulator(version=version) as server:
        server.faults.add(Fault("provider_timeout", times=2))
        created, ran = create(server), run(server)

        cause = {"type": error_type, "reason": words}
        assert created.status == 400
        assert (created.error["caused_by"], created.error["root_cause"]) == (cause, [cause])
        assert (ran.status, ran.error["type"], ran.reason) == (status, error_type, words)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("8.16.0", "Failed to send Anthropic chat completions request"),
        ("9.0.0", "Failed to send Anthropic chat completions request. Cause: Connection refused"),
        ("9.6.0", "Failed to send Anthropic chat completions request. Cause: Connection refused"),
    ],
)
def test_failed_connection_is_reported_with_its_cause(version: str, words: str) -> None:
    with Simulator(version=version) as server:
        server.faults.add(Fault("provider_unreachable", times=2))
        created, ran = create(server), run(server)

        below = {"type": "connect_exception", "reason": "Connection refused"}
        assert created.error["caused_by"] == {"type": "status_exception", "reason": words, "caused_by": below}
        assert created.error["root_cause"] == [{"type": "status_exception", "reason": words}]
        assert (ran.status, ran.reason, ran.error["caused_by"]) == (500, words, below)


def create_at(server: Simulator, url: str, key: str = KEY, inference_id: str = "x") -> Reply:
    return create(server, inference_id, service_settings={"api_key": key, "model_id": MODEL, "url": url})


def test_url_of_this_host_gets_a_request(server: Simulator) -> None:
    with MessagesApi(refused_keys={"bad"}) as anthropic:
        accepted = create_at(server, anthropic.url)
        refused = create_at(server, anthropic.url, "bad", "y")
        ran = call(server, "POST", COMPLETION + "x", {"input": "a"})

    assert (accepted.status, accepted.json["service_settings"]["url"]) == (200, anthropic.url)
    assert refused.error["caused_by"]["reason"].endswith("status [401]. Error message: [invalid x-api-key]")
    assert ran.status == 200
    assert [request["model"] for request in anthropic.requests] == [MODEL] * 3


def test_messages_api_rejects_models_and_requests(server: Simulator) -> None:
    with MessagesApi(refused_models={MODEL}) as anthropic:
        anthropic.refuse(529)
        anthropic.refuse(400, "Your credit balance is too low")
        replies = [create_at(server, anthropic.url) for _time in range(3)]

    ends = ["status [529]. Error message: [Overloaded]", "[Your credit balance is too low]", f"[model: {MODEL}]"]
    for reply, end in zip(replies, ends, strict=True):
        assert reply.error["caused_by"]["reason"].endswith(end)


def test_messages_api_streams_a_message() -> None:
    body = json.dumps({"model": MODEL, "max_tokens": 9, "stream": True}).encode()
    with MessagesApi() as anthropic:
        request = urllib.request.Request(anthropic.url, body, {"x-api-key": KEY, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as response:
            content = response.read().decode()

    assert response.headers["Content-Type"] == "text/event-stream"
    events = [block.partition("data: ") for block in content.split("\n\n") if block]
    assert [json.loads(data)["type"] for _name, _middle, data in events] == [
        *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
        *("message_delta", "message_stop"),
    ]


def test_closed_url_is_reported_as_failed_connection(server: Simulator) -> None:
    with MessagesApi() as anthropic:
        url = anthropic.url
    reply = create_at(server, url)

    assert reply.error["caused_by"]["reason"].startswith("Failed to send Anthropic chat completions request")


def test_slow_url_is_reported_as_timeout(server: Simulator) -> None:
    class Slow(MessagesApi):
        def answer(self, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            released.wait(10)
            return super().answer(key, body)

    released = threading.Event()
    with Slow() as anthropic:
        settings = {"api_key": KEY, "model_id": MODEL, "url": anthropic.url}
        body = {"service": "anthropic", "service_settings": settings, "task_settings": {"max_tokens": 1}}
        reply = call(server, "PUT", COMPLETION + "x?timeout=50ms", body)
        released.set()

    assert reply.error["caused_by"]["reason"].startswith("Request timed out after [50ms]")


def test_url_of_another_host_is_not_called(server: Simulator) -> None:
    assert create_at(server, "https://anthropic.invalid/v1/messages").status == 200


@pytest.mark.parametrize("version", ["8.16.0", "9.6.0"])
def test_create_does_not_call_the_provider_with_skip_validate_and_start(version: str) -> None:
    with Simulator(version=version, refused_keys={KEY}, skip_validate_and_start=True) as server:
        assert create(server).status == 200
