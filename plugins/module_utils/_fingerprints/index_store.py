# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprint store in an index of the cluster. Private to the collection."""

from __future__ import annotations

import threading
from typing import Any, Callable, Sequence
from urllib.parse import quote

from .._elasticsearch.client import Client
from .._elasticsearch.errors import ApiError, UnreadableResponse
from .._inference.endpoint import Server
from .records import COST, ConflictError, Record, RecordVersion

_TEXT = {"type": "keyword", "index": False, "doc_values": False}

#: Mappings of the index. Elasticsearch rejects any other field.
MAPPINGS = {
    "dynamic": "strict",
    "_meta": {"managed_by": "the Ansible collection esops.inference"},
    "properties": {
        "inference_id": {"type": "keyword"},
        "version": {"type": "keyword"},
        "sent_at": {"type": "date"},
        "run": _TEXT,
        "identity": _TEXT,
        "salt": _TEXT,
        "hash": _TEXT,
        "scrypt": {"properties": {name: {"type": "integer", "index": False} for name in COST}},
    },
}


class IndexStore:
    """A fingerprint store in an index, with one document per endpoint.

    :param server: returns the response to C(GET /). Only called to create the index.
    """

    def __init__(self, client: Client, index: str, server: Callable[[], Server]) -> None:
        self._client = client
        self._server = server
        self._index = index
        self._path = "/" + quote(index, safe="")
        self._is_missing = False
        self._creating = threading.Lock()

    def read(self, inference_ids: Sequence[str]) -> dict[str, Record | None]:
        path = f"{self._path}/_mget"
        answer = self._request("POST", path, {"ids": list(inference_ids)}, privilege="read")
        try:
            documents = {document["_id"]: document for document in answer["docs"]}
            return {inference_id: self._get_source(documents[inference_id], path) for inference_id in inference_ids}
        except (AttributeError, KeyError, TypeError):
            raise UnreadableResponse("The response is not that of a multi-get.", "POST", path, status=200) from None

    def _get_source(self, document: Any, path: str) -> Record | None:
        error = document.get("error")
        if error is None:
            # A document without a source is not a valid record, but it exists.
            return document.get("_source", {}) if document["found"] else None
        if error["type"] != "index_not_found_exception":
            hint = self._privilege_hint("read") if error["type"] == "security_exception" else ""
            raise ApiError(f"failed: {error['reason']}", "POST", path, hint, None, error["type"], error["reason"])
        self._is_missing = True
        return None

    def write(self, record: Record, expected: RecordVersion | None = None) -> RecordVersion:
        self._create_if_missing()
        path = self._document_path(record["inference_id"])
        try:
            answer = self._request("PUT", path, record, expected, privilege="index")
        except ApiError as error:
            if expected and error.status == 409:
                if error.retried and self.read([record["inference_id"]])[record["inference_id"]] == record:
                    return expected  # The first attempt succeeded, but its response was lost.
                raise ConflictError from None
            raise _hide_hashes(error, record) from None
        return _parse_version(answer, path)

    def delete(self, inference_id: str) -> None:
        try:
            self._request("DELETE", self._document_path(inference_id), privilege="delete")
        except ApiError as error:
            if error.status != 404:
                raise

    def _create_if_missing(self) -> None:
        with self._creating:
            if self._is_missing:
                self._create()
                self._is_missing = False

    def _create(self) -> None:
        body: dict[str, Any] = {"mappings": MAPPINGS}
        if not self._server().is_serverless:
            # A fixed number of replicas would turn the health of a single-node cluster yellow.
            # Serverless manages replicas itself.
            body["settings"] = {"index": {"auto_expand_replicas": "0-1", "hidden": True}}
        try:
            self._request("PUT", self._path, body, privilege="create_index")
        except ApiError as error:
            if error.error_type == "illegal_argument_exception" and "settings" in body:
                # Serverless that was not recognized, or another server that rejects index settings.
                self._request("PUT", self._path, {"mappings": MAPPINGS}, privilege="create_index")
            elif error.error_type != "resource_already_exists_exception":
                raise

    def _document_path(self, inference_id: str) -> str:
        return f"{self._path}/_doc/{quote(inference_id, safe='')}"

    def _request(
        self, method: str, path: str, body: Record | None = None, query: RecordVersion | None = None, *, privilege: str
    ) -> Any:
        try:
            return self._client.request_with_retries(method, path, query, body)
        except ApiError as error:
            if error.error_type == "security_exception" and error.status == 403:
                raise error.replace(hint=self._privilege_hint(privilege)) from None
            raise

    def _privilege_hint(self, privilege: str) -> str:
        return (
            f"grant the index privilege {privilege} on {self._index}. update_secrets=when_changed requires the index "
            "privileges create_index, read, index, and delete."
        )


def _parse_version(answer: Any, path: str) -> RecordVersion:
    """Return the version of a written record, as a query that makes the next write fail if the record has changed."""
    try:
        return {"if_seq_no": str(answer["_seq_no"]), "if_primary_term": str(answer["_primary_term"])}
    except (KeyError, TypeError):
        raise UnreadableResponse("The response is not that of an index request.", "PUT", path, status=200) from None


def _hide_hashes(error: ApiError, record: Record) -> ApiError:
    """Hide the salt and the hash, which the server quotes if the index has unexpected mappings."""
    problem, reason = error.problem, error.reason or ""
    for quoted in (record[name] for name in ("salt", "hash") if name in record):
        problem, reason = problem.replace(quoted, "(hidden)"), reason.replace(quoted, "(hidden)")
    return error.replace(problem=problem, reason=reason)
