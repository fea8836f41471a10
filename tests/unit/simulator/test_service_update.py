# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of updating endpoints of all services except anthropic."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.service_bodies import change, put, read

LIMIT = {"requests_per_minute": 9}
UNKNOWN = "Configuration contains settings [{}] unknown to the [{}] service"
#: The chunking settings that an endpoint without any shows.
OLDEST = {"strategy": "word", "max_chunk_size": 250, "overlap": 100}
WORDS = {"strategy": "word", "max_chunk_size": 100, "overlap": 10}


def updated(server: Simulator, task_type: str, body: dict[str, Any]) -> Any:
    """Update the endpoint x, and return its new state."""
    reply = change(server, task_type, body)
    assert reply.status == 200, reply.content
    assert read(server) == reply.json
    return reply.json


def refused(server: Simulator, task_type: str, body: dict[str, Any]) -> str:
    """Send an invalid update of the endpoint x, and return the reason of the rejection."""
    before = server.endpoints["x"]
    reply = change(server, task_type, body)
    assert reply.status == 400, reply.content
    assert server.endpoints["x"] == before
    return reply.reason


UPDATABLE = [
    ("cohere", "text_embedding", {"max_input_tokens": 5, "rate_limit": LIMIT}),
    ("openai", "completion", {"organization_id": "o", "max_input_tokens": 5, "rate_limit": LIMIT}),
    ("groq", "chat_completion", {"organization_id": "o"}),
    ("alibabacloud-ai-search", "completion", {"http_schema": "http"}),
    ("amazon_sagemaker", "completion", {"batch_size": 3}),
    ("googlevertexai", "text_embedding", {"max_batch_size": 3, "max_input_tokens": 4}),
    ("custom", "completion", {"url": "https://new", "headers": {"a": "b"}, "batch_size": 3}),
    ("acme", "completion", {"tuning": {"depth": 4}}),
]


@pytest.mark.parametrize(("service", "task_type", "given"), UPDATABLE)
@pytest.mark.parametrize("version", ["9.5.0", "9.6.0", "serverless"])
def test_updatable_settings_change_and_secrets_stay(
    version: str, service: str, task_type: str, given: dict[str, Any]
) -> None:
    with Simulator(version=version) as server:
        put(server, service, task_type)
        secrets = server.endpoints["x"].secrets
        settings = updated(server, task_type, {"service_settings": given})["service_settings"]

        assert {name: settings.get(name) for name in given} == given
        assert server.endpoints["x"].secrets == secrets


@pytest.mark.parametrize("version", ["8.19.0", "9.0.0", "9.3.0"])
def test_service_settings_before_9_4_require_the_secret_and_do_not_change(version: str) -> None:
    with Simulator(version=version) as server:
        put(server, "cohere", "rerank")
        words = "[secret_settings] does not contain the required setting [api_key]"
        assert words in refused(server, "rerank", {"service_settings": {"rate_limit": LIMIT}})

        body = {"service_settings": {"api_key": "new", "rate_limit": LIMIT, "model_id": "other", "extra": 1}}
        settings = updated(server, "rerank", body)["service_settings"]

        assert settings == {"model_id": "m", "rate_limit": {"requests_per_minute": 10000}}
        assert server.endpoints["x"].secrets == {"api_key": "new"}


def test_service_settings_in_9_4_require_the_secret_and_ignore_other_names() -> None:
    with Simulator(version="9.4.0") as server:
        put(server, "cohere", "rerank")
        assert "api_key" in refused(server, "rerank", {"service_settings": {"rate_limit": LIMIT}})

        body = {"service_settings": {"api_key": "new", "rate_limit": LIMIT, "model_id": "other"}}
        assert updated(server, "rerank", body)["service_settings"] == {"model_id": "m", "rate_limit": LIMIT}


@pytest.mark.parametrize(
    ("service", "task_type", "given", "words"),
    [
        ("openai", "completion", {"model_id": "m"}, UNKNOWN.format("{model_id=m}", "openai")),
        ("deepseek", "completion", {"model_id": "m"}, UNKNOWN.format("{model_id=m}", "deepseek")),
        ("deepseek", "completion", {"rate_limit": {}}, UNKNOWN.format("{rate_limit={}}", "deepseek")),
        ("acme", "completion", {"region": "us"}, UNKNOWN.format("{region=us}", "acme")),
        ("cohere", "rerank", {"model_id": "m"}, "[1:2] [service_settings] unknown field [model_id]"),
        ("llama", "text_embedding", {"api_key": "k"}, "[1:2] [service_settings] unknown field [api_key]"),
        ("watsonxai", "text_embedding", {"dimensions": 1}, "[1:2] [service_settings] unknown field [dimensions]"),
    ],
)
def test_immutable_settings_are_rejected(
    server: Simulator, service: str, task_type: str, given: dict[str, Any], words: str
) -> None:
    put(server, service, task_type)

    assert refused(server, task_type, {"service_settings": given}) == words


