# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module endpoints."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.simulator import Fault, Simulator
from tests.unit.support import OTHERS, VERSION, Run, capture_log, find_leaks, run_module

SECRET = "sk-of-the-defaults"
DEFAULTS: dict[str, Any] = {
    "openai": {"task_type": "text_embedding", "service_settings": {"api_key": SECRET, "model_id": "m"}},
    "cohere": {"task_type": "rerank", "service_settings": {"api_key": SECRET, "model_id": "r"}},
    "amazonbedrock": {
        "task_type": "completion",
        "service_settings": {"access_key": SECRET, "secret_key": SECRET, "region": "eu", "provider": "anthropic"},
    },
}
MIXED: list[dict[str, Any]] = [
    {"inference_id": "a", "service": "openai", "service_settings": {"rate_limit": {"requests_per_minute": "60"}}},
    {"inference_id": "b", "service": "cohere", "task_settings": {"top_n": 3}},
    {"inference_id": "c", "service": "amazonbedrock", "service_settings": {"model": "x"}},
    {"inference_id": "d", "service": "deepseek", "task_type": "completion", "service_settings": {"model_id": "z"}},
]
TEN = (
    *("openai", "cohere", "mistral", "hugging_face", "jinaai", "voyageai", "amazonbedrock", "azureopenai"),
    *("googleaistudio", "watsonxai"),
)


def run(server: Simulator, endpoints: list[dict[str, Any]], *, check: bool = False, **options: Any) -> Run:
    """Run the module without parallel requests, so that their order is fixed."""
    common = {"elasticsearch_url": server.url, "retries": 0, "parallel": 1, "duplicate_model": "allow"}
    server.clear_log()
    found = run_module("endpoints", {**common, "endpoints": endpoints, **options}, check=check, diff=True)
    assert find_leaks(found.output, [SECRET]) == []
    return found


def mixed(server: Simulator, **options: Any) -> Run:
    endpoints = [{**MIXED[3], "service_settings": {**MIXED[3]["service_settings"], "api_key": SECRET}}]
    return run(server, [*MIXED[:3], *endpoints], defaults=DEFAULTS, **options)


def actions(found: Run) -> dict[str, str]:
    return {result["inference_id"]: result["action"] for result in found["results"]}


class TestMixedLists:
    def test_endpoints_of_many_services_are_created_after_one_read(self, server: Simulator) -> None:
        found = mixed(server)
        assert actions(found) == dict.fromkeys("abcd", "created")
        assert server.requests == [
            OTHERS,
            VERSION,
            "PUT /_inference/text_embedding/a?timeout=120s",
            "PUT /_inference/rerank/b?timeout=120s",
            "PUT /_inference/completion/c?timeout=120s",
            "PUT /_inference/completion/d?timeout=120s",
        ]
        assert server.endpoints["a"].service_settings["rate_limit"] == {"requests_per_minute": 60}

    def test_second_run_sends_one_request(self, server: Simulator) -> None:
        mixed(server)
        again = mixed(server)
        assert (again["changed"], again["summary"]["unchanged"], again.warnings) == (False, 4, [])
        assert server.requests == [OTHERS]

    def test_returned_endpoints_can_be_declared_without_a_change(self, server: Simulator) -> None:
        mixed(server)
        shown = run_module("endpoint_info", {"elasticsearch_url": server.url})["endpoints"]
        assert {endpoint["service"] for endpoint in shown} > {"openai", "elasticsearch"}
        kept = run(server, shown)
        assert (kept["changed"], kept["summary"]["unchanged"], kept.warnings) == (False, len(shown), [])
        assert server.requests == [OTHERS]

    def test_failure_of_one_service_does_not_stop_others(self, server: Simulator) -> None:
        server.faults.add(Fault("provider_refusal", match="rerank/b", times=9))
        found = mixed(server)
        assert found.failed
        assert actions(found) == {"a": "created", "b": "none", "c": "created", "d": "created"}
        assert found["msg"].startswith("1 of 4 endpoints failed. b: ")

    def test_hundred_endpoints_of_ten_services_need_one_request(self, server: Simulator) -> None:
        declared = []
        for number in range(100):
            service, name = TEN[number % 10], f"e{number}"
            settings = {"model_id": f"m{number}", "rate_limit": {"requests_per_minute": number + 1}}
            server.seed(name, service=service, task_type="completion", service_settings=settings)
            declared.append(
                {"inference_id": name, "service": service, "task_type": "completion", "service_settings": settings}
            )
        found = run(server, declared)
        assert (found["changed"], found["summary"]["unchanged"]) == (False, 100)
        assert server.requests == [OTHERS]

    def test_endpoint_of_another_service_is_never_touched(self, server: Simulator) -> None:
        server.seed("a", service="mistral", task_type="text_embedding", service_settings={"model": "m"})
        found = mixed(server)
        assert actions(found)["a"] == "none"
        assert "belongs to the service mistral, not to openai" in found["msg"]


