# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for everything that a service derives from its rows, with a fictional service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import UNKNOWN_SERVER, Server, flatten
from ansible_collections.esops.inference.plugins.module_utils._services.setting import EMPTY
from tests.unit.declarations import declarations
from tests.unit.reconciling import SERVERLESS, V94, V95, V816, V817
from tests.unit.services import (
    ACCESS_KEY,
    ACME,
    ADAPTIVE,
    API_KEY,
    BATCH,
    DIMENSIONS,
    INPUT,
    LOCAL,
    MODEL,
    MOST,
    RATE,
    SECRET_KEY,
    USER,
    WEIGHT,
)


class TestOptions:
    def test_argument_spec_nests_settings_as_the_api_nests_them(self) -> None:
        secret = {"type": "str", "no_log": True}
        number = {"type": "int", "no_log": False}
        assert ACME.options() == {
            "service_settings": {
                "type": "dict",
                "options": {
                    "api_key": secret,
                    "access_key": secret,
                    "secret_key": secret,
                    "model": {"type": "str", "no_log": False},
                    "rate": number,
                    "dimensions": number,
                    "batch": number,
                    "scaling": {
                        "type": "dict",
                        "options": {"adaptive": {"type": "bool", "no_log": False}, "most": number},
                    },
                },
            },
            "task_settings": {
                "type": "dict",
                "options": {
                    "input": {"type": "str", "no_log": False, "choices": ["query", "document"]},
                    "user": {"type": "str", "no_log": False},
                    "weight": {"type": "float", "no_log": False},
                },
            },
        }

    def test_secrets_are_the_rows_marked_as_secret_in_their_order(self) -> None:
        assert ACME.secrets == (API_KEY, ACCESS_KEY, SECRET_KEY)


class TestValidation:
    def test_errors_have_the_order_of_the_rows_with_dependent_ones_last(self) -> None:
        declared = {WEIGHT: 0.1, INPUT: "query", RATE: 0, MODEL: "old", API_KEY: "k", ACCESS_KEY: ""}
        assert ACME.validate(declared) == [
            f"{ACCESS_KEY} {EMPTY}",
            f"{MODEL} must not be old.",
            f"{RATE} must be at least 1, not 0.",
            f"{WEIGHT} must be at least 0.5, not 0.1.",
            f"Only one kind of credentials can be set: {API_KEY} or {ACCESS_KEY} and {SECRET_KEY}.",
            "input and weight are mutually exclusive.",
        ]

    def test_undeclared_settings_cause_no_error(self) -> None:
        assert ACME.validate({}) == []


class TestMissing:
    @pytest.mark.parametrize(
        ("declared", "missing"),
        [
            ((), [API_KEY, MODEL]),
            ((MODEL,), [API_KEY]),
            ((API_KEY, MODEL), []),
            ((ACCESS_KEY, MODEL), [SECRET_KEY]),
            ((SECRET_KEY, MODEL), [ACCESS_KEY]),
            ((ACCESS_KEY, SECRET_KEY), [MODEL]),
            ((API_KEY, ACCESS_KEY, MODEL), []),
        ],
    )
    def test_partial_credentials_require_the_rest(self, declared: tuple[str, ...], missing: list[str]) -> None:
        assert ACME.missing_settings(dict.fromkeys(declared, "x"), "rerank") == missing

    def test_complete_alternative_takes_precedence_over_a_larger_one(self) -> None:
        service = ACME._replace(credentials=((ACCESS_KEY, SECRET_KEY), (ACCESS_KEY,)))
        assert service.missing_settings({ACCESS_KEY: "a", MODEL: "m"}, "rerank") == []

    def test_alternative_without_any_credential_makes_them_optional(self) -> None:
        service = ACME._replace(credentials=((API_KEY,), (ACCESS_KEY, SECRET_KEY), ()))
        assert service.missing_settings({MODEL: "m"}, "rerank") == []
        assert service.missing_settings({MODEL: "m", ACCESS_KEY: "a"}, "rerank") == [SECRET_KEY]

    def test_service_without_credentials_requires_none(self) -> None:
        assert LOCAL.missing_settings({MODEL: "m"}, "rerank") == []

    def test_setting_of_one_task_type_is_required_only_there(self) -> None:
        declared = {API_KEY: "k", MODEL: "m"}
        assert ACME.missing_settings(declared, "text_embedding") == [DIMENSIONS]
        assert ACME.missing_settings(declared, "rerank") == []

    @pytest.mark.parametrize(("path", "needed"), [(MODEL, True), (DIMENSIONS, True), (RATE, False), ("other", False)])
    def test_required_settings_are_required_by_a_create(self, path: str, needed: bool) -> None:
        assert ACME.is_required(path) is needed


