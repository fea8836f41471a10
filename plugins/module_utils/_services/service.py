# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Description of an inference service by rows, one for each setting.

Private to the collection.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple, Sequence

from .._inference.endpoint import Server, flatten, nest
from .setting import Setting, Version

#: The first version with C(_update). Only its response shows what it updates in place (`elasticsearch.md`, "Update").
FIRST_UPDATE = (8, 17)

UNITS = {"task_settings": FIRST_UPDATE, "chunking_settings": (9, 5)}


def _no_settings(_settings: Mapping[str, Any]) -> Collection[str]:
    return ()


def _no_text(_value: Any) -> str:
    return ""


def _value_at(groups: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, or None."""
    value: Any = groups
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _unchanged(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return settings


def _no_errors(_settings: Mapping[str, Any]) -> list[str]:
    return []


def _rank_credentials(credentials: Sequence[str], settings: Mapping[str, Any]) -> tuple[int, bool]:
    """Rank how well settings match a set of credentials: by the number that is set, then by completeness."""
    held = sum(name in settings for name in credentials)
    return held, held == len(credentials)


class Service(NamedTuple):
    """An inference service. Settings are identified by dotted paths.

    A service can have settings without a row. Only the response of Elasticsearch shows how it treats them.

    :ivar task_types: supported task types.
    :ivar settings: rows of the settings, in the order of the documentation.
    :ivar model: the setting that identifies the model, or an empty string if unknown.
    :ivar credentials: alternative sets of secrets. An empty set means that credentials are optional.
    :ivar units: groups of settings that updates replace as a whole, with the first version that does so.
    :ivar default_task_type: the task type of new endpoints without one, or an empty string if it is required.
    :ivar stored_as: the service name of stored endpoints, if different.
    :ivar is_local: whether the models run in the cluster, which allocates them when an endpoint is created.
    :ivar merges_task_settings: whether updates merge task settings into the existing ones, instead of replacing them.
    :ivar self_adjusting: returns the settings that Elasticsearch adjusts itself, depending on other settings.
    :ivar secrets_optional_since: the first version that updates other service settings without the secrets.
    :ivar updates_validated_since: the first version whose C(_update) validates secrets with the provider.
    :ivar find_missing: returns settings that a create also requires, depending on other settings.
    :ivar normalize_settings: normalizes declared and returned settings, so that they can be compared.
    :ivar check: returns validation errors for settings that depend on each other, as sentences.
    :ivar advise: returns warnings about valid settings that the documentation advises against.
    :ivar explain: returns a hint for an Elasticsearch error, or an empty string.
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
    self_adjusting: Callable[[Mapping[str, Any]], Collection[str]] = _no_settings
    secrets_optional_since: Version = (9, 5)
    updates_validated_since: Version = (9, 4)
    find_missing: Callable[[Mapping[str, Any]], list[str]] = _no_errors
    normalize_settings: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _unchanged
    check: Callable[[Mapping[str, Any]], list[str]] = _no_errors
    advise: Callable[[Mapping[str, Any]], list[str]] = _no_errors
    explain: Callable[[str], str] = _no_text

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(setting.path for setting in self.settings if setting.secret)

    @property
    def named_credentials(self) -> str:
        """Names of the alternative credentials, as a part of a sentence."""
        return " or ".join(" and ".join(names) for names in self.credentials if names)

    def options(self) -> dict[str, Any]:
        """Return the argument spec of the settings, nested as in the API."""
        spec: dict[str, Any] = {}
        for setting in self.settings:
            *groups, name = setting.path.split(".")
            options = spec
            for group in groups:
                options = options.setdefault(group, {"type": "dict", "options": {}})["options"]
            options[name] = setting.option()
        return spec

    def flatten(self, groups: Mapping[str, Any]) -> dict[str, Any]:
        """Flatten nested settings to dotted paths. Maps, including empty ones, stay single values."""
        flat = flatten(groups)
        for path in self._map_paths():
            if _value_at(groups, path) == {}:
                flat[path] = {}
        return flat

    def normalize(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Normalize declared or returned settings, so that they can be compared."""
        for path in self._map_paths():
            inside = {name[len(path) + 1 :]: value for name, value in settings.items() if name.startswith(f"{path}.")}
            if inside:
                settings = {name: value for name, value in settings.items() if not name.startswith(f"{path}.")}
                settings[path] = nest(inside)
        return self.normalize_settings(settings)

    def _map_paths(self) -> list[str]:
        return [setting.path for setting in self.settings if setting.type == "dict"]

    def validate(self, settings: Mapping[str, Any]) -> list[str]:
        """Return validation errors for declared settings, as sentences."""
        found = []
        for setting in self.settings:
            problem = setting.validate(settings[setting.path]) if setting.path in settings else ""
            if problem:
                found.append(f"{setting.path} {problem}")
        # A setting can have several rows, one for each task type.
        found = list(dict.fromkeys(found))
        return found + self._validate_credentials(settings) + self.check(settings)

    def _validate_credentials(self, settings: Mapping[str, Any]) -> list[str]:
        """Return validation errors for the combination of credentials."""
        given = [names for names in self.credentials if any(name in settings for name in names)]
        if len(given) > 1:
            return [f"Only one kind of credentials can be set: {' or '.join(map(' and '.join, given))}."]
        return [
            f"{' and '.join(names)} must be set together."
            for names in given
            if not all(name in settings for name in names)
        ]

    def missing_settings(self, settings: Mapping[str, Any], task_type: str) -> list[str]:
        """Return the settings that a create requires and that are not set."""
        credentials = max(self.credentials, key=lambda names: _rank_credentials(names, settings), default=())
        required = [setting.path for setting in self._rows_for(task_type) if setting.required and not setting.secret]
        return [path for path in (*credentials, *required) if path not in settings] + self.find_missing(settings)

    def is_required(self, path: str) -> bool:
        """Return whether a create requires the setting."""
        return any(setting.required for setting in self.settings if setting.path == path)

    @property
    def stored_name(self) -> str:
        """Service name of stored endpoints."""
        return self.stored_as or self.name

    def row(self, path: str) -> Setting | None:
        """Return the row of a setting, or None."""
        return next((setting for setting in self.settings if setting.path == path), None)

    def drop_computed(self, settings: Mapping[str, Any], declared: Collection[str]) -> dict[str, Any]:
        """Remove settings that Elasticsearch sets itself, unless they are declared."""
        own = {row.path for row in self.settings if row.read_only or row.computed}
        own.update(self.self_adjusting(settings))
        return {path: value for path, value in settings.items() if path in declared or path not in own}

    def drop_read_only(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Remove settings that a create must not contain: read-only ones, and those that adjust automatically."""
        own = {row.path for row in self.settings if row.read_only}
        own.update(self.self_adjusting(settings))
        return {path: value for path, value in settings.items() if path not in own}

    def is_same(self, path: str, declared: Any, shown: Any) -> bool:
        """Return whether a declared and a returned value of a setting are equivalent."""
        if declared == shown:
            return True
        row = self.row(path)
        return row is not None and row.normalize(declared) == row.normalize(shown)

    def defaults(self, task_type: str) -> dict[str, Any]:
        """Return the default values of settings."""
        return {setting.path: setting.default for setting in self._rows_for(task_type) if setting.default is not None}

    def changes_in_place(self, path: str, server: Server) -> bool:
        """Return whether C(_update) of this version can update the setting."""
        since = self._updatable_since(path)
        return since is not None and server.version >= since

    def is_fixed(self, path: str) -> bool:
        """Return whether no version can update the setting in place."""
        return self._updatable_since(path) is None

    def needs_secrets(self, changes: Iterable[str], server: Server) -> bool:
        """Return whether Elasticsearch rejects an update with these changes if it does not contain the secrets."""
        # If credentials are optional, the endpoint may not have any.
        if not self.secrets or () in self.credentials or server.version >= self.secrets_optional_since:
            return False
        return any(path.startswith("service_settings.") for path in changes)

    def validates_updates(self, server: Server) -> bool:
        """Return whether updates certainly validate secrets with the provider."""
        return server.is_known and server.version >= self.updates_validated_since

    def select_update(self, changes: Iterable[str], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that an update with these changes must contain: single settings and whole units.

        :param settings: all settings of the desired state.
        """
        changed = frozenset(changes)
        units = tuple(f"{unit}." for unit in self._units_for(changed))
        whole = tuple(unit for unit in units if any(path.startswith(unit) for path in changed))
        body = {
            path: value
            for path, value in settings.items()
            if path.startswith(whole) or (path in changed and not path.startswith(units))
        }
        # An empty object replaces a unit whose last setting is removed.
        empty: dict[str, Any] = {unit[:-1]: {} for unit in whole if not any(path.startswith(unit) for path in body)}
        return {**body, **empty}

    def _units_for(self, changes: Iterable[str]) -> list[str]:
        """Return the units, including objects without a row that contain one of the changes."""
        unknown = {".".join(path.split(".")[:2]) for path in changes if path.count(".") > 1 and not self.row(path)}
        return [*self.units, *sorted(unknown)]

    def _rows_for(self, task_type: str) -> list[Setting]:
        return [setting for setting in self.settings if not setting.task_types or task_type in setting.task_types]

    def _updatable_since(self, path: str) -> Version | None:
        """Return the first version that can update the setting in place. A task type can never be updated."""
        if "." not in path:
            return None
        for unit, version in self.units.items():
            if path.startswith(f"{unit}."):
                return version
        return next((setting.changes_since for setting in self.settings if setting.path == path), FIRST_UPDATE)
