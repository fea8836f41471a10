# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, MODEL, Reply, call


def run(server: Simulator, body: object, path: str = COMPLETION + "x") -> Reply:
    server.seed("x", secret="key")
    return call(server, "POST", path, body)


def events(reply: Reply) -> list[Any]:
    assert reply.headers["Content-Type"] == "text/event-stream"
    blocks = reply.content.decode().split("\n\n")
    assert blocks.pop() == ""
    lines = [block.split("\n") for block in blocks]
    assert all(first == "event: message" for first, _data in lines)
    data = [second.removeprefix("data: ") for _event, second in lines]
    assert data.pop() == "[DONE]"
    return [json.loads(one) for one in data]


@pytest.mark.parametrize("path", [COMPLETION + "x", "/_inference/x", COMPLETION + "x?timeout=30s"])
def test_one_result_for_each_input(server: Simulator, path: str) -> None:
    expected = {"completion": [{"result": f"{MODEL} answers: a"}, {"result": f"{MODEL} answers: b"}]}

    assert run(server, {"input": ["a", "b"]}, path).json == expected
    assert run(server, {"input": "a"}, path).json == {"completion": expected["completion"][:1]}


def test_task_settings_of_a_run_are_checked(server: Simulator) -> None:
    fine = run(server, {"input": "a", "task_settings": {"max_tokens": 5, "temperature": 1}})
    bad = run(server, {"input": "a", "task_settings": {"max_tokens": 0}})
    unknown = run(server, {"input": "a", "task_settings": {"stop": "x"}})

    assert fine.status == 200
    assert "[max_tokens] must be a positive integer" in bad.reason
    assert "settings [{stop=x}] unknown" in unknown.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Validation Failed: 1: Field [input] cannot be null;"),
        ({"input": []}, "Validation Failed: 1: Field [input] cannot be an empty array;"),
        ({"input": 5}, "[1:2] [cluster:internal/xpack/inference] [input] failed to parse field"),
        (
            {"input": "a", "max_tokens": 5},
            "[1:2] [cluster:internal/xpack/inference] unknown field [max_tokens]",
        ),
    ],
)
def test_bad_bodies(server: Simulator, body: dict[str, Any], words: str) -> None:
    reply = run(server, body)

    assert (reply.status, reply.reason) == (400, words)


def test_an_unknown_id_is_a_404(server: Simulator) -> None:
    assert run(server, {"input": "a"}, COMPLETION + "y").reason == "Inference endpoint not found [y]"


def test_another_task_type_is_refused(server: Simulator) -> None:
    assert run(server, {"input": "a"}, "/_inference/rerank/x").reason == (
        "Requested task type [rerank] does not match the inference endpoint's task type [completion]"
    )


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({"refused_keys": {"key"}}, 401, "status [401]. Error message: [invalid x-api-key]"),
        ({"refused_models": {MODEL}}, 404, f"status [404]. Error message: [model: {MODEL}]"),
    ],
)
def test_the_status_of_the_provider_is_passed_on(options: dict[str, Any], status: int, words: str) -> None:
    with Simulator(**options) as server:
        reply = run(server, {"input": "a"})

        assert (reply.status, reply.error["type"]) == (status, "status_exception")
        assert reply.error["caused_by"]["reason"].endswith(words)


def test_a_completion_can_be_streamed(server: Simulator) -> None:
    deltas = [
        event["completion"][0]["delta"] for event in events(run(server, {"input": "a"}, COMPLETION + "x/_stream"))
    ]

    assert deltas == [MODEL, " answers:", " a"]


def test_a_chat_is_streamed(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    body = {"messages": [{"role": "user", "content": "hello you"}]}
    chunks = events(call(server, "POST", "/_inference/chat_completion/c/_stream", body))

    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0]["choices"] == [{"delta": {"content": "", "role": "assistant"}, "index": 0}]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == f"{MODEL} answers: hello you"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"] == {"completion_tokens": 4, "prompt_tokens": 4, "total_tokens": 8}


@pytest.mark.parametrize(
    "body", [{}, {"messages": []}, {"messages": [{"content": "a"}]}, {"input": "a"}, {"messages": "a"}]
)
def test_a_chat_needs_messages(server: Simulator, body: dict[str, Any]) -> None:
    server.seed("c", task_type="chat_completion")

    assert call(server, "POST", "/_inference/chat_completion/c/_stream", body).status == 400


def test_a_chat_takes_parts_of_text(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    content = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    body = {"messages": [{"role": "user", "content": content}]}
    chunks = events(call(server, "POST", "/_inference/chat_completion/c/_stream", body))

    words = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert words[-3:] == [" one", " two", ""]


def test_a_chat_is_only_streamed(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    reply = call(server, "POST", "/_inference/chat_completion/c", {"input": "a"})

    assert reply.reason == (
        "The task type [chat_completion] only supports streaming, please try again with the _stream API"
    )


def test_the_task_type_of_a_stream_counts(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    body = {"messages": [{"role": "user", "content": "a"}]}

    assert run(server, body, "/_inference/chat_completion/x/_stream").reason == (
        "Requested task type [chat_completion] does not match the inference endpoint's task type [completion]"
    )
    assert "must be named in the path" in run(server, {"input": "a"}, "/_inference/c/_stream").reason


def test_other_services_do_not_run_here(server: Simulator) -> None:
    assert run(server, {"input": "a"}, "/_inference/.elser-2-elasticsearch").status == 501


def test_the_licence_counts() -> None:
    with Simulator(licensed=False) as server:
        assert run(server, {"input": "a"}).status == 403
        assert run(server, {"input": "a"}, COMPLETION + "x/_stream").status == 403
