# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the value of a setting by its kind, and report problems with the messages of the server.

Sources: `ServiceUtils.extract*`, `ServiceUtils.validateMapValues`, `common/parser/Headers`, `QueryParameters`,
`CustomServiceSettings`. Derived: the messages for invalid list entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import bad_request
from ..jsontext import java_text
from ..settings import INTEGERS, SettingsReader, uri_problem, wrong_type
from ..versions import Version
from .rows import Setting

JAVA_NAMES = {bool: "Boolean", int: "Integer", float: "Double", str: "String", list: "ArrayList", dict: "HashMap"}


class Reading:
    """The context in which a service reads the settings of a map: task type, version, and the reporting of problems."""

    def __init__(self, reader: SettingsReader, task_type: str, version: Version, parsers: bool = False) -> None:
        self.reader = reader
        self.task_type = task_type
        self.version = version
        self.parsers = parsers

    def read(self, setting: Setting, *, required: bool = False) -> Any:
        """Remove the value of a setting from the map and return it in stored form, or None if it is not set."""
        value = READERS[setting.kind](self, setting, required)
        if value is None:
            return None
        if setting.kind in ("positive", "integer", "double"):
            self._check_range(setting, value)
        return shown(setting, value)

    def problem(self, words: str) -> None:
        """Collect a problem, so that all problems are reported together."""
        self.reader.problems.append(words)

    def _check_range(self, setting: Setting, value: float) -> None:
        place = f"[{self.reader.scope}] Invalid value [{java_text(float(value))}]. [{setting.name}] must be"
        if setting.high is not None and value > setting.high:
            self.problem(f"{place} less than or equal to [{float(setting.high)}]")
        if setting.low is not None and value < setting.low:
            self.problem(f"{place} a greater than or equal to [{float(setting.low)}]")

    def take(self, setting: Setting, kind: type, required: bool) -> Any:
        """Remove a value of one Java class from the map and return it."""
        value = self.reader.taken(setting.name, required=required)
        if value is None:
            return None
        if JAVA_NAMES.get(type(value)) != JAVA_NAMES[kind]:
            self.problem(wrong_type(setting.name, value, JAVA_NAMES[kind]))
            return None
        return value


def shown(setting: Setting, value: Any) -> Any:
    """Return the value as the server shows it."""
    if setting.shown == "upper":
        return value.upper()
    if setting.shown == "folded":
        return dict(setting.folds).get(value, value)
    return value


def _text(reading: Reading, setting: Setting, required: bool) -> str | None:
    return reading.reader.text(setting.name, required=required)


def _uri(reading: Reading, setting: Setting, required: bool) -> str | None:
    value = reading.reader.text(setting.name, required=required)
    problem = uri_problem(value) if value else None
    if problem and not reading.parsers:
        scope = reading.reader.scope
        problem = f"[{scope}] Invalid url [{value}] received for field [{setting.name}]. Error: {problem}"
    if problem:
        reading.problem(problem)
    return value


def _choice(reading: Reading, setting: Setting, required: bool) -> str | None:
    value = reading.reader.text(setting.name, required=required)
    if not value:
        return None
    normal = value if setting.kind == "exact" else value.strip().lower()
    if normal in setting.choices:
        return normal
    choices = ", ".join(sorted(setting.choices))
    if setting.name == "http_schema":
        reading.problem("Invalid value for [http_schema]. Must be one of [https, http]")
    else:
        scope = reading.reader.scope
        reading.problem(f"[{scope}] Invalid value [{value}] received. [{setting.name}] must be one of [{choices}]")
    return None


def _positive(reading: Reading, setting: Setting, required: bool) -> int | None:
    return reading.reader.positive_integer(setting.name, required=required)


def _integer(reading: Reading, setting: Setting, required: bool) -> int | None:
    value: int | None = reading.take(setting, int, required)
    if value is not None and value not in INTEGERS:
        reading.problem(wrong_type(setting.name, value, "Integer"))
        return None
    return value


def _double(reading: Reading, setting: Setting, required: bool) -> float | None:
    value: float | None = reading.take(setting, float, required)
    return value


def _boolean(reading: Reading, setting: Setting, required: bool) -> bool | None:
    value: bool | None = reading.take(setting, bool, required)
    return value


