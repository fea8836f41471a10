# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for particularities of the services of model providers."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._services.providers import (
    AI21,
    COHERE,
    CONTEXTUAL_AI,
    CUSTOM,
    DEEPSEEK,
    FIREWORKS_AI,
    GROQ,
    HUGGING_FACE,
    JINA_AI,
    LLAMA,
    MISTRAL,
    NVIDIA,
    OPENAI,
    OPENSHIFT_AI,
    VOYAGE_AI,
)
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from tests.unit.reconciling import V96

KEY = "service_settings.api_key"
MODEL = "service_settings.model_id"
URL = "service_settings.url"
RATE = "service_settings.rate_limit.requests_per_minute"
TYPE = "service_settings.embedding_type"
TOKENS = "service_settings.max_input_tokens"


def required(service: Service, task_type: str) -> list[str]:
    """Return the names of the service settings that a create requires."""
    return [path.partition(".")[2] for path in service.missing_settings({}, task_type)]


class TestCohere:
    @pytest.mark.parametrize(("declared", "shown"), [("int8", "byte"), ("binary", "bit"), ("FLOAT", "float")])
    def test_cohere_embedding_type_is_equal_to_the_element_type(self, declared: str, shown: str) -> None:
        assert COHERE.is_same(TYPE, declared, shown)
        assert not COHERE.is_same(TYPE, declared, "other")

    def test_cohere_url_is_write_only(self) -> None:
        row = COHERE.row(URL)
        assert row
        assert row.write_only

    def test_cohere_truncate_is_equal_in_any_case(self) -> None:
        assert COHERE.is_same("task_settings.truncate", "START", "start")


@pytest.mark.parametrize("service", [JINA_AI, VOYAGE_AI], ids=lambda service: service.name)
def test_synonym_of_an_embedding_type_is_equal(service: Service) -> None:
    assert not service.is_same(TYPE, "binary", "bit")


class TestCustom:
    PARSER = "service_settings.response.json_parser"

    @pytest.mark.parametrize(
        ("task_type", "parts"),
        [
            ("text_embedding", ["text_embeddings"]),
            ("sparse_embedding", ["token_path", "weight_path"]),
            ("rerank", ["relevance_score"]),
            ("completion", ["completion_result"]),
        ],
    )
    def test_custom_response_parser_depends_on_the_task_type(self, task_type: str, parts: list[str]) -> None:
        assert CUSTOM.missing_settings({}, task_type) == [
            URL,
            "service_settings.request",
            *(f"{self.PARSER}.{part}" for part in parts),
        ]

    def test_custom_secrets_are_an_optional_map(self) -> None:
        path = "service_settings.secret_parameters"
        assert CUSTOM.secrets == (path,)
        assert CUSTOM.flatten({"service_settings": {"secret_parameters": {"api_key": "x"}}}) == {f"{path}.api_key": "x"}
        assert CUSTOM.normalize({f"{path}.api_key": "x"}) == {path: {"api_key": "x"}}

    def test_custom_response_is_updated_as_a_whole(self) -> None:
        settings = {f"{self.PARSER}.text_embeddings": "$.a", f"{self.PARSER}.embedding_type": "byte", URL: "u"}
        changed = CUSTOM.select_update([f"{self.PARSER}.text_embeddings"], settings)
        assert changed == {path: value for path, value in settings.items() if path != URL}

    def test_custom_service_settings_can_be_updated_in_place(self) -> None:
        paths = [row.path for row in CUSTOM.settings if row.path.startswith("service_settings.")]
        assert [path for path in paths if not CUSTOM.changes_in_place(path, V96)] == []

    def test_custom_service_has_no_model_setting(self) -> None:
        assert CUSTOM.model == ""


class TestHuggingFace:
    def test_hugging_face_url_identifies_the_model(self) -> None:
        assert HUGGING_FACE.model == URL
        assert required(HUGGING_FACE, "text_embedding") == ["api_key", "url"]

    def test_hugging_face_computes_the_limit_of_an_elser_model(self) -> None:
        assert HUGGING_FACE.drop_computed({URL: "u", TOKENS: 512}, {URL: "u"}) == {URL: "u"}
        assert HUGGING_FACE.drop_computed({URL: "u", TOKENS: 512}, {TOKENS: 512}) == {URL: "u", TOKENS: 512}


@pytest.mark.parametrize("service", [COHERE, JINA_AI, MISTRAL, OPENAI], ids=lambda service: service.name)
def test_undeclared_max_input_tokens_are_kept(service: Service) -> None:
    assert service.drop_computed({TOKENS: 512}, {}) == {TOKENS: 512}


@pytest.mark.parametrize(
    ("service", "path"),
    [(CONTEXTUAL_AI, URL), (FIREWORKS_AI, URL), (NVIDIA, URL), (OPENAI, "service_settings.dimensions")],
)
def test_undeclared_computed_setting_is_dropped(service: Service, path: str) -> None:
    assert service.drop_computed({path: "x"}, {}) == {}
    assert service.drop_computed({path: "x"}, {path: "x"}) == {path: "x"}


@pytest.mark.parametrize(
    ("service", "path"),
    [(NVIDIA, "service_settings.dimensions"), (OPENSHIFT_AI, "service_settings.dimensions_set_by_user")],
)
def test_read_only_setting_is_dropped(service: Service, path: str) -> None:
    assert service.drop_read_only({path: 1}) == {}


@pytest.mark.parametrize("service", [CUSTOM, GROQ, LLAMA, VOYAGE_AI], ids=lambda service: service.name)
def test_credentials_are_optional(service: Service) -> None:
    assert not set(service.missing_settings({}, service.task_types[0])) & set(service.secrets)


def test_openai_accepts_one_of_two_credentials() -> None:
    secret = "service_settings.client_secret"
    assert OPENAI.missing_settings({MODEL: "m", secret: "x"}, "completion") == []
    assert OPENAI.missing_settings({MODEL: "m"}, "completion") == [KEY]
    assert OPENAI.validate({KEY: "x", secret: "y"}) == [f"Only one kind of credentials can be set: {KEY} or {secret}."]


@pytest.mark.parametrize(
    ("service", "limits"),
    [
        (AI21, {"completion": 200}),
        (COHERE, {"rerank": 10000}),
        (CONTEXTUAL_AI, {"rerank": 1000}),
        (FIREWORKS_AI, {"completion": 6000}),
        (GROQ, {"chat_completion": 1000}),
        (HUGGING_FACE, {"sparse_embedding": 3000}),
        (JINA_AI, {"embedding": 2000}),
        (MISTRAL, {"completion": 240}),
        (OPENAI, {"text_embedding": 3000, "embedding": 3000, "completion": 500, "chat_completion": 500}),
        (VOYAGE_AI, {"rerank": 2000}),
    ],
)
def test_rate_limit_has_the_default_of_its_task_type(service: Service, limits: dict[str, int]) -> None:
    assert {task_type: service.defaults(task_type)[RATE] for task_type in limits} == limits


def test_deepseek_has_no_rate_limit() -> None:
    assert DEEPSEEK.row(RATE) is None


def test_only_contextualai_replaces_task_settings() -> None:
    services = (AI21, COHERE, CONTEXTUAL_AI, CUSTOM, FIREWORKS_AI, GROQ, HUGGING_FACE, JINA_AI, NVIDIA, OPENAI)
    having = [one for one in services if any(row.path.startswith("task_settings.") for row in one.settings)]
    assert [service.name for service in having if not service.merges_task_settings] == ["contextualai"]
