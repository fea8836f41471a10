# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest

from tests.pages.troubles import PAGE, SECTIONS, page

#: Earlier versions accept the CA that one of the messages is about.
pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason="the page has what Python 3.13 says")


def test_the_page_tells_what_runs_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.pages.troubles writes it anew"


def test_no_message_stands_there_twice() -> None:
    messages = [trouble.message() for troubles in SECTIONS.values() for trouble in troubles]
    assert len(set(messages)) == len(messages)
