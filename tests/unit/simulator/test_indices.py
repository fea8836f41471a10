# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of indices: create, read, and delete."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import quote, unquote

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import Reply, call

MAPPINGS = {"dynamic": "strict", "properties": {"hash": {"type": "keyword"}, "at": {"type": "date"}}}


def test_created_index_is_read_with_its_settings(server: Simulator) -> None:
    created = call(server, "PUT", "/things", {"mappings": MAPPINGS, "settings": {"number_of_replicas": 0}})
    read = call(server, "GET", "/things").json["things"]

    assert (created.status, created.json) == (
        200,
        {"acknowledged": True, "shards_acknowledged": True, "index": "things"},
    )
    assert (read["aliases"], read["mappings"]) == ({}, MAPPINGS)
    assert list(read["mappings"]["properties"]) == ["at", "hash"]
    settings = read["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == ("1", "0")
    assert settings["provided_name"] == "things"
    assert call(server, "GET", "/things/_mapping").json == {"things": {"mappings": MAPPINGS}}
    assert call(server, "PUT", "/things/_doc/a", {}).json["_shards"]["total"] == 1


def test_replicas_expand_to_the_single_node(server: Simulator) -> None:
    call(server, "PUT", "/things", {"settings": {"index.auto_expand_replicas": "0-1"}})

    settings = call(server, "GET", "/things").json["things"]["settings"]["index"]
    assert (settings["auto_expand_replicas"], settings["number_of_replicas"]) == ("0-1", "0")
    assert call(server, "PUT", "/things/_doc/a", {}).json["_shards"]["total"] == 1


def test_index_is_created_without_a_body(server: Simulator) -> None:
    assert call(server, "PUT", "/things").status == 200
    assert call(server, "GET", "/things").json["things"]["mappings"] == {}


def test_create_of_existing_index_is_rejected(server: Simulator) -> None:
    call(server, "PUT", "/things", {"mappings": MAPPINGS})
    uuid = call(server, "GET", "/things").json["things"]["settings"]["index"]["uuid"]
    reply = call(server, "PUT", "/things", {"mappings": {"nonsense": 1}})

    assert (reply.status, reply.error["type"]) == (400, "resource_already_exists_exception")
    assert reply.reason == f"index [things/{uuid}] already exists"
    assert (reply.error["index_uuid"], reply.error["index"]) == (uuid, "things")
    assert call(server, "GET", "/things/_mapping").json["things"]["mappings"] == MAPPINGS


def test_one_of_many_concurrent_index_creates_succeeds(server: Simulator) -> None:
    replies: list[Reply] = []
    threads = [
        threading.Thread(target=lambda: replies.append(call(server, "PUT", "/things", {}))) for _number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(reply.status for reply in replies) == [200, *[400] * 7]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Things", "must be lowercase"),
        ("_things", "must not start with '_', '-', or '+'"),
        ("-things", "must not start with '_', '-', or '+'"),
        ("+things", "must not start with '_', '-', or '+'"),
        ("a%23b", "must not contain '#'"),
        ("a:b", "must not contain ':'"),
        ("a%20b", "must not contain the following characters ["),
        ("a,b", "must not contain the following characters ["),
        ("a*", "must not contain the following characters ["),
        ("..", "must not be '.' or '..'"),
        ("a" * 256, "index name is too long, (256 > 255)"),
        ("é" * 128, "index name is too long, (256 > 255)"),
    ],
)
def test_invalid_index_names_are_rejected(server: Simulator, name: str, why: str) -> None:
    reply = call(server, "PUT", f"/{quote(name, safe='%*,:+')}", {})

    assert (reply.status, reply.error["type"]) == (400, "invalid_index_name_exception")
    assert reply.reason.startswith(f"Invalid index name [{unquote(name)}], {why}")
    assert reply.error["index_uuid"] == "_na_"
    assert server.indices == {}


def test_index_name_of_maximum_length_is_accepted(server: Simulator) -> None:
    assert call(server, "PUT", f"/{'a' * 255}").status == 200


