# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges on indices, and the API that returns one's own privileges.

The names are those of `IndexPrivilege`, in the order in which the server lists them: from the narrowest to the widest
(`Privilege.sortByAccessLevel`). The messages are those of `AuthorizationDenialMessages`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .errors import ApiError, PlainError, invalid

if TYPE_CHECKING:
    from .security import Identity

# Each privilege with the wider privileges that include it.
INCLUDED_IN = {
    "read": ("read", "all"),
    "create_doc": ("create_doc", "create", "index", "write", "all"),
    "create": ("create", "index", "write", "all"),
    "index": ("index", "write", "all"),
    "delete": ("delete", "write", "all"),
    "write": ("write", "all"),
    "auto_configure": ("auto_configure", "manage", "all"),
    "create_index": ("create_index", "manage", "all"),
    "delete_index": ("delete_index", "manage", "all"),
    "view_index_metadata": ("view_index_metadata", "manage", "all"),
    "manage": ("manage", "all"),
    "all": ("all",),
}
# For each action, the privileges that an error message lists. The server never rejects `indices:data/write/bulk[s]`,
# which follows both writes internally, because each of these privileges includes it.
GRANTED_BY = {
    "indices:data/read/get": INCLUDED_IN["read"],
    "indices:data/read/mget": INCLUDED_IN["read"],
    "indices:data/read/mget[shard]": INCLUDED_IN["read"],
    "indices:data/write/index": INCLUDED_IN["create_doc"],
    "indices:data/write/index:op_type/create": INCLUDED_IN["create_doc"],
    "indices:data/write/index:op_type/index": INCLUDED_IN["create"],
    "indices:data/write/delete": INCLUDED_IN["delete"],
    "indices:admin/create": INCLUDED_IN["create_index"],
    "indices:admin/auto_create": ("auto_configure", "create_index", "manage", "all"),
    "indices:admin/delete": INCLUDED_IN["delete_index"],
    "indices:admin/get": INCLUDED_IN["view_index_metadata"],
    "indices:admin/mappings/get": INCLUDED_IN["view_index_metadata"],
}


@dataclass(frozen=True)
class OnIndices:
    """Privileges on the indices whose names match one of the patterns. Raises ValueError for an unknown privilege."""

    names: Collection[str]
    privileges: Collection[str]

    def __post_init__(self) -> None:
        """Reject a misspelled privilege immediately."""
        for value in (self.names, self.privileges):
            if isinstance(value, str):
                raise ValueError(f"names and privileges of indices must be collections, not {value!r}")
        if not set(INCLUDED_IN).issuperset(self.privileges):
            raise ValueError(f"privileges {self.privileges!r} of indices must be a collection of {sorted(INCLUDED_IN)}")

    def covers(self, index: str) -> bool:
        """Return whether the name of the index matches."""
        return any(fnmatchcase(index, name) for name in self.names)


def authorize_index(identity: Identity | None, action: str, index: str) -> None:
    """Reject an action on an index without the privilege. Raises ApiError (403)."""
    if identity and not _granted(identity, GRANTED_BY[action], index):
        raise _refusal(identity, action, f" on indices [{index}]")


def authorize_somewhere(identity: Identity | None, action: str) -> None:
    """Reject an action if the sender has the privilege on no index at all. Raises ApiError (403).

    The server treats an action on many documents as a whole like this (`RBACEngine`, composite actions).
    """
    if identity and not any(not set(GRANTED_BY[action]).isdisjoint(one.privileges) for one in identity.on_indices):
        raise _refusal(identity, action, "")


def _granted(identity: Identity, granting: Collection[str], index: str) -> bool:
    return any(one.covers(index) and not set(granting).isdisjoint(one.privileges) for one in identity.on_indices)


def _refusal(identity: Identity, action: str, where: str) -> ApiError:
    reason = (
        f"action [{action}] is unauthorized for {identity.words}{where}, "
        f"this action is granted by the index privileges [{','.join(GRANTED_BY[action])}]"
    )
    return ApiError(403, "security_exception", reason)


def own_privileges(identity: Identity, body: dict[str, Any], cluster: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return the response of `_has_privileges` (`RestHasPrivilegesAction`). Raises RejectedError.

    `cluster`: each cluster privilege with the wider ones that include it. The messages about a body with another
    structure are not confirmed.
    """
    if body.get("application"):
        raise PlainError(501, "this simulator does not support application privileges")
    wanted, on_indices = _texts(body, "cluster"), body.get("index", [])
    if not wanted and not on_indices:
        raise invalid(["must specify at least one privilege"], "action_request_validation_exception")
    answer = {name: not identity.privileges.isdisjoint(_wider(cluster, name)) for name in wanted}
    indices: dict[str, dict[str, bool]] = {}
    for one in on_indices:
        names, privileges = _texts(one, "names"), _texts(one, "privileges")
        for index in names:
            found = {name: _granted(identity, _wider(INCLUDED_IN, name), index) for name in privileges}
            indices.setdefault(index, {}).update(found)
    everything = [*answer.values(), *(has for found in indices.values() for has in found.values())]
    return {
        "username": identity.name,
        "has_all_requested": all(everything),
        "cluster": answer,
        "index": indices,
        "application": {},
    }


def _texts(body: Any, name: str) -> list[str]:
    texts = body.get(name, []) if isinstance(body, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ApiError(400, "parse_exception", f"failed to parse privileges. [{name}] has to be an array of strings")
    return texts


def _wider(known: dict[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    if name not in known:
        raise PlainError(501, f"this simulator does not support the privilege [{name}]")
    return known[name]
