# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check and read raw options beyond ansible-core: texts that are structures, wrong types, secrets in wrong places.

It knows argument specs, but none in particular. Private to the collection.
"""

from __future__ import annotations

import math
import re
from typing import Any, Collection, Iterator, Mapping, NamedTuple, Sequence

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.common.validation import check_type_bool, check_type_dict

#: Shorter values are nobody's secret, but hiding them would garble everything that contains them.
_SHORTEST_SECRET = 6

#: What reads a text in an option of this type, or raises a TypeError or a ValueError.
_READERS = {"int": float, "float": float, "bool": check_type_bool}

#: Text that is meant as a number, and thus not a secret, although it is not one.
_LIKE_A_NUMBER = r"\s*[-+]?\d[\d.,_' ]*(?:ms|s|sec|seconds?|m|min|minutes?|h|hours?|tokens?|words?|%)?\s*"

_NAMES = {"int": "a whole number", "float": "a number", "bool": "a boolean", "dict": "a dictionary"}
_NAME_OF_LIST = {"dict": "a list of dictionaries", "str": "a list of strings"}

#: What ansible-core itself gives to every module.
_INTERNAL = frozenset(f"_ansible_{name}" for name in PASS_VARS)

#: The words of ansible-core, which people look for.
_MISSING, _UNSUPPORTED = "missing required arguments: ", "Unsupported parameters: "

_NEWER_SERVER = (
    " Hint: a cluster that is newer than this collection can return settings that this collection does not support."
    " Upgrade the collection, or leave the settings out, for example with the filter"
    " ansible.utils.remove_keys(target=['{name}'])."
)


class _StandIn(str):
    """Takes the place of a value that makes ansible-core fail with a traceback.

    :ivar said: describes the value in messages.
    """

    said = ""


def _stand_in(text: str, said: str) -> _StandIn:
    result = _StandIn(text)
    result.said = said
    return result


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
    numbers such as C(256.0), which Jinja makes of divisions.

    :param given: options of any type, as they stand in the task; those that C(spec) does not know stay as they are.
    """
    result = without_nulls(spec, given)
    for name, option in spec.items():
        value, kind = result.get(name), option["type"]
        if value is None:
            continue
        if kind in ("int", "float"):
            result[name] = _number(kind, value)
        elif kind == "list" and "options" in option:
            result[name] = _dictionaries(option, value)
        elif kind == "dict":
            result[name] = _dictionary(option, value)
    return result


def _number(kind: str, value: Any) -> Any:
    """Return the value as a whole number if it is one. ansible-core cannot read an infinite one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    except OverflowError:
        return value if kind == "int" else _stand_in("∞", "a number that is too large")
    if kind == "int" and math.isinf(number):
        return _stand_in("∞", "an infinite number")
    return _whole(value, number) if kind == "int" and number.is_integer() else value


def _whole(value: Any, number: float) -> int:
    try:
        return value if isinstance(value, int) else int(str(value))
    except ValueError:
        return int(number)


def _dictionaries(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_dictionary(option, part) for part in value]
    if isinstance(value, str):
        parts = [_dictionary(option, part) for part in value.split(",")]
        if all(isinstance(part, dict) for part in parts):
            return parts
    return _dictionary(option, value) if isinstance(value, dict) else _no_dictionary(value)


def _dictionary(option: Mapping[str, Any], part: Any) -> Any:
    if isinstance(part, str) and "=" not in part.rstrip("="):
        # The end of Base64 would make a name of it, and names are shown.
        part = part.rstrip("=")
    try:
        return structured(option.get("options", {}), check_type_dict(part))
    except (TypeError, ValueError):
        return _no_dictionary(part)


def _no_dictionary(value: Any) -> _StandIn:
    """Stands for a value that may be a secret."""
    return _stand_in("********", _described({"type": "dict", "no_log": True}, value))


class _Problem(NamedTuple):
    """What is wrong with an option: its place, and what a message says before and after all places with the same."""

    place: str
    before: str
    after: str


def invalid_options(spec: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the types, the choices and the names of options, as whole sentences.

    This is what ansible-core checks, but with the place and the value, and in the same words whatever its version.
    It also rejects what ansible-core converts though nobody means it: booleans as the numbers 1 and 0, structures
    and numbers as their text.

    :param given: options that came out of C(structured).
    """
    alike: dict[tuple[str, str, str], list[str]] = {}
    for place, before, after in _problems(spec, given, ""):
        # A message that names options alone takes in all of them.
        option = "" if before in (_MISSING, _UNSUPPORTED) else _without_numbers(place)
        alike.setdefault((before, option, after), []).append(place)
    return [f"{before}{_joined(places)}{after}" for (before, _option, after), places in alike.items()]


