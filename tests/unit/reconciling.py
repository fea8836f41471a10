# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, errors of requests, and an API in memory, for tests of decisions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    TimedOut,
    Unreachable,
)
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference, References
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import (
    NEWEST,
    Endpoint,
    Server,
    flatten,
)
from ansible_collections.esops.inference.plugins.module_utils._reconcile.cluster import Cluster, Services
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired, Policy
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import services as anthropic_alone

V816, V817, V93, V94, V95, V96 = (
    Server(version, f"Elasticsearch {version[0]}.{version[1]}.0")
    for version in ((8, 16), (8, 17), (9, 3), (9, 4), (9, 5), (9, 6))
)
SERVERLESS = Server(NEWEST, "Elasticsearch Serverless")

#: Declares an endpoint of the service that most tests use.
wanted = functools.partial(Desired, service="anthropic")

#: The endpoint that most tests use.
KEY = "service_settings.api_key"
MODEL = "service_settings.model_id"
RATE = "service_settings.rate_limit.requests_per_minute"
TOKENS = "task_settings.max_tokens"
TEMPERATURE = "task_settings.temperature"
EXISTING = Endpoint("a", "completion", "anthropic", {MODEL: "m", RATE: 50, TOKENS: 1024, TEMPERATURE: 0.5})
PATH = "/_inference/completion/a"


def with_task_settings(endpoint: Endpoint, **settings: Any) -> Endpoint:
    """Return an endpoint with other task settings. Settings that are None are removed."""
    changes = {f"task_settings.{name}": value for name, value in settings.items()}
    merged = {**endpoint.settings, **changes}
    return endpoint._replace(settings={path: value for path, value in merged.items() if value is not None})


def rejected(method: str = "PUT", path: str = PATH, status: int = 400, retried: bool = False) -> ApiError:
    """Return an error of Elasticsearch itself."""
    return ApiError("It was rejected.", method, path, status=status, error_type="validation_exception", retried=retried)


def already_exists(path: str = PATH, retried: bool = False) -> ApiError:
    return ApiError(
        "Inference endpoint [a] already exists",
        "PUT",
        path,
        status=400,
        error_type="resource_already_exists_exception",
        retried=retried,
    )


def not_found(method: str = "GET", path: str = "/_inference/a") -> ApiError:
    return ApiError("not found", method, path, status=404, error_type="resource_not_found_exception")


def rejected_by_provider(method: str = "PUT", path: str = PATH, retried: bool = False) -> ApiError:
    """Return an error of the provider, which rejected the API key."""
    words = (
        "Received an authentication error status code for request from inference entity id [a] status [401]. "
        "Error message: [invalid x-api-key]"
    )
    return ApiError(words, method, path, status=400, error_type="status_exception", retried=retried)


def failed(method: str = "PUT", path: str = PATH, status: int = 500) -> ApiError:
    """Return an error with a 5xx status. The effect of the request is unknown."""
    return ApiError("It failed.", method, path, status=status, error_type="internal_exception")


def timed_out(method: str = "PUT", path: str = PATH) -> TimedOut:
    return TimedOut("No response came in time.", method, path)


def lost(method: str = "PUT", path: str = PATH) -> ConnectionLost:
    return ConnectionLost("The connection was lost.", method, path)


def unreachable(method: str = "GET", path: str = "/_inference/_all") -> Unreachable:
    return Unreachable("No node can be reached.", method, path)


def unauthorized(method: str = "GET", path: str = "/_inference/_all") -> ApiError:
    return ApiError("missing authentication", method, path, status=401, error_type="security_exception")


def unreadable(path: str = "/_inference/_all") -> ApiError:
    """Return the error of a request for an endpoint that cannot be read."""
    words = "Failed to parse stored model [b] for [anthropic] service, please delete and add the service again"
    return ApiError(words, "GET", path, status=500, error_type="status_exception")


