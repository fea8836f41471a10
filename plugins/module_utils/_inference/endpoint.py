# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data classes of the inference API. Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

#: The groups of settings of an endpoint.
SETTINGS_GROUPS = ("service_settings", "task_settings", "chunking_settings")


def is_task_type(name: str) -> bool:
    """Return whether a string can be the name of a task type. C(any) is not one; the server uses it for all of them."""
    return name != "any" and all(part.isascii() and part.isalpha() and part.islower() for part in name.split("_"))


class Endpoint(NamedTuple):
    """An inference endpoint as Elasticsearch returns it, without secrets.

    :ivar settings: values by dotted path, such as C({"task_settings.max_tokens": 1024}).
    """

    inference_id: str
    task_type: str
    service: str
    settings: Mapping[str, Any]

    @classmethod
    def from_response(cls, response: Mapping[str, Any]) -> Endpoint:
        groups = {group: response[group] for group in SETTINGS_GROUPS if response.get(group)}
        return cls(
            str(response["inference_id"]),
            str(response["task_type"]),
            str(response["service"]),
            flatten(groups, empty=True),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the endpoint in the nested format of the API, which can be declared."""
        head = {"inference_id": self.inference_id, "task_type": self.task_type, "service": self.service}
        return {**head, **nest(self.settings)}


#: Version of Serverless, which is treated as newer than any numbered version.
NEWEST = (999, 0)


#: Patch releases before 9.4 in which updates certainly keep chunking settings.
_CHUNKING_KEPT = frozenset([*((9, 3, patch) for patch in range(2, 100)), *((9, 2, patch) for patch in range(7, 100))])


class Server(NamedTuple):
    """The product and version that C(GET /) returns.

    :ivar version: major and minor version.
    :ivar name: display name, such as "Elasticsearch 9.3.0".
    :ivar cluster: UUID of the cluster. Empty if it is not known.
    :ivar is_known: whether the server returned its version. Otherwise, the version is assumed.
    :ivar patch: number of the patch release.
    """

    version: tuple[int, int]
    name: str
    cluster: str = ""
    is_known: bool = True
    patch: int = 0

    @property
    def is_serverless(self) -> bool:
        """Return whether the server is Elasticsearch Serverless, which has no version numbers."""
        return self.is_known and self.version == NEWEST

    @property
    def supports_updates(self) -> bool:
        """Return whether endpoints can be updated in place, which requires 8.17 (`elasticsearch.md`, "Update")."""
        return self.version >= (8, 17)

    @property
    def keeps_chunking_settings(self) -> bool:
        """Return whether updates keep C(chunking_settings) (`elasticsearch.md`, "Update of other services").

        Patch releases that may not contain the fix are treated as if they do not contain it.
        """
        return self.version >= (9, 4) or (*self.version, self.patch) in _CHUNKING_KEPT

    @property
    def supports_create_timeout(self) -> bool:
        """Return whether creates support the query parameter C(timeout) (`elasticsearch.md`, "Requests")."""
        return self.is_known and ((8, 19) <= self.version < (9, 0) or self.version >= (9, 1))

    @property
    def supports_update_timeout(self) -> bool:
        """Return whether updates support the query parameter C(timeout) (`elasticsearch.md`, "Requests")."""
        return self.is_known and self.version >= (9, 5)


#: The server that is assumed if the version cannot be read.
UNKNOWN_SERVER = Server(NEWEST, "Elasticsearch (version unknown)", is_known=False)


def flatten(nested: Mapping[str, Any], prefix: str = "", empty: bool = False) -> dict[str, Any]:
    """Convert C({"a": {"b": 1}}) to C({"a.b": 1}), and omit None and empty objects.

    An object whose names contain dots, such as a map of headers, is one value, because C(nest) would split its names.

    :param empty: whether to keep empty objects.
    """
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, dict) and "." not in "".join(value) and (value or not empty):
            flat.update(flatten(value, f"{prefix}{name}.", empty))
        elif value is not None:
            flat[prefix + name] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Reverse C(flatten)."""
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split(".")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return nested
