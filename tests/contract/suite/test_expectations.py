# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of expected responses: matching, and the description of differences."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.connection import Answer, Secrets
from tests.contract.expectations import (
    ABSENT,
    ANYTHING,
    LONGEST_TEXT,
    Contradiction,
    Error,
    Including,
    PlainError,
    Success,
    matches,
    shortened,
)

ERROR = {
    "error": {"type": "status_exception", "reason": "Unknown id [x]", "caused_by": {"reason": "no x"}},
    "status": 400,
}


@pytest.mark.parametrize(
    ("expected", "observed", "same"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (False, 0, False),
        (None, None, True),
        ("a", "a", True),
        ("a", "ab", False),
        ("a…", "ab", True),
        ("…b", "a\nb", True),
        ("a…c…e", "abcde", True),
        ("[x.y]", "[xxy]", False),
        (ANYTHING, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": ABSENT}, {"b": 1}, True),
        ({"a": ABSENT}, {"a": None}, False),
        ({"a": {"b": "…"}}, {"a": {"b": "c"}}, True),
        ({}, [], False),
        ([1], [1], True),
        ([1], [1, 2], False),
        ([1], "1", False),
        (Including(({"a": 1},)), [{"a": 2}, {"a": 1}], True),
        (Including(({"a": 1},)), [{"a": 2}], False),
        (Including(()), {}, False),
    ],
)
def test_values_match_by_type_and_content(expected: Any, observed: Any, same: bool) -> None:
    assert matches(expected, observed) is same


@pytest.mark.parametrize(
    ("expected", "same"),
    [
        (Error(400), True),
        (Error(404), False),
        (Error(400, "status_exception", "Unknown id [x]"), True),
        (Error(400, "validation_exception", "Unknown id [x]"), False),
        (Error(400, "status_exception", "Unknown id [y]"), False),
        (Error(400, cause="no …"), True),
        (Error(400, cause="yes …"), False),
        (Success(), False),
        (PlainError(400, "…"), False),
    ],
)
def test_errors_match_by_status_type_reason_and_cause(expected: Error | Success | PlainError, same: bool) -> None:
    assert expected.matches(400, ERROR) is same


def test_plain_error_matches_its_text() -> None:
    assert PlainError(400, "no handler …").matches(400, {"error": "no handler found"})


def test_contradiction_contains_both_responses_without_secrets() -> None:
    answer = Answer("GET /x?key=topsecret", 200, {}, '{"key": "topsecret"}', Secrets("topsecret"))

    with pytest.raises(Contradiction) as caught:
        answer.expect(Error(404, "resource_not_found_exception", "topsecret not found"))

    contradiction = caught.value
    assert contradiction.request == "GET /x?key=********"
    assert contradiction.expected == '404 resource_not_found_exception "******** not found"'
    assert contradiction.observed == '200 {"key": "********"}'


def test_long_text_is_shortened_in_the_middle() -> None:
    text = shortened("a" * LONGEST_TEXT + "b" * LONGEST_TEXT)

    assert text == f"{'a' * (LONGEST_TEXT // 2)} … {'b' * (LONGEST_TEXT // 2)}"


def test_longer_secret_is_hidden_before_its_part() -> None:
    assert Secrets("key", "key-of-mine", None, "").hide("key-of-mine, key") == "********, ********"
