# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for an endpoint of each kind of service, from create to delete, with all requests of each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
import requests

from tests.simulator import Simulator
from tests.unit.support import OTHERS, VERSION, Run, find_leaks, run_module

ID = "one"
SECRET = "sk-first-secret"
NEXT = "sk-second-secret"
READ = f"GET /_inference/{ID}"
TRIAL = f"{ID}-ansible-preflight"


@dataclass(frozen=True)
class Shape:
    """An endpoint of a service, with changes to test.

    :ivar secrets: credentials, each of which contains C(SECRET).
    :ivar change: settings that can be updated in place, or empty.
    :ivar model: settings that cannot be updated in place.
    """

    service: str
    task_type: str
    settings: Mapping[str, Any]
    model: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(default_factory=dict)
    change: Mapping[str, Any] = field(default_factory=dict)
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    is_local: bool = False

    def __str__(self) -> str:
        return f"{self.service}-{self.task_type}"

    @property
    def path(self) -> str:
        return f"/_inference/{self.task_type}/{ID}"

    @property
    def create(self) -> str:
        return f"PUT {self.path}?timeout=120s"

    @property
    def update(self) -> str:
        return f"PUT {self.path}/_update?timeout=120s"

    @property
    def delete(self) -> str:
        return f"DELETE {self.path}"

    @property
    def trial(self) -> tuple[str, str]:
        """Return the requests of the preflight check: create and delete of the temporary endpoint."""
        path = f"/_inference/{self.task_type}/{TRIAL}"
        return f"PUT {path}?timeout=120s", f"DELETE {path}?force=true"

    @property
    def references(self) -> list[str]:
        return [f"GET {self.path}?filter_path=endpoints.inference_id", f"{self.delete}?dry_run=true"]


RATE = {"rate_limit": {"requests_per_minute": 7}}
KEY = {"api_key": SECRET}
SHAPES = (
    Shape("openai", "text_embedding", {"model_id": "m", "dimensions": 256}, {"model_id": "n"}, KEY, RATE),
    Shape("openai", "completion", {"model_id": "m"}, {"model_id": "n"}, KEY, {"organization_id": "o"}, {"user": "u"}),
    Shape(
        "cohere",
        "text_embedding",
        {"model_id": "m", "embedding_type": "int8"},
        {"model_id": "n"},
        KEY,
        RATE,
        {"input_type": "search", "truncate": "END"},
    ),
    Shape("cohere", "rerank", {"model_id": "m"}, {"model_id": "n"}, KEY, RATE, {"top_n": 3}),
    Shape(
        "amazonbedrock",
        "completion",
        {"model": "m", "region": "eu", "provider": "anthropic"},
        {"model": "n"},
        {"access_key": SECRET, "secret_key": f"{SECRET}-2"},
        RATE,
        {"max_new_tokens": 64},
    ),
    Shape(
        "azureopenai",
        "text_embedding",
        {"resource_name": "r", "deployment_id": "m", "api_version": "v"},
        {"deployment_id": "n"},
        {"entra_id": SECRET},
        RATE,
    ),
    Shape(
        "custom",
        "rerank",
        {
            "url": "https://example.com",
            "request": '{"query": ${query}, "docs": ${input}, "key": ${key}}',
            "response": {"json_parser": {"relevance_score": "$.s[*].score"}},
        },
        {},
        {"secret_parameters": {"key": SECRET}},
        {"headers": {"X-Tenant": "support"}},
    ),
    Shape(
        "googlevertexai",
        "text_embedding",
        {"model_id": "m", "project_id": "p", "location": "l"},
        {"model_id": "n"},
        {"service_account_json": {"project_id": "p", "private_key": SECRET}},
        {"max_batch_size": 5},
    ),
    Shape("deepseek", "completion", {"model_id": "m"}, {"model_id": "n"}, KEY),
    Shape("llama", "completion", {"model_id": "m", "url": "https://example.com"}, {"model_id": "n"}, {}, RATE),
    Shape(
        "elasticsearch",
        "sparse_embedding",
        {"model_id": ".elser_model_2", "num_threads": 1, "num_allocations": 1},
        {"model_id": ".elser_model_2_linux-x86_64"},
        {},
        {"num_allocations": 2},
        is_local=True,
    ),
    Shape("mixedbread", "rerank", {"model_id": "m"}, {"model_id": "n"}, KEY, RATE),
)
WITH_SECRETS = tuple(shape for shape in SHAPES if shape.secrets)
WITH_CHANGE = tuple(shape for shape in SHAPES if shape.change)
#: For a service without rows, only the response shows that an update does not change the model.
WITH_MODEL = tuple(
    pytest.param(shape, marks=pytest.mark.rejected(r"PUT .*/_update.*: 400") if shape.service == "mixedbread" else ())
    for shape in SHAPES
    if shape.model
)


