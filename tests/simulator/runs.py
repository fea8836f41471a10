# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an endpoint: embeddings, reranking, completions and their streams (`elasticsearch.md`, "Requests").

Sources: `BaseTransportInferenceAction`, `TransportInferenceAction`, `TransportUnifiedCompletionInferenceAction`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import ml
from .anthropic import persisted_problem, read_task_settings
from .errors import ApiError, PlainError, bad_request
from .messages import Answer
from .provider import ProviderError
from .routes import Call
from .rules import Rules, check_loadable, check_task_type
from .run_answers import EVENTS, answered, chat_answer, chat_chunks, error_event, events, words_of
from .run_bodies import RunBody, chat_limit, checked_query, last_message, run_body
from .services import Service
from .services.readers import Reading, read_all
from .settings import SettingsReader
from .store import Store, StoredEndpoint

#: Services that support chats without a stream in 9.6 or later (specification: `non_streaming_chat_completion`).
ANSWERS_CHATS = frozenset(
    {
        *("ai21", "azureopenai", "deepseek", "fireworksai", "groq", "hugging_face", "watsonxai", "llama", "mistral"),
        *("nvidia", "openai", "openshift_ai"),
    }
)
CHAT = "chat_completion"


@dataclass(frozen=True)
class Runs:
    """The handlers that call the provider for a user."""

    rules: Rules
    store: Store

    def run(self, call: Call) -> Answer:
        """Answer `POST /_inference/{task_type}/{inference_id}`."""
        self.rules.check_license()
        task_type, body = self.rules.path_task_type(call), call.json_object()
        if task_type == CHAT and self._answers_chats(call.variables["inference_id"]):
            text, limit = last_message(body), chat_limit(body)
            endpoint = self._endpoint(call, task_type)
            self._call_provider(call, endpoint)
            return Answer(200, chat_answer(endpoint, text, limit))
        asked = run_body(body, task_type, self.rules.version)
        endpoint = self._endpoint(call, task_type)
        if endpoint.task_type == CHAT:
            raise bad_request(
                "The task type [chat_completion] only supports streaming, please try again with the _stream API"
            )
        if endpoint.task_type == "rerank":
            checked_query(body, self.rules.version)
        limit = self._carry_out(call, endpoint, asked)
        return Answer(200, answered(endpoint, asked, limit))

    def _answers_chats(self, inference_id: str) -> bool:
        endpoint = self.store.copy_of(inference_id)
        return self.rules.version.answers_chats and endpoint is not None and endpoint.service in ANSWERS_CHATS

    def stream(self, call: Call) -> Answer:
        """Answer `POST /_inference/{task_type}/{inference_id}/_stream` with server-sent events, including errors."""
        try:
            return self._stream(call)
        except ApiError as refusal:
            unified = call.variables.get("task_type") == CHAT
            return Answer(refusal.status, error_event(refusal, unified=unified), EVENTS, chunked=True)

    def _stream(self, call: Call) -> Answer:
        self.rules.check_license()
        task_type, body = self.rules.path_task_type(call), call.json_object()
        if task_type == CHAT:
            text, limit = last_message(body), chat_limit(body)
            endpoint = self._endpoint(call, task_type)
            self._call_provider(call, endpoint)
            return events(chat_chunks(endpoint, text, limit or _limit(endpoint, {})))
        asked = run_body(body, task_type, self.rules.version)
        endpoint = self._endpoint(call, task_type)
        if endpoint.task_type == CHAT:
            raise bad_request(
                "The [chat_completion] task type must be named in the path: "
                f"_inference/chat_completion/{endpoint.inference_id}/_stream"
            )
        if endpoint.task_type != "completion" or endpoint.service == "custom":
            reason = f"Streaming is not allowed for service [{endpoint.service}] and task [{endpoint.task_type}]"
            raise ApiError(405, "status_exception", reason)
        limit = self._carry_out(call, endpoint, asked)
        return events({"completion": [{"delta": word}]} for word in words_of(endpoint, asked.inputs[0], limit))

    def _endpoint(self, call: Call, task_type: str) -> StoredEndpoint:
        endpoint = self.store.get(call.variables["inference_id"])
        check_loadable(endpoint, self.rules.version)
        if endpoint.state == "unparsable":
            raise bad_request(f"Unknown service [{endpoint.service}] for model [{endpoint.inference_id}]. ")
        check_task_type(task_type, endpoint)
        if endpoint.service != "anthropic":
            if not self.rules.service(endpoint.service):
                raise PlainError(501, f"this simulator does not serve [{endpoint.service}]")
        elif problem := persisted_problem(endpoint, self.rules.version):
            raise problem
        return endpoint

    def _carry_out(self, call: Call, endpoint: StoredEndpoint, asked: RunBody) -> int | None:
        """Check the task settings, call the model, and return the maximum number of tokens.

        The server checks the types of the task settings and ignores unknown names
        (`AnthropicChatCompletionRequestTaskSettings`; derived for the other services).
        """
        given = self._task_settings(endpoint, asked)
        row = self.rules.service(endpoint.service)
        if endpoint.task_type == "completion" and len(asked.inputs) > 1:
            called = f"{row.title} completions" if row else "Anthropic chat completions"
            raise bad_request(f"{called} only accepts 1 input")
        if row and row.in_cluster:
            ml.check_runs(endpoint, self.store.deployments)
        else:
            self._call_provider(call, endpoint)
        return _limit(endpoint, given)

    def _task_settings(self, endpoint: StoredEndpoint, asked: RunBody) -> dict[str, Any]:
        reader = SettingsReader(asked.task_settings, "task_settings")
        row: Service | None = self.rules.service(endpoint.service)
        if row is None:
            return read_task_settings(reader, max_tokens_required=False)
        rows = row.task_settings_of(endpoint.task_type)
        given = read_all(Reading(reader, endpoint.task_type, self.rules.version), rows, fill=False)
        reader.check()
        return given

    def _call_provider(self, call: Call, endpoint: StoredEndpoint) -> None:
        try:
            self.rules.call_provider(call, endpoint)
        except ProviderError as failure:
            raise failure.as_failed_run() from failure


def _limit(endpoint: StoredEndpoint, given: dict[str, Any]) -> int | None:
    """Return the maximum number of tokens: that of the request, else that of the endpoint."""
    settings = {**endpoint.task_settings, **given}
    limit = settings.get("max_tokens") or settings.get("max_new_tokens")
    return None if limit is None else int(limit)
