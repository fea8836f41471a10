# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selection of the endpoints that a purge deletes. Pure, and loaded only by runs that purge.

Private to the collection.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Collection, Sequence

from .._elasticsearch.errors import Refused
from .._elasticsearch.text import join_names
from .._inference.endpoint import Endpoint
from .declaration import ABSENT, Desired, Purge
from .temporary import base_id

#: Minimum of the default limit, even if these are all endpoints of the services.
_MIN_DEFAULT_LIMIT = 5


def plan_purge(
    declared: Sequence[Desired], existing: Collection[Endpoint], services: Collection[str], purge: Purge
) -> list[Desired]:
    """Return the deletions of a purge. Endpoints of other services and built-in endpoints are always kept.

    :param services: names of the services whose endpoints are deleted.
    :raises Refused: if the purge exceeds its limit.
    """
    listed = {desired.inference_id for desired in declared}
    service_of = {
        endpoint.inference_id: endpoint.service
        for endpoint in existing
        if endpoint.service in services and not endpoint.inference_id.startswith(".")
    }
    existing_ids = sorted(service_of)
    to_delete = [
        inference_id
        for inference_id in existing_ids
        if inference_id not in listed
        and base_id(inference_id) not in listed
        and not any(fnmatchcase(inference_id, pattern) for pattern in purge.exclude)
    ]
    limit = max(_MIN_DEFAULT_LIMIT, len(existing_ids) // 2) if purge.limit is None else purge.limit
    if len(to_delete) > limit:
        raise Refused(_limit_message(to_delete, len(existing_ids), limit, services))
    return [Desired(inference_id, ABSENT, service=service_of[inference_id]) for inference_id in to_delete]


def _limit_message(to_delete: Sequence[str], total: int, limit: int, services: Collection[str]) -> str:
    """
    :param total: the number of endpoints of the services.
    """
    of_services = f"of the service{'' if len(services) == 1 else 's'} {join_names(sorted(services))}"
    return (
        f"The purge would delete {len(to_delete)} of the {total} endpoints {of_services}, which is more than the limit "
        f"of {limit}. The endpoints to delete are {join_names(to_delete)}. Nothing was changed. "
        f"Hint: add the endpoints to keep to the list or to purge_exclude, or set purge_max={len(to_delete)}."
    )
