# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of a server: endpoints, their references, and indices."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from .deployments import Deployments
from .errors import endpoint_exists, endpoint_not_found
from .index_store import IndexStore
from .jsontext import Fields, is_whole
from .services import find

DEFAULT_REQUESTS_PER_MINUTE = 50
#: The stored parts of an endpoint: all; the settings; the secrets; all, for a service that the server does not support.
STATES = ("whole", "no_secrets", "no_settings", "unparsable")


@dataclass(frozen=True)
class StoredEndpoint:
    """A stored endpoint. No response shows `secrets`. `state` is one of STATES."""

    inference_id: str
    task_type: str
    service: str
    service_settings: dict[str, Any]
    task_settings: dict[str, Any]
    chunking_settings: dict[str, Any] | None = None
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)
    state: str = "whole"

    @property
    def secret(self) -> str:
        """Return the first secret, or an empty string for an endpoint without secrets."""
        return next(iter(texts(self.secrets)), "")

    def body(self, *, top_k_as_top_p: bool = False) -> dict[str, Any]:
        """Return the endpoint as the API prints it (`elasticsearch.md`, "An endpoint")."""
        task_settings: Any = self.task_settings
        if top_k_as_top_p and self.service == "anthropic":
            task_settings = Fields(
                tuple(("top_p" if name == "top_k" else name, value) for name, value in task_settings.items())
            )
        printed = {
            "inference_id": self.inference_id,
            "task_type": self.task_type,
            "service": self.service,
            "service_settings": self.service_settings,
        }
        if self.task_settings:
            printed["task_settings"] = task_settings
        if self.chunking_settings is not None:
            printed["chunking_settings"] = self.chunking_settings
        return printed


def texts(secrets: dict[str, Any]) -> list[str]:
    """Return all strings in a map of secrets."""
    values = [value for held in secrets.values() for value in (held.values() if isinstance(held, dict) else [held])]
    return [value for value in values if isinstance(value, str)]


@dataclass(frozen=True)
class References:
    """The pipelines and indices that use an endpoint, and the indices that are incompatible with any other endpoint."""

    pipelines: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    incompatible: tuple[str, ...] = ()


#: The services whose models run in the cluster. `elser` is a former name.
IN_CLUSTER = ("elasticsearch", "elser")
SENTENCES = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}


def _built_in(
    inference_id: str, task_type: str, model_id: str, task_settings: dict[str, Any] | None = None
) -> StoredEndpoint:
    allocations = {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 32}
    return StoredEndpoint(
        inference_id,
        task_type,
        "elasticsearch",
        {"num_threads": 1, "model_id": model_id, "adaptive_allocations": allocations},
        task_settings or {},
        None if task_type == "rerank" else SENTENCES,
    )


BUILT_IN = (
    _built_in(".elser-2-elasticsearch", "sparse_embedding", ".elser_model_2_linux-x86_64"),
    _built_in(".multilingual-e5-small-elasticsearch", "text_embedding", ".multilingual-e5-small_linux-x86_64"),
)
RERANKER = _built_in(".rerank-v1-elasticsearch", "rerank", ".rerank-v1", {"return_documents": True})
BUILT_IN_IDS = frozenset(endpoint.inference_id for endpoint in (*BUILT_IN, RERANKER))


