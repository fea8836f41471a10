# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for endpoints that Elasticsearch stores but cannot read, and for lists that they break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.unit.support import (
    DOCUMENTED,
    ID,
    KEY,
    OTHERS,
    READ,
    STORED,
    VERSION,
    create_request,
    endpoint,
    endpoints,
    info,
    run_module,
    seed,
)

NEIGHBOR = ".elser-2-elasticsearch"
OF_TASK_TYPE = "GET /_inference/completion/_all"
FORCED = f"DELETE /_inference/{ID}?force=true"


@pytest.fixture
def sick(server: Simulator) -> Simulator:
    """Start a cluster that cannot read a built-in endpoint (elastic/elasticsearch#158218)."""
    server.seed(NEIGHBOR, state="unparsable")
    return server


@pytest.fixture(params=["unparsable", "top_k"])
def unreadable(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Start a cluster that cannot read the endpoint."""
    with Simulator(version="8.17" if request.param == "top_k" else "9.6") as server:
        if request.param == "top_k":
            server.seed(ID, task_settings={"max_tokens": 5, "top_k": 3})
        else:
            server.seed(ID, service="anthropic", state="unparsable")
        yield server


class TestNeighbors:
    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_create_with_an_unreadable_neighbor_causes_a_warning(self, sick: Simulator) -> None:
        run = endpoint(sick, **DOCUMENTED)
        assert sick.requests == [READ, OTHERS, OF_TASK_TYPE, VERSION, create_request()]
        assert (run["action"], run["endpoint"]) == ("created", STORED)
        assert run.warnings[0].startswith(
            "Elasticsearch does not list all endpoints, so duplicate_model was checked only for the task type "
            "completion."
        )
        assert NEIGHBOR in run.warnings[0]

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_duplicates_of_the_task_type_are_still_found(self, sick: Simulator) -> None:
        seed(sick, "older")
        run = endpoint(sick, **DOCUMENTED, duplicate_model="fail")
        assert run.failed
        assert "older already uses the model" in run["msg"]

    def test_create_works_if_nothing_can_be_listed(self, server: Simulator) -> None:
        server.faults.add(Fault("status", match="_all", status=500, times=9))
        run = endpoint(server, **DOCUMENTED)
        assert (run["action"], run["endpoint"]) == ("created", STORED)
        assert any("duplicate_model was not checked" in warning for warning in run.warnings)

    def test_duplicate_model_fail_is_rejected_if_nothing_can_be_listed(self, server: Simulator) -> None:
        server.faults.add(Fault("status", match="_all", status=500, times=9))
        run = endpoint(server, **DOCUMENTED, duplicate_model="fail")
        assert run.failed
        assert "Cannot check for duplicates (duplicate_model=fail)" in run["msg"]
        assert ID not in server.endpoints

    @pytest.mark.rejected("GET /_inference/.*: 500")
    @pytest.mark.parametrize("action", ["update", "delete"])
    def test_update_and_delete_work_with_an_unreadable_neighbor(self, sick: Simulator, action: str) -> None:
        seed(sick)
        options = {"state": "absent"} if action == "delete" else {"task_settings": {"max_tokens": 5}}
        run = endpoint(sick, **options)
        assert not run.failed
        assert run["changed"] is True

    def test_run_in_sync_works_with_an_unreadable_neighbor(self, sick: Simulator) -> None:
        seed(sick)
        run = endpoint(sick, **DOCUMENTED)
        assert (sick.requests, run["changed"], run.warnings) == ([READ], False, [])

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_list_reads_the_task_type_and_missing_ids(self, sick: Simulator) -> None:
        seed(sick, "a")
        run = endpoints(sick, endpoints=[{"inference_id": "a"}, {"inference_id": "b", **DOCUMENTED}])
        assert sick.requests == [OTHERS, OF_TASK_TYPE, "GET /_inference/b", VERSION, create_request("b")]
        assert [result["action"] for result in run["results"]] == ["none", "created"]
        assert "so only the declared ones were read" in run.warnings[0]

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_list_reads_ids_one_by_one_if_a_task_type_fails_too(self, sick: Simulator) -> None:
        seed(sick, "a")
        sick.seed("broken", service="anthropic", state="unparsable")
        run = endpoints(sick, endpoints=[{"inference_id": "a"}, {"inference_id": "broken"}])
        assert sick.requests == [OTHERS, OF_TASK_TYPE, "GET /_inference/a", "GET /_inference/broken"]
        assert run.failed
        assert [result.get("failed", False) for result in run["results"]] == [False, True]
        assert "broken cannot be read" in run["results"][1]["msg"]

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_list_finds_a_declared_id_that_has_another_task_type(self, sick: Simulator) -> None:
        sick.seed("x", service="openai", task_type="text_embedding")
        run = endpoints(sick, endpoints=[{"inference_id": "x", **DOCUMENTED}])
        assert "belongs to the service openai" in run["results"][0]["msg"]

    @pytest.mark.rejected("GET /_inference/.*: 500")
    @pytest.mark.parametrize("check", [False, True])
    def test_purge_is_rejected_with_the_reason(self, sick: Simulator, check: bool) -> None:
        for name in ("a", "b"):
            seed(sick, name)
        run = endpoints(sick, endpoints=[{"inference_id": "a"}], purge=True, check=check)
        assert run.failed
        assert "Cannot purge, because Elasticsearch does not list all endpoints" in run["msg"]
        assert NEIGHBOR in run["msg"]
        assert set(sick.endpoints) >= {"a", "b"}

    @pytest.mark.parametrize("status", [401, 403])
    def test_list_fails_if_reading_is_not_allowed(self, server: Simulator, status: int) -> None:
        server.faults.add(Fault("status", match="_all", status=status))
        run = endpoints(server, endpoints=[{"inference_id": "a"}])
        assert run.failed
        assert server.requests == [OTHERS]


class TestInformation:
    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_info_reads_task_types_and_reports_the_unreadable_one(self, sick: Simulator) -> None:
        seed(sick)
        run = info(sick)
        assert [one["inference_id"] for one in run["endpoints"]][-1] == ID
        assert "sparse_embedding" in run.warnings[0]
        assert NEIGHBOR in run.warnings[0]

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_info_reads_ids_one_by_one(self, sick: Simulator) -> None:
        seed(sick, "a")
        run = info(sick, inference_id=["a", "b"])
        assert sick.requests == [OTHERS, "GET /_inference/a", "GET /_inference/b"]
        assert [one["inference_id"] for one in run["endpoints"]] == ["a"]
        assert run.warnings == []

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_unreadable_id_is_reported(self, sick: Simulator) -> None:
        seed(sick, "a")
        run = info(sick, inference_id=["a", NEIGHBOR])
        assert [one["inference_id"] for one in run["endpoints"]] == ["a"]
        assert NEIGHBOR in run.warnings[0]

    def test_readable_task_type_causes_no_warning(self, sick: Simulator) -> None:
        seed(sick)
        run = info(sick, task_type="completion")
        assert (len(run["endpoints"]), run.warnings) == (1, [])


@pytest.mark.rejected("GET /_inference/.*: 500", "POST /_inference/.*: 400")
def test_completion_is_sent_to_each_readable_endpoint(sick: Simulator) -> None:
    seed(sick, "a")
    sick.seed("b", service="anthropic", state="unparsable")
    options = {"elasticsearch_url": sick.url, "retries": 0, "inference_id": ["a", "b"], "input": "Hello"}
    run = run_module("completion", options)
    assert sick.requests[:3] == [OTHERS, "GET /_inference/a", "GET /_inference/b"]
    assert [result.get("failed", False) for result in run["results"]] == [False, True]
    assert "Unknown service" in run["results"][1]["msg"] or "not found" in run["results"][1]["msg"]


class TestUnreadable:
    @pytest.mark.rejected("GET /_inference/.*: 400", "GET /_inference/.*: 500")
    def test_absent_fails_with_a_hint_and_deletes_nothing(self, unreadable: Simulator) -> None:
        run = endpoint(unreadable, state="absent")
        assert run.failed
        assert unreadable.requests == [READ]
        assert "cannot be read" in run["msg"]
        assert run["msg"].endswith("It was not changed. Hint: set force=true to delete it.")
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", None)

    @pytest.mark.rejected("GET /_inference/.*: 400", "GET /_inference/.*: 500")
    @pytest.mark.parametrize("check", [False, True])
    def test_absent_with_force_deletes_an_unreadable_endpoint(self, unreadable: Simulator, check: bool) -> None:
        run = endpoint(unreadable, state="absent", force=True, check=check, diff=True)
        assert not run.failed, run["msg"]
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "deleted", None)
        assert (FORCED in unreadable.requests, ID in unreadable.endpoints) == (not check, check)
        if not check:
            assert endpoint(unreadable, state="absent")["changed"] is False

    @pytest.mark.rejected("GET /_inference/.*: 400", "GET /_inference/.*: 500")
    def test_present_fails_with_both_solutions(self, unreadable: Simulator) -> None:
        run = endpoint(unreadable, **DOCUMENTED, allow_recreate=True)
        assert run.failed
        assert "set state=absent and force=true to delete it" in run["msg"]
        assert unreadable.requests == [READ]

    @pytest.mark.rejected("GET /_inference/.*: 400", "GET /_inference/.*: 500")
    def test_present_with_force_re_creates_an_unreadable_endpoint(self, unreadable: Simulator) -> None:
        run = endpoint(unreadable, **DOCUMENTED, allow_recreate=True, force=True)
        assert not run.failed, run["msg"]
        assert (run["action"], run["endpoint"]) == ("recreated", STORED)
        assert unreadable.endpoints[ID].secret == KEY
        assert f"{ID}-ansible-preflight" not in unreadable.endpoints
        assert endpoint(unreadable, **DOCUMENTED)["changed"] is False

    @pytest.mark.rejected("GET /_inference/.*: 400", "GET /_inference/.*: 500")
    def test_re_creating_an_unreadable_endpoint_requires_all_settings(self, unreadable: Simulator) -> None:
        run = endpoint(unreadable, task_settings={"max_tokens": 5}, allow_recreate=True, force=True)
        assert run.failed
        assert "re-creating it requires service_settings.api_key and service_settings.model_id" in run["msg"]
        assert unreadable.requests == [READ]

    @pytest.mark.rejected("GET /_inference/.*: 500", "PUT /_inference/.*-ansible-preflight.*: 400")
    def test_rejected_key_does_not_change_an_unreadable_endpoint(self) -> None:
        with Simulator(refused_keys=[KEY]) as server:
            server.seed(ID, service="anthropic", state="unparsable")
            run = endpoint(server, **DOCUMENTED, allow_recreate=True, force=True)
            assert run.failed
            assert ID in server.endpoints

    @pytest.mark.rejected("GET /_inference/.*: 500")
    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_unreadable_endpoint_of_another_service_is_never_changed(self, server: Simulator, state: str) -> None:
        server.seed(ID, service="elasticsearch", state="unparsable")
        options = {**DOCUMENTED, "allow_recreate": True} if state == "present" else {}
        run = endpoint(server, state=state, force=True, **options)
        assert run.failed
        assert "belongs to another service" in run["msg"]
        assert server.requests == [READ]

    @pytest.mark.rejected("GET /_inference/.*: 500")
    def test_list_repairs_an_unreadable_endpoint_and_keeps_the_others(self, server: Simulator) -> None:
        seed(server, "a")
        server.seed(ID, service="anthropic", state="unparsable")
        run = endpoints(
            server,
            endpoints=[{"inference_id": "a", **DOCUMENTED}, {"inference_id": ID, **DOCUMENTED}],
            allow_recreate=True,
            force=True,
        )
        assert [result["action"] for result in run["results"]] == ["none", "recreated"]


class TestHalfStored:
    """Tests for endpoints of a create that failed halfway, before 9.3."""

    @pytest.mark.rejected("PUT /_inference/.*: 500")
    def test_endpoint_without_secrets_is_re_created_if_that_is_allowed(self) -> None:
        with Simulator(version="8.19") as server:
            server.seed(ID, state="no_secrets")
            options: dict[str, Any] = {**DOCUMENTED, "task_settings": {"max_tokens": 5}}
            failed = endpoint(server, **options)
            run = endpoint(server, **options, allow_recreate=True)
            if not failed.failed:
                pytest.skip("This version updates it.")
            assert "invalid state" in failed["msg"]
            assert (run["action"], run["endpoint"]["task_settings"]) == ("recreated", {"max_tokens": 5})

    @pytest.mark.rejected("PUT /_inference/.*: 500")
    def test_setting_that_cannot_be_stored_is_explained(self) -> None:
        """8.16 and 8.17 store top_k under the name top_p."""
        with Simulator(version="8.17") as server:
            run = endpoint(server, **{**DOCUMENTED, "task_settings": {"max_tokens": 5, "top_k": 3, "top_p": 0.5}})
            assert run.failed
            assert "do not set task_settings.top_k on Elasticsearch 8.16 and 8.17" in run["msg"]
            assert run["endpoint"] is None
