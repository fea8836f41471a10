# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests for endpoint options that are derived from the rows of a service."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._modules.endpoint_options import (
    body_options,
    build_desired,
    declared_settings,
    endpoint_options,
    find_warnings,
    merge_defaults,
    validate_endpoint,
    validate_list,
)
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired
from ansible_collections.esops.inference.plugins.module_utils._services.setting import EMPTY, Setting
from tests.unit.services import ACCESS_KEY, ACME, API_KEY, INPUT, LOCAL, MODEL, RATE, SECRET_KEY, USER, WEIGHT


def declared(**options: Any) -> dict[str, Any]:
    """Return the options of one endpoint after the checks of the argument spec."""
    names = ("task_type", "service_settings", "task_settings", "chunking_settings")
    return {"inference_id": "a", "state": "present", **dict.fromkeys(names), **options}


class TestOptions:
    def test_argument_spec_of_an_endpoint_has_id_state_and_body(self) -> None:
        spec = endpoint_options(ACME)
        assert list(spec) == ["inference_id", "state", "task_type", "service", "service_settings", "task_settings"]
        assert spec["inference_id"] == {"type": "str", "required": True}
        assert spec["state"] == {"type": "str", "choices": ["present", "absent"], "default": "present"}

    def test_argument_spec_of_a_body_has_neither_id_nor_state(self) -> None:
        spec = body_options(ACME)
        assert spec == {name: option for name, option in endpoint_options(ACME).items() if name in spec}
        assert not {"inference_id", "state"} & set(spec)

    def test_argument_spec_names_the_task_types_and_the_service(self) -> None:
        spec = body_options(ACME)
        assert spec["task_type"] == {"type": "str", "choices": ["rerank", "text_embedding"]}
        assert spec["service"] == {"type": "str", "choices": ["acme"], "default": "acme"}

    def test_argument_spec_has_the_settings_of_the_rows(self) -> None:
        spec = body_options(ACME)
        assert {name: spec[name] for name in ("service_settings", "task_settings")} == ACME.options()


class TestMaps:
    """Tests for settings that are maps, which are single values."""

    SECRETS = "service_settings.secrets"
    SERVICE = ACME._replace(
        settings=(Setting(SECRETS, "dict", secret=True), Setting("service_settings.headers", "dict")),
        credentials=((SECRETS,),),
        normalize_settings=dict,
        check=lambda _settings: [],
    )

    @pytest.mark.parametrize("secrets", [{"key": "k"}, {"a": {"b": "k"}}, {"X.Y": "k"}])
    def test_map_of_secrets_is_a_credential(self, secrets: dict[str, Any]) -> None:
        options = declared(service_settings={"secrets": secrets, "headers": {"Accept": "text/plain"}})
        assert validate_endpoint(self.SERVICE, options, "when_changed") == []
        assert build_desired(self.SERVICE, options).secrets == {self.SECRETS: secrets}

    def test_declared_settings_keep_maps_of_the_rows(self) -> None:
        options = declared(service_settings={"secrets": {"key": "k"}, "headers": {"Accept": "text/plain"}})
        found = declared_settings(self.SERVICE, options)
        assert found == {self.SECRETS: {"key": "k"}, "service_settings.headers": {"Accept": "text/plain"}}
        assert all(self.SERVICE.row(path) for path in found)

    def test_empty_map_of_secrets_is_rejected(self) -> None:
        options = declared(service_settings={"secrets": {}})
        assert validate_endpoint(self.SERVICE, options, "always") == [f"{self.SECRETS} {EMPTY}"]


class TestIds:
    @pytest.mark.parametrize("inference_id", ["a", "7", "anthropic_completion", "a-b.c_d", "completion", "a" * 200])
    def test_id_that_elasticsearch_accepts_is_valid(self, inference_id: str) -> None:
        assert validate_endpoint(ACME, declared(inference_id=inference_id), "on_create") == []

    @pytest.mark.parametrize(
        "inference_id", ["", "_all", "A", "a b", "a/b", "a*", "-a", "a-", "a.", "ä", "a\n", "a%2f"]
    )
    def test_id_that_elasticsearch_rejects_is_invalid(self, inference_id: str) -> None:
        characters = "use only the lowercase letters a-z, digits, hyphens, underscores, and dots"
        hint = f"{characters}, and start and end with a letter or digit."
        found = validate_endpoint(ACME, declared(inference_id=inference_id), "on_create")
        assert found == [f"inference_id {inference_id!r} is not valid. Hint: {hint}"]

    def test_id_of_a_built_in_endpoint_is_rejected(self) -> None:
        assert validate_endpoint(ACME, declared(inference_id=".elser-2"), "on_create") == [
            "inference_id .elser-2 is not valid: IDs that start with a dot are reserved for Elasticsearch."
        ]


