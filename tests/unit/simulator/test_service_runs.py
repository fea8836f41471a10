# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of running endpoints of all services except anthropic."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.unit.simulator.calls import Reply, call
from tests.unit.simulator.test_runs import messages, refusal

CHAT = {"messages": [{"role": "user", "content": "hello you"}]}
E5 = ".multilingual-e5-small-elasticsearch"


def run(server: Simulator, service: str, task_type: str, body: object, tail: str = "", **seed: Any) -> Reply:
    """Create the endpoint x directly, and run it."""
    server.seed("x", service=service, task_type=task_type, **{"service_settings": {"model_id": "m"}, **seed})
    return call(server, "POST", f"/_inference/{task_type}/x{tail}", body)


@pytest.mark.parametrize(
    ("service", "task_type", "settings", "name", "size"),
    [
        ("openai", "text_embedding", {"dimensions": 8}, "text_embedding", 8),
        ("cohere", "text_embedding", {"dimensions": 8, "embedding_type": "byte"}, "text_embedding_bytes", 8),
        ("cohere", "text_embedding", {"dimensions": 8, "embedding_type": "bit"}, "text_embedding_bits", 1),
        ("jinaai", "embedding", {"dimensions": 8}, "embeddings", 8),
        ("jinaai", "embedding", {"dimensions": 8, "embedding_type": "binary"}, "embeddings_bits", 1),
        ("openai", "text_embedding", {}, "text_embedding", 1024),
        (
            "custom",
            "text_embedding",
            {"dimensions": 8, "response": {"json_parser": {"embedding_type": "byte"}}},
            "text_embedding_bytes",
            8,
        ),
    ],
)
def test_embeddings_have_the_size_and_the_type_of_the_endpoint(
    server: Simulator, service: str, task_type: str, settings: dict[str, Any], name: str, size: int
) -> None:
    reply = run(server, service, task_type, {"input": ["a", "b"]}, service_settings=settings)

    assert list(reply.json) == [name]
    assert [len(one["embedding"]) for one in reply.json[name]] == [size, size]
    assert {type(number) for one in reply.json[name] for number in one["embedding"]} == {
        float if name in ("text_embedding", "embeddings") else int
    }
    again = call(server, "POST", f"/_inference/{task_type}/x", {"input": "a"})
    assert again.json[name] == reply.json[name][:1]


def test_embedding_accepts_content(server: Simulator) -> None:
    part = {"type": "text", "format": "text", "value": "a"}
    settings = {"dimensions": 8}
    plain = run(server, "jinaai", "embedding", {"input": "a"}, service_settings=settings)
    parted = run(server, "jinaai", "embedding", {"input": {"content": part}}, service_settings=settings)

    assert plain.json == parted.json


def test_sparse_embeddings_have_tokens_with_weights(server: Simulator) -> None:
    reply = run(server, "hugging_face", "sparse_embedding", {"input": "One two"})

    [found] = reply.json["sparse_embedding"]
    assert (found["is_truncated"], list(found["embedding"])) == (False, ["one", "two"])


RANK = {"query": "green tea", "input": ["milk", "green tea", "tea"]}


@pytest.mark.parametrize(
    ("body", "stored", "indexes"),
    [
        ({}, {}, [1, 2, 0]),
        ({"top_n": 2}, {}, [1, 2]),
        ({}, {"top_n": 1}, [1]),
        ({"task_settings": {"top_n": 2}}, {"top_n": 1}, [1, 2]),
    ],
)
def test_rerank_puts_the_best_document_first(
    server: Simulator, body: dict[str, Any], stored: dict[str, Any], indexes: list[int]
) -> None:
    reply = run(server, "cohere", "rerank", {**RANK, **body}, task_settings=stored)

    assert [one["index"] for one in reply.json["rerank"]] == indexes
    assert reply.json["rerank"][0] == {"index": 1, "relevance_score": 1.0}


@pytest.mark.parametrize(("stored", "body"), [({"return_documents": True}, {}), ({}, {"return_documents": True})])
def test_rerank_returns_documents_on_request(server: Simulator, stored: dict[str, Any], body: dict[str, Any]) -> None:
    reply = run(server, "cohere", "rerank", {**RANK, **body}, task_settings=stored)

    assert reply.json["rerank"][0]["text"] == "green tea"


NO_QUERY = "Validation Failed: 1: Field [query] cannot be {} for task type [rerank];"


