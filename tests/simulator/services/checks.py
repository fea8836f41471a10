# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of single services, in addition to the types of their settings.

Sources: `amazonbedrock/AmazonBedrockProviderCapabilities`, `azureaistudio/AzureAiStudioProviderCapabilities`,
`googlevertexai/completion/GoogleVertexAiChatCompletionServiceSettings`, `common/oauth2/OAuth2Settings`,
`azureopenai/AzureOpenAiOAuth2Settings`, `sagemaker/schema/*`, `openshiftai/*`, `jinaai/JinaAIService`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError, bad_request, invalid
from ..jsontext import java_text
from ..settings import missing


@dataclass(frozen=True)
class Draft:
    """A new endpoint before it is stored. The maps can be changed."""

    service: str
    task_type: str
    settings: dict[str, Any]
    task_settings: dict[str, Any]
    secrets: dict[str, Any]


def _amazonbedrock(draft: Draft) -> None:
    provider = draft.settings["provider"].lower()
    if draft.task_type == "text_embedding" and provider not in ("amazontitan", "cohere"):
        raise bad_request(f"The [{draft.task_type}] task type for provider [{provider}] is not available")
    if "top_k" in draft.task_settings and provider not in ("anthropic", "cohere", "mistral"):
        raise bad_request(f"The [top_k] task parameter is not available for provider [{provider}]")
    if "truncate" in draft.task_settings and provider != "cohere":
        raise bad_request(f"The [text_embedding] task type for provider [{provider}] does not allow [truncate] field")


_STUDIO_TASKS = {"text_embedding": ("openai", "cohere"), "rerank": ("cohere",)}
_STUDIO_KINDS = {
    ("token", "text_embedding"): ("openai", "cohere"),
    ("token", "completion"): ("openai", "meta", "cohere"),
    ("token", "rerank"): ("cohere",),
    ("realtime", "completion"): ("mistral", "meta", "microsoft_phi", "databricks"),
}


def _azureaistudio(draft: Draft) -> None:
    provider, kind, task_type = draft.settings["provider"], draft.settings["endpoint_type"], draft.task_type
    if provider not in _STUDIO_TASKS.get(task_type, (provider,)):
        raise bad_request(f"The [{task_type}] task type for provider [{provider}] is not available")
    if provider not in _STUDIO_KINDS.get((kind, task_type), ()):
        raise bad_request(
            f"The [{kind}] endpoint type with [{task_type}] task type for provider [{provider}] is not available"
        )


def _googlevertexai(draft: Draft) -> None:
    if draft.task_type not in ("completion", "chat_completion"):
        return
    settings = draft.settings
    url, streaming = settings.get("url"), settings.get("streaming_url")
    provider = settings["provider"].lower()
    if provider != "google":
        if not (url or streaming):
            words = f"Google Model Garden provider={provider} selected. "
            raise invalid([words + "Either 'uri' or 'streaming_uri' must be provided"])
        return
    if url or streaming:
        raise invalid(
            [
                (
                    "'provider' is either GOOGLE or null. For Google Vertex AI models 'uri' and 'streaming_uri' must "
                    "not be provided. Remove 'url' and 'streaming_url' fields. Provided values: "
                    f"uri={java_text(url)}, streaming_uri={java_text(streaming)}"
                )
            ]
        )
    names = ("location", "project_id", "model_id")
    if not all(settings.get(name) for name in names):
        values = ", ".join(f"{name}={java_text(settings.get(name))}" for name in names)
        words = "For Google Vertex AI models, you must provide 'location', 'project_id', and 'model_id'. "
        raise invalid([f"{words}Provided values: {values}"])


OAUTH2 = {"openai": ("client_id", "scopes", "token_url"), "azureopenai": ("client_id", "scopes", "tenant_id")}


def _oauth2(draft: Draft) -> None:
    names = OAUTH2[draft.service]
    given = [name for name in names if name in draft.settings]
    absent = [name for name in names if name not in draft.settings]
    if given and absent:
        words = (
            f"OAuth2 fields {java_text(list(names))}" if draft.service == "openai" else "all Azure OpenAI OAuth2 fields"
        )
        raise invalid([f"[service_settings] {words} must be provided together; missing: {java_text(absent)}"])
    if given and "client_secret" not in draft.secrets:
        raise invalid(
            [
                (
                    "To use OAuth2 the [client_secret] field must be set, either remove fields "
                    f"{java_text(given)}, or provide the [client_secret] field."
                )
            ]
        )
    if "client_secret" in draft.secrets and not given:
        raise invalid([f"OAuth2 requires the fields {java_text(list(names))}, to be set."])


def _sagemaker(draft: Draft) -> None:
    api, task_type = draft.settings["api"], draft.task_type
    served = ("text_embedding", "completion", "chat_completion")
    if api == "openai" and task_type not in served:
        listed = java_text(list(served))
        words = f"Task [{api}] is not compatible for service [sagemaker] and api [{task_type}]. "
        raise ApiError(405, "status_exception", f"{words}Supported tasks: {listed}")
    if api == "elastic" and draft.task_settings:
        words = "task_settings is only supported during the inference request and cannot be stored in the inference "
        raise invalid([words + "endpoint."])
    if task_type == "text_embedding" and api == "elastic" and "element_type" not in draft.settings:
        raise invalid([missing("service_settings", "element_type")])
    if task_type == "text_embedding" and api == "openai":
        draft.settings.setdefault("similarity", "cosine")


def _openshift_ai(draft: Draft) -> None:
    if draft.task_type == "text_embedding":
        draft.settings["dimensions_set_by_user"] = "dimensions" in draft.settings


def _jinaai(draft: Draft) -> None:
    if draft.settings.get("embedding_type") in ("bit", "binary"):
        draft.settings.setdefault("similarity", "l2_norm")


CREATED: dict[str, Callable[[Draft], None]] = {
    "amazonbedrock": _amazonbedrock,
    "azureaistudio": _azureaistudio,
    "googlevertexai": _googlevertexai,
    "openai": _oauth2,
    "azureopenai": _oauth2,
    "amazon_sagemaker": _sagemaker,
    "openshift_ai": _openshift_ai,
    "jinaai": _jinaai,
}


def check_oauth2_update(service: str, held: dict[str, Any], given: dict[str, Any]) -> None:
    """Reject OAuth2 settings for an endpoint that was created without them, including null. Raises ApiError."""
    names = OAUTH2.get(service, ())
    if any(name in given for name in names) and not any(name in held for name in names):
        raise invalid(
            [
                (
                    "Cannot update OAuth2 fields as the service was not configured with OAuth2 settings. Please create "
                    "a new Inference Endpoint with the OAuth2 settings instead."
                )
            ]
        )
