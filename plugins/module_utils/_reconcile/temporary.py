# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary endpoints: their IDs, and those that earlier runs left in a cluster.

Private to the collection.
"""

from __future__ import annotations

from typing import Collection, Iterable, Mapping, Sequence

from .._inference.endpoint import Endpoint
from .declaration import ABSENT, Desired

#: Suffix of the ID of a temporary endpoint.
SUFFIX = "-ansible-preflight"


def temporary_id(inference_id: str) -> str:
    """Return the ID of the temporary endpoint of an endpoint."""
    return inference_id + SUFFIX


def base_id(name: str) -> str:
    """Return the ID of the endpoint that a temporary endpoint belongs to; empty if this is not a temporary one."""
    return name[: -len(SUFFIX)] if name.endswith(SUFFIX) else ""


def find_left_over(inference_id: str, endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """Return the temporary endpoint of an endpoint, if it is among these endpoints."""
    name = temporary_id(inference_id)
    return next((endpoint for endpoint in endpoints if endpoint.inference_id == name), None)


def plan_left_over_deletions(
    declared: Sequence[Desired], existing: Mapping[str, Endpoint], services: Collection[str]
) -> list[Desired]:
    """Return the deletions of temporary endpoints that earlier runs left and that are not needed.

    If an endpoint does not exist, its temporary endpoint is kept, because it may be the only copy of the settings.

    :param services: names of the services of the declaration.
    """
    listed = {desired.inference_id for desired in declared}
    absent = {desired.inference_id for desired in declared if desired.state == ABSENT}
    return [
        Desired(name, ABSENT, service=existing[name].service)
        for name in _temporary_ids(existing, services)
        if name not in listed and (base_id(name) in existing or base_id(name) in absent)
    ]


def find_orphans(declared: Sequence[Desired], existing: Mapping[str, Endpoint], services: Collection[str]) -> list[str]:
    """Return the IDs of temporary endpoints whose endpoint neither exists nor is declared."""
    listed = {desired.inference_id for desired in declared}
    return [
        name
        for name in _temporary_ids(existing, services)
        if name not in listed and base_id(name) not in existing and base_id(name) not in listed
    ]


def _temporary_ids(existing: Mapping[str, Endpoint], services: Collection[str]) -> list[str]:
    return sorted(name for name, endpoint in existing.items() if base_id(name) and endpoint.service in services)
