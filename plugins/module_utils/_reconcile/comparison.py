# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares an endpoint with its declaration. Pure.

Private to the collection.
"""

from __future__ import annotations

import json
from typing import Any, Collection, Iterable, Mapping, NamedTuple

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
        wanted = {**service.defaults(existing.task_type), **wanted}
        removed = frozenset(
            path
            for path in shown
            if path.startswith("task_settings.") and path not in wanted and not service.is_required(path)
        )
    unequal = {path: value for path, value in wanted.items() if shown.get(path, _MISSING) != value}
    if unequal:
        unequal = _by_meaning(unequal, existing, service, service.moving(wanted))
    other_type = desired.task_type if desired.task_type not in (None, existing.task_type) else None
    return Differences(unequal, removed, other_type)


def _by_meaning(
    unequal: Mapping[str, Any], existing: Endpoint, service: Service, moving: Collection[str]
) -> dict[str, Any]:
    """Those of unequal settings whose values also differ in what they mean.

    :param moving: settings that change by themselves.
    """
    different = {}
    for path, value in unequal.items():
        shown, row = existing.settings.get(path, _MISSING), service.row(path)
        is_hidden = shown is _MISSING and (value == {} or (row is not None and row.unseen))
        read = value if row else _read_as(value, shown)
        if not (is_hidden or path in moving or service.is_same(path, read, shown)):
            different[path] = read
    return different


def _read_as(value: Any, shown: Any) -> Any:
    """A text as a value of the type of what is shown, since Jinja makes texts of numbers and booleans."""
    if not isinstance(value, str) or not isinstance(shown, (bool, int, float)):
        return value
    try:
        read = json.loads(value.lower())
    except ValueError:
        return value
    return read if isinstance(read, (bool, int, float)) and isinstance(read, bool) == isinstance(shown, bool) else value
