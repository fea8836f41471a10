# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator import Fault, Simulator
from tests.unit.simulator.calls import COMPLETION, MODEL, Reply, call


def run(server: Simulator, body: object, path: str = COMPLETION + "x") -> Reply:
    server.seed("x", secret="key")
    return call(server, "POST", path, body)


def events(reply: Reply) -> list[tuple[str, str]]:
    """Return the names and the data of the events. Each event begins with a byte order mark."""
    assert reply.headers["Content-Type"] == "text/event-stream"
    blocks = reply.content.decode().split("\n\n")
    assert blocks.pop() == ""
    lines = [block.split("\n") for block in blocks]
    return [(first.removeprefix("\ufeffevent: "), second.removeprefix("data: ")) for first, second in lines]


def messages(reply: Reply) -> list[Any]:
    *found, end = events(reply)
    assert end == ("message", "[DONE]")
    assert {name for name, _data in found} == {"message"}
    return [json.loads(data) for _name, data in found]


def refusal(reply: Reply) -> Any:
    [(name, data)] = events(reply)
    assert name == "error"
    return json.loads(data)


@pytest.mark.parametrize("path", [COMPLETION + "x", "/_inference/x", COMPLETION + "x?timeout=30s"])
def test_run_returns_a_completion(server: Simulator, path: str) -> None:
    expected = {"completion": [{"result": f"{MODEL} answers: a"}]}

    assert run(server, {"input": ["a"]}, path).json == expected
    assert run(server, {"input": "a"}, path).json == expected


def test_run_with_several_inputs_is_rejected(server: Simulator) -> None:
    reply = run(server, {"input": ["a", "b"]})

    assert (reply.status, reply.reason) == (400, "Anthropic chat completions only accepts 1 input")


@pytest.mark.parametrize(("settings", "words"), [({}, 4), ({"task_settings": {"max_tokens": 2}}, 2)])
def test_completion_ends_at_the_token_limit(server: Simulator, settings: dict[str, Any], words: int) -> None:
    [answer] = run(server, {"input": "a b", **settings}).json["completion"]

    assert len(answer["result"].split(" ")) == words


def test_task_settings_of_a_run_are_checked(server: Simulator) -> None:
    fine = run(server, {"input": "a", "task_settings": {"max_tokens": 5, "temperature": 1.0}})
    whole = run(server, {"input": "a", "task_settings": {"temperature": 1}})
    bad = run(server, {"input": "a", "task_settings": {"max_tokens": 0}})
    unknown = run(server, {"input": "a", "task_settings": {"stop": "x"}})

    assert fine.status == 200
    assert "[max_tokens] must be a positive integer" in bad.reason
    assert whole.reason.endswith("The value [1] cannot be converted to a [Double]")
    assert unknown.status == 200


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
def test_invalid_run_bodies_are_rejected(server: Simulator, body: dict[str, Any], words: str) -> None:
    reply = run(server, body)

    assert (reply.status, reply.reason) == (400, words)


def test_run_of_unknown_id_returns_404(server: Simulator) -> None:
    assert run(server, {"input": "a"}, COMPLETION + "y").reason == "Inference endpoint not found [y]"


def test_run_with_other_task_type_is_rejected(server: Simulator) -> None:
    assert run(server, {"input": "a"}, "/_inference/sparse_embedding/x").reason == (
        "Requested task type [sparse_embedding] does not match the inference endpoint's task type [completion]"
    )


@pytest.mark.parametrize(("refused", "status"), [(429, 429), (529, 400), (500, 400)])
def test_provider_status_of_500_or_more_is_returned_as_400(server: Simulator, refused: int, status: int) -> None:
    server.faults.add(Fault("provider_refusal", status=refused))
    reply = run(server, {"input": "a"})

    assert (reply.status, reply.error["type"]) == (status, "status_exception")
    assert f"status [{refused}]" in reply.reason


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({"refused_keys": {"key"}}, 401, "status [401]. Error message: [invalid x-api-key]"),
        ({"refused_models": {MODEL}}, 404, f"status [404]. Error message: [model: {MODEL}]"),
    ],
)
def test_provider_status_below_500_is_returned(options: dict[str, Any], status: int, words: str) -> None:
    with Simulator(**options) as server:
        reply = run(server, {"input": "a"})

        assert (reply.status, reply.error["type"]) == (status, "status_exception")
        assert reply.reason.endswith(words)
        assert "caused_by" not in reply.error


