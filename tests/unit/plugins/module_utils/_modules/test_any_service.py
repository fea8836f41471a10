# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for free-form endpoint options."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._modules.any_service import (
    find_any_secrets,
    merge_service_defaults,
    parse_declaration,
)
from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES

KEY = "sk-secret-key"


def declared(service: str | None = "openai", **options: Any) -> dict[str, Any]:
    """Return the options of one endpoint, as ansible-core passes them."""
    empty = dict.fromkeys(("task_type", "service_settings", "task_settings", "chunking_settings"))
    return {"inference_id": "a", "state": "present", "service": service, **empty, **options}


def problems(service: str | None = "openai", **options: Any) -> list[str]:
    return parse_declaration(declared(service, **options)).validate("on_create")


def warnings(service: str = "openai", **options: Any) -> list[str]:
    return parse_declaration(declared(service, **options)).warnings


class TestConversion:
    @pytest.mark.parametrize(
        ("service", "settings", "converted"),
        [
            ("openai", {"rate_limit": {"requests_per_minute": "60"}}, {"rate_limit": {"requests_per_minute": 60}}),
            ("openai", {"dimensions": 256.0}, {"dimensions": 256}),
            ("openai", {"dimensions": "256.0", "url": None}, {"dimensions": 256}),
            ("openai", {"scopes": ["a", "b"]}, {"scopes": ["a", "b"]}),
            ("jinaai", {"multimodal_model": "false"}, {"multimodal_model": False}),
            (
                "elasticsearch",
                {"adaptive_allocations": {"enabled": "True", "min_number_of_allocations": "1"}},
                {"adaptive_allocations": {"enabled": True, "min_number_of_allocations": 1}},
            ),
            ("custom", {"headers": {"X.Y": "1"}, "url": "https://x"}, {"headers": {"X.Y": "1"}, "url": "https://x"}),
            # The type of a setting without a row is unknown.
            ("openai", {"depth": "60"}, {"depth": "60"}),
            ("strange", {"rate_limit": {"requests_per_minute": "60"}}, {"rate_limit": {"requests_per_minute": "60"}}),
        ],
    )
    def test_values_become_what_the_rows_say(self, service: str, settings: Any, converted: Any) -> None:
        declaration = parse_declaration(declared(service, service_settings=settings))
        assert declaration.errors == []
        assert declaration.declared["service_settings"] == converted

    def test_numbers_with_a_decimal_point_become_floats(self) -> None:
        declaration = parse_declaration(declared("amazonbedrock", task_settings={"temperature": 1, "top_p": "0.5"}))
        values = declaration.declared["task_settings"]
        assert (values, type(values["temperature"])) == ({"temperature": 1.0, "top_p": 0.5}, float)

    def test_service_account_can_be_a_string_or_a_dictionary(self) -> None:
        account = {"project_id": "p", "private_key": "-----BEGIN\nKEY"}
        forms = [account, json.dumps(account), json.dumps(account, indent=2)]
        declarations = [
            parse_declaration(declared("googlevertexai", service_settings={"service_account_json": form}))
            for form in forms
        ]
        secrets = [declaration.desired.secrets["service_settings.service_account_json"] for declaration in declarations]
        assert len(set(secrets)) == 1
        assert json.loads(secrets[0]) == account


