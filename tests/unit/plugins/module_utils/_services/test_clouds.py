# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for particularities of the services of cloud platforms."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._services.clouds import (
    ALIBABA,
    AMAZON_BEDROCK,
    AMAZON_SAGEMAKER,
    AZURE_AI_STUDIO,
    AZURE_OPENAI,
    GOOGLE_AI_STUDIO,
    GOOGLE_VERTEX_AI,
    WATSONX_AI,
)
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from tests.unit.reconciling import V96

KEY = "service_settings.api_key"
RATE = "service_settings.rate_limit.requests_per_minute"
ACCESS_KEY = "service_settings.access_key"
SECRET_KEY = "service_settings.secret_key"
PROVIDER = "service_settings.provider"


def required(service: Service, task_type: str) -> list[str]:
    """Return the names of the service settings that a create requires."""
    return [path.partition(".")[2] for path in service.missing_settings({}, task_type)]


@pytest.mark.parametrize("service", [AMAZON_BEDROCK, AMAZON_SAGEMAKER], ids=lambda service: service.name)
class TestAmazon:
    def test_keys_must_be_set_together(self, service: Service) -> None:
        assert service.validate({ACCESS_KEY: "a"}) == [f"{ACCESS_KEY} and {SECRET_KEY} must be set together."]
        assert service.validate({ACCESS_KEY: "a", SECRET_KEY: "s"}) == []

    def test_create_requires_both_keys(self, service: Service) -> None:
        assert {"access_key", "secret_key", "region"} <= set(required(service, "completion"))


def test_bedrock_provider_is_equal_in_any_case() -> None:
    assert AMAZON_BEDROCK.is_same(PROVIDER, "amazontitan", "AMAZONTITAN")
    assert not AMAZON_BEDROCK.is_same(PROVIDER, "cohere", "AMAZONTITAN")


@pytest.mark.parametrize(("service", "expected"), [(AMAZON_BEDROCK, False), (AMAZON_SAGEMAKER, True)])
def test_create_contains_declared_dimensions_unless_they_are_read_only(service: Service, expected: bool) -> None:
    settings = {"service_settings.dimensions": 1024}
    assert bool(service.drop_read_only(settings)) is expected


def test_sagemaker_has_no_rate_limit() -> None:
    assert AMAZON_SAGEMAKER.row(RATE) is None


class TestAzure:
    @pytest.mark.parametrize("kind", ["api_key", "entra_id", "client_secret"])
    def test_one_of_three_credentials_is_sufficient(self, kind: str) -> None:
        given = {f"service_settings.{kind}": "x"}
        assert AZURE_OPENAI.validate(given) == []
        others = ["resource_name", "deployment_id", "api_version"]
        assert AZURE_OPENAI.missing_settings(given, "completion") == [f"service_settings.{name}" for name in others]

    def test_two_kinds_of_credentials_are_rejected(self) -> None:
        assert AZURE_OPENAI.validate({KEY: "x", "service_settings.entra_id": "y"}) == [
            f"Only one kind of credentials can be set: {KEY} or service_settings.entra_id."
        ]

    @pytest.mark.parametrize("name", ["client_id", "scopes", "tenant_id"])
    def test_settings_of_a_client_secret_are_not_secret(self, name: str) -> None:
        row = AZURE_OPENAI.row(f"service_settings.{name}")
        assert row
        assert not row.secret

    def test_azure_ai_studio_identifies_the_model_by_its_target(self) -> None:
        assert AZURE_AI_STUDIO.model == "service_settings.target"

    @pytest.mark.parametrize("name", ["provider", "endpoint_type"])
    def test_azure_ai_studio_accepts_names_in_any_case(self, name: str) -> None:
        assert AZURE_AI_STUDIO.is_same(f"service_settings.{name}", "REALTIME", "realtime")

    def test_azure_ai_studio_has_a_default_for_max_new_tokens_of_completions(self) -> None:
        path = "task_settings.max_new_tokens"
        assert AZURE_AI_STUDIO.defaults("completion")[path] == 64
        assert path not in AZURE_AI_STUDIO.defaults("rerank")


