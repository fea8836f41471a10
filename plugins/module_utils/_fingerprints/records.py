# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of the secrets that were last sent to an endpoint, as slow salted hashes.

Elasticsearch never returns secrets, so the fingerprints are the only way to detect a new one. A record is invalidated
before secrets are sent, and saved after the server has accepted them. If a run ends in between, the secrets are treated
as unknown, and the next run sends them. Imported only by runs that use fingerprints. Private to the collection.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import re
from datetime import datetime, timezone
from typing import Any, Callable, Collection, Dict, Iterable, Mapping, Protocol, Sequence

from .._elasticsearch.client import VERSION
from .._elasticsearch.errors import Refused
from .._inference.endpoint import Endpoint
from .._services.service import Service

#: Cost of a hash: 4 MiB and some milliseconds, so that 100 hashes with different salts take less than 2 seconds.
#: It protects random keys of about 100 characters, which cannot be guessed at any cost.
COST = {"n": 2**12, "r": 8, "p": 1}

#: Accepted costs. A record with any other cost is rejected, because its verification could exhaust time or memory.
_ALLOWED_COST: dict[str, Collection[int]] = {
    "n": [2**power for power in range(1, 16)],
    "r": range(1, 9),
    "p": range(1, 5),
}

Record = Dict[str, Any]

#: Version of a stored record. A later write can require that the record still has it.
RecordVersion = Dict[str, Any]

#: Secrets of an endpoint by dotted path.
Secrets = Mapping[str, Any]


class ConflictError(Exception):
    """A conflict with another run that has changed the record."""


class Store(Protocol):
    """Interface of the fingerprint stores. All methods can raise ClientError or Refused."""

    def read(self, inference_ids: Sequence[str]) -> dict[str, Record | None]:
        """Return the record of each endpoint, or None if it has no record."""

    def write(self, record: Record, expected: RecordVersion | None = None) -> RecordVersion:
        """Create or replace a record, and return its version.

        :param expected: the version that the stored record must have.
        :raises ConflictError: if the stored record has another version.
        """

    def delete(self, inference_id: str) -> None:
        """Delete the record if it exists."""


