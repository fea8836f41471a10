# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Index, read and delete documents."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from . import jsontext
from .errors import ApiError, PlainError, illegal_argument, invalid
from .index_store import (
    PRIMARY_TERM,
    Condition,
    Index,
    IndexStore,
    StoredDocument,
    invalid_name,
    no_write_target,
    write_blocked,
)
from .indices import check_name
from .mappings import Incoming
from .messages import Answer, Request
from .privileges import authorize_index, authorize_somewhere
from .routes import Call, Route

LONGEST_ID = 512
WHOLE = re.compile(r"[+-]?\d+")
READ_PARAMETERS = frozenset({"preference", "realtime", "refresh"})
WRITE_PARAMETERS = frozenset({"if_primary_term", "if_seq_no", "refresh", "timeout"})
INDEX_PARAMETERS = WRITE_PARAMETERS | {"op_type", "require_alias"}
OF_SOURCE = frozenset({"_source", "_source_excludes", "_source_exclude_vectors", "_source_includes", "stored_fields"})
OTHER_WRITE = frozenset({"routing", "version", "version_type", "wait_for_active_shards"})
OTHER_INDEX = OTHER_WRITE | {"include_source_on_error", "pipeline", "require_data_stream"}
OTHER_READ = OF_SOURCE | {"routing", "version", "version_type"}
OTHER_MGET = OF_SOURCE | {"routing", "source", "source_content_type"}


