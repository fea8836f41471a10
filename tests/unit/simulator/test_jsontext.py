# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from tests.simulator.jsontext import Fields, JsonError, java_double, java_text, parse, render


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1.0"),
        (0.0, "0.0"),
        (0.7, "0.7"),
        (-2.5, "-2.5"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (1.25e-5, "1.25E-5"),
        (9999999.0, "9999999.0"),
        (12345678.0, "1.2345678E7"),
        (1e20, "1.0E20"),
        (-1e-9, "-1.0E-9"),
    ],
)
def test_doubles_are_rendered_as_in_java(number: float, text: str) -> None:
    assert java_double(number) == text
    assert json.loads(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (50, "50"),
        ("x", "x"),
        ({"a": 1, "b": {"c": "d"}}, "{a=1, b={c=d}}"),
        ([1, 2.0, "x"], "[1, 2.0, x]"),
        ({}, "{}"),
    ],
)
def test_values_in_error_messages_are_rendered_as_in_java(value: object, text: str) -> None:
    assert java_text(value) == text


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "Expecting property name"),
        (b"", "Expecting value"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a": 1, "a": 2}', "Duplicate field 'a'"),
        (b'{"a": {"b": 1, "b": 1}}', "Duplicate field 'b'"),
        (b'{"a": "\xff"}', "utf-8"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_invalid_json_text_is_rejected(body: bytes, problem: str) -> None:
    with pytest.raises(JsonError, match=problem):
        parse(body)


def test_duplicate_name_is_rendered() -> None:
    assert render(Fields((("top_p", 0.9), ("top_p", 40)))) == b'{"top_p":0.9,"top_p":40}'


def test_pretty_json_has_the_layout_of_the_server() -> None:
    assert render({"a": [1.0, {}], "b": []}, pretty=True) == (b'{\n  "a" : [\n    1.0,\n    {}\n  ],\n  "b" : []\n}\n')


def test_non_ascii_text_is_rendered_as_utf8() -> None:
    assert render({"reason": "schlüssel\n"}) == '{"reason":"schlüssel\\n"}'.encode()
