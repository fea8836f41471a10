# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Older versions, races, and lost responses: the report shows the actual state of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    Refused,
)
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome
from ansible_collections.esops.inference.plugins.module_utils._reconcile.reconciler import Reconciler
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting
from tests.simulator import Fault, Simulator
from tests.unit.planning import RECREATE_HINT
from tests.unit.reconciling import (
    EXISTING,
    PATH,
    V93,
    V94,
    MemoryApi,
    cluster_of,
    lost,
    rejected,
    unreadable,
    wanted,
    with_task_settings,
)
from tests.unit.reconciling import KEY as KEY_PATH
from tests.unit.reconciling import MODEL as MODEL_PATH
from tests.unit.runs import declared, held, recreation
from tests.unit.support import (
    DELETE,
    DOCUMENTED,
    FORMER_KEY,
    ID,
    KEY,
    MODEL,
    OTHERS,
    READ,
    REFERENCES,
    STORED,
    TRIAL_REMOVAL,
    VERSION,
    create_request,
    endpoint,
    seed,
    trial_request,
    update_request,
)

CREATE, UPDATE = create_request(), update_request()
RATE = "service_settings.rate_limit.requests_per_minute"


def limited(**more: Any) -> dict[str, Any]:
    return {"service_settings": {"api_key": KEY, "model_id": MODEL, "rate_limit": {"requests_per_minute": 7}}, **more}


class TestOldServers:
    @pytest.mark.parametrize("version", ["8.17", "8.19", "9.3"])
    def test_silently_ignored_rate_limit_is_detected(self, version: str) -> None:
        with Simulator(version=version) as server:
            seed(server)
            predicted = declared(server, **limited(), check=True)
            assert server.requests == [READ, VERSION]
            server.clear_log()
            run = declared(server, **limited())
            proof = [trial_request(version), TRIAL_REMOVAL]
            assert server.requests == [READ, VERSION, OTHERS, *proof, update_request(version=version)]
            assert run["endpoint"] == held(server)
        assert run.failed
        assert f"differs in {RATE}, but Elasticsearch {version}.0 cannot update it in place" in run["msg"]
        assert "allow_recreate" in run["msg"]
        assert predicted["msg"] == run["msg"]
        assert predicted["changed"] == run["changed"]

    def test_rest_of_a_change_is_reported_if_a_setting_is_ignored(self) -> None:
        with Simulator(version="9.3") as server:
            seed(server)
            options = limited(task_settings={"max_tokens": 5})
            predicted = declared(server, **options, check=True, diff=True)
            run = declared(server, **options, diff=True)
            assert run["endpoint"] == held(server)
        assert run.failed
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", ["task_settings.max_tokens"])
        for name in ("msg", "changed", "action", "changes", "endpoint", "diff"):
            assert predicted[name] == run[name]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_rate_limit_without_the_key_is_refused_as_a_whole_before_9_4(self) -> None:
        with Simulator(version="9.3") as server:
            seed(server)
            options = {
                "service_settings": {"rate_limit": {"requests_per_minute": 7}},
                "task_settings": {"max_tokens": 5},
            }
            predicted = endpoint(server, **options, check=True)
            run = endpoint(server, **options)
            assert run["endpoint"] == held(server) == STORED
        assert run.failed
        assert run["changed"] is False
        assert predicted["msg"] == run["msg"]
        assert "service_settings.api_key" in run["msg"]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_server_8_16_gets_no_update(self) -> None:
        with Simulator(version="8.16") as server:
            seed(server)
            predicted = declared(server, task_settings={"max_tokens": 5}, check=True)
            server.clear_log()
            run = declared(server, task_settings={"max_tokens": 5})
            assert server.requests == [READ, VERSION]
        assert run.failed
        assert "but Elasticsearch 8.16.0 cannot update it in place" in run["msg"]
        assert (run["changed"], run["endpoint"]) == (False, STORED)
        assert predicted["msg"] == run["msg"]

    @pytest.mark.parametrize("version", ["8.16", "9.3"])
    def test_rate_limit_is_changed_by_a_recreation_on_older_servers_if_allowed(self, version: str) -> None:
        with Simulator(version=version) as server:
            seed(server, temperature=0.5)
            predicted = declared(server, **limited(allow_recreate=True), check=True, diff=True)
            assert server.requests == [READ, VERSION, *REFERENCES]
            server.clear_log()
            run = declared(server, **limited(allow_recreate=True), diff=True)
            assert server.requests == [READ, VERSION, OTHERS, *recreation(version)]
            assert run["endpoint"] == held(server)
            assert server.endpoints[ID].task_settings["temperature"] == 0.5
        assert (run["changed"], run["action"], run["changes"]) == (True, "recreated", [RATE])
        for name in ("changed", "action", "changes", "endpoint", "diff"):
            assert predicted[name] == run[name]

    @pytest.mark.parametrize("version", ["9.4", "9.5", "9.6", "serverless"])
    def test_rate_limit_changes_in_place_on_newer_servers(self, version: str) -> None:
        with Simulator(version=version) as server:
            seed(server)
            run = declared(server, **limited(allow_recreate=True))
            assert server.requests == [READ, VERSION, OTHERS, update_request(version=version)]
            assert run["endpoint"] == held(server)
        assert run["changes"] == [RATE]

    def test_ignored_removal_of_a_setting_is_detected(self) -> None:
        with Simulator() as server:
            seed(server, temperature=0.5)
            server.faults.add(Fault("ignore", match="_update", times=2))
            run = declared(server, unmanaged_settings="remove")
            assert run["endpoint"] == held(server)
            assert run.failed
            assert "differs in task_settings.temperature" in run["msg"]
            again = declared(server, unmanaged_settings="remove", allow_recreate=True)
            assert (again["action"], again["endpoint"]) == ("recreated", STORED)

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_server_without_updates_is_recognized_if_its_version_cannot_be_read(self) -> None:
        with Simulator(version="8.16") as server:
            seed(server)
            server.faults.add(Fault("status", match="GET /$", status=403))
            run = declared(server, task_settings={"max_tokens": 5}, allow_recreate=True)
            assert server.requests == [READ, VERSION, OTHERS, update_request(version="8.16"), READ, *recreation("8.16")]
        assert run["action"] == "recreated"