@pytest.fixture(name="server")
def _server() -> Iterator[Simulator]:
    with Simulator() as server:
        yield server


def rotated(secrets: Any) -> Any:
    """Return the credentials with C(NEXT) in place of C(SECRET)."""
    if isinstance(secrets, str):
        return secrets.replace(SECRET, NEXT)
    return {name: rotated(secret) for name, secret in secrets.items()}


def run(server: Simulator, shape: Shape, settings: Mapping[str, Any] | None = None, **options: Any) -> Run:
    """Run the module for the endpoint with additional or replaced service settings."""
    check = options.pop("check", False)
    declared = {
        "inference_id": ID,
        "task_type": shape.task_type,
        "service": shape.service,
        "service_settings": {**shape.secrets, **shape.settings, **(settings or {})},
        "task_settings": dict(shape.task_settings),
        "duplicate_model": "allow",
    }
    server.clear_log()
    common = {"elasticsearch_url": server.url, "retries": 0}
    found = run_module("endpoint", {**common, **declared, **options}, check=check, diff=True)
    assert find_leaks(found.output, [SECRET, NEXT]) == []
    return found


def held(server: Simulator) -> dict[str, Any] | None:
    """Return the endpoint as the server shows it, without empty groups."""
    endpoints = requests.get(server.url + "/_inference/_all", timeout=9).json()["endpoints"]
    shown = next((endpoint for endpoint in endpoints if endpoint["inference_id"] == ID), None)
    return {name: value for name, value in shown.items() if value != {}} if shown else None


