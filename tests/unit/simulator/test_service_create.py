# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of creating endpoints of all services except anthropic."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import call
from tests.unit.simulator.service_bodies import AWS, LEAST, SECRETS, put, read

SIZE = 1024
SENTENCE = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
UNKNOWN = "Configuration contains settings [{{extra=1}}] unknown to the [{}] service"
STRICT = frozenset(
    {
        "ai21",
        "alibabacloud-ai-search",
        "amazonbedrock",
        "cohere",
        "groq",
        "hugging_face",
        "jinaai",
        "llama",
        "watsonxai",
    }
)


@pytest.mark.parametrize(("service", "task_type"), LEAST)
def test_endpoint_with_minimal_settings_shows_no_secret(server: Simulator, service: str, task_type: str) -> None:
    reply = put(server, service, task_type)

    assert reply.status == 200, reply.content
    assert (reply.json["service"], reply.json["task_type"]) == (service, task_type)
    assert not SECRETS & set(reply.json["service_settings"])
    assert read(server) == reply.json
    assert call(server, "DELETE", "/_inference/x").json["acknowledged"] is True


@pytest.mark.parametrize(("service", "task_type"), LEAST)
def test_unknown_settings_are_rejected(server: Simulator, service: str, task_type: str) -> None:
    reply = put(server, service, task_type, {"extra": 1})

    assert reply.status == 400
    if service in STRICT:
        assert reply.error["type"] == "x_content_parse_exception"
        assert reply.reason.endswith("] [service_settings] unknown field [extra]")
    else:
        assert reply.reason == UNKNOWN.format(service)


@pytest.mark.parametrize("version", ["9.4.0", "9.5.0"])
def test_services_have_no_strict_parser_before_9_6(version: str) -> None:
    with Simulator(version=version) as server:
        assert put(server, "cohere", "rerank", {"extra": 1}).reason == UNKNOWN.format("cohere")


@pytest.mark.parametrize(("service", "task_type"), LEAST)
def test_unknown_task_settings_are_rejected(server: Simulator, service: str, task_type: str) -> None:
    assert put(server, service, task_type, task_settings={"extra": 1}).reason == UNKNOWN.format(service)


@pytest.mark.parametrize(
    ("service", "task_type"), [("cohere", "sparse_embedding"), ("groq", "completion"), ("acme", "chat_completion")]
)
def test_task_types_of_other_services_are_rejected(server: Simulator, service: str, task_type: str) -> None:
    body = {"service": service, "service_settings": {"api_key": "k"}}
    reply = call(server, "PUT", f"/_inference/{task_type}/x", body)

    assert reply.reason == f"The [{service}] service does not support task type [{task_type}]"


@pytest.mark.parametrize(("version", "service"), [("9.2.0", "groq"), ("8.16.0", "deepseek"), ("9.3.0", "mixedbread")])
def test_services_of_later_versions_are_rejected(version: str, service: str) -> None:
    with Simulator(version=version) as server:
        reply = call(server, "PUT", "/_inference/completion/x", {"service": service, "service_settings": {}})

        assert reply.reason == f"Unknown service [{service}]"


@pytest.mark.parametrize(
    ("service", "task_type", "shown"),
    [
        ("cohere", "text_embedding", {"embedding_type": "float", "dimensions": SIZE, "similarity": "dot_product"}),
        ("hugging_face", "text_embedding", {"dimensions": SIZE, "similarity": "cosine"}),
        ("jinaai", "embedding", {"embedding_type": "float", "multimodal_model": True, "dimensions": SIZE}),
        ("nvidia", "rerank", {"url": "https://ai.api.nvidia.com/v1/retrieval/nvidia/reranking"}),
        ("nvidia", "text_embedding", {"dimensions": SIZE, "similarity": "dot_product"}),
        ("fireworksai", "text_embedding", {"url": "https://api.fireworks.ai/inference/v1/embeddings"}),
        ("openshift_ai", "text_embedding", {"dimensions": SIZE, "dimensions_set_by_user": False}),
        ("amazonbedrock", "text_embedding", {"provider": "COHERE", "dimensions": SIZE, "similarity": "cosine"}),
        ("googlevertexai", "completion", {"provider": "GOOGLE"}),
        ("custom", "completion", {"input_type": {"translation": {}, "default": ""}, "batch_size": 10}),
    ],
)
def test_server_fills_in_settings(server: Simulator, service: str, task_type: str, shown: dict[str, Any]) -> None:
    assert shown.items() <= put(server, service, task_type).json["service_settings"].items()


