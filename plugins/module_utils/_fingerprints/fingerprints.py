# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers which secret an endpoint was given last, as a slow salted hash, since no server returns it.

The records lie in an index of the cluster or in a file. A record is emptied before a secret is sent and written after
the server took it: where a run ends in between, the secret counts as unknown, and the next run sends it.
It is loaded only where such records are wanted. Private to the collection.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import json
import os
import re
import tempfile
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Collection, Dict, Iterable, Iterator, Mapping, Protocol, Sequence
from urllib.parse import quote

from .._elasticsearch.client import VERSION, Client
from .._elasticsearch.errors import ApiError, Refused, UnreadableAnswer
from .._inference.endpoint import Endpoint, Server
from .._services.service import Service

try:
    import fcntl
except ImportError:  # not on Windows, where modules of Ansible in Python do not run either
    fcntl = None  # type: ignore[assignment]

#: The cost of a hash: 4 MiB and some milliseconds, so that 100 with different salts take less than 2 seconds.
#: What it protects are random keys of about 100 characters, which nobody can guess at any cost.
COST = {"n": 2**12, "r": 8, "p": 1}

#: A record with another cost is not ours: looking at it must not take long, nor all memory.
_BEARABLE: dict[str, Collection[int]] = {"n": [2**power for power in range(1, 16)], "r": range(1, 9), "p": range(1, 5)}

_TEXT = {"type": "keyword", "index": False, "doc_values": False}

#: How the index is created. What else gets into it is refused by the server.
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

Record = Dict[str, Any]

#: Tells a record that was written from any that was written since.
Receipt = Dict[str, Any]


class Overtaken(Exception):
    """Somebody else has written the record in the meantime."""


class Store(Protocol):
    """Where the records are. Every method may raise ClientError or Refused."""

    def read(self, inference_ids: Sequence[str]) -> dict[str, Record | None]:
        """The record of each, None where there is none."""

    def write(self, record: Record, instead_of: Receipt | None = None) -> Receipt:
        """Puts a record in the place of the one before.

        :param instead_of: of the record that has to be there still.
        :raises Overtaken: if another one is.
        """

    def remove(self, inference_id: str) -> None:
        """Takes the record away if there is one."""


