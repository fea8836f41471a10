# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.esops.inference.plugins.module_utils._modules.secret_options import (
    find_secret_options,
    scalar_values,
)

SPEC = {
    "password": {"type": "str", "no_log": True},
    "user": {"type": "str", "no_log": False},
    "one": {"type": "dict", "options": {"key": {"type": "str", "no_log": True}}},
    "many": {"type": "list", "elements": "dict", "options": {"key": {"type": "str", "no_log": True}}},
}


def test_secret_is_found_at_any_depth() -> None:
    given = {"password": "a", "user": "b", "one": {"key": "c", "other": "d"}, "many": [{"key": "e"}, {}, {"key": "f"}]}
    assert list(find_secret_options(SPEC, given)) == [
        ("password", "a"),
        ("one.key", "c"),
        ("many[0].key", "e"),
        ("many[2].key", "f"),
    ]


def test_secret_of_a_wrong_type_is_found() -> None:
    given = {"password": {"id": 5, "key": ["a"]}, "one": "b", "many": ["c", {"key": "d"}]}
    assert list(find_secret_options(SPEC, given)) == [("password", "5"), ("password", "a"), ("many[1].key", "d")]


def test_scalar_values_are_strings_and_numbers_without_skipped_keys() -> None:
    result = {"a": ["b", 1, True, None, {"msg": "c", "d": 2.5}], "msg": "e"}
    assert list(scalar_values(result, ("msg",))) == ["b", "1", "2.5"]
