# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight checks: temporary endpoints test new keys, and are copies of settings while a run re-creates endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import nest
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired
from ansible_collections.esops.inference.plugins.module_utils._reconcile.preflight import Preflight
from tests.simulator import Fault, Simulator
from tests.unit.reconciling import (
    EXISTING,
    PATH,
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
)
from tests.unit.support import (
    DELETE,
    DOCUMENTED,
    FORMER_KEY,
    ID,
    KEY,
    MODEL,
    OTHERS,
    READ,
    STORED,
    TRIAL_READ,
    TRIAL_REMOVAL,
    VERSION,
    Run,
    create_request,
    endpoint,
    endpoints,
    seed,
    trial_request,
    update_request,
)

TRIAL_ID = f"{ID}-ansible-preflight"
BEFORE_VALIDATION = ("8.17", "8.19", "9.3")
WITH_VALIDATION = ("9.4", "9.5", "9.6", "serverless")
RATE_LIMIT = {"api_key": KEY, "model_id": MODEL, "rate_limit": {"requests_per_minute": 7}}


def rotated(server: Simulator, **options: Any) -> Run:
    return endpoint(server, **{**DOCUMENTED, "update_secrets": "always", **options})


class TestKeys:
    """Before 9.4, an update stores even a wrong key, which would break a working endpoint."""

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    @pytest.mark.parametrize("version", BEFORE_VALIDATION)
    @pytest.mark.parametrize("policy", ["always", "when_changed"])
    def test_invalid_key_is_rejected_and_the_working_one_is_kept(self, version: str, policy: str) -> None:
        with Simulator(version=version, refused_keys=[KEY]) as server:
            seed(server)
            run = rotated(server, update_secrets=policy)
            assert run.failed
            assert "invalid x-api-key" in run["msg"]
            assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)
            assert server.endpoints[ID].secret == FORMER_KEY
            assert not [request for request in server.requests if "_update" in request]
            assert TRIAL_ID not in server.endpoints

    @pytest.mark.parametrize("version", BEFORE_VALIDATION)
    def test_valid_key_is_checked_and_stored(self, version: str) -> None:
        with Simulator(version=version) as server:
            seed(server, temperature=0.5)
            run = rotated(server)
            proof = [trial_request(version), TRIAL_REMOVAL]
            assert server.requests == [READ, VERSION, OTHERS, *proof, update_request(version=version)]
            assert server.log[3].body["task_settings"] == {"max_tokens": 1024, "temperature": 0.5}
            assert server.endpoints[ID].secret == KEY
            assert TRIAL_ID not in server.endpoints
        assert (run["changed"], run["action"]) == (True, "updated")

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    @pytest.mark.parametrize("version", WITH_VALIDATION)
    def test_server_that_validates_updates_needs_no_preflight_check(self, version: str) -> None:
        with Simulator(version=version, refused_keys=[KEY]) as server:
            seed(server)
            run = rotated(server)
            assert server.requests == [READ, VERSION, OTHERS, update_request(version=version), READ]
            assert run.failed
            assert server.endpoints[ID].secret == FORMER_KEY

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    @pytest.mark.parametrize("version", [*BEFORE_VALIDATION, *WITH_VALIDATION])
    def test_key_is_checked_if_the_version_is_unknown(self, version: str) -> None:
        with Simulator(version=version, refused_keys=[KEY]) as server:
            seed(server)
            server.faults.add(Fault("status", match="GET /$", status=403))
            run = rotated(server)
            assert server.requests == [READ, VERSION, OTHERS, trial_request("8.16"), TRIAL_READ, READ]
            assert run.failed
            assert server.endpoints[ID].secret == FORMER_KEY

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    @pytest.mark.parametrize("version", BEFORE_VALIDATION)
    def test_key_that_is_sent_with_another_setting_is_checked(self, version: str) -> None:
        with Simulator(version=version, refused_keys=[KEY]) as server:
            seed(server)
            run = endpoint(server, **{**DOCUMENTED, "service_settings": RATE_LIMIT})
            assert run.failed
            assert server.endpoints[ID].secret == FORMER_KEY

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    @pytest.mark.parametrize("version", BEFORE_VALIDATION)
    def test_invalid_key_of_one_endpoint_does_not_stop_a_list(self, version: str) -> None:
        with Simulator(version=version, refused_keys=[KEY]) as server:
            seed(server, "a")
            seed(server, "b")
            right = {**DOCUMENTED, "service_settings": {"api_key": "sk-ant-right", "model_id": MODEL}}
            run = endpoints(
                server,
                endpoints=[{"inference_id": "a", **DOCUMENTED}, {"inference_id": "b", **right}],
                update_secrets="always",
            )
            assert [result["action"] for result in run["results"]] == ["none", "updated"]
            assert (server.endpoints["a"].secret, server.endpoints["b"].secret) == (FORMER_KEY, "sk-ant-right")

    def test_check_mode_runs_no_preflight_check(self) -> None:
        with Simulator(version="9.3") as server:
            seed(server)
            run = rotated(server, check=True)
            assert server.requests == [READ, VERSION]
            assert run["action"] == "updated"

    def test_preflight_false_creates_no_temporary_endpoint(self) -> None:
        with Simulator(version="9.3") as server:
            seed(server)
            rotated(server, preflight=False)
            assert server.requests == [READ, VERSION, OTHERS, update_request(version="9.3")]

    @pytest.mark.parametrize("kind", ["reset_after", "status_after", "cut"])
    def test_preflight_check_with_a_lost_response_leaves_no_temporary_endpoint(self, kind: str) -> None:
        with Simulator(version="9.3") as server:
            seed(server)
            fault = Fault(kind, match=f"PUT .*{TRIAL_ID}", status=500 if kind == "status_after" else None)
            server.faults.add(fault)
            run = rotated(server)
            assert not run.failed, run["msg"]
            assert server.endpoints[ID].secret == KEY
            assert TRIAL_ID not in server.endpoints


