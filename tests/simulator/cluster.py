# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer requests about the cluster: its version, its settings and its model deployments."""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import ApiError, illegal_argument
from .jsontext import java_text
from .messages import Answer
from .routes import Call
from .versions import Version

#: The settings that this simulator supports. All of them are boolean.
KNOWN_SETTINGS = frozenset({"xpack.inference.skip_validate_and_start"})
KINDS = ("persistent", "transient")


class ClusterSettings:
    """The dynamic settings of a cluster. Safe to use from many threads."""

    def __init__(self, persistent: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, dict[str, str]] = {"persistent": dict(persistent), "transient": {}}

    def flag(self, name: str) -> bool:
        """Return whether a setting is true. A transient value takes precedence."""
        with self._lock:
            held = {**self._held["persistent"], **self._held["transient"]}
        return held.get(name) == "true"

    def update(self, wanted: Mapping[str, Mapping[str, str | None]]) -> None:
        """Set values. None removes a value."""
        with self._lock:
            for kind, settings in wanted.items():
                for name, value in settings.items():
                    self._held[kind].pop(name, None)
                    if value is not None:
                        self._held[kind][name] = value

    def body(self, *, flat: bool) -> dict[str, Any]:
        """Return all values as the API shows them."""
        with self._lock:
            held = {kind: dict(self._held[kind]) for kind in KINDS}
        return {kind: settings if flat else _nested(settings) for kind, settings in held.items()}


class ClusterState:
    """The state that the nodes of a cluster share, except for the store."""

    def __init__(self, deployments: Mapping[str, Sequence[str]], settings: Mapping[str, str]) -> None:
        self.uuid = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.versions: list[Version] = []
        self.settings = ClusterSettings(settings)
        self._lock = threading.Lock()
        self._states = {model_id: list(states) for model_id, states in deployments.items()}
        if not all(self._states.values()):
            raise ValueError("deployments: each model requires at least one state")

    def next_deployment_state(self, model_id: str) -> str | None:
        """Return the next allocation state of a model; repeat the last one. None means no deployment."""
        with self._lock:
            states = self._states.get(model_id)
            if states is None:
                return None
            return states.pop(0) if len(states) > 1 else states[0]


class Cluster:
    """The handlers of `GET /` and of the cluster settings."""

    def __init__(self, version: Version, state: ClusterState) -> None:
        self._version = version
        self._state = state

    def root(self, _call: Call) -> Answer:
        """Answer `GET /` with the version number and the build flavor."""
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
            "cluster_uuid": self._state.uuid,
            "version": version,
            "tagline": "You Know, for Search",
        }
        return Answer(200, body)

    def read_settings(self, call: Call) -> Answer:
        """Answer `GET /_cluster/settings`."""
        self._check_stateful(call)
        return Answer(200, self._state.settings.body(flat=call.request.flag("flat_settings")))

    def update_settings(self, call: Call) -> Answer:
        """Answer `PUT /_cluster/settings` with the values that were sent (`RestClusterUpdateSettingsAction`)."""
        self._check_stateful(call)
        body = call.json_object()
        wanted = {kind: _flat(body[kind]) for kind in KINDS if isinstance(body.get(kind), dict)}
        if not any(wanted.values()):
            reason = "Validation Failed: 1: no settings to update;"
            raise ApiError(400, "action_request_validation_exception", reason)
        checked = {kind: {name: _value(kind, name, value) for name, value in wanted[kind]} for kind in wanted}
        self._state.settings.update(checked)
        flat = call.request.flag("flat_settings")
        sent = {
            kind: {name: value for name, value in checked.get(kind, {}).items() if value is not None} for kind in KINDS
        }
        shown = {kind: settings if flat else _nested(settings) for kind, settings in sent.items()}
        return Answer(200, {"acknowledged": True, **shown})

    def _check_stateful(self, call: Call) -> None:
        """Reject the request on serverless. Raises ApiError (410)."""
        if self._version.serverless:
            raise not_serverless(call)


def statistics(model_id: str, state: str) -> dict[str, Any]:
    """Return the `_stats` of a model in a state that a test defined."""
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


def not_serverless(call: Call) -> ApiError:
    """Return the 410 for an API that serverless does not have (`RestController`)."""
    reason = (
        f"Request for uri [{call.request.target}] with method [{call.request.method}] exists but is not available "
        "when running in serverless mode"
    )
    return ApiError(410, "api_not_available_exception", reason)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in settings.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found


def _nested(settings: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        *above, last = name.split(".")
        place = found
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def _value(kind: str, name: str, value: object) -> str | None:
    """Return a value as the server stores it. Null removes the setting. Raises ApiError."""
    if name not in KNOWN_SETTINGS:
        raise illegal_argument(f"{kind} setting [{name}], not recognized")
    if value is None:
        return None
    text = java_text(value)
    if text not in ("true", "false"):
        raise illegal_argument(f"Failed to parse value [{text}] as only [true] or [false] are allowed.")
    return text
