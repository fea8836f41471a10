# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module endpoint with a service that is not in the catalog."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._reconcile import execution
from tests.simulator import Fault, Simulator
from tests.unit.support import Run, capture_log, find_leaks, run_module

PHRASE = "open sesame, quietly"
SETTINGS: dict[str, Any] = {"model": "m", "region": "eu", "tuning": {"depth": 3, "mode": "fast"}}
SERVICES = "GET /_inference/_services"


def run(server: Simulator, *, check: bool = False, **options: Any) -> Run:
    declared = {
        "inference_id": "one",
        "service": "acme",
        "task_type": "completion",
        "service_settings": {**SETTINGS, "acme_pass_phrase": PHRASE},
    }
    common = {"elasticsearch_url": server.url, "retries": 0, "duplicate_model": "allow"}
    server.clear_log()
    found = run_module("endpoint", {**common, **declared, **options}, check=check, diff=True)
    assert find_leaks(found.output, [PHRASE]) == []
    return found


def settings(**more: Any) -> dict[str, Any]:
    return {**SETTINGS, "acme_pass_phrase": PHRASE, **more}


class TestServiceWithoutRows:
    def test_endpoint_is_created_and_second_run_sends_one_request(self, server: Simulator) -> None:
        assert run(server)["action"] == "created"
        again = run(server)
        assert (again["action"], again.warnings, server.requests) == ("none", [], ["GET /_inference/one"])

    def test_object_is_updated_whole_so_that_the_rest_of_it_stays(self, server: Simulator) -> None:
        run(server)
        changed = run(server, service_settings={"tuning": {"depth": "5"}})
        assert (changed["action"], changed["changes"]) == ("updated", ["service_settings.tuning.depth"])
        assert server.endpoints["one"].service_settings["tuning"] == {"depth": 5, "mode": "fast"}

    @pytest.mark.parametrize("version", ["9.4", "9.6"])
    def test_setting_that_the_server_does_not_update_is_reported(self, version: str) -> None:
        with Simulator(version=version) as server:
            run(server)
            refused = run(server, service_settings=settings(region="us"))
            assert refused.failed
            assert "service_settings.region" in refused["msg"]
            assert server.endpoints["one"].service_settings["region"] == "eu"
            done = run(server, service_settings=settings(region="us"), allow_recreate=True)
            assert (done["action"], server.endpoints["one"].service_settings["region"]) == ("recreated", "us")

    def test_secret_is_recognized_by_its_name_and_rotated(self, server: Simulator) -> None:
        options = {"update_secrets": "when_changed"}
        run(server, **options)
        assert run(server, **options)["action"] == "none"
        rotated = run(server, service_settings=settings(acme_pass_phrase=PHRASE + "!"), **options)
        assert (rotated["action"], rotated["changes"]) == ("updated", ["service_settings.acme_pass_phrase"])

    def test_fingerprints_of_any_service_are_returned(self, server: Simulator) -> None:
        run(server, update_secrets="when_changed")
        found = run_module("endpoint_info", {"elasticsearch_url": server.url, "fingerprints": True})
        assert found["fingerprints"].keys() == {"one"}

    def test_delete_does_not_require_the_service(self, server: Simulator) -> None:
        run(server)
        removed = run(server, service=None, task_type=None, service_settings=None, state="absent")
        assert (removed["action"], server.endpoints.get("one")) == ("deleted", None)
        assert server.requests[-1] == "DELETE /_inference/completion/one"

    def test_delete_with_another_service_is_rejected(self, server: Simulator) -> None:
        run(server)
        refused = run(server, service="openai", service_settings=None, state="absent")
        assert "belongs to the service acme, not to openai" in refused["msg"]
        assert "one" in server.endpoints

    def test_unknown_setting_that_is_not_returned_is_looked_up(self, server: Simulator) -> None:
        """Elasticsearch has a sensitive setting whose name does not look like a secret."""
        run(server)
        failed = run(server, service_settings=settings(riddle="42"))
        assert SERVICES in server.requests
        assert failed.failed
        assert "service_settings.riddle" in failed["msg"]


MODEL = ".elser_model_2"
ALLOCATED: dict[str, Any] = {"model_id": MODEL, "num_threads": 1, "num_allocations": 1}
ADAPTIVE: dict[str, Any] = {
    "model_id": MODEL,
    "num_threads": 1,
    "adaptive_allocations": {"enabled": True, "min_number_of_allocations": 1, "max_number_of_allocations": 4},
}
STATS = f"GET /_ml/trained_models/{MODEL}/_stats"


