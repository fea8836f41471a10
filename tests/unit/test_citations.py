# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of citations of elasticsearch.md, and of links between Markdown files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.artifact import ROOT
from tests.contract.verdicts import all_rows

PAGE = ROOT / "docs/contributing/elasticsearch.md"
#: All source files except this one, which contains wrong citations.
SOURCES = sorted({*ROOT.glob("plugins/**/*.py"), *ROOT.glob("tests/**/*.py")} - {Path(__file__).resolve()})
MARKDOWN = sorted(
    path for pattern in ("*.md", ".github/**/*.md", "docs/**/*.md", "roles/**/*.md") for path in ROOT.glob(pattern)
)
#: The name of the page and one title or more: `elasticsearch.md`, "An endpoint", "Create" and "Update".
CITATION = re.compile(r'(?:`elasticsearch\.md`|C\(elasticsearch\.md\))((?:(?:,| and|:)?[\s#:]+"[^"]+")+)')
#: Citations of a page that is not part of the repository.
FORMER = re.compile(r"`(?:reference)`|C\((?:reference)\)|\((?:reference): ")


def titles(page: str) -> list[str]:
    """Return the headings of a Markdown page."""
    without_code = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)


def cited(source: str) -> list[str]:
    """Return the titles that a source file cites."""
    found = [title for titles in CITATION.findall(source) for title in re.findall('"([^"]+)"', titles)]
    return [re.sub(r"[\s#:]*\n[\s#:]*", " ", title) for title in found]


def wrong_citations(source: str, known: Collection[str]) -> list[str]:
    """Return the cited titles that the page does not have."""
    return [title for title in cited(source) if title not in known] + FORMER.findall(source)


def anchors(path: Path) -> list[str]:
    """Return the anchors that GitHub generates for the headings of a Markdown file."""
    page = path.read_text(encoding="utf-8")
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles(page)]


def broken_links(path: Path) -> Iterator[str]:
    """Yield the links of a Markdown file to files and headings that do not exist."""
    page = re.sub(r"^```.*?^```|`[^`\n]+`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", page):
        name, _hash, fragment = link.partition("#")
        target = path.parent / name if name else path
        if ":" not in name and not (target.exists() and (not fragment or fragment in anchors(target))):
            yield link


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('"""As `elasticsearch.md`, "Create"."""', []),
        ('"""As C(elasticsearch.md), "Create"."""', []),
        ('"""As `elasticsearch.md`, "Crate"."""', ["Crate"]),
        ('"""As C(elasticsearch.md), "create"."""', ["create"]),
        ('"""As `elasticsearch.md`, "Create", "Chapter" and "Verse"."""', ["Chapter", "Verse"]),
        ('# As `elasticsearch.md`,\n#: "Load\n    # and faults" and "Loss"', ["Loss"]),
        ('# The page, `elasticsearch.md`. It is not "Cited".', []),
        (f'"""As `{"reference"}`, "Create"."""', [f"`{'reference'}`"]),
        (f'"""As C({"reference"}), "Create"."""', [f"C({'reference'})"]),
        (f'"""As ({"reference"}: Create)."""', [f"({'reference'}: "]),
    ],
)
def test_citation_of_missing_title_is_found(source: str, wrong: list[str]) -> None:
    assert wrong_citations(source, ["Create", "Load and faults"]) == wrong


def test_comment_in_code_block_is_not_a_title() -> None:
    assert titles("# One\n\n```yaml\n# two\n```\n\n### Three\n") == ["One", "Three"]


def test_citations_refer_to_titles_of_the_page() -> None:
    known = titles(PAGE.read_text(encoding="utf-8"))
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in SOURCES}

    assert {name: wrong for name, text in texts.items() if (wrong := wrong_citations(text, known))} == {}
    assert {title for text in texts.values() for title in cited(text)} >= {"Create", "Update", "Requests", "Run"}


def test_contract_rows_refer_to_sections_of_the_page() -> None:
    known = titles(PAGE.read_text(encoding="utf-8"))

    assert {row.section for row in all_rows()} <= set(known)


def test_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# The other page's title\n")
    links = [
        "other.md",
        "other.md#the-other-pages-title",
        "other.md#top",
        "none.md",
        "#here",
        "#there",
        "https://a.example",
    ]
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n`[a](code)`\n\n" + "\n".join(f"[a link]({link})" for link in links))

    assert list(broken_links(page)) == ["other.md#top", "none.md", "#there"]


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_markdown_file_are_valid(path: Path) -> None:
    assert list(broken_links(path)) == []
