# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON parser that keeps all values of repeated names. Private to the collection."""

from __future__ import annotations

import json
from typing import Any


class Repeated(tuple):  # type: ignore[type-arg]
    """The ordered values of a name that occurs more than once in a JSON object."""


def parse_json(content: bytes | str) -> Any:
    """Parse JSON. Return None if it is not valid."""
    try:
        return json.loads(content, object_pairs_hook=_make_object, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return None


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object as a dictionary, with C(Repeated) for the values of a repeated name."""
    result = dict(pairs)
    if len(result) < len(pairs):
        for name in result:
            values = [value for other, value in pairs if other == name]
            if len(values) > 1:
                result[name] = Repeated(values)
    return result


def _reject_constant(name: str) -> None:
    """Raise ValueError for C(NaN) and C(Infinity), which Python accepts although they are not valid JSON."""
    raise ValueError(f"{name} is not JSON")
