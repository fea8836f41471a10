# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversions and checks of raw options that ansible-core does not perform, for any argument spec.

C(option_errors) describes the errors. Private to the collection.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Mapping, NamedTuple

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.common.validation import check_type_bool, check_type_dict

MISSING, UNSUPPORTED, WRONG_TYPE, WRONG_CHOICE = "missing", "unsupported", "type", "choice"

#: Options that ansible-core passes to every module.
_INTERNAL = frozenset(f"_ansible_{name}" for name in PASS_VARS)


class InvalidOption(NamedTuple):
    """An option that does not match its argument spec.

    :ivar place: the dotted path, with the positions in lists.
    :ivar option: the spec of the option. For an unsupported option, the specs of all supported options.
    :ivar value: the value of the option. For an unsupported option, its name.
    """

    place: str
    fault: str
    option: Mapping[str, Any]
    value: Any

    @property
    def is_boolean_for_number(self) -> bool:
        """Return whether this is a boolean for a number, which ansible-core would convert to 0 or 1."""
        return self.fault == WRONG_TYPE and self.option["type"] in ("int", "float") and isinstance(self.value, bool)


def remove_nulls(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Remove options that are null, which means "not set". Keep required and unknown options."""
    return {
        str(name): value
        for name, value in given.items()
        if value is not None or name not in spec or spec[name].get("required")
    }


def parse_structures(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Convert strings to dictionaries and integers, according to the argument spec.

    ansible-core also does this, but fails with a traceback for some input, and before 2.18 it rejects numbers such as
    C(256.0), which Jinja returns for divisions. Other values stay unchanged. C(find_invalid_options) reports them.

    :param given: the options of the task, of any type.
    """
    return {name: _parse(spec[name], value) if name in spec else value for name, value in given.items()}


def _parse(option: Mapping[str, Any], value: Any) -> Any:
    if option["type"] == "int":
        return _parse_integer(value)
    if option["type"] == "dict":
        return _parse_dictionary(option, value)
    if option["type"] == "list" and "options" in option:
        return _parse_dictionaries(option, value)
    return value


def _parse_integer(value: Any) -> Any:
    if not isinstance(value, (float, str)):
        return value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return int(value)
    with contextlib.suppress(ValueError):
        number = float(value)
        return int(number) if number.is_integer() else value
    return value


def _parse_dictionary(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, str) and "=" not in value.rstrip("="):
        # Equals signs at the end of Base64 would make the secret the name of an option, and names are shown.
        value = value.rstrip("=")
    try:
        members = check_type_dict(value)
    except (TypeError, ValueError):
        return value
    spec = option.get("options", {})
    return parse_structures(spec, remove_nulls(spec, members))


def _parse_dictionaries(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_parse_dictionary(option, element) for element in value]
    if isinstance(value, str):
        elements = [_parse_dictionary(option, text) for text in value.split(",")]
        return elements if all(isinstance(element, dict) for element in elements) else value
    return value


def find_invalid_options(
    spec: Mapping[str, Any], given: Mapping[str, Any], prefix: str = ""
) -> Iterator[InvalidOption]:
    """Find options with a wrong type, choice, or name, and missing options.

    ansible-core checks this too. This function adds the place, and works the same with every version. It also finds
    unintended values that ansible-core converts: booleans to 1 and 0, structures and numbers to strings.

    :param given: options that C(parse_structures) returned.
    """
    for name, option in spec.items():
        if name in given:
            yield from _find_invalid_values(option, given[name], prefix + name)
        elif option.get("required"):
            yield InvalidOption(prefix + name, MISSING, option, None)
    for name in sorted(given):
        if name not in spec and (prefix or name not in _INTERNAL):
            yield InvalidOption(prefix + name, UNSUPPORTED, spec, name)


def _find_invalid_values(option: Mapping[str, Any], value: Any, place: str) -> Iterator[InvalidOption]:
    if option["type"] == "list" and isinstance(value, list):
        element = {**option, "type": option["elements"]}
        for number, part in enumerate(value):
            yield from _find_invalid_values(element, part, f"{place}[{number}]")
    elif not has_type(option, value):
        yield InvalidOption(place, WRONG_TYPE, option, value)
    elif "options" in option:
        yield from find_invalid_options(option["options"], value, f"{place}.")
    elif "choices" in option and value not in option["choices"]:
        yield InvalidOption(place, WRONG_CHOICE, option, value)


def has_type(option: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value has the type of an option. Members and elements are not checked."""
    kind = option["type"]
    if kind == "raw":
        return True
    if kind == "list":
        # ansible-core splits a string at its commas.
        return isinstance(value, str) and option["elements"] == "str"
    if kind in ("str", "path"):
        return isinstance(value, str)
    if kind in ("dict", "json"):
        return isinstance(value, dict) or (kind == "json" and isinstance(value, str))
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return _is_convertible(check_type_bool, value) if kind == "bool" else _is_number(value)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and _is_convertible(float, value)


def _is_convertible(convert: Any, value: Any) -> bool:
    try:
        convert(value)
    except (OverflowError, TypeError, ValueError):
        return False
    return True
