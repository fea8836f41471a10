# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the recognition of secrets in free-form settings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES
from ansible_collections.esops.inference.plugins.module_utils._services.secret_names import find_secrets, is_secret

ACCOUNT = {
    "type": "service_account",
    "project_id": "my-project",
    "private_key_id": "4f1c",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n",
    "client_email": "me@my-project.iam.gserviceaccount.com",
}


def texts(value: Any) -> list[str]:
    """Return the strings that must be hidden."""
    return [text for _place, text in find_secrets(value)]


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "api_key",
            "access_key",
            "secret_key",
            "client_secret",
            "entra_id",
            "secret_parameters",
            "service_account_json",
            # Services that are not in the catalog:
            "acme_pass_phrase",
            "acme_password",
            "accessToken",
            "hf_token",
            "private_key",
            "sas_signature",
            "jwt",
            # Headers:
            "Authorization",
            "Proxy-Authorization",
            "Cookie",
            "X-Api-Key",
            "Ocp-Apim-Subscription-Key",
        ],
    )
    def test_name_of_a_secret_is_recognized(self, name: str) -> None:
        assert is_secret(name)

    @pytest.mark.parametrize(
        "name",
        [
            "max_tokens",
            "max_input_tokens",
            "max_new_tokens",
            "max_output_tokens",
            "num_tokens",
            "return_token",
            "token_path",
            "token_url",
            "truncate_input_tokens",
            "client_id",
            "tenant_id",
            "project_id",
            "model_id",
            "keyword",
            "monkey",
            "tokenizer",
            "passage",
            "Accept",
            "",
        ],
    )
    def test_other_name_is_not_a_secret(self, name: str) -> None:
        assert not is_secret(name)

    def test_only_secret_rows_have_names_of_secrets(self) -> None:
        rows = [row for service in SERVICES.values() for row in service.settings]
        assert {row.path for row in rows if is_secret(row.path.rpartition(".")[2])} == {
            row.path for row in rows if row.secret
        }


class TestPlaces:
    def test_secrets_are_found_with_their_places_at_any_depth(self) -> None:
        value = {"service_settings": {"api_key": "sk-1", "model_id": "m", "oauth": [{"client_secret": "cs-1"}]}}
        assert list(find_secrets(value)) == [
            ("service_settings.api_key", "sk-1"),
            ("service_settings.oauth[0].client_secret", "cs-1"),
        ]

    def test_place_can_begin_with_the_name_of_an_option(self) -> None:
        assert list(find_secrets([{"api_key": "x"}], "endpoints")) == [("endpoints[0].api_key", "x")]

    def test_settings_without_secrets_return_nothing(self) -> None:
        assert list(find_secrets({"task_settings": {"max_tokens": 5, "user": "joe"}})) == []

    def test_both_keys_of_a_pair_are_secrets(self) -> None:
        assert texts({"access_key": "AKIA1", "secret_key": "s1"}) == ["AKIA1", "s1"]

    def test_every_value_of_a_map_of_secrets_is_a_secret(self) -> None:
        assert texts({"secret_parameters": {"user": "joe", "nested": {"model": "m"}}}) == ["joe", "m"]

    def test_every_element_of_a_list_of_secrets_is_a_secret(self) -> None:
        assert texts({"api_key": ["a", ["b"], {"c": "d"}]}) == ["a", "b", "d"]

    def test_credential_without_its_scheme_is_a_secret_by_itself(self) -> None:
        assert texts({"headers": {"Authorization": "Bearer t-1", "Accept": "text/plain"}}) == ["Bearer t-1", "t-1"]


class TestValues:
    @pytest.mark.parametrize(("value", "found"), [(5, ["5"]), (1.5, ["1.5"]), (0, ["0"])])
    def test_secret_number_is_returned_as_a_string(self, value: Any, found: list[str]) -> None:
        assert texts({"api_key": value}) == found

    @pytest.mark.parametrize("value", [None, "", True, False, {}, []])
    def test_value_that_cannot_be_a_secret_is_ignored(self, value: Any) -> None:
        assert texts({"api_key": value}) == []

    @pytest.mark.parametrize("value", [None, 5, True, "text", "", [], {}])
    def test_settings_of_a_wrong_type_return_nothing(self, value: Any) -> None:
        assert texts(value) == []

    @pytest.mark.parametrize("name", [5, None, True])
    def test_name_can_have_any_type(self, name: Any) -> None:
        assert texts({name: {"api_key": "x"}}) == ["x"]


class TestJson:
    def test_secrets_in_json_strings_are_found(self) -> None:
        assert list(find_secrets({"service_settings": ' {"api_key": "sk-1"}'})) == [
            ("service_settings.api_key", "sk-1")
        ]
        assert texts('[{"api_key": "sk-1"}]') == ["sk-1"]

    @pytest.mark.parametrize("text", ["{", "{'api_key': 'x'}", "[1,", "{}", "[]", "[" * 100_000, '{"a":' * 100_000])
    def test_string_without_secrets_is_ignored(self, text: str) -> None:
        assert texts({"service_settings": text}) == []

    def test_dictionary_credential_is_a_secret_as_a_whole_and_in_parts(self) -> None:
        assert texts({"service_account_json": ACCOUNT}) == [
            json.dumps(ACCOUNT),
            ACCOUNT["private_key_id"],
            ACCOUNT["private_key"],
        ]

    def test_string_credential_is_a_secret_as_a_whole_and_in_parts(self) -> None:
        text = json.dumps(ACCOUNT, indent=2)
        assert texts({"service_account_json": text}) == [text, ACCOUNT["private_key_id"], ACCOUNT["private_key"]]

    @pytest.mark.parametrize("value", [ACCOUNT, json.dumps(ACCOUNT)])
    def test_name_of_a_project_stays_visible(self, value: Any) -> None:
        assert ACCOUNT["project_id"] not in texts({"service_account_json": value})


#: JSON values whose names and strings look like secrets or like JSON.
TEXTS = st.text(max_size=6) | st.sampled_from(["{", "[", '{"api_key": "x"}', '[{"token": 1}]', "Bearer a", "\ud800"])
NAMES = TEXTS | st.sampled_from(["api_key", "secret_parameters", "service_account_json", "max_tokens", "Authorization"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(VALUES)
def test_any_value_returns_places_and_non_empty_strings(value: Any) -> None:
    for place, text in find_secrets(value, "service_settings"):
        assert place.startswith("service_settings")
        assert text
        assert isinstance(text, str)


@settings(deadline=None, max_examples=300)
@given(VALUES, st.sampled_from(["api_key", "acme_password", "Authorization"]))
def test_secret_is_found_anywhere(value: Any, name: str) -> None:
    assert "s3cr3t" in texts({"a": [value, {"b": {name: "s3cr3t"}}]})
    assert "s3cr3t" in texts({"a": json.dumps({"b": [value, {name: "s3cr3t"}]})})
