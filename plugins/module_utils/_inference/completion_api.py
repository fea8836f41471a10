# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion requests of the inference API. Imported only by modules that send them. Private to the collection."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Generator, Mapping, NamedTuple

from .._elasticsearch.errors import UnreadableResponse
from .._elasticsearch.json_text import parse_json
from .api import (
    Inference,
    endpoint_path,
    format_server_timeout,
    unexpected_response,
)


class ChatChunk(NamedTuple):
    """The contents of one event of a chat completion stream.

    :ivar usage: the token counts that the event contains.
    """

    text: str
    finish_reason: str | None
    model: str | None
    usage: Mapping[str, int]

    @classmethod
    def from_response(cls, response: Mapping[str, Any]) -> ChatChunk:
        choices = response.get("choices") or ()
        text = "".join((choice.get("delta") or {}).get("content") or "" for choice in choices)
        reasons = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
        usage = {name: count for name, count in (response.get("usage") or {}).items() if isinstance(count, int)}
        return cls(text, reasons[-1] if reasons else None, response.get("model"), usage)


class CompletionApi(Inference):
    """Requests that run an endpoint (`elasticsearch.md`, "Run"). All methods raise ClientError."""

    def complete(self, inference_id: str, body: Mapping[str, Any], timeout: float) -> list[str]:
        """Send a prompt to an endpoint of the task type C(completion), and return the parts of the response.

        :param timeout: timeout of the request in seconds. It replaces the server's default of 30 seconds.
        """
        response = self.infer("completion", inference_id, body, timeout)
        try:
            return [str(part["result"]) for part in response["completion"]]
        except (KeyError, TypeError):
            raise unexpected_response("POST", endpoint_path("completion", inference_id)) from None

    def infer(self, task_type: str, inference_id: str, body: Mapping[str, Any], timeout: float) -> Any:
        """Run an endpoint, and return the complete response. The request is only retried if it was not executed.

        :param timeout: timeout of the request in seconds.
        """
        path = endpoint_path(task_type, inference_id)
        return self.client.request_with_retries(
            "POST", path, _timeout_query(timeout), body, privilege="monitor_inference"
        )

    def chat(self, inference_id: str, body: Mapping[str, Any], timeout: float) -> Generator[ChatChunk, None, None]:
        """Send prompts to an endpoint of the task type C(chat_completion), and yield the parts of its response.

        Closing the generator closes the connection.

        :param timeout: timeout of the request in seconds.
        """
        path = endpoint_path("chat_completion", inference_id) + "/_stream"
        with closing(self.client.stream_events(path, _timeout_query(timeout), body)) as events:
            for event in events:
                if event.data == "[DONE]":
                    return
                yield _parse_chunk(path, parse_json(event.data))
        problem = "The stream ended before the final [DONE] event."
        hint = "check any proxy in front of Elasticsearch. It may have cut off the stream."
        raise UnreadableResponse(problem, "POST", path, hint, 200)


def _parse_chunk(path: str, response: Any) -> ChatChunk:
    try:
        return ChatChunk.from_response(response)
    except (AttributeError, TypeError):
        raise unexpected_response("POST", path) from None


def _timeout_query(timeout: float) -> dict[str, str]:
    return {"timeout": format_server_timeout(timeout)}
