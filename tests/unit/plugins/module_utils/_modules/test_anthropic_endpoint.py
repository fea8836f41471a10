# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module anthropic_endpoint: all requests in order, and the results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Fault, Security, Simulator
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
    VERSION,
    Run,
    create_request,
    endpoint,
    seed,
    update_request,
)

CREATE = [READ, OTHERS, VERSION, create_request()]
UPDATE = [READ, VERSION, OTHERS, update_request()]

TOKENS = "task_settings.max_tokens"
API_KEY = "service_settings.api_key"
RATE = "service_settings.rate_limit.requests_per_minute"


def documented(server: Simulator, **options: Any) -> Run:
    return endpoint(server, **{"task_type": "completion", **DOCUMENTED, **options})


def sent(server: Simulator) -> Any:
    """Return the body of the last request."""
    return server.log[-1].body


class TestCreate:
    def test_create_with_the_documented_example_sends_exactly_that_body(self, server: Simulator) -> None:
        run = documented(server)
        assert server.requests == CREATE
        assert sent(server) == DOCUMENTED
        assert list(sent(server)["service_settings"]) == ["api_key", "model_id"]
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "created", STORED)
        assert run["changes"] == [API_KEY, "service_settings.model_id", TOKENS]
        assert server.endpoints[ID].secret == KEY

    def test_second_run_sends_one_request(self, server: Simulator) -> None:
        documented(server)
        server.clear_log()
        run = documented(server, diff=True)
        assert server.requests == [READ]
        assert (run["changed"], run["action"], run["changes"], run["endpoint"]) == (False, "none", [], STORED)
        assert "diff" not in run

    def test_create_with_duplicate_model_allow_still_lists_endpoints(self, server: Simulator) -> None:
        documented(server, duplicate_model="allow")
        assert server.requests == CREATE

    def test_create_in_check_mode_is_predicted_without_a_write(self, server: Simulator) -> None:
        predicted = documented(server, check=True, diff=True)
        assert server.requests == [READ, OTHERS]
        assert ID not in server.endpoints
        happened = documented(server, diff=True)
        for name in ("changed", "action", "endpoint", "changes", "diff"):
            assert predicted[name] == happened[name]

    def test_create_diff_shows_the_stored_endpoint(self, server: Simulator) -> None:
        header = f"inference endpoint {ID}"
        assert documented(server, diff=True)["diff"] == {
            "before": {},
            "after": STORED,
            "before_header": header,
            "after_header": header,
        }

    def test_create_sends_every_setting(self, server: Simulator) -> None:
        run = documented(
            server,
            task_type="chat_completion",
            service_settings={
                "api_key": KEY,
                "model_id": MODEL,
                "url": "https://gateway.example.com/v1/messages",
                "rate_limit": {"requests_per_minute": 7},
            },
            task_settings={"max_tokens": 5, "temperature": 1, "top_k": 0, "top_p": 0.5},
        )
        assert run["endpoint"] == {
            "inference_id": ID,
            "task_type": "chat_completion",
            "service": "anthropic",
            "service_settings": {
                "model_id": MODEL,
                "url": "https://gateway.example.com/v1/messages",
                "rate_limit": {"requests_per_minute": 7},
            },
            "task_settings": {"max_tokens": 5, "temperature": 1.0, "top_k": 0, "top_p": 0.5},
        }

    def test_missing_required_settings_are_reported_after_the_read(self, server: Simulator) -> None:
        run = endpoint(server, task_settings={"max_tokens": 5})
        assert server.requests == [READ]
        assert run.failed
        assert run["msg"] == (
            f"Inference endpoint {ID} does not exist, and creating it requires service_settings.api_key and "
            "service_settings.model_id. Hint: declare the missing settings, or correct inference_id."
        )
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", None)

    @pytest.mark.parametrize("check", [False, True])
    def test_duplicate_model_causes_a_warning(self, server: Simulator, check: bool) -> None:
        seed(server, "older")
        run = documented(server, check=check)
        assert run["action"] == "created"
        text = f"Inference endpoint older already uses the model {MODEL} for the task type completion"
        assert run.warnings == [f"{text}, so {ID} is a duplicate."]

    def test_duplicate_model_fail_rejects_the_create(self, server: Simulator) -> None:
        seed(server, "older")
        run = documented(server, duplicate_model="fail")
        assert run.failed
        assert server.requests == [READ, OTHERS]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_key_rejected_by_the_provider_is_reported_with_its_message(self) -> None:
        with Simulator(refused_keys=[KEY]) as server:
            run = documented(server)
            assert server.requests == [*CREATE, READ]
        assert run.failed
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", None)
        assert run["failure"]["status"] == 400
        assert run["failure"]["type"] == "status_exception"
        assert run["failure"]["method"] == "PUT"
        assert f"PUT {run['failure']['path']}" == create_request()
        assert "validation call to service threw an exception" in run["msg"]
        assert "invalid x-api-key" in run["msg"]
        assert KEY not in run.output


