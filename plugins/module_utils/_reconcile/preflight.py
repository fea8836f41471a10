# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight check: test settings and secrets on a temporary endpoint before the endpoint itself is changed.

While an endpoint is re-created, its temporary endpoint also is a copy of its settings. If the run is interrupted, the
next run finds this copy. Loaded only by runs that change something. Private to the collection.
"""

from __future__ import annotations

import contextlib
from typing import Any, Mapping

from .._elasticsearch.errors import ApiError, ClientError, Refused, TimedOut
from .._inference.endpoint import Endpoint
from .cluster import Cluster
from .comparison import compare
from .declaration import Desired
from .temporary import temporary_id

#: Maximum number of attempts to delete a temporary endpoint.
MAX_ATTEMPTS = 3


class Preflight:
    """The preflight check of one endpoint.

    :ivar temporary_endpoint: the temporary endpoint of this run, or the left-over of an earlier one; None if it does
        not exist.
    """

    def __init__(self, cluster: Cluster, desired: Desired) -> None:
        self._cluster = cluster
        self._desired = desired
        self._service = cluster.service_of(desired)
        self.temporary_endpoint: Endpoint | None = None

    def find_left_over(self) -> None:
        """Look for the temporary endpoint of an earlier run."""
        self.temporary_endpoint = self._cluster.find_left_over(self._desired)

    def check(self, endpoint: Endpoint, body: Mapping[str, Any], desired: Desired) -> None:
        """Create the temporary endpoint with the settings and the secrets that the endpoint will have.

        :param desired: the declaration that the temporary endpoint must match.
        :raises ClientError: if Elasticsearch or the provider rejects the settings or the secrets.
        :raises Refused: if the temporary endpoint cannot be created, or does not match the declaration.
        """
        if self.temporary_endpoint is not None:
            self._refuse_other_service(self.temporary_endpoint)
            self.delete()
        temporary = endpoint._replace(inference_id=temporary_id(endpoint.inference_id))
        try:
            self.temporary_endpoint = self._cluster.normalize(self._create(temporary, body))
        except TimedOut as error:
            # The server may still store the temporary endpoint. The next run deletes it.
            state = f"Inference endpoint {endpoint.inference_id} was not changed."
            raise Refused(f"{error} {state} Run the task again.") from None
        except ClientError as error:
            if error.sent:
                # An error does not prove that nothing was stored (`elasticsearch.md`, "Create").
                self._delete_if_exists(temporary)
            raise
        left = compare(desired, self.temporary_endpoint, self._cluster.policy, self._service).paths
        if left:
            raise Refused(
                "The preflight check failed, because Elasticsearch did not store the declared value of "
                f"{', '.join(left)}. Inference endpoint {self._desired.inference_id} was not changed. "
                "Hint: check that this version of Elasticsearch supports the declared values."
            )

    def delete(self) -> None:
        """Delete the temporary endpoint, if it exists.

        :raises ClientError: if it could not be deleted.
        """
        if self.temporary_endpoint is None or self._is_of_other_service(self.temporary_endpoint):
            return
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                self._send_delete(self.temporary_endpoint)
            except ClientError as error:
                if attempt == MAX_ATTEMPTS or not error.ambiguous:
                    raise
            else:
                break
        self.temporary_endpoint = None

    def delete_if_possible(self) -> None:
        """Delete the temporary endpoint after a failure. Only the failure is reported."""
        with contextlib.suppress(ClientError):
            self.delete()

    def _create(self, temporary: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        api, server = self._cluster.api, self._cluster.server()
        try:
            return api.put(temporary.task_type, temporary.inference_id, body, server)
        except ApiError as error:
            if not error.already_exists:
                raise
        left_over = api.get(temporary.inference_id)
        if left_over is not None:
            self._refuse_other_service(left_over)
            self._send_delete(left_over)
        return api.put(temporary.task_type, temporary.inference_id, body, server)

    def _delete_if_exists(self, temporary: Endpoint) -> None:
        """Delete the temporary endpoint after a failed create. Only the failure is reported."""
        with contextlib.suppress(ClientError):
            if self._cluster.api.get(temporary.inference_id) is not None:
                self._send_delete(temporary)

    def _send_delete(self, temporary: Endpoint) -> None:
        try:
            self._cluster.api.delete(temporary.task_type, temporary.inference_id, force=True)
        except ApiError as error:
            if not error.is_not_found:
                raise

    def _is_of_other_service(self, endpoint: Endpoint) -> bool:
        """Return whether the endpoint belongs to another service. A deletion may be declared without a service."""
        return bool(self._desired.service) and self._service.stored_name != endpoint.service

    def _refuse_other_service(self, endpoint: Endpoint) -> None:
        if self._is_of_other_service(endpoint):
            raise Refused(
                f"Cannot run the preflight check, because inference endpoint {endpoint.inference_id} belongs to the "
                f"service {endpoint.service}. Inference endpoint {self._desired.inference_id} was not changed. "
                "Hint: use a different inference_id, or set preflight=false."
            )
