# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of a cluster during one run: each item is read on demand, and at most once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    Refused,
    Unreachable,
)
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import UNKNOWN_SERVER, Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired
from ansible_collections.esops.inference.plugins.module_utils._reconcile.facts import EndpointFacts
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    MODEL,
    TOKENS,
    V96,
    MemoryApi,
    cluster_of,
    failed,
    ids,
    rejected,
    unauthorized,
    unreachable,
    unreadable,
    wanted,
)

TRIAL = EXISTING._replace(inference_id="a-ansible-preflight")
FOREIGN = Endpoint("f", "completion", "openai", {"task_settings.top_p": 40})
#: Elasticsearch 8.16 returns top_k as top_p.
MIXED_UP = EXISTING._replace(settings={"task_settings.top_p": 40})
NORMAL = EXISTING._replace(settings={"task_settings.top_k": 40})


class TestServer:
    def test_version_is_requested_once(self) -> None:
        api = MemoryApi()
        cluster = cluster_of(api)
        assert cluster.server() == cluster.server() == V96
        assert api.calls == ["server"]

    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (
                ApiError("no", "GET", "/", status=403, error_type="security_exception"),
                "without the monitor cluster privilege",
            ),
            (failed("GET", "/"), "(It failed)"),
        ],
    )
    def test_unreadable_version_is_assumed_to_be_the_latest(self, error: ClientError, why: str) -> None:
        api = MemoryApi()
        api.failures["server"] = [error]
        cluster = cluster_of(api)
        assert cluster.server() == cluster.server() == UNKNOWN_SERVER
        assert api.calls == ["server"]
        assert cluster.warnings == []
        cluster.warn_of_assumed_version()
        assert cluster.warnings == [f"Cannot read the Elasticsearch version {why}. Assuming the latest version."]

    def test_readable_version_causes_no_warning(self) -> None:
        cluster = cluster_of(MemoryApi())
        cluster.server()
        cluster.warn_of_assumed_version()
        assert cluster.warnings == []

    @pytest.mark.parametrize("error", [unauthorized("GET", "/"), unreachable("GET", "/")])
    def test_version_is_not_assumed_after_a_fatal_error(self, error: ClientError) -> None:
        api = MemoryApi()
        api.failures["server"] = [error]
        with pytest.raises(ClientError) as raised:
            cluster_of(api).server()
        assert raised.value is error

    def test_version_is_not_requested_after_a_fatal_error(self) -> None:
        api = MemoryApi()
        cluster = cluster_of(api)
        cluster.annotate(unreachable(), wanted("a"))
        with pytest.raises(Refused, match="Skipped because an earlier request failed"):
            cluster.server()
        assert api.calls == []


class TestFatalErrors:
    @pytest.mark.parametrize("error", [unauthorized(), unreachable()])
    def test_fatal_error_stops_other_endpoints(self, error: ClientError) -> None:
        cluster = cluster_of(MemoryApi())
        cluster.annotate(error, wanted("a"))
        with pytest.raises(Refused) as refused:
            cluster.raise_if_unavailable()
        assert str(refused.value) == f"Skipped because an earlier request failed: {error}"

    @pytest.mark.parametrize("error", [rejected(), failed(), Refused("no")])
    def test_failure_of_one_endpoint_does_not_stop_others(self, error: Refused | ClientError) -> None:
        cluster = cluster_of(MemoryApi())
        assert cluster.annotate(error, wanted("a")) is error
        cluster.raise_if_unavailable()


class TestExplanation:
    ERROR = ApiError("does not support task type [chat_completion]", "PUT", "/_inference/chat_completion/a", "old", 400)

    def test_error_with_a_service_hint_is_a_new_error(self) -> None:
        explained = cluster_of(MemoryApi()).annotate(self.ERROR, wanted("a"))
        assert isinstance(explained, ApiError)
        assert explained.hint == "upgrade to Elasticsearch 9.5 or later to use chat_completion."
        assert (explained.problem, explained.status) == (self.ERROR.problem, 400)
        assert self.ERROR.hint == "old"

    def test_error_without_a_service_hint_is_unchanged(self) -> None:
        error = ApiError("something else", "PUT", "/_inference/a", "old", 400)
        assert cluster_of(MemoryApi()).annotate(error, wanted("a")) is error


class TestNormalForm:
    def test_endpoints_are_read_in_the_normal_form_of_the_service(self) -> None:
        cluster = cluster_of(MemoryApi(MIXED_UP))
        assert cluster.read("a") == NORMAL
        assert cluster.all_endpoints() == {"a": NORMAL}

    def test_endpoint_of_another_service_is_read_unchanged(self) -> None:
        assert cluster_of(MemoryApi(FOREIGN)).read("f") == FOREIGN

    def test_missing_endpoint_is_read_as_none(self) -> None:
        assert cluster_of(MemoryApi()).read("a") is None


