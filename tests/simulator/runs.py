# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an endpoint: completions and their streams (`elasticsearch.md`, "Requests")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from . import jsontext
from .anthropic import persisted_problem, read_task_settings
from .errors import ApiError, PlainError, RefusedError, bad_request, invalid
from .messages import Answer
from .provider import ProviderError
from .routes import Call
from .rules import Rules, check_loadable, check_task_type
from .settings import SettingsReader
from .store import Store, StoredEndpoint

EVENTS = "text/event-stream"
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
        task_type, body = self.rules.path_task_type(call), call.json_object()
        inputs = _inputs(body)
        endpoint = self._endpoint(call, task_type)
        if endpoint.task_type == "chat_completion":
            raise bad_request(
                "The task type [chat_completion] only supports streaming, please try again with the _stream API"
            )
        limit = self._complete(call, endpoint, body, inputs)
        return Answer(200, {"completion": [{"result": "".join(_words(endpoint, inputs[0], limit))}]})

    def stream(self, call: Call) -> Answer:
        """`POST /_inference/{task_type}/{inference_id}/_stream`: server-sent events, of refusals, too."""
        try:
            return self._stream(call)
        except ApiError as refusal:
            unified = call.variables.get("task_type") == "chat_completion"
            return Answer(refusal.status, error_event(refusal, unified=unified), EVENTS, chunked=True)

    def _stream(self, call: Call) -> Answer:
        self.rules.check_licence()
        task_type, body = self.rules.path_task_type(call), call.json_object()
        if task_type == "chat_completion":
            text, limit = _last_message(body), _chat_limit(body)
            endpoint = self._endpoint(call, task_type)
            self._call_provider(call, endpoint)
            return _events(_chat_chunks(endpoint, text, limit or _stored_limit(endpoint)))
        inputs = _inputs(body)
        endpoint = self._endpoint(call, task_type)
        if endpoint.task_type == "chat_completion":
            raise bad_request(
                "The [chat_completion] task type must be named in the path: "
                f"_inference/chat_completion/{endpoint.inference_id}/_stream"
            )
        limit = self._complete(call, endpoint, body, inputs)
        return _events({"completion": [{"delta": word}]} for word in _words(endpoint, inputs[0], limit))

    def _endpoint(self, call: Call, task_type: str) -> StoredEndpoint:
        endpoint = self.store.get(call.variables["inference_id"])
        check_loadable(endpoint, self.rules.version)
        if endpoint.state == "unparsable":
            raise bad_request(f"Unknown service [{endpoint.service}] for model [{endpoint.inference_id}]. ")
        check_task_type(task_type, endpoint)
        if endpoint.service != "anthropic":
            raise PlainError(501, f"this simulator serves [anthropic] alone, not [{endpoint.service}]")
        if problem := persisted_problem(endpoint, self.rules.version):
            raise problem
        return endpoint

    def _complete(self, call: Call, endpoint: StoredEndpoint, body: dict[str, Any], inputs: list[str]) -> int:
        """Call the provider, and return the maximum number of tokens.

        The server checks the types of the task settings and ignores unknown names
        (`AnthropicChatCompletionRequestTaskSettings`).
        """
        settings = body.get("task_settings") or {}
        if not isinstance(settings, dict):
            raise _parse_error("[task_settings] has to be an object")
        reader = SettingsReader(settings, "task_settings")
        given = read_task_settings(reader, max_tokens_required=False)
        if len(inputs) > 1:
            raise bad_request("Anthropic chat completions only accepts 1 input")
        self._call_provider(call, endpoint)
        return int(given.get("max_tokens") or _stored_limit(endpoint))

    def _call_provider(self, call: Call, endpoint: StoredEndpoint) -> None:
        try:
            self.rules.call_provider(call, endpoint)
        except ProviderError as failure:
            raise failure.as_failed_run() from failure


def _words(endpoint: StoredEndpoint, text: str, limit: int) -> list[str]:
    """What the model says: the same for the same question, a word for each token."""
    first, *others = f"{endpoint.service_settings.get('model_id')} answers: {text}".split(" ")
    return [first, *(" " + word for word in others)][:limit]


def _stored_limit(endpoint: StoredEndpoint) -> int:
    return int(endpoint.task_settings["max_tokens"])


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


def _chat_limit(body: dict[str, Any]) -> int | None:
    limit = body.get("max_completion_tokens")
    if limit is not None and not jsontext.is_whole(limit):
        raise _parse_error("[max_completion_tokens] failed to parse field")
    return limit


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
    return Answer(200, b"".join(_event("message", one) for one in data), EVENTS, chunked=True)


def _event(name: str, data: bytes) -> bytes:
    """One event; the server puts a byte order mark before each, not only before the first."""
    return b"\xef\xbb\xbfevent: %b\ndata: %b\n\n" % (name.encode(), data)


def error_event(refusal: RefusedError, *, unified: bool) -> bytes:
    """An error as an event; `unified`: in the shape that chats have in common with other APIs."""
    body = refusal.body()
    if unified and isinstance(refusal, ApiError):
        code = HTTPStatus(refusal.status).name.lower()
        body = {"error": {"code": code, "message": refusal.error.reason, "type": refusal.error.type}}
    return _event("error", jsontext.render(body))


def _chat_chunks(endpoint: StoredEndpoint, text: str, limit: int) -> Iterable[Any]:
    """The first chunk alone tells the model, and the tokens of the prompt; the last those of the answer."""
    words, prompt = _words(endpoint, text, limit), len(text.split())
    first = _chat_chunk({"role": "assistant"}, usage=(1, prompt))
    yield {**first, "id": f"msg_{endpoint.inference_id}", "model": endpoint.service_settings.get("model_id")}
    for word in words:
        yield _chat_chunk({"content": word})
    yield _chat_chunk({}, "max_tokens" if len(words) == limit else "end_turn", usage=(len(words), 0))


def _chat_chunk(
    delta: dict[str, str], finish_reason: str | None = None, usage: tuple[int, int] | None = None
) -> dict[str, Any]:
    choice: dict[str, Any] = {"delta": delta, "index": 0}
    if finish_reason:
        choice["finish_reason"] = finish_reason
    chunk: dict[str, Any] = {"id": None, "choices": [choice], "model": None, "object": None}
    if usage:
        completion, prompt = usage
        chunk["usage"] = {
            "completion_tokens": completion,
            "prompt_tokens": prompt,
            "total_tokens": completion + prompt,
        }
    return chunk
