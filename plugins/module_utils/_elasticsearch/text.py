# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers that join names and errors in messages. This file imports nothing, so that any package can import it.

Private to the collection.
"""

from __future__ import annotations

from typing import Sequence


def join_few(names: Sequence[str]) -> str:
    """Join the first three names, and add the number of the others."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def join_messages(problems: Sequence[str]) -> str:
    """Join problems in one message. If there are several, number them."""
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems: " + " ".join(f"({number}) {text}" for number, text in enumerate(problems, 1))


def join_names(names: Sequence[str]) -> str:
    """Join all names, with "and" before the last one."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
