# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of services."""

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
    assert set(services(server, PATH + "/sparse_embedding")) == {"elasticsearch"}
    assert set(services(server, PATH + "/completion")) == {"anthropic", "openai"}
    assert call(server, "GET", PATH + "/nonsense").reason == "Unknown task_type [nonsense]"


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
