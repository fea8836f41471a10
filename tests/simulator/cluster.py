# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client asks a cluster besides inference: its version, and its model deployments."""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import ApiError
from .messages import Answer
from .routes import Call
from .versions import Version


class Cluster:
    """The handlers of `GET /` and of the trained model statistics."""

    def __init__(self, version: Version, deployments: Mapping[str, Sequence[str]]) -> None:
        self._version = version
        self._uuid = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._lock = threading.Lock()
        self._states = {model_id: list(states) for model_id, states in deployments.items()}
        if not all(self._states.values()):
            raise ValueError("deployments: each model needs at least one state")

    def root(self, _call: Call) -> Answer:
        """`GET /`: version number and build flavor."""
        serverless = self._version.serverless
        former = {8: "7.17.0", 9: "8.19.0"}.get(self._version.minor[0], "9.0.0")
        version = {
            "number": self._version.number,
            "build_flavor": "serverless" if serverless else "default",
            "build_type": "docker",
            "build_hash": "00000000",
            "build_date": "2023-10-31" if serverless else "2026-01-01T00:00:00.000000000Z",
            "build_snapshot": False,
            "lucene_version": "9.7.0" if serverless else "10.3.0",
            "minimum_wire_compatibility_version": "8.11.0" if serverless else former,
            "minimum_index_compatibility_version": "8.11.0" if serverless else f"{former[0]}.0.0",
        }
        body: dict[str, Any] = {
            "name": "serverless" if serverless else "simulator",
            "cluster_name": "simulator",
            "cluster_uuid": self._uuid,
            "version": version,
            "tagline": "You Know, for Search",
        }
        return Answer(200, body)

    def trained_model_stats(self, call: Call) -> Answer:
        """`GET /_ml/trained_models/{model_id}/_stats` (reference: Model deployments)."""
        model_id = call.variables["model_id"]
        with self._lock:
            states = self._states.get(model_id)
            if states is None:
                reason = f"No known trained model with model_id [{model_id}]"
                raise ApiError(404, "resource_not_found_exception", reason)
            state = states.pop(0) if len(states) > 1 else states[0]
        return Answer(200, {"count": 1, "trained_model_stats": [_statistics(model_id, state)]})


def _statistics(model_id: str, state: str) -> dict[str, Any]:
    count = 1 if state == "fully_allocated" else 0
    allocation = {"allocation_count": count, "target_allocation_count": 1, "state": state}
    return {
        "model_id": model_id,
        "pipeline_count": 0,
        "deployment_stats": {
            "deployment_id": model_id,
            "model_id": model_id,
            "number_of_allocations": 1,
            "state": "started" if count else "starting",
            "allocation_status": allocation,
        },
    }