def test_completion_is_streamed(server: Simulator) -> None:
    pieces = messages(run(server, {"input": "a"}, COMPLETION + "x/_stream"))

    assert [piece["completion"][0]["delta"] for piece in pieces] == [MODEL, " answers:", " a"]


@pytest.mark.parametrize(
    ("limit", "finish_reason", "words"), [({}, "end_turn", 4), ({"max_completion_tokens": 3}, "max_tokens", 3)]
)
def test_chat_is_streamed(server: Simulator, limit: dict[str, int], finish_reason: str, words: int) -> None:
    server.seed("c", task_type="chat_completion")
    body = {"messages": [{"role": "user", "content": "hello you"}], **limit}
    first, *middle, last = messages(call(server, "POST", "/_inference/chat_completion/c/_stream", body))

    assert first == {
        "id": "msg_c",
        "choices": [{"delta": {"role": "assistant"}, "index": 0}],
        "model": MODEL,
        "object": None,
        "usage": {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3},
    }
    assert [piece["choices"][0]["delta"]["content"] for piece in middle] == [MODEL, " answers:", " hello", " you"][
        :words
    ]
    assert {(piece["id"], piece["model"], piece["object"]) for piece in middle} == {(None, None, None)}
    assert last["choices"] == [{"delta": {}, "index": 0, "finish_reason": finish_reason}]
    assert last["usage"] == {"completion_tokens": words, "prompt_tokens": 0, "total_tokens": words}


@pytest.mark.parametrize(
    "body", [{}, {"messages": []}, {"messages": [{"content": "a"}]}, {"input": "a"}, {"messages": "a"}]
)
def test_chat_without_messages_is_rejected(server: Simulator, body: dict[str, Any]) -> None:
    server.seed("c", task_type="chat_completion")

    assert call(server, "POST", "/_inference/chat_completion/c/_stream", body).status == 400


def test_chat_accepts_text_parts(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    content = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    body = {"messages": [{"role": "user", "content": content}]}
    chunks = messages(call(server, "POST", "/_inference/chat_completion/c/_stream", body))

    words = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert words[-3:] == [" one", " two", ""]


def test_chat_without_stream_is_rejected(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    reply = call(server, "POST", "/_inference/chat_completion/c", {"input": "a"})

    assert reply.reason == (
        "The task type [chat_completion] only supports streaming, please try again with the _stream API"
    )


def test_stream_with_other_task_type_is_rejected(server: Simulator) -> None:
    server.seed("c", task_type="chat_completion")
    body = {"messages": [{"role": "user", "content": "a"}]}
    mistaken = run(server, body, "/_inference/chat_completion/x/_stream")
    unnamed = run(server, {"input": "a"}, "/_inference/c/_stream")

    assert (mistaken.status, unnamed.status) == (400, 400)
    assert refusal(mistaken) == {
        "error": {
            "code": "bad_request",
            "message": "Requested task type [chat_completion] does not match the inference endpoint's task type "
            "[completion]",
            "type": "status_exception",
        }
    }
    assert "must be named in the path" in refusal(unnamed)["error"]["reason"]


def test_stream_of_unknown_id_returns_404(server: Simulator) -> None:
    reply = run(server, {"input": "a"}, COMPLETION + "y/_stream")

    assert reply.status == 404
    assert refusal(reply)["error"]["type"] == "resource_not_found_exception"


def test_run_of_unsimulated_service_returns_501(server: Simulator) -> None:
    server.seed("o", service="elastic")

    assert run(server, {"input": "a"}, "/_inference/o").status == 501


def test_run_without_inference_license_returns_403() -> None:
    with Simulator(licensed=False) as server:
        assert run(server, {"input": "a"}).status == 403
        assert run(server, {"input": "a"}, COMPLETION + "x/_stream").status == 403