class TestLeftOver:
    """A run was interrupted after it deleted the endpoint. Its temporary endpoint is the only copy of the settings."""

    def leave(self, server: Simulator, **settings: Any) -> None:
        seed(server, TRIAL_ID, temperature=0.5, **settings)

    @pytest.mark.parametrize("duplicate_model", ["allow", "warn", "fail"])
    def test_create_carries_over_undeclared_settings_of_a_left_over(
        self, server: Simulator, duplicate_model: str
    ) -> None:
        self.leave(server)
        run = endpoint(server, **DOCUMENTED, duplicate_model=duplicate_model, diff=True)
        assert server.requests == [READ, OTHERS, VERSION, create_request(), TRIAL_REMOVAL]
        assert server.endpoints[ID].task_settings == {"max_tokens": 1024, "temperature": 0.5}
        assert TRIAL_ID not in server.endpoints
        assert (run["action"], run["endpoint"]["task_settings"]["temperature"]) == ("created", 0.5)
        assert "task_settings.temperature" in run["changes"]
        [warning] = run.warnings
        assert "An earlier run was interrupted while it re-created inference endpoint" in warning
        assert "still has service_settings.rate_limit.requests_per_minute and task_settings.temperature" in warning

    def test_declared_settings_take_precedence_over_those_of_a_left_over(self, server: Simulator) -> None:
        self.leave(server, max_tokens=7)
        run = endpoint(server, **{**DOCUMENTED, "task_settings": {"max_tokens": 9}})
        assert run["endpoint"]["task_settings"] == {"max_tokens": 9, "temperature": 0.5}

    def test_setting_that_a_create_needs_can_come_from_a_left_over(self, server: Simulator) -> None:
        self.leave(server)
        run = endpoint(server, service_settings={"api_key": KEY})
        assert run["action"] == "created"
        assert run["endpoint"]["service_settings"]["model_id"] == MODEL

    def test_undeclared_settings_are_not_carried_over_with_policy_remove(self, server: Simulator) -> None:
        self.leave(server)
        run = endpoint(server, **DOCUMENTED, unmanaged_settings="remove")
        assert run["endpoint"] == STORED
        assert TRIAL_ID not in server.endpoints

    def test_check_mode_predicts_the_settings_of_a_left_over(self, server: Simulator) -> None:
        self.leave(server)
        predicted = endpoint(server, **DOCUMENTED, check=True, diff=True)
        assert server.requests == [READ, OTHERS]
        run = endpoint(server, **DOCUMENTED, diff=True)
        for name in ("changed", "action", "changes", "endpoint", "diff"):
            assert predicted[name] == run[name]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_create_that_fails_keeps_the_left_over(self) -> None:
        with Simulator(refused_keys=[KEY]) as server:
            self.leave(server)
            assert endpoint(server, **DOCUMENTED).failed
            assert server.endpoints[TRIAL_ID].task_settings["temperature"] == 0.5

    def test_temporary_id_of_another_service_is_not_touched(self, server: Simulator) -> None:
        server.seed(TRIAL_ID, service="openai")
        run = endpoint(server, **DOCUMENTED)
        assert run["endpoint"] == STORED
        assert TRIAL_ID in server.endpoints

    @pytest.mark.parametrize("options", [{"task_settings": {"max_tokens": 5}}, {"state": "absent"}])
    def test_run_of_one_endpoint_deletes_its_left_over_if_it_writes(
        self, server: Simulator, options: dict[str, Any]
    ) -> None:
        seed(server)
        self.leave(server)
        write = DELETE if "state" in options else update_request()
        endpoint(server, **options)
        version = [] if "state" in options else [VERSION]
        assert server.requests == [READ, *version, OTHERS, write, TRIAL_REMOVAL]
        assert TRIAL_ID not in server.endpoints

    def test_run_of_one_endpoint_in_sync_does_not_look_for_a_left_over(self, server: Simulator) -> None:
        seed(server)
        self.leave(server)
        assert endpoint(server, **DOCUMENTED)["changed"] is False
        assert server.requests == [READ]

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("declared", [ID, "other"])
    def test_list_deletes_a_left_over_whose_endpoint_exists(
        self, server: Simulator, declared: str, check: bool
    ) -> None:
        seed(server)
        seed(server, "other")
        self.leave(server)
        run = endpoints(server, endpoints=[{"inference_id": declared}], check=check)
        removal = {"inference_id": TRIAL_ID, "changed": True, "action": "deleted"}
        assert run["results"][-1].items() >= removal.items()
        assert (TRIAL_ID in server.endpoints) is check
        assert run["summary"]["deleted"] == 1

    def test_list_creates_an_endpoint_from_its_left_over(self, server: Simulator) -> None:
        self.leave(server)
        run = endpoints(server, endpoints=[{"inference_id": ID, **DOCUMENTED}])
        assert [result["action"] for result in run["results"]] == ["created"]
        assert server.endpoints[ID].task_settings["temperature"] == 0.5
        assert TRIAL_ID not in server.endpoints

    def test_list_that_recreates_an_endpoint_does_not_delete_its_copy_early(self, server: Simulator) -> None:
        seed(server, temperature=0.1)
        self.leave(server)
        other = {"service_settings": {"api_key": KEY, "model_id": "other"}}
        run = endpoints(server, endpoints=[{"inference_id": ID, **DOCUMENTED, **other}], allow_recreate=True)
        assert [result["action"] for result in run["results"]] == ["recreated"]
        assert server.endpoints[ID].task_settings["temperature"] == 0.1
        assert TRIAL_ID not in server.endpoints

    def test_list_deletes_the_left_over_of_an_endpoint_that_is_absent(self, server: Simulator) -> None:
        self.leave(server)
        run = endpoints(server, endpoints=[{"inference_id": ID, "state": "absent"}])
        assert [result["action"] for result in run["results"]] == ["none", "deleted"]
        assert TRIAL_ID not in server.endpoints

    def test_list_keeps_the_only_copy_of_an_endpoint_that_is_not_declared(self, server: Simulator) -> None:
        self.leave(server)
        seed(server, "other")
        run = endpoints(server, endpoints=[{"inference_id": "other"}])
        assert run["changed"] is False
        assert TRIAL_ID in server.endpoints
        assert f"Hint: add {ID} to the list" in run.warnings[0]

    def test_purge_keeps_the_left_over_of_a_declared_endpoint(self, server: Simulator) -> None:
        self.leave(server)
        run = endpoints(server, endpoints=[{"inference_id": ID, **DOCUMENTED}], purge=True)
        assert [result["action"] for result in run["results"]] == ["created"]
        assert server.endpoints[ID].task_settings["temperature"] == 0.5

    def test_purge_deletes_the_left_over_of_an_endpoint_that_is_not_declared(self, server: Simulator) -> None:
        self.leave(server)
        seed(server, "other")
        run = endpoints(server, endpoints=[{"inference_id": "other"}], purge=True)
        assert [result["action"] for result in run["results"]] == ["none", "deleted"]
        assert run.warnings == []

    def test_left_over_is_not_a_duplicate(self, server: Simulator) -> None:
        self.leave(server)
        assert endpoint(server, **DOCUMENTED, duplicate_model="fail")["action"] == "created"

    def test_left_over_that_cannot_be_deleted_fails_the_run_and_the_change_is_reported(self, server: Simulator) -> None:
        seed(server)
        self.leave(server)
        server.faults.add(Fault("status", match=f"DELETE .*{TRIAL_ID}", status=500, times=9))
        run = endpoint(server, task_settings={"max_tokens": 5})
        assert run.failed
        assert TRIAL_ID in run["msg"]
        assert (run["changed"], run["action"], run["endpoint"]["task_settings"]) == (True, "updated", {"max_tokens": 5})


