# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests for particularities of the service anthropic. A fictional service tests everything else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.json_text import Repeated
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import flatten
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import SERVICE
from ansible_collections.esops.inference.plugins.module_utils._services.setting import EMPTY
from tests.unit.reconciling import KEY, MODEL, RATE, TEMPERATURE, TOKENS, V93, V94, V95, V816, V817

TOP_K = "task_settings.top_k"
TOP_P = "task_settings.top_p"
URL = "service_settings.url"


class TestRows:
    def test_create_requires_key_model_and_max_tokens(self) -> None:
        assert SERVICE.missing_settings({}, "completion") == [KEY, MODEL, TOKENS]
        assert SERVICE.missing_settings({}, "chat_completion") == [KEY, MODEL, TOKENS]

    def test_default_task_type_is_completion(self) -> None:
        assert SERVICE.task_types == ("completion", "chat_completion")

    def test_rate_limit_is_the_only_setting_with_a_default(self) -> None:
        assert SERVICE.defaults("completion") == {RATE: 50}

    def test_api_key_is_the_only_secret(self) -> None:
        assert SERVICE.secrets == (KEY,)
        assert SERVICE.named_credentials == KEY

    def test_model_id_identifies_duplicates(self) -> None:
        assert SERVICE.model == MODEL

    @pytest.mark.parametrize(
        ("path", "versions"),
        [
            (KEY, [V817, V93, V94]),
            (TOKENS, [V817, V93, V94]),
            (TEMPERATURE, [V817, V93, V94]),
            (TOP_K, [V817, V93, V94]),
            (TOP_P, [V817, V93, V94]),
            (RATE, [V94]),
            (MODEL, []),
            (URL, []),
            ("chunking_settings.strategy", []),
            ("task_type", []),
        ],
    )
    def test_setting_can_be_updated_in_place_since_its_version(self, path: str, versions: list[Any]) -> None:
        assert [server for server in (V816, V817, V93, V94) if SERVICE.changes_in_place(path, server)] == versions
        assert SERVICE.is_fixed(path) is not bool(versions)

    def test_task_settings_are_updated_as_a_whole(self) -> None:
        assert SERVICE.select_update((TOKENS,), {TOKENS: 5, TEMPERATURE: 0.5, RATE: 7}) == {TOKENS: 5, TEMPERATURE: 0.5}

    def test_service_settings_are_updated_without_the_key_since_9_5(self) -> None:
        assert [SERVICE.needs_secrets((RATE,), server) for server in (V93, V94, V95)] == [True, True, False]

    def test_updates_are_validated_since_9_4(self) -> None:
        assert [SERVICE.validates_updates(server) for server in (V93, V94, V95)] == [False, True, True]


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ({}, {}),
        ({TOP_P: 0.9}, {TOP_P: 0.9}),
        ({TOP_P: 1.0}, {TOP_P: 1.0}),
        ({TOP_P: 40}, {TOP_K: 40}),
        ({TOP_P: 1}, {TOP_K: 1}),
        ({TOP_P: Repeated((0.9, 40))}, {TOP_P: 0.9, TOP_K: 40}),
        ({TOP_P: Repeated((1.0, 1))}, {TOP_P: 1.0, TOP_K: 1}),
        ({TOP_P: Repeated((1, 1.0))}, {TOP_P: 1.0, TOP_K: 1}),
        ({TOP_P: 0.9, TOP_K: 40}, {TOP_P: 0.9, TOP_K: 40}),
    ],
)
def test_top_k_is_recognized_under_the_name_of_top_p(shown: dict[str, Any], meant: dict[str, Any]) -> None:
    found = SERVICE.normalize_settings({TOKENS: 5, **shown})
    assert found == {TOKENS: 5, **meant}
    assert all(type(found[path]) is type(value) for path, value in meant.items())


