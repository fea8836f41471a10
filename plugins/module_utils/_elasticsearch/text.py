# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Join names and problems to the texts of messages. It imports nothing, so that any package can use it.

Private to the collection.
"""

from __future__ import annotations

from typing import Sequence


def few(names: Sequence[str]) -> str:
    """Name the first names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def numbered(problems: Sequence[str]) -> str:
    """Join problems to one message. If there are several, number them."""
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems: " + " ".join(f"({number}) {text}" for number, text in enumerate(problems, 1))


def joined(names: Sequence[str]) -> str:
    """Name all of them, the last one after "and"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
