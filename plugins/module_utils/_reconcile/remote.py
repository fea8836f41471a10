# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for one endpoint, sent by runs that change something. Endpoints are in the normal form of their service.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Mapping

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .cluster import Cluster

#: Minimum number of retries of a create after this run deleted the endpoint.
RETRIES_AFTER_DELETE = 6


class Remote:
    """One endpoint of the cluster."""

    def __init__(self, cluster: Cluster, inference_id: str) -> None:
        self._cluster = cluster
        self._api = cluster.api
        self._inference_id = inference_id

    def read(self) -> Endpoint | None:
        """Return the endpoint, or None if it does not exist.

        :raises ClientError: if the endpoint cannot be read.
        """
        return self._cluster.read(self._inference_id)

    def read_if_possible(self) -> Endpoint | None:
        """Return the endpoint; None if it does not exist or cannot be read."""
        try:
            return self.read()
        except ClientError:
            return None

    def create(self, endpoint: Endpoint, body: Mapping[str, Any], after_delete: bool = False) -> Endpoint:
        """Create the endpoint and return it as stored.

        :param after_delete: whether this run deleted the endpoint. If so, temporary errors of the provider are retried.
        :raises ClientError: if the request failed, or if its result is unknown.
        """
        min_retries = RETRIES_AFTER_DELETE if after_delete else 0
        server = self._cluster.server()
        stored = self._api.put(endpoint.task_type, self._inference_id, body, server, min_retries)
        return self._cluster.normalize(stored)

    def update(self, endpoint: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        """Update the endpoint in place and return it as stored. It may be unchanged.

        :raises ClientError: if the request failed, or if its result is unknown.
        """
        stored = self._api.update(endpoint.task_type, self._inference_id, body, self._cluster.server())
        return self._cluster.normalize(stored)

    def delete(self, endpoint: Endpoint) -> None:
        """Delete the endpoint.

        :raises ClientError: if the request failed, or if its result is unknown.
        """
        self._api.delete(endpoint.task_type, self._inference_id, self._cluster.policy.force)

    def refuse_if_referenced(self, endpoint: Endpoint) -> None:
        """Stop if pipelines or indices use the endpoint.

        :raises Refused: if pipelines or indices use the endpoint, unless C(force).
        """
        if self._cluster.policy.force:
            return
        references = self._api.references(endpoint.task_type, self._inference_id)
        users = [f"pipeline {name}" for name in references.pipelines] + [f"index {name}" for name in references.indexes]
        if users:
            # Loaded here, because most runs need no hint.
            from .._elasticsearch.hints import FORCE  # noqa: PLC0415

            used_by = f"Inference endpoint {self._inference_id} is used by {', '.join(users)}"
            text = f"{used_by}, so it was not deleted. Hint: {FORCE}"
            raise Refused(text, 409)
