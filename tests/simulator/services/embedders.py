# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of providers of embeddings and reranking: cohere, jinaai, voyageai, contextualai, mixedbread.

Sources: `cohere/CohereCommonServiceSettings`, `cohere/embeddings/CohereEmbeddingsServiceSettings`,
`jinaai/JinaAIServiceSettings`, `voyageai/VoyageAIServiceSettings`, `contextualai/ContextualAiServiceSettings`, and the
task settings of each. Not confirmed: the values that cohere fills in, and all of mixedbread.
"""

from __future__ import annotations

from .rows import EMBEDS, Service, Setting, dimensions, max_input_tokens, required, similarity

RERANK = ("rerank",)
INPUT_TYPES = ("ingest", "search", "classification", "clustering")


def _input_type(*choices: str) -> Setting:
    return Setting("input_type", "choice", tasks=EMBEDS, choices=choices or INPUT_TYPES)


def _top(name: str = "top_n") -> Setting:
    return Setting(name, "positive", tasks=RERANK)


RETURN_DOCUMENTS = Setting("return_documents", "boolean", tasks=RERANK)

COHERE = Service(
    "cohere",
    "Cohere",
    (8, 13),
    ("text_embedding", "rerank", "completion"),
    (
        Setting("model_id", required=True),
        Setting("url", "uri", shown="never"),
        similarity("dot_product"),
        dimensions(),
        max_input_tokens(),
        Setting(
            "embedding_type",
            "choice",
            tasks=EMBEDS,
            choices=("float", "int8", "byte", "bit", "binary"),
            filled="float",
            shown="folded",
            folds=(("int8", "byte"), ("binary", "bit")),
        ),
    ),
    (
        _input_type(),
        Setting("truncate", "choice", tasks=EMBEDS, choices=("none", "start", "end")),
        _top(),
        RETURN_DOCUMENTS,
        Setting("max_chunks_per_doc", "positive", tasks=RERANK),
    ),
    limit=10000,
    chunking=("text_embedding",),
    strict=True,
    keeps_empty_limit=True,
)

JINAAI = Service(
    "jinaai",
    "Jina AI",
    (8, 18),
    ("text_embedding", "embedding", "rerank"),
    (
        required("model_id"),
        similarity("dot_product"),
        dimensions(),
        max_input_tokens(null_clears=True),
        Setting("embedding_type", "choice", tasks=EMBEDS, choices=("float", "bit", "binary"), filled="float"),
        Setting("multimodal_model", "boolean", tasks=("embedding",), filled=True),
    ),
    (_input_type(), Setting("late_chunking", "boolean", tasks=EMBEDS), _top(), RETURN_DOCUMENTS),
    limit=2000,
    chunking=EMBEDS,
    strict=True,
)

VOYAGEAI = Service(
    "voyageai",
    "Voyage AI",
    (8, 19),
    ("text_embedding", "rerank"),
    (
        required("model_id"),
        Setting(
            "embedding_type",
            "choice",
            tasks=EMBEDS,
            choices=("float", "int8", "byte", "bit", "binary"),
            filled="float",
        ),
        similarity("dot_product"),
        dimensions(),
        max_input_tokens(),
    ),
    (
        _input_type("ingest", "search"),
        Setting("truncation", "boolean", tasks=(*EMBEDS, *RERANK)),
        _top("top_k"),
        RETURN_DOCUMENTS,
    ),
    limit=2000,
    chunking=("text_embedding",),
    refused=("dimensions_set_by_user",),
)

CONTEXTUALAI = Service(
    "contextualai",
    "Contextual AI",
    (9, 2),
    RERANK,
    (required("model_id"),),
    (_top(), Setting("instruction", tasks=RERANK)),
    limit=1000,
    replaces_task_settings=True,
)

MIXEDBREAD = Service(
    "mixedbread",
    "Mixedbread",
    (9, 4),
    RERANK,
    (required("model_id"),),
    (_top(), RETURN_DOCUMENTS),
    limit=100,
)

EMBEDDERS = (COHERE, JINAAI, VOYAGEAI, CONTEXTUALAI, MIXEDBREAD)