@pytest.mark.parametrize(
    ("service", "task_type", "limit"),
    [
        ("cohere", "rerank", 10000),
        ("openai", "text_embedding", 3000),
        ("openai", "completion", 500),
        ("azureopenai", "text_embedding", 1440),
        ("googlevertexai", "rerank", 300),
        ("deepseek", "completion", None),
        ("amazon_sagemaker", "completion", None),
    ],
)
def test_default_rate_limits_differ(server: Simulator, service: str, task_type: str, limit: int | None) -> None:
    settings = put(server, service, task_type).json["service_settings"]

    assert settings.get("rate_limit") == (limit and {"requests_per_minute": limit})


@pytest.mark.parametrize(
    ("service", "task_type", "given", "shown"),
    [
        ("cohere", "text_embedding", {"embedding_type": "int8"}, {"embedding_type": "byte"}),
        ("cohere", "text_embedding", {"embedding_type": "binary"}, {"embedding_type": "bit"}),
        ("cohere", "rerank", {"url": "https://c.example"}, {"url": None}),
        ("voyageai", "text_embedding", {"embedding_type": "int8"}, {"embedding_type": "int8"}),
        ("jinaai", "embedding", {"embedding_type": "bit"}, {"similarity": "l2_norm"}),
        ("openai", "text_embedding", {"dimensions": 8}, {"dimensions": 8}),
        ("mistral", "text_embedding", {"dimensions": 8}, {"dimensions": SIZE}),
        ("hugging_face", "text_embedding", {"dimensions": 8, "similarity": "l2_norm"}, {"similarity": "l2_norm"}),
        ("custom", "text_embedding", {"dimensions": 8}, {"dimensions": SIZE}),
        ("openshift_ai", "text_embedding", {"dimensions": 8}, {"dimensions": 8, "dimensions_set_by_user": True}),
        ("amazonbedrock", "completion", {"provider": "Meta"}, {"provider": "META"}),
        ("custom", "completion", {"headers": {"a": "b", "c": None}}, {"headers": {"a": "b"}}),
        ("custom", "completion", {"query_parameters": []}, {"query_parameters": None}),
        (
            "cohere",
            "text_embedding",
            {"rate_limit": {"requests_per_minute": 7}},
            {"rate_limit": {"requests_per_minute": 7}},
        ),
    ],
)
def test_service_settings_are_shown_in_stored_form(
    server: Simulator, service: str, task_type: str, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    settings = put(server, service, task_type, given).json["service_settings"]

    assert {name: settings.get(name) for name in shown} == shown


def test_task_settings_are_shown_in_stored_form(server: Simulator) -> None:
    reply = put(server, "cohere", "text_embedding", task_settings={"truncate": "START", "input_type": "ingest"})

    assert reply.json["task_settings"] == {"truncate": "start", "input_type": "ingest"}


def test_azure_ai_studio_stores_64_new_tokens_by_default(server: Simulator) -> None:
    assert put(server, "azureaistudio", "completion").json["task_settings"] == {"max_new_tokens": 64}


def test_create_without_validation_fills_in_no_measured_settings() -> None:
    with Simulator(skip_validate_and_start=True, refused_keys={"k"}) as server:
        settings = put(server, "openai", "text_embedding").json["service_settings"]

        assert settings == {"model_id": "m", "rate_limit": {"requests_per_minute": 3000}}


def test_create_with_rejected_key_fails() -> None:
    with Simulator(refused_keys={"k"}) as server:
        reply = put(server, "cohere", "rerank")

        assert (reply.status, "x" in server.endpoints) == (400, False)
        assert reply.reason == (
            "Could not complete inference endpoint creation as validation call to service threw an exception."
        )
        assert reply.error["caused_by"]["reason"] == (
            "Received an authentication error status code for request from inference entity id [x] status [401]. "
            "Error message: [Incorrect API key provided]"
        )


def test_each_secret_of_a_pair_can_be_rejected() -> None:
    with Simulator(refused_keys={"s"}) as server:
        assert put(server, "amazonbedrock", "completion").status == 400


MISSING = "[service_settings] does not contain the required setting [{}]"


@pytest.mark.parametrize(
    ("service", "task_type", "without", "words"),
    [
        ("openai", "completion", "model_id", f"Validation Failed: 1: {MISSING.format('model_id')};"),
        ("mistral", "text_embedding", "model", f"Validation Failed: 1: {MISSING.format('model')};"),
        ("llama", "text_embedding", "url", MISSING.format("url")),
        ("amazonbedrock", "completion", "region", MISSING.format("region")),
        ("cohere", "rerank", "model_id", "The [service_settings.model_id] field is required for the Cohere V2 API."),
        (
            "openai",
            "completion",
            "api_key",
            "Validation Failed: 1: [service_settings] must have exactly one of [api_key] or [client_secret] field set;",
        ),
        (
            "azureopenai",
            "completion",
            "api_key",
            (
                "Validation Failed: 1: [secret_settings] must have exactly one of [api_key], [entra_id], or "
                "[client_secret] field set;"
            ),
        ),
        (
            "groq",
            "chat_completion",
            "api_key",
            "Validation Failed: 1: [secret_settings] does not contain the required setting [api_key];",
        ),
        ("amazonbedrock", "completion", "secret_key", f"Validation Failed: 1: {MISSING.format('secret_key')};"),
        (
            "custom",
            "rerank",
            "response",
            f"Validation Failed: 1: {MISSING.format('response')};",
        ),
    ],
)
def test_missing_settings_are_reported(
    server: Simulator, service: str, task_type: str, without: str, words: str
) -> None:
    reply = put(server, service, task_type, {without: None})

    assert (reply.status, reply.reason) == (400, words)


@pytest.mark.parametrize(
    ("service", "task_type", "given", "words"),
    [
        ("openai", "completion", {"model_id": 1}, "field [model_id] is not of the expected type. The value [1] cannot"),
        ("openai", "text_embedding", {"dimensions": 0}, "[service_settings] Invalid value [0]. [dimensions] must be"),
        ("openai", "completion", {"rate_limit": {"x": 1}}, "Rate limit settings contain unknown entries [{x=1}]"),
        ("openai", "completion", {"url": "a b"}, "[service_settings] Invalid url [a b] received for field [url]."),
        ("cohere", "rerank", {"url": "a b"}, "unable to parse url [a b]"),
        (
            "cohere",
            "rerank",
            {"model_id": 1},
            "[service_settings] model_id doesn't support values of type: VALUE_NUMBER",
        ),
        ("voyageai", "text_embedding", {"embedding_type": "x"}, "[embedding_type] must be one of [binary, bit, byte"),
        ("azureopenai", "completion", {"entra_id": "e"}, "field set, received: [api_key, entra_id]"),
        ("azureopenai", "completion", {"client_id": "c"}, "all Azure OpenAI OAuth2 fields must be provided together"),
        (
            "openai",
            "completion",
            {"api_key": None, "client_secret": "c"},
            "OAuth2 requires the fields [client_id, scopes",
        ),
        (
            "azureaistudio",
            "completion",
            {"provider": "mistral"},
            "The [token] endpoint type with [completion] task type",
        ),
        (
            "azureaistudio",
            "rerank",
            {"provider": "meta"},
            "The [rerank] task type for provider [meta] is not available",
        ),
        ("amazonbedrock", "text_embedding", {"provider": "meta"}, "The [text_embedding] task type for provider [meta]"),
        ("amazonbedrock", "text_embedding", {"dimensions": 8}, "[service_settings] unknown field [dimensions]"),
        ("nvidia", "text_embedding", {"dimensions": 8}, "settings [{dimensions=8}] unknown to the [nvidia] service"),
        (
            "voyageai",
            "text_embedding",
            {"dimensions_set_by_user": True},
            "does not allow the setting [dimensions_set_by",
        ),
        (
            "googlevertexai",
            "completion",
            {"location": None},
            "you must provide 'location', 'project_id', and 'model_id'",
        ),
        ("googlevertexai", "completion", {"provider": "meta"}, "Google Model Garden provider=meta selected."),
        ("googlevertexai", "completion", {"url": "https://u"}, "'provider' is either GOOGLE or null."),
        (
            "googlevertexai",
            "text_embedding",
            {"max_batch_size": 251},
            "Invalid value [251.0]. [max_batch_size] must be",
        ),
        (
            "alibabacloud-ai-search",
            "completion",
            {"http_schema": "ftp"},
            "Invalid value for [http_schema]. Must be one",
        ),
        ("deepseek", "completion", {"rate_limit": {}}, "settings [{rate_limit={}}] unknown to the [deepseek] service"),
        (
            "custom",
            "completion",
            {"headers": {"a": 1}},
            "Map field [headers] has an entry that is not valid, [a => 1].",
        ),
        (
            "custom",
            "completion",
            {"query_parameters": [["a", 1]]},
            "the second element must be a string but was [Integer]",
        ),
        ("custom", "completion", {"response": {}}, "[service_settings.response] does not contain the required setting"),
        (
            "custom",
            "completion",
            {"input_type": {"x": 1}},
            "while parsing field [input_type] for settings [input_type_tr",
        ),
        (
            "custom",
            "completion",
            {"secret_parameters": {"a": 1}},
            "Map field [secret_parameters] has an entry that is not",
        ),
        ("acme", "completion", {"tuning": {"depth": "x"}}, "field [depth] is not of the expected type. The value [x]"),
        ("amazon_sagemaker", "completion", {"api": "OpenAI"}, "[api] must be one of [elastic, openai]"),
    ],
)
def test_invalid_service_settings_are_rejected(
    server: Simulator, service: str, task_type: str, given: dict[str, Any], words: str
) -> None:
    reply = put(server, service, task_type, given)

    assert (reply.status, words in reply.reason) == (400, True), reply.reason


@pytest.mark.parametrize("service", ["cohere", "hugging_face"])
def test_invalid_similarity_is_a_parse_error_of_strict_services(server: Simulator, service: str) -> None:
    reply = put(server, service, "text_embedding", {"similarity": "near"})

    assert reply.reason.endswith("[service_settings] failed to parse field [similarity]")
    assert reply.error["caused_by"]["reason"] == (
        "Invalid value [near]; expected one of [cosine, dot_product, l2_norm]"
    )


@pytest.mark.parametrize(
    ("service", "task_type", "given", "words"),
    [
        (
            "amazonbedrock",
            "completion",
            {"temperature": 2.0},
            "Invalid value [2.0]. [temperature] must be less than or",
        ),
        ("amazonbedrock", "text_embedding", {"truncate": "x"}, "[truncate] must be one of [end, none, start]"),
        ("cohere", "rerank", {"return_documents": "yes"}, "The value [yes] cannot be converted to a [Boolean]"),
        (
            "openai",
            "completion",
            {"headers": {"a": 1}},
            "Map field [headers] has an entry that is not valid, [a => 1].",
        ),
    ],
)
def test_invalid_task_settings_are_rejected(
    server: Simulator, service: str, task_type: str, given: dict[str, Any], words: str
) -> None:
    reply = put(server, service, task_type, task_settings=given)

    assert (reply.status, words in reply.reason) == (400, True), reply.reason


def test_sagemaker_returns_405_for_unsupported_task_type(server: Simulator) -> None:
    settings = {**LEAST["amazon_sagemaker", "completion"]}
    body = {"service": "sagemaker", "service_settings": settings}

    assert call(server, "PUT", "/_inference/rerank/x", body).status == 405
    assert call(server, "PUT", "/_inference/completion/x", body).json["service"] == "amazon_sagemaker"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, SENTENCE),
        ({}, SENTENCE),
        ({"strategy": "none"}, {"strategy": "none"}),
        ({"strategy": "sentence", "max_chunk_size": 100}, {**SENTENCE, "max_chunk_size": 100}),
        (
            {"strategy": "WORD", "max_chunk_size": 100, "overlap": 50},
            {"strategy": "word", "max_chunk_size": 100, "overlap": 50},
        ),
        (
            {"strategy": "recursive", "max_chunk_size": 100, "separator_group": "plaintext"},
            {"strategy": "recursive", "max_chunk_size": 100, "separators": ["\n\n", "\n"]},
        ),
        (
            {"strategy": "recursive", "max_chunk_size": 100, "separators": ["a"]},
            {"strategy": "recursive", "max_chunk_size": 100, "separators": ["a"]},
        ),
    ],
)
def test_chunking_settings_get_their_defaults(server: Simulator, given: Any, shown: dict[str, Any]) -> None:
    top = {} if given is None else {"chunking_settings": given}

    assert put(server, "openai", "text_embedding", **top).json["chunking_settings"] == shown


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_chunk_size": 100}, "Can't generate Chunker without ChunkingStrategy provided"),
        ({"strategy": "sentence"}, "[chunking_settings] does not contain the required setting [max_chunk_size]"),
        ({"strategy": "sentence", "max_chunk_size": 5}, "[max_chunk_size] must be a greater than or equal to [20.0]"),
        (
            {"strategy": "sentence", "max_chunk_size": 99, "sentence_overlap": 2},
            "sentence_overlap[2] must be either 0 or 1",
        ),
        ({"strategy": "word", "max_chunk_size": 100, "overlap": 51}, "[overlap] must be less than or equal to [50.0]"),
        (
            {"strategy": "sentence", "max_chunk_size": 99, "overlap": 1},
            "Sentence based chunking settings can not have the following settings: [overlap]",
        ),
        (
            {"strategy": "recursive", "max_chunk_size": 99, "separators": ["a"], "separator_group": "markdown"},
            "Recursive chunking settings can not have both separators and separator_set",
        ),
    ],
)
def test_invalid_chunking_settings_are_rejected(server: Simulator, given: dict[str, Any], words: str) -> None:
    reply = put(server, "openai", "text_embedding", chunking_settings=given)

    assert (reply.status, words in reply.reason) == (400, True), reply.reason


@pytest.mark.parametrize("task_type", ["rerank", "completion"])
def test_chunking_settings_are_rejected_for_other_task_types(server: Simulator, task_type: str) -> None:
    reply = put(server, "cohere", task_type, chunking_settings={"strategy": "none"})

    assert reply.reason == (
        "Configuration contains settings [{chunking_settings={strategy=none}}] unknown to the [cohere] service"
    )


def test_endpoints_of_any_service_can_be_seeded(server: Simulator) -> None:
    server.seed("a", service="amazonbedrock", task_type="rerank", service_settings={"model": "m"}, secret="s")
    server.seed("b", service="azureopenai", secret={"client_secret": "c"})
    server.seed("c", service="custom", secret="s")
    server.seed("d", service="acme", secret="s", chunking_settings=SENTENCE)

    assert {name: server.endpoints[name].secrets for name in "abcd"} == {
        "a": dict.fromkeys(AWS, "s"),
        "b": {"client_secret": "c"},
        "c": {"secret_parameters": {"key": "s"}},
        "d": {"acme_pass_phrase": "s"},
    }
    assert call(server, "GET", "/_inference/d").json["endpoints"][0]["chunking_settings"] == SENTENCE
