# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run knows of a cluster: each thing is asked for once, when a decision depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    Refused,
    Unreachable,
)
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import UNKNOWN, Endpoint
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
#: As 8.16 shows top_k.
MIXED_UP = EXISTING._replace(settings={"task_settings.top_p": 40})
NORMAL = EXISTING._replace(settings={"task_settings.top_k": 40})


class TestServer:
    def test_version_is_asked_once(self) -> None:
        api = MemoryApi()
        cluster = cluster_of(api)
        assert cluster.server() == cluster.server() == V96
        assert api.calls == ["server"]

    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (
                ApiError("no", "GET", "/", status=403, error_type="security_exception"),
                "without the cluster privilege monitor",
            ),
            (failed("GET", "/"), "(It failed)"),
        ],
    )
    def test_version_that_cannot_be_read_is_assumed_to_be_the_newest(self, error: ClientError, why: str) -> None:
        api = MemoryApi()
        api.failures["server"] = [error]
        cluster = cluster_of(api)
        assert cluster.server() == cluster.server() == UNKNOWN
        assert api.calls == ["server"]
        assert cluster.warnings == []
        cluster.warn_of_assumed_version()
        assert cluster.warnings == [f"The version of Elasticsearch cannot be read {why}; the newest is assumed."]

    def test_version_that_was_read_gives_no_warning(self) -> None:
        cluster = cluster_of(MemoryApi())
        cluster.server()
        cluster.warn_of_assumed_version()
        assert cluster.warnings == []

    @pytest.mark.parametrize("error", [unauthorized("GET", "/"), unreachable("GET", "/")])
    def test_version_is_not_assumed_if_any_other_request_would_fail_as_well(self, error: ClientError) -> None:
        api = MemoryApi()
        api.failures["server"] = [error]
        with pytest.raises(ClientError) as raised:
            cluster_of(api).server()
        assert raised.value is error

    def test_version_is_not_asked_of_a_cluster_that_is_down(self) -> None:
        api = MemoryApi()
        cluster = cluster_of(api)
        cluster.failed(unreachable(), wanted("a"))
        with pytest.raises(Refused, match="Nothing was tried"):
            cluster.server()
        assert api.calls == []


class TestDown:
    @pytest.mark.parametrize("error", [unauthorized(), unreachable()])
    def test_failure_that_others_would_meet_stops_them(self, error: ClientError) -> None:
        cluster = cluster_of(MemoryApi())
        cluster.failed(error, wanted("a"))
        with pytest.raises(Refused) as refused:
            cluster.stop_if_down()
        assert str(refused.value) == f"Nothing was tried, since an earlier request failed: {error}"

    @pytest.mark.parametrize("error", [rejected(), failed(), Refused("no")])
    def test_failure_of_one_endpoint_stops_no_other(self, error: Refused | ClientError) -> None:
        cluster = cluster_of(MemoryApi())
        assert cluster.failed(error, wanted("a")) is error
        cluster.stop_if_down()


class TestExplanation:
    ERROR = ApiError("does not support task type [chat_completion]", "PUT", "/_inference/chat_completion/a", "old", 400)

    def test_failure_gets_the_hint_of_the_service_as_another_error(self) -> None:
        explained = cluster_of(MemoryApi()).failed(self.ERROR, wanted("a"))
        assert isinstance(explained, ApiError)
        assert explained.hint == "upgrade to Elasticsearch 9.5 or later to use chat_completion."
        assert (explained.problem, explained.status) == (self.ERROR.problem, 400)
        assert self.ERROR.hint == "old"

    def test_failure_that_the_service_cannot_explain_keeps_its_hint(self) -> None:
        error = ApiError("something else", "PUT", "/_inference/a", "old", 400)
        assert cluster_of(MemoryApi()).failed(error, wanted("a")) is error


