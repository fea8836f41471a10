# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Re-creation of endpoints: no working endpoint is lost, and messages describe the resulting state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.endpoint_run import EndpointRun
from ansible_collections.esops.inference.plugins.module_utils._reconcile.facts import EndpointFacts
from ansible_collections.esops.inference.plugins.module_utils._reconcile.history import UNKNOWN, Write
from ansible_collections.esops.inference.plugins.module_utils._reconcile.recreation import Recreation
from tests.simulator import Fault, Simulator
from tests.unit.reconciling import (
    EXISTING,
    MODEL,
    PATH,
    RATE,
    TEMPERATURE,
    TOKENS,
    MemoryApi,
    already_exists,
    cluster_of,
    failed,
    lost,
    not_found,
    rejected,
    rejected_by_provider,
    timed_out,
    unreachable,
    wanted,
    with_task_settings,
)
from tests.unit.reconciling import KEY as KEY_PATH
from tests.unit.runs import RECREATE, declared, held, trials
from tests.unit.support import (
    DELETE,
    FORMER_KEY,
    ID,
    KEY,
    OTHERS,
    READ,
    REFERENCES,
    STORED,
    TRIAL_READ,
    TRIAL_REMOVAL,
    VERSION,
    Run,
    create_request,
    seed,
    trial_request,
)

CREATE, TRIAL = create_request(), trial_request()


def recreated(server: Simulator, **options: Any) -> Run:
    other_model = {"api_key": KEY, "model_id": "other"}
    return declared(server, **{"service_settings": other_model, "allow_recreate": True, **options})