def _problems(spec: Mapping[str, Any], given: Mapping[str, Any], prefix: str) -> Iterator[_Problem]:
    for name, option in spec.items():
        if name in given:
            yield from _problems_of(option, given[name], prefix + name)
        elif option.get("required"):
            yield _Problem(prefix + name, _MISSING, "")
    for name in sorted(given):
        if name not in spec and (prefix or name not in _INTERNAL):
            hint = _NEWER_SERVER.format(name=name) if "]." in prefix else ""
            supported = f". Supported parameters include: {', '.join(sorted(spec))}.{hint}"
            yield _Problem(prefix + name, _UNSUPPORTED, supported)


def _problems_of(option: Mapping[str, Any], value: Any, place: str) -> Iterator[_Problem]:
    kind = option["type"]
    if kind == "list":
        yield from _problems_of_list(option, value, place)
    elif not _fits(kind, value):
        yield _Problem(
            place, "", f" must be {_wanted(kind, value)}, not {_described(option, value)}.{_hint(kind, value)}"
        )
    elif "options" in option:
        yield from _problems(option["options"], value, f"{place}.")
    elif "choices" in option and value not in option["choices"]:
        yield _Problem(place, "value of ", f" must be one of: {', '.join(option['choices'])}, got: {value}")


def _problems_of_list(option: Mapping[str, Any], value: Any, place: str) -> Iterator[_Problem]:
    element = {**option, "type": option["elements"]}
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from _problems_of(element, part, f"{place}[{number}]")
    elif isinstance(value, _StandIn) or not isinstance(value, str):
        wanted, hint = _NAME_OF_LIST[element["type"]], _hint(element["type"], value)
        yield _Problem(place, "", f" must be {wanted}, not {_described(element, value)}.{hint}")


def _fits(kind: str, value: Any) -> bool:
    """Return whether a value that came out of C(structured) is of a type."""
    if kind == "raw":
        return True
    if kind in ("str", "path"):
        return isinstance(value, str)
    if kind == "dict":
        return isinstance(value, dict)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return not (kind == "float" and isinstance(value, bool)) and _is_read(kind, value)


def _is_read(kind: str, value: Any) -> bool:
    try:
        _READERS[kind](value)
    except (TypeError, ValueError):
        return False
    return True


def _wanted(kind: str, value: Any) -> str:
    return "a number" if isinstance(value, bool) and kind == "int" else _NAMES.get(kind, "a string")


def _described(option: Mapping[str, Any], value: Any) -> str:
    """Return what to call a value in a message: the value itself if it cannot be a secret."""
    kind, is_secret = option["type"], option.get("no_log")
    if isinstance(value, _StandIn):
        return value.said
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "a dictionary" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        article = "a boolean" if is_secret else f"the boolean {str(value).lower()}"
        return str(value).lower() if kind in ("int", "float") else article
    if isinstance(value, (int, float)):
        article = "a number" if is_secret else f"the number {value}"
        return str(value) if kind in ("int", "float") else article
    return _described_text(kind, value) if isinstance(value, str) else f"a {type(value).__name__}"