class TestValidation:
    def test_all_problems_of_an_endpoint_are_reported_at_once(self) -> None:
        options = declared(inference_id="_all", service_settings={"rate": 0}, task_settings={"weight": 0.0})
        found = validate_endpoint(ACME, options, "always")
        assert [problem.split()[0] for problem in found] == ["inference_id", RATE, WEIGHT, API_KEY]

    @pytest.mark.parametrize("policy", ["always", "when_changed"])
    def test_secrets_are_required_if_they_are_sent_to_existing_endpoints(self, policy: str) -> None:
        assert validate_endpoint(ACME, declared(), policy) == [
            f"{API_KEY} or {ACCESS_KEY} and {SECRET_KEY} is required if update_secrets={policy}."
        ]

    @pytest.mark.parametrize("settings", [{"api_key": "k"}, {"access_key": "a", "secret_key": "s"}])
    def test_secrets_that_are_declared_can_always_be_sent(self, settings: dict[str, str]) -> None:
        assert validate_endpoint(ACME, declared(service_settings=settings), "always") == []

    def test_secrets_of_an_absent_endpoint_are_not_required(self) -> None:
        assert validate_endpoint(ACME, declared(state="absent"), "always") == []

    def test_secrets_are_not_required_if_only_a_create_sends_them(self) -> None:
        assert validate_endpoint(ACME, declared(), "on_create") == []

    def test_secrets_are_not_required_by_a_service_without_credentials(self) -> None:
        assert validate_endpoint(LOCAL, declared(), "always") == []

    def test_settings_that_only_a_create_requires_are_not_required(self) -> None:
        assert validate_endpoint(ACME, declared(task_type="text_embedding"), "on_create") == []


class TestWarnings:
    def test_warning_names_the_endpoint(self) -> None:
        options = declared(task_settings={"input": "query", "user": "u"})
        assert find_warnings(ACME, options) == ["a: input and user are a strange pair."]

    def test_setting_that_is_none_causes_no_warning(self) -> None:
        assert find_warnings(ACME, declared(task_settings={"input": "query", "user": None})) == []


def _list_problems(endpoints: list[dict[str, Any]]) -> list[str]:
    found = [validate_endpoint(ACME, endpoint, "on_create") for endpoint in endpoints]
    return validate_list([endpoint["inference_id"] for endpoint in endpoints], found)


class TestListValidation:
    def test_error_of_many_endpoints_is_reported_once_with_the_places(self) -> None:
        wrong = [declared(inference_id=f"e{number}", service_settings={"rate": 0}) for number in range(5)]
        assert _list_problems(wrong) == [
            f"endpoints[0], endpoints[1], endpoints[2] and 2 more: {RATE} must be at least 1, not 0."
        ]

    def test_different_errors_are_reported_with_their_places(self) -> None:
        wrong = [
            declared(inference_id="a", service_settings={"rate": 0}),
            declared(inference_id="b", service_settings={"model": "old"}),
        ]
        assert _list_problems(wrong) == [
            f"endpoints[0]: {RATE} must be at least 1, not 0.",
            f"endpoints[1]: {MODEL} must not be old.",
        ]

    def test_id_that_occurs_more_than_once_is_rejected_for_any_state(self) -> None:
        twice = [declared(inference_id="a"), declared(inference_id="b"), declared(inference_id="a", state="absent")]
        assert _list_problems(twice) == [
            "inference_id a appears more than once in the list: endpoints[0], endpoints[2]."
        ]

    def test_list_without_endpoints_is_valid(self) -> None:
        assert validate_list([], []) == []


class TestDefaults:
    def test_defaults_are_merged_recursively(self) -> None:
        defaults = {
            "task_type": "rerank",
            "service_settings": {"api_key": "k", "model": "m", "scaling": {"most": 5, "adaptive": True}},
            "task_settings": {"input": "query", "weight": 0.5},
        }
        endpoint = declared(
            service_settings={"model": "n", "api_key": None, "scaling": {"most": 2}},
            task_settings={"input": "document"},
        )
        merged = merge_defaults(defaults, endpoint)
        assert merged["service_settings"] == {"api_key": "k", "model": "n", "scaling": {"most": 2, "adaptive": True}}
        assert merged["task_settings"] == {"input": "document", "weight": 0.5}
        assert merged["task_type"] == "rerank"

    def test_defaults_are_not_changed_by_a_merge(self) -> None:
        defaults = {"task_settings": {"input": "query"}}
        merge_defaults(defaults, declared(task_settings={"input": "document"}))
        assert defaults == {"task_settings": {"input": "query"}}

    def test_option_without_a_value_and_a_default_is_none(self) -> None:
        assert merge_defaults({}, {"task_type": None}) == {"task_type": None}


class TestDesired:
    def test_desired_has_only_declared_settings_and_the_secrets_apart(self) -> None:
        options = declared(
            service_settings={"access_key": "a", "secret_key": "s", "api_key": None, "model": "m", "scaling": {}},
            task_settings={"input": "query", "user": None},
        )
        assert build_desired(ACME, options) == Desired(
            "a", settings={MODEL: "m", INPUT: "query"}, secrets={ACCESS_KEY: "a", SECRET_KEY: "s"}, service="acme"
        )

    def test_desired_has_the_declared_id_state_and_task_type(self) -> None:
        assert build_desired(ACME, declared(inference_id="b", state="absent", task_type="rerank")) == Desired(
            "b", "absent", "rerank", service="acme"
        )

    def test_desired_settings_are_normalized(self) -> None:
        assert build_desired(ACME, declared(service_settings={"model": "M"})).settings == {MODEL: "m"}

    def test_declared_settings_are_those_of_the_groups_that_are_set(self) -> None:
        options = declared(task_settings={"user": "u"}, other={"x": 1})
        assert declared_settings(ACME, options) == {USER: "u"}
