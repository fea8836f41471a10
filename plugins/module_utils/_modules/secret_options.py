# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the values of options that their spec calls secrets. Private to the collection."""

from __future__ import annotations

from typing import Any, Collection, Iterator, Mapping


def secret_options(spec: Mapping[str, Any], given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return the places and the values of secrets.

    :param given: options that came out of C(structured).
    """
    for name, option in spec.items():
        value = given.get(name)
        if option.get("no_log"):
            yield from ((prefix + name, leaf) for leaf in leaves(value))
        elif "options" in option and isinstance(value, dict):
            yield from secret_options(option["options"], value, f"{prefix}{name}.")
        elif "options" in option and isinstance(value, list):
            for number, part in enumerate(value):
                if isinstance(part, dict):
                    yield from secret_options(option["options"], part, f"{prefix}{name}[{number}].")


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