class TestRuns:
    def test_new_settings_are_checked_before_anything_is_deleted(self, server: Simulator) -> None:
        seed(server, temperature=0.5)
        run = recreated(server)
        assert server.requests == [READ, OTHERS, *REFERENCES, VERSION, *RECREATE[2:]]
        assert server.log[5].body == server.log[7].body
        assert (run["changed"], run["action"], run["changes"]) == (True, "recreated", ["service_settings.model_id"])
        assert run["endpoint"] == held(server)
        assert server.endpoints[ID].task_settings == {"max_tokens": 1024, "temperature": 0.5}
        assert trials(server) == []

    def test_new_settings_are_not_checked_with_preflight_false(self, server: Simulator) -> None:
        seed(server)
        recreated(server, preflight=False)
        assert server.requests == [READ, OTHERS, *REFERENCES, DELETE, VERSION, CREATE]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_settings_rejected_by_the_provider_delete_nothing(self) -> None:
        with Simulator(refused_models=["other"]) as server:
            seed(server)
            run = recreated(server)
            assert server.requests == [READ, OTHERS, *REFERENCES, VERSION, TRIAL, TRIAL_READ, READ]
            assert run["endpoint"] == held(server) == STORED
            assert server.endpoints[ID].secret == FORMER_KEY
        assert run.failed
        assert (run["changed"], run["action"]) == (False, "none")
        assert run["failure"]["path"].startswith(f"/_inference/completion/{ID}-ansible-preflight")

    def test_endpoint_in_use_is_not_deleted(self, server: Simulator) -> None:
        seed(server)
        server.refer(ID)
        run = recreated(server)
        assert server.requests == [READ, OTHERS, *REFERENCES]
        assert run["failure"]["status"] == 409
        assert run["changed"] is False
        assert "force=true" in run["msg"]

    def test_endpoint_in_use_is_recreated_with_force(self, server: Simulator) -> None:
        seed(server)
        server.refer(ID)
        run = recreated(server, force=True)
        assert server.requests == [READ, OTHERS, VERSION, TRIAL, DELETE + "?force=true", CREATE, TRIAL_REMOVAL]
        assert run["action"] == "recreated"

    def test_temporary_endpoint_of_an_interrupted_run_is_replaced(self, server: Simulator) -> None:
        seed(server)
        seed(server, f"{ID}-ansible-preflight")
        run = recreated(server)
        assert server.requests == [READ, OTHERS, *REFERENCES, TRIAL_REMOVAL, VERSION, *RECREATE[2:]]
        assert run["action"] == "recreated"
        assert trials(server) == []

    def test_endpoint_of_another_service_with_the_temporary_name_stops_the_recreation(self, server: Simulator) -> None:
        seed(server)
        server.seed(f"{ID}-ansible-preflight", service="openai")
        run = recreated(server)
        assert run.failed
        assert "belongs to the service openai" in run["msg"]
        assert trials(server) == [f"{ID}-ansible-preflight"]
        assert run["endpoint"] == held(server) == STORED

    def test_temporary_endpoint_with_other_values_stops_the_recreation(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server)
        put: Callable[..., Any] = Inference.put

        def forgetful(
            self: Inference, task_type: str, inference_id: str, body: dict[str, Any], *more: Any, **options: Any
        ) -> Any:
            return put(self, task_type, inference_id, {**body, "task_settings": {"max_tokens": 1}}, *more, **options)

        monkeypatch.setattr(Inference, "put", forgetful)
        run = recreated(server)
        assert run.failed
        assert "did not store the declared value of task_settings.max_tokens" in run["msg"]
        assert run["endpoint"] == held(server) == STORED

    def test_failed_create_restores_the_previous_settings(self, server: Simulator) -> None:
        seed(server, temperature=0.5)
        before = held(server)
        server.faults.add(Fault("provider_refusal", match=rf"PUT .*/{ID}\?"))
        run = recreated(server)
        assert server.requests == [
            READ,
            OTHERS,
            *REFERENCES,
            VERSION,
            TRIAL,
            DELETE,
            CREATE,
            READ,
            CREATE,
            TRIAL_REMOVAL,
        ]
        assert run.failed
        assert run["endpoint"] == held(server) == before
        assert server.endpoints[ID].secret == KEY
        assert "Its previous settings were restored, with the declared service_settings.api_key." in run["msg"]
        # The key may differ from the previous one.
        assert run["changed"] is True

    def test_endpoint_that_can_neither_be_created_nor_restored_is_reported_as_lost(self, server: Simulator) -> None:
        seed(server, temperature=0.5)
        server.faults.add(Fault("provider_refusal", match=rf"PUT .*/{ID}\?", times=2))
        run = recreated(server)
        assert run.failed
        assert held(server) is None
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "deleted", None)
        assert "The endpoint no longer exists." in run["msg"]
        assert "task_settings.temperature=0.5" in run["msg"]
        assert KEY not in run.output

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_endpoint_created_by_another_client_after_the_delete_is_reported(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server)
        put: Callable[..., Any] = Inference.put

        def outrun(self: Inference, task_type: str, inference_id: str, *more: Any, **options: Any) -> Any:
            if inference_id == ID:
                seed(server, ID, top_k=9)
            return put(self, task_type, inference_id, *more, **options)

        monkeypatch.setattr(Inference, "put", outrun)
        run = recreated(server)
        assert run.failed
        assert "Another endpoint with this ID now exists." in run["msg"]
        assert run["endpoint"] == held(server)

    @pytest.mark.rejected("GET /_inference/.*: 404")
    def test_endpoint_that_vanishes_before_the_delete_is_created_with_all_its_settings(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(server, temperature=0.5)
        references: Callable[..., Any] = Inference.references

        def late(self: Inference, *arguments: Any) -> Any:
            server.remove(ID)
            return references(self, *arguments)

        monkeypatch.setattr(Inference, "references", late)
        run = recreated(server)
        assert not run.failed, run["msg"]
        assert run["endpoint"] == held(server)
        assert server.endpoints[ID].task_settings == {"max_tokens": 1024, "temperature": 0.5}

    @pytest.mark.parametrize("kind", ["reset_after", "cut", "html", "status_after"])
    def test_lost_response_to_delete_or_create_loses_no_setting(self, server: Simulator, kind: str) -> None:
        for request in (f"DELETE .*/{ID}$", rf"PUT .*/{ID}\?"):
            seed(server, temperature=0.5)
            server.faults.add(Fault(kind, match=request, status=504 if kind == "status_after" else None))
            run = recreated(server)
            assert not run.failed, run["msg"]
            assert (run["changed"], run["action"], run["endpoint"]) == (True, "recreated", held(server))
            assert server.endpoints[ID].task_settings["temperature"] == 0.5
            server.faults.clear()


NEW = EXISTING._replace(settings={**EXISTING.settings, MODEL: "n"})
DESIRED = wanted("a", task_type="completion", settings=NEW.settings, secrets={KEY_PATH: "k"})
TRIAL_ID = "a-ansible-preflight"
PROVED = ["references a", "server", f"create {TRIAL_ID}"]
DELETED = Write("deleted", EXISTING, None)
FORMER = f"Its previous settings were task_type=completion, {MODEL}=m, {RATE}=50, {TOKENS}=1024, {TEMPERATURE}=0.5."


class Case:
    """One re-creation with an API in memory."""

    def __init__(self, preflight: bool = True, former: Endpoint = EXISTING) -> None:
        self.api = MemoryApi(EXISTING)
        cluster = cluster_of(self.api, preflight=preflight, allow_recreate=True)
        plan = replace(cluster.decide(DESIRED, EXISTING, EndpointFacts(cluster, DESIRED)), before=former)
        run = EndpointRun(cluster, DESIRED, EXISTING)
        self.history, self.preflight = run.history, run.preflight
        self.recreation = Recreation(run, plan)

    def refusal(self) -> str:
        """Execute the re-creation and return the message of its failure."""
        with pytest.raises(Refused) as refused:
            self.recreation.execute()
        return str(refused.value)

    @property
    def writes(self) -> list[str]:
        """Return the writes of the endpoint itself."""
        names = ("create a", "update a", "delete a")
        return [call for call in self.api.calls if call in names]


class TestSuccess:
    def test_endpoint_is_checked_deleted_and_created(self) -> None:
        case = Case()
        assert case.recreation.execute() == NEW
        assert case.api.calls == [*PROVED, "delete a", "create a"]
        assert case.api.retries == [0, 6]
        assert case.history.writes == [DELETED]

    def test_temporary_endpoint_is_kept_as_a_copy(self) -> None:
        case = Case()
        case.recreation.execute()
        assert case.preflight.temporary_endpoint == case.api.endpoints[TRIAL_ID] == NEW._replace(inference_id=TRIAL_ID)

    def test_preflight_false_disables_the_check(self) -> None:
        case = Case(preflight=False)
        case.recreation.execute()
        assert case.api.calls == ["references a", "delete a", "server", "create a"]


class TestDelete:
    def test_endpoint_that_is_missing_after_a_failed_delete_is_created(self) -> None:
        case = Case()
        case.api.failures["delete a"] = [lost("DELETE")]
        case.api.lost_responses.add("delete a")
        assert case.recreation.execute() == NEW
        assert case.history.writes == [DELETED]

    def test_endpoint_deleted_by_another_client_is_created(self) -> None:
        case = Case()
        case.api.failures["delete a"] = [not_found("DELETE", PATH)]
        case.api.lost_responses.add("delete a")
        assert case.recreation.execute() == NEW

    @pytest.mark.parametrize(
        "error", [rejected("DELETE"), lost("DELETE"), failed("DELETE"), unreachable("DELETE", PATH)]
    )
    def test_delete_that_fails_changes_nothing(self, error: ClientError) -> None:
        case = Case()
        case.api.failures["delete a"] = [error]
        with pytest.raises(ClientError) as raised:
            case.recreation.execute()
        assert raised.value is error
        assert (case.writes, case.history.writes) == (["delete a"], [])

    def test_delete_that_may_still_be_in_progress_is_not_followed_by_a_create(self) -> None:
        case = Case()
        error = timed_out("DELETE")
        case.api.failures["delete a"] = [error]
        assert case.refusal() == (
            f"{error} This request may still delete inference endpoint a. {FORMER} "
            "Check whether the endpoint exists, and run the task again."
        )
        assert case.writes == ["delete a"]
        assert case.history.writes == [Write("recreated", EXISTING, EXISTING, UNKNOWN, error=error)]


class TestCreate:
    @pytest.mark.parametrize("error", [lost(), failed(), timed_out(), already_exists()])
    def test_create_is_retried_if_the_endpoint_does_not_exist(self, error: ClientError) -> None:
        case = Case()
        case.api.failures["create a"] = [error, error]
        assert case.recreation.execute() == NEW
        assert case.writes == ["delete a", "create a", "create a", "create a"]

    @pytest.mark.parametrize("error", [lost(), failed(), timed_out(), rejected()])
    def test_endpoint_that_exists_despite_an_error_is_the_result(self, error: ClientError) -> None:
        case = Case()
        case.api.failures["create a"] = [error]
        case.api.lost_responses.add("create a")
        assert case.recreation.execute() == NEW
        assert case.writes == ["delete a", "create a"]

    def test_create_that_was_never_sent_is_followed_by_a_restore(self) -> None:
        case = Case()
        error = unreachable("PUT", PATH)
        case.api.failures["create a"] = [error, error]
        assert case.refusal() == (
            f"Inference endpoint a was deleted, but re-creating it failed: {error} Restoring its previous settings "
            f"also failed: {error} The endpoint no longer exists. {FORMER} The temporary endpoint "
            f"{TRIAL_ID} has a copy of its settings. Run the task again to create it."
        )


class TestRestore:
    FAILED = f"Inference endpoint a was deleted, but re-creating it failed: {rejected_by_provider()}"

    def test_previous_settings_are_restored_with_the_declared_key(self) -> None:
        case = Case()
        case.api.failures["create a"] = [rejected_by_provider()]
        assert case.refusal() == (f"{self.FAILED} Its previous settings were restored, with the declared {KEY_PATH}.")
        assert case.api.endpoints["a"] == case.history.now == EXISTING
        assert case.api.bodies[-1]["service_settings"]["api_key"] == "k"
        assert case.api.retries == [0, 6, 6]

    def test_endpoint_that_cannot_be_restored_is_lost(self) -> None:
        case = Case(preflight=False)
        case.api.failures["create a"] = [rejected_by_provider(), rejected_by_provider()]
        assert case.refusal() == (
            f"{self.FAILED} Restoring its previous settings also failed: {rejected_by_provider()} "
            f"The endpoint no longer exists. {FORMER} Run the task again to create it."
        )
        assert case.history.writes == [DELETED]

    def test_endpoint_that_could_not_be_read_is_not_restored(self) -> None:
        case = Case(former=Endpoint("a", "", "anthropic", {}))
        case.api.failures["create a"] = [rejected_by_provider()]
        assert case.refusal() == (
            f"{self.FAILED} The endpoint no longer exists. Its previous settings are unknown. The temporary endpoint "
            f"{TRIAL_ID} has a copy of its settings. Run the task again to create it."
        )
        assert case.writes == ["delete a", "create a"]

    def test_restore_that_succeeds_despite_an_error_is_found_by_reading(self) -> None:
        case = Case()
        case.api.failures["create a"] = [rejected_by_provider(), lost()]
        case.api.happens["create a"] = [None, lambda: case.api.endpoints.update(a=EXISTING)]
        assert case.refusal().endswith(f"Its previous settings were restored, with the declared {KEY_PATH}.")
        assert case.history.now == EXISTING

    def test_endpoint_created_by_another_client_is_not_replaced(self) -> None:
        case = Case()
        other = with_task_settings(EXISTING, max_tokens=7)
        case.api.failures["create a"] = [already_exists()]
        case.api.happens["create a"] = [lambda: case.api.endpoints.update(a=other)]
        assert case.refusal().endswith("Another endpoint with this ID now exists. Run the task again to update it.")
        assert case.api.endpoints["a"] == case.history.now == other
