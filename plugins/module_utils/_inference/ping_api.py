# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test requests for endpoints of all task types. Private to the collection."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Callable, Iterator, Mapping, NamedTuple

from .._elasticsearch.errors import UnreadableResponse
from .api import endpoint_path, unexpected_response
from .completion_api import ChatChunk, CompletionApi

#: The task type with streamed responses.
CHAT_COMPLETION = "chat_completion"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_sparse_vector(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_number, value.values()))


class Shape(NamedTuple):
    """The format of a response with a result (the server's classes C(*Results), and the specification).

    :ivar names: possible names of the list of results. For embeddings, the name depends on the element type.
    :ivar field: the field of each result to check.
    :ivar is_valid: returns whether the value of this field is valid.
    """

    names: tuple[str, ...]
    field: str
    is_valid: Callable[[Any], bool]


#: Response formats of the task types without streamed responses.
SHAPES: Mapping[str, Shape] = {
    "text_embedding": Shape(("text_embedding", "text_embedding_bytes", "text_embedding_bits"), "embedding", _is_vector),
    "sparse_embedding": Shape(("sparse_embedding",), "embedding", _is_sparse_vector),
    "embedding": Shape(("embeddings", "embeddings_bytes", "embeddings_bits"), "embedding", _is_vector),
    "rerank": Shape(("rerank",), "index", _is_number),
    # A working model can return an empty string if max_tokens is low.
    "completion": Shape(("completion",), "result", lambda text: isinstance(text, str)),
}

#: The task types that can be tested.
TASK_TYPES = (*SHAPES, CHAT_COMPLETION)


class PingApi(CompletionApi):
    """Test requests for all task types (`elasticsearch.md`, "Run"). All methods raise ClientError."""

    def ping(self, task_type: str, inference_id: str, body: Mapping[str, Any], timeout: float) -> None:
        """Run an endpoint of a task type in C(SHAPES).

        :param timeout: timeout of the request in seconds.
        :raises ClientError: also if the response does not contain a result.
        """
        response = self.infer(task_type, inference_id, body, timeout)
        shape, path = SHAPES[task_type], endpoint_path(task_type, inference_id)
        try:
            results = next(response[name] for name in shape.names if name in response)
            values = [result[shape.field] for result in results]
        except (KeyError, StopIteration, TypeError):
            raise unexpected_response("POST", path) from None
        if not values or not all(map(shape.is_valid, values)):
            raise missing_result(path)

    def chat_until_result(self, inference_id: str, body: Mapping[str, Any], timeout: float) -> Iterator[ChatChunk]:
        """Run an endpoint of the task type C(chat_completion), and yield its response until it contains a result.

        Then close the connection. The first events of a stream can arrive before the model responds.

        :param timeout: timeout of the request in seconds.
        :raises ClientError: also if the stream ends without a result.
        """
        with closing(self.chat(inference_id, body, timeout)) as chunks:
            for chunk in chunks:
                yield chunk
                if chunk.text or chunk.finish_reason:
                    return
        raise missing_result(endpoint_path(CHAT_COMPLETION, inference_id) + "/_stream")


def missing_result(path: str) -> UnreadableResponse:
    """Return the error for a response in the documented format that does not contain a result."""
    return UnreadableResponse("The response contains no result.", "POST", path, status=200)
