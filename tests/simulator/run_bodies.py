# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the bodies of runs (`InferenceAction.Request`, `UnifiedCompletionRequest`, `RerankRequest`).

Derived: which release requires `query` in the parser, and the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ApiError, invalid
from .jsontext import is_whole
from .versions import Version

RUN_FIELDS = frozenset({"input", "input_type", "task_settings", "query", "return_documents", "top_n", "timeout"})
CHAT_FIELDS = frozenset(
    {"messages", "model", "max_completion_tokens", "stop", "temperature", "tools", "tool_choice", "top_p"}
)
EMBEDS = ("text_embedding", "embedding")


@dataclass(frozen=True)
class RunBody:
    """The contents of the body of a run."""

    inputs: list[str]
    task_settings: dict[str, Any]
    query: str = ""
    top_n: int | None = None
    return_documents: bool | None = None


def run_body(body: dict[str, Any], task_type: str, version: Version) -> RunBody:
    """Parse the body of a run. `task_type`: that of the path. Raises ApiError."""
    check_fields(body, RUN_FIELDS)
    inputs = _inputs(body.get("input"), task_type)
    if body.get("input_type") is not None and task_type not in ("any", *EMBEDS):
        raise invalid_request(f"Field [input_type] cannot be specified for task type [{task_type}]")
    query = checked_query(body, version) if task_type == "rerank" else body.get("query") or ""
    top_n = body.get("top_n")
    if top_n is not None and not is_whole(top_n):
        raise parse_error("[top_n] failed to parse field")
    if top_n is not None and top_n < 1:
        raise invalid_request("Field [top_n] must be greater than or equal to 1")
    settings = body.get("task_settings") or {}
    if not isinstance(settings, dict):
        raise parse_error("[task_settings] has to be an object")
    return RunBody(inputs, settings, str(query), top_n, body.get("return_documents"))


def checked_query(body: dict[str, Any], version: Version) -> str:
    """Return the query of a rerank. Raises ApiError."""
    query, parsed = body.get("query"), version.minor >= (9, 5)
    tail = "" if parsed else " for task type [rerank]"
    if query is None and parsed:
        raise parse_error("Required [query]")
    if query is None:
        raise invalid_request(f"Field [query] cannot be null{tail}")
    if not isinstance(query, str):
        raise parse_error("[query] failed to parse field")
    if not query:
        raise invalid_request(f"Field [query] cannot be empty{tail}")
    return query


def _inputs(given: Any, task_type: str) -> list[str]:
    if given is None:
        raise invalid_request("Field [input] cannot be null")
    if given == []:
        raise invalid_request("Field [input] cannot be an empty array")
    inputs = given if isinstance(given, list) else [given]
    if task_type == "embedding":
        inputs = [_content(item) for item in inputs]
    if not all(isinstance(text, str) for text in inputs):
        raise parse_error("[input] failed to parse field")
    return inputs


def _content(item: Any) -> Any:
    """Return the text of an input of the task type `embedding`: a string, or an object with `content`."""
    if not isinstance(item, dict) or "content" not in item:
        return item
    parts = item["content"] if isinstance(item["content"], list) else [item["content"]]
    return " ".join(str(part.get("value", "")) if isinstance(part, dict) else str(part) for part in parts)


def last_message(body: dict[str, Any]) -> str:
    """Return the text of the last message of a chat. Raises ApiError."""
    check_fields(body, CHAT_FIELDS)
    messages = body.get("messages")
    if messages is None and "messages" in body:
        raise invalid_request("Field [messages] cannot be null")
    if not isinstance(messages, list) or not messages:
        raise invalid_request("Field [messages] cannot be an empty array")
    last = messages[-1]
    if not isinstance(last, dict) or not isinstance(last.get("role"), str):
        raise parse_error("[messages] Required [role]")
    content = last.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise parse_error("[messages] failed to parse field [content]")
    return content


def chat_limit(body: dict[str, Any]) -> int | None:
    """Return the maximum number of tokens of a chat request. Raises ApiError."""
    limit = body.get("max_completion_tokens")
    if limit is not None and not is_whole(limit):
        raise parse_error("[max_completion_tokens] failed to parse field")
    return limit


def check_fields(body: dict[str, Any], known: frozenset[str]) -> None:
    """Reject names that the parser does not declare. Raises ApiError."""
    for name in body:
        if name not in known:
            raise parse_error(f"unknown field [{name}]")


def parse_error(problem: str) -> ApiError:
    """Return the 400 of a parser."""
    reason = f"[1:2] [cluster:internal/xpack/inference] {problem}"
    return ApiError(400, "x_content_parse_exception", reason)


def invalid_request(problem: str) -> ApiError:
    """Return the 400 of the validation of a request."""
    return invalid([problem], "action_request_validation_exception")
