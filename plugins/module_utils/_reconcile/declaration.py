# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user declares: endpoints, how far a run may go, and what a purge removes.

Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Collection, Mapping, NamedTuple, Sequence

PRESENT = "present"
ABSENT = "absent"

#: When the secret of an endpoint that exists is sent
ON_CREATE = "on_create"
WHEN_CHANGED = "when_changed"
ALWAYS = "always"


class Policy(NamedTuple):
    """How far a plan may go; the options of the same names."""

    update_secrets: str = ON_CREATE
    unmanaged_settings: str = "keep"
    allow_recreate: bool = False
    preflight: bool = True
    force: bool = False
    duplicate_model: str = "warn"
    wait_for_deployment: bool = False
    wait_timeout: int = 300


class Purge(NamedTuple):
    """How endpoints that are not declared are removed.

    :ivar exclude: shell patterns of ids that stay.
    :ivar services: the names of those whose endpoints are removed; empty for those of the declaration.
    :ivar limit: how many may be removed at the most; None for half of what the cluster holds, and always 5.
    """

    exclude: Sequence[str] = ()
    limit: int | None = None
    services: Sequence[str] = ()


@dataclass(frozen=True)
class Desired:
    """An endpoint as declared, checked already.

    :ivar task_type: None where the declaration leaves it open.
    :ivar service: empty where the declaration leaves it open, which only a removal may.
    :ivar settings: dotted paths to the declared values, nothing else, the secrets left out.
    :ivar secrets: dotted paths to the credentials.
    """

    inference_id: str
    state: str = PRESENT
    task_type: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    service: str = ""

    @property
    def complete(self) -> dict[str, Any]:
        """The settings with the secrets, which come first, as in the documentation's examples."""
        return {**self.secrets, **self.settings}

    def hiding(self, paths: Collection[str]) -> Desired:
        """The same endpoint, with these settings among its secrets."""
        secrets = {path: value for path, value in self.complete.items() if path in self.secrets or path in paths}
        settings = {path: value for path, value in self.settings.items() if path not in paths}
        return replace(self, settings=settings, secrets=secrets)
