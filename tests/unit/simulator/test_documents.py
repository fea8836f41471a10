# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of documents: index, read, read many, and delete."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import elasticsearch
import pytest
from elasticsearch import Elasticsearch

from tests.simulator import Fault, Simulator
from tests.unit.simulator.calls import Reply, call

DOCUMENT = "/things/_doc/a"
MGET = "/things/_mget"
SHARDS = {"total": 2, "successful": 1, "failed": 0}


@pytest.fixture
def client(server: Simulator) -> Iterator[Elasticsearch]:
    with Elasticsearch(server.url, max_retries=0) as connected:
        yield connected


def test_document_is_created_updated_read_and_deleted(server: Simulator) -> None:
    created = call(server, "PUT", DOCUMENT, {"n": 1})
    assert (created.status, created.headers["Location"]) == (201, DOCUMENT)
    assert created.json == {
        "_index": "things",
        "_id": "a",
        "_version": 1,
        "result": "created",
        "_shards": SHARDS,
        "_seq_no": 0,
        "_primary_term": 1,
    }

    updated = call(server, "PUT", DOCUMENT, {"n": 2})
    assert (updated.status, updated.headers["Location"]) == (200, None)
    assert (updated.json["result"], updated.json["_version"], updated.json["_seq_no"]) == ("updated", 2, 1)
    assert call(server, "GET", DOCUMENT).json == {
        "_index": "things",
        "_id": "a",
        "_version": 2,
        "_seq_no": 1,
        "_primary_term": 1,
        "found": True,
        "_source": {"n": 2},
    }

    deleted = call(server, "DELETE", DOCUMENT)
    assert deleted.status == 200
    assert (deleted.json["result"], deleted.json["_version"], deleted.json["_seq_no"]) == ("deleted", 3, 2)
    assert server.documents("things") == {}


def test_document_version_increases_after_a_delete(server: Simulator) -> None:
    for _time in range(2):
        call(server, "PUT", DOCUMENT, {})
        call(server, "DELETE", DOCUMENT)

    again = call(server, "PUT", DOCUMENT, {})
    assert (again.status, again.json["_version"], again.json["_seq_no"]) == (201, 5, 4)


def test_missing_document_returns_404(server: Simulator) -> None:
    server.seed_document("things", "b", {})
    read, deleted = call(server, "GET", DOCUMENT), call(server, "DELETE", DOCUMENT)

    assert (read.status, read.json) == (404, {"_index": "things", "_id": "a", "found": False})
    assert (deleted.status, deleted.json["result"], deleted.json["_version"]) == (404, "not_found", 1)
    assert [call(server, "HEAD", f"/things/_doc/{name}").status for name in "ab"] == [404, 200]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_document_of_missing_index_returns_404(server: Simulator, method: str) -> None:
    reply = call(server, method, DOCUMENT)

    error = {
        "type": "index_not_found_exception",
        "reason": "no such index [things]",
        "resource.type": "index_or_alias",
        "resource.id": "things",
        "index_uuid": "_na_",
        "index": "things",
    }
    assert (reply.status, reply.json) == (404, {"error": {"root_cause": [error], **error}, "status": 404})


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_mget_returns_documents_in_the_requested_order(server: Simulator, method: str) -> None:
    server.seed_document("things", "a", {"n": 1})
    server.seed_document("things", "1", {})
    reply = call(server, method, MGET, {"ids": ["b", "a", 1]})

    missing, found, number = reply.json["docs"]
    assert reply.status == 200
    assert missing == {"_index": "things", "_id": "b", "found": False}
    assert found == call(server, "GET", DOCUMENT).json
    assert (number["_id"], number["found"]) == ("1", True)


def test_mget_of_missing_index_reports_an_error_for_each_document(server: Simulator) -> None:
    reply = call(server, "POST", MGET, {"ids": ["a", "b"]})

    assert reply.status == 200
    assert [(one["_index"], one["_id"]) for one in reply.json["docs"]] == [("things", "a"), ("things", "b")]
    for one in reply.json["docs"]:
        assert one["error"] == call(server, "GET", DOCUMENT).error
        assert "found" not in one


