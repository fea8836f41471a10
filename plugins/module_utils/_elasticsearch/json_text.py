# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse JSON without losing the values of repeated names. Private to the collection."""

from __future__ import annotations

import json
from typing import Any


class Repeated(tuple):  # type: ignore[type-arg]
    """All values, in order, of a name that occurs more than once in one JSON object."""


def parse_json(content: bytes | str) -> Any:
    """Return the value of a text in JSON, or None if the text is not valid JSON."""
    try:
        return json.loads(content, object_pairs_hook=_make_object, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return None


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object as a dict, in which the values of a repeated name are a Repeated."""
    result = dict(pairs)
    if len(result) < len(pairs):
        for name in result:
            values = [value for other, value in pairs if other == name]
            if len(values) > 1:
                result[name] = Repeated(values)
    return result


def _reject_constant(name: str) -> None:
    """Raise ValueError for C(NaN) and C(Infinity), which Python reads although JSON does not have them."""
    raise ValueError(f"{name} is not JSON")
