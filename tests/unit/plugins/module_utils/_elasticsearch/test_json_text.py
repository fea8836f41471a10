# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the JSON parser: strictness and repeated names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.json_text import Repeated, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_serialized_value_is_parsed_unchanged(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value).encode()) == value


def test_values_of_a_repeated_name_are_kept_in_order() -> None:
    found = parse_json(b'{"t": {"top_p": 0.9, "x": 1, "top_p": 40, "top_p": null}, "x": 2}')
    assert found == {"t": {"top_p": Repeated((0.9, 40, None)), "x": 1}, "x": 2}
    assert isinstance(found["t"]["top_p"], Repeated)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"endpoints": [',
        b'{"temperature": NaN}',
        b'{"temperature": Infinity}',
        b'{"temperature": -Infinity}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
        "text",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_parse_json_returns_none_for_invalid_json(content: bytes | str) -> None:
    assert parse_json(content) is None
