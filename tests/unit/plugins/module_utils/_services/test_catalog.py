# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that the catalog matches the specification of Elasticsearch, apart from exceptions with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import SETTINGS_GROUPS
from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES, services
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting
from tests.pages.specification import EXTRACT
from tests.unit.declarations import declarations
from tests.unit.reconciling import V816, V817

SPECIFICATION: dict[str, Any] = json.loads(EXTRACT.read_text(encoding="utf-8"))

#: Services that the specification omits, with the source of their rows.
UNSPECIFIED: dict[str, str] = {}

#: Task types of a service that the specification omits.
MORE_TASK_TYPES = {
    "hugging_face": {"sparse_embedding": "HuggingFaceModelFactory creates an ELSER model for it."},
}

#: Settings of the specification without a row of the same name.
ELSEWHERE = {
    ("custom", "service_settings.request.content"): "CustomServiceSettings.fromMap reads a string named request.",
    ("custom", "service_settings.response.json_parser"): "The rows describe its contents.",
    ("custom", "service_settings.input_type"): "The rows describe its contents.",
}

#: Settings whose rows have another type than the specification.
OTHER_TYPES = {
    ("azureaistudio", "task_settings.do_sample"): "AzureAiStudioChatCompletionTaskSettings reads a boolean.",
    ("googlevertexai", "service_settings.service_account_json"): "A JSON string, which can also be a dictionary here.",
    ("voyageai", "service_settings.embedding_type"): "VoyageAIEmbeddingsServiceSettings reads a name, not a number.",
}

#: Settings that the specification requires, but the rows do not.
OPTIONAL = {
    (
        "cohere",
        "task_settings.input_type",
    ): "CohereEmbeddingsTaskSettings does not require it.",
    ("custom", "service_settings.secret_parameters"): "CustomSecretSettings.fromMap defaults to an empty map.",
    ("elasticsearch", "service_settings.model_id"): "A deployment_id also identifies a model. See test_local.",
    ("elasticsearch", "service_settings.num_threads"): "A deployment already has threads. See test_local.",
    ("elser", "service_settings.num_threads"): "It depends on deployment_id. See test_local.",
    ("elser", "service_settings.num_allocations"): "adaptive_allocations are an alternative. See test_local.",
}

#: Settings that the rows require, but the specification does not.
REQUIRED = {
    ("amazonbedrock", "service_settings.provider"): "AmazonBedrockServiceSettings.Builder.build",
    ("custom", "service_settings.request"): "It represents request.content.",
    ("custom", "service_settings.response.json_parser.completion_result"): "CompletionResponseParser.fromMap",
    ("custom", "service_settings.response.json_parser.relevance_score"): "RerankResponseParser.fromMap",
    ("custom", "service_settings.response.json_parser.text_embeddings"): "DenseEmbeddingResponseParser.fromMap",
    ("custom", "service_settings.response.json_parser.token_path"): "SparseEmbeddingResponseParser.fromMap",
    ("custom", "service_settings.response.json_parser.weight_path"): "SparseEmbeddingResponseParser.fromMap",
    ("custom", "service_settings.url"): "CustomServiceSettings.fromMap",
    ("googlevertexai", "service_settings.location"): "GoogleVertexAiEmbeddingsServiceSettings.fromMap",
    ("googlevertexai", "service_settings.model_id"): "GoogleVertexAiEmbeddingsServiceSettings.fromMap",
    ("googlevertexai", "service_settings.project_id"): "GoogleVertexAi{Embeddings,Rerank}ServiceSettings.fromMap",
}

#: Credentials that a create requires, but the specification does not.
NEEDED_CREDENTIALS = {
    "ai21": "DefaultSecretSettings.fromMap",
    "azureopenai": "AzureOpenAiSecretSettings requires exactly one of three.",
    "openai": "OpenAiSecretSettings requires exactly one of two.",
}

#: Services for which only the rows or only the specification have chunking_settings.
OTHER_CHUNKING = {
    "amazon_sagemaker": "SageMakerModelBuilder.fromRequest does not read them.",
    "anthropic": "Elastic used to document them. Elasticsearch rejects them, see `elasticsearch.md`.",
}

