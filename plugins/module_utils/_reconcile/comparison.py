# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparison of an endpoint with its declaration. Pure.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from .._inference.endpoint import Endpoint
from .._services.service import Service
from .declaration import Desired, Policy

_MISSING = object()


class Differences(NamedTuple):
    """The settings to set and to remove so that an endpoint matches its declaration."""

    settings: Mapping[str, Any] = {}
    removed: frozenset[str] = frozenset()
    task_type: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        head = ("task_type",) if self.task_type else ()
        return head + tuple(sorted([*self.settings, *self.removed]))

    def applied_to(self, existing: Endpoint, without: Iterable[str] = ()) -> Endpoint:
        """Return the endpoint with these differences applied.

        :param without: dotted paths to leave unchanged.
        """
        kept = frozenset(without)
        settings = {path: value for path, value in existing.settings.items() if path not in self.removed - kept}
        settings.update({path: value for path, value in self.settings.items() if path not in kept})
        return existing._replace(settings=settings)


def compare(desired: Desired, existing: Endpoint, policy: Policy, service: Service) -> Differences:
    """Compare the declared settings. With C(unmanaged_settings=remove), also compare the undeclared ones."""
    shown = existing.settings
    # A value that Elasticsearch returns is not a secret.
    wanted = {**desired.settings, **{path: value for path, value in desired.secrets.items() if path in shown}}
    removed: frozenset[str] = frozenset()
    if policy.unmanaged_settings == "remove":
        # Ignore a default that Elasticsearch does not return, or that no update can set.
        defaults = service.defaults(existing.task_type).items()
        wanted = {**{path: value for path, value in defaults if path in shown and not service.is_fixed(path)}, **wanted}
        removed = frozenset(
            path
            for path in shown
            if path.startswith("task_settings.") and path not in wanted and not service.is_required(path)
        )
    unequal = {path: value for path, value in wanted.items() if shown.get(path, _MISSING) != value}
    if unequal:
        # Loaded here, because runs without differences do not need it.
        from .meaning import find_different  # noqa: PLC0415

        unequal = find_different(unequal, existing, service, service.self_adjusting(wanted))
    other_type = desired.task_type if desired.task_type not in (None, existing.task_type) else None
    return Differences(unequal, removed, other_type)
