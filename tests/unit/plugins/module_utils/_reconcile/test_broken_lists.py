# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from a cluster that cannot list all endpoints, because it cannot read one of them."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ClientError,
)
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.broken_lists import (
    list_in_part,
    read_declared,
)
from tests.unit.reconciling import (
    EXISTING,
    MemoryApi,
    cluster_of,
    failed,
    ids,
    unauthorized,
    unreachable,
    unreadable,
    wanted,
)

LIST = "/_inference/_all"
ERROR = unreadable()
SAID = f"GET {LIST}: {ERROR.problem}."
CHAT = EXISTING._replace(inference_id="c", task_type="chat_completion")
TRIAL = EXISTING._replace(inference_id="a-ansible-preflight")


class TestListedInPart:
    def test_endpoints_of_the_task_type_are_listed_with_a_warning(self) -> None:
        cluster = cluster_of(MemoryApi(EXISTING, CHAT))
        found, why = list_in_part(cluster, wanted("x", task_type="chat_completion"), ERROR)
        assert (ids(list(found.values())), why) == (["c"], "")
        checked = "duplicate_model was checked only for the task type chat_completion"
        assert cluster.warnings == [f"Elasticsearch does not list all endpoints, so {checked}. {SAID}"]

    def test_undeclared_task_type_is_the_default_of_the_service(self) -> None:
        api = MemoryApi()
        list_in_part(cluster_of(api), wanted("x"), ERROR)
        assert api.calls == ["list completion"]

    def test_left_over_is_read_individually_if_the_task_type_cannot_be_listed(self) -> None:
        api = MemoryApi(EXISTING, TRIAL)
        api.failures["list completion"] = [failed("GET", "/_inference/completion/_all")]
        cluster = cluster_of(api)
        found, why = list_in_part(cluster, wanted("a"), ERROR)
        assert found == {TRIAL.inference_id: TRIAL}
        assert why == "GET /_inference/completion/_all: It failed."
        assert cluster.warnings == [
            f"Elasticsearch does not list all endpoints, so duplicate_model was not checked. {SAID}"
        ]

    @pytest.mark.parametrize("failure", [None, failed("GET", "/_inference/a-ansible-preflight")])
    def test_missing_or_unreadable_left_over_is_not_returned(self, failure: ClientError | None) -> None:
        api = MemoryApi(*([TRIAL] if failure else []))
        api.failures = {"list completion": [failed("GET", "/x")], f"get {TRIAL.inference_id}": [failure]}
        found, why = list_in_part(cluster_of(api), wanted("a"), ERROR)
        assert (found, why) == ({}, "GET /x: It failed.")

    @pytest.mark.parametrize("error", [unauthorized(), unreachable()])
    def test_fatal_error_stops_further_requests(self, error: ClientError) -> None:
        api = MemoryApi()
        with pytest.raises(ClientError) as raised:
            list_in_part(cluster_of(api), wanted("a"), error)
        assert raised.value is error
        api.failures["list completion"] = [error]
        with pytest.raises(ClientError):
            list_in_part(cluster_of(api), wanted("a"), ERROR)
        assert api.calls == ["list completion"]


class TestReadDeclared:
    def test_declared_endpoints_are_read_by_task_type_and_then_individually(self) -> None:
        api = MemoryApi(EXISTING, CHAT)
        cluster = cluster_of(api)
        declared = [wanted("a"), wanted("c"), wanted("x")]
        assert read_declared(cluster, declared, ERROR) == ({"a": EXISTING, "c": CHAT}, {})
        assert api.calls == ["list completion", "get c", "get x"]

    def test_each_declared_task_type_is_listed_once(self) -> None:
        api = MemoryApi()
        declared = [wanted("a", task_type="completion"), wanted("c", task_type="chat_completion"), wanted("b")]
        read_declared(cluster_of(api), declared, ERROR)
        assert api.calls[:2] == ["list chat_completion", "list completion"]

    def test_reason_of_an_incomplete_list_is_kept_and_shown(self) -> None:
        cluster = cluster_of(MemoryApi())
        read_declared(cluster, [], ERROR)
        assert cluster.list_failure == SAID
        assert cluster.warnings == [
            f"Elasticsearch does not list all endpoints, so only the declared ones were read. {SAID}"
        ]

    def test_unreadable_endpoint_does_not_stop_others(self) -> None:
        api = MemoryApi(EXISTING, CHAT)
        failure = failed("GET", "/_inference/b")
        api.failures = {"list completion": [unreadable()], "get b": [failure]}
        found, errors = read_declared(cluster_of(api), [wanted("a"), wanted("b"), wanted("c")], ERROR)
        assert (found, errors) == ({"a": EXISTING, "c": CHAT}, {"b": failure})

    def test_endpoints_are_read_in_the_normal_form(self) -> None:
        mixed_up = Endpoint("a", "completion", "anthropic", {"task_settings.top_p": 40})
        found, _errors = read_declared(cluster_of(MemoryApi(mixed_up)), [wanted("a")], ERROR)
        assert found["a"].settings == {"task_settings.top_k": 40}

    @pytest.mark.parametrize("error", [unauthorized(), unreachable(), failed("GET", LIST, 503)])
    def test_error_that_is_not_about_one_endpoint_is_raised(self, error: ClientError) -> None:
        api = MemoryApi(EXISTING)
        with pytest.raises(ClientError) as raised:
            read_declared(cluster_of(api), [wanted("a")], error)
        assert (raised.value, api.calls) == (error, [])

    @pytest.mark.parametrize("call", ["list completion", "get b"])
    def test_fatal_error_of_any_request_is_raised(self, call: str) -> None:
        api = MemoryApi(EXISTING)
        api.failures[call] = [unauthorized()]
        with pytest.raises(ClientError):
            read_declared(cluster_of(api), [wanted("a"), wanted("b"), wanted("c")], ERROR)
        assert api.calls[-1] == call
