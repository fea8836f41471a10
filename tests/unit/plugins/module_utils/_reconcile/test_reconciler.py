# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciliation of one endpoint or a list: the order of decisions, and the independence of endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.cluster import Cluster
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired, Purge
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome
from ansible_collections.esops.inference.plugins.module_utils._reconcile.reconciler import Reconciler
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    MODEL,
    TOKENS,
    MemoryApi,
    cluster_of,
    failed,
    rejected,
    unauthorized,
    unreachable,
    unreadable,
    wanted,
)

PREFLIGHT = "-ansible-preflight"
#: All settings that a create requires.
NEW = {MODEL: "m", TOKENS: 5}


def held(inference_id: str, service: str = "anthropic") -> Endpoint:
    return EXISTING._replace(inference_id=inference_id, service=service)


def new(inference_id: str, model: str = "m") -> Desired:
    return wanted(inference_id, settings={**NEW, MODEL: model}, secrets={KEY: "k"})


def changed(inference_id: str) -> Desired:
    return wanted(inference_id, settings={TOKENS: 5})


def actions(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.inference_id, outcome.action) for outcome in outcomes]


class StubFingerprints:
    def __init__(self) -> None:
        self.reads: list[list[str]] = []

    def read(self, inference_ids: Iterable[str]) -> None:
        self.reads.append(list(inference_ids))

    def is_new(self, _secrets: Mapping[str, Any], _endpoint: Endpoint) -> bool:
        return False


