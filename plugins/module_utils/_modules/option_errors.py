# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error messages for invalid options, without values that can be secrets.

Loaded only if there are such options. Private to the collection.
"""

from __future__ import annotations

import difflib
import math
import re
from typing import Any, Iterable, Mapping, Sequence

from .._elasticsearch.text import join_few
from .raw_options import MISSING, UNSUPPORTED, WRONG_CHOICE, InvalidOption, has_type

#: Shorter values are shown, because they help to find the mistake and are not secrets.
_MIN_SECRET_LENGTH = 6

#: Similarity of names, from 0 to 1, at which one is suggested for the other. C(api_key) and C(client_key) have 0.7.
_TYPO = 0.85

#: Strings that are meant as numbers, and thus are not secrets.
_NUMBER_LIKE = r"\s*[-+]?\d[\d.,_' ]*(?:ms|s|sec|seconds?|m|min|minutes?|h|hours?|tokens?|words?|%)?\s*"

_JSON = "a dictionary or a string with a JSON object"
_NAMES = {"int": "an integer", "float": "a number", "bool": "a boolean", "dict": "a dictionary", "json": _JSON}
_LIST_NAMES = {"dict": "a list of dictionaries", "str": "a list of strings", "raw": "a list"}

_NEWER_CLUSTER = (
    " A newer cluster can return settings that this version of the collection does not support."
    " Hint: upgrade the collection, or remove the settings, for example with the filter"
    " ansible.utils.remove_keys(target=['{name}'])."
)


def validation_errors(invalid_options: Iterable[InvalidOption]) -> list[str]:
    """Return one message for all options with the same fault, with the wording of ansible-core if it exists."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for invalid in invalid_options:
        before, after = _message_parts(invalid)
        # Messages that contain only names can list all options at once.
        option = "" if invalid.fault in (MISSING, UNSUPPORTED) else _without_positions(invalid.place)
        places.setdefault((before, option, after), []).append(invalid.place)
    return [f"{before}{_join_places(alike)}{after}" for (before, _option, after), alike in places.items()]


def _message_parts(invalid: InvalidOption) -> tuple[str, str]:
    """Return the parts of a message before and after the places."""
    place, fault, option, value = invalid
    if fault == MISSING:
        return "missing required arguments: ", ""
    if fault == UNSUPPORTED:
        similar = difflib.get_close_matches(value, option, n=1, cutoff=_TYPO)
        hint = _NEWER_CLUSTER.format(name=value) if "]." in place[: -len(value)] else ""
        if similar:
            hint = f" Hint: use {similar[0]} if {value} is a typo."
        return "Unsupported parameters: ", f". Supported parameters include: {', '.join(sorted(option))}.{hint}"
    if fault == WRONG_CHOICE:
        return "value of ", f" must be one of: {', '.join(option['choices'])}, got: {value}"
    return "", f" must be {_expected_type(option, value)}, not {_describe(option, value)}.{_hint(option, value)}"


def _expected_type(option: Mapping[str, Any], value: Any) -> str:
    if option["type"] == "list":
        return _LIST_NAMES[option["elements"]]
    if option["type"] == "int" and isinstance(value, bool):
        return "a number"
    return _NAMES.get(option["type"], "a string")


def _hint(option: Mapping[str, Any], value: Any) -> str:
    is_number = isinstance(value, (bool, int, float))
    is_string = _value_type(option) in ("str", "path")
    return " Hint: quote the value, or apply the string filter to it." if is_number and is_string else ""


def _value_type(option: Mapping[str, Any]) -> str:
    kind: str = option["elements"] if option["type"] == "list" else option["type"]
    return kind


def _describe(option: Mapping[str, Any], value: Any) -> str:
    """Describe a value for a message. Return the value itself if it cannot be a secret."""
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "a dictionary" if isinstance(value, dict) else "a list"
    if isinstance(value, (bool, int, float)):
        return _describe_number(option, value)
    return _describe_text(option, value) if isinstance(value, str) else f"a {type(value).__name__}"


def _describe_number(option: Mapping[str, Any], value: Any) -> str:
    kind, what = _value_type(option), "boolean" if isinstance(value, bool) else "number"
    if option.get("no_log") or kind == "dict":
        return f"a {what}"
    if kind == "float" and not isinstance(value, bool):
        return "a number that is too large"
    if isinstance(value, float) and math.isinf(value):
        return "an infinite number"
    shown = str(value).lower()
    return shown if kind in ("int", "float") else f"the {what} {shown}"


def _describe_text(option: Mapping[str, Any], value: str) -> str:
    kind = _value_type(option)
    if not value:
        return "an empty string"
    if kind == "int" and has_type({"type": "float"}, value) and math.isinf(float(value)):
        return "an infinite number"
    if kind == "dict":
        return "a string"
    return "a string that may be a secret" if _may_be_secret(kind, value) else repr(value)


def _may_be_secret(kind: str, value: str) -> bool:
    """Return whether a string in place of a number or a boolean may be a secret."""
    if len(value) < _MIN_SECRET_LENGTH or (kind == "int" and has_type({"type": "float"}, value)):
        return False
    return not re.fullmatch(_NUMBER_LIKE, value)


def _join_places(places: Sequence[str]) -> str:
    """Join places. Abbreviate places that differ only in their list positions."""
    alike: dict[str, list[str]] = {}
    for place in places:
        alike.setdefault(_without_positions(place), []).append(place)
    return ", ".join(map(join_few, alike.values()))


def _without_positions(place: str) -> str:
    return re.sub(r"\[\d+\]", "[]", place)
