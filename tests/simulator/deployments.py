# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of a cluster and their deployments.

Sources: `TransportStartTrainedModelDeploymentAction`, `ModelDeploymentTimeoutException`,
`StartTrainedModelDeploymentAction.computeNumberOfAllocations`, `AllocationStatus.calculateState`,
`GetTrainedModelsStatsAction`. Derived: the message for a missing deployment in an update.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from .errors import ApiError, Cause, bad_request
from .jsontext import is_whole

#: Elastic's models by task type. The simulated nodes can run those with a platform in their names.
ELSER, E5, RERANKER = ".elser_model_2", ".multilingual-e5-small", ".rerank-v1"
PLATFORM = "_linux-x86_64"
BUILT_IN_MODELS = {
    ELSER: "sparse_embedding",
    ELSER + PLATFORM: "sparse_embedding",
    E5: "text_embedding",
    E5 + PLATFORM: "text_embedding",
    RERANKER: "rerank",
}
#: Results of a start: the model has started; the wait times out; the model is being downloaded; no node can start it.
STARTS = ("started", "times_out", "downloads", "fails")


@dataclass(frozen=True)
class Model:
    """The behavior of a model: its task type, the reads until it is fully allocated, and the result of its start."""

    task_type: str | None = None
    reads: int = 0
    start: str = "started"

    def __post_init__(self) -> None:
        """Reject values that no model can have."""
        if self.start not in STARTS:
            raise ValueError(f"start {self.start!r} must be one of {STARTS}")
        if not is_whole(self.reads) or self.reads < 0:
            raise ValueError(f"reads {self.reads!r} must be a non-negative integer")


@dataclass(frozen=True)
class Deployment:
    """A deployed model. `inference_id`: the endpoint that started it. `reads`: the reads until it is allocated."""

    deployment_id: str
    model_id: str
    num_threads: int = 1
    number: int = 1
    adaptive: dict[str, Any] | None = None
    inference_id: str | None = None
    reads: int = 0

    def statistics(self) -> dict[str, Any]:
        """Return the deployment as `_stats` shows it."""
        count = 0 if self.reads else self.number
        allocation = {"allocation_count": count, "target_allocation_count": self.number}
        state = "starting" if self.reads else "fully_allocated"
        stats = {
            "deployment_id": self.deployment_id,
            "model_id": self.model_id,
            "threads_per_allocation": self.num_threads,
            "number_of_allocations": self.number,
            "state": "starting" if self.reads else "started",
            "allocation_status": {**allocation, "state": state},
        }
        if self.adaptive is not None:
            stats["adaptive_allocations"] = self.adaptive
        return {"model_id": self.model_id, "pipeline_count": 0, "deployment_stats": stats}


def first_number(num_allocations: int | None, adaptive: dict[str, Any] | None) -> int:
    """Return the number of allocations that a start requests."""
    if num_allocations is not None:
        return num_allocations
    least = (adaptive or {}).get("min_number_of_allocations")
    return 1 if least is None else int(least)


