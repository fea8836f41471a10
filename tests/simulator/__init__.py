# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of Elasticsearch's inference API, and of its indices and documents, as strict as a real server.

with Simulator(version="9.3") as server:
    ...  # send requests to server.url, inspect server.requests and server.endpoints
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any

from . import ml
from .cluster import Cluster, ClusterState
from .control import Control
from .deployments import Deployment, Model
from .endpoints import SKIP_VALIDATION
from .errors import ApiError
from .faults import Delivery, Fault, Faults, deliver
from .journal import Exchange, Journal
from .messages import JSON, Request
from .messages_api import MessagesApi
from .node import Node
from .privileges import OnIndices
from .provider import Provider
from .rules import Rules
from .security import Security
from .store import BUILT_IN, RERANKER, Store, StoredEndpoint, seeded
from .versions import Version
from .wire import Handling, Listener, Tls

__all__ = ["Exchange", "Fault", "MessagesApi", "OnIndices", "Security", "Simulator", "StoredEndpoint", "Tls"]

CONTROL = "_simulator"


class Simulator:
    """A simulated server, which listens on 127.0.0.1 between `start` and `stop`, or within a `with` block.

    `version`: "8.16" to "9.6", with or without a patch number, or "serverless"; "9.6.0" by default.
    `security`: None disables authentication and authorization. `licensed`: whether the license includes inference.
    `delay`: duration of each call to the provider in seconds. `refused_keys`, `refused_models`: API keys and models
    that the provider rejects. `deployments`: the allocation states of each model ID, returned one by one. The last one
    repeats.
    `auto_create_index`: whether indexing a document creates a missing index. `port`: 0 selects a free port.
    `skip_validate_and_start`: initial value of this cluster setting, which `PUT /_cluster/settings` can change.
    `reranker`: whether the built-in endpoint `.rerank-v1-elasticsearch` also exists.
    `refuses_secrets`: services with strict parsers reject secrets in an `_update`, as some did for a while in 2026.
    `cluster_of`: another node of the same cluster. Both nodes share the store, the cluster UUID, and the settings.
    Version, provider, and security are those of the other node unless you set them. Port, faults, and log are separate.
    Raises ValueError.
    """

    version: Version
    _node: Node
    _store: Store

    def __init__(  # noqa: PLR0913 - all by keyword
        self,
        *,
        version: str | None = None,
        security: Security | None = None,
        tls: Tls | None = None,
        licensed: bool = True,
        delay: float = 0.0,
        refused_keys: Collection[str] = (),
        refused_models: Collection[str] = (),
        deployments: Mapping[str, Sequence[str]] | None = None,
        auto_create_index: bool = True,
        port: int = 0,
        skip_validate_and_start: bool = False,
        reranker: bool = False,
        refuses_secrets: bool = False,
        cluster_of: Simulator | None = None,
    ) -> None:
        provider = Provider(delay, refused_keys, refused_models)
        if cluster_of is None:
            state = ClusterState(deployments or {}, {SKIP_VALIDATION: "true"} if skip_validate_and_start else {})
            self._store = Store((*BUILT_IN, RERANKER) if reranker else BUILT_IN)
        elif deployments or skip_validate_and_start:
            raise ValueError("set deployments and skip_validate_and_start only on the first node of a cluster")
        else:
            state, self._store = cluster_of._node.rules.cluster, cluster_of._store
            version = cluster_of.version.name if version is None else version
            provider = cluster_of._node.rules.provider if provider == Provider() else provider
            security = security or cluster_of._node.security
            licensed = licensed and cluster_of._node.rules.licensed
            auto_create_index = auto_create_index and cluster_of._node.auto_create
        self.version = Version.parse("9.6.0" if version is None else version)
        state.versions.append(self.version)
        self.faults = Faults()
        self._journal = Journal()
        rules = Rules(self.version, provider, state, licensed, refuses_secrets)
        cluster = Cluster(self.version, state)
        self._node = Node(rules, self._store, cluster, security, auto_create_index)
        self._control = Control(self._store, self._journal, self.faults)
        self._tls = tls
        self._port = port
        self._listener: Listener | None = None

    def start(self) -> None:
        """Start to listen. Raises OSError if the port is in use."""
        handling = Handling(self._deliver, self._content_type)
        self._listener = Listener(self._port, handling, self._tls.context() if self._tls else None)
        self._port = self._listener.port

    def stop(self) -> None:
        """Close all connections and stop listening."""
        if self._listener:
            self._listener.stop()

    def __enter__(self) -> Simulator:
        """Start to listen."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self.stop()

    @property
    def port(self) -> int:
        """Return the port on which the server listens."""
        return self._port

    @property
    def url(self) -> str:
        """Return the URL of the server."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[str]:
        """Return all requests in the order of arrival, as "METHOD /path?query"."""
        return [f"{exchange.method} {exchange.path}" for exchange in self.log]

    @property
    def log(self) -> list[Exchange]:
        """Return all requests in the order of arrival, with the statuses of their responses."""
        return self._journal.exchanges

    def clear_log(self) -> None:
        """Clear the log of requests."""
        self._journal.clear()

    @property
    def connections(self) -> int:
        """Return the number of TCP connections that were accepted so far."""
        return self._listener.connections if self._listener else 0

    @property
    def most_at_once(self) -> int:
        """Return the maximum number of concurrent requests so far."""
        return self._journal.most_at_once

    @property
    def at_work(self) -> int:
        """Return the number of requests in progress, including those whose client disconnected."""
        return self._journal.at_work

    @property
    def endpoints(self) -> dict[str, StoredEndpoint]:
        """Return copies of all stored endpoints, including built-in ones."""
        return self._store.snapshot()

    def endpoint(self, inference_id: str) -> StoredEndpoint | None:
        """Return a copy of one stored endpoint. This is much faster than copying all."""
        return self._store.copy_of(inference_id)

    def seed(
        self,
        inference_id: str,
        *,
        service: str | None = None,
        task_type: str = "completion",
        service_settings: dict[str, Any] | None = None,
        task_settings: dict[str, Any] | None = None,
        chunking_settings: dict[str, Any] | None = None,
        secret: str | dict[str, Any] = "seeded-secret",
        state: str = "whole",
    ) -> None:
        """Store an endpoint without any checks. Raises ValueError for an unknown state.

        `service`: "anthropic" if not set. The settings are stored in the form in which the server returns them.
        `secret`: a string, used for each secret that the service requires, or a mapping from names to secrets.
        `state`: "whole" stores everything.
        "no_secrets" stores only the settings: the endpoint is listed, but cannot run.
        "no_settings" stores only the secrets: no request finds the endpoint, but its ID is taken.
        "unparsable" stores an endpoint of a service that the server does not support, "elasticsearch" if not set.
        A built-in endpoint then keeps its service, task type, and settings.
        An endpoint of the service "elasticsearch" with allocations also gets its deployment.
        """
        endpoint = seeded(
            inference_id,
            service=service,
            task_type=task_type,
            service_settings=service_settings,
            task_settings=task_settings,
            chunking_settings=chunking_settings,
            secret=secret,
            state=state,
        )
        ml.seed(self._store, endpoint)

    def model(self, model_id: str, *, task_type: str | None = None, reads: int = 0, start: str = "started") -> None:
        """Add a model to the cluster, or define the behavior of one of Elastic's models. Raises ValueError.

        `task_type`: that of a custom model; None for one of Elastic's models.
        `reads`: number of `_stats` reads that show a new deployment of the model before it is fully allocated.
        `start`: the response to creating an endpoint. "started": 200. "times_out": 408, and the deployment continues.
        "downloads": 408. "fails": 500. The endpoint is stored in each case.
        """
        self._store.deployments.set_model(model_id, Model(task_type, reads, start))

    def deploy(self, deployment_id: str, model_id: str, *, number: int = 1, num_threads: int = 1) -> None:
        """Deploy a model manually, so that an endpoint can refer to it with `deployment_id`."""
        self._store.deployments.put(Deployment(deployment_id, model_id, num_threads, number))

    def allocate(self, deployment_id: str, number: int) -> None:
        """Change the number of allocations of a deployment, as adaptive allocations do. Raises ValueError."""
        self._store.deployments.allocate(deployment_id, number)

    @property
    def deployments(self) -> dict[str, Deployment]:
        """Return the deployments of the cluster by ID."""
        return self._store.deployments.snapshot()

    def remove(self, inference_id: str) -> None:
        """Delete an endpoint directly, if it exists."""
        self._store.discard(inference_id)

    def refer(
        self,
        inference_id: str,
        pipelines: Collection[str] = ("p1",),
        indexes: Collection[str] = ("i1",),
        incompatible: Collection[str] = (),
    ) -> None:
        """Add pipelines and indices that use the endpoint. Creating the ID fails if any of them is incompatible."""
        self._store.refer(inference_id, pipelines, indexes, incompatible)

    def clear_endpoints(self) -> None:
        """Delete all references, and all endpoints except the built-in ones."""
        self._store.reset()

    def documents(self, index: str) -> dict[str, dict[str, Any]]:
        """Return copies of the documents in an index by ID, or an empty dictionary if the index does not exist."""
        return self.indices.get(index, {})

    @property
    def indices(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return copies of the documents of all indices, by index name and document ID."""
        return self._store.indices.snapshot()

    def seed_document(self, index: str, document_id: str, source: dict[str, Any]) -> None:
        """Store a document without any checks. Create the index if it does not exist."""
        self._store.indices.seed(index, document_id, source)

    def remove_index(self, index: str) -> None:
        """Delete an index directly, with its documents, if it exists."""
        with contextlib.suppress(ApiError):
            self._store.indices.delete(index)

    def clear_indices(self) -> None:
        """Delete all indices."""
        self._store.indices.reset()

    def _content_type(self, request: Request) -> str:
        return JSON if request.segments[:1] == [CONTROL] else self._node.content_type(request)

    def _deliver(self, request: Request) -> Delivery:
        if request.segments[:1] == [CONTROL]:
            return Delivery(self._control.answer(request))
        number = self._journal.arrive(request)
        status = fault = None
        try:
            fault = self.faults.take(f"{request.method} {request.target}")
            delivery = deliver(self._node, request, fault)
            status = delivery.status
            return delivery
        finally:
            self._journal.leave(number, status, fault=fault is not None)
