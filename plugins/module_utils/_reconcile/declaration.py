# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations of a task: endpoints, the policy for changes, and the purge.

Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Collection, Mapping, NamedTuple, Sequence

PRESENT = "present"
ABSENT = "absent"

#: Values of C(update_secrets): when to send the secrets of an existing endpoint.
ON_CREATE = "on_create"
WHEN_CHANGED = "when_changed"
ALWAYS = "always"


class Policy(NamedTuple):
    """The policy for changes: the options of the same names."""

    update_secrets: str = ON_CREATE
    unmanaged_settings: str = "keep"
    allow_recreate: bool = False
    preflight: bool = True
    force: bool = False
    duplicate_model: str = "warn"
    wait_for_deployment: bool = False
    wait_timeout: int = 300


class Purge(NamedTuple):
    """Options for deleting undeclared endpoints.

    :ivar exclude: shell patterns of IDs to keep.
    :ivar services: names of the services whose endpoints are deleted; if empty, those of the declared endpoints.
    :ivar limit: maximum number of endpoints to delete; if None, half of the endpoints of the services, or 5 if that is
        more.
    """

    exclude: Sequence[str] = ()
    limit: int | None = None
    services: Sequence[str] = ()


@dataclass(frozen=True)
class Desired:
    """A validated declaration of one endpoint.

    :ivar task_type: None if it is not declared.
    :ivar service: empty if it is not declared, which is valid only for a deletion.
    :ivar settings: the declared values by dotted path, without secrets.
    :ivar secrets: the declared credentials by dotted path.
    """

    inference_id: str
    state: str = PRESENT
    task_type: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    service: str = ""

    @property
    def all_settings(self) -> dict[str, Any]:
        """Return all declared values. Secrets come first, as in the examples of Elastic's documentation."""
        return {**self.secrets, **self.settings}

    def with_secrets(self, paths: Collection[str]) -> Desired:
        """Return a copy in which the settings at these paths are secrets."""
        secrets = {path: value for path, value in self.all_settings.items() if path in self.secrets or path in paths}
        settings = {path: value for path, value in self.settings.items() if path not in paths}
        return replace(self, settings=settings, secrets=secrets)