@pytest.mark.parametrize(
    ("body", "error_type", "reason"),
    [
        ({"ids": []}, "action_request_validation_exception", "Validation Failed: 1: no documents to get;"),
        ({}, "action_request_validation_exception", "Validation Failed: 1: no documents to get;"),
        ({"ids": [["a"]]}, "illegal_argument_exception", "ids array element should only contain ids"),
        ({"names": ["a"]}, "parsing_exception", "unknown key [names] for a START_ARRAY, expected [docs] or [ids]"),
        (
            {"ids": "a"},
            "parsing_exception",
            "unexpected token [VALUE_STRING], expected [FIELD_NAME] or [START_ARRAY]",
        ),
        (None, "parse_exception", "request body or source parameter is required"),
    ],
)
def test_invalid_mget_bodies_are_rejected(server: Simulator, body: object, error_type: str, reason: str) -> None:
    reply = call(server, "POST", MGET, body)

    assert (reply.status, reply.error["type"], reply.reason) == (400, error_type, reason)


def test_document_creates_a_missing_index(server: Simulator) -> None:
    call(server, "PUT", DOCUMENT, {"text": "x", "n": 1, "on": True, "at": "2026-01-02T03:04:05Z", "o": {"f": 0.5}})

    text = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    assert call(server, "GET", "/things/_mapping").json["things"]["mappings"]["properties"] == {
        "at": {"type": "date"},
        "n": {"type": "long"},
        "o": {"properties": {"f": {"type": "float"}}},
        "on": {"type": "boolean"},
        "text": text,
    }


def test_document_does_not_create_an_index_without_auto_create() -> None:
    with Simulator(auto_create_index=False) as server:
        reply = call(server, "PUT", DOCUMENT, {})

        assert (reply.status, reply.error["type"]) == (404, "index_not_found_exception")
        assert reply.reason == "no such index [things] and [action.auto_create_index] is [false]"
        assert server.indices == {}


def test_document_in_index_with_invalid_name_is_rejected(server: Simulator) -> None:
    put, read = call(server, "PUT", "/_things/_doc/a", {}), call(server, "GET", "/_things/_doc/a")

    assert (put.status, put.error["type"]) == (400, "invalid_index_name_exception")
    assert put.reason == "Invalid index name [_things], must not start with '_', '-', or '+'"
    assert (read.status, read.reason) == (400, "Invalid index name [_things], must not start with '_'.")


def test_create_of_existing_document_is_rejected(server: Simulator) -> None:
    create = "/things/_create/a"
    assert call(server, "PUT", f"{DOCUMENT}?op_type=create", {"n": 1}).status == 201

    for path in (f"{DOCUMENT}?op_type=create", create):
        reply = call(server, "PUT", path, {"n": 2})
        assert (reply.status, reply.error["type"]) == (409, "version_conflict_engine_exception")
        assert reply.reason == "[a]: version conflict, document already exists (current version [1])"
        assert (reply.error["shard"], reply.error["index"]) == ("0", "things")
    assert server.documents("things") == {"a": {"n": 1}}


def test_write_with_outdated_sequence_number_is_rejected(server: Simulator) -> None:
    call(server, "PUT", DOCUMENT, {"n": 1})
    bound = f"{DOCUMENT}?if_seq_no=0&if_primary_term=1"
    assert call(server, "PUT", bound, {"n": 2}).status == 200

    required = "[a]: version conflict, required seqNo [0], primary term [1]."
    current = "current document has seqNo [1] and primary term [1]"
    for method, body in (("PUT", {"n": 3}), ("DELETE", None)):
        stale = call(server, method, bound, body)
        assert (stale.status, stale.reason) == (409, f"{required} {current}")
    call(server, "DELETE", DOCUMENT)
    assert call(server, "PUT", bound, {"n": 3}).reason == f"{required} but no document was found"
    assert server.documents("things") == {}


def test_document_without_id_gets_a_generated_id(server: Simulator) -> None:
    made = [call(server, "POST", "/things/_doc", {}).json["_id"] for _time in range(2)]

    assert {len(name) for name in made} == {20}
    assert set(server.documents("things")) == set(made)
    reply = call(server, "PUT", "/things/_doc/", {})
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_document_id_can_be_any_string(server: Simulator) -> None:
    for name in ("é ☃", ".hidden", "a/b", "_x"):
        created = call(server, "PUT", f"/things/_doc/{quote(name, safe='')}", {})
        assert (created.status, created.json["_id"]) == (201, name)
        assert created.headers["Location"].isascii()
    assert list(server.documents("things")) == ["é ☃", ".hidden", "a/b", "_x"]


@pytest.mark.parametrize(("name", "size"), [("a" * 513, 513), ("é" * 257, 514)])
def test_document_id_of_more_than_512_bytes_is_rejected(server: Simulator, name: str, size: int) -> None:
    reply = call(server, "PUT", f"/things/_doc/{quote(name)}", {})

    assert (reply.status, reply.error["type"]) == (400, "action_request_validation_exception")
    why = f"id [{name}] is too long, must be no longer than 512 bytes but was: {size}"
    assert reply.reason == f"Validation Failed: 1: {why};"
    assert call(server, "PUT", f"/things/_doc/{'a' * 512}", {}).status == 201