class TestNormalForm:
    def test_endpoints_are_read_in_the_normal_form_of_the_service(self) -> None:
        cluster = cluster_of(MemoryApi(MIXED_UP))
        assert cluster.read("a") == NORMAL
        assert cluster.others() == {"a": NORMAL}

    def test_endpoints_of_another_service_are_left_as_they_are(self) -> None:
        assert cluster_of(MemoryApi(FOREIGN)).read("f") == FOREIGN

    def test_endpoint_that_does_not_exist_is_none(self) -> None:
        assert cluster_of(MemoryApi()).read("a") is None


class TestLists:
    def test_endpoints_are_listed_once(self) -> None:
        api = MemoryApi(EXISTING, TRIAL)
        cluster = cluster_of(api)
        assert cluster.read_many([wanted("a")]) == ({"a": EXISTING, TRIAL.inference_id: TRIAL}, {})
        assert ids(cluster.neighbors(wanted("b"))) == ["a", TRIAL.inference_id]
        assert cluster.left_over(wanted("a")) == TRIAL
        assert cluster.left_over(wanted("b")) is None
        assert api.calls == ["list"]

    def test_later_plans_see_what_earlier_ones_make_of_the_cluster(self) -> None:
        cluster = cluster_of(MemoryApi(EXISTING))
        found, _errors = cluster.read_many([])
        cluster.expect("a", None)
        cluster.expect("b", FOREIGN)
        assert cluster.others() == {"b": FOREIGN}
        assert found == {"a": EXISTING}

    def test_expectation_without_a_list_is_dropped(self) -> None:
        api = MemoryApi(EXISTING)
        cluster = cluster_of(api)
        cluster.expect("b", FOREIGN)
        assert cluster.others() == {"a": EXISTING}

    def test_list_that_fails_is_read_in_part(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["list"] = [unreadable()]
        cluster = cluster_of(api)
        assert cluster.read_many([wanted("a", task_type="completion")]) == ({"a": EXISTING}, {})
        assert cluster.others() == {"a": EXISTING}
        assert api.calls == ["list", "list completion"]
        assert cluster.is_listed_in_part != ""

    def test_neighbors_of_a_list_that_fails_are_those_of_the_task_type(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["list"] = [unreadable()]
        cluster = cluster_of(api)
        assert ids(cluster.neighbors(wanted("b"))) == ids(cluster.neighbors(wanted("b"))) == ["a"]
        assert api.calls == ["list", "list completion"]
        assert (cluster.unlisted, len(cluster.warnings)) == ("", 1)


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
def test_deployment_is_waited_for_if_the_endpoint_is_present_and_the_run_is_real(
    desired: Desired, options: dict[str, Any], waits: bool
) -> None:
    assert cluster_of(MemoryApi(), **options).waits_for(desired) is waits


class TestHiddenSettings:
    """A setting without a row that is not shown may be a secret. Only then the server is asked."""

    PASSPHRASE, REGION = "service_settings.passphrase", "service_settings.region"

    def hidden(self, api: MemoryApi, settings: dict[str, Any], existing: Endpoint | None = EXISTING) -> Desired:
        return cluster_of(api).with_hidden(wanted("a", settings=settings), existing)

    def test_setting_that_the_server_calls_sensitive_is_a_secret(self) -> None:
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
    def test_server_is_not_asked_if_rows_or_the_endpoint_tell(
        self, settings: dict[str, Any], existing: Endpoint | None
    ) -> None:
        api = MemoryApi()
        assert self.hidden(api, settings, existing) == wanted("a", settings=settings)
        assert api.calls == []

    def test_server_is_asked_once(self) -> None:
        api = MemoryApi()
        cluster = cluster_of(api)
        for _time in range(2):
            cluster.with_hidden(wanted("a", settings={self.REGION: "eu"}), EXISTING)
        assert api.calls == ["services"]

    def test_setting_counts_as_different_if_the_server_does_not_tell(self) -> None:
        api = MemoryApi()
        api.failures["services"] = [rejected("GET", "/_inference/_services", 404)]
        assert self.hidden(api, {self.REGION: "eu"}).secrets == {}

    def test_failure_that_any_request_would_meet_is_not_passed_over(self) -> None:
        api = MemoryApi()
        api.failures["services"] = [unreachable()]
        with pytest.raises(Unreachable):
            self.hidden(api, {self.REGION: "eu"})