class TestRecreation:
    def test_temporary_endpoint_is_kept_until_the_endpoint_is_recreated(self, server: Simulator) -> None:
        seed(server, temperature=0.5)
        run = endpoint(
            server,
            **{**DOCUMENTED, "service_settings": {"api_key": KEY, "model_id": "other"}},
            allow_recreate=True,
        )
        writes = [line for line in server.requests if not line.startswith("GET") and "dry_run" not in line]
        assert writes == [trial_request(), DELETE, create_request(), TRIAL_REMOVAL]
        assert run["action"] == "recreated"

    def test_temporary_endpoint_is_kept_if_the_endpoint_is_lost(self, server: Simulator) -> None:
        seed(server, temperature=0.5)
        server.faults.add(Fault("provider_refusal", match=rf"PUT .*/{ID}\?", status=401, times=9))
        run = endpoint(
            server,
            **{**DOCUMENTED, "service_settings": {"api_key": KEY, "model_id": "other"}},
            allow_recreate=True,
        )
        assert "The endpoint no longer exists." in run["msg"]
        assert f"The temporary endpoint {TRIAL_ID} has a copy of its settings." in run["msg"]
        assert TRIAL_ID in server.endpoints
        server.faults.clear()
        again = endpoint(server, **{**DOCUMENTED, "service_settings": {"api_key": KEY, "model_id": "other"}})
        assert again["action"] == "created"
        assert server.endpoints[ID].task_settings["temperature"] == 0.5
        assert TRIAL_ID not in server.endpoints