class TestDefaults:
    def test_defaults_are_those_of_the_task_type(self) -> None:
        assert ACME.defaults("rerank") == {RATE: 10}
        assert ACME.defaults("text_embedding") == {RATE: 10, BATCH: 5}


class TestChangesInPlace:
    @pytest.mark.parametrize(
        ("path", "server", "changes"),
        [
            (MODEL, SERVERLESS, False),
            ("unknown", SERVERLESS, False),
            (RATE, V94, True),
            (RATE, V817, False),
            (API_KEY, V817, True),
            (API_KEY, V816, False),
            (INPUT, V817, True),
            ("task_settings.unknown", V817, True),
            (INPUT, V816, False),
            (ADAPTIVE, Server((8, 19), "8.19"), False),
            (ADAPTIVE, Server((9, 0), "9.0"), True),
            (RATE, UNKNOWN_SERVER, True),
        ],
    )
    def test_setting_can_be_updated_since_the_version_of_its_row_or_unit(
        self, path: str, server: Server, changes: bool
    ) -> None:
        assert ACME.changes_in_place(path, server) is changes

    @pytest.mark.parametrize(
        ("path", "fixed"), [(MODEL, True), ("task_type", True), (DIMENSIONS, True), (RATE, False), (MOST, False)]
    )
    def test_setting_is_fixed_if_no_version_can_update_it(self, path: str, fixed: bool) -> None:
        assert ACME.is_fixed(path) is fixed

    @pytest.mark.parametrize(
        ("changes", "server", "needed"),
        [
            ((RATE,), V94, True),
            ((INPUT, RATE), V94, True),
            ((INPUT,), V94, False),
            ((), V94, False),
            ((RATE,), V95, False),
            ((RATE,), UNKNOWN_SERVER, False),
        ],
    )
    def test_service_settings_require_the_secrets_on_older_versions(
        self, changes: tuple[str, ...], server: Server, needed: bool
    ) -> None:
        assert ACME.needs_secrets(changes, server) is needed

    def test_service_without_credentials_never_requires_secrets(self) -> None:
        assert LOCAL.needs_secrets((RATE,), V94) is False

    @pytest.mark.parametrize(
        ("server", "validates"), [(V817, False), (V94, True), (SERVERLESS, True), (UNKNOWN_SERVER, False)]
    )
    def test_server_validates_updates_only_if_its_version_is_known(self, server: Server, validates: bool) -> None:
        assert ACME.validates_updates(server) is validates


class TestUpdate:
    SETTINGS: Mapping[str, Any] = {RATE: 7, BATCH: 2, ADAPTIVE: True, MOST: 4, INPUT: "query", USER: "u"}

    @pytest.mark.parametrize(
        ("changes", "paths"),
        [
            ((RATE,), (RATE,)),
            ((INPUT,), (INPUT, USER)),
            ((MOST,), (ADAPTIVE, MOST)),
            ((MOST, USER, RATE), (RATE, ADAPTIVE, MOST, INPUT, USER)),
            ((), ()),
        ],
    )
    def test_update_contains_single_settings_and_whole_units(
        self, changes: tuple[str, ...], paths: tuple[str, ...]
    ) -> None:
        assert ACME.select_update(changes, self.SETTINGS) == {path: self.SETTINGS[path] for path in paths}

    def test_update_that_removes_a_setting_of_a_unit_contains_the_others(self) -> None:
        assert ACME.select_update((USER,), {INPUT: "query", RATE: 7}) == {INPUT: "query"}

    def test_update_that_removes_the_last_setting_of_a_unit_contains_an_empty_unit(self) -> None:
        assert ACME.select_update((USER,), {RATE: 7}) == {"task_settings": {}}
        assert ACME.select_update((MOST, USER), {INPUT: "query"}) == {INPUT: "query", "service_settings.scaling": {}}


class TestCredentials:
    def test_credentials_are_named_by_their_alternatives(self) -> None:
        assert ACME.named_credentials == f"{API_KEY} or {ACCESS_KEY} and {SECRET_KEY}"

    def test_alternative_without_credentials_is_not_named(self) -> None:
        assert ACME._replace(credentials=((API_KEY,), ())).named_credentials == API_KEY
        assert LOCAL.named_credentials == ""


@settings(max_examples=200, deadline=None, derandomize=True)
@given(declarations(ACME.options()))
def test_any_valid_declaration_returns_a_list_of_sentences(declared: dict[str, Any]) -> None:
    problems = ACME.validate(flatten(declared))
    assert all(problem.endswith(".") for problem in problems)
    assert len(set(problems)) == len(problems)