class Store:
    """The endpoints of one cluster, its deployments, and its indices. Safe to use from many threads.

    `built_in`: the endpoints that exist without a create.
    """

    def __init__(self, built_in: tuple[StoredEndpoint, ...] = BUILT_IN) -> None:
        self.indices = IndexStore()
        self.deployments = Deployments()
        self._built_in = built_in
        self._lock = threading.Lock()
        self._endpoints: dict[str, StoredEndpoint] = {}
        self._references: dict[str, References] = {}
        self.reset()

    def reset(self) -> None:
        """Delete all endpoints except the built-in ones."""
        with self._lock:
            self._endpoints = {endpoint.inference_id: endpoint for endpoint in self._built_in}
            self._references = {}
        self.deployments.reset()

    def copy(self) -> Store:
        """Return an independent copy."""
        other = Store(self._built_in)
        other.indices = self.indices.copy()
        other.deployments = self.deployments.copy()
        with self._lock:
            other._endpoints = dict(self._endpoints)
            other._references = dict(self._references)
        return other

    def snapshot(self) -> dict[str, StoredEndpoint]:
        """Return copies of all endpoints by ID, including half-stored ones."""
        with self._lock:
            return {name: copy.deepcopy(self._endpoints[name]) for name in sorted(self._endpoints)}

    def copy_of(self, inference_id: str) -> StoredEndpoint | None:
        """Return a copy of the endpoint with this ID."""
        with self._lock:
            return copy.deepcopy(self._endpoints.get(inference_id))

    def all(self) -> list[StoredEndpoint]:
        """Return the endpoints whose settings are stored, sorted by ID as the server lists them."""
        with self._lock:
            endpoints = [self._endpoints[name] for name in sorted(self._endpoints)]
        return [endpoint for endpoint in endpoints if endpoint.state != "no_settings"]

    def get(self, inference_id: str) -> StoredEndpoint:
        """Return the endpoint if its settings are stored (`ModelRegistry.getModel`). Raises ApiError (404)."""
        with self._lock:
            return self._found(inference_id)

    def _found(self, inference_id: str) -> StoredEndpoint:
        endpoint = self._endpoints.get(inference_id)
        if endpoint is None or endpoint.state == "no_settings":
            raise endpoint_not_found(inference_id)
        return endpoint

    def put(self, endpoint: StoredEndpoint) -> None:
        """Store the endpoint, and replace one with the same ID."""
        with self._lock:
            self._endpoints[endpoint.inference_id] = endpoint

    def create(self, endpoint: StoredEndpoint) -> None:
        """Store a new endpoint. Raises ApiError if any part is stored under its ID.

        Derived: secrets without settings are enough to reject it (`ModelRegistry.storeModel`).
        """
        with self._lock:
            if endpoint.inference_id in self._endpoints:
                raise endpoint_exists(endpoint.inference_id)
            self._endpoints[endpoint.inference_id] = endpoint

    def replace(self, endpoint: StoredEndpoint) -> None:
        """Store a changed endpoint if it still exists. Raises ApiError (404)."""
        with self._lock:
            if endpoint.inference_id not in self._endpoints:
                raise endpoint_not_found(endpoint.inference_id)
            self._endpoints[endpoint.inference_id] = endpoint

    def delete(self, inference_id: str) -> None:
        """Delete the endpoint. Raises ApiError (404)."""
        with self._lock:
            self._found(inference_id)
            del self._endpoints[inference_id]

    def discard(self, inference_id: str) -> None:
        """Delete everything that is stored under the ID."""
        with self._lock:
            self._endpoints.pop(inference_id, None)

    def refer(
        self,
        inference_id: str,
        pipelines: Collection[str],
        indexes: Collection[str],
        incompatible: Collection[str] = (),
    ) -> None:
        """Add pipelines and indices that use the ID. As in the server, they outlive the endpoint."""
        with self._lock:
            self._references[inference_id] = References(tuple(pipelines), tuple(indexes), tuple(incompatible))

    def references(self, inference_id: str) -> References:
        """Return the users of the ID: those that a test added, and indices with fields of type `semantic_text`."""
        with self._lock:
            references = self._references.get(inference_id, References())
        indexes = dict.fromkeys((*references.indexes, *self.indices.using(inference_id)))
        return replace(references, indexes=tuple(indexes))


def seeded(
    inference_id: str,
    *,
    service: str | None = None,
    task_type: str = "completion",
    service_settings: dict[str, Any] | None = None,
    task_settings: dict[str, Any] | None = None,
    chunking_settings: dict[str, Any] | None = None,
    secret: str | dict[str, Any] = "seeded-secret",
    state: str = "whole",
) -> StoredEndpoint:
    """Return an endpoint without any checks, in the form that the server stores. Raises ValueError.

    `secret`: a string, used for each secret that the service requires, or a mapping from names to secrets.

    An unparsable endpoint has the service "elasticsearch" by default. A built-in endpoint keeps its settings.
    """
    if state not in STATES:
        raise ValueError(f"state {state!r} must be one of {STATES}")
    if state == "unparsable":
        built_in = [endpoint for endpoint in BUILT_IN if endpoint.inference_id == inference_id]
        if built_in and service is None:
            return replace(built_in[0], state=state)
    service = service or ("elasticsearch" if state == "unparsable" else "anthropic")
    held = copy.deepcopy(service_settings)
    task = copy.deepcopy(task_settings)
    if service == "anthropic":
        held = {"model_id": "claude-sonnet-4-5"} if held is None else held
        held.setdefault("rate_limit", {"requests_per_minute": DEFAULT_REQUESTS_PER_MINUTE})
        task = stored_task_settings({"max_tokens": 1024} if task is None else task)
    secrets = copy.deepcopy(secret) if isinstance(secret, dict) else _secrets(service, secret)
    return StoredEndpoint(
        inference_id, task_type, service, held or {}, task or {}, copy.deepcopy(chunking_settings), secrets, state
    )


def _secrets(service: str, secret: str) -> dict[str, Any]:
    """Return the secrets of an endpoint, all with the same value."""
    row = find(service)
    if row is None:
        return {"api_key": secret}
    if service == "custom":
        return {"secret_parameters": {"key": secret}}
    return dict.fromkeys(row.credentials[0], secret) if row.credentials else {}


def stored_task_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the task settings of the anthropic service in the order of the server, with doubles as doubles."""
    order = {"max_tokens": 0, "temperature": 1, "top_p": 2, "top_k": 3}
    ordered = sorted(settings.items(), key=lambda pair: order.get(pair[0], len(order)))
    return {
        name: float(value) if name in ("temperature", "top_p") and is_whole(value) else value for name, value in ordered
    }
