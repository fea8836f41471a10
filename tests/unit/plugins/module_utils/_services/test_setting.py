# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the description of a setting."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._services.setting import EMPTY, Setting


class TestOption:
    def test_argument_spec_has_no_defaults(self) -> None:
        assert "default" not in Setting("service_settings.rate", "int", default=10).option()

    def test_argument_spec_has_no_required_settings(self) -> None:
        assert "required" not in Setting("service_settings.model", required=True).option()

    def test_list_can_have_elements_of_any_type(self) -> None:
        option = Setting("service_settings.scopes", "list").option()
        assert option == {
            "type": "list",
            "no_log": False,
            "elements": "raw",
        }


class TestSetting:
    @pytest.mark.parametrize(
        ("setting", "value", "problem"),
        [
            (Setting("a"), "", ""),
            (Setting("a", required=True), "", EMPTY),
            (Setting("a", secret=True), "", EMPTY),
            (Setting("a", required=True), "x", ""),
            (Setting("a", "int", minimum=1), 0, "must be at least 1, not 0."),
            (Setting("a", "int", minimum=1), 1, ""),
            (Setting("a", "int", minimum=0, required=True), 0, ""),
            (Setting("a", "float", minimum=0.5), 0.4, "must be at least 0.5, not 0.4."),
            (Setting("a", "float"), float("nan"), "must be a finite number, not nan."),
            (Setting("a", "float", minimum=0), float("-inf"), "must be a finite number, not -inf."),
            (Setting("a", "int", maximum=250), 251, "must be at most 250, not 251."),
            (Setting("a", "int", maximum=250), 250, ""),
            (Setting("a", "dict", secret=True), {}, EMPTY),
            (Setting("a", "dict"), {}, ""),
            (Setting("a", check=lambda value: f"is {value}."), "odd", "is odd."),
            (Setting("a", required=True, check=lambda _value: "is odd."), "", EMPTY),
        ],
    )
    def test_error_of_a_value_is_the_rest_of_a_sentence(self, setting: Setting, value: Any, problem: str) -> None:
        assert setting.validate(value) == problem
