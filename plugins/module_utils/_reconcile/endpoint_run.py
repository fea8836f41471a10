# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of one endpoint during one run, shared by the execution of plans and by re-creations.

Loaded only if there is something to do. Private to the collection.
"""

from __future__ import annotations

from .._elasticsearch.errors import ClientError
from .._inference.endpoint import Endpoint
from .cluster import Cluster
from .comparison import compare
from .declaration import Desired
from .history import History
from .plan import Plan
from .preflight import Preflight
from .remote import Remote
from .verdict import judge_unread


class EndpointRun:
    """One endpoint during one run: its declaration, its history, and its requests.

    :param found: the endpoint before the run.
    :ivar desired: the declaration. It becomes more precise while the run learns about the endpoint.
    """

    def __init__(self, cluster: Cluster, desired: Desired, found: Endpoint | None) -> None:
        self.desired = desired
        self.service = cluster.service_of(desired)
        self.history = History(found)
        self.remote = Remote(cluster, desired.inference_id)
        self.preflight = Preflight(cluster, desired)
        self._policy = cluster.policy

    def read_after(self, error: ClientError, plan: Plan) -> Endpoint | None:
        """Read the endpoint after a failed request of a plan.

        :raises ClientError: the error of that request, if the endpoint cannot be read.
        """
        try:
            return self.remote.read()
        except ClientError as second:
            self.history.writes.append(judge_unread(plan, error))
            unknown = f"The current state of the endpoint could not be read: {second.problem}"
            raise error.replace(problem=f"{error.problem.rstrip('.')}. {unknown}") from None

    def find_differences(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Return the dotted paths in which an endpoint differs from the declaration."""
        return compare(self.desired, endpoint, self._policy, self.service).paths

    def is_in_sync(self, endpoint: Endpoint | None) -> bool:
        """Return whether the endpoint exists and matches the declaration."""
        return endpoint is not None and not self.find_differences(endpoint)
