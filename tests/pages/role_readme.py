# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of variables in the README files of the roles, generated from the argument specs.

`python -m tests.pages.role_readme` updates the tables. A unit test fails if a table is out of date.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.artifact import ROOT

#: Paths of the roles by name.
ROLES: dict[str, Path] = {path.name: path for path in sorted(ROOT.glob("roles/*"))}

BEGIN, END = "<!-- variables -->\n\n", "\n\n<!-- end -->"


@functools.cache
def options_of(role: str) -> dict[str, Any]:
    """Return the variables of a role with their specs, in the order of the argument spec."""
    specs = yaml.safe_load((ROLES[role] / "meta/argument_specs.yml").read_text())
    options: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return options


def table(role: str) -> str:
    """Return the table of a role's variables."""
    rows = [
        ("Variable", "Default", "Meaning"),
        ("---", "---", "---"),
        *((f"`{name}`", _default(spec), _meaning(spec)) for name, spec in options_of(role).items()),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("|  |", "| |")


def updated(role: str, text: str) -> str:
    """Return the README of a role with the current table between its markers."""
    pattern = re.escape(BEGIN) + r"(?s:.*?)" + re.escape(END)
    text, times = re.subn(pattern, (BEGIN + table(role) + END).replace("\\", r"\\"), text)
    if times != 1:
        raise ValueError(f"the README of the role {role} has {times} pairs of markers, expected 1")
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
    text = re.sub(r"\b[A-Z]+\(([^)]*)\)", r"`\1`", text).replace("|", "\\|")
    choices = ", ".join(f"`{choice}`" for choice in spec.get("choices", ()) if choice)
    return f"{text} Allowed values: {choices}." if choices else text


if __name__ == "__main__":
    for name, path in ROLES.items():
        (path / "README.md").write_text(updated(name, (path / "README.md").read_text()))