class Fingerprints:
    """Comparison of secrets with those that were last sent to an endpoint.

    :param services: returns the service with a name. It defines which settings cannot be updated in place.
    """

    def __init__(self, store: Store, services: Callable[[str], Service]) -> None:
        self._store = store
        self._services = services
        self._records: dict[str, Record | None] = {}
        self._salts: dict[str, str] = {}
        self._versions: dict[str, RecordVersion] = {}

    def read(self, inference_ids: Iterable[str]) -> None:
        """Read the records of several endpoints with one request.

        :raises Refused: if a record was not written by this collection.
        """
        wanted = [inference_id for inference_id in inference_ids if inference_id not in self._records]
        if not wanted:
            return
        for inference_id, record in self._store.read(wanted).items():
            if record is not None and not _is_record(record, inference_id):
                raise Refused(
                    f"The stored fingerprint of inference endpoint {inference_id} was not written by this collection. "
                    "Nothing was changed. Hint: delete it from the fingerprint store, or use a different "
                    "fingerprint_index or fingerprint_file."
                )
            self._records[inference_id] = record

    def is_new(self, secrets: Secrets, endpoint: Endpoint) -> bool:
        """Return whether the secrets differ from those of the endpoint, or those of the endpoint are unknown."""
        record = self._matching_record(endpoint)
        if record is None:
            return True
        text = _serialize(secrets)
        found = _hash(text, record["salt"], **record["scrypt"])
        if not hmac.compare_digest(found, record["hash"]):
            return True
        if record["scrypt"] == COST:
            self._salts[text] = record["salt"]
        return False

    def last_sent(self, endpoint: Endpoint) -> dict[str, str] | None:
        """Return the time when secrets were last sent and the version of the collection, or None if it is unknown."""
        record = self._matching_record(endpoint)
        return {name: str(record.get(name)) for name in ("sent_at", "version")} if record else None

    def invalidate(self, secrets: Secrets, inference_id: str) -> None:
        """Invalidate the record before secrets are sent. This also proves that the store is writable."""
        self._hash_secrets(secrets)
        self.read([inference_id])
        self._versions[inference_id] = self._write(_empty_record(inference_id))

    def save(self, secrets: Secrets, endpoint: Endpoint) -> None:
        """Save the fingerprint after the server has accepted the secrets.

        :param endpoint: the endpoint as it is stored now.
        :raises Refused: if another run sent secrets at the same time, because it is unknown which were stored last.
        """
        record = {
            **_empty_record(endpoint.inference_id),
            "sent_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "identity": self._compute_identity(endpoint),
            **self._hash_secrets(secrets),
        }
        try:
            self._write(record, self._versions.pop(endpoint.inference_id))
        except ConflictError:
            self._write(_empty_record(endpoint.inference_id))
            raise Refused(
                f"Another run set the credentials of inference endpoint {endpoint.inference_id} at the same time."
            ) from None

    def delete(self, inference_id: str) -> None:
        """Delete the record before its endpoint is deleted."""
        self.read([inference_id])
        if self._records[inference_id] is not None:
            self._store.delete(inference_id)
            self._records[inference_id] = None

    def _hash_secrets(self, secrets: Secrets) -> Record:
        """Return the salted hash of secrets. Endpoints with the same secrets share the salt, and therefore the hash."""
        text = _serialize(secrets)
        salt = self._salts.setdefault(text, os.urandom(16).hex())
        return {"salt": salt, "hash": _hash(text, salt, **COST), "scrypt": COST}

    def _write(self, record: Record, expected: RecordVersion | None = None) -> RecordVersion:
        version = self._store.write(record, expected)
        self._records[record["inference_id"]] = record
        return version

    def _matching_record(self, endpoint: Endpoint) -> Record | None:
        """Return the record, or None if it has no hash or belongs to a previous endpoint with the same ID."""
        self.read([endpoint.inference_id])
        record = self._records[endpoint.inference_id]
        return (
            record if record and "hash" in record and record["identity"] == self._compute_identity(endpoint) else None
        )

    def _compute_identity(self, endpoint: Endpoint) -> str:
        """Return a digest of everything that cannot be updated in place. It changes if the endpoint is re-created."""
        service = self._services(endpoint.service)
        fixed = {path: value for path, value in endpoint.settings.items() if service.is_fixed(path)}
        text = json.dumps([endpoint.service, endpoint.task_type, fixed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _serialize(secrets: Secrets) -> str:
    """Return the string to hash. It contains the paths, because one value can be used for different credentials."""
    return json.dumps(sorted(secrets.items()), sort_keys=True)


def _empty_record(inference_id: str) -> Record:
    """Return a unique record without a hash, which means that the secrets are unknown."""
    return {"inference_id": inference_id, "version": VERSION, "run": os.urandom(16).hex()}


def _is_record(record: Any, inference_id: str) -> bool:
    if not isinstance(record, dict) or record.get("inference_id") != inference_id:
        return False
    if "hash" not in record:
        return True
    cost = record.get("scrypt")
    texts = all(_is_hexadecimal(record.get(name)) for name in ("identity", "salt", "hash"))
    return texts and isinstance(cost, dict) and cost.keys() == COST.keys() and all(map(_is_allowed_cost, cost.items()))


def _is_hexadecimal(text: Any) -> bool:
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{32,64}", text) is not None


def _is_allowed_cost(part: tuple[str, Any]) -> bool:
    name, value = part
    return isinstance(value, int) and value in _ALLOWED_COST[name]


@functools.lru_cache(maxsize=None)
def _hash(text: str, salt: str, n: int, r: int, p: int) -> str:
    """Return the scrypt hash of a string.

    :raises Refused: if the OpenSSL of Python does not support scrypt, as in FIPS mode.
    """
    try:
        raw = hashlib.scrypt(text.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2**26, dklen=32)
    except (AttributeError, ValueError) as error:
        raise Refused(
            f"update_secrets=when_changed requires scrypt, which Python on this host does not support: {error}. "
            "Nothing was changed. Hint: set update_secrets=always, which does not require it."
        ) from None
    return raw.hex()
