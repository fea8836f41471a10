# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of model providers, and of servers that run models outside of the cluster.

For the sources of the facts, see C(catalog). Private to the collection.
"""

from __future__ import annotations

from .rows import (
    API_KEY,
    CHATS,
    CHUNKING,
    EMBEDDINGS,
    FULL_UPDATE,
    INPUT_TYPES,
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
    normalize_element_type,
    positive,
    rate_limits,
    secret,
    task,
    updatable,
)
from .service import UNITS, Service

AI21 = Service("ai21", CHATS, (KEY, MODEL, *rate_limits(200)), MODEL_ID, API_KEY)


COHERE = Service(
    "cohere",
    ("text_embedding", "rerank", "completion"),
    (
        KEY,
        MODEL,
        # CohereCommonServiceSettings never returns the URL.
        fixed("url", write_only=True),
        *rate_limits(10000),
        *embeddings(),
        fixed("embedding_type", default="float", normalize=normalize_element_type, task_types=TEXT),
        task("input_type", choices=INPUT_TYPES, task_types=TEXT),
        task("truncate", normalize=lowercase, task_types=TEXT),
        *RERANK_TASK,
        task("max_chunks_per_doc", "int", minimum=1, task_types=RERANK),
        *CHUNKING,
    ),
    MODEL_ID,
    API_KEY,
    merges_task_settings=True,
)


CONTEXTUAL_AI = Service(
    "contextualai",
    RERANK,
    (
        KEY,
        MODEL,
        # The first releases set a default URL. A later one removed it (contextual_ai_url_service_setting_removed).
        fixed("url", computed=True),
        *rate_limits(1000),
        task("instruction"),
        # ContextualAiRerankTaskSettings has top_n, the specification has top_k.
        task("top_n", "int", minimum=1),
        task("top_k", "int", minimum=1),
    ),
    MODEL_ID,
    API_KEY,
    default_task_type="rerank",
)


CUSTOM = Service(
    "custom",
    ("text_embedding", "sparse_embedding", "rerank", "completion"),
    (
        secret("secret_parameters", "dict"),
        updatable("url", required=True),
        updatable("headers", "dict"),
        updatable("query_parameters", "list"),
        updatable("request", required=True),
        updatable("response.json_parser.text_embeddings", required=True, task_types=TEXT),
        updatable("response.json_parser.embedding_type", default="float", normalize=lowercase, task_types=TEXT),
        updatable("response.json_parser.token_path", required=True, task_types=("sparse_embedding",)),
        updatable("response.json_parser.weight_path", required=True, task_types=("sparse_embedding",)),
        updatable("response.json_parser.relevance_score", required=True, task_types=RERANK),
        updatable("response.json_parser.reranked_index", task_types=RERANK),
        updatable("response.json_parser.document_text", task_types=RERANK),
        updatable("response.json_parser.completion_result", required=True, task_types=("completion",)),
        updatable("input_type.translation", "dict"),
        updatable("input_type.default", default=""),
        positive("batch_size", default=10),
        # CustomServiceSettings.updateServiceSettings also updates these.
        *embeddings(changes_since=FULL_UPDATE),
        *rate_limits(10000),
        task("parameters", "dict"),
        *CHUNKING,
    ),
    credentials=(("service_settings.secret_parameters",), ()),
    units={**UNITS, "service_settings.response": FULL_UPDATE, "service_settings.input_type": FULL_UPDATE},
    merges_task_settings=True,
)


DEEPSEEK = Service("deepseek", CHATS, (KEY, MODEL, fixed("url")), MODEL_ID, API_KEY)


FIREWORKS_AI = Service(
    "fireworksai",
    ("text_embedding", *CHATS),
    (
        KEY,
        MODEL,
        fixed("url", computed=True),
        *rate_limits(6000),
        *embeddings(),
        *(row._replace(task_types=CHATS) for row in OPENAI_TASK),
        *CHUNKING,
    ),
    MODEL_ID,
    API_KEY,
    merges_task_settings=True,
)


GROQ = Service(
    "groq",
    ("chat_completion",),
    (KEY, MODEL, fixed("url"), updatable("organization_id"), *rate_limits(1000), *OPENAI_TASK),
    MODEL_ID,
    # The specification does not require the API key, and the source is not clear.
    (*API_KEY, ()),
    default_task_type="chat_completion",
    merges_task_settings=True,
)


HUGGING_FACE = Service(
    "hugging_face",
    ("text_embedding", "sparse_embedding", "rerank", *CHATS),
    (
        KEY,
        fixed("url", required=True),
        fixed("model_id", task_types=CHATS),
        *rate_limits(3000),
        *embeddings("similarity", "dimensions"),
        # HuggingFaceElserServiceSettings returns the limit of the model, and does not accept the setting.
        *embeddings("max_input_tokens", task_types=(*TEXT, "sparse_embedding"), computed=True),
        *RERANK_TASK,
        *CHUNKING,
    ),
    "service_settings.url",
    API_KEY,
    merges_task_settings=True,
)


JINA_AI = Service(
    "jinaai",
    ("text_embedding", "embedding", "rerank"),
    (
        KEY,
        MODEL,
        *rate_limits(2000),
        *embeddings(),
        fixed("embedding_type", default="float", task_types=EMBEDDINGS),
        fixed("multimodal_model", "bool", default=True, task_types=("embedding",)),
        task("input_type", choices=INPUT_TYPES, task_types=EMBEDDINGS),
        task("late_chunking", "bool", task_types=EMBEDDINGS),
        *RERANK_TASK,
        *CHUNKING,
    ),
    MODEL_ID,
    API_KEY,
    merges_task_settings=True,
)


LLAMA = Service(
    "llama",
    ("text_embedding", *CHATS),
    (KEY, MODEL, fixed("url", required=True), *rate_limits(3000), *embeddings(), *CHUNKING),
    MODEL_ID,
    (*API_KEY, ()),
)


MISTRAL = Service(
    "mistral",
    ("text_embedding", *CHATS),
    (KEY, fixed("model", required=True), *rate_limits(240), *embeddings(), *CHUNKING),
    "service_settings.model",
    API_KEY,
)


NVIDIA = Service(
    "nvidia",
    ("text_embedding", "rerank", *CHATS),
    (
        KEY,
        MODEL,
        fixed("url", computed=True),
        *rate_limits(3000),
        *embeddings("similarity", "max_input_tokens"),
        *embeddings("dimensions", read_only=True),
        task("input_type", normalize=lowercase, task_types=TEXT),
        task("truncate", normalize=lowercase, task_types=TEXT),
        *CHUNKING,
    ),
    MODEL_ID,
    API_KEY,
    merges_task_settings=True,
)


OPENAI = Service(
    "openai",
    ("text_embedding", "embedding", *CHATS),
    (
        KEY,
        secret("client_secret"),
        MODEL,
        fixed("url"),
        updatable("organization_id"),
        updatable("client_id"),
        updatable("scopes", "list"),
        updatable("token_url"),
        *rate_limits(text_embedding=3000, embedding=3000, completion=500, chat_completion=500),
        *embeddings("similarity", "dimensions"),
        # OpenAiServiceSettings has this setting for every task type.
        positive("max_input_tokens"),
        *OPENAI_TASK,
        *CHUNKING,
    ),
    MODEL_ID,
    (*API_KEY, ("service_settings.client_secret",)),
    merges_task_settings=True,
)


OPENSHIFT_AI = Service(
    "openshift_ai",
    ("text_embedding", "rerank", *CHATS),
    (
        KEY,
        fixed("url", required=True),
        fixed("model_id"),
        *rate_limits(3000),
        *embeddings(),
        # OpenShiftAiEmbeddingsServiceSettings returns this setting, but does not accept it.
        fixed("dimensions_set_by_user", "bool", read_only=True, task_types=TEXT),
        *RERANK_TASK,
        *CHUNKING,
    ),
    "service_settings.url",
    API_KEY,
    merges_task_settings=True,
)


VOYAGE_AI = Service(
    "voyageai",
    ("text_embedding", "rerank"),
    (
        KEY,
        MODEL,
        *rate_limits(2000),
        *embeddings(),
        fixed("embedding_type", default="float", task_types=TEXT),
        task("input_type", choices=("ingest", "search"), task_types=TEXT),
        task("truncation", "bool"),
        task("top_k", "int", minimum=1, task_types=RERANK),
        task("return_documents", "bool", task_types=RERANK),
        *CHUNKING,
    ),
    MODEL_ID,
    (*API_KEY, ()),
    merges_task_settings=True,
)
