# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.pages.situations import PAGE, SECTIONS, Situation, page

SITUATIONS = [situation for section in SECTIONS.values() for situation in section]


def test_behavior_by_situation_page_contains_the_results_of_runs() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "regenerate the page with python -m tests.pages.situations"


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.title)
def test_situation_returns_expected_message_and_keeps_the_endpoint(situation: Situation) -> None:
    run, _requests, kept = situation.run()
    assert kept is not situation.loses_endpoint
    texts = " ".join([run.result.get("msg", ""), *run.warnings])
    for words in situation.says:
        assert words in texts
