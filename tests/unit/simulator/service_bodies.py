# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minimal settings for each service and task type, and requests with them."""

from __future__ import annotations

from typing import Any

from tests.simulator import Simulator
from tests.unit.simulator.calls import Reply, call

KEY = {"api_key": "k"}
AWS = {"access_key": "a", "secret_key": "s"}
BEDROCK = {"region": "us-east-1", "model": "m", "provider": "anthropic", **AWS}
SAGEMAKER = {"endpoint_name": "e", "region": "us-east-1", "api": "openai", **AWS}
AZURE = {"resource_name": "r", "deployment_id": "d", "api_version": "v", **KEY}
STUDIO = {"target": "https://t.example", "endpoint_type": "token", **KEY}
VERTEX = {"model_id": "m", "project_id": "p", "service_account_json": "{}"}
WATSONX = {"url": "https://w.example", "api_version": "v", "model_id": "m", "project_id": "p", **KEY}
ALIBABA = {"service_id": "s", "host": "h", "workspace": "w", **KEY}
CUSTOM = {"url": "https://c.example", "request": "{}"}
MODEL = {"model_id": "m", **KEY}


def _custom(**parser: str) -> dict[str, Any]:
    return {**CUSTOM, "response": {"json_parser": parser}}


LEAST: dict[tuple[str, str], dict[str, Any]] = {
    ("cohere", "text_embedding"): MODEL,
    ("cohere", "rerank"): MODEL,
    ("cohere", "completion"): MODEL,
    ("jinaai", "embedding"): MODEL,
    ("jinaai", "rerank"): MODEL,
    ("voyageai", "text_embedding"): MODEL,
    ("contextualai", "rerank"): MODEL,
    ("mixedbread", "rerank"): MODEL,
    ("openai", "text_embedding"): MODEL,
    ("openai", "completion"): MODEL,
    ("mistral", "text_embedding"): {"model": "m", **KEY},
    ("mistral", "chat_completion"): {"model": "m", **KEY},
    ("hugging_face", "text_embedding"): {"url": "https://h.example", **KEY},
    ("hugging_face", "sparse_embedding"): {"url": "https://h.example", **KEY},
    ("groq", "chat_completion"): MODEL,
    ("deepseek", "completion"): MODEL,
    ("ai21", "completion"): MODEL,
    ("llama", "text_embedding"): {"model_id": "m", "url": "https://l.example"},
    ("nvidia", "text_embedding"): MODEL,
    ("nvidia", "rerank"): MODEL,
    ("openshift_ai", "text_embedding"): {"url": "https://o.example", **KEY},
    ("fireworksai", "text_embedding"): MODEL,
    ("fireworksai", "completion"): MODEL,
    ("amazonbedrock", "completion"): BEDROCK,
    ("amazonbedrock", "text_embedding"): {**BEDROCK, "provider": "cohere"},
    ("amazon_sagemaker", "completion"): SAGEMAKER,
    ("azureopenai", "text_embedding"): AZURE,
    ("azureopenai", "completion"): AZURE,
    ("azureaistudio", "completion"): {**STUDIO, "provider": "openai"},
    ("azureaistudio", "rerank"): {**STUDIO, "provider": "cohere"},
    ("googleaistudio", "completion"): MODEL,
    ("googlevertexai", "text_embedding"): {**VERTEX, "location": "l"},
    ("googlevertexai", "rerank"): VERTEX,
    ("googlevertexai", "completion"): {**VERTEX, "location": "l"},
    ("watsonxai", "text_embedding"): WATSONX,
    ("alibabacloud-ai-search", "completion"): ALIBABA,
    ("custom", "text_embedding"): _custom(text_embeddings="$.e"),
    ("custom", "sparse_embedding"): _custom(token_path="$.t", weight_path="$.w"),
    ("custom", "rerank"): _custom(relevance_score="$.s"),
    ("custom", "completion"): _custom(completion_result="$.c"),
    ("acme", "completion"): {"model": "m", "region": "eu", "acme_pass_phrase": "open sesame"},
}
SECRETS = frozenset(
    {
        *("api_key", "access_key", "secret_key", "service_account_json", "entra_id", "client_secret"),
        *("acme_pass_phrase", "secret_parameters"),
    }
)


def put(server: Simulator, service: str, task_type: str, more: dict[str, Any] | None = None, **top: Any) -> Reply:
    """Create the endpoint x of a service with minimal and additional settings. None removes a setting."""
    settings = {**LEAST[service, task_type], **(more or {})}
    settings = {name: value for name, value in settings.items() if value is not None}
    return call(server, "PUT", f"/_inference/{task_type}/x", {"service": service, "service_settings": settings, **top})


def change(server: Simulator, task_type: str, body: object) -> Reply:
    """Update the endpoint x."""
    return call(server, "PUT", f"/_inference/{task_type}/x/_update", body)


def read(server: Simulator) -> Any:
    """Return the endpoint x."""
    return call(server, "GET", "/_inference/x").json["endpoints"][0]