class TestAmbiguousWrites:
    @pytest.mark.parametrize("kind", ["reset_after", "cut", "cut_short", "html", "status_after"])
    def test_create_whose_response_is_lost_is_found_by_reading(self, server: Simulator, kind: str) -> None:
        server.faults.add(Fault(kind, match="PUT", status=504 if kind == "status_after" else None))
        run = declared(server)
        assert server.requests == [READ, OTHERS, VERSION, CREATE, READ]
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "created", held(server))

    @pytest.mark.parametrize("kind", ["reset_before", "html_before"])
    def test_create_that_never_arrived_is_retried(self, server: Simulator, kind: str) -> None:
        server.faults.add(Fault(kind, match="PUT"))
        run = declared(server)
        assert server.requests == [READ, OTHERS, VERSION, CREATE, READ, CREATE]
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "created", held(server))

    def test_create_that_never_arrives_is_tried_three_times(self, server: Simulator) -> None:
        server.faults.add(Fault("html_before", match="PUT", times=9))
        run = declared(server)
        assert server.requests == [READ, OTHERS, VERSION, *[CREATE, READ] * 3]
        assert run.failed
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", None)

    def test_endpoint_stored_despite_an_error_is_reported_as_created(self, server: Simulator) -> None:
        server.faults.add(Fault("status_after", match="PUT", status=400))
        run = declared(server)
        assert (run.failed, run["changed"], run["action"], run["endpoint"]) == (False, True, "created", held(server))

    def test_delete_whose_response_is_lost_is_found_by_reading(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("reset_after", match="DELETE"))
        run = endpoint(server, state="absent")
        assert server.requests == [READ, OTHERS, DELETE, READ]
        assert (run["changed"], run["action"]) == (True, "deleted")

    def test_key_is_sent_twice_if_the_first_response_is_lost(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("reset_after", match="PUT"))
        run = declared(server, update_secrets="always")
        assert server.requests == [READ, VERSION, OTHERS, UPDATE, READ, UPDATE]
        assert (run["changed"], run["action"]) == (True, "updated")

    def test_key_update_with_lost_responses_is_reported_as_a_change(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("reset_after", match="PUT", times=9))
        run = declared(server, update_secrets="always")
        assert run.failed
        assert run["changed"] is True

    def test_unreadable_create_with_a_lost_response_is_reported_as_a_change(self, server: Simulator) -> None:
        server.faults.add(Fault("reset_after", match="PUT"))
        server.faults.add(Fault("status", match=rf"GET .*/{ID}$", at=3, status=500))
        run = declared(server)
        assert run.failed
        assert "The current state of the endpoint could not be read" in run["msg"]
        assert (run["changed"], run["endpoint"]) == (True, None)

    def test_server_that_stops_before_the_write_causes_no_change(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Inference, "get_all", lambda *_arguments: server.stop() or [])
        run = endpoint(server, **DOCUMENTED)
        assert run.failed
        assert "cannot be reached" in run["msg"] or "was lost" in run["msg"]
        assert run["action"] == "none"
        assert held(server) is None

    def test_create_without_a_handler_is_not_retried(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        tried: list[str] = []

        def unknown(_self: Inference, _task_type: str, inference_id: str, *_more: Any) -> Any:
            tried.append(inference_id)
            raise ApiError("no handler found", "PUT", "/_inference", status=400)

        monkeypatch.setattr(Inference, "put", unknown)
        run = declared(server)
        assert tried == [ID]
        assert run.failed
        assert (run["changed"], run["failure"]["status"]) == (False, 400)


class TestRaces:
    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_same_endpoint_created_by_another_client_is_no_change(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.in_between(server, monkeypatch, lambda: seed(server))
        run = declared(server, diff=True)
        assert (run.failed, run["changed"], run["action"], run["endpoint"]) == (False, False, "none", STORED)
        assert "diff" not in run
        assert server.endpoints[ID].secret == FORMER_KEY

    def test_setting_changed_by_another_client_after_the_create_is_updated(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put: Callable[..., Any] = Inference.put

        def overtaken(self: Inference, *arguments: Any) -> Any:
            put(self, *arguments)
            seed(server, max_tokens=5)
            return self.get(ID)

        monkeypatch.setattr(Inference, "put", overtaken)
        run = declared(server)
        assert (run.failed, run["action"], run["endpoint"]) == (False, "created", STORED)
        assert server.requests[-1] == UPDATE

    def test_endpoint_created_by_another_client_after_a_rejected_create_is_no_change(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.faults.add(Fault("provider_refusal", match="PUT"))
        put: Callable[..., Any] = Inference.put

        def late(self: Inference, *arguments: Any) -> Any:
            try:
                return put(self, *arguments)
            finally:
                seed(server)

        monkeypatch.setattr(Inference, "put", late)
        run = declared(server)
        assert (run.failed, run["changed"], run["action"], run["endpoint"]) == (False, False, "none", STORED)

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_different_endpoint_created_by_another_client_is_updated(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.in_between(server, monkeypatch, lambda: seed(server, max_tokens=5))
        run = declared(server, diff=True)
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "updated", held(server))
        assert run["changes"] == ["task_settings.max_tokens"]
        assert run["diff"]["before"]["task_settings"] == {"max_tokens": 5}

    @pytest.mark.rejected("PUT /_inference/.*: 404")
    @pytest.mark.parametrize("version", ["8.17", "9.3", "9.4", "9.6"])
    def test_endpoint_deleted_before_its_update_is_created(self, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
        with Simulator(version=version) as server:
            seed(server)
            self.before_update(monkeypatch, lambda: server.remove(ID))
            run = declared(server, task_settings={"max_tokens": 5}, diff=True)
            assert not run.failed, run["msg"]
            assert (run["action"], run["endpoint"]) == ("created", held(server))
            assert run["diff"]["before"] == {}

    @pytest.mark.rejected("PUT /_inference/.*: 404")
    def test_endpoint_deleted_before_its_key_is_sent_is_created(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server)
        self.before_update(monkeypatch, lambda: server.remove(ID))
        run = declared(server, update_secrets="always")
        assert (run["action"], server.endpoints[ID].secret) == ("created", KEY)

    @pytest.mark.parametrize("status", [400, 403, 409, 413, 500])
    def test_change_by_another_client_before_a_rejected_update_is_not_reported(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        seed(server)
        server.faults.add(Fault("status", match="_update", status=status, times=9))
        self.before_update(monkeypatch, lambda: seed(server, max_tokens=50))
        run = declared(server, task_settings={"max_tokens": 99, "temperature": 0.5}, diff=True)
        assert run.failed
        assert (run["changed"], run["action"], run["changes"]) == (False, "none", [])
        assert run["endpoint"] == held(server)
        assert run["endpoint"]["task_settings"] == {"max_tokens": 50}
        assert "diff" not in run

    def test_same_change_by_another_client_is_no_change(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server)
        server.faults.add(Fault("status", match="_update", status=400))
        self.before_update(monkeypatch, lambda: seed(server, max_tokens=99))
        run = declared(server, task_settings={"max_tokens": 99})
        assert (run.failed, run["changed"], run["endpoint"]) == (False, False, held(server))

    def test_change_by_another_client_during_a_lost_response_is_not_reported(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server, temperature=0.1)
        server.faults.add(Fault("reset_after", match="_update"))
        update: Callable[..., Any] = Inference.update

        def late(self: Inference, *arguments: Any) -> Any:
            try:
                return update(self, *arguments)
            finally:
                seed(server, max_tokens=99, temperature=0.9)

        monkeypatch.setattr(Inference, "update", late)
        run = declared(server, task_settings={"max_tokens": 99}, diff=True)
        assert (run["changed"], run["changes"]) == (True, ["task_settings.max_tokens"])
        assert run["diff"]["before"]["task_settings"] == {"max_tokens": 1024, "temperature": 0.9}
        assert run["endpoint"] == held(server)

    def test_endpoint_deleted_by_another_client_before_a_rejected_delete_is_no_change(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server)
        server.faults.add(Fault("status", match="DELETE", status=409))
        delete: Callable[..., Any] = Inference.delete

        def late(self: Inference, *arguments: Any) -> None:
            server.remove(ID)
            delete(self, *arguments)

        monkeypatch.setattr(Inference, "delete", late)
        run = endpoint(server, state="absent")
        assert (run.failed, run["changed"], run["action"]) == (False, False, "none")

    def test_404_page_of_a_proxy_does_not_mean_a_missing_endpoint(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("status", match="_update", status=404, html=True, times=9))
        run = declared(server, task_settings={"max_tokens": 5})
        assert (run.failed, run["changed"], run["endpoint"]) == (True, False, STORED)
        assert run["failure"]["status"] == 404

    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_404_for_an_unknown_service_does_not_mean_a_missing_endpoint(self, server: Simulator, state: str) -> None:
        """This 404 does not mean that the endpoint is missing."""
        seed(server)
        server.faults.add(Fault("status", match="DELETE|_update", status=404, error_type="status_exception", times=9))
        options = {"task_settings": {"max_tokens": 5}} if state == "present" else {"state": "absent"}
        run = endpoint(server, **options)
        assert (run.failed, run["changed"], run["endpoint"]) == (True, False, STORED)

    @staticmethod
    def before_update(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
        """Let another client act once, after the read and before the first update."""
        update: Callable[..., Any] = Inference.update
        acts = [act]

        def later(self: Inference, *arguments: Any) -> Any:
            if acts:
                acts.pop()()
            return update(self, *arguments)

        monkeypatch.setattr(Inference, "update", later)

    @pytest.mark.rejected("DELETE /_inference/.*: 404", "DELETE /ansible-inference-fingerprints.*: 404")
    def test_endpoint_deleted_by_another_client_before_its_delete_is_no_change(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server)
        delete: Callable[..., Any] = Inference.delete

        def late(self: Inference, *arguments: Any) -> None:
            delete(self, *arguments)
            delete(self, *arguments)

        monkeypatch.setattr(Inference, "delete", late)
        run = endpoint(server, state="absent")
        assert (run.failed, run["changed"], run["action"], run["endpoint"]) == (False, False, "none", None)

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_incomplete_endpoint_is_reported_after_one_create(self, server: Simulator) -> None:
        server.seed(ID, state="no_settings")
        run = declared(server)
        assert server.requests == [READ, OTHERS, VERSION, CREATE, READ]
        assert run.failed
        assert "already exists, but a read does not return it" in run["msg"]
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", None)

    @staticmethod
    def in_between(server: Simulator, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
        """Let another client act after the read and before the first create."""
        put: Callable[..., Any] = Inference.put

        def later(self: Inference, *arguments: Any) -> Any:
            if ID not in server.endpoints:
                act()
            return put(self, *arguments)

        monkeypatch.setattr(Inference, "put", later)


def test_endpoint_that_keeps_changing_fails_after_three_rounds(
    server: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    update: Callable[..., Any] = Inference.update
    # Each change is to a setting other than the one that was just updated.
    changes = iter(({"max_tokens": 99, "temperature": 0.1}, {"temperature": 0.5}) * 2)

    def restless(self: Inference, *arguments: Any) -> Any:
        stored = update(self, *arguments)
        seed(server, **next(changes))
        return Inference.get(self, ID) or stored

    seed(server, temperature=0.5)
    monkeypatch.setattr(Inference, "update", restless)
    run = declared(server, task_settings={"max_tokens": 99, "temperature": 0.5})
    assert run.failed
    assert run["endpoint"] == held(server)
    assert [request for request in server.requests if "_update" in request] == [UPDATE] * 3
    assert "still differs in task_settings.temperature after 3 attempts" in run["msg"]


def outcome_of(api: MemoryApi, settings: dict[str, Any], key: str | None = None, **options: Any) -> Outcome:
    """Reconcile one endpoint with an API in memory."""
    desired = wanted("a", settings=settings, secrets={} if key is None else {KEY_PATH: key})
    return Reconciler(cluster_of(api, **options)).reconcile(desired)


class TestCheckMode:
    def test_check_mode_predicts_that_a_whole_update_is_rejected(self) -> None:
        api = MemoryApi(EXISTING, server=V94)
        outcome = outcome_of(api, {RATE: 7}, check_mode=True)
        assert str(outcome.error).startswith(f"Inference endpoint a differs in {RATE}, but Elasticsearch 9.4.0 cannot")
        assert (outcome.changed, outcome.after) == (False, EXISTING)
        assert api.calls == ["get a", "server"]

    def test_check_mode_of_a_recreation_requests_only_references(self) -> None:
        api = MemoryApi(EXISTING)
        outcome = outcome_of(api, {MODEL_PATH: "n"}, "k", check_mode=True, allow_recreate=True)
        assert (outcome.action, outcome.changes) == ("recreated", (MODEL_PATH,))
        assert api.calls == ["get a", "references a"]


class TestUnreadableState:
    """The endpoint is stored without its settings, so every update is rejected."""

    UPDATE_ERROR = unreadable(f"{PATH}/_update").replace(method="PUT")

    def test_endpoint_with_unreadable_state_is_recreated_if_allowed(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["update a"] = [self.UPDATE_ERROR]
        outcome = outcome_of(api, {RATE: 7}, "k", allow_recreate=True)
        assert (outcome.action, outcome.error) == ("recreated", None)
        assert api.endpoints["a"].settings[RATE] == 7

    def test_endpoint_with_unreadable_state_is_not_recreated_without_the_key(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["update a"] = [self.UPDATE_ERROR] * 3
        outcome = outcome_of(api, {RATE: 7}, allow_recreate=True)
        assert str(outcome.error) == str(self.UPDATE_ERROR)
        assert api.endpoints["a"] == EXISTING


class TestTemporaryEndpoint:
    def test_temporary_endpoint_is_deleted_before_the_update(self) -> None:
        api = MemoryApi(EXISTING, server=V93)
        assert outcome_of(api, {}, "k", update_secrets="always").changed
        trial = "a-ansible-preflight"
        assert api.calls == ["get a", "server", "list", f"create {trial}", f"delete {trial} force", "update a"]

    @pytest.mark.parametrize(("error", "is_kept"), [(rejected(), False), (lost(), True)])
    def test_left_over_is_kept_after_a_failure_only_if_it_may_be_the_only_copy(
        self, error: ClientError, is_kept: bool
    ) -> None:
        trial = EXISTING._replace(inference_id="a-ansible-preflight")
        api = MemoryApi(EXISTING, trial)
        api.failures = {"update a": [error], "get a": [None, lost("GET", "/_inference/a") if is_kept else None]}
        assert outcome_of(api, {"task_settings.max_tokens": 5}).error is not None
        assert (trial.inference_id in api.endpoints) is is_kept


#: A service whose models run in the cluster.
IN_CLUSTER = Service("local", ("rerank",), (Setting(MODEL_PATH),), MODEL_PATH, is_local=True)

#: The server stored the endpoint, but stopped waiting for its model.
ALLOCATING = ApiError(
    "Timed out after [30s] waiting for trained model deployment [a] to start.", "PUT", PATH, status=408
)


class TestDeployment:
    @pytest.fixture(autouse=True)
    def _time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the clock by one that only advances while sleeping."""
        self.now = 0.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def test_endpoint_in_sync_waits_until_its_model_is_deployed(self) -> None:
        api = MemoryApi(EXISTING)
        api.deployed = [False, False, True]
        outcome = outcome_of(api, {}, wait_for_deployment=True)
        assert (outcome.changed, outcome.error) == (False, None)
        assert api.calls == ["get a", *["deployment m"] * 3]
        assert self.now == 4.0

    def test_changed_endpoint_waits_for_its_model_after_the_change(self) -> None:
        api = MemoryApi(EXISTING)
        api.deployed = [True]
        outcome_of(api, {"task_settings.max_tokens": 5}, wait_for_deployment=True)
        assert api.calls[-2:] == ["update a", "deployment m"]

    def test_wait_timeout_fails_the_run_and_keeps_the_change(self) -> None:
        api = MemoryApi(EXISTING)
        api.deployed = [False] * 9
        outcome = outcome_of(api, {"task_settings.max_tokens": 5}, wait_for_deployment=True, wait_timeout=3)
        assert isinstance(outcome.error, Refused)
        assert str(outcome.error) == (
            "The model m of inference endpoint a was not fully allocated within wait_timeout=3 seconds. "
            "Its settings are up to date. Hint: increase wait_timeout, or check the capacity of the machine learning "
            "nodes."
        )
        assert (outcome.action, outcome.after) == ("updated", with_task_settings(EXISTING, max_tokens=5))

    def test_create_that_ends_before_the_allocation_waits_for_the_model(self) -> None:
        api = MemoryApi()
        api.lost_responses.add("create a")
        api.failures["create a"] = [ALLOCATING]
        api.deployed = [False, True]
        desired = Desired("a", "present", "rerank", {MODEL_PATH: "m"}, service="local")
        outcome = Reconciler(cluster_of(api, lambda _name: IN_CLUSTER)).reconcile(desired)
        assert (outcome.action, outcome.error) == ("created", None)
        assert api.calls[-4:] == ["create a", "get a", "deployment m as a", "deployment m as a"]

    def test_model_that_is_never_allocated_fails_with_the_timeout(self) -> None:
        api = MemoryApi()
        api.lost_responses.add("create a")
        api.failures["create a"] = [ALLOCATING]
        api.deployed = [False] * 99
        desired = Desired("a", "present", "rerank", {MODEL_PATH: "m"}, service="local")
        outcome = Reconciler(cluster_of(api, lambda _name: IN_CLUSTER, wait_timeout=5)).reconcile(desired)
        assert (outcome.action, outcome.changed) == ("created", True)
        assert "was not fully allocated within wait_timeout=5 seconds" in str(outcome.error)

    def test_built_in_endpoint_needs_no_deployment_before_its_first_request(self) -> None:
        existing = EXISTING._replace(inference_id=".a", service="local", settings={MODEL_PATH: "m"})
        api = MemoryApi(existing)
        api.deployed = [True]
        desired = Desired(".a", settings={MODEL_PATH: "m"}, service="local")
        Reconciler(cluster_of(api, lambda _name: IN_CLUSTER, wait_for_deployment=True)).reconcile(desired)
        assert api.calls == ["get .a", "deployment m"]

    def test_endpoint_without_a_model_does_not_wait(self) -> None:
        api = MemoryApi(EXISTING._replace(settings={}))
        outcome_of(api, {}, wait_for_deployment=True)
        assert api.calls == ["get a"]


def unknown_field(name: str) -> ApiError:
    """Return the error of a strict parser for a setting that it does not support or does not update."""
    words = f"[1:2] [service_settings] unknown field [{name}]"
    return ApiError(words, "PUT", f"{PATH}/_update", status=400, error_type="x_content_parse_exception")


class TestRejectedUpdates:
    """The response of the server names the settings that it cannot update."""

    REGION, DEPTH = "service_settings.region", "service_settings.depth"

    def existing(self) -> Endpoint:
        return EXISTING._replace(settings={**EXISTING.settings, self.REGION: "eu", self.DEPTH: 1})

    def test_rejected_setting_is_named_and_nothing_is_changed(self) -> None:
        api = MemoryApi(self.existing())
        api.failures["update a"] = [unknown_field("region")]
        outcome = outcome_of(api, {self.REGION: "us", self.DEPTH: 2})
        assert str(outcome.error) == (
            f"Inference endpoint a differs in {self.DEPTH} and {self.REGION}, but Elasticsearch 9.6.0 cannot update "
            f"{self.REGION} in place. Elasticsearch rejected the update: [1:2] [service_settings] unknown field "
            f"[region]. {RECREATE_HINT}"
        )
        assert (outcome.changed, outcome.after) == (False, self.existing())
        assert api.calls.count("update a") == 1

    def test_rejected_setting_is_changed_by_a_recreation_if_allowed(self) -> None:
        api = MemoryApi(self.existing())
        api.failures["update a"] = [unknown_field("region")]
        outcome = outcome_of(api, {self.REGION: "us"}, "k", allow_recreate=True)
        assert (outcome.action, outcome.changes, outcome.error) == ("recreated", (self.REGION,), None)

    def test_other_rejection_is_reported_unchanged(self) -> None:
        api = MemoryApi(self.existing())
        error = rejected(path=f"{PATH}/_update")
        api.failures["update a"] = [error]
        assert outcome_of(api, {self.REGION: "us"}, "k", allow_recreate=True).error is error

    def test_rejected_secret_is_omitted_from_the_next_update(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures["update a"] = [unknown_field("api_key")]
        outcome = outcome_of(api, {RATE: 7}, "k")
        assert (outcome.action, outcome.changes, outcome.error) == ("updated", (RATE,), None)
        assert [body["service_settings"].get("api_key") for body in api.bodies] == ["k", None]
