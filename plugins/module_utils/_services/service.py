# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of one inference service: one row per setting. Everything else is derived from the rows.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple, Sequence

from .._inference.endpoint import Server, flatten, nest
from .setting import Setting, Version

#: The first version that has C(_update). What it changes in place, its answer tells (`elasticsearch.md`, "Update").
TRIED = (8, 17)

UNITS = {"task_settings": TRIED, "chunking_settings": (9, 5)}


def _none_moving(_settings: Mapping[str, Any]) -> Collection[str]:
    return ()


def _nothing(_value: Any) -> str:
    return ""


def _nested(groups: Mapping[str, Any], path: str) -> Any:
    """The value at a path in nested groups; None if there is none."""
    value: Any = groups
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _unchanged(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return settings


def _no_problems(_settings: Mapping[str, Any]) -> list[str]:
    return []


def _fit(credentials: Sequence[str], settings: Mapping[str, Any]) -> tuple[int, bool]:
    """How well settings fit an alternative of credentials: by how much of it they have, then by whether that is all."""
    held = sum(name in settings for name in credentials)
    return held, held == len(credentials)


class Service(NamedTuple):
    """An inference service. Settings are named by their dotted paths.

    A service may have settings without a row. What servers make of them, their answers tell.

    :ivar task_types: those that it has.
    :ivar settings: its rows, in the order in which they are documented.
    :ivar model: the setting that names the model; empty if none is known.
    :ivar credentials: alternatives, each a set of secrets that go together; an empty one if they are optional.
    :ivar units: what an update replaces as a whole, and the first version that does.
    :ivar default_task_type: of a new endpoint whose declaration names none; empty if it has to name one.
    :ivar stored_as: the name under which the server stores its endpoints, if that is another.
    :ivar is_local: whether its models run in the cluster, which allocates them when an endpoint is created.
    :ivar merges_task_settings: whether an update adds to the task settings that are there. Others replace them.
    :ivar moving: the settings that change by themselves, given the settings of an endpoint.
    :ivar secrets_optional_since: the first version that changes service settings without the secrets beside them.
    :ivar updates_validated_since: the first version whose C(_update) asks the provider before it stores a secret.
    :ivar lacks: returns what a create needs beside settings, as far as that depends on them.
    :ivar normalise: makes settings comparable, those that are declared and those that a server shows alike.
    :ivar check: returns what is wrong with settings that depend on each other, as whole sentences.
    :ivar advise: returns what the documentation advises against, though it is valid.
    :ivar explain: returns what to do about an error of the server, given its words; empty if there is nothing to add.
    """

    name: str
    task_types: Sequence[str] = ()
    settings: Sequence[Setting] = ()
    model: str = ""
    credentials: Sequence[Sequence[str]] = ()
    units: Mapping[str, Version] = UNITS
    default_task_type: str = ""
    stored_as: str = ""
    is_local: bool = False
    merges_task_settings: bool = False
    moving: Callable[[Mapping[str, Any]], Collection[str]] = _none_moving
    secrets_optional_since: Version = (9, 5)
    updates_validated_since: Version = (9, 4)
    lacks: Callable[[Mapping[str, Any]], list[str]] = _no_problems
    normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _unchanged
    check: Callable[[Mapping[str, Any]], list[str]] = _no_problems
    advise: Callable[[Mapping[str, Any]], list[str]] = _no_problems
    explain: Callable[[str], str] = _nothing

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

    def flat(self, groups: Mapping[str, Any]) -> dict[str, Any]:
        """Settings by their paths, given as a declaration nests them. Maps are single values, empty ones too."""
        flat = flatten(groups)
        for path in self._maps():
            if _nested(groups, path) == {}:
                flat[path] = {}
        return flat

    def normal(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """The settings in their normal form, those that are declared and those that a server shows alike."""
        for path in self._maps():
            inside = {name[len(path) + 1 :]: value for name, value in settings.items() if name.startswith(f"{path}.")}
            if inside:
                settings = {name: value for name, value in settings.items() if not name.startswith(f"{path}.")}
                settings[path] = nest(inside)
        return self.normalise(settings)

    def _maps(self) -> list[str]:
        return [setting.path for setting in self.settings if setting.type == "dict"]

    def problems(self, settings: Mapping[str, Any]) -> list[str]:
        """What is wrong with declared settings, as whole sentences; empty if nothing is."""
        found = []
        for setting in self.settings:
            problem = setting.problem(settings[setting.path]) if setting.path in settings else ""
            if problem:
                found.append(f"{setting.path} {problem}")
        # A setting can have a row for each task type.
        found = list(dict.fromkeys(found))
        return found + self._credential_problems(settings) + self.check(settings)

    def _credential_problems(self, settings: Mapping[str, Any]) -> list[str]:
        """What is wrong with the choice of credentials."""
        given = [names for names in self.credentials if any(name in settings for name in names)]
        if len(given) > 1:
            return [f"Only one kind of credentials can be set: {' or '.join(map(' and '.join, given))}."]
        return [
            f"{' and '.join(names)} must be set together."
            for names in given
            if not all(name in settings for name in names)
        ]

    def missing(self, settings: Mapping[str, Any], task_type: str) -> list[str]:
        """What a create needs beside these settings."""
        credentials = max(self.credentials, key=lambda names: _fit(names, settings), default=())
        required = [setting.path for setting in self._of(task_type) if setting.required and not setting.secret]
        return [path for path in (*credentials, *required) if path not in settings] + self.lacks(settings)

    def is_required(self, path: str) -> bool:
        """Whether a create needs the setting."""
        return any(setting.required for setting in self.settings if setting.path == path)

    @property
    def stored_name(self) -> str:
        """The name under which the server stores its endpoints."""
        return self.stored_as or self.name

    def row(self, path: str) -> Setting | None:
        """What is known of a setting; None if nothing is."""
        return next((setting for setting in self.settings if setting.path == path), None)

    def kept(self, settings: Mapping[str, Any], declared: Collection[str]) -> dict[str, Any]:
        """The settings without those that the server fills in anew, unless they are declared."""
        own = {row.path for row in self.settings if row.read_only or row.filled_in}
        own.update(self.moving(settings))
        return {path: value for path, value in settings.items() if path in declared or path not in own}

    def given(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that a create gets: without what the server takes from nobody, and what moves by itself."""
        own = {row.path for row in self.settings if row.read_only}
        own.update(self.moving(settings))
        return {path: value for path, value in settings.items() if path not in own}

    def is_same(self, path: str, declared: Any, shown: Any) -> bool:
        """Whether two values of a setting mean the same."""
        if declared == shown:
            return True
        row = self.row(path)
        return row is not None and row.form(declared) == row.form(shown)

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
        # Where credentials are optional, the endpoint may have none.
        if not self.secrets or () in self.credentials or server.version >= self.secrets_optional_since:
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
        units = tuple(f"{unit}." for unit in self._units_with(changed))
        whole = tuple(unit for unit in units if any(path.startswith(unit) for path in changed))
        body = {
            path: value
            for path, value in settings.items()
            if path.startswith(whole) or (path in changed and not path.startswith(units))
        }
        # A unit that loses its last setting is replaced by an empty one.
        empty: dict[str, Any] = {unit[:-1]: {} for unit in whole if not any(path.startswith(unit) for path in body)}
        return {**body, **empty}

    def _units_with(self, changes: Iterable[str]) -> list[str]:
        """The units, and the objects without a row that have one of these settings."""
        unknown = {".".join(path.split(".")[:2]) for path in changes if path.count(".") > 1 and not self.row(path)}
        return [*self.units, *sorted(unknown)]

    def _of(self, task_type: str) -> list[Setting]:
        return [setting for setting in self.settings if not setting.task_types or task_type in setting.task_types]

    def _since(self, path: str) -> Version | None:
        """The first version that changes the setting in place. The task type is no setting of a group."""
        if "." not in path:
            return None
        for unit, version in self.units.items():
            if path.startswith(f"{unit}."):
                return version
        return next((setting.changes_since for setting in self.settings if setting.path == path), TRIED)
