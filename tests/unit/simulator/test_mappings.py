# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of invalid mappings, and of documents that the mappings of an index reject."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import Reply, call

FIELDS = {
    "k": {"type": "keyword"},
    "t": {"type": "text"},
    "d": {"type": "date"},
    "i": {"type": "integer"},
    "l": {"type": "long"},
    "f": {"type": "float"},
    "b": {"type": "boolean"},
    "x": {"type": "binary"},
    "o": {"properties": {"k": {"type": "keyword"}}},
    "off": {"type": "object", "enabled": False},
    "own": {"dynamic": "true", "properties": {}},
}


@pytest.fixture
def strict(server: Simulator) -> Simulator:
    reply = call(server, "PUT", "/things", {"mappings": {"dynamic": "strict", "properties": FIELDS}})
    assert reply.status == 200
    return server


def put(server: Simulator, body: object) -> Reply:
    return call(server, "PUT", "/things/_doc/1", body)


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"k": "a", "t": "a b", "d": "2026-11-22", "i": 1, "l": 2**40, "f": 0.5, "b": True, "x": "aGk="},
        {"k": 5, "t": True, "d": 1700000000000, "i": "7", "l": "8", "f": "1.5", "b": "false", "o": {"k": "a"}},
        {"k": ["a", "b"], "d": "2026-11-22T10:11:12.123456Z", "i": 1.9, "o": [{"k": "a"}, {}], "off": {"z": 1}},
        {"k": None, "d": None, "i": [], "o": None, "own": {"new": {"deep": 1}}},
        {"d": ["2026", "2026-11", "1700000000000", "2026-11-22T10:11:12+01:00"]},
    ],
)
def test_documents_that_match_the_mappings_are_accepted(strict: Simulator, source: dict[str, Any]) -> None:
    assert put(strict, source).status == 201
    assert strict.documents("things") == {"1": source}


@pytest.mark.parametrize(
    ("body", "place", "name", "parent"),
    [
        (b'{"new":1}', "1:8", "new", "_doc"),
        (b'{"k":"\xc3\xa9","new":{"a":1}}', "1:17", "new", "_doc"),
        (b'{"k": ["a", "b"],\n "new": null}', "2:9", "new", "_doc"),
        (b'{"o": [{"k":"a"}, {"new":[]}]}', "1:26", "new", "o"),
    ],
)
def test_strict_mappings_reject_new_fields(strict: Simulator, body: bytes, place: str, name: str, parent: str) -> None:
    reply = put(strict, body)

    assert (reply.status, reply.error["type"]) == (400, "strict_dynamic_mapping_exception")
    why = f"dynamic introduction of [{name}] within [{parent}] is not allowed"
    assert reply.reason == f"[{place}] mapping set to strict, {why}"
    assert strict.documents("things") == {}


TEXT = "Expected text at 1:6 but found START_OBJECT"
FORMAT = "strict_date_optional_time||epoch_millis"


@pytest.mark.parametrize(
    ("body", "place", "kind", "preview", "cause", "why"),
    [
        (b'{"k":{"a":1}}', "1:12", "keyword", "{a=1}", "illegal_argument_exception", TEXT),
        (b'{"t":{}}', "1:7", "text", "{}", "illegal_argument_exception", TEXT),
        (b'{"i":"abc"}', "1:6", "integer", "abc", "number_format_exception", 'For input string: "abc"'),
        (b'{"l":"abc"}', "1:6", "long", "abc", "illegal_argument_exception", 'For input string: "abc"'),
        (b'{"f":"abc"}', "1:6", "float", "abc", "number_format_exception", 'For input string: "abc"'),
        (b'{"i":{}}', "1:7", "integer", "{}", "illegal_argument_exception", "Cannot parse object as number"),
        (
            b'{"i":3000000000}',
            *("1:6", "integer", "3000000000", "illegal_argument_exception"),
            "Value [3000000000] is out of range for an integer",
        ),
        (
            b'{"b":["true","no"]}',
            *("1:14", "boolean", "no", "illegal_argument_exception"),
            "Failed to parse value [no] as only [true] or [false] are allowed.",
        ),
        (
            b'{"d":"22.11.2026"}',
            *("1:6", "date", "22.11.2026", "illegal_argument_exception"),
            f"failed to parse date field [22.11.2026] with format [{FORMAT}]",
        ),
        (
            b'{"d":"2026-02-30"}',
            *("1:6", "date", "2026-02-30", "illegal_argument_exception"),
            f"failed to parse date field [2026-02-30] with format [{FORMAT}]",
        ),
    ],
)
def test_values_of_wrong_type_are_rejected(
    strict: Simulator, body: bytes, place: str, kind: str, preview: str, cause: str, why: str
) -> None:
    reply = put(strict, body)

    name = body.decode()[2:3]
    assert (reply.status, reply.error["type"]) == (400, "document_parsing_exception")
    assert reply.reason == (
        f"[{place}] failed to parse field [{name}] of type [{kind}] in document with id '1'. "
        f"Preview of field's value: '{preview}'"
    )
    assert reply.error["root_cause"] == [{"type": "document_parsing_exception", "reason": reply.reason}]
    assert (reply.error["caused_by"]["type"], reply.error["caused_by"]["reason"]) == (cause, why)
    assert strict.documents("things") == {}


