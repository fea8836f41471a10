# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and check raw options beyond ansible-core: texts that are structures, wrong types, unknown names.

It knows argument specs, but none in particular. C(option_errors) describes what it finds. Private to the collection.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Mapping, NamedTuple

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.common.validation import check_type_bool, check_type_dict

MISSING, UNSUPPORTED, WRONG_TYPE, WRONG_CHOICE = "missing", "unsupported", "type", "choice"

#: What ansible-core itself gives to every module.
_INTERNAL = frozenset(f"_ansible_{name}" for name in PASS_VARS)


class Misfit(NamedTuple):
    """An option that is not as its spec requires.

    :ivar place: its dotted path, with the numbers of elements of lists.
    :ivar option: its spec. If it is unsupported, the specs of the options that are supported there.
    :ivar value: what stands there. If it is unsupported, its name.
    """

    place: str
    fault: str
    option: Mapping[str, Any]
    value: Any

    @property
    def is_flag(self) -> bool:
        """Whether it is a boolean in place of a number, which ansible-core converts, though nobody means it."""
        return self.fault == WRONG_TYPE and self.option["type"] in ("int", "float") and isinstance(self.value, bool)


def without_nulls(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without those that are null, which means "not set", unless they are required or unknown."""
    return {
        str(name): value
        for name, value in given.items()
        if value is not None or name not in spec or spec[name].get("required")
    }


def structured(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with texts read as the dictionaries and the whole numbers that they are.

    ansible-core does so itself, but with tracebacks for some of what people write there, and before 2.18 without
    numbers such as C(256.0), which Jinja makes of divisions. What cannot be read stays as it is, for C(misfits).

    :param given: options of any type, as they stand in the task.
    """
    return {name: _read(spec[name], value) if name in spec else value for name, value in given.items()}


def _read(option: Mapping[str, Any], value: Any) -> Any:
    if option["type"] == "int":
        return _whole_number(value)
    if option["type"] == "dict":
        return _dictionary(option, value)
    if option["type"] == "list" and "options" in option:
        return _dictionaries(option, value)
    return value


def _whole_number(value: Any) -> Any:
    if not isinstance(value, (float, str)):
        return value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return int(value)
    with contextlib.suppress(ValueError):
        number = float(value)
        return int(number) if number.is_integer() else value
    return value


def _dictionary(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, str) and "=" not in value.rstrip("="):
        # The end of Base64 would make a name of it, and names are shown.
        value = value.rstrip("=")
    try:
        members = check_type_dict(value)
    except (TypeError, ValueError):
        return value
    spec = option.get("options", {})
    return structured(spec, without_nulls(spec, members))


def _dictionaries(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_dictionary(option, element) for element in value]
    if isinstance(value, str):
        elements = [_dictionary(option, text) for text in value.split(",")]
        return elements if all(isinstance(element, dict) for element in elements) else value
    return value


def misfits(spec: Mapping[str, Any], given: Mapping[str, Any], prefix: str = "") -> Iterator[Misfit]:
    """Return the options of a wrong type, choice or name, and those that are missing.

    This is what ansible-core checks, but with the place, and alike in every version. It also finds what ansible-core
    converts though nobody means it: booleans as the numbers 1 and 0, structures and numbers as their text.

    :param given: options that came out of C(structured).
    """
    for name, option in spec.items():
        if name in given:
            yield from _misfits_of(option, given[name], prefix + name)
        elif option.get("required"):
            yield Misfit(prefix + name, MISSING, option, None)
    for name in sorted(given):
        if name not in spec and (prefix or name not in _INTERNAL):
            yield Misfit(prefix + name, UNSUPPORTED, spec, name)


def _misfits_of(option: Mapping[str, Any], value: Any, place: str) -> Iterator[Misfit]:
    if option["type"] == "list" and isinstance(value, list):
        element = {**option, "type": option["elements"]}
        for number, part in enumerate(value):
            yield from _misfits_of(element, part, f"{place}[{number}]")
    elif not fits(option, value):
        yield Misfit(place, WRONG_TYPE, option, value)
    elif "options" in option:
        yield from misfits(option["options"], value, f"{place}.")
    elif "choices" in option and value not in option["choices"]:
        yield Misfit(place, WRONG_CHOICE, option, value)


def fits(option: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value is of the type of an option. Its members and elements are not looked at."""
    kind = option["type"]
    if kind == "raw":
        return True
    if kind == "list":
        # ansible-core reads a text as strings with commas between them.
        return isinstance(value, str) and option["elements"] == "str"
    if kind in ("str", "path"):
        return isinstance(value, str)
    if kind in ("dict", "json"):
        return isinstance(value, dict) or (kind == "json" and isinstance(value, str))
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return _can_be_read(check_type_bool, value) if kind == "bool" else _is_number(value)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and _can_be_read(float, value)


def _can_be_read(read: Any, value: Any) -> bool:
    try:
        read(value)
    except (OverflowError, TypeError, ValueError):
        return False
    return True