def test_refresh_parameter_is_accepted(server: Simulator) -> None:
    forced = [
        call(server, "PUT", f"{DOCUMENT}?refresh{value}", {}).json.get("forced_refresh")
        for value in ("", "=true", "=false", "=wait_for")
    ]

    assert forced == [True, True, None, None]


@pytest.mark.parametrize(
    ("method", "query", "status", "reason"),
    [
        ("PUT", "refresh=x", 400, "Unknown value for refresh: [x]."),
        ("GET", "refresh=x", 400, "Failed to parse value [x] as only [true] or [false] are allowed."),
        ("PUT", "op_type=replace", 400, "Unknown opType: [replace]"),
        ("PUT", "op_type=delete", 400, "opType must be 'create' or 'index', found: [delete]"),
        ("PUT", "if_seq_no=x", 400, "Failed to parse long parameter [if_seq_no] with value [x]"),
        ("PUT", "if_seq_no=-1", 400, "sequence numbers must be non negative. got [-1]."),
        ("PUT", "if_primary_term=-1", 400, "primary term must be non negative. got [-1]"),
        ("DELETE", "if_seq_no=1", 400, "Validation Failed: 1: ifSeqNo is set, but primary term is [0];"),
        ("PUT", "if_primary_term=1", 400, "Validation Failed: 1: ifSeqNo is unassigned, but primary term is [1];"),
        (
            "PUT",
            "op_type=create&if_seq_no=1&if_primary_term=1",
            400,
            "Validation Failed: 1: create operations do not support compare and set. use index instead;",
        ),
        ("PUT", "timeout=5", 400, "failed to parse setting [timeout] with value [5] as a time value"),
        ("PUT", "size=5", 400, "request [/things/_doc/a] contains unrecognized parameter: [size]"),
        ("GET", "op_type=index", 400, "request [/things/_doc/a] contains unrecognized parameter: [op_type]"),
        (
            "PUT",
            "require_alias=true",
            404,
            "no such index [things] and [require_alias] request flag is [true] and [things] is not an alias",
        ),
    ],
)
def test_invalid_document_parameters_are_rejected(
    server: Simulator, method: str, query: str, status: int, reason: str
) -> None:
    reply = call(server, method, f"{DOCUMENT}?{query}", {} if method == "PUT" else None)

    assert reply.status == status
    assert reply.reason.startswith(reason)
    assert server.indices == {}


def test_unsimulated_document_requests_return_501(server: Simulator) -> None:
    for path in (f"{DOCUMENT}?routing=r", f"{DOCUMENT}?pipeline=p&refresh"):
        assert call(server, "PUT", path, {}).status == 501
    assert call(server, "POST", MGET, {"docs": [{"_id": "a"}]}).status == 501


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", DOCUMENT, "GET, POST, PUT, DELETE, HEAD"),
        ("PUT", MGET, "GET, POST"),
        ("GET", "/things/_create/a", "POST, PUT"),
    ],
)
def test_unsupported_document_methods_return_405(server: Simulator, method: str, path: str, allowed: str) -> None:
    reply = call(server, method, path)

    text = f"Incorrect HTTP method for uri [{path}] and method [{method}], allowed: [{allowed}]"
    assert (reply.status, reply.json["error"]) == (405, text)


def test_blocked_index_is_readable_but_not_writable(server: Simulator) -> None:
    call(server, "PUT", "/things", {"settings": {"index.blocks.write": True}})
    replies = [call(server, "PUT", DOCUMENT, {}), call(server, "DELETE", DOCUMENT)]

    for reply in replies:
        assert (reply.status, reply.error["type"]) == (403, "cluster_block_exception")
        assert reply.reason == "index [things] blocked by: [FORBIDDEN/8/index write (api)];"
    assert call(server, "GET", DOCUMENT).status == 404


def test_write_blocked_fault_rejects_writes(server: Simulator) -> None:
    server.faults.add(Fault("write_blocked", match="^PUT /things/_doc/"))

    assert call(server, "GET", "/").status == 200
    assert call(server, "PUT", DOCUMENT, {}).error["type"] == "cluster_block_exception"
    assert call(server, "PUT", DOCUMENT, {}).status == 201


