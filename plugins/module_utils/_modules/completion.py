# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(completion): send each prompt to each endpoint, independently of other failures.

Private to the collection.
"""

from __future__ import annotations

import math
import re
from typing import Any, Mapping, Sequence

from .._elasticsearch.errors import ApiError, ClientError, Refused
from .._inference.completion_api import ChatChunk, CompletionApi
from .provider_requests import combine_results, failed_result, hint_with_cost, send_all, validate_parallel
from .runner import Context, run
from .selection import read_endpoints

COMPLETION, CHAT_COMPLETION = "completion", "chat_completion"

#: Types and minimums of settings that are numbers in every service that has them. Temperatures have no common range.
_NUMBERS: Mapping[str, tuple[type[int] | type[float], float]] = {
    "max_tokens": (int, 1),
    "max_new_tokens": (int, 1),
    "max_completion_tokens": (int, 1),
    "top_k": (int, 0),
    "top_p": (float, -math.inf),
    "temperature": (float, -math.inf),
}

#: Patterns of Elasticsearch errors, with hints in the terms of this module. Provider errors take precedence.
_HINTS = {
    r"Requested task type|ncompatible task_type": "remove task_type, so that the module looks it up.",
    r"unknown field": (
        "use only max_tokens, temperature, top_p, and stop as task_settings of a chat_completion endpoint."
    ),
}


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "inference_id": {"type": "list", "elements": "str", "required": True},
        # The type list would split a string at its commas.
        "input": {"type": "raw", "required": True},
        "task_type": {"type": "str", "choices": [COMPLETION, CHAT_COMPLETION]},
        "task_settings": {"type": "dict"},
        "parallel": {"type": "int", "default": 8},
    }


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    wrong = []
    if not params["inference_id"] or not all(inference_id.strip() for inference_id in params["inference_id"]):
        wrong.append("inference_id must contain at least one endpoint ID and no empty strings.")
    prompts = _prompts(params)
    if not prompts or not all(isinstance(prompt, str) and prompt.strip() for prompt in prompts):
        wrong.append("input must be a non-empty string or a non-empty list of such strings.")
    for name, value in (params["task_settings"] or {}).items():
        if name == "messages":
            wrong.append("task_settings.messages is not supported. Hint: use input instead.")
        if name in _NUMBERS and value is not None:
            wrong += _validate_number(name, value)
    return wrong + validate_parallel(params["parallel"])


def _prompts(params: Mapping[str, Any]) -> Sequence[Any]:
    given = params["input"]
    return given if isinstance(given, list) else [given]


def _validate_number(name: str, value: Any) -> list[str]:
    kind, least = _NUMBERS[name]
    number = _parse_number(kind, value)
    if number is None:
        return [f"task_settings.{name} must be {'an integer' if kind is int else 'a number'}, not {value}."]
    return [] if number >= least else [f"task_settings.{name} must be at least {least}, not {number}."]


def _parse_number(kind: type[int] | type[float], value: Any) -> float | None:
    """Convert a number or a string from a Jinja template to a number. Return None if that is not possible."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if isinstance(value, bool) or not math.isfinite(number) or (kind is int and not number.is_integer()):
        return None
    return kind(number)


def work(context: Context) -> dict[str, Any]:
    """Send all prompts to all endpoints in parallel, and return the module result.

    :raises ClientError: if the endpoints cannot be read. No prompt was sent then.
    """
    api, params = CompletionApi(context.client), context.params
    ids, prompts = params["inference_id"], _prompts(params)
    task_types = dict.fromkeys(ids, params["task_type"]) if params["task_type"] else _task_types(api, ids)
    settings = _convert_settings(params["task_settings"] or {})

    def complete(job: tuple[str, str]) -> dict[str, Any]:
        inference_id, prompt = job
        return _Completion(inference_id, task_types.get(inference_id)).send(api, prompt, settings, params["timeout"])

    jobs = [(inference_id, prompt) for inference_id in ids for prompt in prompts]
    return combine_results(send_all(complete, jobs, params["parallel"]), "completions failed")