@pytest.fixture(name="at_once")
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the pauses between two requests for the state of a deployment."""
    monkeypatch.setattr(execution, "POLL_INTERVAL", 0)


def local(server: Simulator, settings: dict[str, Any], **options: Any) -> Run:
    in_cluster = {"service": "elasticsearch", "task_type": "sparse_embedding", "service_settings": settings}
    return run(server, **{**in_cluster, **options})


@pytest.mark.usefixtures("at_once")
class TestModelsInTheCluster:
    @pytest.mark.parametrize("settings", [ALLOCATED, ADAPTIVE])
    def test_endpoint_is_created_and_second_run_sends_one_request(
        self, server: Simulator, settings: dict[str, Any]
    ) -> None:
        assert local(server, settings)["action"] == "created"
        again = local(server, settings)
        assert (again["action"], again.warnings, server.requests) == ("none", [], ["GET /_inference/one"])

    def test_wait_for_deployment_ends_when_it_is_fully_allocated(self, server: Simulator) -> None:
        server.model(MODEL, reads=3)
        found = local(server, ALLOCATED, wait_for_deployment=True)
        assert (found["action"], found.failed) == ("created", False)
        assert server.requests.count(STATS) == 4

    @pytest.mark.parametrize("start", ["times_out", "downloads"])
    @pytest.mark.rejected(r"PUT .*: 408", r"GET /_ml.*: 404")
    def test_create_that_times_out_during_allocation_is_waited_for(self, server: Simulator, start: str) -> None:
        server.model(MODEL, reads=2, start=start)
        found = local(server, ALLOCATED, wait_timeout=1 if start == "downloads" else 300)
        assert found["action"] == "created"
        if start == "downloads":
            assert "was not fully allocated within wait_timeout=1 seconds" in found["msg"]
        else:
            assert not found.failed, found["msg"]
            assert server.requests.count(STATS) == 3
        assert sum(request.startswith("PUT") for request in server.requests) == 1

    def test_adaptive_allocations_are_not_drift(self, server: Simulator) -> None:
        local(server, ADAPTIVE)
        server.allocate("one", 3)
        assert local(server, ADAPTIVE)["action"] == "none"
        shown = run_module("endpoint_info", {"elasticsearch_url": server.url, "inference_id": ["one"]})["endpoints"]
        assert shown[0]["service_settings"]["num_allocations"] == 3
        server.allocate("one", 2)
        assert local(server, shown[0]["service_settings"])["action"] == "none"

    def test_allocations_are_updated_separately_and_adaptive_ones_as_a_whole(self, server: Simulator) -> None:
        local(server, ALLOCATED)
        assert local(server, {**ALLOCATED, "num_allocations": 2})["changes"] == ["service_settings.num_allocations"]
        assert local(server, ADAPTIVE)["action"] == "updated"
        changed = local(server, {"adaptive_allocations": {"max_number_of_allocations": 8}})
        assert changed["changes"] == ["service_settings.adaptive_allocations.max_number_of_allocations"]
        stored = server.endpoints["one"].service_settings["adaptive_allocations"]
        assert stored == {"enabled": True, "min_number_of_allocations": 1, "max_number_of_allocations": 8}

    def test_recreation_allocates_the_model_once(self, server: Simulator) -> None:
        local(server, ALLOCATED)
        done = local(server, {**ALLOCATED, "num_threads": 2}, allow_recreate=True)
        assert done["action"] == "recreated"
        creates = [request for request in server.requests if request.startswith("PUT")]
        assert creates == ["PUT /_inference/sparse_embedding/one?timeout=120s"]
        assert [name for name in server.deployments if not name.startswith(".")] == ["one"]

    def test_failed_recreation_restores_the_previous_settings(self, server: Simulator) -> None:
        local(server, ADAPTIVE)
        server.allocate("one", 3)
        server.faults.add(Fault("status", match="^PUT", status=400))
        failed = local(server, {**ADAPTIVE, "num_threads": 2}, allow_recreate=True)
        assert failed.failed
        assert failed["msg"].endswith("Its previous settings were restored.")
        assert server.endpoints["one"].service_settings["num_threads"] == 1
        assert failed["endpoint"]["service_settings"]["adaptive_allocations"] == ADAPTIVE["adaptive_allocations"]
        assert local(server, ADAPTIVE)["action"] == "none"

    @pytest.mark.parametrize(
        "options",
        [{"state": "absent"}, {"state": "absent", "force": True}, {"service_settings": {"num_allocations": 9}}],
    )
    def test_built_in_endpoint_is_never_changed(self, server: Simulator, options: dict[str, Any]) -> None:
        before = server.endpoints
        options = {"service_settings": {}, "allow_recreate": True, **options}
        refused = local(server, inference_id=".elser-2-elasticsearch", settings={}, **options)
        assert refused.failed
        assert "is built into Elasticsearch, so it was not changed." in refused["msg"]
        assert server.endpoints == before
        assert all(request.startswith("GET") for request in server.requests)

    def test_create_without_allocations_reports_missing_settings(self, server: Simulator) -> None:
        refused = local(server, {"model_id": MODEL})
        needed = "creating it requires service_settings.num_threads and service_settings.num_allocations or"
        assert needed in refused["msg"]
        assert not any(request.startswith("PUT") for request in server.requests)


class TestSecrets:
    @pytest.mark.parametrize(
        "fault",
        [
            Fault("echo", match="^PUT", times=9),
            Fault("provider_refusal", match="^PUT", times=9),
            Fault("html", match="^PUT", times=9),
            Fault("reset_before", times=9),
            Fault("status", status=503, times=9),
        ],
        ids=lambda fault: fault.kind,
    )
    @pytest.mark.parametrize(
        ("service", "secrets"),
        [
            ("acme", {"acme_pass_phrase": PHRASE}),
            ("openai", {"api_key": "sk-key", "new_token": PHRASE}),
            ("amazonbedrock", {"access_key": "sk-key", "secret_key": PHRASE.replace(" ", "-")}),
            ("custom", {"secret_parameters": {"a": PHRASE, "b": "sk-key"}}),
            ("googlevertexai", {"service_account_json": {"project_id": "p", "private_key": PHRASE}}),
            ("googlevertexai", {"service_account_json": f'{{"project_id": "p", "private_key": "{PHRASE}"}}'}),
        ],
    )
    def test_no_failure_shows_a_secret(
        self, fault: Fault, service: str, secrets: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logged = capture_log(monkeypatch)
        with Simulator() as server:
            server.faults.add(fault)
            found = run(server, service=service, service_settings={**SETTINGS, **secrets})
        for secret in (PHRASE, PHRASE.replace(" ", "-"), "sk-key"):
            assert find_leaks(found.output, [secret]) == []
            assert secret not in str(logged)
