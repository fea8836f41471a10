# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about one endpoint: each is looked up on demand, and at most once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import UNKNOWN_SERVER, Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.cluster import Cluster
from ansible_collections.esops.inference.plugins.module_utils._reconcile.facts import EndpointFacts
from ansible_collections.esops.inference.plugins.module_utils._reconcile.history import History, Write
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    TOKENS,
    V96,
    MemoryApi,
    cluster_of,
    failed,
    ids,
    unauthorized,
    unreadable,
    wanted,
)

DESIRED = wanted("a", secrets={KEY: "k"})


class StubFingerprints:
    def __init__(self, is_new: bool) -> None:
        self._is_new = is_new
        self.asked: list[tuple[Mapping[str, Any], Endpoint]] = []

    def is_new(self, secrets: Mapping[str, Any], endpoint: Endpoint) -> bool:
        self.asked.append((secrets, endpoint))
        return self._is_new


def facts_of(cluster: Cluster, history: History | None = None, unreadable: str = "") -> EndpointFacts:
    facts = EndpointFacts(cluster, DESIRED, unreadable)
    facts.history = history
    return facts


def test_new_facts_send_no_request() -> None:
    api = MemoryApi(EXISTING)
    facts = facts_of(cluster_of(api))
    assert (facts.unreadable, facts.ignored, facts.secrets_sent) == ("", frozenset(), False)
    assert api.calls == []


class TestHistory:
    def test_facts_follow_the_history_of_the_run(self) -> None:
        history = History(EXISTING)
        facts = facts_of(cluster_of(MemoryApi()), history)
        history.writes.append(Write("updated", EXISTING, EXISTING, sent=(KEY,), ignored=frozenset({TOKENS})))
        assert (facts.ignored, facts.secrets_sent) == (frozenset({TOKENS}), True)

    def test_unreadable_endpoint_is_readable_after_the_first_write(self) -> None:
        history = History(None)
        facts = facts_of(cluster_of(MemoryApi()), history, "It is broken.")
        assert facts.unreadable == "It is broken."
        history.writes.append(Write("deleted", None, None))
        assert facts.unreadable == ""


class TestSecrets:
    @pytest.mark.parametrize("is_new", [True, False])
    def test_fingerprints_are_compared_once(self, is_new: bool) -> None:
        cluster, fingerprints = cluster_of(MemoryApi()), StubFingerprints(is_new)
        cluster.fingerprints = cast(Any, fingerprints)
        facts = facts_of(cluster)
        assert facts.secrets_are_new(EXISTING) is facts.secrets_are_new(EXISTING) is is_new
        assert fingerprints.asked == [(DESIRED.secrets, EXISTING)]

    def test_secrets_are_new_without_fingerprints(self) -> None:
        assert facts_of(cluster_of(MemoryApi())).secrets_are_new(EXISTING) is True


class TestServer:
    def test_version_comes_from_the_cluster(self) -> None:
        cluster = cluster_of(MemoryApi())
        assert facts_of(cluster).server() == V96
        assert cluster.warnings == []

    def test_assumed_version_causes_one_warning_if_plans_need_it(self) -> None:
        api = MemoryApi()
        api.failures["server"] = [failed("GET", "/")]
        cluster = cluster_of(api)
        for _time in range(2):
            assert facts_of(cluster).server() == UNKNOWN_SERVER
        assert cluster.warnings == ["Cannot read the Elasticsearch version (It failed). Assuming the latest version."]


class TestOthers:
    def test_all_endpoints_are_those_of_the_cluster(self) -> None:
        assert ids(facts_of(cluster_of(MemoryApi(EXISTING))).all_endpoints()) == ["a"]

    @pytest.mark.parametrize("duplicate_model", ["allow", "warn"])
    def test_unknown_endpoints_are_accepted_unless_duplicates_are_refused(self, duplicate_model: str) -> None:
        api = MemoryApi()
        api.failures = {"list": [failed("GET", "/_inference/_all")], "list completion": [failed("GET", "/x")]}
        assert list(facts_of(cluster_of(api, duplicate_model=duplicate_model)).all_endpoints()) == []

    def test_unknown_endpoints_are_refused_if_duplicates_are_refused(self) -> None:
        api = MemoryApi()
        api.failures = {"list": [failed("GET", "/_inference/_all")], "list completion": [failed("GET", "/x")]}
        with pytest.raises(Refused) as refused:
            facts_of(cluster_of(api, duplicate_model="fail")).all_endpoints()
        assert str(refused.value) == (
            "Cannot check for duplicates (duplicate_model=fail), because Elasticsearch does not list the endpoints. "
            "GET /x: It failed. Nothing was changed. "
            "Hint: fix this error, or set duplicate_model=warn to continue without the check."
        )

    def test_endpoints_of_the_task_type_suffice_to_find_duplicates(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["list"] = [unreadable()]
        assert ids(facts_of(cluster_of(api, duplicate_model="fail")).all_endpoints()) == ["a"]

    def test_endpoints_are_not_listed_in_part_after_a_fatal_error(self) -> None:
        api = MemoryApi()
        api.failures["list"] = [unauthorized()]
        with pytest.raises(ClientError):
            facts_of(cluster_of(api)).all_endpoints()
        assert api.calls == ["list"]