class TestValidation:
    def test_all_problems_are_reported_together(self) -> None:
        wrong = {
            "api_key": "with blank",
            "client_secret": "x",
            "dimensions": "many",
            "similarity": "far",
            "rate_limit": {"requests_per_minute": 0},
            "a.b": 1,
        }
        assert problems(inference_id="A", task_type="any", service_settings=wrong) == [
            (
                "inference_id 'A' is not valid. Hint: use only the lowercase letters a-z, digits, hyphens, "
                "underscores, and dots, and start and end with a letter or digit."
            ),
            "task_type 'any' is not valid.",
            "value of service_settings.similarity must be one of: cosine, dot_product, l2_norm, got: far",
            "service_settings.dimensions must be an integer, not 'many'.",
            "service_settings contains the dotted name a.b. Hint: nest the setting, as the API does.",
            "service_settings.api_key contains whitespace or a line break.",
            "service_settings.rate_limit.requests_per_minute must be at least 1, not 0.",
            "Only one kind of credentials can be set: service_settings.api_key or service_settings.client_secret.",
        ]

    def test_present_endpoint_needs_a_service(self) -> None:
        needed = ["service is required. Hint: set it to the name of an inference service, as in the API."]
        assert problems(None) == needed
        assert problems("") == needed
        assert problems(None, state="absent") == []

    def test_partial_credentials_are_rejected(self) -> None:
        assert problems("amazonbedrock", service_settings={"access_key": "a"}) == [
            "service_settings.access_key and service_settings.secret_key must be set together."
        ]

    def test_value_of_a_wrong_type_is_not_shown_if_it_may_be_a_secret(self) -> None:
        found = problems("openai", service_settings={"api_key": [KEY]})
        assert found == ["service_settings.api_key must be a string, not a list."]

    def test_service_account_that_is_not_json_is_rejected_without_its_value(self) -> None:
        for value in ("no json", "[1]", "{"):
            found = problems("googlevertexai", service_settings={"service_account_json": value})
            wanted = "a dictionary or a string with a JSON object"
            assert found == [f"service_settings.service_account_json must be {wanted}."], value

    def test_built_in_endpoint_can_be_declared(self) -> None:
        assert problems("elasticsearch", inference_id=".elser-2-elasticsearch") == []

    def test_settings_without_a_row_are_accepted(self) -> None:
        assert problems("openai", service_settings={"new_setting": 1}) == []
        assert problems("strange", service_settings={"anything": {"goes": [1]}}, task_type="new_task") == []

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from([*SERVICES, "strange"]),
        st.dictionaries(
            st.sampled_from(["api_key", "model_id", "rate_limit", "headers", "adaptive_allocations", "x", "a.b"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
                max_leaves=5,
            ),
        ),
    )
    def test_any_declaration_returns_errors_or_an_endpoint_without_an_exception(
        self, service: str, given_settings: dict[str, Any]
    ) -> None:
        groups = ("service_settings", "task_settings", "chunking_settings")
        options = declared(service, **dict.fromkeys(groups, given_settings))
        declaration = parse_declaration(options)
        assert all(isinstance(problem, str) and problem for problem in declaration.validate("always"))
        assert all(isinstance(text, str) and text for text in declaration.warnings)
        assert declaration.desired.inference_id == "a"
        assert list(find_any_secrets(options)) is not None


class TestWarnings:
    def test_unknown_setting_causes_a_warning_with_the_nearest_name(self) -> None:
        assert warnings(service_settings={"model": "m"}) == [
            (
                "a: unknown setting service_settings.model of the service openai. Did you mean "
                "service_settings.model_id? It is passed to Elasticsearch unchanged."
            )
        ]

    def test_setting_in_the_wrong_group_causes_a_warning_with_the_right_path(self) -> None:
        (warning,) = warnings("googlevertexai", service_settings={"max_tokens": 5})
        assert "Did you mean task_settings.max_tokens?" in warning

    def test_unknown_setting_without_a_similar_one_causes_a_warning_without_a_suggestion(self) -> None:
        assert warnings(service_settings={"zzz": "m"}) == [
            "a: unknown setting service_settings.zzz of the service openai. It is passed to Elasticsearch unchanged."
        ]

    def test_misspelled_service_causes_a_warning_with_a_suggestion(self) -> None:
        assert warnings("opnai", service_settings={"x": 1}) == [
            "a: unknown service opnai. Did you mean openai? It is passed to Elasticsearch unchanged."
        ]

    def test_unknown_service_without_a_similar_one_causes_no_warning(self) -> None:
        assert warnings("elastic", service_settings={"model_id": "rainbow-sprinkles"}) == []

    def test_unknown_task_type_of_a_service_causes_a_warning(self) -> None:
        assert warnings("groq", task_type="rerank") == [
            (
                "a: unknown task type rerank of the service groq, which has chat_completion. "
                "It is passed to Elasticsearch unchanged."
            )
        ]


