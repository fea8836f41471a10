# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the list of services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Security, Simulator
from tests.unit.simulator.calls import call
from tests.unit.simulator.test_security import basic

PATH = "/_inference/_services"


def services(server: Simulator, path: str = PATH) -> dict[str, Any]:
    reply = call(server, "GET", path)
    assert reply.status == 200
    return {service["service"]: service for service in reply.json}


@pytest.mark.parametrize(
    ("version", "task_types"),
    [("8.18.0", ["completion"]), ("9.4.0", ["completion"]), ("9.6.0", ["completion", "chat_completion"])],
)
def test_anthropic_is_described(version: str, task_types: list[str]) -> None:
    with Simulator(version=version) as server:
        anthropic = services(server)["anthropic"]

        settings = anthropic["configurations"]
        assert anthropic["name"] == "Anthropic"
        assert anthropic["task_types"] == task_types
        assert set(settings) == {"api_key", "model_id", "rate_limit.requests_per_minute"}
        assert [name for name, setting in settings.items() if setting["sensitive"]] == ["api_key"]
        assert settings["rate_limit.requests_per_minute"] == {
            "description": "By default, the anthropic service sets the number of requests allowed per minute to 50.",
            "label": "Rate Limit",
            "required": False,
            "sensitive": False,
            "updatable": False,
            "type": "int",
            "supported_task_types": anthropic["task_types"],
        }


def test_services_are_filtered_by_task_type(server: Simulator) -> None:
    assert set(services(server, PATH + "/sparse_embedding")) == {
        *("alibabacloud-ai-search", "amazon_sagemaker", "elasticsearch", "hugging_face"),
    }
    assert "groq" not in services(server, PATH + "/completion")
    assert call(server, "GET", PATH + "/nonsense").reason == "Unknown task_type [nonsense]"


def test_services_are_sorted_and_leave_out_custom_and_elser(server: Simulator) -> None:
    names = [service["service"] for service in call(server, "GET", PATH).json]

    assert names == sorted(names)
    assert {"acme", "anthropic", "elasticsearch", "openai"} <= set(names)
    assert not {"custom", "elser", "elastic"} & set(names)


def test_services_of_later_versions_are_not_listed() -> None:
    with Simulator(version="9.2.0") as server:
        assert not {"groq", "mixedbread", "fireworksai"} & set(services(server))
        assert "embedding" not in services(server)["jinaai"]["task_types"]


@pytest.mark.parametrize(
    ("service", "sensitive"),
    [
        ("acme", {"acme_pass_phrase"}),
        ("amazonbedrock", {"access_key", "secret_key"}),
        ("azureopenai", {"api_key", "entra_id", "client_secret", "tenant_id"}),
        ("elasticsearch", set()),
        ("googlevertexai", {"service_account_json"}),
    ],
)
def test_secrets_are_sensitive(server: Simulator, service: str, sensitive: set[str]) -> None:
    settings = services(server)[service]["configurations"]

    assert {name for name, setting in settings.items() if setting["sensitive"]} == sensitive


def test_acme_is_described(server: Simulator) -> None:
    acme = services(server)["acme"]
    settings = acme["configurations"]

    assert acme["task_types"] == ["text_embedding", "rerank", "completion"]
    assert {"acme_pass_phrase", "model", "region", "tuning.depth", "rate_limit.requests_per_minute"} <= set(settings)
    assert {name for name, setting in settings.items() if setting["required"]} == {
        "acme_pass_phrase",
        "model",
        "region",
    }
    assert (settings["tuning.depth"]["type"], settings["dimensions"]["supported_task_types"]) == (
        "int",
        ["text_embedding"],
    )


@pytest.mark.parametrize("version", ["8.16.0", "8.17.0"])
def test_services_path_belongs_to_endpoints_before_8_18(version: str) -> None:
    with Simulator(version=version) as server:
        assert call(server, "GET", PATH).reason == "Inference endpoint not found [_services]"
        assert call(server, "GET", PATH + "/completion").reason == "Unknown task_type [_services]"


def test_serverless_rejects_the_services_request() -> None:
    with Simulator(version="serverless") as server:
        reply = call(server, "GET", PATH)

        assert (reply.status, reply.error["type"]) == (410, "api_not_available_exception")


def test_services_require_monitor_inference() -> None:
    users = {"reader": ("pw", ("monitor_inference",)), "other": ("pw", ("monitor",))}
    with Simulator(security=Security(users=users)) as server:
        assert call(server, "GET", PATH, headers=basic("reader", "pw")).status == 200
        assert call(server, "GET", PATH, headers=basic("other", "pw")).status == 403
