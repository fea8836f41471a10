# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expected responses of the reference, and the differences of actual responses from them.

Strings can contain "…", which matches any text. Numbers match only numbers of the same type: 1 is not 1.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LONGEST_TEXT = 600


class Contradiction(Exception):
    """The behavior of the server differs from the reference."""

    def __init__(self, request: str, expected: str, observed: str) -> None:
        super().__init__(f"{request}\nexpected: {expected}\nobserved: {observed}")
        self.request = request
        self.expected = expected
        self.observed = observed


class NotTestable(Exception):
    """The server, the user, or the environment does not allow the row to be tested. The message is the reason."""


class _Absent:
    def __repr__(self) -> str:
        return "absent"


class _Anything:
    def __repr__(self) -> str:
        return "…"


ABSENT: Final = _Absent()
ANYTHING: Final = _Anything()


@dataclass(frozen=True)
class Including:
    """A list that contains at least these items."""

    items: tuple[Any, ...]


def matches(expected: Any, observed: Any) -> bool:
    """Return whether a JSON value matches. Objects can have more members than expected."""
    if expected is ANYTHING:
        return True
    if isinstance(expected, Mapping):
        return isinstance(observed, dict) and all(_has(observed, name, value) for name, value in expected.items())
    if isinstance(expected, Including):
        return isinstance(observed, list) and all(
            any(matches(item, one) for one in observed) for item in expected.items
        )
    if isinstance(expected, list):
        same_length = isinstance(observed, list) and len(expected) == len(observed)
        return same_length and all(matches(*pair) for pair in zip(expected, observed, strict=True))
    if isinstance(expected, str):
        return isinstance(observed, str) and text_matches(expected, observed)
    return type(expected) is type(observed) and bool(expected == observed)


def _has(observed: dict[str, Any], name: str, expected: Any) -> bool:
    if expected is ABSENT:
        return name not in observed
    return name in observed and matches(expected, observed[name])


def text_matches(pattern: str, text: str) -> bool:
    """Return whether the text matches the pattern, in which "…" matches any text."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("…")), text, re.DOTALL) is not None


@dataclass(frozen=True)
class Error:
    """An error of the server. `type` and `cause`: None if the reference does not define them."""

    status: int
    type: str | None = None
    reason: str = "…"
    cause: str | None = None

    def matches(self, status: int, body: Any) -> bool:
        """Return whether the response is this error."""
        error: dict[str, Any] = {"reason": self.reason}
        if self.type:
            error["type"] = self.type
        if self.cause:
            error["caused_by"] = {"reason": self.cause}
        return status == self.status and matches({"error": error, "status": self.status}, body)

    def __str__(self) -> str:
        """Return a description of the error."""
        cause = f', caused by "{self.cause}"' if self.cause else ""
        return f'{self.status} {self.type or "error of any type"} "{self.reason}"{cause}'


@dataclass(frozen=True)
class Success:
    """A 200 whose body contains at least these members."""

    body: Any = ANYTHING

    def matches(self, status: int, body: Any) -> bool:
        """Return whether the response is this success."""
        return status == 200 and matches(self.body, body)

    def __str__(self) -> str:
        """Return a description of the success."""
        return f"200 {_words(self.body)}"


@dataclass(frozen=True)
class PlainError:
    """An error whose `error` is a string, as the REST layer returns it for unknown paths and methods."""

    status: int
    text: str

    def matches(self, status: int, body: Any) -> bool:
        """Return whether the response is this error."""
        return status == self.status and matches({"error": self.text}, body)

    def __str__(self) -> str:
        """Return a description of the error."""
        return f'{self.status} "{self.text}"'


Expected = Error | Success | PlainError


def _words(expected: Any) -> str:
    return json.dumps(expected, ensure_ascii=False, default=_plain)


def _plain(expected: Any) -> Any:
    return [*expected.items, "…"] if isinstance(expected, Including) else repr(expected)


def shortened(text: str) -> str:
    """Return the text without its middle if it is long."""
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return f"{text[:half]} … {text[-half:]}"