class TestOne:
    def test_endpoint_in_sync_needs_one_read(self) -> None:
        api = MemoryApi(EXISTING)
        outcome = Reconciler(cluster_of(api)).reconcile(wanted("a", settings={TOKENS: 1024}))
        assert outcome == Outcome("a", before=EXISTING, after=EXISTING)
        assert api.calls == ["get a"]

    def test_endpoint_that_differs_is_written(self) -> None:
        api = MemoryApi(EXISTING)
        outcome = Reconciler(cluster_of(api)).reconcile(changed("a"))
        assert (outcome.action, outcome.changes, outcome.error) == ("updated", (TOKENS,), None)
        assert api.calls == ["get a", "server", "list", "update a"]

    def test_endpoint_that_differs_is_not_written_in_check_mode(self) -> None:
        api = MemoryApi(EXISTING)
        outcome = Reconciler(cluster_of(api, check_mode=True)).reconcile(changed("a"))
        assert (outcome.action, outcome.changes) == ("updated", (TOKENS,))
        assert api.calls == ["get a", "server"]
        assert api.endpoints["a"] == EXISTING

    def test_failed_read_is_reported(self) -> None:
        api = MemoryApi(EXISTING)
        error = failed("GET", "/_inference/a")
        api.failures["get a"] = [error]
        assert Reconciler(cluster_of(api)).reconcile(changed("a")) == Outcome("a", error=error)
        assert api.calls == ["get a"]

    def test_refusal_is_reported_with_the_current_endpoint(self) -> None:
        api = MemoryApi(EXISTING)
        outcome = Reconciler(cluster_of(api)).reconcile(wanted("a", settings={MODEL: "n"}))
        assert isinstance(outcome.error, Refused)
        assert (outcome.action, outcome.changed, outcome.after) == ("none", False, EXISTING)
        assert api.calls == ["get a"]

    def test_endpoint_that_cannot_be_read_is_planned_as_unreadable(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["get a"] = [unreadable("/_inference/a")]
        outcome = Reconciler(cluster_of(api, force=True)).reconcile(wanted("a", "absent"))
        assert (outcome.action, outcome.changed, outcome.after, outcome.error) == ("deleted", True, None, None)


class TestOrder:
    def test_outcomes_are_in_the_order_of_the_list_then_of_the_purge_then_of_left_overs(self) -> None:
        api = MemoryApi(held("z"), held("b"), held("c"), held("y"), held("c" + PREFLIGHT))
        declared = [wanted("z", "absent"), new("a"), changed("b"), wanted("c")]
        outcomes = Reconciler(cluster_of(api)).reconcile_list(declared, purge=Purge())
        assert actions(outcomes) == [
            ("z", "deleted"),
            ("a", "created"),
            ("b", "updated"),
            ("c", "none"),
            ("y", "deleted"),
            ("c" + PREFLIGHT, "deleted"),
        ]
        assert set(api.endpoints) == {"a", "b", "c"}

    @pytest.mark.parametrize("parallel", [1, 2, 8])
    def test_outcomes_keep_their_order_with_any_parallelism(self, parallel: int) -> None:
        api = MemoryApi(*(held(f"e{number}") for number in range(0, 9, 2)))
        declared = [changed(f"e{number}") if number % 2 == 0 else new(f"e{number}") for number in range(9)]
        outcomes = Reconciler(cluster_of(api)).reconcile_list(declared, parallel)
        assert actions(outcomes) == [(f"e{number}", "created" if number % 2 else "updated") for number in range(9)]

    def test_all_plans_are_made_before_the_first_write(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        Reconciler(cluster_of(api)).reconcile_list([changed("a"), wanted("b", "absent"), new("c")])
        assert api.calls == ["list", "server", "update a", "delete b", "create c"]

    def test_list_in_sync_needs_one_read(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        outcomes = Reconciler(cluster_of(api)).reconcile_list([wanted("a"), wanted("b"), wanted("c", "absent")], 8)
        assert actions(outcomes) == [("a", "none"), ("b", "none"), ("c", "none")]
        assert api.calls == ["list"]

    def test_duplicate_within_the_list_is_found_by_the_later_plan(self) -> None:
        cluster = cluster_of(MemoryApi())
        Reconciler(cluster).reconcile_list([new("a"), new("b"), new("c", "other")])
        [warning] = cluster.warnings
        assert warning.endswith("a already uses the model m for the task type completion, so b is a duplicate.")

    def test_endpoint_that_is_deleted_first_is_no_duplicate(self) -> None:
        cluster = cluster_of(MemoryApi(held("a")))
        Reconciler(cluster).reconcile_list([wanted("a", "absent"), new("b")])
        assert cluster.warnings == []


class TestFailures:
    def test_refusal_of_one_endpoint_does_not_stop_others(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        outcomes = Reconciler(cluster_of(api)).reconcile_list(
            [wanted("a", settings={MODEL: "n"}), wanted("x"), changed("b")]
        )
        assert actions(outcomes) == [("a", "none"), ("x", "none"), ("b", "updated")]
        assert [outcome.error is not None for outcome in outcomes] == [True, True, False]

    def test_failure_of_one_write_does_not_stop_others(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        api.failures["update a"] = [rejected()]
        outcomes = Reconciler(cluster_of(api)).reconcile_list([changed("a"), changed("b")])
        assert actions(outcomes) == [("a", "none"), ("b", "updated")]
        assert outcomes[0].after == held("a")

    @pytest.mark.parametrize("error", [unauthorized("PUT", "/x"), unreachable("PUT", "/x")])
    def test_fatal_error_stops_other_endpoints(self, error: ClientError) -> None:
        api = MemoryApi(held("a"), held("b"))
        api.failures["update a"] = [error]
        outcomes = Reconciler(cluster_of(api)).reconcile_list([changed("a"), changed("b")])
        assert str(outcomes[1].error).startswith("Skipped because an earlier request failed: ")
        assert "update b" not in api.calls

    @pytest.mark.parametrize("error", [unauthorized(), unreachable(), failed("GET", "/_inference/_all", 503)])
    def test_error_of_a_list_that_cannot_be_read_is_raised(self, error: ClientError) -> None:
        api = MemoryApi(EXISTING)
        api.failures["list"] = [error]
        with pytest.raises(ClientError) as raised:
            Reconciler(cluster_of(api)).reconcile_list([changed("a")])
        assert raised.value is error
        assert api.calls == ["list"]

    def test_unreadable_endpoint_is_one_failure_of_the_list(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        error = failed("GET", "/_inference/a")
        api.failures = {"list": [unreadable()], "list completion": [unreadable()], "get a": [error]}
        outcomes = Reconciler(cluster_of(api)).reconcile_list([changed("a"), wanted("b")])
        assert outcomes == [Outcome("a", error=error), Outcome("b", before=held("b"), after=held("b"))]


class TestSecrets:
    def fingerprinted(self, cluster: Cluster) -> StubFingerprints:
        fingerprints = StubFingerprints()
        cluster.fingerprints = cast(Any, fingerprints)
        return fingerprints

    def test_fingerprints_of_all_endpoints_with_secrets_are_read_at_once(self) -> None:
        cluster = cluster_of(MemoryApi(held("a"), held("b"), held("c")), update_secrets="when_changed")
        fingerprints = self.fingerprinted(cluster)
        secrets = {KEY: "k"}
        Reconciler(cluster).reconcile_list([wanted("a", secrets=secrets), wanted("b"), wanted("c", secrets=secrets)])
        assert fingerprints.reads == [["a", "c"]]

    def test_unreadable_fingerprints_stop_the_list(self, monkeypatch: pytest.MonkeyPatch) -> None:
        api = MemoryApi(held("a"))
        cluster = cluster_of(api, update_secrets="when_changed")
        fingerprints = self.fingerprinted(cluster)

        def fail(_ids: Iterable[str]) -> None:
            raise Refused("no record")

        monkeypatch.setattr(fingerprints, "read", fail)
        with pytest.raises(Refused, match="no record"):
            Reconciler(cluster).reconcile_list([changed("a")])
        assert api.calls == ["list"]


class TestPurge:
    def test_undeclared_endpoints_are_kept_without_purge(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        assert actions(Reconciler(cluster_of(api)).reconcile_list([wanted("a")])) == [("a", "none")]

    def test_endpoints_of_other_services_are_never_purged(self) -> None:
        api = MemoryApi(held("a"), held("b", "openai"))
        assert actions(Reconciler(cluster_of(api)).reconcile_list([wanted("a")], purge=Purge())) == [("a", "none")]

    def test_purge_that_exceeds_its_limit_changes_nothing(self) -> None:
        api = MemoryApi(held("a"), held("b"))
        with pytest.raises(Refused, match="more than the limit of 0"):
            Reconciler(cluster_of(api)).reconcile_list([changed("a")], purge=Purge(limit=0))
        assert api.calls == ["list"]

    def test_purge_is_refused_if_not_all_endpoints_are_listed(self) -> None:
        api = MemoryApi(held("a"))
        api.failures["list"] = [unreadable()]
        with pytest.raises(Refused) as refused:
            Reconciler(cluster_of(api)).reconcile_list([changed("a")], purge=Purge())
        text = str(refused.value)
        assert text.startswith("Cannot purge, because Elasticsearch does not list all endpoints. GET ")
        assert text.endswith("Hint: repair or delete the endpoint that cannot be read, or set purge=false.")
        assert "update a" not in api.calls


class TestLeftOvers:
    TRIAL = "a" + PREFLIGHT

    @pytest.mark.parametrize(
        ("declared", "expected"),
        [
            ([wanted("a")], [("a", "none"), (TRIAL, "deleted")]),
            ([wanted("b")], [("b", "none"), (TRIAL, "deleted")]),
            # The execution of the endpoint itself deletes its left-over.
            ([changed("a")], [("a", "updated")]),
            # The left-over itself is declared.
            ([wanted("a"), wanted(TRIAL)], [("a", "none"), (TRIAL, "none")]),
        ],
    )
    def test_left_over_is_deleted_once(self, declared: list[Desired], expected: list[tuple[str, str]]) -> None:
        api = MemoryApi(held("a"), held("b"), held(self.TRIAL))
        assert actions(Reconciler(cluster_of(api)).reconcile_list(declared)) == expected
        assert (self.TRIAL in api.endpoints) is ((self.TRIAL, "none") in expected)

    def test_left_over_that_a_purge_deletes_is_deleted_once(self) -> None:
        api = MemoryApi(held("a"), held("b"), held(self.TRIAL))
        outcomes = Reconciler(cluster_of(api)).reconcile_list([wanted("b")], purge=Purge(exclude=["a"]))
        assert actions(outcomes) == [("b", "none"), (self.TRIAL, "deleted")]
        assert api.calls.count(f"delete {self.TRIAL}") == 1

    def test_left_over_of_a_refused_endpoint_is_deleted(self) -> None:
        api = MemoryApi(held("a"), held(self.TRIAL))
        outcomes = Reconciler(cluster_of(api)).reconcile_list([wanted("a", settings={MODEL: "n"})])
        assert actions(outcomes) == [("a", "none"), (self.TRIAL, "deleted")]

    def test_left_over_that_may_be_the_only_copy_is_kept_with_a_warning(self) -> None:
        cluster = cluster_of(MemoryApi(held("b"), held(self.TRIAL)))
        assert actions(Reconciler(cluster).reconcile_list([wanted("b")])) == [("b", "none")]
        [warning] = cluster.warnings
        assert warning == (
            f"Temporary endpoint {self.TRIAL} is left over from an interrupted run. It was kept, because it may be the "
            "only copy of the settings of a. Hint: add a to the list, with state=present to re-create it, or with "
            "state=absent to delete the temporary endpoint."
        )

    def test_left_over_whose_delete_response_is_lost_is_reported_as_deleted(self) -> None:
        api = MemoryApi(held("a"), held(self.TRIAL))
        api.failures[f"delete {self.TRIAL}"] = [failed("DELETE", f"/_inference/completion/{self.TRIAL}")]
        api.lost_responses.add(f"delete {self.TRIAL}")
        outcomes = Reconciler(cluster_of(api)).reconcile_list([wanted("a")])
        assert actions(outcomes) == [("a", "none"), (self.TRIAL, "deleted")]
