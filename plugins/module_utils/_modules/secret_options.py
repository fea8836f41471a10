# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for values of secret options. Private to the collection."""

from __future__ import annotations

from typing import Any, Collection, Iterator, Mapping


def find_secret_options(
    spec: Mapping[str, Any], given: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str]]:
    """Return the places and values of options that the argument spec marks as secret.

    :param given: options that C(parse_structures) returned.
    """
    for name, option in spec.items():
        value = given.get(name)
        if option.get("no_log"):
            yield from ((prefix + name, leaf) for leaf in scalar_values(value))
        elif "options" in option and isinstance(value, dict):
            yield from find_secret_options(option["options"], value, f"{prefix}{name}.")
        elif "options" in option and isinstance(value, list):
            for number, part in enumerate(value):
                if isinstance(part, dict):
                    yield from find_secret_options(option["options"], part, f"{prefix}{name}[{number}].")


def scalar_values(value: Any, without: Collection[str] = ()) -> Iterator[str]:
    """Return all strings and numbers in a nested structure, as strings.

    :param without: dictionary keys to skip.
    """
    if isinstance(value, dict):
        value = [part for name, part in value.items() if name not in without]
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from scalar_values(part, without)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
