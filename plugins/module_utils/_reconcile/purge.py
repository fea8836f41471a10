# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which endpoints a purge removes. Pure, and loaded only by runs that purge.

Private to the collection.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Collection, Sequence

from .._elasticsearch.errors import Refused
from .._elasticsearch.text import joined
from .._inference.endpoint import Endpoint
from .declaration import ABSENT, Desired, Purge
from .temporary import base_of

#: So many endpoints a purge may remove even if they are all there are.
_ALWAYS_PURGED = 5


def purged(declared: Sequence[Desired], existing: Collection[Endpoint], service: str, purge: Purge) -> list[Desired]:
    """The removals of a purge; never another service's endpoint, nor a built-in one.

    :param service: the name of the service whose endpoints are declared.
    :raises Refused: if it would remove more than it may.
    """
    listed = {desired.inference_id for desired in declared}
    ids = sorted(endpoint.inference_id for endpoint in existing if endpoint.service == service)
    held = [inference_id for inference_id in ids if not inference_id.startswith(".")]
    doomed = [
        inference_id
        for inference_id in held
        if inference_id not in listed
        and base_of(inference_id) not in listed
        and not any(fnmatchcase(inference_id, pattern) for pattern in purge.exclude)
    ]
    limit = max(_ALWAYS_PURGED, len(held) // 2) if purge.limit is None else purge.limit
    if len(doomed) > limit:
        raise Refused(
            f"The purge would remove {len(doomed)} of the {len(held)} endpoints of the service {service} that the "
            f"cluster holds, more than {limit}. Nothing was changed. They are {joined(doomed)}. "
            f"Hint: list those that shall stay, name them in purge_exclude, or set purge_max={len(doomed)}."
        )
    return [Desired(inference_id, ABSENT) for inference_id in doomed]
