# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of Elasticsearch's inference API, and of its indices and documents, as strict as a real server.

with Simulator(version="9.3") as server:
    ...  # talk HTTP to server.url, look at server.requests and server.endpoints
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
    """One simulated server; it listens on 127.0.0.1 from `start` (or `with`) to `stop`.

    `version`: "8.16" to "9.6", with or without patch number, or "serverless"; "9.6.0" if not set.
    `security`: None lets everybody do everything. `licensed`: whether the licence covers inference.
    `delay`: what each call to the provider takes, in seconds. `refused_keys`, `refused_models`: what the
    provider refuses. `deployments`: model id -> allocation states, told one by one, the last for ever.
    `auto_create_index`: whether a document makes the index that is missing. `port`: 0 for a free one.
    `skip_validate_and_start`: the cluster setting of that name. `PUT /_cluster/settings` changes it, too.
    `reranker`: whether the built-in endpoint `.rerank-v1-elasticsearch` is there, too.
    `refuses_secrets`: the services with strict parsers refuse secrets in an `_update`, as some did for a while in 2026.
    `cluster_of`: another node of the same cluster. Both nodes share the store, the cluster UUID and the settings.
    Version, provider and security are those of the other node unless you set them. Port, faults and log are separate.
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
            raise ValueError("deployments and skip_validate_and_start are the cluster's: give them to its first node")
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
        """Listen. Raises OSError if the port is taken."""
        handling = Handling(self._deliver, self._content_type)
        self._listener = Listener(self._port, handling, self._tls.context() if self._tls else None)
        self._port = self._listener.port

    def stop(self) -> None:
        """Close every connection and listen no more."""
        if self._listener:
            self._listener.stop()

    def __enter__(self) -> Simulator:
        """Listen."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no more."""
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[str]:
        """Each request in the order of arrival, as "METHOD /path?query"."""
        return [f"{exchange.method} {exchange.path}" for exchange in self.log]

    @property
    def log(self) -> list[Exchange]:
        """Each request in the order of arrival, with the status it was answered with."""
        return self._journal.exchanges

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._journal.clear()

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._listener.connections if self._listener else 0

    @property
    def most_at_once(self) -> int:
        """The highest number of requests that were in work at the same time."""
        return self._journal.most_at_once

    @property
    def at_work(self) -> int:
        """How many requests are in work now, those whose client has gone included."""
        return self._journal.at_work

    @property
    def endpoints(self) -> dict[str, StoredEndpoint]:
        """Copies of what the server holds now, the built-in endpoints included."""
        return self._store.snapshot()

    def endpoint(self, inference_id: str) -> StoredEndpoint | None:
        """Return a copy of what the server holds under this ID, which is much faster than copying everything."""
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

        `service`: "anthropic" if not set. The settings are stored as the server shows them.
        `secret`: a text, which stands for each secret that the service needs, or a map with the names of the secrets.
        `state`: "whole" stores everything.
        "no_secrets" stores the settings alone: the endpoint is listed and cannot run.
        "no_settings" stores the secrets alone: no request finds the endpoint, and its ID is taken.
        "unparsable" stores an endpoint of a service that the server does not know, "elasticsearch" if not set.
        A built-in endpoint keeps its service, task type and settings then.
        An endpoint of the service "elasticsearch" with allocations gets its deployment, too.
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
        """Let the cluster have a model, or let a model of Elastic behave in some way. Raises ValueError.

        `task_type`: that of a model of one's own; None for a model of Elastic.
        `reads`: how many reads of `_stats` show a new deployment of the model that is not yet fully allocated.
        `start`: what a create of an endpoint gets. "started": 200. "times_out": 408, and the deployment goes on.
        "downloads": 408. "fails": 500. In each case, the endpoint is stored.
        """
        self._store.deployments.set_model(model_id, Model(task_type, reads, start))

    def deploy(self, deployment_id: str, model_id: str, *, number: int = 1, num_threads: int = 1) -> None:
        """Deploy a model by hand, so that an endpoint can name the deployment in `deployment_id`."""
        self._store.deployments.put(Deployment(deployment_id, model_id, num_threads, number))

    def allocate(self, deployment_id: str, number: int) -> None:
        """Let a deployment have another number of allocations, as adaptive allocations do. Raises ValueError."""
        self._store.deployments.allocate(deployment_id, number)

    @property
    def deployments(self) -> dict[str, Deployment]:
        """Return the deployments that the cluster has now, by ID."""
        return self._store.deployments.snapshot()

    def remove(self, inference_id: str) -> None:
        """Take an endpoint away by hand, if it is there."""
        self._store.discard(inference_id)

    def refer(
        self,
        inference_id: str,
        pipelines: Collection[str] = ("p1",),
        indexes: Collection[str] = ("i1",),
        incompatible: Collection[str] = (),
    ) -> None:
        """Let pipelines and indexes use the endpoint. A create with the ID is rejected if indexes are incompatible."""
        self._store.refer(inference_id, pipelines, indexes, incompatible)

    def clear_endpoints(self) -> None:
        """Hold nothing but the built-in endpoints, and no references."""
        self._store.reset()

    def documents(self, index: str) -> dict[str, dict[str, Any]]:
        """Copies of the documents in an index, by id; none if there is no such index."""
        return self.indices.get(index, {})

    @property
    def indices(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Copies of the documents in every index, by the index' name and their id."""
        return self._store.indices.snapshot()

    def seed_document(self, index: str, document_id: str, source: dict[str, Any]) -> None:
        """Put a document there by hand, unchecked, into an index that is made if it is missing."""
        self._store.indices.seed(index, document_id, source)

    def remove_index(self, index: str) -> None:
        """Take an index away by hand, with its documents, if it is there."""
        with contextlib.suppress(ApiError):
            self._store.indices.delete(index)

    def clear_indices(self) -> None:
        """Hold no index."""
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
