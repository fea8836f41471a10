# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.simulator.faults import KINDS
from tests.unit.simulator.calls import COMPLETION, KEY, Reply, call, create, update


def get(server: Simulator) -> Reply:
    return call(server, "GET", "/_inference/x")


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (429, "es_rejected_execution_exception"),
        (503, "cluster_block_exception"),
        (500, "exception"),
        (418, "status_exception"),
    ],
)
def test_status_fault_returns_an_error_without_executing_the_request(
    server: Simulator, status: int, error_type: str
) -> None:
    server.faults.add(Fault("status", status=status))
    reply = create(server)

    assert (reply.status, reply.json["status"], reply.error["type"]) == (status, status, error_type)
    assert reply.error["root_cause"][0]["type"] == error_type
    assert "Retry-After" not in reply.headers
    assert "x" not in server.endpoints
    assert create(server).status == 200


@pytest.mark.parametrize("retry_after", ["2", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_status_fault_can_set_retry_after(server: Simulator, retry_after: str) -> None:
    fault = Fault("status", status=429, retry_after=retry_after, error_type="circuit_breaking_exception")
    server.faults.add(fault)
    reply = get(server)

    assert reply.headers["Retry-After"] == retry_after
    assert reply.error["type"] == "circuit_breaking_exception"


def test_status_fault_can_return_html(server: Simulator) -> None:
    server.faults.add(Fault("status", status=502, html=True, retry_after="1"))
    reply = get(server)

    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    assert b"<h1>502 Bad Gateway</h1>" in reply.content
    assert reply.headers["Retry-After"] == "1"
    assert "X-elastic-product" not in reply.headers


def test_status_after_fault_executes_the_request(server: Simulator) -> None:
    server.faults.add(Fault("status_after", status=504))

    assert create(server).status == 504
    assert server.endpoints["x"].secret == KEY
    assert create(server).reason == "Inference endpoint [x] already exists"


@pytest.mark.parametrize(("kind", "acted"), [("reset_before", False), ("reset_after", True)])
def test_reset_faults_reset_the_connection(server: Simulator, kind: str, acted: bool) -> None:
    server.faults.add(Fault(kind))

    with pytest.raises(ConnectionResetError):
        create(server)
    assert ("x" in server.endpoints) is acted
    assert [(exchange.method, exchange.status) for exchange in server.log] == [("PUT", None)]


def test_cut_fault_returns_truncated_json(server: Simulator) -> None:
    server.faults.add(Fault("cut"))
    reply = create(server)

    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert int(reply.headers["Content-Length"]) == len(reply.content) > 0
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.content)
    assert "x" in server.endpoints


def test_cut_fault_keeps_the_connection_usable(server: Simulator) -> None:
    server.faults.add(Fault("cut"))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    contents = []
    for _time in range(2):
        connection.request("GET", "/")
        contents.append(connection.getresponse().read())
    connection.close()

    assert contents[1].startswith(contents[0])
    assert json.loads(contents[1])["version"]["number"] == "9.6.0"
    assert server.connections == 1


def test_cut_short_fault_sends_less_than_the_content_length(server: Simulator) -> None:
    server.faults.add(Fault("cut_short"))

    with pytest.raises(http.client.IncompleteRead) as caught:
        create(server)
    assert caught.value.expected == 64
    assert "x" in server.endpoints


@pytest.mark.parametrize(("kind", "acted"), [("html", True), ("html_before", False)])
def test_html_faults_return_html(server: Simulator, kind: str, acted: bool) -> None:
    server.faults.add(Fault(kind))
    reply = create(server)

    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html")
    assert reply.content.startswith(b"<html>")
    assert "X-elastic-product" not in reply.headers
    assert ("x" in server.endpoints) is acted


def test_slow_fault_delays_the_request(server: Simulator) -> None:
    server.faults.add(Fault("slow", seconds=0.2))
    began = time.monotonic()

    assert create(server).status == 200
    assert time.monotonic() - began >= 0.2


def stream(server: Simulator, task_type: str = "completion") -> Reply:
    server.seed("x", task_type=task_type)
    chat = {"messages": [{"role": "user", "content": "a b"}]}
    body = chat if task_type == "chat_completion" else {"input": "a b"}
    return call(server, "POST", f"/_inference/{task_type}/x/_stream", body)


def test_cut_faults_truncate_a_stream(server: Simulator) -> None:
    whole = stream(server).content
    server.faults.add(Fault("cut"))
    assert stream(server).content == whole[: len(whole) // 2]
    server.faults.add(Fault("cut_short"))
    with pytest.raises(http.client.IncompleteRead) as caught:
        stream(server)
    assert whole.startswith(caught.value.partial)


def test_trickle_fault_delays_the_chunks_of_a_stream(server: Simulator) -> None:
    whole = stream(server).content
    server.faults.add(Fault("trickle", seconds=0.05))
    began = time.monotonic()

    assert stream(server).content == whole
    assert time.monotonic() - began >= 0.05 * (len(whole) // 61)


@pytest.mark.parametrize(("task_type", "name"), [("completion", "reason"), ("chat_completion", "message")])
def test_error_event_fault_ends_a_stream(server: Simulator, task_type: str, name: str) -> None:
    whole = stream(server, task_type).content
    server.faults.add(Fault("error_event"))
    reply = stream(server, task_type)
    *events, error, _end = reply.content.decode().split("\n\n")

    assert reply.status == 200
    assert whole.decode().startswith("\n\n".join(events))
    assert error.startswith("\ufeffevent: error\ndata: {")
    reported = json.loads(error.partition("data: ")[2])["error"]
    assert reported["type"] == "overloaded_error"
    assert reported[name].endswith("Error message: [Overloaded]")


def test_error_event_fault_does_not_affect_other_responses(server: Simulator) -> None:
    server.faults.add(Fault("error_event"))

    assert create(server).status == 200


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("already_exists", 400, "Inference endpoint [x] already exists"),
        ("not_found", 404, "Inference endpoint not found [x]"),
    ],
)
def test_rejecting_faults_do_not_execute_the_request(server: Simulator, kind: str, status: int, words: str) -> None:
    server.faults.add(Fault(kind, times=2))
    created, updated = create(server), update(server, {"task_settings": {"max_tokens": 1}})

    assert [(reply.status, reply.reason) for reply in (created, updated)] == [(status, words)] * 2
    assert "x" not in server.endpoints


@pytest.mark.parametrize("kind", ["provider_refusal", "provider_timeout", "provider_unreachable"])
@pytest.mark.parametrize("version", ["9.4.0", "9.6.0"])
def test_provider_failure_stores_nothing(version: str, kind: str) -> None:
    with Simulator(version=version) as server:
        server.faults.add(Fault(kind))
        created = create(server)
        assert "x" not in server.endpoints
        server.seed("x", secret=KEY)
        server.faults.add(Fault(kind))
        updated = update(server, {"task_settings": {"max_tokens": 1}})

        for reply in (created, updated):
            assert (reply.status, reply.error["type"]) == (400, "status_exception")
            assert reply.reason.endswith("as validation call to service threw an exception.")
            own = {name: reply.error["caused_by"][name] for name in ("type", "reason")}
            assert reply.error["root_cause"] == [own]
        assert server.endpoints["x"].task_settings == {"max_tokens": 1024}


@pytest.mark.parametrize("kind", ["provider_refusal", "provider_timeout", "provider_unreachable"])
@pytest.mark.parametrize("version", ["8.17.0", "9.3.0"])
def test_update_before_9_4_does_not_call_the_provider(version: str, kind: str) -> None:
    with Simulator(version=version) as server:
        server.seed("x")
        server.faults.add(Fault(kind))

        assert update(server, {"service_settings": {"api_key": "bad"}}).status == 200
        assert server.endpoints["x"].secret == "bad"


def test_status_fault_with_a_message_returns_it(server: Simulator) -> None:
    words = "Failed to delete the inference endpoint [x]. The service may be in an inconsistent state."
    server.faults.add(Fault("status", status=500, error_type="status_exception", message=words))

    assert (get(server).status, server.faults.pending) == (500, [])


BUSY = "Endpoint [x] is currently being updated. Try again once the update completes"
BUSY_TO_DELETE = (
    "The inference endpoint(s) [x] are currently being updated, "
    "please wait until after they are finished updating to delete."
)


def test_busy_fault_rejects_an_update(server: Simulator) -> None:
    server.seed("x")
    server.faults.add(Fault("busy"))
    reply = update(server, {"task_settings": {"max_tokens": 1}})

    assert (reply.status, reply.error["type"], reply.reason) == (409, "status_exception", BUSY)
    assert server.endpoints["x"].task_settings == {"max_tokens": 1024}
    assert update(server, {"task_settings": {"max_tokens": 1}}).status == 200


@pytest.mark.parametrize("query", ["", "?force=true"])
def test_busy_fault_rejects_a_delete_even_with_force(server: Simulator, query: str) -> None:
    server.seed("x")
    server.faults.add(Fault("busy"))
    reply = call(server, "DELETE", COMPLETION + "x" + query)

    assert (reply.status, reply.error["type"], reply.reason) == (409, "status_exception", BUSY_TO_DELETE)
    assert "x" in server.endpoints


def test_busy_fault_does_not_hide_other_errors(server: Simulator) -> None:
    server.seed("x")
    server.refer("x", ["p"], [])
    server.faults.add(Fault("busy", times=7))

    assert update(server, {"task_settings": {}}).status == 200
    assert update(server, {"task_settings": {"max_tokens": 0}}).status == 400
    assert update(server, {"task_settings": {"max_tokens": 1}}, "y").status == 404
    assert "referenced by pipelines" in call(server, "DELETE", COMPLETION + "x").reason
    assert call(server, "DELETE", COMPLETION + "x?dry_run=true").status == 200
    assert get(server).status == 200
    assert create(server, "z").status == 200


def test_redirect_fault_returns_the_location(server: Simulator) -> None:
    server.faults.add(Fault("redirect"))
    server.faults.add(Fault("redirect", location="http://other.invalid/_inference/x"))

    first, second = create(server), create(server)
    assert (first.status, first.headers["Location"]) == (302, "http://elsewhere.invalid/")
    assert second.headers["Location"] == "http://other.invalid/_inference/x"
    assert "x" not in server.endpoints


def test_ignore_fault_returns_200_and_changes_nothing(server: Simulator) -> None:
    server.seed("x")
    before = get_endpoint(server)
    server.faults.add(Fault("ignore", times=2))
    updated = update(server, {"task_settings": {"max_tokens": 1}})
    deleted = call(server, "DELETE", COMPLETION + "x")

    assert (updated.status, updated.json) == (200, before)
    assert (deleted.status, deleted.json["acknowledged"]) == (200, True)
    assert get_endpoint(server) == before


def test_ignore_fault_rejects_invalid_requests(server: Simulator) -> None:
    server.seed("x")
    server.faults.add(Fault("ignore"))

    assert update(server, {"task_settings": {"max_tokens": 0}}).status == 400


def test_ignore_fault_on_create_stores_nothing(server: Simulator) -> None:
    server.faults.add(Fault("ignore"))

    assert create(server).json["inference_id"] == "x"
    assert "x" not in server.endpoints


def test_echo_fault_returns_the_whole_body(server: Simulator) -> None:
    server.faults.add(Fault("echo", times=2))
    reply = create(server)
    broken = call(server, "PUT", COMPLETION + "x", f"{{{KEY}".encode())

    assert reply.status == 400
    assert reply.reason == (
        "Configuration contains settings [{service=anthropic, "
        f"service_settings={{api_key={KEY}, model_id=claude-sonnet-4-5}}, task_settings={{max_tokens=1024}}}}] "
        "unknown to the [anthropic] service"
    )
    assert KEY in broken.reason
    assert "x" not in server.endpoints


def get_endpoint(server: Simulator) -> Any:
    return get(server).json["endpoints"][0]


def test_at_counts_requests_since_the_fault_was_added(server: Simulator) -> None:
    server.seed("x")
    get(server)
    server.faults.add(Fault("status", status=503, at=2, times=2))

    assert [get(server).status for _time in range(5)] == [200, 503, 503, 200, 200]
    assert server.faults.pending == []


def test_match_compares_method_and_path(server: Simulator) -> None:
    server.seed("x")
    server.faults.add(Fault("status", status=503, match=r"^PUT .*/_update$"))

    assert get(server).status == 200
    assert create(server, "y").status == 200
    assert update(server, {"task_settings": {"max_tokens": 1}}).status == 503


def test_at_counts_only_matching_requests(server: Simulator) -> None:
    server.seed("x")
    server.faults.add(Fault("status", status=503, at=3, match="^GET"))

    assert [get(server).status for _time in range(4)] == [200, 200, 503, 200]


def test_first_added_fault_takes_effect_first(server: Simulator) -> None:
    server.faults.add(Fault("status", status=503))
    server.faults.add(Fault("status", status=429))

    assert [get(server).status for _time in range(3)] == [503, 429, 404]


def test_cleared_fault_has_no_effect(server: Simulator) -> None:
    server.faults.add(Fault("status", status=503))
    server.faults.clear()

    assert get(server).status == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "explosion"}, "kind 'explosion' must be one of"),
        ({"kind": "status"}, "status is required for"),
        ({"kind": "cut", "status": 500}, "status is required for"),
        ({"kind": "status", "status": 200}, "must be an error status"),
        ({"kind": "provider_refusal", "status": 418}, "status 418 must be one of"),
        ({"kind": "provider_timeout", "status": 504}, "status is required for"),
        ({"kind": "busy", "message": "no"}, "message is supported only for"),
        ({"kind": "provider_refusal", "message": 5}, "message 5 must be a string"),
        ({"kind": "trickle"}, "seconds"),
        ({"kind": "status", "status": "503"}, "must be an error status"),
        ({"kind": "cut", "at": 0}, "at 0 must be a positive integer"),
        ({"kind": "cut", "times": 0}, "times 0 must be a positive integer"),
        ({"kind": "cut", "times": True}, "times True must be a positive integer"),
        ({"kind": "slow"}, "seconds"),
        ({"kind": "slow", "seconds": -1}, "seconds"),
        ({"kind": "slow", "seconds": "1"}, "seconds"),
        ({"kind": "cut", "seconds": 1}, "seconds"),
        ({"kind": "cut", "match": "("}, "not a valid regular expression"),
        ({"kind": "cut", "match": 5}, "match 5 must be a string"),
        ({"kind": "status", "status": 429, "retry_after": 5}, "retry_after 5 must be a string"),
        ({"kind": "status", "status": 502, "html": "yes"}, "html 'yes'"),
    ],
)
def test_invalid_faults_are_rejected(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault(**fields)


def test_all_fault_kinds_are_supported() -> None:
    assert set(KINDS) == {
        *("status", "status_after", "reset_before", "reset_after", "cut", "cut_short", "html"),
        *("html_before", "slow", "already_exists", "not_found", "provider_refusal", "redirect"),
        *("ignore", "echo", "write_blocked", "trickle", "error_event"),
        *("provider_timeout", "provider_unreachable", "busy"),
    }