class TestUpdate:
    def test_update_keeps_undeclared_task_settings(self, server: Simulator) -> None:
        seed(server, temperature=0.7)
        run = documented(server, task_settings={"max_tokens": 2048})
        assert server.requests == UPDATE
        assert sent(server) == {"task_settings": {"max_tokens": 2048, "temperature": 0.7}}
        assert server.endpoints[ID].task_settings == {"max_tokens": 2048, "temperature": 0.7}
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", [TOKENS])
        assert run["endpoint"] == {**STORED, "task_settings": {"max_tokens": 2048, "temperature": 0.7}}
        assert server.endpoints[ID].secret == FORMER_KEY

    def test_change_in_check_mode_is_predicted_without_a_write(self, server: Simulator) -> None:
        seed(server, temperature=0.7)
        predicted = documented(server, task_settings={"max_tokens": 2048}, check=True, diff=True)
        assert server.requests == [READ, VERSION]
        happened = documented(server, task_settings={"max_tokens": 2048}, diff=True)
        for name in ("changed", "action", "endpoint", "changes", "diff"):
            assert predicted[name] == happened[name]
        assert happened["diff"]["before"]["task_settings"] == {"max_tokens": 1024, "temperature": 0.7}
        assert happened["diff"]["after"]["task_settings"] == {"max_tokens": 2048, "temperature": 0.7}

    def test_update_works_without_the_api_key(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, service_settings={"rate_limit": {"requests_per_minute": 7}})
        assert run["changes"] == [RATE]
        assert sent(server) == {"service_settings": {"rate_limit": {"requests_per_minute": 7}}}
        assert server.endpoints[ID].secret == FORMER_KEY

    def test_unmanaged_settings_remove_removes_undeclared_settings(self, server: Simulator) -> None:
        seed(server, temperature=0.7, top_k=3)
        run = documented(server, unmanaged_settings="remove")
        assert run["changes"] == ["task_settings.temperature", "task_settings.top_k"]
        assert server.endpoints[ID].task_settings == {"max_tokens": 1024}
        server.clear_log()
        assert documented(server, unmanaged_settings="remove")["changed"] is False
        assert server.requests == [READ]

    def test_update_secrets_always_reports_a_change_without_values(self, server: Simulator) -> None:
        seed(server)
        run = documented(server, update_secrets="always", diff=True)
        assert server.requests == UPDATE
        assert sent(server) == {"service_settings": {"api_key": KEY}}
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", [API_KEY])
        assert run["diff"]["before"]["service_settings"]["api_key"] == "(hidden)"
        assert run["diff"]["after"]["service_settings"]["api_key"] == "(hidden, sent)"
        assert "api_key" not in run["endpoint"]["service_settings"]
        assert server.endpoints[ID].secret == KEY

    @pytest.mark.rejected("GET /: 403")
    def test_missing_monitor_privilege_assumes_the_latest_version_with_a_warning(self) -> None:
        security = Security(users={"u": ("password", ("manage_inference",))})
        with Simulator(security=security) as server:
            seed(server)
            login = {"elasticsearch_username": "u", "elasticsearch_password": "password"}
            run = endpoint(server, task_settings={"max_tokens": 5}, **login)
            assert server.requests == [READ, VERSION, OTHERS, update_request(version="unknown")]
        assert run["changed"] is True
        assert run.warnings == [
            "Cannot read the Elasticsearch version without the monitor cluster privilege. Assuming the latest version."
        ]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_rejected_update_reports_no_change(self) -> None:
        with Simulator(refused_keys=[KEY]) as server:
            seed(server)
            run = documented(server, update_secrets="always", task_settings={"max_tokens": 5})
            assert server.requests == [*UPDATE, READ]
            assert server.endpoints[ID].task_settings == {"max_tokens": 1024}
        assert run.failed
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)

    def test_ignored_update_is_detected(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(Fault("ignore", match="_update"))
        run = documented(server, task_settings={"max_tokens": 5})
        assert server.requests == UPDATE
        assert run.failed
        assert f"differs in {TOKENS}, but Elasticsearch 9.6.0 cannot update it in place" in run["msg"]
        assert "allow_recreate" in run["msg"]
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)

    @pytest.mark.parametrize("check", [False, True])
    def test_model_change_fails_without_allow_recreate(self, server: Simulator, check: bool) -> None:
        seed(server)
        run = documented(server, service_settings={"api_key": KEY, "model_id": "other"}, check=check)
        assert server.requests == [READ]
        assert run.failed
        assert "differs in service_settings.model_id" in run["msg"]
        assert "allow_recreate=true" in run["msg"]
        assert run["changed"] is False


