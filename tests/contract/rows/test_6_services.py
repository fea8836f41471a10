# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services and their settings, and model deployments."""

from __future__ import annotations

from typing import Any

from tests.contract.cluster import Cluster
from tests.contract.expectations import Error, Including, Success
from tests.contract.verdicts import row

SECTION = "Service information"
SERVICES = "RestGetInferenceServicesAction, InferenceServiceConfiguration"


def anthropic(cluster: Cluster) -> Any:
    """Return the description of the service anthropic."""
    answer = cluster.get("/_inference/_services").expect(Success(Including(({"service": "anthropic"},))))
    return next(one for one in answer.body if one["service"] == "anthropic")


@row("services", SECTION, holds=">=8.18", on_serverless=False, source=SERVICES)
def test_services_are_listed_with_their_settings(cluster: Cluster) -> None:
    """`GET /_inference/_services` returns an array of services with task types and settings."""
    setting = {"description": "…", "label": "…", "required": True, "sensitive": True, "updatable": True, "type": "str"}
    expected = {
        "service": "anthropic",
        "name": "…",
        "task_types": Including(("completion",)),
        "configurations": {"api_key": setting, "model_id": {"sensitive": False}, "rate_limit.requests_per_minute": {}},
    }
    cluster.get("/_inference/_services").expect(Success(Including((expected,))))


@row("services-left-out", SECTION, holds=">=8.18", on_serverless=False, source="AnthropicService.Configuration")
def test_some_task_settings_are_left_out(cluster: Cluster) -> None:
    """The list does not contain `temperature`, `top_p`, and `top_k`."""
    answer = cluster.get("/_inference/_services").expect(Success(Including(({"service": "anthropic"},))))
    shown = set(anthropic(cluster)["configurations"])
    answer.require(not shown & {"temperature", "top_p", "top_k"}, "neither temperature nor top_p nor top_k")


@row("services-of-task-type", SECTION, holds=">=8.18", on_serverless=False, source=SERVICES)
def test_services_of_a_task_type_are_listed(cluster: Cluster) -> None:
    """`GET /_inference/_services/{task_type}` lists the services that support the task type."""
    cluster.get("/_inference/_services/completion").expect(Success(Including(({"service": "anthropic"},))))
    answer = cluster.get("/_inference/_services/text_embedding").expect(Success(Including(())))
    names = {one["service"] for one in answer.body}
    answer.require("anthropic" not in names, "services without anthropic")


@row("deployment-missing", "Model deployments", source="TransportGetTrainedModelsStatsAction")
def test_remote_model_has_no_deployment(cluster: Cluster) -> None:
    """A remote service has no model deployment: the request for its statistics returns 404."""
    model_id = cluster.provider.model_id
    cluster.get(f"/_ml/trained_models/{model_id}/_stats").expect(Error(404, "resource_not_found_exception"))
