# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the fingerprints of secrets."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._fingerprints import records
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.records import (
    COST,
    ConflictError,
    Fingerprints,
    Record,
    RecordVersion,
)
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import services
from tests.unit.support import FORMER_KEY, KEY, forms

PATH = "service_settings.api_key"
SECRETS = {PATH: KEY}
ENDPOINT = Endpoint("a", "completion", "anthropic", {"service_settings.model_id": "m"})

#: Algorithms without a fixed digest length.
VARIABLE = {"shake_128", "shake_256"}


class Memory:
    """A fingerprint store in memory."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.reads: list[list[str]] = []

    def read(self, inference_ids: Sequence[str]) -> dict[str, Record | None]:
        self.reads.append(list(inference_ids))
        return {inference_id: self.records.get(inference_id) for inference_id in inference_ids}

    def write(self, record: Record, expected: RecordVersion | None = None) -> RecordVersion:
        if expected is not None and self.records[record["inference_id"]] != expected:
            raise ConflictError
        self.records[record["inference_id"]] = record
        return record

    def delete(self, inference_id: str) -> None:
        del self.records[inference_id]


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture(autouse=True)
def _empty_hash_cache() -> Iterator[None]:
    records._hash.cache_clear()
    yield
    records._hash.cache_clear()


def send(store: Memory, secrets: Any = None, endpoint: Endpoint = ENDPOINT) -> Fingerprints:
    """Record secrets as a run that sends them does."""
    fingerprints = Fingerprints(store, services)
    fingerprints.invalidate(secrets or SECRETS, endpoint.inference_id)
    fingerprints.save(secrets or SECRETS, endpoint)
    return fingerprints


def is_new(store: Memory, secrets: Any, endpoint: Endpoint = ENDPOINT) -> bool:
    """Compare secrets as the next run does."""
    return Fingerprints(store, services).is_new(secrets, endpoint)


class TestSecrets:
    PAIR: Mapping[str, str] = {"service_settings.access_key": "a", "service_settings.secret_key": "b"}

    def test_sent_secret_is_not_new(self, store: Memory) -> None:
        assert is_new(store, SECRETS)
        send(store)
        assert not is_new(store, SECRETS)
        assert is_new(store, {PATH: FORMER_KEY})

    def test_same_value_of_another_secret_is_new(self, store: Memory) -> None:
        send(store)
        assert is_new(store, {"service_settings.entra_id": SECRETS[PATH]})

    def test_order_of_secrets_is_ignored(self, store: Memory) -> None:
        send(store, self.PAIR)
        assert not is_new(store, dict(reversed(self.PAIR.items())))

    @pytest.mark.parametrize(
        "other",
        [
            {"service_settings.access_key": "a", "service_settings.secret_key": "c"},
            {"service_settings.access_key": "b", "service_settings.secret_key": "a"},
            {"service_settings.access_key": "a"},
            {**PAIR, "service_settings.session_token": "c"},
        ],
    )
    def test_secrets_with_one_difference_are_new(self, store: Memory, other: Mapping[str, str]) -> None:
        send(store, self.PAIR)
        assert is_new(store, other)

    @pytest.mark.parametrize("changed", [{"task_type": "chat_completion"}, {"settings": {}}, {"service": "other"}])
    def test_secret_of_recreated_endpoint_is_new(self, store: Memory, changed: dict[str, Any]) -> None:
        send(store)
        assert is_new(store, SECRETS, ENDPOINT._replace(**changed))
        assert Fingerprints(store, services).last_sent(ENDPOINT._replace(**changed)) is None

    def test_in_place_update_does_not_make_secret_new(self, store: Memory) -> None:
        send(store)
        settings = {**ENDPOINT.settings, "task_settings.max_tokens": 5}
        assert not is_new(store, SECRETS, ENDPOINT._replace(settings=settings))

    def test_secret_is_new_between_invalidate_and_save(self, store: Memory) -> None:
        send(store)
        Fingerprints(store, services).invalidate({PATH: FORMER_KEY}, "a")
        assert is_new(store, SECRETS)
        assert is_new(store, {PATH: FORMER_KEY})

    def test_secret_is_new_after_record_is_deleted(self, store: Memory) -> None:
        send(store)
        Fingerprints(store, services).delete("a")
        assert store.records == {}
        assert is_new(store, SECRETS)

    def test_secret_is_new_after_concurrent_runs(self, store: Memory) -> None:
        first, second = Fingerprints(store, services), Fingerprints(store, services)
        first.invalidate(SECRETS, "a")
        second.invalidate({PATH: FORMER_KEY}, "a")
        with pytest.raises(Refused, match="Another run set the credentials of inference endpoint a at the same time"):
            first.save(SECRETS, ENDPOINT)
        assert is_new(store, SECRETS)


class TestRecord:
    def test_record_contains_neither_secret_nor_unsalted_hash(self, store: Memory) -> None:
        send(store)
        stored, raw = json.dumps(store.records), KEY.encode()
        digests = [hashlib.new(name, raw).digest() for name in sorted(hashlib.algorithms_guaranteed - VARIABLE)]
        for digest in (*digests, hashlib.scrypt(raw, salt=b"", **COST, dklen=32)):
            assert digest.hex() not in stored
            assert base64.b64encode(digest).decode() not in stored
        for form in forms(KEY):
            assert form not in stored
        assert store.records["a"]["scrypt"] == COST

    @pytest.mark.parametrize(
        "wrong",
        [
            {"salt": ""},
            {"salt": "\ud800" * 32},
            {"hash": 5},
            {"hash": "é" * 64},
            {"identity": "x"},
            {"inference_id": "b"},
            {"scrypt": {"n": 2**30, "r": 8, "p": 1}},
            {"scrypt": {"n": 2**16, "r": 8, "p": 1}},
            {"scrypt": {"n": 1, "r": 8, "p": 1}},
            {"scrypt": {"n": 3, "r": 8, "p": 1}},
            {"scrypt": {"n": 4096, "r": 9, "p": 1}},
            {"scrypt": {"n": 4096, "r": 0, "p": 1}},
            {"scrypt": {"n": 4096, "r": 8, "p": 5}},
            {"scrypt": {"n": 4096, "r": 8, "p": 0}},
            {"scrypt": {"n": 4096, "r": 8.0, "p": 1}},
            {"scrypt": {"n": [], "r": 8, "p": 1}},
            {"scrypt": {"n": 4096, "r": 8}},
        ],
    )
    def test_invalid_record_is_rejected(self, store: Memory, wrong: dict[str, Any]) -> None:
        send(store)
        known = store.records["a"]
        store.records["a"] = {**known, **wrong}
        with pytest.raises(Refused, match="was not written by this collection") as refused:
            is_new(store, SECRETS)
        assert known["hash"] not in str(refused.value)

    @pytest.mark.parametrize("cost", [{"n": 2, "r": 1, "p": 1}, {"n": 2**15, "r": 8, "p": 4}])
    def test_record_with_lowest_or_highest_cost_is_compared(
        self, store: Memory, cost: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Versions of the collection can differ in the cost of their hashes."""
        for name, value in cost.items():
            monkeypatch.setitem(COST, name, value)
        send(store)
        store.records = json.loads(json.dumps(store.records))
        monkeypatch.undo()
        assert not is_new(store, SECRETS)
        assert is_new(store, {PATH: FORMER_KEY})

    def test_hash_takes_4_mib(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All other tests use a lower cost."""
        monkeypatch.undo()
        assert 128 * COST["n"] * COST["r"] == 4 * 2**20

    def test_missing_scrypt_is_reported_before_any_write(self, store: Memory) -> None:
        disabled = mock.patch("hashlib.scrypt", side_effect=ValueError("disabled for FIPS"))
        with disabled, pytest.raises(Refused, match="requires scrypt"):
            send(store)
        assert store.records == {}


class TestCost:
    def test_endpoints_with_same_secrets_require_one_hash(self, store: Memory) -> None:
        endpoints = [ENDPOINT._replace(inference_id=f"e{number}") for number in range(20)]
        fingerprints = Fingerprints(store, services)
        for endpoint in endpoints:
            fingerprints.invalidate(SECRETS, endpoint.inference_id)
            fingerprints.save(SECRETS, endpoint)
        records._hash.cache_clear()
        with mock.patch("hashlib.scrypt", wraps=hashlib.scrypt) as scrypt:
            assert not any(is_new(store, SECRETS, endpoint) for endpoint in endpoints)
        assert scrypt.call_count == 1

    def test_records_of_several_endpoints_are_read_once(self, store: Memory) -> None:
        fingerprints = Fingerprints(store, services)
        fingerprints.read(["a", "b"])
        assert fingerprints.last_sent(ENDPOINT) is None
        assert fingerprints.is_new(SECRETS, ENDPOINT)
        assert store.reads == [["a", "b"]]