def _task_types(api: CompletionApi, ids: Sequence[str]) -> dict[str, str]:
    """Return the task types of endpoints by ID, with one request if Elasticsearch can list the endpoints.

    :raises ClientError: if no endpoint can be read.
    """
    reading = read_endpoints(api, ids)
    # The completion request to an endpoint that cannot be read returns the error to report.
    unreadable = dict.fromkeys(reading.failures, COMPLETION)
    return {**unreadable, **{endpoint.inference_id: endpoint.task_type for endpoint in reading.endpoints}}


def _convert_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _parse_number(_NUMBERS[name][0], value) if name in _NUMBERS else value
        for name, value in given.items()
        if value is not None
    }


class _Completion:
    """A completion request and its result.

    :param task_type: the task type of the endpoint, or None if the endpoint does not exist.
    """

    def __init__(self, inference_id: str, task_type: str | None) -> None:
        self._task_type = task_type
        self._text = ""
        self._result: dict[str, Any] = {"inference_id": inference_id}

    def send(self, api: CompletionApi, prompt: str, settings: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send the prompt and return the result."""
        try:
            self._send(api, prompt, settings, timeout)
        except ClientError as error:
            self._result.update(failed_result(error.replace(hint=self._hint(error))))
        except Refused as refusal:
            self._result.update(failed_result(refusal))
        if self._text or not self._result.get("failed"):
            self._result["result"] = self._text
        return self._result

    def _send(self, api: CompletionApi, prompt: str, settings: Mapping[str, Any], timeout: float) -> None:
        inference_id = self._result["inference_id"]
        if self._task_type == COMPLETION:
            body = {"input": prompt, **({"task_settings": settings} if settings else {})}
            self._text = "".join(api.complete(inference_id, body, timeout))
        elif self._task_type == CHAT_COMPLETION:
            chat = {"messages": [{"role": "user", "content": prompt}], **_chat_settings(settings)}
            for piece in api.chat(inference_id, chat, timeout):
                self._add(piece)
        elif self._task_type is None:
            raise Refused("The endpoint does not exist. Hint: check inference_id, or create the endpoint first.", 404)
        else:
            known = f"{COMPLETION} and {CHAT_COMPLETION}"
            raise Refused(f"The endpoint has the task type {self._task_type}. Only {known} are supported.", 400)

    def _add(self, piece: ChatChunk) -> None:
        """Add a piece of a stream. Most fields occur only in the first or the last piece."""
        self._text += piece.text
        if piece.finish_reason:
            self._result["finish_reason"] = piece.finish_reason
        if piece.model:
            self._result["model"] = piece.model
        if piece.usage:
            self._result["usage"] = _merge_usage(self._result.get("usage", {}), piece.usage)

    def _hint(self, error: ClientError) -> str:
        return hint_with_cost(error, _hint_for(error) or error.hint, has_begun=bool(self._text))


def _hint_for(error: ClientError) -> str:
    if not isinstance(error, ApiError) or error.cause.is_provider_error:
        return ""
    return next((hint for pattern, hint in _HINTS.items() if re.search(pattern, error.problem)), "")


def _chat_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the names of the chat completion API."""
    return {"max_completion_tokens" if name == "max_tokens" else name: value for name, value in settings.items()}


def _merge_usage(former: Mapping[str, int], latest: Mapping[str, int]) -> dict[str, int]:
    """Merge token counts of a stream. The first piece counts prompt tokens, the last pieces count all tokens."""
    highest = {name: max(former.get(name, 0), latest.get(name, 0)) for name in ("prompt_tokens", "completion_tokens")}
    return {**highest, "total_tokens": sum(highest.values())}


def main() -> None:
    """Run the module."""
    run(options(), check, work, supports_check_mode=False)
