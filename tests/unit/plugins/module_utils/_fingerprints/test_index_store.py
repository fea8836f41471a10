# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the responses to the fingerprint store in an index. The tests of modules cover its requests."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ApiError, UnreadableResponse
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.index_store import IndexStore
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.records import ConflictError
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Server

RECORD = {"inference_id": "a", "run": "1", "salt": "5a17" * 8, "hash": "4a54" * 16}
STORED_VERSION = {"if_seq_no": "3", "if_primary_term": "1"}


class StubClient:
    """A stub of a client that returns these responses in order, and raises those that are errors."""

    def __init__(self, *responses: Any) -> None:
        self._responses = list(responses)
        self.requests: list[tuple[Any, ...]] = []

    def request_with_retries(self, *request: Any) -> Any:
        self.requests.append(request)
        response = self._responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response


def store(*responses: Any, version: str = "Elasticsearch") -> tuple[IndexStore, StubClient]:
    client = StubClient(*responses)
    return IndexStore(cast(Client, client), "prints", lambda: Server((9, 6), version)), client


def error(status: int, kind: str = "some_exception", reason: str = "why", **more: Any) -> ApiError:
    return ApiError(f"failed: {reason}", "PUT", "/x", "", status, kind, reason, **more)


def found(record: dict[str, Any] | None, inference_id: str = "a") -> dict[str, Any]:
    source = {} if record is None else {"_source": record}
    return {"docs": [{"_id": inference_id, "found": record is not None, **source}]}


MISSING = {"docs": [{"_id": "a", "error": {"type": "index_not_found_exception", "reason": "no such index"}}]}
WRITTEN = {"_seq_no": 3, "_primary_term": 1}


class TestRead:
    @pytest.mark.parametrize("record", [RECORD, None])
    def test_stored_record_is_returned(self, record: dict[str, Any] | None) -> None:
        assert store(found(record))[0].read(["a"]) == {"a": record}

    def test_document_without_source_is_returned_as_empty_record(self) -> None:
        assert store({"docs": [{"_id": "a", "found": True}]})[0].read(["a"]) == {"a": {}}

    @pytest.mark.parametrize("response", [[], {}, {"docs": [1]}, {"docs": [{"_id": "a"}]}, {"docs": []}])
    def test_unexpected_response_is_an_error(self, response: Any) -> None:
        with pytest.raises(UnreadableResponse, match="not that of a multi-get"):
            store(response)[0].read(["a"])

    def test_error_of_a_document_is_raised(self) -> None:
        refused = {"docs": [{"_id": "a", "error": {"type": "security_exception", "reason": "no"}}]}
        with pytest.raises(ApiError, match="grant the index privilege read on prints"):
            store(refused)[0].read(["a"])


class TestWrite:
    def test_version_of_record_is_required_by_next_write(self) -> None:
        index, client = store(WRITTEN, WRITTEN)
        assert index.write(RECORD) == STORED_VERSION
        index.write(RECORD, STORED_VERSION)
        assert client.requests == [
            ("PUT", "/prints/_doc/a", None, RECORD),
            ("PUT", "/prints/_doc/a", STORED_VERSION, RECORD),
        ]

    def test_version_conflict_raises_conflict_error(self) -> None:
        with pytest.raises(ConflictError):
            store(error(409))[0].write(RECORD, STORED_VERSION)

    def test_conflict_with_own_first_attempt_is_success(self) -> None:
        index, _client = store(error(409, retried=True), found(RECORD))
        assert index.write(RECORD, STORED_VERSION) == STORED_VERSION

    def test_conflict_of_retry_with_other_record_raises_conflict_error(self) -> None:
        index, _client = store(error(409, retried=True), found({**RECORD, "run": "2"}))
        with pytest.raises(ConflictError):
            index.write(RECORD, STORED_VERSION)

    def test_error_contains_neither_salt_nor_hash(self) -> None:
        reason = f"failed to parse field [hash], value: '{RECORD['hash']}', salt: '{RECORD['salt']}'"
        with pytest.raises(ApiError) as raised:
            store(error(400, reason=reason))[0].write(RECORD)
        assert str(raised.value) == (
            "PUT /x: failed: failed to parse field [hash], value: '(hidden)', salt: '(hidden)'"
        )
        assert raised.value.failure["reason"] == "failed to parse field [hash], value: '(hidden)', salt: '(hidden)'"

    def test_missing_privilege_is_reported(self) -> None:
        with pytest.raises(ApiError, match="grant the index privilege index on prints"):
            store(error(403, "security_exception"))[0].write(RECORD)

    @pytest.mark.parametrize("response", [{}, [], None, {"_seq_no": 1}])
    def test_unexpected_response_is_an_error(self, response: Any) -> None:
        with pytest.raises(UnreadableResponse, match="not that of an index request"):
            store(response)[0].write(RECORD)


class TestCreation:
    def test_missing_index_is_created_once(self) -> None:
        index, client = store(MISSING, {}, WRITTEN, WRITTEN)
        assert index.read(["a"]) == {"a": None}
        index.write(RECORD)
        index.write(RECORD)
        assert [request[:2] for request in client.requests[1:]] == [
            ("PUT", "/prints"),
            ("PUT", "/prints/_doc/a"),
            ("PUT", "/prints/_doc/a"),
        ]

    def test_index_created_by_another_run_is_used(self) -> None:
        index, _client = store(MISSING, error(400, "resource_already_exists_exception"), WRITTEN)
        index.read(["a"])
        assert index.write(RECORD) == STORED_VERSION

    def test_index_is_created_without_settings_if_server_rejects_them(self) -> None:
        index, client = store(MISSING, error(400, "illegal_argument_exception"), {}, WRITTEN)
        index.read(["a"])
        assert index.write(RECORD) == STORED_VERSION
        assert [list(request[3]) for request in client.requests[1:3]] == [["mappings", "settings"], ["mappings"]]

    def test_other_error_is_raised(self) -> None:
        index, _client = store(MISSING, error(403, "security_exception"))
        index.read(["a"])
        with pytest.raises(ApiError, match="grant the index privilege create_index on prints"):
            index.write(RECORD)


class TestDelete:
    def test_delete_of_missing_record_succeeds(self) -> None:
        store(error(404))[0].delete("a")

    def test_other_error_is_raised(self) -> None:
        with pytest.raises(ApiError):
            store(error(500))[0].delete("a")
