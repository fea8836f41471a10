# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that users define or run: `custom`, `elasticsearch`, `elser`, and `acme`, which no catalog contains.

Sources: `custom/CustomServiceSettings`, `custom/InputTypeTranslator`, `custom/response/*ResponseParser`,
`custom/CustomTaskSettings`; `elasticsearch/ElasticsearchInternalServiceSettings`, `ElasticRerankerServiceSettings`,
`ElasticsearchInternalTextEmbeddingServiceSettings` and `RerankTaskSettings`. `acme` is invented. It represents the
services of later versions.
"""

from __future__ import annotations

from .rows import Service, Setting, dimensions, max_input_tokens, required, similarity

TEXT = ("text_embedding",)
SPARSE = ("sparse_embedding",)
RERANK = ("rerank",)
INPUT_TYPES = ("ingest", "search", "classification", "clustering")
PARSER = "custom_service_settings"


def _path(name: str, tasks: tuple[str, ...], *, needed: bool = True) -> Setting:
    return Setting(name, tasks=tasks, required=needed)


JSON_PARSER = Setting(
    "json_parser",
    "object",
    required=True,
    parser=PARSER,
    fields=(
        _path("text_embeddings", TEXT),
        Setting("embedding_type", "choice", tasks=TEXT, choices=("float", "byte", "bit", "binary"), filled="float"),
        _path("token_path", SPARSE),
        _path("weight_path", SPARSE),
        _path("relevance_score", RERANK),
        _path("reranked_index", RERANK, needed=False),
        _path("document_text", RERANK, needed=False),
        _path("completion_result", ("completion",)),
    ),
)

CUSTOM = Service(
    "custom",
    "Custom",
    (8, 19),
    (*TEXT, *SPARSE, *RERANK, "completion"),
    (
        similarity("dot_product", updates=True),
        dimensions(updates=True, overwrites=True),
        max_input_tokens(),
        Setting("url", required=True, updates=True),
        Setting("headers", "strings", updates=True),
        Setting("query_parameters", "pairs", updates=True),
        Setting("request", required=True, updates=True),
        Setting("response", "object", required=True, updates=True, parser=PARSER, fields=(JSON_PARSER,)),
        Setting(
            "input_type",
            "object",
            updates=True,
            filled={"translation": {}, "default": ""},
            parser="input_type_translator",
            fields=(
                Setting("translation", "strings", choices=INPUT_TYPES, filled={}),
                Setting("default", filled=""),
            ),
        ),
        Setting("batch_size", "positive", updates=True, filled=10),
    ),
    (Setting("parameters", "values", merges=True),),
    credentials=(("secret_parameters",),),
    secret_optional=True,
    model=None,
    limit=10000,
    chunking=TEXT,
    default_chunking=False,
    listed=False,
)

ACME = Service(
    "acme",
    "Acme",
    (8, 16),
    ("text_embedding", "rerank", "completion"),
    (
        required("model"),
        required("region"),
        Setting(
            "tuning", "object", updates=True, parser="acme", fields=(Setting("depth", "positive"), Setting("mode"))
        ),
        dimensions(),
        similarity("cosine"),
    ),
    (Setting("style"), Setting("top_n", "positive", tasks=RERANK)),
    credentials=(("acme_pass_phrase",),),
    model="model",
    limit=77,
    chunking=TEXT,
)

ALLOCATIONS = (
    Setting("num_allocations", "positive", updates=True),
    Setting("num_threads", "positive", required=True),
    required("model_id"),
    Setting("adaptive_allocations", "object", updates=True),
    Setting("deployment_id"),
)
ELASTICSEARCH = Service(
    "elasticsearch",
    "Elasticsearch",
    (8, 13),
    (*TEXT, *SPARSE, *RERANK),
    (
        *ALLOCATIONS,
        dimensions(given=False),
        similarity("cosine"),
        Setting("element_type", "choice", tasks=TEXT, choices=("byte", "float"), measured="float"),
        Setting("long_document_strategy", "choice", tasks=RERANK, choices=("chunk", "truncate")),
        Setting("max_chunks_per_doc", "positive", tasks=RERANK),
    ),
    (Setting("return_documents", "boolean", tasks=RERANK, filled=True),),
    credentials=(),
    chunking=(*TEXT, *SPARSE),
    in_cluster=True,
)
ELSER = Service(
    "elser",
    "ELSER",
    (8, 11),
    SPARSE,
    ALLOCATIONS,
    credentials=(),
    chunking=SPARSE,
    in_cluster=True,
    listed=False,
)

OWN = (CUSTOM, ACME, ELASTICSEARCH, ELSER)