@pytest.mark.parametrize(
    ("service", "task_type", "setting", "value", "left"),
    [
        ("jinaai", "embedding", "max_input_tokens", None, None),
        ("watsonxai", "text_embedding", "max_input_tokens", None, None),
        ("hugging_face", "text_embedding", "max_input_tokens", None, 5),
        ("openai", "text_embedding", "max_input_tokens", None, 5),
        ("jinaai", "rerank", "rate_limit", None, {"requests_per_minute": 2000}),
        ("watsonxai", "text_embedding", "rate_limit", {}, {"requests_per_minute": 120}),
        ("cohere", "rerank", "rate_limit", {}, LIMIT),
        ("openai", "text_embedding", "rate_limit", None, LIMIT),
        ("mistral", "text_embedding", "rate_limit", {}, LIMIT),
    ],
)
def test_null_removes_or_keeps_a_setting_by_service(
    server: Simulator, service: str, task_type: str, setting: str, value: object, left: object
) -> None:
    given = {"rate_limit": LIMIT, **({} if task_type == "rerank" else {"max_input_tokens": 5})}
    put(server, service, task_type, given)

    changed = updated(server, task_type, {"service_settings": {setting: value}})

    assert changed["service_settings"].get(setting) == left


def test_null_removes_the_organization_of_groq(server: Simulator) -> None:
    put(server, "groq", "chat_completion", {"organization_id": "o"})

    changed = updated(server, "chat_completion", {"service_settings": {"organization_id": None}})
    assert "organization_id" not in changed["service_settings"]


@pytest.mark.parametrize(
    ("service", "task_type", "stored", "sent", "result"),
    [
        ("cohere", "rerank", {"top_n": 1}, {"return_documents": True}, {"top_n": 1, "return_documents": True}),
        ("cohere", "rerank", {"top_n": 1}, {"top_n": None}, {"top_n": 1}),
        ("contextualai", "rerank", {"top_n": 1}, {"instruction": "i"}, {"instruction": "i"}),
        ("openai", "completion", {"user": "u", "headers": {"a": "b"}}, {"user": None}, {"headers": {"a": "b"}}),
        ("openai", "completion", {"user": "u", "headers": {"a": "b"}}, {"headers": {}}, {"user": "u"}),
        ("openai", "completion", {"headers": {"a": "b"}}, {"headers": {"c": "d"}}, {"headers": {"c": "d"}}),
        ("custom", "completion", {"parameters": {"a": 1}}, {"parameters": {"b": 2}}, {"parameters": {"a": 1, "b": 2}}),
        ("amazonbedrock", "completion", {"temperature": 0.5}, {"top_p": 0.1}, {"temperature": 0.5, "top_p": 0.1}),
    ],
)
def test_task_settings_are_merged_or_replaced(
    server: Simulator, service: str, task_type: str, stored: dict[str, Any], sent: dict[str, Any], result: Any
) -> None:
    put(server, service, task_type, task_settings=stored)

    assert updated(server, task_type, {"task_settings": sent})["task_settings"] == result


def test_unknown_task_settings_are_rejected(server: Simulator) -> None:
    put(server, "cohere", "rerank")

    assert refused(server, "rerank", {"task_settings": {"x": 1}}) == UNKNOWN.format("{x=1}", "cohere")