@pytest.mark.parametrize("body", [{"i": True}, {"f": False}, {"x": "no base64!"}, {"x": 5}, {"b": 5}])
def test_some_invalid_values_have_their_own_message(strict: Simulator, body: object) -> None:
    assert put(strict, body).error["type"] == "document_parsing_exception"


def test_value_instead_of_object_is_rejected(strict: Simulator) -> None:
    reply = put(strict, b'{"o":"a"}')

    assert (reply.status, reply.error["type"]) == (400, "document_parsing_exception")
    assert reply.reason == (
        "[1:6] object mapping for [o] tried to parse field [o] as object, but found a concrete value"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"k": "a"', "[1:10] failed to parse: [1:10] "),
        (b"[1]", "[1:1] Malformed content, must start with an object"),
        (b'{"k": "a", "k": "b"}', "[1:1] failed to parse: [1:1] Duplicate field 'k'"),
    ],
)
def test_invalid_documents_are_rejected(strict: Simulator, body: bytes, reason: str) -> None:
    reply = put(strict, body)

    assert (reply.status, reply.error["type"]) == (400, "document_parsing_exception")
    assert reply.reason.startswith(reason)


def test_document_without_body_is_rejected(strict: Simulator) -> None:
    reply = put(strict, None)

    assert (reply.status, reply.error["type"], reply.reason) == (400, "parse_exception", "request body is required")


def test_disabled_dynamic_mappings_ignore_new_fields(server: Simulator) -> None:
    call(server, "PUT", "/things", {"mappings": {"dynamic": False}})

    assert put(server, {"a": 1}).status == 201
    assert call(server, "GET", "/things/_mapping").json["things"]["mappings"] == {"dynamic": "false"}


def test_dynamic_mapping_applies_to_later_documents(server: Simulator) -> None:
    assert put(server, {"a": [None, 1], "b": {"c": "x"}, "e": {}, "n": None}).status == 201
    properties = call(server, "GET", "/things/_mapping").json["things"]["mappings"]["properties"]

    assert properties["a"] == {"type": "long"}
    assert properties["e"] == {"type": "object"}
    assert "n" not in properties
    assert put(server, {"a": "x"}).status == 400
    assert put(server, {"b": 1}).status == 400


@pytest.mark.parametrize(
    ("mappings", "problem"),
    [
        (
            {"properties": {"a": {"type": "string"}}},
            (
                "The mapper type [string] declared on field [a] does not exist. It might have been created within "
                "a future version or requires a plugin to be installed. Check the documentation."
            ),
        ),
        ({"properties": {"a": {}}}, "No type specified for field [a]"),
        (
            {"properties": {"a": {"type": "keyword", "indexed": True}}},
            "unknown parameter [indexed] on mapper [a] of type [keyword]",
        ),
        ({"propertys": {}}, "Root mapping definition has unsupported parameters:  [propertys : {}]"),
        ({"dynamic": "maybe"}, "Could not convert [_doc.dynamic] to boolean"),
    ],
)
def test_invalid_mappings_are_rejected(server: Simulator, mappings: object, problem: str) -> None:
    reply = call(server, "PUT", "/things", {"mappings": mappings})

    inner = {"type": "mapper_parsing_exception", "reason": problem}
    assert (reply.status, reply.error["type"]) == (400, "mapper_parsing_exception")
    assert reply.reason == f"Failed to parse mapping: {problem}"
    assert (reply.error["root_cause"], reply.error["caused_by"]) == ([inner], inner)
    assert server.indices == {}
