# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON as Elasticsearch reads it (strictly) and writes it (with the number formats of Java)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, TypeGuard

_encode = json.JSONEncoder(ensure_ascii=False).encode


class JsonError(ValueError):
    """A body that the server rejects as invalid JSON, with the position of the error."""

    def __init__(self, problem: str, line: int = 1, column: int = 1) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Fields:
    """A JSON object that can contain the same name twice, unlike a dict."""

    pairs: tuple[tuple[str, Any], ...]


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is an integer. In Python, booleans are integers."""
    return isinstance(value, int) and not isinstance(value, bool)


def parse(data: bytes) -> Any:
    """Parse JSON as strictly as the server: no NaN, no Infinity, and no duplicate names.

    Raises JsonError.
    """
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except JsonError:
        raise
    except json.JSONDecodeError as error:
        raise JsonError(error.msg, error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:
        raise JsonError(str(error)) from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise JsonError(f"Duplicate field '{name}'")
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"Non-standard token '{name}': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JsonError(f"Number [{text}] is out of range")
    return number


def render(value: Any, *, pretty: bool = False) -> bytes:
    """Render JSON as the server does. `pretty`: as with `?pretty`."""
    text = _render(value, "\n" if pretty else "")
    return (text + "\n" if pretty else text).encode("utf-8", "replace")


def _render(value: Any, newline: str) -> str:
    if isinstance(value, Fields):
        return _render_object(value.pairs, newline)
    if isinstance(value, dict):
        return _render_object(value.items(), newline)
    if isinstance(value, (list, tuple)):
        return _wrapped("[", [_render(item, _deeper(newline)) for item in value], "]", newline)
    if isinstance(value, float):
        return java_double(value)
    return _encode(value)


def _render_object(pairs: Iterable[tuple[str, Any]], newline: str) -> str:
    colon = " : " if newline else ":"
    inner = _deeper(newline)
    return _wrapped("{", [_encode(name) + colon + _render(item, inner) for name, item in pairs], "}", newline)


def _wrapped(opening: str, items: list[str], closing: str, newline: str) -> str:
    if not items:
        return opening + closing
    inner = _deeper(newline)
    return opening + inner + ("," + inner).join(items) + newline + closing


def _deeper(newline: str) -> str:
    return newline + "  " if newline else ""


def java_double(number: float) -> str:
    """Render a double as `Double.toString` does: always with a decimal point, and small numbers as `1.0E-5`."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int), "JsonError kept infinities out"
    tail = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{tail}E{exponent + len(digits) - 1}"


def java_text(value: Any) -> str:
    """Render a parsed value as Java's `toString` does in error messages of the server."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={java_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(java_text(item) for item in value) + "]"
    return str(value)