@pytest.mark.parametrize(
    ("fault", "acted"),
    [
        (Fault("status", status=503, match="_doc/a"), False),
        (Fault("status_after", status=504, match="_doc/a"), True),
        (Fault("html", match="_doc/a"), True),
        (Fault("reset_before", match="_doc/a"), False),
        (Fault("reset_after", match="_doc/a"), True),
    ],
)
def test_faults_affect_document_requests(server: Simulator, fault: Fault, acted: bool) -> None:
    server.faults.add(fault)

    assert call(server, "PUT", "/things/_doc/b", {}).status == 201
    with contextlib.suppress(ConnectionResetError):
        reply = call(server, "PUT", DOCUMENT, {})
        assert (reply.status >= 500) is (fault.status is not None)
    assert ("a" in server.documents("things")) is acted
    assert server.faults.pending == []


def test_one_of_many_concurrent_creates_succeeds(server: Simulator) -> None:
    replies: list[Reply] = []
    threads = [
        threading.Thread(target=lambda: replies.append(call(server, "PUT", "/things/_create/a", {})))
        for _number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(reply.status for reply in replies) == [201, *[409] * 7]


def test_faults_on_index_paths_return_index_errors(server: Simulator) -> None:
    server.faults.add(Fault("not_found"))
    server.faults.add(Fault("already_exists"))

    assert call(server, "POST", MGET, {"ids": ["a"]}).reason == "no such index [things]"
    assert call(server, "PUT", "/things", {}).error["type"] == "resource_already_exists_exception"


def test_ignored_document_write_changes_nothing(server: Simulator) -> None:
    server.seed("a")
    server.seed_document("things", "a", {"n": 1})
    server.faults.add(Fault("ignore", times=2))

    assert call(server, "PUT", DOCUMENT, {"n": 2}).json["result"] == "updated"
    assert call(server, "DELETE", "/things").json == {"acknowledged": True}
    assert server.documents("things") == {"a": {"n": 1}}


def test_documents_are_copied_when_read_and_seeded(server: Simulator) -> None:
    source = {"n": {"m": 1}}
    server.seed_document("things", "a", source)
    source["n"]["m"] = 2
    server.documents("things")["a"]["n"]["m"] = 3

    assert server.documents("things") == {"a": {"n": {"m": 1}}}
    assert server.indices == {"things": {"a": {"n": {"m": 1}}}}
    server.remove_index("things")
    server.remove_index("things")
    assert server.indices == {}


def test_endpoints_and_indices_are_cleared_separately(server: Simulator) -> None:
    server.seed("a")
    server.seed_document("things", "a", {})
    server.clear_endpoints()
    assert server.indices == {"things": {"a": {}}}

    server.seed("a")
    server.clear_indices()
    assert server.indices == {}
    assert "a" in server.endpoints


def test_control_seeds_reads_and_clears_documents(server: Simulator) -> None:
    assert call(server, "PUT", "/_simulator/indices/things/a", {"n": 1}).json == {"acknowledged": True}
    assert call(server, "GET", "/_simulator/indices").json == {"indices": {"things": {"a": {"n": 1}}}}
    assert call(server, "PUT", "/_simulator/indices/things/a", [1]).status == 400

    call(server, "DELETE", "/_simulator/indices")
    assert server.indices == {}
    assert server.requests == []


def test_official_client_handles_documents(client: Elasticsearch, server: Simulator) -> None:
    mappings: dict[str, Any] = {"dynamic": "strict", "properties": {"hash": {"type": "keyword", "index": False}}}
    assert client.indices.create(index="things", mappings=mappings)["acknowledged"] is True
    assert client.indices.get_mapping(index="things")["things"]["mappings"] == mappings
    assert client.indices.exists(index="things")
    assert not client.indices.exists(index="others")

    first = client.index(index="things", id="a", document={"hash": "x"}, refresh=True)
    assert (first["result"], first["_version"]) == ("created", 1)
    many = client.mget(index="things", ids=["a", "b"])
    assert [one["found"] for one in many["docs"]] == [True, False]
    assert client.get(index="things", id="a")["_source"] == {"hash": "x"}
    with pytest.raises(elasticsearch.ConflictError, match="version_conflict_engine_exception"):
        client.create(index="things", id="a", document={"hash": "y"})
    with pytest.raises(elasticsearch.BadRequestError, match="strict_dynamic_mapping_exception"):
        client.index(index="things", id="b", document={"other": "x"})
    assert client.delete(index="things", id="a")["result"] == "deleted"
    with pytest.raises(elasticsearch.NotFoundError):
        client.get(index="things", id="a")

    client.indices.delete(index="things")
    client.indices.delete(index="things", ignore_unavailable=True)
    assert server.indices == {}
    assert server.connections == 1
