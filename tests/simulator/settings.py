# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking typed settings out of a map, with the server's words for what is wrong."""

from __future__ import annotations

import re
from typing import Any

from .errors import ApiError, bad_request, invalid
from .jsontext import is_whole, java_text
from .versions import Version

INTEGERS = range(-(2**31), 2**31)
LONGS = range(-(2**63), 2**63)


class SettingsReader:
    """Takes the known settings out of one map; what remains in `left` is unknown to the service.

    Problems are collected, to be told all at once. A null counts as left out, as in the server.
    """

    def __init__(self, settings: dict[str, Any], scope: str) -> None:
        self.left = dict(settings)
        self.scope = scope
        self.problems: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str | None:
        """A string that is not empty."""
        value = self._take(name, required)
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong_type(name, value, "String")
            return None
        if not value:
            self.problems.append(f"[{self.scope}] Invalid value empty string. [{name}] must be a non-empty string")
        return value

    def integer(self, name: str) -> int | None:
        """A 32-bit integer."""
        return self._integer(name, self._take(name, required=False))

    def positive_integer(self, name: str, *, required: bool = False) -> int | None:
        """A 32-bit integer above zero."""
        value = self._integer(name, self._take(name, required))
        if value is not None and value <= 0:
            self.problems.append(f"[{self.scope}] Invalid value [{value}]. [{name}] must be a positive integer")
        return value

    def positive_long(self, name: str) -> int | None:
        """A 64-bit integer above zero."""
        value = self._take(name, required=False)
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

    def double(self, name: str) -> float | None:
        """A number; a whole one becomes a double (reference: An endpoint)."""
        value = self._take(name, required=False)
        if value is None:
            return None
        if type(value) not in (int, float):
            self._wrong_type(name, value, "Double")
            return None
        return float(value)

    def map(self, name: str) -> dict[str, Any] | None:
        """An object."""
        value = self._take(name, required=False)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._wrong_type(name, value, "Map")
            return None
        return value

    def uri(self, name: str) -> str | None:
        """A string that Java can read as a URI."""
        value = self.text(name)
        if value and re.search(r"[\s<>\"{}|\\^`]", value):
            self.problems.append(
                f"[{self.scope}] Invalid url [{value}] received for field [{name}]. "
                f"Error: unable to parse url [{value}]. Reason: Illegal character in path"
            )
        return value

    def check(self) -> None:
        """Tell the problems found. Raises ApiError."""
        if self.problems:
            raise invalid(self.problems)

    def check_nothing_left(self, version: Version) -> None:
        """Refuse settings the service does not know. Raises ApiError."""
        if self.left:
            raise unknown_settings(self.left, version)

    def _take(self, name: str, required: bool) -> Any:
        value = self.left.pop(name, None)
        if value is None and required:
            self.problems.append(f"[{self.scope}] does not contain the required setting [{name}]")
        return value

    def _integer(self, name: str, value: Any) -> int | None:
        if value is None:
            return None
        if not is_whole(value) or value not in INTEGERS:
            self._wrong_type(name, value, "Integer")
            return None
        return value

    def _wrong_type(self, name: str, value: Any, expected: str) -> None:
        self.problems.append(
            f"field [{name}] is not of the expected type. "
            f"The value [{java_text(value)}] cannot be converted to a [{expected}]"
        )


def unknown_settings(settings: dict[str, Any], version: Version) -> ApiError:
    """The 400 that echoes the offending map, secrets included (reference: An endpoint)."""
    return bad_request(
        f"{version.configuration_word} contains settings [{java_text(settings)}] unknown to the [anthropic] service"
    )
