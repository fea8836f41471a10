# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of the secrets that a run sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import Plan
from ansible_collections.esops.inference.plugins.module_utils._reconcile.secret_records import SecretRecords
from tests.unit.reconciling import EXISTING, KEY, failed, wanted

DESIRED = wanted("a", secrets={KEY: "k"})
SENDING = Plan("updated", EXISTING, EXISTING, sent=(KEY,))
NOT_SENDING = Plan("updated", EXISTING, EXISTING)
DELETE = Plan("deleted", EXISTING)
UNRECORDED = (
    f" Elasticsearch accepted {KEY}, but the fingerprint was not saved. The next run sends the credentials again."
)


class StubFingerprints:
    """Fingerprints that record their calls."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.done: list[tuple[Any, ...]] = []
        self._failure = failure

    def read(self, inference_ids: Iterable[str]) -> None:
        self.done.append(("read", *inference_ids))

    def invalidate(self, secrets: Mapping[str, Any], inference_id: str) -> None:
        self.done.append(("invalidate", secrets, inference_id))

    def save(self, secrets: Mapping[str, Any], endpoint: Endpoint) -> None:
        self.done.append(("save", secrets, endpoint))
        if self._failure:
            raise self._failure

    def delete(self, inference_id: str) -> None:
        self.done.append(("delete", inference_id))


def records_of(fingerprints: StubFingerprints) -> SecretRecords:
    return SecretRecords(cast(Any, fingerprints))


def test_fingerprint_is_read_by_its_id() -> None:
    fingerprints = StubFingerprints()
    records_of(fingerprints).read("a")
    assert fingerprints.done == [("read", "a")]


@pytest.mark.parametrize(
    ("plan", "done"),
    [
        (SENDING, [("invalidate", DESIRED.secrets, "a")]),
        (NOT_SENDING, []),
        (DELETE, [("delete", "a")]),
        (Plan("recreated", EXISTING, EXISTING, sent=(KEY,)), [("invalidate", DESIRED.secrets, "a")]),
    ],
)
def test_fingerprint_is_invalidated_before_secrets_are_sent_or_the_endpoint_is_deleted(
    plan: Plan, done: list[tuple[Any, ...]]
) -> None:
    fingerprints = StubFingerprints()
    records_of(fingerprints).invalidate(plan, DESIRED)
    assert fingerprints.done == done


@pytest.mark.parametrize(
    ("plan", "stored", "done"),
    [
        (SENDING, EXISTING, [("save", DESIRED.secrets, EXISTING)]),
        (SENDING, None, []),
        (NOT_SENDING, EXISTING, []),
        (DELETE, None, []),
    ],
)
def test_fingerprint_is_saved_after_the_server_accepted_the_secrets(
    plan: Plan, stored: Endpoint | None, done: list[tuple[Any, ...]]
) -> None:
    fingerprints = StubFingerprints()
    records_of(fingerprints).save(plan, DESIRED, stored)
    assert fingerprints.done == done


class TestFailure:
    def test_failure_to_save_a_fingerprint_is_reported_with_its_consequence(self) -> None:
        error = failed("PUT", "/index/_doc/a")
        with pytest.raises(ClientError) as raised:
            records_of(StubFingerprints(error)).save(SENDING, DESIRED, EXISTING)
        assert raised.value.problem == error.problem + UNRECORDED
        assert (raised.value.path, raised.value.status) == (error.path, 500)
        assert error.problem == "It failed."

    def test_refusal_to_save_a_fingerprint_is_reported_with_its_consequence(self) -> None:
        with pytest.raises(Refused) as refused:
            records_of(StubFingerprints(Refused("Overtaken."))).save(SENDING, DESIRED, EXISTING)
        assert str(refused.value) == "Overtaken." + UNRECORDED


def test_nothing_is_read_or_written_without_fingerprints() -> None:
    records = SecretRecords(None)
    records.read("a")
    records.invalidate(SENDING, DESIRED)
    records.save(SENDING, DESIRED, EXISTING)
