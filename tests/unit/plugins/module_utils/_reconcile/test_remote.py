# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for one endpoint."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.api import References
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import nest
from ansible_collections.esops.inference.plugins.module_utils._reconcile.remote import RETRIES_AFTER_DELETE, Remote
from tests.unit.reconciling import EXISTING, MemoryApi, cluster_of, failed, rejected

#: Elasticsearch 8.16 returns top_k as top_p.
MIXED_UP, NORMAL = {"task_settings.top_p": 40}, {"task_settings.top_k": 40}


def remote_of(api: MemoryApi, force: bool = False) -> Remote:
    return Remote(cluster_of(api, force=force), "a")


class TestReads:
    def test_read_returns_the_normal_form(self) -> None:
        api = MemoryApi(EXISTING._replace(settings=MIXED_UP))
        assert remote_of(api).read() == EXISTING._replace(settings=NORMAL)

    def test_read_that_fails_raises_the_error(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["get a"] = [failed("GET", "/_inference/a")]
        with pytest.raises(ClientError):
            remote_of(api).read()

    def test_read_if_possible_returns_none_if_it_fails(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["get a"] = [failed("GET", "/_inference/a")]
        assert remote_of(api).read_if_possible() is None
        assert remote_of(api).read_if_possible() == EXISTING


class TestWrites:
    def test_create_returns_the_endpoint_as_stored_in_the_normal_form(self) -> None:
        api = MemoryApi()
        assert remote_of(api).create(EXISTING, nest(MIXED_UP)) == EXISTING._replace(settings=NORMAL)
        assert api.calls == ["server", "create a"]
        assert api.retries == [0]

    def test_create_after_a_delete_waits_for_the_provider(self) -> None:
        api = MemoryApi()
        remote_of(api).create(EXISTING, {}, after_delete=True)
        assert api.retries == [RETRIES_AFTER_DELETE]

    def test_update_returns_the_endpoint_as_stored_in_the_normal_form(self) -> None:
        api = MemoryApi(EXISTING._replace(settings={}))
        assert remote_of(api).update(EXISTING, nest(MIXED_UP)) == EXISTING._replace(settings=NORMAL)
        assert api.calls == ["server", "update a"]

    @pytest.mark.parametrize(("force", "call"), [(False, "delete a"), (True, "delete a force")])
    def test_delete_is_forced_only_by_the_policy(self, force: bool, call: str) -> None:
        api = MemoryApi(EXISTING)
        remote_of(api, force).delete(EXISTING)
        assert (api.calls, api.endpoints) == ([call], {})

    @pytest.mark.parametrize("call", ["create a", "update a", "delete a"])
    def test_write_that_fails_raises_the_error(self, call: str) -> None:
        api = MemoryApi(EXISTING)
        error = rejected()
        api.failures[call] = [error]
        remote = remote_of(api)
        writes = {
            "create a": lambda: remote.create(EXISTING, {}),
            "update a": lambda: remote.update(EXISTING, {}),
            "delete a": lambda: remote.delete(EXISTING),
        }
        with pytest.raises(ClientError) as raised:
            writes[call]()
        assert raised.value is error


class TestReferences:
    def test_endpoint_without_references_is_not_refused(self) -> None:
        api = MemoryApi(EXISTING)
        remote_of(api).refuse_if_referenced(EXISTING)
        assert api.calls == ["references a"]

    def test_endpoint_in_use_is_refused_with_its_references(self) -> None:
        api = MemoryApi(EXISTING)
        api.users = References(("p", "q"), ("i",))
        with pytest.raises(Refused) as refused:
            remote_of(api).refuse_if_referenced(EXISTING)
        assert str(refused.value).startswith(
            "Inference endpoint a is used by pipeline p, pipeline q, index i, so it was not deleted. Hint: "
        )
        assert refused.value.failure["status"] == 409

    def test_references_are_not_requested_with_force(self) -> None:
        api = MemoryApi(EXISTING)
        remote_of(api, force=True).refuse_if_referenced(EXISTING)
        assert api.calls == []