class TestGoogle:
    def test_credential_of_vertex_is_json(self) -> None:
        row = GOOGLE_VERTEX_AI.row("service_settings.service_account_json")
        assert row
        assert (row.type, row.secret) == ("json", True)

    @pytest.mark.parametrize(
        ("task_type", "needed"),
        [
            ("text_embedding", ["service_account_json", "model_id", "project_id", "location"]),
            ("rerank", ["service_account_json", "project_id"]),
            ("chat_completion", ["service_account_json"]),
        ],
    )
    def test_vertex_requires_different_settings_for_each_task_type(self, task_type: str, needed: list[str]) -> None:
        assert required(GOOGLE_VERTEX_AI, task_type) == needed

    def test_vertex_provider_is_equal_in_any_case(self) -> None:
        assert GOOGLE_VERTEX_AI.defaults("completion")[PROVIDER] == "GOOGLE"
        assert GOOGLE_VERTEX_AI.is_same(PROVIDER, "google", "GOOGLE")

    def test_vertex_max_batch_size_is_at_most_250(self) -> None:
        path = "service_settings.max_batch_size"
        assert GOOGLE_VERTEX_AI.validate({path: 251}) == [f"{path} must be at most 250, not 251."]

    def test_google_ai_studio_has_no_task_settings(self) -> None:
        assert not [row for row in GOOGLE_AI_STUDIO.settings if row.path.startswith("task_settings.")]


@pytest.mark.parametrize(
    ("service", "limits"),
    [
        (ALIBABA, {"text_embedding": 1000, "completion": 1000}),
        (AMAZON_BEDROCK, {"text_embedding": 240, "chat_completion": 240}),
        (AZURE_AI_STUDIO, {"rerank": 240}),
        (AZURE_OPENAI, {"text_embedding": 1440, "completion": 120, "chat_completion": 120}),
        (GOOGLE_AI_STUDIO, {"completion": 360}),
        (GOOGLE_VERTEX_AI, {"text_embedding": 30000, "rerank": 300, "completion": 1000, "chat_completion": 1000}),
        (WATSONX_AI, {"rerank": 120}),
    ],
)
def test_rate_limit_has_the_default_of_its_task_type(service: Service, limits: dict[str, int]) -> None:
    assert {task_type: service.defaults(task_type)[RATE] for task_type in limits} == limits


@pytest.mark.parametrize(
    ("service", "changing"),
    [
        (ALIBABA, ["api_key", "http_schema", "max_input_tokens", "rate_limit.requests_per_minute"]),
        (AMAZON_BEDROCK, ["access_key", "max_input_tokens", "rate_limit.requests_per_minute", "secret_key"]),
        (AMAZON_SAGEMAKER, ["access_key", "batch_size", "secret_key"]),
        (AZURE_AI_STUDIO, ["api_key", "max_input_tokens", "rate_limit.requests_per_minute"]),
        (
            AZURE_OPENAI,
            [
                "api_key",
                "client_id",
                "client_secret",
                "entra_id",
                "max_input_tokens",
                "rate_limit.requests_per_minute",
                "scopes",
                "tenant_id",
            ],
        ),
        (GOOGLE_AI_STUDIO, ["api_key", "max_input_tokens", "rate_limit.requests_per_minute"]),
        (
            GOOGLE_VERTEX_AI,
            ["max_batch_size", "max_input_tokens", "rate_limit.requests_per_minute", "service_account_json"],
        ),
        (WATSONX_AI, ["api_key", "max_input_tokens", "rate_limit.requests_per_minute"]),
    ],
)
def test_service_settings_can_be_updated_in_place(service: Service, changing: list[str]) -> None:
    found = {row.path.partition(".")[2] for row in service.settings if row.path.startswith("service_settings.")}
    assert sorted(name for name in found if service.changes_in_place(f"service_settings.{name}", V96)) == changing


def test_alibaba_accepts_two_http_schemes() -> None:
    row = ALIBABA.row("service_settings.http_schema")
    assert row
    assert sorted(row.choices) == ["http", "https"]
