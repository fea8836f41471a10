# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the page "Playbooks": it shows all playbooks, with all their variables and defaults."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pytest
import yaml

from tests.artifact import ROOT
from tests.pages.modules import COLLECTION

TEXT = (ROOT / "docs/docsite/rst/playbooks.rst").read_text(encoding="utf-8")
PLAYBOOKS = sorted(path.stem for path in ROOT.glob("playbooks/*.yml"))
ROLES = ["anthropic", "inference"]
#: Variables of the page that playbooks and roles set for later plays. They cannot be passed.
RESULTS = ["result", "verified", "report", "report_drift", "report_counts"]


def rows() -> list[list[str]]:
    """Return the rows of all tables, each as a list of its cells."""
    found = re.findall(r"^   \* - (.*\n(?:     .*\n|\n(?=       ))*)", TEXT, re.MULTILINE)
    return [[" ".join(cell.split()) for cell in re.split(r"^     - ", row, flags=re.MULTILINE)] for row in found]


def documented(role: str) -> dict[str, str]:
    """Return the last cell of each row about a variable of a role, by its name."""
    pattern = re.compile(rf"``({role}_\w+)``")
    return {
        match[1]: cells[-1]
        for cells in rows()
        if len(cells) == 3
        for match in map(pattern.fullmatch, cells[:2])
        if match
    }


def role_defaults(role: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text(encoding="utf-8"))
    return loaded


def role_options(role: str) -> set[str]:
    spec = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    return set(spec["argument_specs"]["main"]["options"])


def playbook_variables(role: str) -> set[str]:
    """Return the variables with a default in the playbooks of a role, without those that the role sets."""
    texts = [(ROOT / f"playbooks/{name}.yml").read_text(encoding="utf-8") for name in (role, f"{role}_report")]
    used = set(re.findall(rf"\b({role}_\w+) \| default\(", "".join(texts)))
    return used - {f"{role}_{name}" for name in RESULTS}


def shown(default: Any) -> str:
    if default == "":
        return "not set"
    return f"``{str(default).lower() if isinstance(default, bool) else default}``"


def test_page_shows_each_playbook() -> None:
    assert re.findall(rf"^   \* - ``{COLLECTION}\.(\w+)``$", TEXT, re.MULTILINE) == PLAYBOOKS


@pytest.mark.parametrize("role", ROLES)
def test_page_shows_each_variable(role: str) -> None:
    assert set(documented(role)) == role_options(role) | playbook_variables(role)


@pytest.mark.parametrize("role", ROLES)
def test_page_shows_the_defaults_of_the_role(role: str) -> None:
    page = documented(role)
    assert {name: page[name] for name in role_defaults(role)} == {
        name: shown(default) for name, default in role_defaults(role).items()
    }


@pytest.mark.parametrize("role", ROLES)
def test_page_shows_the_results(role: str) -> None:
    assert [name for name in RESULTS if f"``{role}_{name}``" not in TEXT] == []


def test_examples_use_known_variables() -> None:
    blocks = re.findall(r"\.\. code-block:: yaml\n   :caption: inventory.yml\n\n((?:   .*\n|\n)+)", TEXT)
    inventories = [yaml.safe_load(textwrap.dedent(block))["elasticsearch_clusters"] for block in blocks]
    used = [{*inventory["hosts"]["production"], *inventory["vars"]} for inventory in inventories]
    assert len(used) == len(ROLES)
    for role, names in zip(ROLES, used, strict=True):
        assert {name for name in names if not name.startswith("ansible_")} <= role_options(role)