@dataclass(frozen=True)
class Documents:
    """The handlers of `/{index}/_doc` and `/{index}/_mget`. `auto_create` is `action.auto_create_index`."""

    indices: IndexStore
    auto_create: bool = True

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of requests about documents."""
        path = "/{index}/_doc/{id}"
        return (
            self._write("PUT", path, self.index),
            self._write("POST", path, self.index),
            self._write("POST", "/{index}/_doc", self.index),
            self._write("PUT", "/{index}/_create/{id}", self.create),
            self._write("POST", "/{index}/_create/{id}", self.create),
            Route("GET", path, "", "", self.read, READ_PARAMETERS, unsimulated=OTHER_READ),
            Route("HEAD", path, "", "", self.exists, READ_PARAMETERS, unsimulated=OTHER_READ),
            Route("DELETE", path, "", "", self.delete, WRITE_PARAMETERS, unsimulated=OTHER_WRITE),
            self._mget("GET"),
            self._mget("POST"),
        )

    def _write(self, method: str, path: str, handle: Callable[[Call], Answer]) -> Route:
        return Route(method, path, "", "", handle, INDEX_PARAMETERS, takes_body=True, unsimulated=OTHER_INDEX)

    def _mget(self, method: str) -> Route:
        return Route(
            method,
            "/{index}/_mget",
            "",
            "",
            self.read_many,
            READ_PARAMETERS,
            takes_body=True,
            missing_body="request body or source parameter is required",
            unsimulated=OTHER_MGET,
        )

    def index(self, call: Call) -> Answer:
        """Answer `PUT /{index}/_doc/{id}`, and create a missing index (`RestIndexAction`, `TransportBulkAction`)."""
        default = "index" if "id" in call.variables else "create"
        return self._index(call, call.request.query.get("op_type", default))

    def create(self, call: Call) -> Answer:
        """Answer `PUT /{index}/_create/{id}`."""
        asked = call.request.query.get("op_type", "create")
        if asked.lower() != "create":
            raise illegal_argument(f"opType must be 'create', found: [{asked}]")
        return self._index(call, asked)

    def _index(self, call: Call, asked: str) -> Answer:
        name, operation = call.variables["index"], _operation(asked)
        document_id = call.variables.get("id") or _new_id()
        condition = _condition(call.request, create=operation == "create")
        forced, alias = _forced_refresh(call.request), call.request.flag("require_alias")
        _check(condition, document_id)
        authorize_index(call.identity, "indices:data/write/index", name)
        if alias:
            raise no_write_target(name, f"[require_alias] request flag is [true] and [{name}] is not an alias")
        self._make(call, name)
        index = self._writable(name)
        authorize_index(call.identity, f"indices:data/write/index:op_type/{operation}", name)
        incoming = Incoming(document_id, call.request.content)
        source = incoming.parsed()
        document, created = self.indices.write(
            name, document_id, source, condition, lambda mappings: incoming.mapped(mappings, source)
        )
        location = (("Location", f"/{quote_plus(name)}/_doc/{quote_plus(document_id)}"),) if created else ()
        result = "created" if created else "updated"
        body = _written(index, document_id, document, result, forced)
        return Answer(201 if created else 200, body, headers=location)

    def _make(self, call: Call, name: str) -> None:
        if self.indices.exists(name):
            return
        if not self.auto_create:
            raise no_write_target(name, "[action.auto_create_index] is [false]")
        authorize_index(call.identity, "indices:admin/auto_create", name)
        check_name(name)
        self.indices.ensure(name)

    def _writable(self, name: str) -> Index:
        index = self.indices.get(name)
        if index.settings.get("index.blocks.write") == "true":
            raise write_blocked(name)
        return index

    def read(self, call: Call) -> Answer:
        """Answer `GET /{index}/_doc/{id}`."""
        name, document_id = call.variables["index"], call.variables["id"]
        _check_flags(call.request)
        authorize_index(call.identity, "indices:data/read/get", name)
        body = self._read(name, document_id)
        return Answer(200 if body["found"] else 404, body)

    def exists(self, call: Call) -> Answer:
        """Answer `HEAD /{index}/_doc/{id}`: the status of a `GET` without a body."""
        return Answer(self.read(call).status, b"", "text/plain")

    def delete(self, call: Call) -> Answer:
        """Answer `DELETE /{index}/_doc/{id}`. Deleting a missing document also increases the sequence number."""
        name, document_id = call.variables["index"], call.variables["id"]
        condition, forced = _condition(call.request), _forced_refresh(call.request)
        _check(condition)
        authorize_index(call.identity, "indices:data/write/delete", name)
        index = self._writable(name)
        document, there = self.indices.delete_document(name, document_id, condition)
        result = "deleted" if there else "not_found"
        body = _written(index, document_id, document, result, forced)
        return Answer(200 if there else 404, body)

    def read_many(self, call: Call) -> Answer:
        """Answer `POST /{index}/_mget`. Errors of single documents are part of the 200 (`TransportMultiGetAction`).

        This includes a missing index.
        """
        name, ids = call.variables["index"], _ids(call)
        _check_flags(call.request)
        authorize_somewhere(call.identity, "indices:data/read/mget")
        return Answer(200, {"docs": [self._read_one_of_many(call, name, document_id) for document_id in ids]})

    def _read_one_of_many(self, call: Call, name: str, document_id: str) -> dict[str, Any]:
        try:
            body = self._read(name, document_id)
            authorize_index(call.identity, "indices:data/read/mget[shard]", name)
        except ApiError as refusal:
            return {"_index": name, "_id": document_id, "error": refusal.body()["error"]}
        return body

    def _read(self, name: str, document_id: str) -> dict[str, Any]:
        if name.startswith("_"):
            raise invalid_name(name, "must not start with '_'.")
        document = self.indices.read(name, document_id)
        if document is None:
            return {"_index": name, "_id": document_id, "found": False}
        return {
            "_index": name,
            "_id": document_id,
            "_version": document.version,
            "_seq_no": document.seq_no,
            "_primary_term": PRIMARY_TERM,
            "found": True,
            "_source": document.source,
        }


def _written(index: Index, document_id: str, document: StoredDocument, result: str, forced: bool) -> dict[str, Any]:
    return {
        "_index": index.name,
        "_id": document_id,
        "_version": document.version,
        "result": result,
        **({"forced_refresh": True} if forced else {}),
        "_shards": {"total": index.copies, "successful": 1, "failed": 0},
        "_seq_no": document.seq_no,
        "_primary_term": PRIMARY_TERM,
    }


def _new_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(15)).decode()


def _operation(asked: str) -> str:
    operation = asked.lower()
    if operation in ("update", "delete"):
        raise illegal_argument(f"opType must be 'create' or 'index', found: [{operation}]")
    if operation not in ("index", "create"):
        raise illegal_argument(f"Unknown opType: [{asked}]")
    return operation


def _condition(request: Request, *, create: bool = False) -> Condition:
    seq_no, primary_term = _long(request, "if_seq_no"), _long(request, "if_primary_term")
    if seq_no is not None and seq_no < 0:
        raise illegal_argument(f"sequence numbers must be non negative. got [{seq_no}].")
    if primary_term is not None and primary_term < 0:
        raise illegal_argument(f"primary term must be non negative. got [{primary_term}]")
    return Condition(create, seq_no, primary_term or None)


def _long(request: Request, name: str) -> int | None:
    value = request.query.get(name)
    if value is None:
        return None
    if not WHOLE.fullmatch(value):
        raise illegal_argument(f"Failed to parse long parameter [{name}] with value [{value}]")
    return int(value)


def _check(condition: Condition, document_id: str = "") -> None:
    """Reject parameters that are invalid on their own (`IndexRequest.validate`, `DocWriteRequest`). Raises ApiError."""
    seq_no, primary_term = condition.seq_no, condition.primary_term
    problems = []
    if condition.create and (seq_no, primary_term) != (None, None):
        problems = ["create operations do not support compare and set. use index instead"]
    else:
        if seq_no is not None and primary_term is None:
            problems.append("ifSeqNo is set, but primary term is [0]")
        if seq_no is None and primary_term is not None:
            problems.append(f"ifSeqNo is unassigned, but primary term is [{primary_term}]")
        size = len(document_id.encode())
        if size > LONGEST_ID:
            limit = f"must be no longer than {LONGEST_ID} bytes but was: {size}"
            problems.append(f"id [{document_id}] is too long, {limit}")
    if problems:
        raise invalid(problems, "action_request_validation_exception")


def _forced_refresh(request: Request) -> bool:
    value = request.query.get("refresh", "false")
    if value not in ("", "true", "false", "wait_for"):
        raise illegal_argument(f"Unknown value for refresh: [{value}].")
    return value in ("", "true")


def _check_flags(request: Request) -> None:
    for name in ("realtime", "refresh"):
        request.flag(name)


def _ids(call: Call) -> list[str]:
    """Return the IDs that an `_mget` requests (`MultiGetRequest.add`). Raises RejectedError."""
    found: list[str] = []
    for name, value in call.json_object().items():
        if name == "docs":
            raise PlainError(501, "this simulator supports only [ids] in an _mget, not [docs]")
        if not isinstance(value, list):
            token = "START_OBJECT" if isinstance(value, dict) else f"VALUE_{_token(value)}"
            raise _unparsable(f"unexpected token [{token}], expected [FIELD_NAME] or [START_ARRAY]")
        if name != "ids":
            raise _unparsable(f"unknown key [{name}] for a START_ARRAY, expected [docs] or [ids]")
        found = [_id(item) for item in value]
    if not found:
        raise invalid(["no documents to get"], "action_request_validation_exception")
    return found


def _token(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).upper().replace("NONE", "NULL")
    return "STRING" if isinstance(value, str) else "NUMBER"


def _unparsable(reason: str) -> ApiError:
    return ApiError(400, "parsing_exception", reason)


def _id(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        raise illegal_argument("ids array element should only contain ids")
    return jsontext.java_text(value)