def _texts(reading: Reading, setting: Setting, required: bool) -> list[str] | None:
    value = reading.take(setting, list, required)
    if value is not None and not all(isinstance(item, str) and item for item in value):
        reading.problem(
            f"[{reading.reader.scope}] Invalid value [{java_text(value)}]. [{setting.name}] must be strings"
        )
    return value or None


def _strings(reading: Reading, setting: Setting, required: bool) -> dict[str, Any] | None:
    return _scalars(reading, setting, required, (str,))


def _values(reading: Reading, setting: Setting, required: bool) -> dict[str, Any] | None:
    return _scalars(reading, setting, required, (str, int, float, bool))


def _scalars(reading: Reading, setting: Setting, required: bool, kinds: tuple[type, ...]) -> dict[str, Any] | None:
    given = reading.take(setting, dict, required)
    if given is None:
        return None
    names = sorted(JAVA_NAMES[kind] for kind in kinds)
    kept = {}
    for key, value in given.items():
        if value is None:
            continue
        if type(value) not in kinds:
            reading.problem(
                f"Map field [{setting.name}] has an entry that is not valid, [{key} => {java_text(value)}]. "
                f"Value type of [{java_text(value)}] is not one of [{', '.join(names)}]."
            )
        kept[key.lower() if setting.choices else key] = value
    return kept or (setting.filled if setting.filled is not None else None)


def _pairs(reading: Reading, setting: Setting, required: bool) -> list[list[str]] | None:
    """Read `query_parameters`: a list of pairs of strings (`extractOptionalListOfStringTuples`)."""
    value = reading.take(setting, list, required)
    if value is None:
        return None
    for number, pair in enumerate(value):
        if problem := _pair_problem(pair):
            where = f"[{reading.reader.scope}] failed to parse tuple list entry [{number}] for setting [{setting.name}]"
            reading.problem(f"{where}, {problem}")
    return value or None


def _pair_problem(pair: object) -> str | None:
    if not isinstance(pair, list):
        return f"expected a list but the entry is [{JAVA_NAMES.get(type(pair), 'Object')}]"
    if len(pair) != 2:
        return f"the tuple list size must be two, but was [{len(pair)}]"
    for place, item in zip(("first", "second"), pair, strict=True):
        if not isinstance(item, str):
            return f"the {place} element must be a string but was [{JAVA_NAMES.get(type(item), 'Object')}]"
    return None


def _object(reading: Reading, setting: Setting, required: bool) -> dict[str, Any] | None:
    """Read the settings in an object. Unknown names are rejected immediately. Raises ApiError."""
    given = reading.take(setting, dict, required)
    if given is None:
        return None
    scope = f"{reading.reader.scope}.{setting.name}"
    inner = Reading(SettingsReader(given, scope), reading.task_type, reading.version, reading.parsers)
    kept = read_all(inner, setting.fields, fill=True)
    reading.reader.problems += inner.reader.problems
    if inner.reader.left and not inner.reader.problems:
        raise bad_request(
            f"{reading.version.configuration_word} contains unknown settings [{java_text(inner.reader.left)}] "
            f"while parsing field [{setting.name}] for settings [{setting.parser}]"
        )
    return kept or None


def read_all(reading: Reading, settings: tuple[Setting, ...], *, fill: bool) -> dict[str, Any]:
    """Read all settings of a map. `fill`: whether to require and fill in missing values, as in a create."""
    found: dict[str, Any] = {}
    for setting in settings:
        if not (setting.serves(reading.task_type) and setting.given):
            continue
        value = reading.read(setting, required=fill and setting.required_for(reading.task_type))
        if value is None and fill and (default := setting.default(reading.task_type)) is not None:
            value = shown(setting, default)
        if value is not None:
            found[setting.name] = value
    return found


READERS: dict[str, Callable[[Reading, Setting, bool], Any]] = {
    "text": _text,
    "uri": _uri,
    "choice": _choice,
    "exact": _choice,
    "positive": _positive,
    "integer": _integer,
    "double": _double,
    "boolean": _boolean,
    "texts": _texts,
    "strings": _strings,
    "values": _values,
    "pairs": _pairs,
    "object": _object,
}
