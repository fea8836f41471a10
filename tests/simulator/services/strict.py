# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the service settings of the services with an `ObjectParser`, as 9.6 or later does.

Sources: `common/parser/ServiceSettingsOPBuilder`, `UpdateServiceSettingsOPBuilder`, `EnumParser`,
`RateLimitSettings.declareRateLimitSettings`, and the `createParser` of each service. The first problem ends the
parsing. Derived: the messages for invalid numbers.
"""

from __future__ import annotations

from typing import Any

from ..errors import Cause, illegal_argument
from ..jsontext import render
from ..strict_parser import LIMIT, column_of, failed_field, rate_limit, unknown_field, wrong_token
from .rows import Service, Setting

TYPES: dict[str, type] = {"boolean": bool, "texts": list, "strings": dict, "values": dict, "object": dict}
NUMBERS = ("positive", "integer")


def checked(service: Service, given: dict[str, Any], settings: tuple[Setting, ...], *, nulls: bool) -> dict[str, Any]:
    """Return the settings with numbers as numbers. `nulls`: whether null is a value, as in an `_update`.

    Raises ApiError for unknown names and for values of wrong types.
    """
    known = {setting.name: setting for setting in settings if setting.given}
    found = {}
    for name, value in given.items():
        if (name == LIMIT and service.limit is not None) or name in service.secret_names:
            found[name] = value
        elif name not in known:
            raise unknown_field(given, name)
        elif value is None and nulls:
            found[name] = None
        else:
            found[name] = _value(given, known[name], value)
    return found


def limit_of(given: dict[str, Any]) -> int | None:
    """Return the number in `rate_limit`, or None if it is not set. Raises ApiError."""
    value = given.get(LIMIT)
    return None if value is None else rate_limit(given, value)


def _value(given: dict[str, Any], setting: Setting, value: Any) -> Any:
    if setting.kind in NUMBERS:
        return _number(given, setting.name, value)
    if not isinstance(value, TYPES.get(setting.kind, str)):
        raise wrong_token(given, setting.name, value)
    if setting.kind == "choice" and str(value).strip().lower() not in setting.choices:
        words = f"Invalid value [{value}]; expected one of [{', '.join(setting.choices)}]"
        raise _failed(given, setting.name, words)
    return value


def _number(given: dict[str, Any], name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise wrong_token(given, name, value)
    try:
        number = int(value)
    except ValueError:
        raise _failed(given, name, f'For input string: "{value}"') from None
    if isinstance(value, float) and value != number:
        raise _failed(given, name, f"{value} cannot be converted to Integer without data loss")
    return number


def _failed(given: dict[str, Any], name: str, words: str) -> Exception:
    column = column_of(given, name) + len(render(name)) + 1
    return failed_field(column, name, Cause("illegal_argument_exception", words))


def first_problem(problems: list[str]) -> None:
    """Report the first problem, as a parser does. Raises ApiError."""
    if problems:
        raise illegal_argument(problems[0])
