# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README: its generated parts, its links, and its length."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.artifact import ROOT
from tests.pages import readme
from tests.pages.modules import MODULES
from tests.pages.readme import README

TEXT = README.read_text(encoding="utf-8")
SITE = yaml.safe_load((ROOT / "galaxy.yml").read_text())["documentation"]
LINKS = re.findall(r"\]\(([^)]+)\)", TEXT)


def test_generated_parts_are_up_to_date() -> None:
    assert readme.updated(TEXT) == TEXT, "update them: python -m tests.pages.readme"


def test_text_without_a_place_for_a_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="must have one place for versions"):
        readme.updated("# Nothing")


def test_links_to_the_site_name_its_pages() -> None:
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text())["sections"]
    guides = {f"docsite/{name}.html" for section in sections for name in section["toctree"]}
    pages = guides | {f"{name}_module.html" for name in MODULES}
    linked = [link.removeprefix(f"{SITE}/").partition("#")[0] for link in LINKS if link.startswith(f"{SITE}/")]
    assert linked
    assert not set(linked) - pages


def test_links_to_files_lead_to_files() -> None:
    files = [link.partition("#")[0] for link in LINKS if ":" not in link]
    assert files
    assert not [path for path in files if not (ROOT / path).exists()]


def test_each_module_and_role_has_a_link() -> None:
    assert {f"{SITE}/{name}_module.html" for name in MODULES} <= set(LINKS)
    assert {f"roles/{path.name}/README.md" for path in ROOT.glob("roles/*")} <= set(LINKS)


def test_first_screen_has_the_reasons_and_the_requirements() -> None:
    first = "\n".join(TEXT.splitlines()[:50])
    oldest = [f"{name} {version} or later" for name, version in (("Elasticsearch", "8.16"), ("ansible-core", "2.16"))]
    facts = ("Terraform", "`uri`", "Enterprise license", "`manage_inference`", "simulator", *oldest)
    assert not [fact for fact in facts if fact not in first]
    versions = readme.versions()
    assert "| Elasticsearch | 8.16 to" in versions
    assert "| ansible-core | 2.16 to" in versions
    assert len(TEXT.splitlines()) < 190
