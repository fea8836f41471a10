# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version, the provider, and the cluster of a server, and the checks of all requests about endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from .cluster import ClusterState
from .errors import ApiError, Cause, bad_request, other_task_type
from .provider import ANTHROPIC, Outgoing, Provider
from .routes import Call, seconds
from .services import Service, find
from .store import StoredEndpoint, texts
from .versions import Version

# The task types of all versions. Each service supports some of them.
TASK_TYPES = frozenset({"completion", "chat_completion", "text_embedding", "sparse_embedding", "rerank", "any"})


@dataclass(frozen=True)
class Rules:
    """The version, the provider, and the cluster of a server.

    `refuses_secrets`: the strict parsers of an `_update` reject secrets (see `SecretRotationTestCases`).
    """

    version: Version
    provider: Provider
    cluster: ClusterState
    licensed: bool = True
    refuses_secrets: bool = False

    @property
    def supported(self) -> frozenset[str]:
        """Return the task types of the anthropic service."""
        return frozenset({"completion", "chat_completion"} if self.version.chats else {"completion"})

    @property
    def task_types(self) -> frozenset[str]:
        """Return the task types of this version."""
        return TASK_TYPES | {"embedding"} if self.version.knows_embedding else TASK_TYPES

    @property
    def url_everywhere(self) -> bool:
        """Return whether each node of the cluster supports `url`."""
        return all(version.knows_url for version in self.cluster.versions)

    def check_license(self) -> None:
        """Reject the request if the license does not cover it (`InferenceLicenceCheck`). Raises ApiError (403)."""
        if not self.licensed:
            raise ApiError(
                403,
                "security_exception",
                "current license is non-compliant for [inference]",
                extra=(("license.expired.feature", "inference"),),
            )

    def task_type(self, name: object) -> str:
        """Return the task type of this name (`TaskType.fromStringOrStatusException`). Raises ApiError."""
        normal = str(name).strip().lower()
        if normal not in self.task_types:
            raise bad_request(f"Unknown task_type [{name}]")
        return normal

    def path_task_type(self, call: Call) -> str:
        """Return the task type in the path, or "any" if the path does not contain one. Raises ApiError."""
        return self.task_type(call.variables.get("task_type", "any"))

    def call_provider(self, call: Call, endpoint: StoredEndpoint) -> None:
        """Send a short request with the settings of the endpoint to its provider. Raises ProviderError."""
        timeout = call.request.query.get("timeout")
        row = find(endpoint.service)
        outgoing = Outgoing(
            endpoint.inference_id,
            tuple(texts(endpoint.secrets)),
            str(endpoint.service_settings.get(row.model or "url" if row else "model_id")),
            seconds(timeout) if timeout else self.version.provider_timeout,
            None if row else endpoint.service_settings.get("url"),
            f"{row.title} {endpoint.task_type}" if row else ANTHROPIC,
        )
        self.provider.call(outgoing, self.version, call.failure)

    def service(self, name: str) -> Service | None:
        """Return the row of a service, None if this version does not have it."""
        row = find(name)
        return row if row and row.since <= self.version.minor else None


def check_task_type(requested: str, endpoint: StoredEndpoint) -> None:
    """Reject a path whose task type is not the endpoint's (`InferenceExceptions`). Raises ApiError."""
    if requested not in ("any", endpoint.task_type):
        raise other_task_type(requested, endpoint.task_type)


def check_loadable(endpoint: StoredEndpoint, version: Version) -> None:
    """Reject an endpoint without secrets (`ModelRegistry.getModelWithSecrets`). Raises ApiError (500).

    A run and an `_update` read the secrets. A GET and a DELETE do not.
    """
    if endpoint.state != "no_secrets":
        return
    inference_id = endpoint.inference_id
    words = (
        f"Failed to load inference endpoint [{inference_id}]. "
        "Endpoint is in an invalid state, try deleting and reinitializing the service"
    )
    if not version.wraps_load_failures:
        raise ApiError(500, "illegal_state_exception", words)
    reason = f"Failed to load inference endpoint with secrets [{inference_id}], error: [{words}]"
    raise ApiError(500, "exception", reason, caused_by=Cause("illegal_state_exception", words))