class TestCheck:
    """Requests of a preflight check, with an API in memory."""

    TRIAL = EXISTING._replace(inference_id="a-ansible-preflight")
    CREATE = "create a-ansible-preflight"
    REMOVE = "delete a-ansible-preflight force"
    LOOK = "get a-ansible-preflight"

    def check(self, api: MemoryApi, desired: Desired | None = None) -> Preflight:
        preflight = Preflight(cluster_of(api), wanted("a"))
        preflight.find_left_over()
        api.calls.clear()
        preflight.check(EXISTING, nest(EXISTING.settings), desired or wanted("a", settings=EXISTING.settings))
        return preflight

    def test_check_creates_the_temporary_endpoint(self) -> None:
        api = MemoryApi(EXISTING)
        assert self.check(api).temporary_endpoint == api.endpoints["a-ansible-preflight"] == self.TRIAL
        assert api.calls == ["server", self.CREATE]

    def test_temporary_endpoint_of_an_earlier_run_is_deleted_first(self) -> None:
        api = MemoryApi(EXISTING, self.TRIAL)
        self.check(api)
        assert api.calls == [self.REMOVE, "server", self.CREATE]

    def test_temporary_endpoint_that_appears_during_the_check_is_replaced(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures[self.CREATE] = [already_exists()]
        api.happens[self.CREATE] = [lambda: api.endpoints.update({"a-ansible-preflight": self.TRIAL})]
        self.check(api)
        assert api.calls == ["server", self.CREATE, self.LOOK, self.REMOVE, self.CREATE]

    def test_temporary_endpoint_that_vanishes_during_the_check_is_created(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures[self.CREATE] = [already_exists()]
        self.check(api)
        assert api.calls == ["server", self.CREATE, self.LOOK, self.CREATE]

    @pytest.mark.parametrize("is_known", [True, False])
    def test_endpoint_of_another_service_is_never_replaced(self, is_known: bool) -> None:
        foreign = self.TRIAL._replace(service="openai")
        api = MemoryApi(EXISTING, *([foreign] if is_known else []))
        api.failures[self.CREATE] = [already_exists()]
        api.happens[self.CREATE] = [lambda: api.endpoints.update({"a-ansible-preflight": foreign})]
        with pytest.raises(Refused) as refused:
            self.check(api)
        assert str(refused.value) == (
            "Cannot run the preflight check, because inference endpoint a-ansible-preflight belongs to the service "
            "openai. Inference endpoint a was not changed. Hint: use a different inference_id, or set preflight=false."
        )
        assert api.endpoints["a-ansible-preflight"] == foreign

    def test_check_that_times_out_is_refused(self) -> None:
        api = MemoryApi(EXISTING)
        error = timed_out(path=f"{PATH}-ansible-preflight")
        api.failures[self.CREATE] = [error]
        with pytest.raises(Refused) as refused:
            self.check(api)
        assert str(refused.value) == f"{error} Inference endpoint a was not changed. Run the task again."
        assert api.calls == ["server", self.CREATE]

    @pytest.mark.parametrize("error", [rejected_by_provider(), rejected(), lost(), failed()])
    def test_temporary_endpoint_that_is_stored_despite_an_error_is_deleted(self, error: ClientError) -> None:
        api = MemoryApi(EXISTING)
        api.failures[self.CREATE] = [error]
        api.lost_responses.add(self.CREATE)
        with pytest.raises(ClientError) as raised:
            self.check(api)
        assert raised.value is error
        assert api.calls == ["server", self.CREATE, self.LOOK, self.REMOVE]
        assert list(api.endpoints) == ["a"]

    def test_temporary_endpoint_that_was_never_sent_is_not_read(self) -> None:
        api = MemoryApi(EXISTING)
        api.failures[self.CREATE] = [unreachable()]
        with pytest.raises(ClientError):
            self.check(api)
        assert api.calls == ["server", self.CREATE]

    def test_temporary_endpoint_that_differs_from_the_declaration_is_refused(self) -> None:
        with pytest.raises(Refused) as refused:
            self.check(MemoryApi(EXISTING), wanted("a", settings={"task_settings.max_tokens": 7}))
        assert str(refused.value) == (
            "The preflight check failed, because Elasticsearch did not store the declared value of "
            "task_settings.max_tokens. Inference endpoint a was not changed. "
            "Hint: check that this version of Elasticsearch supports the declared values."
        )


class TestDeletion:
    TRIAL, REMOVE = TestCheck.TRIAL, TestCheck.REMOVE

    def preflight(self, api: MemoryApi) -> Preflight:
        preflight = Preflight(cluster_of(api), wanted("a"))
        preflight.find_left_over()
        api.calls.clear()
        return preflight

    def test_deletion_without_a_temporary_endpoint_sends_nothing(self) -> None:
        api = MemoryApi(EXISTING)
        self.preflight(api).delete()
        assert api.calls == []

    def test_temporary_id_of_another_service_is_not_deleted(self) -> None:
        api = MemoryApi(EXISTING, self.TRIAL._replace(service="openai"))
        self.preflight(api).delete()
        assert api.calls == []

    @pytest.mark.parametrize("failures", [[], [lost()], [lost(), failed()], [not_found("DELETE")]])
    def test_deletion_with_a_lost_response_is_retried(self, failures: list[ClientError | None]) -> None:
        api = MemoryApi(EXISTING, self.TRIAL)
        api.failures[self.REMOVE] = list(failures)
        preflight = self.preflight(api)
        preflight.delete()
        assert preflight.temporary_endpoint is None
        assert len(api.calls) == len([error for error in failures if error and error.ambiguous]) + 1

    @pytest.mark.parametrize(("failures", "tries"), [([rejected("DELETE")], 1), ([lost(), lost(), lost()], 3)])
    def test_failed_deletion_is_raised_unless_another_failure_came_first(
        self, failures: list[ClientError | None], tries: int
    ) -> None:
        api = MemoryApi(EXISTING, self.TRIAL)
        preflight = self.preflight(api)
        for remove, is_raised in ((preflight.delete_if_possible, False), (preflight.delete, True)):
            api.calls.clear()
            api.failures[self.REMOVE] = list(failures)
            if is_raised:
                with pytest.raises(ClientError):
                    remove()
            else:
                remove()
            assert api.calls == [self.REMOVE] * tries
        assert preflight.temporary_endpoint == self.TRIAL
