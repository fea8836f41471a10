# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of one inference service, as data.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

from .._inference.endpoint import Server


class Service(NamedTuple):
    """What a plan has to know of an inference service. Settings are named by their dotted paths.

    :ivar default_task_type: of a new endpoint whose declaration names none.
    :ivar required: what a create needs.
    :ivar secret: the credential that the server never shows.
    :ivar model: what names the model.
    :ivar changeable_since: settings, or groups of them, that C(_update) changes, and the first version that does.
        What is not here can only change by deleting the endpoint and creating it again.
    :ivar secret_optional_since: the first version that changes service settings without the secret beside them.
    :ivar updates_validated_since: the first version whose C(_update) asks the provider before it stores a secret.
    :ivar server_defaults: what the server fills in, and shows, where nothing is given.
    :ivar normalise: makes the settings that a server shows comparable.
    :ivar explain: what to do about a refusal of the server, given its words; empty where there is nothing to add.
    """

    name: str
    default_task_type: str
    required: tuple[str, ...]
    secret: str
    model: str
    changeable_since: Mapping[str, tuple[int, int]]
    secret_optional_since: tuple[int, int]
    updates_validated_since: tuple[int, int]
    server_defaults: Mapping[str, Any]
    normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    explain: Callable[[str], str]

    def changes_in_place(self, path: str, server: Server) -> bool:
        since = self._since(path)
        return since is not None and server.version >= since

    def is_fixed(self, path: str) -> bool:
        """Whether no version changes the setting in place."""
        return self._since(path) is None

    def secret_is_stuck(self, server: Server | None) -> bool:
        """Whether the server has no C(_update) at all."""
        return server is not None and not self.changes_in_place(self.secret, server)

    def validates_updates(self, server: Server) -> bool:
        """Whether the server is known to ask the provider before it stores a secret."""
        return server.is_known and server.version >= self.updates_validated_since

    def _since(self, path: str) -> tuple[int, int] | None:
        for group, version in self.changeable_since.items():
            if path == group or path.startswith(group + "."):
                return version
        return None