class Deployments:
    """The deployments of one cluster. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, Model] = {}
        self._held: dict[str, Deployment] = {}

    def copy(self) -> Deployments:
        """Return an independent copy."""
        other = Deployments()
        with self._lock:
            other._models, other._held = dict(self._models), dict(self._held)
        return other

    def reset(self) -> None:
        """Delete the deployments of all endpoints. The behavior of models stays."""
        with self._lock:
            self._held = {name: one for name, one in self._held.items() if one.inference_id is None}

    def set_model(self, model_id: str, model: Model) -> None:
        """Add a model, or define the behavior of one of Elastic's models."""
        with self._lock:
            self._models[model_id] = model

    def task_type(self, model_id: str) -> str | None:
        """Return the task type of a model; None if the cluster does not have the model."""
        with self._lock:
            known = self._models.get(model_id)
        return (known and known.task_type) or BUILT_IN_MODELS.get(model_id)

    def uses(self, name: str) -> bool:
        """Return whether a model, or a deployment that was not started by an endpoint, has this ID."""
        with self._lock:
            held = self._held.get(name)
            return name in self._models or (held is not None and held.inference_id is None)

    def get(self, deployment_id: str) -> Deployment | None:
        """Return a deployment."""
        with self._lock:
            return self._held.get(deployment_id)

    def snapshot(self) -> dict[str, Deployment]:
        """Return all deployments by ID."""
        with self._lock:
            return dict(self._held)

    def start(self, wanted: Deployment, waited: str = "30s") -> None:
        """Deploy a model. If the wait times out, the deployment stays. Raises ApiError.

        A running deployment does not change.
        """
        with self._lock:
            model = self._models.get(wanted.model_id, Model())
            if model.start in ("downloads", "fails"):
                raise _not_started(model.start, wanted.model_id)
            self._held.setdefault(wanted.deployment_id, replace(wanted, reads=model.reads))
        if model.start == "times_out":
            raise _timed_out(wanted.deployment_id, waited)

    def put(self, deployment: Deployment) -> None:
        """Store a deployment, and replace one with the same ID."""
        with self._lock:
            self._held[deployment.deployment_id] = deployment

    def change(self, deployment_id: str, num_allocations: int | None, adaptive: dict[str, Any] | None) -> None:
        """Change the allocations. Only one kind of them is set. Raises ApiError (404)."""
        with self._lock:
            held = self._held.get(deployment_id)
            if held is None:
                reason = f"No known trained model with deployment with id [{deployment_id}]"
                raise ApiError(404, "resource_not_found_exception", reason)
            number = held.number if num_allocations is None else num_allocations
            self._held[deployment_id] = replace(held, number=number, adaptive=adaptive)

    def allocate(self, deployment_id: str, number: int) -> None:
        """Set the number of allocations of a deployment, as adaptive allocations do. Raises ValueError."""
        with self._lock:
            if deployment_id not in self._held:
                raise ValueError(f"deployment {deployment_id!r} does not exist; existing: {sorted(self._held)}")
            self._held[deployment_id] = replace(self._held[deployment_id], number=number)

    def stop(self, deployment_id: str) -> None:
        """Remove a deployment, if it exists."""
        with self._lock:
            self._held.pop(deployment_id, None)

    def statistics(self, name: str) -> list[dict[str, Any]]:
        """Return the `_stats` of a model or deployment, and count this as one read of each. Raises ApiError (404)."""
        with self._lock:
            found = [one for one in self._held.values() if name in (one.model_id, one.deployment_id)]
            for one in found:
                self._held[one.deployment_id] = replace(one, reads=max(one.reads - 1, 0))
            if not found and name not in self._models:
                reason = f"No known trained model with model_id [{name}]"
                raise ApiError(404, "resource_not_found_exception", reason)
        return [one.statistics() for one in found] or [{"model_id": name, "pipeline_count": 0}]


def _timed_out(deployment_id: str, waited: str) -> ApiError:
    return ApiError(
        408,
        "model_deployment_timeout_exception",
        f"Timed out after [{waited}] waiting for trained model deployment [{deployment_id}] to start. "
        "Use the trained model stats API to track the state of the deployment and try again once it has started.",
    )


def _not_started(start: str, model_id: str) -> ApiError:
    if start == "downloads":
        words = "Model download task is currently running. Wait for trained model "
        return ApiError(408, "status_exception", f"{words}[{model_id}] download task to complete then try again")
    reason = "Could not start trained model deployment, the following nodes failed with errors [{node-0=out of memory}]"
    return ApiError(500, "status_exception", reason, caused_by=Cause("illegal_state_exception", "out of memory"))


def cannot_find(deployment_id: str) -> ApiError:
    """Return the 404 for an endpoint whose `deployment_id` does not exist."""
    return ApiError(404, "resource_not_found_exception", f"Cannot find deployment [{deployment_id}]")


def other_model(deployment: Deployment, requested: str) -> ApiError:
    """Return the 400 for an endpoint whose model differs from that of the deployment."""
    return bad_request(
        f"Deployment [{deployment.deployment_id}] uses model [{deployment.model_id}] "
        f"which does not match the model [{requested}] in the request."
    )
