# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of all requests: media types, routes, parameters, bodies, and headers."""

from __future__ import annotations

import gzip
import http.client
import socket

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, call, create, create_body, update


def compatible(major: int, space: str = "") -> str:
    return f"application/vnd.elasticsearch+json;{space}compatible-with={major}"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/_inference/y", 404),
        ("GET", "/no/where", 400),
        ("POST", "/", 405),
        ("PUT", COMPLETION + "x", 400),
    ],
)
def test_every_response_has_the_product_header(server: Simulator, method: str, path: str, status: int) -> None:
    reply = call(server, method, path)

    assert reply.status == status
    assert reply.headers["X-elastic-product"] == "Elasticsearch"
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("version", "accept", "answered"),
    [
        ("9.6.0", "*/*", "application/json"),
        ("9.6.0", "application/json", "application/json"),
        ("9.6.0", compatible(9), compatible(9)),
        ("9.6.0", compatible(8, " "), compatible(8)),
        ("serverless", compatible(9), compatible(9)),
        ("8.19.0", compatible(8), compatible(8)),
    ],
)
def test_content_type_is_negotiated(version: str, accept: str, answered: str) -> None:
    with Simulator(version=version) as server:
        assert call(server, "GET", "/", headers={"Accept": accept}).headers["Content-Type"] == answered
        missing = call(server, "GET", "/_inference/y", headers={"Accept": accept})
        assert missing.headers["Content-Type"] == answered


@pytest.mark.parametrize(
    ("version", "major", "own", "former"), [("8.19.0", 9, 8, 7), ("9.6.0", 7, 9, 8), ("9.6.0", 10, 9, 8)]
)
@pytest.mark.parametrize("header", ["Accept", "Content-Type"])
def test_media_types_of_other_major_versions_are_rejected(
    version: str, major: int, own: int, former: int, header: str
) -> None:
    with Simulator(version=version) as server:
        headers = {header: compatible(major, " ")}
        reply = call(server, "PUT", COMPLETION + "x", create_body(), headers=headers)

        assert (reply.status, reply.error["type"]) == (400, "media_type_header_exception")
        assert reply.error["root_cause"][0]["type"] == "media_type_header_exception"
        assert reply.reason == "Invalid media-type value on headers [Content-Type, Accept]"
        assert reply.error["caused_by"]["reason"] == (
            f"{header} version must be either version {own} or {former}, but found {major}. "
            f"{header}={compatible(major, ' ')}"
        )
        assert "x" not in server.endpoints


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=UTF-8", compatible(9), compatible(8, " ")],
)
def test_json_content_types_are_accepted(server: Simulator, content_type: str) -> None:
    reply = call(server, "PUT", COMPLETION + "x", create_body(), headers={"Content-Type": content_type})

    assert reply.status == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/yaml"]
)
def test_other_content_types_are_rejected(server: Simulator, content_type: str) -> None:
    reply = call(server, "PUT", COMPLETION + "x", create_body(), headers={"Content-Type": content_type})

    text = f"Content-Type header [{content_type}] is not supported"
    assert reply.json == {"error": text, "status": 406}
    assert "x" not in server.endpoints


def test_body_without_content_type_is_rejected(server: Simulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("PUT", COMPLETION + "x", b"{}")
    response = connection.getresponse()

    assert (response.status, response.read()) == (406, b'{"error":"Content-Type header is missing","status":406}')
    connection.close()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_missing_required_body_is_rejected(server: Simulator, method: str) -> None:
    reply = call(server, method, COMPLETION + "x")

    assert (reply.status, reply.error["type"], reply.reason) == (
        400,
        "parse_exception",
        "request body is required",
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unexpected_body_is_rejected(server: Simulator, method: str) -> None:
    reply = call(server, method, "/_inference/x", {})

    assert reply.reason == f"request [{method} /_inference/x] does not support having a body"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "[1:2] Expecting property name enclosed in double quotes"),
        (b'{"service": "a",\n "service": "b"}', "[1:1] Duplicate field 'service'"),
        (b'{"task_settings": {"max_tokens": NaN}}', "[1:1] Non-standard token 'NaN'"),
    ],
)
def test_invalid_json_is_rejected(server: Simulator, body: bytes, words: str) -> None:
    reply = call(server, "PUT", COMPLETION + "x", body)

    assert (reply.status, reply.error["type"]) == (400, "x_content_parse_exception")
    assert reply.reason.startswith(words)
    assert reply.error["caused_by"]["type"] == "json_parse_exception"