@pytest.mark.parametrize(
    ("version", "query", "words"),
    [
        ("9.0.0", {}, NO_QUERY.format("null")),
        ("9.0.0", {"query": ""}, NO_QUERY.format("empty")),
        ("9.6.0", {}, "[1:2] [cluster:internal/xpack/inference] Required [query]"),
        ("9.6.0", {"query": ""}, "Validation Failed: 1: Field [query] cannot be empty;"),
    ],
)
@pytest.mark.parametrize("path", ["rerank/x", "x"])
def test_rerank_without_query_is_rejected(version: str, query: dict[str, str], words: str, path: str) -> None:
    with Simulator(version=version) as server:
        server.seed("x", service="cohere", task_type="rerank")
        reply = call(server, "POST", f"/_inference/{path}", {"input": ["a"], **query})

        assert (reply.status, reply.reason) == (400, words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Field [input] cannot be null"),
        ({"input": []}, "Field [input] cannot be an empty array"),
        ({"input": "a", "input_type": "ingest"}, "Field [input_type] cannot be specified for task type [completion]"),
        ({"input": ["a", "b"]}, "OpenAI completions only accepts 1 input"),
        ({"input": "a", "top_n": 0}, "Field [top_n] must be greater than or equal to 1"),
        ({"input": "a", "task_settings": {"user": 1}}, "The value [1] cannot be converted to a [String]"),
    ],
)
def test_invalid_bodies_are_rejected(server: Simulator, body: dict[str, Any], words: str) -> None:
    reply = run(server, "openai", "completion", body)

    assert (reply.status, words in reply.reason) == (400, True), reply.reason


@pytest.mark.parametrize(("service", "setting"), [("cohere", "model_id"), ("mistral", "model"), ("acme", "model")])
def test_completion_contains_the_model(server: Simulator, service: str, setting: str) -> None:
    reply = run(server, service, "completion", {"input": "a"}, service_settings={setting: "big"})

    assert reply.json == {"completion": [{"result": "big answers: a"}]}


def test_completions_are_streamed(server: Simulator) -> None:
    pieces = messages(run(server, "openai", "completion", {"input": "a"}, "/_stream"))

    assert [piece["completion"][0]["delta"] for piece in pieces] == ["m", " answers:", " a"]


def test_chats_are_streamed(server: Simulator) -> None:
    first, *middle, last = messages(run(server, "groq", "chat_completion", CHAT, "/_stream"))

    assert first["model"] == "m"
    assert [piece["choices"][0]["delta"]["content"] for piece in middle] == ["m", " answers:", " hello", " you"]
    assert last["choices"] == [{"delta": {}, "index": 0, "finish_reason": "stop"}]


@pytest.mark.parametrize(("version", "status"), [("9.5.0", 400), ("9.6.0", 200)])
def test_chat_without_stream_is_supported_from_9_6(version: str, status: int) -> None:
    with Simulator(version=version) as server:
        reply = run(server, "groq", "chat_completion", {**CHAT, "max_completion_tokens": 2})

        assert reply.status == status
        if status == 200:
            assert reply.json["choices"] == [
                {"message": {"content": "m answers:", "role": "assistant"}, "finish_reason": "length", "index": 0}
            ]
            assert reply.json["usage"] == {"completion_tokens": 2, "prompt_tokens": 2, "total_tokens": 4}


@pytest.mark.parametrize(("service", "task_type"), [("openai", "text_embedding"), ("custom", "completion")])
def test_streams_of_other_task_types_are_rejected(server: Simulator, service: str, task_type: str) -> None:
    reply = run(server, service, task_type, {"input": "a"}, "/_stream")

    assert reply.status == 405
    assert refusal(reply)["error"]["reason"] == (
        f"Streaming is not allowed for service [{service}] and task [{task_type}]"
    )


@pytest.mark.parametrize(("service", "task_type"), [("openai", "text_embedding"), ("amazonbedrock", "completion")])
def test_provider_failures_are_returned(server: Simulator, service: str, task_type: str) -> None:
    server.faults.add(Fault("provider_refusal", status=429))
    assert run(server, service, task_type, {"input": "a"}).status == 429
    server.faults.add(Fault("provider_timeout"))
    assert run(server, service, task_type, {"input": "a"}).status == 429
    server.faults.add(Fault("provider_unreachable"))
    assert run(server, service, task_type, {"input": "a"}).status == 500
    with Simulator(refused_keys={"seeded-secret"}) as other:
        assert run(other, service, task_type, {"input": "a"}).status == 401


def test_first_inference_deploys_a_built_in_endpoint(server: Simulator) -> None:
    assert "num_allocations" not in call(server, "GET", f"/_inference/{E5}").json["endpoints"][0]["service_settings"]

    reply = call(server, "POST", f"/_inference/text_embedding/{E5}", {"input": "a"})

    assert len(reply.json["text_embedding"][0]["embedding"]) == 384
    settings = call(server, "GET", f"/_inference/{E5}").json["endpoints"][0]["service_settings"]
    assert settings["num_allocations"] == 1


def test_run_of_unallocated_model_fails(server: Simulator) -> None:
    settings = {"model_id": ".elser_model_2", "num_threads": 1, "num_allocations": 1}
    body = {"service": "elasticsearch", "service_settings": settings}
    server.model(".elser_model_2", reads=1)
    call(server, "PUT", "/_inference/sparse_embedding/x", body)
    assert call(server, "POST", "/_inference/sparse_embedding/x", {"input": "a"}).status == 409

    call(server, "GET", "/_ml/trained_models/x/_stats")
    assert call(server, "POST", "/_inference/sparse_embedding/x", {"input": "a"}).status == 200


def test_run_of_model_without_deployment_fails(server: Simulator) -> None:
    reply = run(server, "elasticsearch", "sparse_embedding", {"input": "a"})

    assert reply.status == 404
