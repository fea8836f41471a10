# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about one endpoint that a plan may need. Each is looked up on demand, and at most once.

Private to the collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from .._elasticsearch.errors import Refused
from .._inference.endpoint import Endpoint, Server
from .cluster import Cluster
from .declaration import Desired

if TYPE_CHECKING:
    from .history import History


class EndpointFacts:
    """Facts about one endpoint, from the cluster and from the history of this run.

    :param unreadable: the reason why Elasticsearch could not read the endpoint before the first write; empty if it
        could.
    :ivar history: the writes of this run; None until there is something to do.
    """

    def __init__(self, cluster: Cluster, desired: Desired, unreadable: str = "") -> None:
        self._cluster = cluster
        self._desired = desired
        self._unreadable = unreadable
        self.history: History | None = None
        self._secrets_are_new: bool | None = None

    @property
    def unreadable(self) -> str:
        return "" if self.history and self.history.writes else self._unreadable

    @property
    def ignored(self) -> frozenset[str]:
        return self.history.ignored if self.history else frozenset()

    @property
    def rejection(self) -> str:
        return self.history.rejection if self.history else ""

    @property
    def secrets_sent(self) -> bool:
        return self.history is not None and self.history.secrets_sent

    def secrets_are_new(self, existing: Endpoint) -> bool:
        """Return whether the declared secrets differ from those that were sent last.

        :raises ClientError: if the fingerprints cannot be read.
        """
        if self._secrets_are_new is None:
            fingerprints = self._cluster.fingerprints
            self._secrets_are_new = fingerprints is None or fingerprints.is_new(self._desired.secrets, existing)
        return self._secrets_are_new

    def server(self) -> Server:
        """Return the version of Elasticsearch, and warn if it had to be assumed.

        :raises ClientError: if the error would also stop all other requests.
        """
        server = self._cluster.server()
        self._cluster.warn_of_assumed_version()
        return server

    def all_endpoints(self) -> Sequence[Endpoint]:
        """Return all endpoints that Elasticsearch lists.

        :raises Refused: if Elasticsearch does not list the endpoints and the policy requires the list.
        """
        cluster = self._cluster
        others = cluster.list_endpoints(self._desired)
        if cluster.task_type_list_failure and cluster.policy.duplicate_model == "fail":
            raise Refused(
                "Cannot check for duplicates (duplicate_model=fail), because Elasticsearch does not list the "
                f"endpoints. {cluster.task_type_list_failure} Nothing was changed. "
                "Hint: fix this error, or set duplicate_model=warn to continue without the check."
            )
        return others
