# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of the language finds what it should, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import prose
from tests.prose import Allowed, findings, findings_in, prose_of_python, titles


def phrases(text: str, path: str = "guide.rst") -> list[str]:
    """Return the phrases that are found in a text."""
    return [finding.phrase for finding in findings_in(path, text)]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("What stands in front of it", "stands"),
        ("a certificate from who asks", "who asks"),
        ("An address that is none", "is none"),
        ("inference_id is no valid ID", "is no valid"),
        ("Where nothing differs, no request is made", "Where nothing"),
        ("Made anew by a command", "anew"),
        ("Nobody knows the key", "Nobody"),
        ("No server tells its key", "tells"),
        ("It has the endpoint deleted first", "has the endpoint deleted"),
        ("An endpoint that is to be absent", "is to be"),
        ("Keep endpoints as declared", "as declared"),
        ("The request is sent again", "sent again"),
        ("The key of Anthropic", "key of Anthropic"),
        ("100 tokens at the most", "at the most"),
        ("monitor_ml besides", "besides"),
        ("the licence lacks it", "licence"),
        ("white space around it", "white space"),
        ("9.4 and newer", "and newer"),
        ("merged deeply", "deeply"),
        ("It belongs into the file", "belongs into"),
    ],
)
def test_phrase_is_found_in_text(text: str, phrase: str) -> None:
    assert phrases(text) == [phrase]


@pytest.mark.parametrize(
    "text",
    [
        "What it stands for, and what stands out.",
        "There is no endpoint, and it is no longer used.",
        "The host where the module runs.",
        "It was created by a run, and the key has been sent by it.",
        "Retry the request. The license is Enterprise.",
    ],
)
def test_standard_words_are_not_found(text: str) -> None:
    assert not phrases(text)


def test_each_rule_finds_an_example() -> None:
    [parameters] = [mark for mark in test_phrase_is_found_in_text.pytestmark if mark.name == "parametrize"]
    assert len(parameters.args[1]) == len(prose.RULES)


def test_phrase_across_lines_is_found_at_its_first_line() -> None:
    [finding] = findings_in("guide.md", "One line.\nEndpoints are in sync as\ndeclared in the file.\n")
    assert (finding.line, finding.phrase) == (2, "as declared")
    assert str(finding) == "guide.md:2: 'as declared': use in sync, or the declared settings"


PYTHON = '''"""The module tells."""

NAME = "a string that tells"


def function():
    """The function tells."""
    return f"{NAME} is told"  # a comment that says it
'''


def test_all_strings_of_code_for_users_are_checked() -> None:
    assert phrases(PYTHON, "plugins/x.py") == ["tells", "tells", "tells", "told", "says"]


def test_only_docstrings_and_comments_of_tests_are_checked() -> None:
    assert phrases(PYTHON, "tests/unit/x.py") == ["tells", "tells", "says"]


def test_prose_of_python_keeps_its_lines() -> None:
    lines = prose_of_python(PYTHON, strings=True).split("\n")
    assert [number for number, line in enumerate(lines, 1) if line.strip()] == [1, 3, 7, 8]


@pytest.mark.parametrize("title", ["Do the endpoints respond?", "What happens when …", "It works", "How a run decides"])
def test_title_that_needs_more_is_found(title: str) -> None:
    assert phrases(f"{title}\n{'=' * len(title)}\n") == [title]
    assert phrases(f"## {title}\n", "page.md") == [title]


@pytest.mark.parametrize("title", ["Rotate API keys", "How to rotate API keys", "How changes are planned and applied"])
def test_title_that_stands_alone_is_not_found(title: str) -> None:
    assert not phrases(f"{title}\n{'=' * len(title)}\n")


def test_titles_are_those_of_the_page() -> None:
    assert list(titles("page.rst", "Title\n=====\n\nText\n\nSection\n-------\n")) == [(1, "Title"), (6, "Section")]


@pytest.fixture(name="guide")
def fixture_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only file of a repository."""
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    monkeypatch.setattr(prose, "tracked_files", lambda: ["guide.rst"])
    return tmp_path / "guide.rst"


def test_allowed_phrase_is_not_reported(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide.write_text("The server says no, and tells why.")
    monkeypatch.setattr(prose, "ALLOWED", (Allowed("guide.*", "says", "a quote"),))
    assert [finding.phrase for finding in findings()] == ["tells"]


def test_entry_that_allows_nothing_is_reported(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide.write_text("The server returns a reason.")
    monkeypatch.setattr(prose, "ALLOWED", (Allowed("*", "tells", "unused"),))
    assert [finding.path for finding in findings()] == ["tests/prose.py"]
