# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the search for broken links in the documentation site."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site.links import broken


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("guides/start.html", None),
        ("guides/start.html#here", None),
        ("#top", None),
        ("picture.svg", None),
        ("https://www.elastic.co/docs#anything", None),
        ("guides/", "the file does not exist"),
        ("guides/end.html", "the file does not exist"),
        ("guides/start.html#there", "the page does not have this anchor"),
        ("#bottom", "the page does not have this anchor"),
        ("http://www.elastic.co/", "is not an https URL"),
        ("https://localhost/", "is not an https URL"),
        ("mailto:team", "is not an https URL"),
        ("https://[", "Invalid IPv6 URL"),
        ("", None),
    ],
)
def test_broken_link_is_reported_with_its_problem(link: str, problem: str | None, tmp_path: Path) -> None:
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides/start.html").write_text('<h1 id="here">Start</h1><a href="../index.html">back</a>')
    (tmp_path / "picture.svg").touch()
    (tmp_path / "index.html").write_text(f'<h1 id="top">Site</h1><a class="x" href="{link}">a link</a>')
    assert broken(tmp_path) == ([f"index.html: {link}: {problem}"] if problem else [])