def test_body_that_is_not_an_object_is_rejected(server: Simulator) -> None:
    assert call(server, "PUT", COMPLETION + "x", [1]).error["type"] == "parsing_exception"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/no/where"),
        ("GET", "/_inference/completion/x/y/z"),
        ("PUT", "/_inference/completion/x/_delete"),
        ("GET", "/_cluster/health?wait=1"),
    ],
)
def test_unknown_paths_are_rejected(server: Simulator, method: str, path: str) -> None:
    reply = call(server, method, path)

    assert reply.status == 400
    assert reply.json == {"error": f"no handler found for uri [{path}] and method [{method}]"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/_inference", "GET, PUT, DELETE, HEAD"),
        ("PATCH", "/_inference/completion/x?pretty", "GET, POST, PUT, DELETE"),
        ("HEAD", "/_inference/x", "GET, POST, PUT, DELETE"),
        ("DELETE", "/", "GET, HEAD"),
        ("DELETE", "/_ml/trained_models/m/_stats", "GET"),
    ],
)
def test_unsupported_methods_return_405(server: Simulator, method: str, path: str, allowed: str) -> None:
    reply = call(server, method, path)

    text = f"Incorrect HTTP method for uri [{path}] and method [{method}], allowed: [{allowed}]"
    assert reply.status == 405
    assert reply.headers["Allow"] == allowed.replace(" ", "")
    if method != "HEAD":
        assert reply.json == {"error": text, "status": 405}


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/?x=1", "request [/] contains unrecognized parameter: [x]"),
        ("GET", "/_inference/_all?size=5", "request [/_inference/_all] contains unrecognized parameter: [size]"),
        ("DELETE", "/_inference/x?timeout=1s", "request [/_inference/x] contains unrecognized parameter: [timeout]"),
        ("GET", "/_inference?b&a=1", "request [/_inference] contains unrecognized parameters: [a], [b]"),
        ("PUT", "/_inference/x?force=true", "request [/_inference/x] contains unrecognized parameter: [force]"),
    ],
)
def test_unknown_parameters_are_rejected(server: Simulator, method: str, path: str, words: str) -> None:
    reply = call(server, method, path)

    assert (reply.status, reply.error["type"], reply.reason) == (400, "illegal_argument_exception", words)


def test_common_parameters_are_accepted(server: Simulator) -> None:
    assert call(server, "GET", "/_inference/_all?human=true&error_trace=false&pretty=false").status == 200
    assert create(server, "x?timeout=30s&human").status == 200


@pytest.mark.parametrize("version", ["8.16.0", "8.18.0", "8.19.0", "9.0.0", "9.1.0", "9.4.0", "9.5.0", "serverless"])
def test_timeout_parameters_depend_on_request_and_version(version: str) -> None:
    known = {
        "create": {"timeout"} if version in ("8.19.0", "9.1.0", "9.4.0", "9.5.0", "serverless") else set(),
        "update": {"master_timeout", "timeout"} if version in ("9.5.0", "serverless") else {"master_timeout"},
        "delete": set[str](),
    }
    with Simulator(version=version) as server:
        for name in ("timeout", "master_timeout"):
            replies = {
                "create": create(server, f"x?{name}=30s"),
                "update": update(server, {"task_settings": {"max_tokens": 1}}, "x", f"?{name}=30s"),
                "delete": call(server, "DELETE", f"{COMPLETION}x?{name}=30s"),
            }
            if version == "8.16.0":
                del replies["update"]
            for request, reply in replies.items():
                unrecognized = reply.status == 400 and f"contains unrecognized parameter: [{name}]" in reply.reason
                assert unrecognized is (name not in known[request]), (request, name, reply.content)


def test_time_without_unit_is_rejected(server: Simulator) -> None:
    assert create(server, "x?timeout=30").reason == (
        "failed to parse setting [timeout] with value [30] as a time value: unit is missing or unrecognized"
    )


def test_pretty_response_has_several_lines(server: Simulator) -> None:
    assert call(server, "GET", "/_inference/y?pretty").content.startswith(b'{\n  "error" : {\n    "root_cause" : [')


@pytest.mark.parametrize(
    ("filter_path", "kept"),
    [
        ("endpoints.inference_id", {"endpoints": [{"inference_id": "x"}]}),
        ("endpoints.*.max_tokens", {"endpoints": [{"task_settings": {"max_tokens": 1024}}]}),
        ("nothing,endpoints.service", {"endpoints": [{"service": "anthropic"}]}),
        ("nothing", {}),
    ],
)
def test_filter_path_filters_the_response(server: Simulator, filter_path: str, kept: object) -> None:
    server.seed("x")

    assert call(server, "GET", f"/_inference/x?filter_path={filter_path}").json == kept


def test_unsimulated_filter_path_returns_501(server: Simulator) -> None:
    assert call(server, "GET", "/?filter_path=-name").status == 501


def test_connection_is_kept_open(server: Simulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for path in ("/", "/_inference/_all", "/_inference/y", "/no/where"):
        connection.request("GET", path)
        assert connection.getresponse().read()
    connection.close()

    assert server.connections == 1


def test_connection_is_closed_on_request(server: Simulator) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: sock.recv(65536), b""))

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"}")


def test_pipelined_requests_are_answered_in_order(server: Simulator) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(
            b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /no/where HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        received = b"".join(iter(lambda: sock.recv(65536), b""))

    assert received.index(b"200 OK") < received.index(b"400 Bad Request")
    assert server.requests == ["HEAD /", "GET /no/where"]


def test_chunked_body_is_accepted(server: Simulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    parts = iter([b'{"service": ', b'"nonsense"}'])
    headers = {"Content-Type": "application/json"}
    connection.request("PUT", COMPLETION + "x", parts, headers, encode_chunked=True)

    assert b"Unknown service [nonsense]" in connection.getresponse().read()
    connection.close()


def test_compressed_body_is_rejected(server: Simulator) -> None:
    body = gzip.compress(b"{}")

    assert call(server, "PUT", COMPLETION + "x", body).error["type"] == "x_content_parse_exception"


def test_response_is_compressed_on_request(server: Simulator) -> None:
    asked = call(server, "GET", "/_inference/_all", headers={"Accept-Encoding": "gzip, deflate"})
    plain = call(server, "GET", "/_inference/_all")

    assert asked.headers["content-encoding"] == "gzip"
    assert gzip.decompress(asked.content) == plain.content
    assert "content-encoding" not in plain.headers
