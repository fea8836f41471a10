# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of cloud platforms. For the sources of the facts, see C(catalog). Private to the collection."""

from __future__ import annotations

from .rows import (
    API_KEY,
    CHATS,
    CHUNKING,
    KEY,
    MODEL,
    MODEL_ID,
    OPENAI_TASK,
    RERANK,
    RERANK_TASK,
    TEXT,
    embeddings,
    fixed,
    lowercase,
    positive,
    rate_limits,
    secret,
    task,
    updatable,
)
from .service import Service

_AWS = (("service_settings.access_key", "service_settings.secret_key"),)
_AWS_KEYS = (secret("access_key"), secret("secret_key"))

ALIBABA = Service(
    "alibabacloud-ai-search",
    ("text_embedding", "sparse_embedding", "rerank", "completion"),
    (
        KEY,
        fixed("service_id", required=True),
        fixed("host", required=True),
        fixed("workspace", required=True),
        updatable("http_schema", choices=("https", "http")),
        *rate_limits(1000),
        *embeddings(),
        task("input_type", task_types=("text_embedding", "sparse_embedding")),
        task("return_token", "bool", task_types=("sparse_embedding",)),
        task("parameters", "dict", task_types=("completion",)),
        *CHUNKING,
    ),
    "service_settings.service_id",
    API_KEY,
    merges_task_settings=True,
)


AMAZON_BEDROCK = Service(
    "amazonbedrock",
    ("text_embedding", *CHATS),
    (
        *_AWS_KEYS,
        fixed("model", required=True),
        fixed("region", required=True),
        # AmazonBedrockServiceSettings returns the name of the constant, in uppercase.
        fixed("provider", required=True, normalize=lowercase),
        *rate_limits(240),
        *embeddings("similarity", "max_input_tokens"),
        # The parser rejects dimensions in a request.
        *embeddings("dimensions", read_only=True),
        task("max_new_tokens", "int", minimum=1, task_types=CHATS),
        task("temperature", "float", task_types=CHATS),
        task("top_k", "float", task_types=CHATS),
        task("top_p", "float", task_types=CHATS),
        task("truncate", normalize=lowercase, task_types=TEXT),
        *CHUNKING,
    ),
    "service_settings.model",
    _AWS,
    merges_task_settings=True,
)


AMAZON_SAGEMAKER = Service(
    "amazon_sagemaker",
    ("text_embedding", "sparse_embedding", "rerank", *CHATS),
    (
        *_AWS_KEYS,
        fixed("endpoint_name", required=True),
        fixed("api", required=True, choices=("elastic", "openai")),
        fixed("region", required=True),
        fixed("target_model"),
        fixed("target_container_hostname"),
        fixed("inference_component_name"),
        positive("batch_size"),
        *embeddings("similarity", "dimensions"),
        fixed("element_type", task_types=TEXT),
        task("custom_attributes"),
        task("enable_explanations"),
        task("inference_id"),
        task("session_id"),
        task("target_variant"),
        # Only the API openai has this setting, for these task types.
        task("user", task_types=(*TEXT, *CHATS)),
    ),
    "service_settings.endpoint_name",
    _AWS,
    merges_task_settings=True,
)


AZURE_AI_STUDIO = Service(
    "azureaistudio",
    ("text_embedding", "completion", "rerank"),
    (
        KEY,
        fixed("target", required=True),
        fixed("provider", required=True, normalize=lowercase),
        fixed("endpoint_type", required=True, normalize=lowercase),
        *rate_limits(240),
        *embeddings(),
        task("user", task_types=TEXT),
        task("temperature", "float", task_types=("completion",)),
        task("top_p", "float", task_types=("completion",)),
        task("do_sample", "bool", task_types=("completion",)),
        task("max_new_tokens", "int", minimum=1, default=64, task_types=("completion",)),
        *RERANK_TASK,
        *CHUNKING,
    ),
    "service_settings.target",
    API_KEY,
    merges_task_settings=True,
)


AZURE_OPENAI = Service(
    "azureopenai",
    ("text_embedding", *CHATS),
    (
        KEY,
        secret("entra_id"),
        secret("client_secret"),
        fixed("resource_name", required=True),
        fixed("deployment_id", required=True),
        fixed("api_version", required=True),
        updatable("client_id"),
        updatable("scopes", "list"),
        updatable("tenant_id"),
        *rate_limits(text_embedding=1440, completion=120, chat_completion=120),
        *embeddings(),
        *OPENAI_TASK,
        *CHUNKING,
    ),
    "service_settings.deployment_id",
    (("service_settings.api_key",), ("service_settings.entra_id",), ("service_settings.client_secret",)),
    merges_task_settings=True,
)


GOOGLE_AI_STUDIO = Service(
    "googleaistudio",
    ("text_embedding", "completion"),
    (KEY, MODEL, *rate_limits(360), *embeddings(), *CHUNKING),
    MODEL_ID,
    API_KEY,
)


GOOGLE_VERTEX_AI = Service(
    "googlevertexai",
    ("text_embedding", "rerank", *CHATS),
    (
        secret("service_account_json", "json"),
        fixed("model_id", required=True, task_types=TEXT),
        fixed("model_id", task_types=(*RERANK, *CHATS)),
        fixed("project_id", required=True, task_types=(*TEXT, *RERANK)),
        fixed("project_id", task_types=CHATS),
        fixed("location", required=True, task_types=TEXT),
        fixed("location", task_types=CHATS),
        # GoogleVertexAiChatCompletionServiceSettings returns the name of the constant, in uppercase.
        fixed("provider", default="GOOGLE", normalize=lowercase, task_types=CHATS),
        fixed("url", task_types=CHATS),
        fixed("streaming_url", task_types=CHATS),
        *rate_limits(text_embedding=30000, rerank=300, completion=1000, chat_completion=1000),
        *embeddings(),
        positive("max_batch_size", maximum=250, task_types=TEXT),
        task("auto_truncate", "bool", task_types=TEXT),
        task("input_type", task_types=TEXT),
        task("top_n", "int", minimum=1, task_types=RERANK),
        task("thinking_config.thinking_budget", "int", task_types=CHATS),
        task("max_tokens", "int", minimum=1, task_types=CHATS),
        *CHUNKING,
    ),
    MODEL_ID,
    (("service_settings.service_account_json",),),
    merges_task_settings=True,
)


WATSONX_AI = Service(
    "watsonxai",
    ("text_embedding", *CHATS, "rerank"),
    (
        KEY,
        fixed("url", required=True),
        fixed("api_version", required=True),
        MODEL,
        fixed("project_id", required=True),
        *rate_limits(120),
        *embeddings(),
        *RERANK_TASK,
        task("truncate_input_tokens", "int", minimum=1, task_types=RERANK),
        *CHUNKING,
    ),
    MODEL_ID,
    API_KEY,
    merges_task_settings=True,
)
