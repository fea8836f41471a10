# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognize secrets in the settings of any service, also of those that no catalog knows. Private to the collection."""

from __future__ import annotations

import json
import re
from typing import Any, Iterator

from .._elasticsearch.keys import is_credential
from .catalog import SERVICES

_ROWS = [(row.path.rpartition(".")[2], row) for service in SERVICES.values() for row in service.settings]
_SECRET = {name: row.type for name, row in _ROWS if row.secret}
_KNOWN = {name for name, row in _ROWS if not row.secret}

#: What is counted or switched is no secret, as in C(max_output_tokens).
_QUANTITY = re.compile("(?:count|enable|include|max|min|num|return|total|use)_.*")

_AFTER_SCHEME = re.compile(r"(?i)^\s*(?:apikey|basic|bearer)\s+(\S+)")


def is_secret(name: str) -> bool:
    """Return whether the name of a setting says that its value is a secret."""
    if name in _SECRET:
        return True
    return name not in _KNOWN and not _QUANTITY.fullmatch(name) and is_credential(name)


def find_secrets(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return the places and the texts of the secrets in settings of any form, also in texts that are JSON."""
    if isinstance(value, str):
        value = _read(value)
    if isinstance(value, dict):
        for name, part in value.items():
            inside = f"{place}.{name}" if place else str(name)
            yield from _secrets_of(str(name), part, inside) if is_secret(str(name)) else find_secrets(part, inside)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from find_secrets(part, f"{place}[{number}]")


def _secrets_of(name: str, value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Return the texts that must not be shown of a setting that is a secret."""
    if isinstance(value, (dict, list)) and _SECRET.get(name) == "json":
        # What names an account is no secret, and occurs in other settings.
        yield place, json.dumps(value, default=str)
        yield from find_secrets(value, place)
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _secrets_of("", part, place)
    elif value not in (None, "") and not isinstance(value, bool):
        text = str(value)
        yield place, text
        # The credential that follows an authentication scheme is a secret by itself, too.
        yield from ((place, credential) for credential in _AFTER_SCHEME.findall(text))
        yield from find_secrets(text, place)


def _read(text: str) -> Any:
    """Return the structure that a text is in JSON; None if it is none, or too deep to be read."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
