# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the helpers that join names and messages."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.text import (
    join_few,
    join_messages,
    join_names,
)


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b", "c"], "a, b, c"), (list("abcde"), "a, b, c and 2 more")]
)
def test_join_few_lists_three_names_and_counts_the_rest(names: list[str], text: str) -> None:
    assert join_few(names) == text


@pytest.mark.parametrize(("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")])
def test_join_names_lists_all_names(names: list[str], text: str) -> None:
    assert join_names(names) == text


def test_join_messages_numbers_several_messages() -> None:
    assert join_messages(["One."]) == "One."
    assert join_messages(["One.", "Two."]) == "2 problems: (1) One. (2) Two."