class TestDelete:
    def test_absent_deletes_once(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, state="absent", diff=True)
        assert server.requests == [READ, OTHERS, DELETE]
        assert (run["changed"], run["action"], run["endpoint"], run["changes"]) == (True, "deleted", None, [])
        assert (run["diff"]["before"], run["diff"]["after"]) == (STORED, {})
        assert ID not in server.endpoints
        server.clear_log()
        assert endpoint(server, state="absent")["changed"] is False
        assert server.requests == [READ]

    def test_delete_in_check_mode_uses_a_dry_run(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, state="absent", check=True)
        assert server.requests == [READ, *REFERENCES]
        assert (run["changed"], run["action"], run["endpoint"]) == (True, "deleted", None)
        assert ID in server.endpoints

    @pytest.mark.rejected("DELETE /_inference/.*: 409", "DELETE /ansible-inference-fingerprints.*: 409")
    @pytest.mark.parametrize("check", [False, True])
    def test_endpoint_in_use_is_not_deleted(self, server: Simulator, check: bool) -> None:
        seed(server)
        server.refer(ID, pipelines=["p1"], indexes=["i1"])
        run = endpoint(server, state="absent", check=check)
        assert run.failed
        assert run["failure"]["status"] == 409
        assert "p1" in run["msg"]
        assert "i1" in run["msg"]
        assert "force=true" in run["msg"]
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)
        assert ID in server.endpoints

    @pytest.mark.parametrize("check", [False, True])
    def test_endpoint_in_use_is_deleted_with_force(self, server: Simulator, check: bool) -> None:
        seed(server)
        server.refer(ID)
        run = endpoint(server, state="absent", force=True, check=check)
        assert server.requests == ([READ] if check else [READ, OTHERS, DELETE + "?force=true"])
        assert run["action"] == "deleted"

    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_endpoint_of_another_service_is_never_changed(self, server: Simulator, state: str) -> None:
        server.seed(ID, service="openai", service_settings={"model_id": "gpt"})
        run = documented(server, state=state, force=True, allow_recreate=True)
        assert server.requests == [READ]
        assert run.failed
        assert "belongs to the service openai" in run["msg"]


class TestOptions:
    def test_all_invalid_options_are_reported_at_once_without_a_request(self, server: Simulator) -> None:
        run = documented(
            server, inference_id="_all", task_settings={"max_tokens": 0, "top_k": -1, "temperature": "nan"}
        )
        assert server.requests == []
        assert run["msg"].startswith("4 problems: (1) inference_id '_all' is not valid")

    def test_numeric_strings_are_accepted_as_numbers(self, server: Simulator) -> None:
        run = documented(server, task_settings={"max_tokens": "1024", "temperature": "1"})
        assert sent(server)["task_settings"] == {"max_tokens": 1024, "temperature": 1.0}
        assert run["action"] == "created"
        assert documented(server, task_settings={"max_tokens": 1024.0, "temperature": 1})["changed"] is False

    def test_booleans_are_rejected_for_numbers(self, server: Simulator) -> None:
        run = documented(server, task_settings={"max_tokens": True, "temperature": False})
        assert server.requests == []
        assert run["msg"] == (
            "2 problems: (1) task_settings.max_tokens must be a number, not true. "
            "(2) task_settings.temperature must be a number, not false."
        )

    def test_id_can_be_the_name_of_a_task_type(self, server: Simulator) -> None:
        for action in ("created", "none"):
            run = documented(server, inference_id="completion")
            assert run["action"] == action
        assert endpoint(server, inference_id="completion", state="absent")["action"] == "deleted"

    def test_temperature_with_top_p_causes_a_warning(self, server: Simulator) -> None:
        run = documented(server, task_settings={"max_tokens": 5, "temperature": 0.5, "top_p": 0.5})
        assert len(run.warnings) == 1
        assert "temperature and top_p" in run.warnings[0]

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_chunking_settings_are_sent_and_the_rejection_is_reported(self, server: Simulator) -> None:
        run = documented(server, chunking_settings={"strategy": "word", "max_chunk_size": 100, "overlap": 50})
        assert server.log[3].body["chunking_settings"] == {"strategy": "word", "max_chunk_size": 100, "overlap": 50}
        assert run.failed
        assert "unknown to the [anthropic] service" in run["msg"]


class TestDeployment:
    @pytest.mark.rejected("GET /_ml/.*: 404")
    def test_remote_model_does_not_wait_for_a_deployment(self, server: Simulator) -> None:
        run = documented(server, wait_for_deployment=True)
        assert server.requests == [*CREATE, f"GET /_ml/trained_models/{MODEL}/_stats"]
        assert run["action"] == "created"

    def test_deployment_is_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        with Simulator(deployments={MODEL: ["starting", "started", "fully_allocated"]}) as server:
            documented(server)
            server.clear_log()
            run = documented(server, wait_for_deployment=True)
            assert server.requests == [READ] + [f"GET /_ml/trained_models/{MODEL}/_stats"] * 3
        assert run["changed"] is False

    def test_deployment_wait_ends_after_wait_timeout(self) -> None:
        with Simulator(deployments={MODEL: ["starting"]}) as server:
            run = documented(server, wait_for_deployment=True, wait_timeout=0)
        assert run.failed
        assert (
            f"The model {MODEL} of inference endpoint {ID} was not fully allocated within wait_timeout=0" in run["msg"]
        )
        assert (run["changed"], run["action"]) == (True, "created")

    @pytest.mark.parametrize("options", [{"check": True}, {"state": "absent"}])
    def test_update_does_not_wait_for_a_deployment(self, server: Simulator, options: dict[str, Any]) -> None:
        documented(server, wait_for_deployment=True, **options)
        assert not any("trained_models" in request for request in server.requests)
