# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server holds: endpoints, who refers to them, and indices."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from .errors import endpoint_exists, endpoint_not_found
from .index_store import IndexStore
from .jsontext import Fields, is_whole

DEFAULT_REQUESTS_PER_MINUTE = 50


@dataclass(frozen=True)
class StoredEndpoint:
    """One endpoint as stored; no answer of the API ever shows `secret`."""

    inference_id: str
    task_type: str
    service: str
    service_settings: dict[str, Any]
    task_settings: dict[str, Any]
    chunking_settings: dict[str, Any] | None = None
    secret: str = field(default="", repr=False)

    def body(self, *, top_k_as_top_p: bool = False) -> dict[str, Any]:
        """The endpoint as the API prints it (reference: An endpoint)."""
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


@dataclass(frozen=True)
class References:
    """Who uses an endpoint."""

    pipelines: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()


def _built_in(inference_id: str, task_type: str, model_id: str) -> StoredEndpoint:
    allocations = {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 32}
    return StoredEndpoint(
        inference_id,
        task_type,
        "elasticsearch",
        {"num_threads": 1, "model_id": model_id, "adaptive_allocations": allocations},
        {},
        {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1},
    )


BUILT_IN = (
    _built_in(".elser-2-elasticsearch", "sparse_embedding", ".elser_model_2_linux-x86_64"),
    _built_in(".multilingual-e5-small-elasticsearch", "text_embedding", ".multilingual-e5-small_linux-x86_64"),
)
BUILT_IN_IDS = frozenset(endpoint.inference_id for endpoint in BUILT_IN)


class Store:
    """The endpoints of one cluster, and its indices. Safe to use from many threads."""

    def __init__(self) -> None:
        self.indices = IndexStore()
        self._lock = threading.Lock()
        self._endpoints: dict[str, StoredEndpoint] = {}
        self._references: dict[str, References] = {}
        self.reset()

    def reset(self) -> None:
        """Of endpoints, hold the built-in ones and no others."""
        with self._lock:
            self._endpoints = {endpoint.inference_id: endpoint for endpoint in BUILT_IN}
            self._references = {}

    def copy(self) -> Store:
        """A store of its own that holds the same now."""
        other = Store()
        other.indices = self.indices.copy()
        with self._lock:
            other._endpoints = dict(self._endpoints)
            other._references = dict(self._references)
        return other

    def snapshot(self) -> dict[str, StoredEndpoint]:
        """Everything held, by id, as copies."""
        with self._lock:
            return {name: copy.deepcopy(self._endpoints[name]) for name in sorted(self._endpoints)}

    def all(self) -> list[StoredEndpoint]:
        """Everything held, ordered by id, as the server lists it."""
        with self._lock:
            return [self._endpoints[name] for name in sorted(self._endpoints)]

    def holds(self, inference_id: str) -> bool:
        """Whether the id is taken."""
        with self._lock:
            return inference_id in self._endpoints

    def get(self, inference_id: str) -> StoredEndpoint:
        """The endpoint of this id. Raises ApiError (404)."""
        with self._lock:
            if inference_id not in self._endpoints:
                raise endpoint_not_found(inference_id)
            return self._endpoints[inference_id]

    def put(self, endpoint: StoredEndpoint) -> None:
        """Hold the endpoint, whatever was there."""
        with self._lock:
            self._endpoints[endpoint.inference_id] = endpoint

    def create(self, endpoint: StoredEndpoint) -> None:
        """Hold a new endpoint; of two that race, the second is refused. Raises ApiError."""
        with self._lock:
            if endpoint.inference_id in self._endpoints:
                raise endpoint_exists(endpoint.inference_id)
            self._endpoints[endpoint.inference_id] = endpoint

    def replace(self, endpoint: StoredEndpoint) -> None:
        """Hold a changed endpoint, if it is still there. Raises ApiError (404)."""
        with self._lock:
            if endpoint.inference_id not in self._endpoints:
                raise endpoint_not_found(endpoint.inference_id)
            self._endpoints[endpoint.inference_id] = endpoint

    def delete(self, inference_id: str) -> None:
        """Forget the endpoint. Raises ApiError (404)."""
        with self._lock:
            if self._endpoints.pop(inference_id, None) is None:
                raise endpoint_not_found(inference_id)

    def refer(self, inference_id: str, pipelines: Collection[str], indexes: Collection[str]) -> None:
        """Let pipelines and indexes use the id; this outlives the endpoint, as in the server."""
        with self._lock:
            self._references[inference_id] = References(tuple(pipelines), tuple(indexes))

    def references(self, inference_id: str) -> References:
        """Who uses the id."""
        with self._lock:
            return self._references.get(inference_id, References())


def seeded(
    inference_id: str,
    *,
    service: str = "anthropic",
    task_type: str = "completion",
    service_settings: dict[str, Any] | None = None,
    task_settings: dict[str, Any] | None = None,
    chunking_settings: dict[str, Any] | None = None,
    secret: str = "seeded-secret",
) -> StoredEndpoint:
    """An endpoint put there by hand: unchecked, but in the form the server stores."""
    held = copy.deepcopy(service_settings)
    task = copy.deepcopy(task_settings)
    if service == "anthropic":
        held = {"model_id": "claude-sonnet-4-5"} if held is None else held
        held.setdefault("rate_limit", {"requests_per_minute": DEFAULT_REQUESTS_PER_MINUTE})
        task = stored_task_settings({"max_tokens": 1024} if task is None else task)
    return StoredEndpoint(
        inference_id, task_type, service, held or {}, task or {}, copy.deepcopy(chunking_settings), secret
    )


def stored_task_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Task settings of the anthropic service in the server's order, with doubles as doubles."""
    order = {"max_tokens": 0, "temperature": 1, "top_p": 2, "top_k": 3}
    ordered = sorted(settings.items(), key=lambda pair: order.get(pair[0], len(order)))
    return {
        name: float(value) if name in ("temperature", "top_p") and is_whole(value) else value for name, value in ordered
    }
