# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares an endpoint with its declaration. Pure.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from .._inference.endpoint import Endpoint
from .._services.service import Service
from .declaration import Desired, Policy

_MISSING = object()


class Differences(NamedTuple):
    """What an endpoint has to get, and to lose, to be as declared."""

    settings: Mapping[str, Any] = {}
    removed: frozenset[str] = frozenset()
    task_type: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        head = ("task_type",) if self.task_type else ()
        return head + tuple(sorted([*self.settings, *self.removed]))

    def applied_to(self, existing: Endpoint, without: Iterable[str] = ()) -> Endpoint:
        """The endpoint with these differences.

        :param without: dotted paths that stay as they are.
        """
        kept = frozenset(without)
        settings = {path: value for path, value in existing.settings.items() if path not in self.removed - kept}
        settings.update({path: value for path, value in self.settings.items() if path not in kept})
        return existing._replace(settings=settings)


def differences(desired: Desired, existing: Endpoint, policy: Policy, service: Service) -> Differences:
    """Compares only what is declared; with C(unmanaged_settings=remove) also what is not."""
    shown = existing.settings
    # What looks like a secret is none if the server shows it.
    wanted = {**desired.settings, **{path: value for path, value in desired.secrets.items() if path in shown}}
    removed: frozenset[str] = frozenset()
    if policy.unmanaged_settings == "remove":
        # A default that is not shown, or that no update sets, is no reason to change anything.
        defaults = service.defaults(existing.task_type).items()
        wanted = {**{path: value for path, value in defaults if path in shown and not service.is_fixed(path)}, **wanted}
        removed = frozenset(
            path
            for path in shown
            if path.startswith("task_settings.") and path not in wanted and not service.is_required(path)
        )
    unequal = {path: value for path, value in wanted.items() if shown.get(path, _MISSING) != value}
    if unequal:
        # Where nothing differs, this is not needed.
        from .meaning import different  # noqa: PLC0415

        unequal = different(unequal, existing, service, service.self_adjusting(wanted))
    other_type = desired.task_type if desired.task_type not in (None, existing.task_type) else None
    return Differences(unequal, removed, other_type)
