# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The temporary endpoint of an endpoint: its name, and which of those in a cluster runs have left behind.

Private to the collection.
"""

from __future__ import annotations

from typing import Collection, Iterable, Mapping, Sequence

from .._inference.endpoint import Endpoint
from .declaration import ABSENT, Desired

#: What the temporary endpoint of an endpoint is named: its ID with this behind.
SUFFIX = "-ansible-preflight"


def name_of(inference_id: str) -> str:
    """The ID of an endpoint's temporary endpoint."""
    return inference_id + SUFFIX


def base_of(name: str) -> str:
    """The ID of the endpoint whose temporary endpoint would be named so; empty if none would."""
    return name[: -len(SUFFIX)] if name.endswith(SUFFIX) else ""


def left_over_of(inference_id: str, endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """The temporary endpoint of an endpoint, if there is one among these."""
    name = name_of(inference_id)
    return next((endpoint for endpoint in endpoints if endpoint.inference_id == name), None)


def left_overs(
    declared: Sequence[Desired], existing: Mapping[str, Endpoint], services: Collection[str]
) -> list[Desired]:
    """The removals of temporary endpoints that runs left behind and nobody needs.

    If an endpoint does not exist, its temporary endpoint may be the only place that has its settings.

    :param services: the names of the services whose endpoints are declared.
    """
    listed = {desired.inference_id for desired in declared}
    absent = {desired.inference_id for desired in declared if desired.state == ABSENT}
    return [
        Desired(name, ABSENT, service=existing[name].service)
        for name in _temporary(existing, services)
        if name not in listed and (base_of(name) in existing or base_of(name) in absent)
    ]


def orphans(declared: Sequence[Desired], existing: Mapping[str, Endpoint], services: Collection[str]) -> list[str]:
    """Temporary endpoints whose endpoint neither exists nor is declared."""
    listed = {desired.inference_id for desired in declared}
    return [
        name
        for name in _temporary(existing, services)
        if name not in listed and base_of(name) not in existing and base_of(name) not in listed
    ]


def _temporary(existing: Mapping[str, Endpoint], services: Collection[str]) -> list[str]:
    return sorted(name for name, endpoint in existing.items() if base_of(name) and endpoint.service in services)
