# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Fault, Security, Simulator
from tests.unit.simulator.calls import COMPLETION, KEY, MODEL, call, create


def control(server: Simulator, method: str, path: str, body: object = None) -> Any:
    reply = call(server, method, f"/_simulator/{path}", body)
    assert reply.status == 200, reply.content
    return reply.json


def test_control_reads_and_clears_the_log(server: Simulator) -> None:
    create(server)
    call(server, "GET", "/_inference/y?pretty")
    read = control(server, "GET", "requests")

    assert read["requests"] == ["PUT /_inference/completion/x", "GET /_inference/y?pretty"]
    assert [entry["status"] for entry in read["log"]] == [200, 404]
    assert read["log"][0]["body"]["service_settings"]["api_key"] == KEY
    assert read["log"][0]["headers"]["content-type"] == "application/json"
    assert control(server, "DELETE", "requests") == {"acknowledged": True}
    assert control(server, "GET", "requests") == {"requests": [], "log": []}


def test_control_requests_are_not_logged(server: Simulator) -> None:
    server.faults.add(Fault("status", status=503))
    control(server, "GET", "requests")
    control(server, "GET", "endpoints")

    assert server.requests == []
    assert server.most_at_once == 0
    assert len(server.faults.pending) == 1


def test_control_adds_and_clears_faults(server: Simulator) -> None:
    control(server, "PUT", "faults", {"kind": "status", "status": 503, "at": 2})
    control(server, "PUT", "faults", [{"kind": "not_found", "match": "^GET"}, {"kind": "html"}])
    assert [fault.kind for fault in server.faults.pending] == ["status", "not_found", "html"]

    assert call(server, "GET", COMPLETION + "x").reason == "Inference endpoint not found [x]"
    assert call(server, "GET", COMPLETION + "x").status == 503
    control(server, "DELETE", "faults")
    assert server.faults.pending == []


def test_control_seeds_reads_and_clears_endpoints(server: Simulator) -> None:
    body = {
        "task_type": "chat_completion",
        "service_settings": {"model_id": "m"},
        "task_settings": {"max_tokens": 5},
        "secret": "s",
    }
    control(server, "PUT", "endpoints/x", body)
    control(server, "PUT", "endpoints/.y", {"inference_id": ".y", "service": "openai"})
    held = {endpoint["inference_id"]: endpoint for endpoint in control(server, "GET", "endpoints")["endpoints"]}

    assert held["x"] == {
        "inference_id": "x",
        "task_type": "chat_completion",
        "service": "anthropic",
        "service_settings": {"model_id": "m", "rate_limit": {"requests_per_minute": 50}},
        "task_settings": {"max_tokens": 5},
        "chunking_settings": None,
        "secret": "s",
        "secrets": {"api_key": "s"},
        "state": "whole",
    }
    assert held[".y"]["service"] == "openai"
    control(server, "DELETE", "endpoints")
    assert set(server.endpoints) == {".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch"}


@pytest.mark.parametrize(("state", "status"), [("no_secrets", 200), ("no_settings", 404), ("unparsable", 500)])
def test_endpoint_is_seeded_with_a_state(server: Simulator, state: str, status: int) -> None:
    control(server, "PUT", "endpoints/x", {"state": state})

    assert call(server, "GET", COMPLETION + "x").status == status
    assert server.endpoints["x"].state == state


def test_control_reads_created_endpoints(server: Simulator) -> None:
    create(server)
    held = control(server, "GET", "endpoints")["endpoints"]

    assert [endpoint["secret"] for endpoint in held if endpoint["inference_id"] == "x"] == [KEY]


def test_control_adds_references(server: Simulator) -> None:
    control(server, "PUT", "endpoints/x", {})
    control(server, "PUT", "references/x", {"pipelines": ["p"], "indexes": ["i"]})
    assert call(server, "DELETE", COMPLETION + "x").status == 409

    control(server, "PUT", "references/x", {})
    assert call(server, "DELETE", COMPLETION + "x").status == 200

    control(server, "PUT", "references/x", {"incompatible": ["i"]})
    assert "used in mappings with incompatible settings for indices: [i]" in create(server).reason


def test_control_requires_no_credentials() -> None:
    with Simulator(security=Security(users={"a": ("b", ("all",))})) as server:
        assert call(server, "GET", "/").status == 401
        assert control(server, "GET", "requests")["requests"] == ["GET /"]


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("GET", "", None, "GET /_simulator/ is not supported"),
        ("POST", "requests", {}, "POST /_simulator/requests is not supported; supported: GET /_simulator/requests"),
        ("PUT", "endpoints", {}, "PUT /_simulator/endpoints is not supported"),
        ("PUT", "faults", None, "the body is not valid JSON"),
        ("PUT", "faults", b"{", "the body is not valid JSON"),
        ("PUT", "faults", {}, "kind is required"),
        ("PUT", "faults", {"kind": "boom"}, "kind 'boom'"),
        ("PUT", "faults", {"kind": "cut", "when": 1}, "unknown fields ['when']"),
        ("PUT", "faults", [{"kind": "cut"}, 5], "the body must be an object"),
        ("PUT", "faults", {"kind": ["cut"]}, "unhashable"),
        ("PUT", "endpoints/x", [], "the body must be an object"),
        ("PUT", "endpoints/x", {"settings": {}}, "unknown field 'settings'"),
        ("PUT", "endpoints/x", {"secret": 5}, "secret must be a str or a dict"),
        ("PUT", "endpoints/x", {"state": "ill"}, "state 'ill' must be one of"),
        ("PUT", "endpoints/x", {"inference_id": "y"}, "inference_id differs"),
        ("PUT", "references/x", {"pipelines": "p"}, "pipelines must be a list"),
        ("PUT", "references/x", {"pipelines": [1]}, "must be lists of names"),
    ],
)
def test_control_rejects_invalid_input_with_the_reason(
    server: Simulator, method: str, path: str, body: object, words: str
) -> None:
    reply = call(server, method, f"/_simulator/{path}", body)

    assert (reply.status, reply.json["status"]) == (400, 400)
    assert words in reply.error
    assert server.faults.pending == []
    assert "x" not in server.endpoints


def test_endpoint_seeded_by_control_is_shown_like_a_created_one(server: Simulator) -> None:
    control(server, "PUT", "endpoints/x", {"secret": KEY, "task_settings": {"temperature": 1, "max_tokens": 2}})

    reply = call(server, "GET", "/_inference/x")
    assert reply.json["endpoints"][0]["service_settings"]["model_id"] == MODEL
    assert b'"task_settings":{"max_tokens":2,"temperature":1.0}' in reply.content
    assert KEY.encode() not in reply.content
