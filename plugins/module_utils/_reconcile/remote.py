# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests about one endpoint that runs make which change something, in the normal form of its service.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Mapping

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .cluster import Cluster

#: How often at least a create is retried after this run has deleted the endpoint.
RETRIES_AFTER_DELETE = 6


class Remote:
    """An endpoint of the cluster."""

    def __init__(self, cluster: Cluster, inference_id: str) -> None:
        self._cluster = cluster
        self._api = cluster.api
        self._inference_id = inference_id

    def read(self) -> Endpoint | None:
        """
        :raises ClientError: if it cannot be read.
        """
        return self._cluster.read(self._inference_id)

    def read_if_possible(self) -> Endpoint | None:
        """The endpoint, or None if there is none, or if it cannot be read."""
        try:
            return self.read()
        except ClientError:
            return None

    def create(self, endpoint: Endpoint, body: Mapping[str, Any], after_delete: bool = False) -> Endpoint:
        """Create it and return it as stored.

        :param after_delete: whether this run has deleted it: then temporary faults of the provider are waited out.
        :raises ClientError: if the server did not take it, or if nobody knows.
        """
        least = RETRIES_AFTER_DELETE if after_delete else 0
        server = self._cluster.server()
        stored = self._api.put(endpoint.task_type, self._inference_id, body, server, least)
        return self._cluster.normalised(stored)

    def update(self, endpoint: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        """Update it in place and return it as stored, which may be unchanged.

        :raises ClientError: if the server did not take it, or if nobody knows.
        """
        stored = self._api.update(endpoint.task_type, self._inference_id, body, self._cluster.server())
        return self._cluster.normalised(stored)

    def delete(self, endpoint: Endpoint) -> None:
        """
        :raises ClientError: if it is still there, or if nobody knows.
        """
        self._api.delete(endpoint.task_type, self._inference_id, self._cluster.policy.force)

    def refuse_if_referenced(self, endpoint: Endpoint) -> None:
        """
        :raises Refused: if pipelines or indices use the endpoint, unless C(force).
        """
        if self._cluster.policy.force:
            return
        references = self._api.references(endpoint.task_type, self._inference_id)
        users = [f"pipeline {name}" for name in references.pipelines] + [f"index {name}" for name in references.indexes]
        if users:
            # Most runs need no hint.
            from .._elasticsearch.hints import FORCE  # noqa: PLC0415

            used_by = f"Inference endpoint {self._inference_id} is used by {', '.join(users)}"
            text = f"{used_by}, so it was not deleted. Hint: {FORCE}"
            raise Refused(text, 409)