@pytest.mark.parametrize(
    ("service", "task_type", "given", "secrets"),
    [
        ("amazonbedrock", "completion", {"access_key": "A", "secret_key": "S"}, {"access_key": "A", "secret_key": "S"}),
        ("azureopenai", "completion", {"api_key": "new"}, {"api_key": "new"}),
        ("cohere", "rerank", {"api_key": "new"}, {"api_key": "new"}),
        ("custom", "rerank", {"secret_parameters": {"b": "2"}}, {"secret_parameters": {"b": "2"}}),
        ("acme", "completion", {"acme_pass_phrase": "new"}, {"acme_pass_phrase": "new"}),
    ],
)
@pytest.mark.parametrize("version", ["8.19.0", "9.3.0", "9.4.0", "9.5.0", "9.6.0"])
def test_secrets_are_replaced(
    version: str, service: str, task_type: str, given: dict[str, Any], secrets: dict[str, Any]
) -> None:
    with Simulator(version=version) as server:
        server.seed(
            "x",
            service=service,
            task_type=task_type,
            service_settings={"rate_limit": LIMIT},
            secret={"secret_parameters": {"a": "1"}} if service == "custom" else "old",
        )
        assert change(server, task_type, {"service_settings": given}).status == 200
        assert server.endpoints["x"].secrets == secrets


@pytest.mark.parametrize(
    ("service", "task_type", "given", "words"),
    [
        (
            "amazonbedrock",
            "completion",
            {"access_key": "A"},
            "[service_settings] [access_key] and [secret_key] must be updated together; missing: [secret_key]",
        ),
        (
            "openai",
            "completion",
            {"client_secret": "c"},
            "[secret_settings] only the field [api_key] can be updated for this secret, received: [client_secret]",
        ),
        (
            "azureopenai",
            "completion",
            {"entra_id": "e"},
            "[service_settings] only the field [api_key] can be updated for this secret, received: [entra_id]",
        ),
        (
            "openai",
            "completion",
            {"client_id": None},
            (
                "Cannot update OAuth2 fields as the service was not configured with OAuth2 settings. Please create a "
                "new Inference Endpoint with the OAuth2 settings instead."
            ),
        ),
    ],
)
def test_kind_of_credentials_cannot_change(
    server: Simulator, service: str, task_type: str, given: dict[str, Any], words: str
) -> None:
    put(server, service, task_type)

    assert refused(server, task_type, {"service_settings": given}) == f"Validation Failed: 1: {words};"


def test_endpoint_without_secret_does_not_get_one(server: Simulator) -> None:
    put(server, "llama", "text_embedding")
    changed = updated(server, "text_embedding", {"service_settings": {"rate_limit": LIMIT}})

    assert changed["service_settings"]["rate_limit"] == LIMIT
    assert server.endpoints["x"].secrets == {}


def test_chunking_settings_are_replaced_whole(server: Simulator) -> None:
    put(server, "openai", "text_embedding", chunking_settings={"strategy": "sentence", "max_chunk_size": 100})

    assert updated(server, "text_embedding", {"chunking_settings": WORDS})["chunking_settings"] == WORDS


def test_chunking_settings_of_a_completion_are_rejected(server: Simulator) -> None:
    put(server, "openai", "completion")

    assert refused(server, "completion", {"chunking_settings": {"strategy": "none"}}) == UNKNOWN.format(
        "{chunking_settings={strategy=none}}", "openai"
    )


@pytest.mark.parametrize(
    ("version", "left"),
    [
        *((version, OLDEST) for version in ("8.17.0", "9.0.0", "9.2.5", "9.3.0")),
        *((version, WORDS) for version in ("9.2.6", "9.3.1", "9.4.0")),
    ],
)
def test_an_update_before_9_4_resets_chunking_settings(version: str, left: object) -> None:
    with Simulator(version=version) as server:
        put(server, "openai", "text_embedding", chunking_settings=WORDS)

        assert updated(server, "text_embedding", {"task_settings": {"user": "u"}}).get("chunking_settings") == left


@pytest.mark.parametrize(("version", "status"), [("9.3.0", 200), ("9.4.0", 400), ("9.6.0", 400)])
def test_update_is_validated_from_9_4(version: str, status: int) -> None:
    with Simulator(version=version, refused_keys={"bad"}) as server:
        put(server, "cohere", "rerank")

        assert change(server, "rerank", {"service_settings": {"api_key": "bad"}}).status == status


@pytest.mark.parametrize(
    ("version", "service", "status"), [("9.6.0", "cohere", 400), ("9.5.0", "cohere", 200), ("9.6.0", "openai", 200)]
)
def test_strict_parsers_can_reject_secrets(version: str, service: str, status: int) -> None:
    with Simulator(version=version, refuses_secrets=True) as server:
        put(server, service, "completion")
        reply = change(server, "completion", {"service_settings": {"api_key": "new"}})

        assert reply.status == status
        if status == 400:
            assert reply.reason == "[1:2] [service_settings] unknown field [api_key]"
