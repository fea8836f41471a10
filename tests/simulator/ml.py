# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the deployment of an endpoint in step with the endpoint, and answer `GET _ml/trained_models/…/_stats`.

Sources: `TransportPutInferenceModelAction`, `TransportUpdateInferenceModelAction`,
`TransportDeleteInferenceEndpointAction`, `ElasticsearchInternalService.updateModelsWithDynamicFields`,
`BaseElasticsearchInternalService.start`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .cluster import ClusterState, statistics
from .deployments import Deployment, Deployments, first_number
from .errors import ApiError, bad_request
from .messages import Answer
from .routes import Call
from .store import IN_CLUSTER, Store, StoredEndpoint


def in_cluster(endpoint: StoredEndpoint) -> bool:
    """Return whether a model in the cluster serves the endpoint."""
    return endpoint.service in IN_CLUSTER


def deployment_of(endpoint: StoredEndpoint) -> str:
    """Return the ID of the endpoint's deployment: its own ID, or that of the deployment it is attached to."""
    return str(endpoint.service_settings.get("deployment_id") or endpoint.inference_id)


def wanted(endpoint: StoredEndpoint) -> Deployment:
    """Return the deployment that the settings of an endpoint describe."""
    settings = endpoint.service_settings
    number, adaptive = settings.get("num_allocations"), settings.get("adaptive_allocations")
    return Deployment(
        endpoint.inference_id,
        str(settings.get("model_id")),
        int(settings.get("num_threads") or 1),
        first_number(number, adaptive),
        adaptive,
        endpoint.inference_id,
    )


def check_id(inference_id: str, deployments: Deployments) -> None:
    """Reject the ID of a model or of a deployment. Raises ApiError."""
    if deployments.uses(inference_id):
        raise bad_request(
            f"Inference endpoint IDs must be unique. Requested inference endpoint ID [{inference_id}] "
            "matches existing trained model ID(s) but must not."
        )


def deprecation(body: dict[str, Any], number: str) -> tuple[tuple[str, str], ...]:
    """Return the `Warning` header for a create with the former service `elser`. `number`: the version of the server."""
    if body.get("service") != "elser":
        return ()
    model_id = (body.get("service_settings") or {}).get("model_id")
    words = "Putting elasticsearch service inference endpoints (including elser service) without a model_id field is "
    words += "deprecated and will be removed in a future release. Please specify a model_id field."
    if model_id is not None:
        words = "The [elser] service is deprecated and will be removed in a future release. Use the [elasticsearch] "
        words += f"service instead, with [model_id] set to [{model_id}] in the [service_settings]"
    return (("Warning", f'299 Elasticsearch-{number}-00000000 "{words}"'),)


def start(endpoint: StoredEndpoint, deployments: Deployments, timeout: str | None = None) -> None:
    """Start the deployment of an endpoint that has one of its own. Raises ApiError."""
    if "deployment_id" not in endpoint.service_settings:
        deployments.start(wanted(endpoint), timeout or "30s")


def check_runs(endpoint: StoredEndpoint, deployments: Deployments) -> None:
    """Reject an inference whose model is not deployed. The first one deploys a built-in endpoint. Raises ApiError.

    Derived: the words, and that an inference does not wait for a deployment that is starting
    (`ExceptionsHelper.missingModelDeployment`, `TransportInferTrainedModelDeploymentAction`).
    """
    name = deployment_of(endpoint)
    held = deployments.get(name)
    if held is None and endpoint.inference_id.startswith("."):
        first = wanted(endpoint)
        deployments.put(replace(first, number=max(first.number, 1)))
    elif held is None:
        reason = f"No known trained model with deployment with id [{name}]"
        raise ApiError(404, "resource_not_found_exception", reason)
    elif held.reads:
        reason = f"Trained model deployment [{name}] is not allocated to any nodes"
        raise ApiError(409, "status_exception", reason)


def change(endpoint: StoredEndpoint, deployments: Deployments) -> None:
    """Give the deployment the allocations of a changed endpoint. Raises ApiError."""
    name, settings = deployment_of(endpoint), endpoint.service_settings
    if "deployment_id" in settings:
        raise ApiError(409, "status_exception", _not_its_own(endpoint, deployments.get(name)))
    deployments.change(name, settings.get("num_allocations"), settings.get("adaptive_allocations"))


def _not_its_own(endpoint: StoredEndpoint, deployment: Deployment | None) -> str:
    name, inference_id = deployment_of(endpoint), endpoint.inference_id
    if deployment is None or deployment.inference_id is None:
        return (
            f"Cannot update inference endpoint [{inference_id}] using model deployment [{name}]. "
            "The model deployment must be updated through the trained models API."
        )
    return (
        f"Cannot update inference endpoint [{inference_id}] for model deployment [{name}] as it was created by "
        "another inference endpoint. The model can only be updated using inference endpoint id "
        f"[{deployment.inference_id}]."
    )


def stop(endpoint: StoredEndpoint, deployments: Deployments) -> None:
    """Stop the deployment of an endpoint, not one that the endpoint is only attached to."""
    if in_cluster(endpoint) and "deployment_id" not in endpoint.service_settings:
        deployments.stop(endpoint.inference_id)


def shown(endpoint: StoredEndpoint, deployments: Deployments) -> dict[str, Any]:
    """Return the service settings with the current number of allocations."""
    settings = endpoint.service_settings
    held = deployments.get(deployment_of(endpoint)) if in_cluster(endpoint) else None
    return settings if held is None else {"num_allocations": held.number, **_without_number(settings)}


def _without_number(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "num_allocations"}


def trained_model_stats(call: Call, state: ClusterState, store: Store) -> Answer:
    """Answer `GET /_ml/trained_models/{model_id}/_stats` (`elasticsearch.md`, "Model deployments").

    States that a test defined for a model take precedence.
    """
    model_id = call.variables["model_id"]
    next_state = state.next_deployment_state(model_id)
    found = store.deployments.statistics(model_id) if next_state is None else [statistics(model_id, next_state)]
    return Answer(200, {"count": len(found), "trained_model_stats": found})


def seed(store: Store, endpoint: StoredEndpoint) -> None:
    """Hold an endpoint, and its deployment if its settings describe one. Built-in endpoints are not deployed."""
    store.put(endpoint)
    settings = endpoint.service_settings
    own = "deployment_id" not in settings and not endpoint.inference_id.startswith(".")
    describes = bool({"num_allocations", "adaptive_allocations"} & set(settings))
    if in_cluster(endpoint) and endpoint.state == "whole" and own and describes:
        store.deployments.put(wanted(endpoint))
