# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of clouds: Amazon, Azure, Google, IBM, Alibaba.

Sources: the `*ServiceSettings` and `*TaskSettings` of `amazonbedrock`, `sagemaker`, `azureopenai`, `azureaistudio`,
`googleaistudio`, `googlevertexai`, `watsonxai` (folder `ibmwatsonx`) and `alibabacloud-ai-search`
(folder `alibabacloudsearch`). Not confirmed: chunking settings of SageMaker; the newest sources of Vertex and of
Azure AI Studio; the similarity that azureopenai fills in.
"""

from __future__ import annotations

from .rows import CHATS, ByTask, Service, Setting, dimensions, max_input_tokens, required, similarity

TEXT = ("text_embedding",)
RERANK = ("rerank",)
AWS = (("access_key", "secret_key"),)


def _range(name: str, high: float, tasks: tuple[str, ...]) -> Setting:
    return Setting(name, "double", tasks=tasks, low=0.0, high=high)


AMAZONBEDROCK = Service(
    "amazonbedrock",
    "Amazon Bedrock",
    (8, 15),
    ("text_embedding", *CHATS),
    (
        required("region"),
        required("model"),
        Setting(
            "provider",
            "choice",
            required=True,
            choices=("amazontitan", "anthropic", "ai21labs", "cohere", "meta", "mistral"),
            shown="upper",
        ),
        similarity("cosine"),
        dimensions(given=False),
        max_input_tokens(),
    ),
    (
        *(_range(name, 1.0, CHATS) for name in ("temperature", "top_p", "top_k")),
        Setting("max_new_tokens", "positive", tasks=CHATS),
        Setting("truncate", "choice", tasks=TEXT, choices=("none", "start", "end")),
    ),
    credentials=AWS,
    model="model",
    limit=240,
    chunking=TEXT,
    strict=True,
    keeps_empty_limit=True,
    refused=("dimensions", "dimensions_set_by_user"),
)

AMAZON_SAGEMAKER = Service(
    "amazon_sagemaker",
    "Amazon SageMaker",
    (9, 1),
    ("text_embedding", "sparse_embedding", "rerank", *CHATS),
    (
        required("endpoint_name"),
        required("region"),
        Setting("api", "exact", required=True, choices=("openai", "elastic")),
        Setting("target_model"),
        Setting("target_container_hostname"),
        Setting("inference_component_name"),
        Setting("batch_size", "positive", updates=True),
        dimensions(),
        similarity(),
        Setting("element_type", "choice", tasks=TEXT, choices=("byte", "float", "bit")),
    ),
    (
        *(
            Setting(name)
            for name in (
                "custom_attributes",
                "enable_explanations",
                "inference_id",
                "session_id",
                "target_variant",
            )
        ),
        Setting("user", tasks=(*TEXT, *CHATS)),
    ),
    credentials=AWS,
    model="endpoint_name",
    drops_chunking=True,
)

AZUREOPENAI = Service(
    "azureopenai",
    "Azure OpenAI",
    (8, 14),
    (*TEXT, *CHATS),
    (
        required("resource_name"),
        required("deployment_id"),
        required("api_version"),
        Setting("client_id", updates=True),
        Setting("scopes", "texts", updates=True),
        Setting("tenant_id", updates=True, sensitive=True),
        max_input_tokens(),
        dimensions(),
        similarity("dot_product"),
    ),
    (Setting("user", null_clears=True), Setting("headers", "strings", null_clears=True)),
    credentials=(("api_key",), ("entra_id",), ("client_secret",)),
    model="deployment_id",
    limit=ByTask(text_embedding=1440, completion=120, chat_completion=120),
    chunking=TEXT,
    refused=("dimensions_set_by_user",),
)

AZUREAISTUDIO = Service(
    "azureaistudio",
    "Azure AI Studio",
    (8, 14),
    (*TEXT, "completion", *RERANK),
    (
        required("target"),
        Setting(
            "provider",
            "choice",
            required=True,
            choices=("openai", "mistral", "meta", "microsoft_phi", "cohere", "databricks"),
        ),
        Setting("endpoint_type", "choice", required=True, choices=("token", "realtime")),
        max_input_tokens(),
        dimensions(),
        similarity("dot_product"),
    ),
    (
        Setting("user", tasks=TEXT),
        _range("temperature", 2.0, ("completion",)),
        _range("top_p", 2.0, ("completion",)),
        Setting("do_sample", "boolean", tasks=("completion",)),
        Setting("max_new_tokens", "positive", tasks=("completion",), measured=64),
        Setting("return_documents", "boolean", tasks=RERANK),
        Setting("top_n", "positive", tasks=RERANK),
    ),
    model="target",
    limit=240,
    chunking=TEXT,
    refused=("dimensions_set_by_user",),
)

GOOGLEAISTUDIO = Service(
    "googleaistudio",
    "Google AI Studio",
    (8, 15),
    (*TEXT, "completion"),
    (required("model_id"), max_input_tokens(), dimensions(overwrites=True), similarity("dot_product")),
    limit=360,
    chunking=TEXT,
)

GOOGLEVERTEXAI = Service(
    "googlevertexai",
    "Google Vertex AI",
    (8, 15),
    (*TEXT, *RERANK, *CHATS),
    (
        Setting("model_id", required=TEXT),
        Setting("project_id", required=(*TEXT, *RERANK)),
        Setting("location", required=TEXT, tasks=(*TEXT, *CHATS)),
        Setting(
            "provider",
            "choice",
            tasks=CHATS,
            choices=("google", "anthropic", "meta", "hugging_face", "mistral", "ai21"),
            filled="google",
            shown="upper",
        ),
        Setting("url", "uri", tasks=CHATS),
        Setting("streaming_url", "uri", tasks=CHATS),
        max_input_tokens(),
        Setting("max_batch_size", "positive", tasks=TEXT, updates=True, high=250),
        dimensions(),
        similarity(filled="dot_product"),
    ),
    (
        Setting("auto_truncate", "boolean", tasks=TEXT),
        Setting("input_type", "choice", tasks=TEXT, choices=("ingest", "search", "classification", "clustering")),
        Setting("top_n", "positive", tasks=RERANK),
        Setting(
            "thinking_config",
            "object",
            tasks=CHATS,
            fields=(Setting("thinking_budget", "integer"),),
            parser="thinking_config",
        ),
        Setting("max_tokens", "positive", tasks=CHATS),
    ),
    credentials=(("service_account_json",),),
    limit=ByTask(text_embedding=30000, rerank=300, completion=1000, chat_completion=1000),
    chunking=TEXT,
    refused=("dimensions_set_by_user",),
)

WATSONXAI = Service(
    "watsonxai",
    "IBM watsonx",
    (8, 16),
    (*TEXT, *CHATS, *RERANK),
    (
        Setting("url", "uri", required=True),
        required("api_version"),
        required("model_id"),
        required("project_id"),
        max_input_tokens(null_clears=True),
        dimensions(overwrites=True),
        similarity("dot_product"),
    ),
    (
        Setting("return_documents", "boolean", tasks=RERANK),
        Setting("top_n", "positive", tasks=RERANK),
        Setting("truncate_input_tokens", "positive", tasks=RERANK),
    ),
    limit=120,
    chunking=TEXT,
    strict=True,
)

ALIBABACLOUD = Service(
    "alibabacloud-ai-search",
    "AlibabaCloud AI Search",
    (8, 16),
    (*TEXT, "sparse_embedding", *RERANK, "completion"),
    (
        required("service_id"),
        required("host"),
        required("workspace"),
        Setting("http_schema", "exact", choices=("https", "http"), updates=True, null_clears=True),
        max_input_tokens(null_clears=True),
        dimensions(overwrites=True),
        similarity("dot_product", overwrites=True),
    ),
    (
        Setting("input_type", "choice", tasks=(*TEXT, "sparse_embedding"), choices=("ingest", "search")),
        Setting("return_token", "boolean", tasks=("sparse_embedding",)),
        Setting("parameters", "values", tasks=("completion",), merges=True),
    ),
    model="service_id",
    limit=1000,
    chunking=(*TEXT, "sparse_embedding"),
    strict=True,
)

CLOUDS = (
    AMAZONBEDROCK,
    AMAZON_SAGEMAKER,
    AZUREOPENAI,
    AZUREAISTUDIO,
    GOOGLEAISTUDIO,
    GOOGLEVERTEXAI,
    WATSONXAI,
    ALIBABACLOUD,
)