class TestDesired:
    def test_credentials_and_settings_that_look_like_credentials_are_secrets(self) -> None:
        settings = {"api_key": KEY, "model_id": "m", "pass_phrase": "p", "inner": {"auth_token": "t", "max_tokens": 5}}
        desired = parse_declaration(declared(service_settings=settings)).desired
        assert desired.secrets == {
            "service_settings.api_key": KEY,
            "service_settings.pass_phrase": "p",
            "service_settings.inner.auth_token": "t",
        }
        assert desired.settings == {"service_settings.model_id": "m", "service_settings.inner.max_tokens": 5}
        assert desired.service == "openai"

    def test_map_of_secrets_is_one_secret(self) -> None:
        desired = parse_declaration(
            declared("custom", service_settings={"secret_parameters": {"a": "1", "b": "2"}})
        ).desired
        assert desired.secrets == {"service_settings.secret_parameters": {"a": "1", "b": "2"}}

    def test_map_is_one_value_even_if_it_is_empty(self) -> None:
        assert parse_declaration(declared(task_settings={"headers": {}})).desired.settings == {
            "task_settings.headers": {}
        }
        desired = parse_declaration(declared(task_settings={"headers": {"a": "1", "B": "2"}})).desired
        assert desired.settings == {"task_settings.headers": {"a": "1", "B": "2"}}


class TestDefaults:
    def test_defaults_of_the_service_are_merged_into_the_endpoint(self) -> None:
        defaults = {
            "openai": {"task_type": "completion", "service_settings": {"api_key": KEY, "url": "https://x"}},
            "cohere": {"service_settings": {"api_key": "other"}},
        }
        merged = merge_service_defaults(defaults, declared(service_settings={"model_id": "m", "url": "https://y"}))
        assert merged["task_type"] == "completion"
        assert merged["service_settings"] == {"api_key": KEY, "model_id": "m", "url": "https://y"}

    def test_credential_of_an_endpoint_replaces_another_kind_in_the_defaults(self) -> None:
        defaults = {"openai": {"service_settings": {"api_key": KEY, "url": "https://x"}}}
        merged = merge_service_defaults(defaults, declared(service_settings={"client_secret": "c"}))
        assert merged["service_settings"] == {"client_secret": "c", "url": "https://x"}

    def test_defaults_of_other_services_have_no_effect(self) -> None:
        merged = merge_service_defaults({"cohere": {"task_settings": {"top_n": 1}}}, declared())
        assert merged["task_settings"] is None


class TestSecrets:
    def test_secrets_are_found_in_every_option(self) -> None:
        account = {"project_id": "my-project", "private_key": "-----BEGIN KEY"}
        params = {
            "service_settings": {"api_key": "k1", "service_account_json": account, "model_id": "m"},
            "defaults": {"amazonbedrock": {"service_settings": {"access_key": "k2", "secret_key": "k3"}}},
            "endpoints": [
                {"inference_id": "a", "service_settings": {"secret_parameters": {"x": "k4"}}},
                json.dumps({"inference_id": "b", "service_settings": {"strange_token": "k5"}}),
            ],
            "task_settings": {"headers": {"Authorization": "Bearer k6"}, "max_tokens": 5},
        }
        found = {secret for _place, secret in find_any_secrets(params)}
        assert {"k1", "k2", "k3", "k4", "k5", "k6", "Bearer k6", "-----BEGIN KEY", json.dumps(account)} <= found
        assert not {"my-project", "m", "a", "5"} & found
