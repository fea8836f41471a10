# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for secrets in settings of any service, including unknown services. Private to the collection."""

from __future__ import annotations

import json
import re
from typing import Any, Iterator

from .._elasticsearch.keys import is_credential
from .catalog import SERVICES

_ROWS = [(row.path.rpartition(".")[2], row) for service in SERVICES.values() for row in service.settings]
_SECRET = {name: row.type for name, row in _ROWS if row.secret}
_KNOWN = {name for name, row in _ROWS if not row.secret}

#: Names of numbers and switches, which are not secrets, such as C(max_output_tokens).
_NUMBER_OR_SWITCH = re.compile("(?:count|enable|include|max|min|num|return|total|use)_.*")

_AFTER_SCHEME = re.compile(r"(?i)^\s*(?:apikey|basic|bearer)\s+(\S+)")


def is_secret(name: str) -> bool:
    """Return whether the value of a setting is a secret, judging by its name."""
    if name in _SECRET:
        return True
    return name not in _KNOWN and not _NUMBER_OR_SWITCH.fullmatch(name) and is_credential(name)


def find_secrets(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return the places and values of secrets in nested settings, including JSON strings."""
    if isinstance(value, str):
        value = _parse_json(value)
    if isinstance(value, dict):
        for name, part in value.items():
            inside = f"{place}.{name}" if place else str(name)
            yield from _secrets_of(str(name), part, inside) if is_secret(str(name)) else find_secrets(part, inside)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from find_secrets(part, f"{place}[{number}]")


def _secrets_of(name: str, value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Return the places and strings to hide for a setting that is a secret."""
    if isinstance(value, (dict, list)) and _SECRET.get(name) == "json":
        # Account names are not secrets, and occur in other settings.
        yield place, json.dumps(value, default=str)
        yield from find_secrets(value, place)
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _secrets_of("", part, place)
    elif value not in (None, "") and not isinstance(value, bool):
        text = str(value)
        yield place, text
        # The credential after an authentication scheme is also a secret by itself.
        yield from ((place, credential) for credential in _AFTER_SCHEME.findall(text))
        yield from find_secrets(text, place)


def _parse_json(text: str) -> Any:
    """Parse a string as a JSON object or array. Return None if it is invalid or has too many levels."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