CATALOG = list(SERVICES.values())
SPECIFIED = [service for service in CATALOG if service.name not in UNSPECIFIED]


def named(items: list[Service]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("service", items, ids=lambda service: service.name)


def specified() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the settings of the specification: service name, path, and description."""
    for name, service in SPECIFICATION.items():
        for group in ("service_settings", "task_settings"):
            for setting, said in service.get(group, {}).items():
                yield name, f"{group}.{setting}", said


SETTINGS = [(name, path) for name, path, _said in specified()]
SAID = {(name, path): said for name, path, said in specified()}


def rows(name: str, path: str) -> list[Setting]:
    return [row for row in SERVICES[name].settings if row.path == path]


class TestSpecification:
    def test_catalog_has_the_services_of_the_specification(self) -> None:
        assert sorted(SERVICES) == sorted([*SPECIFICATION, *UNSPECIFIED])
        assert {name: service.name for name, service in SERVICES.items()} == {name: name for name in SERVICES}

    @named(SPECIFIED)
    def test_service_has_the_task_types_of_the_specification(self, service: Service) -> None:
        expected = [*SPECIFICATION[service.name]["task_types"], *MORE_TASK_TYPES.get(service.name, ())]
        assert sorted(service.task_types) == sorted(expected)

    @pytest.mark.parametrize(("name", "path"), SETTINGS)
    def test_setting_has_a_row_of_its_type(self, name: str, path: str) -> None:
        found = rows(name, path)
        assert bool(found) is ((name, path) not in ELSEWHERE)
        if (name, path) in OTHER_TYPES:
            assert {row.type for row in found} & {SAID[name, path]["type"]} == set()
        else:
            assert {row.type for row in found} <= {SAID[name, path]["type"]}

    @pytest.mark.parametrize(("name", "path"), SETTINGS)
    def test_row_accepts_every_value_of_the_specification(self, name: str, path: str) -> None:
        for row in rows(name, path):
            if row.choices:
                said = {row.normalize(choice) for choice in SAID[name, path].get("choices", row.choices)}
                assert said <= {row.normalize(choice) for choice in row.choices}

    def test_rows_require_what_the_specification_requires(self) -> None:
        said = {place for place, setting in SAID.items() if setting["required"] and place not in ELSEWHERE}
        credentials = {(name, path) for name, service in SERVICES.items() for path in service.secrets}
        required = {
            (service.name, row.path)
            for service in SPECIFIED
            for row in service.settings
            if row.required and not row.secret
        }
        assert said - credentials - required == set(OPTIONAL) - credentials
        assert required - said == set(REQUIRED)

    @named(SPECIFIED)
    def test_create_requires_the_credentials_of_the_specification(self, service: Service) -> None:
        said = {path for path in service.secrets if SAID.get((service.name, path), {}).get("required")}
        always = [set(names) for names in service.credentials]
        for path in said:
            assert all(path in names for names in always) is ((service.name, path) not in OPTIONAL)
        needed = bool(always) and set() not in always
        assert (needed and not said) is (service.name in NEEDED_CREDENTIALS)

    @named(SPECIFIED)
    def test_service_has_chunking_settings_if_the_specification_has_them(self, service: Service) -> None:
        has_rows = any(row.path.startswith("chunking_settings.") for row in service.settings)
        differs = has_rows is not SPECIFICATION[service.name]["chunking_settings"]
        assert differs is (service.name in OTHER_CHUNKING)

    @pytest.mark.parametrize("exceptions", [ELSEWHERE, OTHER_TYPES, OPTIONAL])
    def test_exceptions_exist_in_the_specification(self, exceptions: dict[tuple[str, str], str]) -> None:
        assert set(exceptions) <= set(SAID)


@named(CATALOG)
class TestRows:
    def test_path_is_in_a_group_of_settings(self, service: Service) -> None:
        assert {row.path.split(".")[0] for row in service.settings} <= set(SETTINGS_GROUPS)

    def test_task_type_has_one_row_for_each_path(self, service: Service) -> None:
        places = [
            (row.path, task_type) for row in service.settings for task_type in row.task_types or service.task_types
        ]
        assert len(places) == len(set(places))

    def test_rows_of_one_path_are_of_one_type(self, service: Service) -> None:
        assert len({(row.path, row.type) for row in service.settings}) == len({row.path for row in service.settings})

    def test_task_type_of_a_row_is_supported_by_the_service(self, service: Service) -> None:
        for row in service.settings:
            assert not row.task_types or set(row.task_types) & set(service.task_types)

    def test_rows_are_not_nested(self, service: Service) -> None:
        paths = {row.path for row in service.settings}
        assert not [path for path in paths for other in paths if path.startswith(f"{other}.")]

    def test_secret_rows_are_the_credentials(self, service: Service) -> None:
        assert {path for names in service.credentials for path in names} == set(service.secrets)

    def test_secret_row_has_no_default_and_is_not_computed(self, service: Service) -> None:
        for row in service.settings:
            if row.secret:
                assert (row.default, row.computed, row.read_only, row.write_only) == (None, False, False, False)

    def test_default_is_a_valid_value_of_its_row(self, service: Service) -> None:
        for row in service.settings:
            if row.default is not None:
                assert type(row.default).__name__ == row.type
                assert row.validate(row.default) == ""
                assert not row.choices or row.default in row.choices

    def test_model_is_a_row(self, service: Service) -> None:
        assert service.model == "" or service.row(service.model) is not None

    def test_computed_or_read_only_setting_is_not_required(self, service: Service) -> None:
        assert not [row.path for row in service.settings if row.required and (row.read_only or row.computed)]

    def test_unit_contains_rows_and_defines_their_version(self, service: Service) -> None:
        for unit, since in service.units.items():
            inside = [row for row in service.settings if row.path.startswith(f"{unit}.")]
            assert inside or unit in SETTINGS_GROUPS
            assert {row.changes_since for row in inside} <= {None, since}

    def test_updates_start_with_the_first_version_with_the_update_api(self, service: Service) -> None:
        assert not [row.path for row in service.settings if service.changes_in_place(row.path, V816)]
        secret = [path for path in service.secrets if not service.changes_in_place(path, V817)]
        assert secret == []

    def test_missing_settings_are_sufficient_for_a_create(self, service: Service) -> None:
        for task_type in service.task_types:
            missing = service.missing_settings({}, task_type)
            paths = [path.split(" or ")[0] for path in missing]
            assert service.missing_settings(dict.fromkeys(paths, "x"), task_type) == []
            assert all(service.row(path) for path in paths)


def _as_text(spec: dict[str, Any]) -> dict[str, Any]:
    """Return an argument spec with strings for JSON, since any string may be JSON."""
    return {
        name: {**option, "options": _as_text(option["options"])}
        if "options" in option
        else {**option, "type": "str" if option["type"] == "json" else option["type"]}
        for name, option in spec.items()
    }


DECLARATIONS = [st.tuples(st.just(service), declarations(_as_text(service.options()))) for service in CATALOG]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(DECLARATIONS))
def test_any_declaration_has_errors_as_sentences_and_a_stable_normal_form(
    declaration: tuple[Service, dict[str, Any]],
) -> None:
    service, declared = declaration
    flat = service.flatten({group: value for group, value in declared.items() if value is not None})
    assert all(problem.endswith(".") for problem in service.validate(flat))
    normal = service.normalize(flat)
    assert service.normalize(normal) == normal


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(value=JSON)
def test_normalization_is_idempotent(value: Any) -> None:
    for form in {row.normalize for service in CATALOG for row in service.settings}:
        assert form(form(value)) == form(value)


def test_unknown_service_has_only_a_name() -> None:
    assert services("unknown") == Service("unknown")
    assert services("unknown").settings == ()
    assert services("unknown").missing_settings({}, "completion") == []


def test_known_service_comes_from_the_catalog() -> None:
    assert services("openai") is SERVICES["openai"]
