# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest

from tests.pages.troubles import PAGE, SECTIONS, page

#: Earlier versions accept the CA without keyUsage, so that one of the messages does not occur.
pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="the page has the messages of Python 3.13")


def test_troubleshooting_page_contains_the_messages_of_runs() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "regenerate the page with python -m tests.pages.troubles"


def test_troubleshooting_messages_and_titles_are_unique() -> None:
    entries = [entry for section in SECTIONS.values() for entry in section]
    for texts in ([entry.message() for entry in entries], [entry.title for entry in entries]):
        assert len(set(texts)) == len(texts)