class TestLists:
    def test_endpoints_are_listed_once(self) -> None:
        api = MemoryApi(EXISTING, TRIAL)
        cluster = cluster_of(api)
        assert cluster.read_all([wanted("a")]) == ({"a": EXISTING, TRIAL.inference_id: TRIAL}, {})
        assert ids(cluster.list_endpoints(wanted("b"))) == ["a", TRIAL.inference_id]
        assert cluster.find_left_over(wanted("a")) == TRIAL
        assert cluster.find_left_over(wanted("b")) is None
        assert api.calls == ["list"]

    def test_predicted_endpoints_are_visible_to_later_plans(self) -> None:
        cluster = cluster_of(MemoryApi(EXISTING))
        found, _errors = cluster.read_all([])
        cluster.predict("a", None)
        cluster.predict("b", FOREIGN)
        assert cluster.all_endpoints() == {"b": FOREIGN}
        assert found == {"a": EXISTING}

    def test_prediction_without_a_list_is_dropped(self) -> None:
        api = MemoryApi(EXISTING)
        cluster = cluster_of(api)
        cluster.predict("b", FOREIGN)
        assert cluster.all_endpoints() == {"a": EXISTING}

    def test_failed_list_is_read_in_part(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["list"] = [unreadable()]
        cluster = cluster_of(api)
        assert cluster.read_all([wanted("a", task_type="completion")]) == ({"a": EXISTING}, {})
        assert cluster.all_endpoints() == {"a": EXISTING}
        assert api.calls == ["list", "list completion"]
        assert cluster.list_failure != ""

    def test_endpoints_of_the_task_type_are_listed_if_the_full_list_fails(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["list"] = [unreadable()]
        cluster = cluster_of(api)
        assert ids(cluster.list_endpoints(wanted("b"))) == ids(cluster.list_endpoints(wanted("b"))) == ["a"]
        assert api.calls == ["list", "list completion"]
        assert (cluster.task_type_list_failure, len(cluster.warnings)) == ("", 1)


class TestDecide:
    def test_warnings_of_a_plan_are_shown_once(self) -> None:
        twin = EXISTING._replace(inference_id="b")
        cluster = cluster_of(MemoryApi(twin))
        desired = wanted("a", settings={MODEL: "m", TOKENS: 5}, secrets={KEY: "k"})
        for _time in range(2):
            decided = cluster.decide(desired, None, EndpointFacts(cluster, desired))
            assert cluster.warnings == list(decided.warnings)
        assert len(cluster.warnings) == 1


@pytest.mark.parametrize(
    ("desired", "options", "waits"),
    [
        (wanted("a"), {"wait_for_deployment": True}, True),
        (wanted("a"), {}, False),
        (wanted("a", "absent"), {"wait_for_deployment": True}, False),
        (wanted("a"), {"wait_for_deployment": True, "check_mode": True}, False),
    ],
)
def test_deployment_wait_requires_a_present_endpoint_and_a_real_run(
    desired: Desired, options: dict[str, Any], waits: bool
) -> None:
    assert cluster_of(MemoryApi(), **options).should_wait_for(desired) is waits


class TestHiddenSettings:
    """A setting that has no row and is not returned may be a secret. Only then, a request is sent."""

    PASSPHRASE, REGION = "service_settings.passphrase", "service_settings.region"

    def hidden(self, api: MemoryApi, settings: dict[str, Any], existing: Endpoint | None = EXISTING) -> Desired:
        return cluster_of(api).mark_sensitive(wanted("a", settings=settings), existing)

    def test_sensitive_setting_becomes_a_secret(self) -> None:
        api = MemoryApi()
        api.sensitive = {"anthropic": frozenset({"passphrase", "api_key"}), "other": frozenset({"region"})}
        desired = self.hidden(api, {self.PASSPHRASE: "x", self.REGION: "eu", TOKENS: 5})
        assert (desired.secrets, desired.settings) == ({self.PASSPHRASE: "x"}, {self.REGION: "eu", TOKENS: 5})
        assert api.calls == ["services"]

    @pytest.mark.parametrize(
        ("settings", "existing"),
        [
            ({TOKENS: 5, "task_settings.top_k": 1}, EXISTING),
            ({REGION: "eu"}, EXISTING._replace(settings={REGION: "us"})),
            ({REGION: "eu"}, None),
        ],
    )
    def test_sensitive_settings_are_not_requested_if_rows_or_the_endpoint_suffice(
        self, settings: dict[str, Any], existing: Endpoint | None
    ) -> None:
        api = MemoryApi()
        assert self.hidden(api, settings, existing) == wanted("a", settings=settings)
        assert api.calls == []

    def test_sensitive_settings_are_requested_once(self) -> None:
        api = MemoryApi()
        cluster = cluster_of(api)
        for _time in range(2):
            cluster.mark_sensitive(wanted("a", settings={self.REGION: "eu"}), EXISTING)
        assert api.calls == ["services"]

    def test_setting_is_not_a_secret_if_the_list_of_sensitive_settings_fails(self) -> None:
        api = MemoryApi()
        api.failures["services"] = [rejected("GET", "/_inference/_services", 404)]
        assert self.hidden(api, {self.REGION: "eu"}).secrets == {}

    def test_fatal_error_of_the_list_of_sensitive_settings_is_raised(self) -> None:
        api = MemoryApi()
        api.failures["services"] = [unreachable()]
        with pytest.raises(Unreachable):
            self.hidden(api, {self.REGION: "eu"})