def create(server: Simulator, shape: Shape) -> Run:
    found = run(server, shape)
    assert not found.failed, found["msg"]
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
class TestEachShape:
    def test_endpoint_is_created_and_second_run_sends_one_request(self, server: Simulator, shape: Shape) -> None:
        created = create(server, shape)
        assert (created["changed"], created["action"], created.warnings) == (True, "created", [])
        assert server.requests == [READ, OTHERS, VERSION, shape.create]
        again = run(server, shape)
        assert (again["changed"], again["action"], again["changes"], again.warnings) == (False, "none", [], [])
        assert server.requests == [READ]
        assert again["endpoint"] == created["endpoint"] == held(server)

    def test_create_is_predicted_in_check_mode(self, server: Simulator, shape: Shape) -> None:
        predicted = run(server, shape, check=True)
        assert (predicted["changed"], predicted["action"]) == (True, "created")
        assert server.endpoint(ID) is None

    def test_returned_endpoint_can_be_declared_without_a_change(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        options = {"elasticsearch_url": server.url, "retries": 0}
        shown = run_module("endpoint_info", options)["endpoints"]
        server.clear_log()
        kept = run_module("endpoints", {**options, "endpoints": shown})
        assert (kept["changed"], kept["summary"]["unchanged"], kept.warnings) == (False, len(shown), [])
        assert server.requests == [OTHERS]

    def test_endpoint_is_deleted_once(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        deleted = run(server, shape, state="absent")
        assert (deleted["changed"], deleted["action"], server.endpoint(ID)) == (True, "deleted", None)
        assert server.requests[0] == READ
        assert server.requests[-1] == shape.delete
        assert run(server, shape, state="absent")["action"] == "none"
        assert server.requests == [READ]


@pytest.mark.parametrize("shape", WITH_CHANGE, ids=str)
class TestChange:
    def test_setting_is_updated_in_place_once(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        changed = run(server, shape, shape.change)
        assert (changed["changed"], changed["action"]) == (True, "updated")
        assert server.requests == [READ, VERSION, OTHERS, shape.update]
        assert changed["changes"] == [f"service_settings.{path}" for path in _paths(shape.change)]
        assert changed["endpoint"] == held(server)
        again = run(server, shape, shape.change)
        assert (again["changed"], server.requests) == (False, [READ])

    def test_update_is_predicted_in_check_mode(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        before = held(server)
        predicted = run(server, shape, shape.change, check=True)
        assert (predicted["changed"], predicted["action"]) == (True, "updated")
        assert held(server) == before
        done = run(server, shape, shape.change)
        assert predicted["changes"] == done["changes"]
        assert predicted["endpoint"] == done["endpoint"]

    def test_drift_is_detected_and_corrected(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        run(server, shape, shape.change)
        declared = {**shape.settings, **_former(shape)}
        if not _former(shape):
            return
        found = run(server, shape, declared)
        assert (found["action"], server.requests[-1]) == ("updated", shape.update)


@pytest.mark.parametrize("shape", WITH_SECRETS, ids=str)
class TestRotation:
    def test_secret_is_rotated_once(self, server: Simulator, shape: Shape) -> None:
        options = {"update_secrets": "when_changed"}
        found = run(server, shape, **options)
        assert not found.failed, found["msg"]
        assert run(server, shape, **options)["action"] == "none"
        changed = run(server, shape, rotated(shape.secrets), **options)
        assert (changed["changed"], changed["action"]) == (True, "updated"), changed.result.get("msg")
        assert changed["changes"] == sorted(f"service_settings.{name}" for name in shape.secrets)
        assert shape.update in server.requests
        assert NEXT in str(server.endpoints[ID].secret)
        again = run(server, shape, rotated(shape.secrets), **options)
        assert (again["changed"], again["action"]) == (False, "none")
        assert not any(request.startswith("PUT /_inference") for request in server.requests)

    def test_secret_is_not_sent_to_an_existing_endpoint_by_default(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        assert run(server, shape, rotated(shape.secrets))["action"] == "none"
        assert server.requests == [READ]


@pytest.mark.parametrize("shape", WITH_MODEL, ids=str)
class TestModel:
    def test_model_change_is_rejected_with_the_setting(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        before = held(server)
        refused = run(server, shape, shape.model)
        assert refused.failed
        assert f"service_settings.{next(iter(shape.model))}" in refused["msg"]
        assert "allow_recreate=true" in refused["msg"]
        assert (refused["changed"], held(server)) == (False, before)

    def test_model_change_is_tested_and_then_recreated_if_allowed(self, server: Simulator, shape: Shape) -> None:
        create(server, shape)
        done = run(server, shape, shape.model, allow_recreate=True)
        assert (done["changed"], done["action"]) == (True, "recreated"), done.result.get("msg")
        writes = [request for request in server.requests if not request.startswith("GET") and "dry_run" not in request]
        proof, removal = shape.trial
        expected = [shape.delete, shape.create] if shape.is_local else [proof, shape.delete, shape.create, removal]
        assert [request for request in writes if "_update" not in request] == expected
        assert done["endpoint"] == held(server)
        assert run(server, shape, shape.model)["action"] == "none"


def _paths(settings: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the dotted paths of nested settings. Headers are one value."""
    found = []
    for name, value in settings.items():
        nested = isinstance(value, dict) and name != "headers"
        found += _paths(value, f"{prefix}{name}.") if nested else [prefix + name]
    return sorted(found)


def _former(shape: Shape) -> dict[str, Any]:
    """Return the declared settings before the change."""
    return {name: shape.settings[name] for name in shape.change if name in shape.settings}


class TestKindOfCredential:
    """Updates accept only credentials of the same kind (C(SecretSettings.updateExactlyOneField))."""

    SHAPE = next(shape for shape in SHAPES if shape.service == "azureopenai")
    OTHER: ClassVar = {"entra_id": None, "api_key": SECRET}

    @pytest.mark.rejected(r"PUT .*/_update.*: 400")
    def test_other_kind_of_credential_is_rejected_with_the_server_message(self, server: Simulator) -> None:
        create(server, self.SHAPE)
        refused = run(server, self.SHAPE, self.OTHER, update_secrets="always")
        assert refused.failed
        assert "service_settings.api_key" in refused["msg"]
        assert "only the field [entra_id] can be updated" in refused["msg"]

    @pytest.mark.rejected(r"PUT .*/_update.*: 400")
    def test_other_kind_of_credential_requires_a_recreation(self, server: Simulator) -> None:
        create(server, self.SHAPE)
        done = run(server, self.SHAPE, self.OTHER, update_secrets="always", allow_recreate=True)
        assert (done["action"], done.failed) == ("recreated", False)
        assert server.endpoints[ID].secrets == {"api_key": SECRET}
