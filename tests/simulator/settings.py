# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read typed settings from a map, and report problems in the words of the server (`ServiceUtils`)."""

from __future__ import annotations

import re
from typing import Any

from .errors import ApiError, bad_request, invalid
from .jsontext import is_whole, java_text
from .versions import Version

INTEGERS = range(-(2**31), 2**31)
LONGS = range(-(2**63), 2**63)
_NOT_IN_URI = re.compile(r"[\s<>\"{}|\\^`]")


class SettingsReader:
    """Reads the known settings from a map. The settings that remain in `left` are unknown to the service.

    Problems are collected and reported together. As in the server, null is treated as not set.
    """

    def __init__(self, settings: dict[str, Any], scope: str) -> None:
        self.left = dict(settings)
        self.scope = scope
        self.problems: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Read a non-empty string (`extractRequiredString`, `extractOptionalString`)."""
        value = self.taken(name, required=required)
        if value is None:
            return None
        if not isinstance(value, str):
            self.problems.append(wrong_type(name, value, "String"))
            return None
        if not value:
            self.problems.append(empty_text(self.scope, name))
        return value

    def positive_integer(self, name: str, *, required: bool = False) -> int | None:
        """Read a positive 32-bit integer (`extractRequiredPositiveInteger`)."""
        value = self.taken(name, required=required)
        if value is None:
            return None
        if not is_whole(value) or value not in INTEGERS:
            self.problems.append(wrong_type(name, value, "Integer"))
            return None
        if value <= 0:
            self.problems.append(f"[{self.scope}] Invalid value [{value}]. [{name}] must be a positive integer")
        return value

    def positive_long(self, name: str) -> int | None:
        """Read a positive 64-bit integer (`extractOptionalPositiveLong`)."""
        value = self.taken(name, required=False)
        if value is None:
            return None
        if not is_whole(value) or value not in LONGS:
            self.problems.append(
                f"field [{name}] is not of one of the expected types. "
                f"The value [{java_text(value)}] cannot be converted to one of [Integer, Long]"
            )
            return None
        if value <= 0:
            self.problems.append(f"[{self.scope}] Invalid value [{value}]. [{name}] must be a positive long")
        return value

    def integer_at_once(self, name: str) -> int | None:
        """Read a 32-bit integer. Reject other values immediately (`removeAsType`). Raises ApiError."""
        value = self.left.pop(name, None)
        if value is None or (is_whole(value) and value in INTEGERS):
            return value
        raise bad_request(wrong_type(name, value, "Integer"))

    def double_at_once(self, name: str) -> float | None:
        """Read a number with a decimal point. Reject other values immediately (`removeAsType`). Raises ApiError."""
        value = self.left.pop(name, None)
        if value is None or isinstance(value, float):
            return value
        raise bad_request(wrong_type(name, value, "Double"))

    def map(self, name: str) -> dict[str, Any] | None:
        """Read an object. Other values break a cast (`removeFromMapOrDefaultEmpty`). Raises ApiError (500)."""
        value = self.left.pop(name, None)
        if value is None or isinstance(value, dict):
            return value
        raise broken_cast(value, "java.util.Map")

    def check(self) -> None:
        """Report all problems that were found. Raises ApiError."""
        if self.problems:
            raise invalid(self.problems)

    def check_nothing_left(self, version: Version, service: str = "anthropic") -> None:
        """Reject settings that the service does not support (`throwIfNotEmptyMap`). Raises ApiError."""
        if self.left:
            raise unknown_settings(self.left, version, service)

    def taken(self, name: str, *, required: bool = False) -> Any:
        """Remove a value of any type from the map and return it."""
        value = self.left.pop(name, None)
        if value is None and required:
            self.problems.append(missing(self.scope, name))
        return value


def wrong_type(name: str, value: object, expected: str) -> str:
    """Return the message of `ServiceUtils.invalidTypeErrorMsg`."""
    return (
        f"field [{name}] is not of the expected type. "
        f"The value [{java_text(value)}] cannot be converted to a [{expected}]"
    )


def empty_text(scope: str, name: str) -> str:
    """Return the message of `ServiceUtils.mustBeNonEmptyString`."""
    return f"[{scope}] Invalid value empty string. [{name}] must be a non-empty string"


def missing(scope: str, name: str) -> str:
    """Return the message of `ServiceUtils.missingSettingErrorMsg`."""
    return f"[{scope}] does not contain the required setting [{name}]"


def uri_problem(value: str) -> str | None:
    """Return the problem that Java reports for a URI (`ServiceUtils.createUri`), None if it is valid."""
    if _NOT_IN_URI.search(value):
        return f"unable to parse url [{value}]. Reason: Illegal character in path"
    return None


def broken_cast(value: object, expected: str) -> ApiError:
    """Return the 500 for a value that the server casts without a check. Derived: the message is that of Java."""
    found = _java_class(value)
    where = f"{found} and {expected} are in module java.base of loader 'bootstrap'"
    reason = f"class {found} cannot be cast to class {expected} ({where})"
    return ApiError(500, "class_cast_exception", reason)


def _java_class(value: object) -> str:
    names = {bool: "Boolean", int: "Integer", float: "Double", str: "String"}
    if type(value) in names:
        return f"java.lang.{names[type(value)]}"
    return "java.util.ArrayList" if isinstance(value, list) else "java.util.HashMap"


def unknown_settings(settings: dict[str, Any], version: Version, service: str = "anthropic") -> ApiError:
    """Return the 400 that echoes the unknown settings, including secrets (`elasticsearch.md`, "An endpoint")."""
    return bad_request(
        f"{version.configuration_word} contains settings [{java_text(settings)}] unknown to the [{service}] service"
    )


def read_rate_limit(reader: SettingsReader, version: Version, service: str) -> int | None:
    """Return the rate limit as map-based services read it (`RateLimitSettings.of`). Raises ApiError.

    Derived: an update in 9.4 rejects unknown names, as a create does.
    """
    limit = SettingsReader(reader.map("rate_limit") or {}, "rate_limit")
    requests_per_minute = limit.positive_long("requests_per_minute")
    reader.problems += limit.problems
    if limit.left and version.minor >= (9, 5):
        reader.problems.append(f"Rate limit settings contain unknown entries [{java_text(limit.left)}]")
    elif limit.left:
        raise bad_request(
            f"{version.configuration_word} contains unknown settings [{java_text(limit.left)}] "
            f"while parsing field [rate_limit] for settings [{service}]"
        )
    return requests_per_minute
