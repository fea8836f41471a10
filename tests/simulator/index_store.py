# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The indices of a server, and their documents."""

from __future__ import annotations

import base64
import copy
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import ApiError
from .mappings import inference_ids

PRIMARY_TERM = 1
ABSENT = (("index_uuid", "_na_"),)


@dataclass(frozen=True)
class StoredDocument:
    """A document. A deleted one stays as a tombstone, so that its version keeps increasing (`index.gc_deletes`)."""

    source: dict[str, Any]
    version: int
    seq_no: int
    deleted: bool = False


@dataclass(frozen=True)
class Condition:
    """The condition of a write: no document (`create`), or a document with this sequence number."""

    create: bool = False
    seq_no: int | None = None
    primary_term: int | None = None


@dataclass
class Index:
    """An index. `settings` are flat, and include only those that were set."""

    name: str
    mappings: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    documents: dict[str, StoredDocument] = field(default_factory=dict)
    operations: int = 0
    created: int = field(default_factory=lambda: int(time.time() * 1000))
    uuid: str = field(default_factory=lambda: base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="))

    @property
    def copies(self) -> int:
        """Return the number of shard copies of a write. With one node, replicas do not expand beyond the minimum."""
        expansion = self.settings.get("index.auto_expand_replicas", "false")
        if expansion != "false":
            return 1 + int(expansion.partition("-")[0])
        return 1 + int(self.settings.get("index.number_of_replicas", "1"))

    def live(self, document_id: str) -> StoredDocument | None:
        """Return the document, if it exists."""
        found = self.documents.get(document_id)
        return None if found is None or found.deleted else found

    def put(self, document_id: str, source: dict[str, Any], *, deleted: bool = False) -> StoredDocument:
        """Store a document, and replace one with the same ID."""
        before = self.documents.get(document_id)
        document = StoredDocument(source, before.version + 1 if before else 1, self.operations, deleted)
        self.documents[document_id] = document
        self.operations += 1
        return document

    def check(self, document_id: str, condition: Condition) -> None:
        """Reject a write whose condition is not met (`VersionConflictEngineException`). Raises ApiError (409)."""
        found = self.live(document_id)
        if condition.create and found:
            raise self._conflict(document_id, f"document already exists (current version [{found.version}])")
        if condition.seq_no is None:
            return
        required = f"required seqNo [{condition.seq_no}], primary term [{condition.primary_term}]."
        if found is None:
            raise self._conflict(document_id, f"{required} but no document was found")
        if (found.seq_no, PRIMARY_TERM) != (condition.seq_no, condition.primary_term):
            current = f"current document has seqNo [{found.seq_no}] and primary term [{PRIMARY_TERM}]"
            raise self._conflict(document_id, f"{required} {current}")

    def _conflict(self, document_id: str, explanation: str) -> ApiError:
        return ApiError(
            409,
            "version_conflict_engine_exception",
            f"[{document_id}]: version conflict, {explanation}",
            extra=(("index_uuid", self.uuid), ("shard", "0"), ("index", self.name)),
        )


class IndexStore:
    """The indices of one cluster. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._indices: dict[str, Index] = {}

    def reset(self) -> None:
        """Delete all indices."""
        with self._lock:
            self._indices = {}

    def copy(self) -> IndexStore:
        """Return an independent copy."""
        other = IndexStore()
        with self._lock:
            other._indices = {
                name: replace(index, documents=dict(index.documents)) for name, index in self._indices.items()
            }
        return other

    def snapshot(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return copies of all documents, by index and ID."""
        with self._lock:
            return {
                name: {
                    document_id: copy.deepcopy(document.source)
                    for document_id, document in index.documents.items()
                    if not document.deleted
                }
                for name, index in self._indices.items()
            }

    def using(self, inference_id: str) -> list[str]:
        """Return the sorted names of the indices whose mappings use an endpoint."""
        with self._lock:
            held = [(index.name, inference_ids(index.mappings)) for index in self._indices.values()]
        return sorted(name for name, used in held if inference_id in used)

    def exists(self, name: str) -> bool:
        """Return whether the index exists."""
        with self._lock:
            return name in self._indices

    def get(self, name: str) -> Index:
        """Return the index. Raises ApiError (404)."""
        with self._lock:
            return replace(self._found(name))

    def create(self, index: Index) -> None:
        """Store a new index. If two requests create it at the same time, the second one fails. Raises ApiError."""
        with self._lock:
            self._check_free(index.name)
            self._indices[index.name] = index

    def check_free(self, name: str) -> None:
        """Reject the name of an existing index. Raises ApiError."""
        with self._lock:
            self._check_free(name)

    def ensure(self, name: str) -> None:
        """Return the index of this name, which is created if it does not exist."""
        with self._lock:
            self._indices.setdefault(name, Index(name))

    def seed(self, name: str, document_id: str, source: dict[str, Any]) -> None:
        """Store a document without any checks. Create the index if it does not exist."""
        with self._lock:
            self._indices.setdefault(name, Index(name)).put(document_id, copy.deepcopy(source))

    def delete(self, name: str) -> None:
        """Delete the index and its documents. Raises ApiError (404)."""
        with self._lock:
            self._found(name)
            del self._indices[name]

    def read(self, name: str, document_id: str) -> StoredDocument | None:
        """Return the document, or None if it does not exist. Raises ApiError (404) if the index does not exist."""
        with self._lock:
            return self._found(name).live(document_id)

    def write(
        self,
        name: str,
        document_id: str,
        source: dict[str, Any],
        condition: Condition,
        mapped: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> tuple[StoredDocument, bool]:
        """Store a document. Return it, and whether it is new. Raises ApiError.

        `mapped` receives the mappings of the index and returns them with the new fields of the document.
        """
        with self._lock:
            index = self._found(name)
            index.mappings = mapped(index.mappings)
            index.check(document_id, condition)
            created = index.live(document_id) is None
            return index.put(document_id, source), created

    def delete_document(self, name: str, document_id: str, condition: Condition) -> tuple[StoredDocument, bool]:
        """Delete a document. Return its tombstone, and whether it existed. Raises ApiError."""
        with self._lock:
            index = self._found(name)
            index.check(document_id, condition)
            there = index.live(document_id) is not None
            return index.put(document_id, {}, deleted=True), there

    def _check_free(self, name: str) -> None:
        if name in self._indices:
            raise index_exists(name, self._indices[name].uuid)

    def _found(self, name: str) -> Index:
        if name not in self._indices:
            raise index_not_found(name)
        return self._indices[name]


def index_not_found(name: str) -> ApiError:
    """Return the 404 for a missing index (`IndexNameExpressionResolver.notFoundException`)."""
    resource = (("resource.type", "index_or_alias"), ("resource.id", name))
    extra = (*resource, *ABSENT, ("index", name))
    return ApiError(404, "index_not_found_exception", f"no such index [{name}]", extra=extra)


def no_write_target(name: str, why: str) -> ApiError:
    """Return the 404 for a write without an index (`AutoCreateIndex`, `TransportBulkAction`)."""
    extra = (*ABSENT, ("index", name))
    return ApiError(404, "index_not_found_exception", f"no such index [{name}] and {why}", extra=extra)


def index_exists(name: str, uuid: str) -> ApiError:
    """Return the error for creating an existing index (`ResourceAlreadyExistsException`)."""
    extra = (("index_uuid", uuid), ("index", name))
    return ApiError(400, "resource_already_exists_exception", f"index [{name}/{uuid}] already exists", extra=extra)


def write_blocked(name: str) -> ApiError:
    """Return the error of an index with `index.blocks.write` (`IndexMetadata.INDEX_WRITE_BLOCK`)."""
    reason = f"index [{name}] blocked by: [FORBIDDEN/8/index write (api)];"
    return ApiError(403, "cluster_block_exception", reason)


def invalid_name(name: str, why: str) -> ApiError:
    """Return the error for an invalid name (`InvalidIndexNameException`)."""
    extra = (*ABSENT, ("index", name))
    return ApiError(400, "invalid_index_name_exception", f"Invalid index name [{name}], {why}", extra=extra)
