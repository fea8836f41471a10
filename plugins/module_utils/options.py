# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core leaves to do with raw options: texts that are structures, mistaken types, secrets in wrong places.

It knows argument specs, but none in particular. Private to the collection.
"""

from __future__ import annotations

import math
from typing import Any, Iterator, Mapping, Sequence

from ansible.module_utils.common.validation import check_type_bool, check_type_dict
from ansible.module_utils.errors import NoLogError, SubParameterTypeError, UnsupportedError

#: Shorter values are nobody's secret, but hiding them would garble everything that contains them.
_SHORTEST_SECRET = 6

#: Stands for what is no dictionary, and may be a secret.
_NO_DICTIONARY = "********"

#: What reads a text in an option of this type, or raises a TypeError or a ValueError.
_READERS = {"int": float, "float": float, "bool": check_type_bool}

#: What ansible-core says beside the error of a type that it tells more clearly.
_ECHOES = (NoLogError, SubParameterTypeError)


def structured(spec: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with texts where dictionaries belong read as ansible-core reads them.

    It would do so itself, but not without tracebacks for some of what people write there,
    nor for infinity in the place of a whole number.

    :param given: options of any type, as they stand in the task; those that C(spec) does not know stay as they are.
    """
    result = {str(name): value for name, value in given.items()}
    for name, option in spec.items():
        value = result.get(name)
        if option["type"] == "int" and _is_infinite(value):
            result[name] = "∞"
        elif option["type"] == "int" and isinstance(value, float) and value.is_integer():
            result[name] = int(value)  # ansible-core before 2.18 refuses it.
        if value is None or not (option["type"] == "dict" or "options" in option):
            continue
        if option["type"] == "list" and isinstance(value, str):
            value = value.split(",")
        parts = [_dictionary(option, part) for part in _parts(value)]
        result[name] = parts if isinstance(value, list) else parts[0]
    return result


def mistaken_types(spec: Mapping[str, Any], value: Mapping[str, Any], place: str = "") -> list[str]:
    """What ansible-core takes though nobody means it: booleans as the numbers 1 and 0, structures as their text.

    :param value: options that came out of C(structured) and that ansible-core has found right.
    :param place: of the options, where they are part of one, with a period at its end.
    :returns: the problems as whole sentences.
    """
    found: list[str] = []
    for name, option in spec.items():
        given, kind = value.get(name), option["type"]
        if kind in ("int", "float") and isinstance(given, bool):
            found.append(f"{place}{name} must be a number, not {str(given).lower()}.")
        elif kind in ("str", "path") and isinstance(given, (dict, list)):
            found.append(f"{place}{name} must be a string, not a {type(given).__name__}.")
        elif "options" in option:
            for number, part in enumerate(_parts(given)):
                inner = f"{place}{name}[{number}]." if kind == "list" else f"{place}{name}."
                found += mistaken_types(option["options"], part or {}, inner)
    return found


def misplaced_secrets(spec: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    """Everything that may be a secret in options that are not as the spec wants them.

    ansible-core hides what stands where the spec has a secret; here it may stand elsewhere:
    under a name that no option has, or in a value of another type than the option's.

    :param value: options that came out of C(structured).
    """
    for name, given in value.items():
        option = spec.get(name, {"no_log": not name.startswith("_ansible")})
        if option.get("no_log") or _is_unread(option, given):
            yield from _long_leaves(given)
        elif "options" in option:
            for part in _parts(given):
                yield from misplaced_secrets(option["options"], part) if isinstance(part, dict) else _long_leaves(part)
        elif option.get("type") not in ("dict", "raw"):
            parts = _parts(given) if option.get("type") == "list" else [given]
            yield from _long_leaves([part for part in parts if isinstance(part, (dict, list))])


def short_leaves(value: Any) -> set[str]:
    """The texts and numbers anywhere in a structure that are too short to be secrets."""
    return {leaf for leaf in _leaves(value) if len(leaf) < _SHORTEST_SECRET}


def told(errors: Sequence[Exception]) -> list[str]:
    """What ansible-core found, each problem once.

    :param errors: of its class C(AnsibleValidationErrorMultiple).
    """
    clear = [error for error in errors if not isinstance(error, _ECHOES)]
    return [
        f"Unsupported parameters: {error}" if isinstance(error, UnsupportedError) else str(error)
        for error in clear or errors
    ]


def listed(problems: Sequence[str]) -> str:
    """One or more problems as one message; more than one are numbered."""
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems: " + " ".join(f"({number}) {text}" for number, text in enumerate(problems, 1))


def _is_infinite(value: Any) -> bool:
    try:
        return math.isinf(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _dictionary(option: Mapping[str, Any], part: Any) -> Any:
    """What was given as a dictionary with these options, or a text that is refused for being none."""
    if isinstance(part, str) and "=" not in part.rstrip("="):
        # The end of Base64 would make a name of it, and names are shown.
        part = part.rstrip("=")
    try:
        return structured(option.get("options", {}), check_type_dict(part))
    except (TypeError, ValueError):
        return part if isinstance(part, list) else _NO_DICTIONARY


def _is_unread(option: Mapping[str, Any], given: Any) -> bool:
    """Whether it is a text that is no number, or no boolean, where the option is one."""
    read = _READERS.get(option.get("type", ""))
    if read is None or not isinstance(given, str):
        return False
    try:
        read(given)
    except (TypeError, ValueError):
        return True
    return False


def _parts(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _long_leaves(value: Any) -> Iterator[str]:
    return (leaf for leaf in _leaves(value) if len(leaf) >= _SHORTEST_SECRET)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
