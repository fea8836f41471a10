# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of variables in the role's README, from the role's argument spec.

`python -m tests.pages.role_readme` writes it again; a unit test fails if it is old.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.pages.readme import ROOT

ROLE = ROOT / "roles/anthropic"
README = ROLE / "README.md"

BEGIN, END = "<!-- variables -->\n\n", "\n\n<!-- end -->"


def table() -> str:
    """Return the table in the order of the argument spec."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]
    rows = [
        ("Variable", "Default", "Meaning"),
        ("---", "---", "---"),
        *((f"`{name}`", _default(spec), _meaning(spec)) for name, spec in options.items()),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("|  |", "| |")


def updated(text: str) -> str:
    """Return the README's text with the table of today between its marks."""
    pattern = re.escape(BEGIN) + r"(?s:.*?)" + re.escape(END)
    text, times = re.subn(pattern, (BEGIN + table() + END).replace("\\", r"\\"), text)
    if times != 1:
        raise ValueError(f"the README has {times} places for the table, not one")
    return text


def _default(spec: Mapping[str, Any]) -> str:
    if spec.get("required"):
        return "required"
    if "default" not in spec:
        return ""
    default = spec["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _meaning(spec: Mapping[str, Any]) -> str:
    """Return the first paragraph of the description, and the choices without the two that mean "not set"."""
    description = spec["description"]
    text = description if isinstance(description, str) else description[0]
    choices = " or ".join(f"`{choice}`" for choice in spec.get("choices", ()) if choice)
    return re.sub(r"\b[A-Z]+\(([^)]*)\)", r"`\1`", text).replace("|", "\\|") + (f" {choices}." if choices else "")


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
