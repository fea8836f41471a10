# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run endpoints of every task type, and prove that there is a result. Private to the collection."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Callable, Iterator, Mapping, NamedTuple

from .._elasticsearch.errors import UnreadableAnswer
from .api import not_as_documented, path_of
from .completion_api import Answers, Piece

#: The task type whose endpoints respond with a stream.
CHAT_COMPLETION = "chat_completion"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_sparse_vector(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_number, value.values()))


class Shape(NamedTuple):
    """How a response looks if it has a result (the server's classes C(*Results), and the specification).

    :ivar names: the names that the list of results can have. That of an embedding depends on its element type.
    :ivar field: the field of each result that proves it.
    :ivar proves: whether a value of that field does.
    """

    names: tuple[str, ...]
    field: str
    proves: Callable[[Any], bool]


#: The responses of the task types that do not respond with a stream.
SHAPES: Mapping[str, Shape] = {
    "text_embedding": Shape(("text_embedding", "text_embedding_bytes", "text_embedding_bits"), "embedding", _is_vector),
    "sparse_embedding": Shape(("sparse_embedding",), "embedding", _is_sparse_vector),
    "embedding": Shape(("embeddings", "embeddings_bytes", "embeddings_bits"), "embedding", _is_vector),
    "rerank": Shape(("rerank",), "index", _is_number),
    # With few tokens, the text of a model that responds can be empty.
    "completion": Shape(("completion",), "result", lambda text: isinstance(text, str)),
}

#: The task types whose endpoints can be run.
TASK_TYPES = (*SHAPES, CHAT_COMPLETION)


class Pings(Answers):
    """The requests of `elasticsearch.md`, "Run", for every task type. Each method raises ClientError."""

    def prove(self, task_type: str, inference_id: str, body: Mapping[str, Any], timeout: float) -> None:
        """Run an endpoint of a task type of C(SHAPES).

        :param timeout: seconds, for the server.
        :raises ClientError: also if the response has no result.
        """
        answer = self.infer(task_type, inference_id, body, timeout)
        shape, path = SHAPES[task_type], path_of(task_type, inference_id)
        try:
            results = next(answer[name] for name in shape.names if name in answer)
            values = [result[shape.field] for result in results]
        except (KeyError, StopIteration, TypeError):
            raise not_as_documented("POST", path) from None
        if not values or not all(map(shape.proves, values)):
            raise without_result(path)

    def chat_until_result(self, inference_id: str, body: Mapping[str, Any], timeout: float) -> Iterator[Piece]:
        """Run an endpoint of the task type C(chat_completion), and return its response until the model has responded.

        Then the connection is closed. The first events of a stream can come without a response of the model.

        :param timeout: seconds, for the server as well.
        :raises ClientError: also if the stream ends without a response.
        """
        with closing(self.chat(inference_id, body, timeout)) as pieces:
            for piece in pieces:
                yield piece
                if piece.text or piece.finish_reason:
                    return
        raise without_result(path_of(CHAT_COMPLETION, inference_id) + "/_stream")


def without_result(path: str) -> UnreadableAnswer:
    """Return the error if a response is as documented, but has no result."""
    return UnreadableAnswer("The response contains no result.", "POST", path, status=200)
