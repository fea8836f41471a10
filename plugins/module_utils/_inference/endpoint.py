# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nouns of the inference API: an endpoint and a server, as data. Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

#: The groups of settings that an endpoint has in addition to its ID, its task type and its service.
SETTINGS_GROUPS = ("service_settings", "task_settings", "chunking_settings")


def is_task_type(name: str) -> bool:
    """Whether a name can be that of a task type. The server takes C(any) for all of them."""
    return name != "any" and all(part.isascii() and part.isalpha() and part.islower() for part in name.split("_"))


class Endpoint(NamedTuple):
    """An inference endpoint as Elasticsearch returns it, without its secrets.

    :ivar settings: dotted paths to values, as in C({"task_settings.max_tokens": 1024}).
    """

    inference_id: str
    task_type: str
    service: str
    settings: Mapping[str, Any]

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Endpoint:
        groups = {group: answer[group] for group in SETTINGS_GROUPS if answer.get(group)}
        return cls(
            str(answer["inference_id"]), str(answer["task_type"]), str(answer["service"]), flatten(groups, empty=True)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the endpoint as the API nests it, so that it can be declared again."""
        head = {"inference_id": self.inference_id, "task_type": self.task_type, "service": self.service}
        return {**head, **nest(self.settings)}


#: Serverless runs ahead of every numbered version.
NEWEST = (999, 0)


#: Patch releases before 9.4 whose updates keep chunking settings for certain.
_CHUNKING_KEPT = frozenset([*((9, 3, patch) for patch in range(2, 100)), *((9, 2, patch) for patch in range(7, 100))])


class Server(NamedTuple):
    """What C(GET /) returns about a server.

    :ivar version: major and minor number.
    :ivar name: for people, as in "Elasticsearch 9.3.0".
    :ivar cluster: the UUID of its cluster; empty if it is not known.
    :ivar is_known: whether the server returned its version, or it is assumed.
    :ivar patch: the number of its patch release.
    """

    version: tuple[int, int]
    name: str
    cluster: str = ""
    is_known: bool = True
    patch: int = 0

    @property
    def is_serverless(self) -> bool:
        """Whether it is Elasticsearch Serverless, which has no versions."""
        return self.is_known and self.version == NEWEST

    @property
    def has_updates(self) -> bool:
        """Whether it changes endpoints in place at all, which 8.16 does not (`elasticsearch.md`, "Update")."""
        return self.version >= (8, 17)

    @property
    def keeps_chunking(self) -> bool:
        """Whether an update leaves C(chunking_settings) as they are (`elasticsearch.md`, "Update of other services").

        The fix was merged between two patch releases. Those that may not have it count as if they had not.
        """
        return self.version >= (9, 4) or (*self.version, self.patch) in _CHUNKING_KEPT

    @property
    def limits_creates(self) -> bool:
        """Whether a create has the query parameter C(timeout) (`elasticsearch.md`, "Requests")."""
        return self.is_known and ((8, 19) <= self.version < (9, 0) or self.version >= (9, 1))

    @property
    def limits_updates(self) -> bool:
        """Whether an update has the query parameter C(timeout) (`elasticsearch.md`, "Requests")."""
        return self.is_known and self.version >= (9, 5)


#: What is assumed of a server that does not return its version.
UNKNOWN = Server(NEWEST, "Elasticsearch (version unknown)", is_known=False)


def flatten(nested: Mapping[str, Any], prefix: str = "", empty: bool = False) -> dict[str, Any]:
    """Return C({"a": {"b": 1}}) as C({"a.b": 1}), without what is None or, unless C(empty), an empty object.

    An object whose own names have dots, such as one of headers, stays whole. Otherwise C(nest) would take it apart.
    """
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, dict) and "." not in "".join(value) and (value or not empty):
            flat.update(flatten(value, f"{prefix}{name}.", empty))
        elif value is not None:
            flat[prefix + name] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reverse of C(flatten)."""
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split(".")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return nested
