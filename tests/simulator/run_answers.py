# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The responses of a model, in the formats of the server. The same prompt gets the same response.

Sources: `core/inference/results/*Results`, `StreamingUnifiedChatCompletionResults`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from . import jsontext
from .errors import ApiError, RejectedError
from .messages import Answer
from .run_bodies import RunBody
from .services import find
from .services.engine import SIZE
from .store import IN_CLUSTER, StoredEndpoint

EVENTS = "text/event-stream"
IN_CLUSTER_SIZE = 384
BYTES = ("byte", "int8")
BITS = ("bit", "binary")


def model_of(endpoint: StoredEndpoint) -> Any:
    """Return the name that the endpoint uses for its model."""
    row = find(endpoint.service)
    return endpoint.service_settings.get((row.model or "url") if row else "model_id")


def words_of(endpoint: StoredEndpoint, text: str, limit: int | None) -> list[str]:
    """Return the text of the model: a word for each token."""
    first, *others = f"{model_of(endpoint)} answers: {text}".split(" ")
    return [first, *(" " + word for word in others)][:limit]


def answered(endpoint: StoredEndpoint, body: RunBody, limit: int | None) -> dict[str, Any]:
    """Return the body of the response to a run."""
    if endpoint.task_type == "sparse_embedding":
        return {"sparse_embedding": [_sparse(text) for text in body.inputs]}
    if endpoint.task_type in ("text_embedding", "embedding"):
        return _embeddings(endpoint, body.inputs)
    if endpoint.task_type == "rerank":
        return {"rerank": _ranked(endpoint, body)}
    return {"completion": [{"result": "".join(words_of(endpoint, body.inputs[0], limit))}]}


def _sparse(text: str) -> dict[str, Any]:
    words = dict.fromkeys(text.lower().split())
    return {"is_truncated": False, "embedding": {word: 1.0 + len(word) / 8 for word in words}}


def _embeddings(endpoint: StoredEndpoint, inputs: list[str]) -> dict[str, Any]:
    name = "text_embedding" if endpoint.task_type == "text_embedding" else "embeddings"
    kind = _element_type(endpoint.service_settings)
    size = endpoint.service_settings.get("dimensions")
    size = int(size or (IN_CLUSTER_SIZE if endpoint.service in IN_CLUSTER else SIZE))
    if kind in BITS:
        return {f"{name}_bits": [{"embedding": _numbers(text, max(size // 8, 1))} for text in inputs]}
    if kind in BYTES:
        return {f"{name}_bytes": [{"embedding": _numbers(text, size)} for text in inputs]}
    return {name: [{"embedding": [number / 128 for number in _numbers(text, size)]} for text in inputs]}


def _element_type(settings: dict[str, Any]) -> object:
    parser = (settings.get("response") or {}).get("json_parser") or {}
    return settings.get("embedding_type") or settings.get("element_type") or parser.get("embedding_type")


def _numbers(text: str, size: int) -> list[int]:
    return [zlib.crc32(f"{place} {text}".encode()) % 256 - 128 for place in range(size)]


def _ranked(endpoint: StoredEndpoint, body: RunBody) -> list[dict[str, Any]]:
    """Return the documents, sorted by the number of words they share with the query."""
    settings = {**endpoint.task_settings, **body.task_settings}
    wanted = set(body.query.lower().split())
    scores = [len(wanted & set(text.lower().split())) / max(len(wanted), 1) for text in body.inputs]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    top_n = body.top_n or settings.get("top_n") or settings.get("top_k")
    shows = settings.get("return_documents") if body.return_documents is None else body.return_documents
    found = [{"index": place, "relevance_score": scores[place]} for place in order[:top_n]]
    return [{**one, "text": body.inputs[int(one["index"])]} if shows else one for one in found]


def events(chunks: Iterable[Any]) -> Answer:
    """Return a stream of server-sent events with the final event."""
    data = [jsontext.render(chunk) for chunk in chunks] + [b"[DONE]"]
    return Answer(200, b"".join(_event("message", one) for one in data), EVENTS, chunked=True)


def _event(name: str, data: bytes) -> bytes:
    """Return an event. The server puts a byte order mark before each event, not only before the first."""
    return b"\xef\xbb\xbfevent: %b\ndata: %b\n\n" % (name.encode(), data)


def error_event(refusal: RejectedError, *, unified: bool) -> bytes:
    """Return an error as an event. `unified`: in the format of chats, which other APIs also use."""
    body = refusal.body()
    if unified and isinstance(refusal, ApiError):
        code = HTTPStatus(refusal.status).name.lower()
        body = {"error": {"code": code, "message": refusal.error.reason, "type": refusal.error.type}}
    return _event("error", jsontext.render(body))


def chat_chunks(endpoint: StoredEndpoint, text: str, limit: int | None) -> Iterable[Any]:
    """Return the chunks. The first contains the model and the prompt tokens, the last contains the response tokens."""
    words, prompt = words_of(endpoint, text, limit), len(text.split())
    first = _chat_chunk({"role": "assistant"}, usage=(1, prompt))
    yield {**first, "id": f"msg_{endpoint.inference_id}", "model": model_of(endpoint)}
    for word in words:
        yield _chat_chunk({"content": word})
    yield _chat_chunk({}, _reason(endpoint, len(words) == limit), usage=(len(words), 0))


def chat_answer(endpoint: StoredEndpoint, text: str, limit: int | None) -> dict[str, Any]:
    """Return the response to a chat without a stream (`UnifiedChatCompletionResults`; derived)."""
    words, prompt = words_of(endpoint, text, limit), len(text.split())
    message = {"content": "".join(words), "role": "assistant"}
    reason = _reason(endpoint, len(words) == limit)
    return {
        "id": f"msg_{endpoint.inference_id}",
        "choices": [{"message": message, "finish_reason": reason, "index": 0}],
        "model": model_of(endpoint),
        "object": "chat.completion",
        "usage": _usage(len(words), prompt),
    }


def _reason(endpoint: StoredEndpoint, full: bool) -> str:
    """Return the reason why the model stopped. The server passes on the term of the provider."""
    if endpoint.service == "anthropic":
        return "max_tokens" if full else "end_turn"
    return "length" if full else "stop"


def _usage(completion: int, prompt: int) -> dict[str, int]:
    return {"completion_tokens": completion, "prompt_tokens": prompt, "total_tokens": completion + prompt}


def _chat_chunk(
    delta: dict[str, str], finish_reason: str | None = None, usage: tuple[int, int] | None = None
) -> dict[str, Any]:
    choice: dict[str, Any] = {"delta": delta, "index": 0}
    if finish_reason:
        choice["finish_reason"] = finish_reason
    chunk: dict[str, Any] = {"id": None, "choices": [choice], "model": None, "object": None}
    if usage:
        chunk["usage"] = _usage(*usage)
    return chunk