@pytest.mark.parametrize(
    ("body", "error_type", "reason"),
    [
        (b"{", "parse_exception", "Failed to parse content to map"),
        ([], "parse_exception", "Failed to parse content to map"),
        ({"mapping": {}}, "parse_exception", "unknown key [mapping] for create index"),
        ({"mappings": 5}, "parse_exception", "key [mappings] must be an object"),
        ({"settings": []}, "parse_exception", "key [settings] must be an object"),
        (
            {"settings": {"number_of_shards": 0}},
            "illegal_argument_exception",
            "Failed to parse value [0] for setting [index.number_of_shards] must be >= 1",
        ),
        (
            {"settings": {"index": {"number_of_replicas": "x"}}},
            "illegal_argument_exception",
            "Failed to parse value [x] for setting [index.number_of_replicas]",
        ),
        (
            {"settings": {"auto_expand_replicas": "all"}},
            "illegal_argument_exception",
            "failed to parse [index.auto_expand_replicas] from value: [all] at index -1",
        ),
        (
            {"settings": {"index.hidden": "maybe"}},
            "illegal_argument_exception",
            "Failed to parse value [maybe] as only [true] or [false] are allowed.",
        ),
    ],
)
def test_invalid_index_bodies_are_rejected(server: Simulator, body: object, error_type: str, reason: str) -> None:
    reply = call(server, "PUT", "/things", body)

    assert (reply.status, reply.error["type"], reply.reason) == (400, error_type, reason)
    assert server.indices == {}


@pytest.mark.parametrize(
    "body",
    [
        {"aliases": {"a": {}}},
        {"settings": {"index.codec": "best_compression"}},
        {"mappings": {"properties": {"a": {"type": "nested"}}}},
        {"mappings": {"properties": {"a": {"type": "keyword", "copy_to": "b"}}}},
        {"mappings": {"dynamic": "runtime"}},
        {"mappings": {"date_detection": False}},
    ],
)
def test_unsimulated_index_settings_return_501(server: Simulator, body: Any) -> None:
    assert call(server, "PUT", "/things", body).status == 501
    assert server.indices == {}


def test_serverless_rejects_shard_settings() -> None:
    with Simulator(version="serverless") as server:
        settings = {"number_of_shards": 1, "index": {"number_of_replicas": 1, "hidden": True}}
        reply = call(server, "PUT", "/things", {"settings": settings})

        assert (reply.status, reply.error["type"]) == (400, "illegal_argument_exception")
        assert reply.reason == (
            "Settings [index.number_of_replicas,index.number_of_shards] are not available when running in "
            "serverless mode"
        )
        assert call(server, "PUT", "/things", {"settings": {"hidden": True}}).status == 200
        assert call(server, "GET", "/things").json["things"]["settings"]["index"]["hidden"] == "true"


def test_delete_removes_the_index_with_its_documents(server: Simulator) -> None:
    server.seed_document("things", "a", {})

    assert call(server, "DELETE", "/things").json == {"acknowledged": True}
    missing = call(server, "DELETE", "/things")
    assert (missing.status, missing.reason) == (404, "no such index [things]")
    assert call(server, "DELETE", "/things?ignore_unavailable=true").json == {"acknowledged": True}
    assert call(server, "PUT", "/things").status == 200
    assert call(server, "GET", "/things/_doc/a").json["found"] is False


@pytest.mark.parametrize("name", ["*", "th*", "_all"])
def test_delete_by_pattern_is_rejected(server: Simulator, name: str) -> None:
    server.seed_document("things", "a", {})
    reply = call(server, "DELETE", f"/{name}")

    assert (reply.status, reply.reason) == (400, "Wildcard expressions or all indices are not allowed")
    assert server.documents("things") == {"a": {}}


@pytest.mark.parametrize("path", ["/things", "/things/_mapping"])
def test_missing_index_returns_404(server: Simulator, path: str) -> None:
    reply = call(server, "GET", path)

    assert (reply.status, reply.reason) == (404, "no such index [things]")
    assert reply.error["resource.type"] == "index_or_alias"


def test_name_of_an_api_is_rejected_as_index(server: Simulator) -> None:
    reply = call(server, "GET", "/_things")

    assert (reply.status, reply.reason) == (400, "Invalid index name [_things], must not start with '_'.")
    assert call(server, "GET", "/a,b").status == 501


def test_head_returns_the_existence_as_status(server: Simulator) -> None:
    server.seed_document("things", "a", {})

    replies = [call(server, "HEAD", path) for path in ("/things", "/others")]
    assert [(reply.status, reply.content) for reply in replies] == [(200, b""), (404, b"")]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/things", "GET, PUT, DELETE, HEAD"), ("DELETE", "/things/_mapping", "GET")],
)
def test_unsupported_index_methods_return_405(server: Simulator, method: str, path: str, allowed: str) -> None:
    reply = call(server, method, path)

    assert (reply.status, reply.headers["Allow"]) == (405, allowed.replace(" ", ""))


def test_unknown_index_parameters_are_rejected(server: Simulator) -> None:
    unknown = call(server, "PUT", "/things?size=1")

    assert unknown.reason == "request [/things] contains unrecognized parameter: [size]"
    assert call(server, "PUT", "/things?wait_for_active_shards=1").status == 501