class TestOptions:
    def test_all_problems_of_all_endpoints_are_reported_with_their_places(self, server: Simulator) -> None:
        wrong = [
            {"inference_id": "a", "service": "openai", "service_settings": {"dimensions": "many"}},
            {"inference_id": "a"},
            {"inference_id": "c", "service": "amazonbedrock", "service_settings": {"access_key": "x"}},
        ]
        found = run(server, wrong, parallel=0)
        assert found.result.keys() == {"failed", "msg"}
        assert found["msg"] == (
            "5 problems: (1) endpoints[0]: service_settings.dimensions must be an integer, not 'many'. "
            "(2) endpoints[1]: service is required. Hint: set it to the name of an inference service, as in the API. "
            "(3) endpoints[2]: service_settings.access_key and service_settings.secret_key must be set together. "
            "(4) inference_id a appears more than once in the list: endpoints[0], endpoints[1]. "
            "(5) parallel must be from 1 to 64, not 0."
        )
        assert server.requests == []

    def test_defaults_have_settings_by_the_name_of_a_service(self, server: Simulator) -> None:
        found = run(server, MIXED, defaults={"openai": {"api_key": SECRET}, "cohere": "x"})
        assert found["msg"].startswith("2 problems: (1) ")
        assert "defaults.openai.api_key" in found["msg"]
        assert "defaults.cohere must be a dictionary" in found["msg"]
        assert server.requests == []

    def test_invalid_options_show_no_secret_in_any_form(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logged = capture_log(monkeypatch)
        for wrong in (
            {"endpoints": [{"service_settings": {"api_key": SECRET}}]},
            {"endpoints": f'[{{"inference_id": "a", "service_settings": {{"acme_token": "{SECRET}"}}}}]'},
            {"endpoints": MIXED, "defaults": {"openai": {"service_settings": {"dimensions": {"api_key": SECRET}}}}},
            {"endpoints": MIXED, "defaults": f'{{"openai": {{"service_settings": {{"api_key": "{SECRET}"}}}}'},
        ):
            found = run(server, **wrong)  # type: ignore[arg-type]
            assert found.failed
        assert SECRET not in str(logged)


class TestPurge:
    def seed(self, server: Simulator) -> None:
        for name, service in (("a", "openai"), ("x", "openai"), ("y", "cohere"), ("z", "mistral")):
            server.seed(name, service=service, task_type="completion", service_settings={"model_id": "m"})

    LISTED: ClassVar = [{"inference_id": "a", "service": "openai"}]

    def test_purge_deletes_endpoints_of_the_services_in_the_list(self, server: Simulator) -> None:
        self.seed(server)
        found = run(server, self.LISTED, purge=True)
        assert actions(found) == {"a": "none", "x": "deleted"}
        assert {"y", "z", ".elser-2-elasticsearch"} <= server.endpoints.keys()

    def test_purge_deletes_endpoints_of_purge_services(self, server: Simulator) -> None:
        self.seed(server)
        found = run(server, self.LISTED, purge=True, purge_services=["cohere", "mistral"])
        assert actions(found) == {"a": "none", "y": "deleted", "z": "deleted"}

    def test_purge_never_deletes_a_built_in_endpoint(self, server: Simulator) -> None:
        self.seed(server)
        found = run(server, self.LISTED, purge=True, purge_services=["elasticsearch"])
        assert actions(found) == {"a": "none"}

    def test_deprecated_service_name_purges_stored_endpoints(self, server: Simulator) -> None:
        settings = {"model_id": ".elser_model_2", "num_threads": 1, "num_allocations": 1}
        for name in ("a", "x"):
            server.seed(name, service="elasticsearch", task_type="sparse_embedding", service_settings=settings)
        found = run(server, [{"inference_id": "a", "service": "elser"}], purge=True)
        assert actions(found) == {"a": "none", "x": "deleted"}