class Fingerprints:
    """Tells whether a secret is another one than the endpoint was given last.

    :param service: says which settings of an endpoint never change in place.
    """

    def __init__(self, store: Store, service: Service) -> None:
        self._store = store
        self._service = service
        self._records: dict[str, Record | None] = {}
        self._salts: dict[str, str] = {}
        self._begun: dict[str, Receipt] = {}

    def read(self, inference_ids: Iterable[str]) -> None:
        """Reads the records of many at once.

        :raises Refused: if what is there is no record of this collection.
        """
        wanted = [inference_id for inference_id in inference_ids if inference_id not in self._records]
        if not wanted:
            return
        for inference_id, record in self._store.read(wanted).items():
            if record is not None and not _is_record(record, inference_id):
                raise Refused(
                    f"What is stored as the API key's fingerprint of inference endpoint {inference_id} was not written "
                    "by this collection. Nothing was changed. Hint: choose another fingerprint_index or "
                    "fingerprint_file, or remove it there."
                )
            self._records[inference_id] = record

    def is_new(self, secrets: Mapping[str, Any], endpoint: Endpoint) -> bool:
        """Whether the secret is not known to be the one that the endpoint has."""
        secret = _text_of(secrets)
        self.read([endpoint.inference_id])
        record = self._records[endpoint.inference_id]
        if record is None or not self._is_about(record, endpoint):
            return True
        found = _hash(secret, record["salt"], **record["scrypt"])
        if not hmac.compare_digest(found, record["hash"]):
            return True
        if record["scrypt"] == COST:
            self._salts[secret] = record["salt"]
        return False

    def last_sent(self, endpoint: Endpoint) -> dict[str, str] | None:
        """When, and by which version of the collection; None where that is not known."""
        self.read([endpoint.inference_id])
        record = self._records[endpoint.inference_id]
        if record is None or not self._is_about(record, endpoint):
            return None
        return {"sent_at": str(record.get("sent_at")), "version": str(record.get("version"))}

    def begin(self, secrets: Mapping[str, Any], inference_id: str) -> None:
        """Has to be called before a secret is sent: makes it unknown, and shows that records can be written."""
        self._hashed(_text_of(secrets))
        self.read([inference_id])
        self._begun[inference_id] = self._write(_unknown(inference_id))

    def sent(self, secrets: Mapping[str, Any], endpoint: Endpoint) -> None:
        """Has to be called after the server took the secret.

        :param endpoint: as the server holds it now.
        :raises Refused: if another run sends one at the same time: nobody knows which of them the server has.
        """
        record = {
            **_unknown(endpoint.inference_id),
            "sent_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "identity": self._identity(endpoint),
            **self._hashed(_text_of(secrets)),
        }
        try:
            self._write(record, self._begun.pop(endpoint.inference_id))
        except Overtaken:
            self._write(_unknown(endpoint.inference_id))
            raise Refused(
                f"Another run gave inference endpoint {endpoint.inference_id} an API key at the same time."
            ) from None

    def forget(self, inference_id: str) -> None:
        """Has to be called before an endpoint is deleted."""
        self.read([inference_id])
        if self._records[inference_id] is not None:
            self._store.remove(inference_id)
            self._records[inference_id] = None

    def _hashed(self, secret: str) -> Record:
        """Endpoints that are given the same secret in one run share a salt: one hash tells of all of them then."""
        salt = self._salts.setdefault(secret, os.urandom(16).hex())
        return {"salt": salt, "hash": _hash(secret, salt, **COST), "scrypt": COST}

    def _write(self, record: Record, instead_of: Receipt | None = None) -> Receipt:
        receipt = self._store.write(record, instead_of)
        self._records[record["inference_id"]] = record
        return receipt

    def _is_about(self, record: Record, endpoint: Endpoint) -> bool:
        """Whether the record tells of a secret, and of this endpoint, not of one that was there before."""
        return "hash" in record and record["identity"] == self._identity(endpoint)

    def _identity(self, endpoint: Endpoint) -> str:
        """A digest of what cannot change in place: another one shows that the endpoint was made anew."""
        fixed = {path: value for path, value in endpoint.settings.items() if self._service.is_fixed(path)}
        text = json.dumps([endpoint.service, endpoint.task_type, fixed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _text_of(secrets: Mapping[str, Any]) -> str:
    return str(next(iter(secrets.values())))


class IndexStore:
    """One document per endpoint in an index of the cluster itself.

    :param server: returns what C(GET /) says; it is asked if the index has to be created.
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
            return {inference_id: self._source(documents[inference_id], path) for inference_id in inference_ids}
        except (AttributeError, KeyError, TypeError):
            raise UnreadableAnswer("The answer is not that of a multi get.", "POST", path, status=200) from None

    def _source(self, document: Any, path: str) -> Record | None:
        error = document.get("error")
        if error is None:
            # A document without a source is no record, but it is there.
            return document.get("_source", {}) if document["found"] else None
        if error["type"] != "index_not_found_exception":
            hint = self._hint("read") if error["type"] == "security_exception" else ""
            raise ApiError(f"refused: {error['reason']}", "POST", path, hint, None, error["type"], error["reason"])
        self._is_missing = True
        return None

    def write(self, record: Record, instead_of: Receipt | None = None) -> Receipt:
        with self._creating:
            if self._is_missing:
                self._create()
        path = f"{self._path}/_doc/{quote(record['inference_id'], safe='')}"
        try:
            answer = self._request("PUT", path, record, instead_of, privilege="index")
            return {"if_seq_no": str(answer["_seq_no"]), "if_primary_term": str(answer["_primary_term"])}
        except ApiError as error:
            if instead_of and error.status == 409:
                if error.retried and self.read([record["inference_id"]])[record["inference_id"]] == record:
                    return instead_of  # It was this run's own first try, whose answer was lost.
                raise Overtaken from None
            # A server shows the value that does not fit the mapping of an index that somebody else made.
            for shown in (record[name] for name in ("salt", "hash") if name in record):
                error.problem = error.problem.replace(shown, "(hidden)")
                error.reason = (error.reason or "").replace(shown, "(hidden)")
            raise
        except (KeyError, TypeError):
            raise UnreadableAnswer("The answer is not that of a write.", "PUT", path, status=200) from None

    def _create(self) -> None:
        body: dict[str, Any] = {"mappings": MAPPINGS}
        if not self._server().is_serverless:
            # One copy is enough where there is one node: the health of the cluster shall not suffer.
            # Serverless decides about copies itself.
            body["settings"] = {"index": {"auto_expand_replicas": "0-1", "hidden": True}}
        try:
            self._request("PUT", self._path, body, privilege="create_index")
        except ApiError as error:
            if error.error_type == "illegal_argument_exception" and "settings" in body:
                # The version is not known, or something else rejects settings.
                self._request("PUT", self._path, {"mappings": MAPPINGS}, privilege="create_index")
            elif error.error_type != "resource_already_exists_exception":
                raise
        self._is_missing = False

    def remove(self, inference_id: str) -> None:
        try:
            self._request("DELETE", f"{self._path}/_doc/{quote(inference_id, safe='')}", privilege="delete")
        except ApiError as error:
            if error.status != 404:
                raise

    def _request(
        self, method: str, path: str, body: Record | None = None, query: Receipt | None = None, *, privilege: str
    ) -> Any:
        try:
            return self._client.request_with_retries(method, path, query, body)
        except ApiError as error:
            if error.error_type == "security_exception" and error.status == 403:
                error.hint = self._hint(privilege)
            raise

    def _hint(self, privilege: str) -> str:
        return (
            f"update_secrets=when_changed needs the index privilege {privilege} on {self._index}; "
            "create_index, read, index and delete are all it ever needs."
        )


class FileStore:
    """One file for all endpoints of all clusters, on the machine the module runs on.

    :param server: returns what C(GET /) says, which tells the cluster from others.
    """

    def __init__(self, path: Path, server: Callable[[], Server]) -> None:
        # What is replaced, and locked, is the file that a link leads to.
        self._path = Path(os.path.realpath(path))
        self._server = server

    def read(self, inference_ids: Sequence[str]) -> dict[str, Record | None]:
        records = self._own(self._load())
        return {inference_id: records.get(inference_id) for inference_id in inference_ids}

    def write(self, record: Record, instead_of: Receipt | None = None) -> Receipt:
        with self._changing() as clusters:
            records, inference_id = self._own(clusters), record["inference_id"]
            if instead_of is not None and records.get(inference_id) != instead_of:
                raise Overtaken
            records[inference_id] = record
        return record

    def remove(self, inference_id: str) -> None:
        if self.read([inference_id])[inference_id] is not None:
            with self._changing() as clusters:
                self._own(clusters).pop(inference_id, None)

    def _own(self, clusters: dict[str, dict[str, Record]]) -> dict[str, Record]:
        """The records of this cluster, within those of all."""
        name = self._server().cluster
        if not name:
            raise Refused(
                "fingerprint_store=file needs the UUID of the cluster, to tell it from others, and GET / does "
                "not tell it. Nothing was changed. Hint: it needs the cluster privilege monitor."
            )
        return clusters.setdefault(name, {})

    def _load(self) -> dict[str, dict[str, Record]]:
        try:
            with _told(self._path):
                clusters = json.loads(self._path.read_text(encoding="utf-8"))["clusters"]
        except FileNotFoundError:
            return {}
        except (KeyError, TypeError, ValueError):
            clusters = None
        if not isinstance(clusters, dict) or not all(isinstance(records, dict) for records in clusters.values()):
            raise Refused(f"fingerprint_file: {self._path} was not written by this collection.")
        return clusters

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Record]]]:
        """The content, to be changed: nobody else changes it in the meantime, and it is replaced as a whole."""
        with _told(self._path), open(f"{self._path}.lock", "a", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            clusters = self._load()
            yield clusters
            # Without an indentation, which takes many times as long: a thousand records are written two thousand times.
            self._replace(json.dumps({"clusters": clusters}, sort_keys=True) + "\n")

    def _replace(self, text: str) -> None:
        # A temporary file is private from its beginning.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(self._path)
            except BaseException:
                temporary.unlink()
                raise
        # Or a power cut could bring the former records back. Not every file system can do it.
        with contextlib.suppress(OSError), _opened(self._path.parent) as directory:
            os.fsync(directory)


@contextlib.contextmanager
def _opened(directory: Path) -> Iterator[int]:
    number = os.open(directory, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """
    :raises Refused: in place of what the operating system says, except that a file is not there.
    """
    try:
        yield
    except FileNotFoundError:
        if path.parent.is_dir():
            raise
        raise Refused(f"fingerprint_file: there is no directory {path.parent}.") from None
    except OSError as error:
        raise Refused(f"fingerprint_file: {path} cannot be used: {error.strerror}.") from None


def _unknown(inference_id: str) -> Record:
    """A record that tells of no secret; no two are alike."""
    return {"inference_id": inference_id, "version": VERSION, "run": os.urandom(16).hex()}


def _is_record(record: Any, inference_id: str) -> bool:
    if not isinstance(record, dict) or record.get("inference_id") != inference_id:
        return False
    if "hash" not in record:
        return True
    cost = record.get("scrypt")
    texts = all(_is_hexadecimal(record.get(name)) for name in ("identity", "salt", "hash"))
    return texts and isinstance(cost, dict) and cost.keys() == COST.keys() and all(map(_is_bearable, cost.items()))


def _is_hexadecimal(text: Any) -> bool:
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{32,64}", text) is not None


def _is_bearable(part: tuple[str, Any]) -> bool:
    name, value = part
    return isinstance(value, int) and value in _BEARABLE[name]


@functools.lru_cache(maxsize=None)
def _hash(secret: str, salt: str, n: int, r: int, p: int) -> str:
    """
    :raises Refused: where Python's OpenSSL has no scrypt, as in FIPS mode.
    """
    try:
        raw = hashlib.scrypt(secret.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2**26, dklen=32)
    except (AttributeError, ValueError) as error:
        raise Refused(
            f"update_secrets=when_changed needs scrypt, which Python on this machine does not have: {error}. "
            "Nothing was changed. Hint: update_secrets=always does without it."
        ) from None
    return raw.hex()
