# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparison of unequal values by their meaning to a service. Pure.

Loaded only if values differ. Private to the collection.
"""

from __future__ import annotations

import json
from typing import Any, Collection, Mapping

from .._inference.endpoint import Endpoint
from .._services.service import Service

_MISSING = object()


def find_different(
    unequal: Mapping[str, Any], existing: Endpoint, service: Service, moving: Collection[str]
) -> dict[str, Any]:
    """Return the unequal settings whose values also differ in meaning.

    :param unequal: the declared values that do not equal the current ones.
    :param moving: settings that Elasticsearch changes by itself.
    """
    found = {}
    for path, value in unequal.items():
        shown, row = existing.settings.get(path, _MISSING), service.row(path)
        is_hidden = shown is _MISSING and (value == {} or (row is not None and row.write_only))
        read = value if row else _convert(value, shown)
        if not (is_hidden or path in moving or service.is_same(path, read, shown)):
            found[path] = read
    return found


def _convert(value: Any, shown: Any) -> Any:
    """Convert a string to the type of the current value. Jinja turns numbers and booleans into strings."""
    if not isinstance(value, str) or not isinstance(shown, (bool, int, float)):
        return value
    try:
        read = json.loads(value.lower())
    except ValueError:
        return value
    return read if isinstance(read, (bool, int, float)) and isinstance(read, bool) == isinstance(shown, bool) else value
