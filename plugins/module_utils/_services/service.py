# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of one inference service: one row per setting. Everything else is derived from the rows.

Private to the collection.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence, Tuple

from .._inference.endpoint import Server

#: Major and minor number of a version of Elasticsearch.
Version = Tuple[int, int]


def _nothing(_value: Any) -> str:
    return ""


def _fit(credentials: Sequence[str], settings: Mapping[str, Any]) -> tuple[int, bool]:
    """How well settings fit an alternative of credentials: by how much of it they have, then by whether that is all."""
    held = sum(name in settings for name in credentials)
    return held, held == len(credentials)


class Setting(NamedTuple):
    """One setting of a service.

    :ivar path: dotted, as in C(service_settings.model_id).
    :ivar type: its type in an argument spec.
    :ivar required: whether a create needs it.
    :ivar secret: whether it is a credential, which no server shows.
    :ivar default: what the server fills in, and shows, where nothing is given.
    :ivar changes_since: the first version whose C(_update) changes it; None if only a re-creation does. Of a setting in
        a unit, the unit decides.
    :ivar minimum: the smallest number that is valid.
    :ivar choices: the texts that are valid; any if empty.
    :ivar task_types: the task types that have the setting; all if empty.
    :ivar check: returns what is wrong with a value, as the rest of a sentence about it; empty if nothing is.
    """

    path: str
    type: str = "str"
    required: bool = False
    secret: bool = False
    default: Any = None
    changes_since: Version | None = None
    minimum: float | None = None
    choices: Sequence[str] = ()
    task_types: Sequence[str] = ()
    check: Callable[[Any], str] = _nothing

    def option(self) -> dict[str, Any]:
        """Its option in an argument spec."""
        choices = {"choices": list(self.choices)} if self.choices else {}
        # Said of each: ansible-core warns of names that look like those of secrets.
        return {"type": self.type, "no_log": self.secret, **choices}

    def problem(self, value: Any) -> str:
        """What is wrong with a value of the right type, as the rest of a sentence about it; empty if nothing is."""
        if self.type == "float" and not math.isfinite(value):
            return f"must be a finite number, not {value}."
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}, not {value}."
        if (self.required or self.secret) and value == "":
            return "is empty."
        return self.check(value)


class Service(NamedTuple):
    """An inference service. Settings are named by their dotted paths.

    :ivar task_types: those that it has; a new endpoint whose declaration names none gets the first.
    :ivar settings: its rows, in the order in which they are documented.
    :ivar model: the setting that names the model.
    :ivar credentials: alternatives, each a set of secrets that go together.
    :ivar units: what an update replaces as a whole, and the first version that does.
    :ivar secrets_optional_since: the first version that changes service settings without the secrets beside them.
    :ivar updates_validated_since: the first version whose C(_update) asks the provider before it stores a secret.
    :ivar normalise: makes settings comparable, those that are declared and those that a server shows alike.
    :ivar check: returns what is wrong with settings that depend on each other, as whole sentences.
    :ivar advise: returns what the documentation advises against, though it is valid.
    :ivar explain: returns what to do about an error of the server, given its words; empty if there is nothing to add.
    """

    name: str
    task_types: Sequence[str]
    settings: Sequence[Setting]
    model: str
    credentials: Sequence[Sequence[str]]
    units: Mapping[str, Version]
    secrets_optional_since: Version
    updates_validated_since: Version
    normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    check: Callable[[Mapping[str, Any]], list[str]]
    advise: Callable[[Mapping[str, Any]], list[str]]
    explain: Callable[[str], str]

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(setting.path for setting in self.settings if setting.secret)

    @property
    def named_credentials(self) -> str:
        """The alternatives of credentials, as a part of a sentence."""
        return " or ".join(" and ".join(names) for names in self.credentials if names)

    def options(self) -> dict[str, Any]:
        """The argument spec of the settings, nested as the API nests them."""
        spec: dict[str, Any] = {}
        for setting in self.settings:
            *groups, name = setting.path.split(".")
            options = spec
            for group in groups:
                options = options.setdefault(group, {"type": "dict", "options": {}})["options"]
            options[name] = setting.option()
        return spec

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """What is wrong with declared settings, as whole sentences; empty if nothing is."""
        found = []
        for setting in self.settings:
            problem = setting.problem(settings[setting.path]) if setting.path in settings else ""
            if problem:
                found.append(f"{setting.path} {problem}")
        return found + self.check(settings)

    def missing(self, settings: Mapping[str, Any], task_type: str) -> list[str]:
        """What a create needs beside these settings."""
        credentials = max(self.credentials, key=lambda names: _fit(names, settings), default=())
        required = [setting.path for setting in self._of(task_type) if setting.required and not setting.secret]
        return [path for path in (*credentials, *required) if path not in settings]

    def is_required(self, path: str) -> bool:
        """Whether a create needs the setting."""
        return any(setting.required for setting in self.settings if setting.path == path)

    def defaults(self, task_type: str) -> dict[str, Any]:
        """What the server fills in."""
        return {setting.path: setting.default for setting in self._of(task_type) if setting.default is not None}

    def changes_in_place(self, path: str, server: Server) -> bool:
        """Whether this server's C(_update) changes the setting."""
        since = self._since(path)
        return since is not None and server.version >= since

    def is_fixed(self, path: str) -> bool:
        """Whether no version changes the setting in place."""
        return self._since(path) is None

    def needs_secrets(self, changes: Iterable[str], server: Server) -> bool:
        """Whether the server rejects an update with these changes unless it holds the secrets, too."""
        if not self.secrets or server.version >= self.secrets_optional_since:
            return False
        return any(path.startswith("service_settings.") for path in changes)

    def validates_updates(self, server: Server) -> bool:
        """Whether the server is known to ask the provider before it stores a secret."""
        return server.is_known and server.version >= self.updates_validated_since

    def update_of(self, changes: Iterable[str], settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that an update with these changes has to hold: single ones, and units as a whole.

        :param settings: all settings that the endpoint is to have.
        """
        changed = frozenset(changes)
        units = tuple(f"{unit}." for unit in self.units)
        whole = tuple(unit for unit in units if any(path.startswith(unit) for path in changed))
        body = {
            path: value
            for path, value in settings.items()
            if path.startswith(whole) or (path in changed and not path.startswith(units))
        }
        # A unit that loses its last setting is replaced by an empty one.
        empty: dict[str, Any] = {unit[:-1]: {} for unit in whole if not any(path.startswith(unit) for path in body)}
        return {**body, **empty}

    def _of(self, task_type: str) -> list[Setting]:
        return [setting for setting in self.settings if not setting.task_types or task_type in setting.task_types]

    def _since(self, path: str) -> Version | None:
        """The first version that changes the setting in place."""
        for unit, version in self.units.items():
            if path.startswith(f"{unit}."):
                return version
        return next((setting.changes_since for setting in self.settings if setting.path == path), None)
