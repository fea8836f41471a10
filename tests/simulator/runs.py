# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an endpoint: completions and their streams (reference: Requests)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import jsontext
from .anthropic import read_task_settings
from .endpoints import Rules, check_task_type, path_task_type
from .errors import ApiError, PlainError, bad_request, invalid
from .messages import Answer
from .provider import ProviderError
from .routes import Call
from .settings import SettingsReader
from .store import Store, StoredEndpoint

RUN_FIELDS = frozenset({"input", "input_type", "task_settings", "query", "return_documents", "top_n", "timeout"})
CHAT_FIELDS = frozenset(
    {"messages", "model", "max_completion_tokens", "stop", "temperature", "tools", "tool_choice", "top_p"}
)


@dataclass(frozen=True)
class Runs:
    """The handlers that call the provider for a user."""

    rules: Rules
    store: Store

    def run(self, call: Call) -> Answer:
        """`POST /_inference/{task_type}/{inference_id}`."""
        self.rules.check_licence()
        task_type, body = path_task_type(call), call.json_object()
        inputs = _inputs(body)
        endpoint = self._endpoint(call, task_type)
        if endpoint.task_type == "chat_completion":
            raise bad_request(
                "The task type [chat_completion] only supports streaming, please try again with the _stream API"
            )
        self._complete(call, endpoint, body)
        return Answer(200, {"completion": [{"result": completed(endpoint, text)} for text in inputs]})

    def stream(self, call: Call) -> Answer:
        """`POST /_inference/{task_type}/{inference_id}/_stream`: server-sent events."""
        self.rules.check_licence()
        task_type, body = path_task_type(call), call.json_object()
        if task_type == "chat_completion":
            text = _last_message(body)
            endpoint = self._endpoint(call, task_type)
            self._call_provider(call, endpoint)
            return _events(_chat_chunks(endpoint, text))
        inputs = _inputs(body)
        endpoint = self._endpoint(call, task_type)
        if endpoint.task_type == "chat_completion":
            raise bad_request(
                "The [chat_completion] task type must be named in the path: "
                f"_inference/chat_completion/{endpoint.inference_id}/_stream"
            )
        self._complete(call, endpoint, body)
        return _events(_completion_chunks(endpoint, inputs))

    def _endpoint(self, call: Call, task_type: str) -> StoredEndpoint:
        endpoint = self.store.get(call.variables["inference_id"])
        check_task_type(task_type, endpoint)
        if endpoint.service != "anthropic":
            raise PlainError(501, f"this simulator serves [anthropic] alone, not [{endpoint.service}]")
        return endpoint

    def _complete(self, call: Call, endpoint: StoredEndpoint, body: dict[str, Any]) -> None:
        settings = body.get("task_settings") or {}
        if not isinstance(settings, dict):
            raise _parse_error("[task_settings] has to be an object")
        reader = SettingsReader(settings, "task_settings")
        read_task_settings(reader, max_tokens_required=False)
        reader.check_nothing_left(self.rules.version)
        self._call_provider(call, endpoint)

    def _call_provider(self, call: Call, endpoint: StoredEndpoint) -> None:
        model_id = str(endpoint.service_settings.get("model_id"))
        try:
            self.rules.provider.call(endpoint.inference_id, endpoint.secret, model_id, refuse=call.provider_refuses)
        except ProviderError as refusal:
            raise refusal.as_failed_run() from refusal


def completed(endpoint: StoredEndpoint, text: str) -> str:
    """What the model says: the same for the same question."""
    return f"{endpoint.service_settings.get('model_id')} answers: {text}"


def _inputs(body: dict[str, Any]) -> list[str]:
    _check_fields(body, RUN_FIELDS)
    given = body.get("input")
    if given is None:
        raise _invalid_request("Field [input] cannot be null")
    if given == []:
        raise _invalid_request("Field [input] cannot be an empty array")
    inputs = given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) for text in inputs):
        raise _parse_error("[input] failed to parse field")
    return inputs


def _last_message(body: dict[str, Any]) -> str:
    _check_fields(body, CHAT_FIELDS)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _invalid_request("Field [messages] cannot be an empty array")
    last = messages[-1]
    if not isinstance(last, dict) or not isinstance(last.get("role"), str):
        raise _parse_error("[messages] Required [role]")
    content = last.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise _parse_error("[messages] failed to parse field [content]")
    return content


def _check_fields(body: dict[str, Any], known: frozenset[str]) -> None:
    for name in body:
        if name not in known:
            raise _parse_error(f"unknown field [{name}]")


def _parse_error(problem: str) -> ApiError:
    reason = f"[1:2] [cluster:internal/xpack/inference] {problem}"
    return ApiError(400, "x_content_parse_exception", reason)


def _invalid_request(problem: str) -> ApiError:
    return invalid([problem], "action_request_validation_exception")


def _events(chunks: Iterable[Any]) -> Answer:
    data = [jsontext.render(chunk) for chunk in chunks] + [b"[DONE]"]
    body = b"".join(b"event: message\ndata: " + one + b"\n\n" for one in data)
    return Answer(200, body, "text/event-stream", chunked=True)


def _completion_chunks(endpoint: StoredEndpoint, inputs: list[str]) -> Iterable[Any]:
    for text in inputs:
        for word in _words(completed(endpoint, text)):
            yield {"completion": [{"delta": word}]}


def _chat_chunks(endpoint: StoredEndpoint, text: str) -> Iterable[Any]:
    words = _words(completed(endpoint, text))
    yield _chat_chunk(endpoint, {"content": "", "role": "assistant"})
    for word in words:
        yield _chat_chunk(endpoint, {"content": word})
    last = _chat_chunk(endpoint, {}, finish_reason="stop")
    count = len(words)
    last["usage"] = {"completion_tokens": count, "prompt_tokens": count, "total_tokens": 2 * count}
    yield last


def _chat_chunk(endpoint: StoredEndpoint, delta: dict[str, str], **more: str) -> dict[str, Any]:
    return {
        "id": f"msg_{endpoint.inference_id}",
        "choices": [{"delta": delta, **more, "index": 0}],
        "model": endpoint.service_settings.get("model_id"),
        "object": "chat.completion.chunk",
    }


def _words(text: str) -> list[str]:
    first, *others = text.split(" ")
    return [first, *(" " + word for word in others)]