def _described_text(kind: str, value: str) -> str:
    if not value:
        return "an empty text"
    if kind in ("dict", "list"):
        return "a text"
    return "a text that may be a secret" if _may_be_secret(kind, value) else repr(value)


def _may_be_secret(kind: str, value: Any) -> bool:
    """Return whether it is a text that is not of the type, and that nobody meant to be."""
    if kind not in _READERS or not isinstance(value, str) or _is_read(kind, value):
        return False
    return len(value) >= _SHORTEST_SECRET and not re.fullmatch(_LIKE_A_NUMBER, value)


def _hint(kind: str, value: Any) -> str:
    is_number = isinstance(value, (bool, int, float))
    return " Hint: quote it, or add the filter string to a template." if is_number and kind in ("str", "path") else ""


def _joined(places: Sequence[str]) -> str:
    """Name places, those that differ only in their numbers together."""
    alike: dict[str, list[str]] = {}
    for place in places:
        alike.setdefault(_without_numbers(place), []).append(place)
    return ", ".join(map(few, alike.values()))


def _without_numbers(place: str) -> str:
    return re.sub(r"\[\d+\]", "[]", place)


def few(places: Sequence[str]) -> str:
    """Name the first places, and how many more there are."""
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(places[:3]) + more


def misplaced_secrets(
    spec: Mapping[str, Any], value: Mapping[str, Any], internal: Collection[str] = _INTERNAL
) -> Iterator[str]:
    """Everything that may be a secret in options that are not as the spec wants them.

    ansible-core hides what stands where the spec has a secret; here it may stand elsewhere:
    under a name that no option has, or in a value of another type than the option's.

    :param value: options that came out of C(structured).
    :param internal: names that the spec lacks although they are right.
    """
    for name, given in value.items():
        option = spec.get(name, {"no_log": name not in internal, "type": "raw"})
        kind, parts = option["type"], given if isinstance(given, list) else [given]
        if option.get("no_log") or _may_be_secret(kind, given):
            yield from long_leaves(given)
        elif "options" in option:
            for part in parts:
                is_read = isinstance(part, dict)
                yield from misplaced_secrets(option["options"], part, ()) if is_read else long_leaves(part)
        elif kind != "raw" and not (kind == "dict" and isinstance(given, dict)):
            yield from long_leaves([part for part in (parts if kind == "list" else [given]) if _is_structure(part)])


def secret_options(spec: Mapping[str, Any], value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return the places and the values of the options that the spec calls secrets.

    :param value: options that came out of C(structured), and that are as the spec wants them.
    """
    for name, option in spec.items():
        given = value.get(name)
        if option.get("no_log"):
            yield from ((prefix + name, leaf) for leaf in leaves(given))
        elif "options" in option and isinstance(given, dict):
            yield from secret_options(option["options"], given, f"{prefix}{name}.")
        elif "options" in option and isinstance(given, list):
            for number, part in enumerate(given):
                yield from secret_options(option["options"], part, f"{prefix}{name}[{number}].")


def listed(problems: Sequence[str]) -> str:
    """One or more problems as one message; more than one are numbered."""
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems: " + " ".join(f"({number}) {text}" for number, text in enumerate(problems, 1))


def _is_structure(value: Any) -> bool:
    return isinstance(value, (dict, list))


def long_leaves(value: Any) -> Iterator[str]:
    """Return the texts and the numbers in a structure that are not too short to be secrets."""
    return (leaf for leaf in leaves(value) if len(leaf) >= _SHORTEST_SECRET)


def leaves(value: Any, without: Collection[str] = ()) -> Iterator[str]:
    """Return the texts and the numbers anywhere in a structure, as texts.

    :param without: names in dictionaries whose values are left out.
    """
    if isinstance(value, dict):
        value = [part for name, part in value.items() if name not in without]
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part, without)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
