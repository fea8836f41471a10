# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of providers of language models, most with an API like OpenAI's.

Sources: the `*ServiceSettings` and `*TaskSettings` of `openai`, `mistral`, `hugging_face` (folder `huggingface`),
`groq`, `deepseek`, `ai21`, `llama`, `nvidia`, `openshift_ai` (folder `openshiftai`) and `fireworksai`.
Not confirmed: whether fireworksai, nvidia and openshift_ai read service settings with strict parsers by now.
"""

from __future__ import annotations

from .rows import CHATS, EMBEDS, ByTask, Service, Setting, dimensions, max_input_tokens, required, similarity

TEXT = ("text_embedding",)
EMBEDS_AND_CHATS = ("text_embedding", *CHATS)
MODEL_ID = required("model_id")
URL = Setting("url", "uri")
NEEDED_URL = Setting("url", "uri", required=True)
RERANK_SETTINGS = (
    Setting("top_n", "positive", tasks=("rerank",)),
    Setting("return_documents", "boolean", tasks=("rerank",)),
)


def user_and_headers(*, null_clears: bool, tasks: tuple[str, ...] = ()) -> tuple[Setting, ...]:
    """Return the rows of `OpenAiTaskSettings`."""
    return (
        Setting("user", tasks=tasks, null_clears=null_clears),
        Setting("headers", "strings", tasks=tasks, null_clears=null_clears),
    )


OPENAI = Service(
    "openai",
    "OpenAI",
    (8, 12),
    ("text_embedding", "embedding", *CHATS),
    (
        MODEL_ID,
        URL,
        Setting("organization_id", updates=True),
        max_input_tokens(tasks=()),
        similarity("dot_product"),
        dimensions(),
        Setting("client_id", updates=True),
        Setting("scopes", "texts", updates=True),
        Setting("token_url", "uri", updates=True),
    ),
    user_and_headers(null_clears=True),
    credentials=(("api_key",), ("client_secret",)),
    limit=ByTask(text_embedding=3000, embedding=3000, completion=500, chat_completion=500),
    chunking=EMBEDS,
)

MISTRAL = Service(
    "mistral",
    "Mistral",
    (8, 15),
    EMBEDS_AND_CHATS,
    (required("model"), similarity("dot_product"), dimensions(overwrites=True), max_input_tokens()),
    model="model",
    limit=240,
    chunking=TEXT,
)

HUGGING_FACE = Service(
    "hugging_face",
    "Hugging Face",
    (8, 12),
    ("text_embedding", "sparse_embedding", "rerank", *CHATS),
    (
        NEEDED_URL,
        Setting("model_id", tasks=CHATS),
        similarity("cosine"),
        dimensions(overwrites=True),
        max_input_tokens(),
    ),
    RERANK_SETTINGS,
    model=None,
    limit=3000,
    chunking=("text_embedding", "sparse_embedding"),
    strict=True,
)

GROQ = Service(
    "groq",
    "Groq",
    (9, 3),
    ("chat_completion",),
    (MODEL_ID, URL, Setting("organization_id", updates=True, null_clears=True)),
    user_and_headers(null_clears=True),
    limit=1000,
    strict=True,
)

DEEPSEEK = Service("deepseek", "DeepSeek", (9, 1), CHATS, (MODEL_ID, URL))

AI21 = Service("ai21", "AI21", (9, 2), CHATS, (MODEL_ID,), limit=200, strict=True)

LLAMA = Service(
    "llama",
    "Llama",
    (9, 2),
    EMBEDS_AND_CHATS,
    (MODEL_ID, NEEDED_URL, dimensions(), similarity("dot_product"), max_input_tokens()),
    secret_optional=True,
    limit=3000,
    chunking=TEXT,
    strict=True,
)

NVIDIA_CHAT = "https://integrate.api.nvidia.com/v1/chat/completions"
NVIDIA = Service(
    "nvidia",
    "Nvidia",
    (9, 3),
    ("text_embedding", "rerank", *CHATS),
    (
        MODEL_ID,
        Setting(
            "url",
            "uri",
            filled=ByTask(
                text_embedding="https://integrate.api.nvidia.com/v1/embeddings",
                completion=NVIDIA_CHAT,
                chat_completion=NVIDIA_CHAT,
                rerank="https://ai.api.nvidia.com/v1/retrieval/nvidia/reranking",
            ),
        ),
        dimensions(given=False),
        similarity("dot_product"),
        max_input_tokens(),
    ),
    (
        Setting("input_type", "choice", tasks=TEXT, choices=("ingest", "search")),
        Setting("truncate", "choice", tasks=TEXT, choices=("none", "start", "end")),
    ),
    limit=3000,
    chunking=TEXT,
)

OPENSHIFT_AI = Service(
    "openshift_ai",
    "OpenShift AI",
    (9, 3),
    ("text_embedding", "rerank", *CHATS),
    (
        NEEDED_URL,
        Setting("model_id"),
        dimensions(),
        Setting("dimensions_set_by_user", "boolean", tasks=EMBEDS, given=False),
        similarity("dot_product"),
        max_input_tokens(),
    ),
    RERANK_SETTINGS,
    limit=3000,
    chunking=TEXT,
    refused=("dimensions_set_by_user",),
)

FIREWORKSAI = Service(
    "fireworksai",
    "Fireworks AI",
    (9, 4),
    EMBEDS_AND_CHATS,
    (
        MODEL_ID,
        Setting("url", "uri", filled=ByTask(text_embedding="https://api.fireworks.ai/inference/v1/embeddings")),
        dimensions(),
        similarity("cosine"),
        max_input_tokens(),
    ),
    user_and_headers(null_clears=False, tasks=CHATS),
    limit=6000,
    chunking=TEXT,
)

MODELS = (OPENAI, MISTRAL, HUGGING_FACE, GROQ, DEEPSEEK, AI21, LLAMA, NVIDIA, OPENSHIFT_AI, FIREWORKSAI)