class MemoryApi:
    """An API with endpoints in memory. It records its calls, and fails on demand.

    :ivar calls: the calls, in order.
    :ivar failures: for each call, the results of its executions: an error, or None for success. All further executions
        succeed.
    :ivar happens: for each call, the actions of another client before each execution, or None.
    :ivar sensitive: the names of the sensitive settings, by service.
    :ivar deployed: the results of the calls for the deployment: whether the model is deployed.
    :ivar lost_responses: calls that take effect although they fail.
    """

    def __init__(self, *endpoints: Endpoint, server: Server = V96) -> None:
        self.endpoints = {endpoint.inference_id: endpoint for endpoint in endpoints}
        self.current = server
        self.calls: list[str] = []
        self.failures: dict[str, list[ClientError | None]] = {}
        self.happens: dict[str, list[Callable[[], object] | None]] = {}
        self.lost_responses: set[str] = set()
        self.users = References((), ())
        self.deployed: list[bool] = []
        self.sensitive: dict[str, frozenset[str]] = {}
        self.bodies: list[Mapping[str, Any]] = []
        self.retries: list[int] = []

    def server(self) -> Server:
        self._call("server")
        return self.current

    def get(self, inference_id: str) -> Endpoint | None:
        self._call(f"get {inference_id}")
        return self.endpoints.get(inference_id)

    def get_all(self, task_type: str | None = None) -> list[Endpoint]:
        self._call(f"list {task_type}" if task_type else "list")
        return [endpoint for endpoint in self.endpoints.values() if task_type in (None, endpoint.task_type)]

    def put(
        self, task_type: str, inference_id: str, body: Mapping[str, Any], _server: Server, least_retries: int = 0
    ) -> Endpoint:
        self.retries.append(least_retries)
        return self._write(f"create {inference_id}", task_type, inference_id, body, {})

    def update(self, task_type: str, inference_id: str, body: Mapping[str, Any], _server: Server) -> Endpoint:
        former = self.endpoints[inference_id].settings
        return self._write(f"update {inference_id}", task_type, inference_id, body, former)

    def delete(self, _task_type: str, inference_id: str, force: bool = False) -> None:
        call = f"delete {inference_id}{' force' if force else ''}"
        if call in self.lost_responses:
            self.endpoints.pop(inference_id, None)
        self._call(call)
        self.endpoints.pop(inference_id, None)

    def references(self, _task_type: str, inference_id: str) -> References:
        self._call(f"references {inference_id}")
        return self.users

    def is_deployed(self, model_id: str, deployment_id: str = "") -> bool:
        self._call(f"deployment {model_id}{deployment_id and f' as {deployment_id}'}")
        return self.deployed.pop(0)

    def sensitive_settings(self) -> dict[str, frozenset[str]]:
        self._call("services")
        return self.sensitive

    def _write(
        self, call: str, task_type: str, inference_id: str, body: Mapping[str, Any], former: Mapping[str, Any]
    ) -> Endpoint:
        self.bodies.append(body)
        groups = {name: part for name, part in body.items() if name != "service"}
        shown = {path: value for path, value in flatten(groups).items() if path != KEY}
        endpoint = Endpoint(inference_id, task_type, body.get("service", "anthropic"), {**former, **shown})
        if call in self.lost_responses:
            self.endpoints[inference_id] = endpoint
        self._call(call)
        self.endpoints[inference_id] = endpoint
        return endpoint

    def _call(self, call: str) -> None:
        self.calls.append(call)
        happens = self.happens.get(call)
        happening = happens.pop(0) if happens else None
        if happening is not None:
            happening()
        failures = self.failures.get(call)
        failure = failures.pop(0) if failures else None
        if failure is not None:
            raise failure


def cluster_of(
    api: MemoryApi, services: Services = anthropic_alone, check_mode: bool = False, **policy: Any
) -> Cluster:
    """Return the state of a cluster, with a policy of these options."""
    return Cluster(cast(Inference, api), services, Policy(**policy), check_mode=check_mode, warnings=[])


def ids(endpoints: Sequence[Endpoint]) -> list[str]:
    return [endpoint.inference_id for endpoint in endpoints]
