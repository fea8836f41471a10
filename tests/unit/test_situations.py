# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.pages.situations import PAGE, SECTIONS, Situation, page

SITUATIONS = [situation for section in SECTIONS.values() for situation in section]


def test_the_page_tells_what_happens() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.pages.situations writes it anew"


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.when)
def test_it_says_what_it_should_and_none_but_the_worst_loses_an_endpoint(situation: Situation) -> None:
    run, _requests, kept = situation.run()
    assert kept or situation.then.startswith("The worst.")
    told = " ".join([run.result.get("msg", ""), *run.warnings])
    for words in situation.says:
        assert words in told