class TestValidation:
    @pytest.mark.parametrize(
        ("settings", "problem"),
        [
            ({"task_settings": {"max_tokens": 0}}, "task_settings.max_tokens must be at least 1, not 0."),
            ({"task_settings": {"top_k": -1}}, "task_settings.top_k must be at least 0, not -1."),
            (
                {"task_settings": {"temperature": float("nan")}},
                "task_settings.temperature must be a finite number, not nan.",
            ),
            ({"task_settings": {"top_p": float("-inf")}}, "task_settings.top_p must be a finite number, not -inf."),
            (
                {"service_settings": {"rate_limit": {"requests_per_minute": 0}}},
                "service_settings.rate_limit.requests_per_minute must be at least 1, not 0.",
            ),
            ({"service_settings": {"api_key": ""}}, f"service_settings.api_key {EMPTY}"),
            (
                {"service_settings": {"api_key": "sk\n"}},
                "service_settings.api_key has leading or trailing whitespace.",
            ),
            (
                {"service_settings": {"api_key": "x-api-key: sk"}},
                'service_settings.api_key must not start with "x-api-key:". Hint: remove this prefix.',
            ),
            (
                {"service_settings": {"api_key": "Bearer sk"}},
                'service_settings.api_key must not start with "Bearer". Hint: remove this prefix.',
            ),
            (
                {"service_settings": {"api_key": "s\nk"}},
                "service_settings.api_key contains whitespace or a line break.",
            ),
            (
                {"service_settings": {"api_key": "'sk'"}},
                "service_settings.api_key must not be enclosed in quotation marks.",
            ),
            (
                {"service_settings": {"model_id": " m"}},
                "service_settings.model_id ' m' has leading or trailing whitespace.",
            ),
            (
                {"service_settings": {"model_id": "m\u200b"}},
                "service_settings.model_id 'm\\u200b' contains the invisible character U+200B.",
            ),
            (
                {"service_settings": {"url": "example.com"}},
                "service_settings.url must be an http or https URL, not 'example.com'.",
            ),
            (
                {"service_settings": {"url": "http://[x"}},
                "service_settings.url must be an http or https URL, not 'http://[x'.",
            ),
            (
                {"service_settings": {"url": "https://a b"}},
                "service_settings.url must be an http or https URL, not 'https://a b'.",
            ),
            (
                {"service_settings": {"url": "ftp://joe:password@a"}},
                "service_settings.url must be an http or https URL.",
            ),
            (
                {"chunking_settings": {"max_chunk_size": -1}},
                "chunking_settings.max_chunk_size must be from 10 to 300, not -1.",
            ),
            (
                {"chunking_settings": {"max_chunk_size": 301}},
                "chunking_settings.max_chunk_size must be from 10 to 300, not 301.",
            ),
            (
                {"chunking_settings": {"strategy": "word", "max_chunk_size": 9}},
                "chunking_settings.max_chunk_size must be from 10 to 300, not 9.",
            ),
            (
                {"chunking_settings": {"strategy": "sentence", "max_chunk_size": 19}},
                "chunking_settings.max_chunk_size must be from 20 to 300, not 19.",
            ),
            (
                {"chunking_settings": {"strategy": "word", "overlap": 126}},
                "chunking_settings.overlap must be at most half of max_chunk_size (250), not 126.",
            ),
            (
                {"chunking_settings": {"strategy": "word", "max_chunk_size": 21, "overlap": 11}},
                "chunking_settings.overlap must be at most half of max_chunk_size (21), not 11.",
            ),
            (
                {"chunking_settings": {"strategy": "word", "overlap": -1}},
                "chunking_settings.overlap must be at least 0, not -1.",
            ),
            ({"chunking_settings": {"overlap": 1}}, "chunking_settings.overlap requires the strategy word."),
            (
                {"chunking_settings": {"strategy": "sentence", "overlap": 1}},
                "chunking_settings.overlap requires the strategy word.",
            ),
            (
                {"chunking_settings": {"strategy": "word", "sentence_overlap": 1}},
                "chunking_settings.sentence_overlap requires the strategy sentence.",
            ),
            (
                {"chunking_settings": {"strategy": "sentence", "sentence_overlap": 2}},
                "chunking_settings.sentence_overlap must be 0 or 1, not 2.",
            ),
        ],
    )
    def test_value_beyond_a_documented_limit_is_rejected(self, settings: dict[str, Any], problem: str) -> None:
        assert SERVICE.validate(flatten(settings)) == [problem]

    @pytest.mark.parametrize(
        "settings",
        [
            {"task_settings": {"max_tokens": 1, "top_k": 0, "temperature": 0.0, "top_p": 1.0}},
            {"service_settings": {"url": "https://proxy.example.com/v1/messages", "rate_limit": None}},
            {"chunking_settings": {"strategy": "word", "max_chunk_size": 10, "overlap": 5}},
            {"chunking_settings": {"strategy": "word", "overlap": 125}},
            {"chunking_settings": {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 1}},
            {"chunking_settings": {"sentence_overlap": 0}},
        ],
    )
    def test_value_at_a_documented_limit_is_accepted(self, settings: dict[str, Any]) -> None:
        assert SERVICE.validate(flatten(settings)) == []

    def test_url_that_may_contain_a_password_is_not_shown(self) -> None:
        [problem] = SERVICE.validate({URL: "ftp://joe:password@a"})
        assert "password" not in problem

    @pytest.mark.parametrize("model", ["", " "])
    def test_empty_model_is_rejected(self, model: str) -> None:
        assert len(SERVICE.validate({MODEL: model})) == 1


class TestWarnings:
    def test_temperature_with_top_p_causes_a_warning(self) -> None:
        assert SERVICE.advise({TEMPERATURE: 0.1, TOP_P: 0.2}) == [
            "task_settings contains temperature and top_p. Anthropic recommends changing only one of them."
        ]

    @pytest.mark.parametrize("settings", [{}, {TEMPERATURE: 0.1}, {TOP_P: 0.2, TOP_K: 3}])
    def test_temperature_or_top_p_causes_no_warning(self, settings: dict[str, Any]) -> None:
        assert SERVICE.advise(settings) == []


class TestExplain:
    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (
                "Configuration contains settings [{url=https://x}] unknown to the [anthropic] service",
                "upgrade each node to Elasticsearch 9.6 or later, or remove service_settings.url.",
            ),
            (
                "[service_settings] url is not supported by all nodes in the cluster",
                "upgrade each node to Elasticsearch 9.6 or later, or remove service_settings.url.",
            ),
            (
                "settings [{chunking_settings={}}] unknown to the [anthropic] service",
                "remove chunking_settings. This service does not support chunking.",
            ),
            (
                "The [anthropic] service does not support task type [chat_completion]",
                "upgrade to Elasticsearch 9.5 or later to use chat_completion.",
            ),
            (
                "[secret_settings] does not contain the required setting [api_key]",
                "set service_settings.api_key. Before Elasticsearch 9.5, updates of service_settings require it.",
            ),
            ("something else", ""),
            ("validation call to service: [chunking_settings] does not fit", ""),
            ("for request from inference entity id [a] status [400]: unknown url", ""),
        ],
    )
    def test_elasticsearch_errors_have_a_hint_and_provider_errors_do_not(self, words: str, hint: str) -> None:
        assert SERVICE.explain(words) == hint
