# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that several services share. Private to the collection."""

from __future__ import annotations

from typing import Any, Sequence

from .._elasticsearch.keys import PROVIDER_KEY, find_key_error
from .service import FIRST_UPDATE
from .setting import Setting

CHATS = ("completion", "chat_completion")
EMBEDDINGS = ("text_embedding", "embedding")
RERANK = ("rerank",)
TEXT = ("text_embedding",)

INPUT_TYPES = ("ingest", "search", "classification", "clustering")
SIMILARITIES = ("cosine", "dot_product", "l2_norm")

MODEL_ID = "service_settings.model_id"

#: Credentials of services that support only an API key.
API_KEY = (("service_settings.api_key",),)

#: The first version that updates service settings other than secrets (`elasticsearch.md`, "Other services").
FULL_UPDATE = (9, 4)

#: Synonyms of element types. Elasticsearch returns the second name.
_SYNONYMS = {"int8": "byte", "binary": "bit"}


def lowercase(value: Any) -> Any:
    """Normalize a name that Elasticsearch accepts in any case."""
    return value.lower() if isinstance(value, str) else value


def normalize_element_type(value: Any) -> Any:
    """Normalize an element type, which can have several names."""
    name = lowercase(value)
    return _SYNONYMS.get(name, name) if isinstance(name, str) else name


def _validate_key(key: str) -> str:
    return find_key_error(key, PROVIDER_KEY)


def secret(name: str, kind: str = "str") -> Setting:
    """Define a credential: C(str), C(dict) for one with several parts, or C(json) for a string or a dictionary."""
    row = Setting(f"service_settings.{name}", kind, secret=True, changes_since=FIRST_UPDATE)
    return row._replace(check=_validate_key) if kind == "str" else row


def fixed(name: str, kind: str = "str", **more: Any) -> Setting:
    """Define a service setting that no version can update in place."""
    return Setting(f"service_settings.{name}", kind, **more)


def updatable(name: str, kind: str = "str", **more: Any) -> Setting:
    """Define a service setting that 9.4 or later updates in place. Earlier versions update only secrets."""
    return Setting(f"service_settings.{name}", kind, **{"changes_since": FULL_UPDATE, **more})


def positive(name: str, **more: Any) -> Setting:
    """Define a service setting that is a positive integer, and that 9.4 or later updates in place."""
    return updatable(name, "int", minimum=1, **more)


def task(name: str, kind: str = "str", **more: Any) -> Setting:
    """Define a task setting. Most values are not validated, because that depends on the provider."""
    return Setting(f"task_settings.{name}", kind, **more)


def rate_limits(default: int | None = None, **by_task_type: int) -> tuple[Setting, ...]:
    """Define the rate limit, whose default can depend on the task type."""
    name = "rate_limit.requests_per_minute"
    if not by_task_type:
        return (positive(name, default=default),)
    return tuple(positive(name, default=limit, task_types=(kind,)) for kind, limit in by_task_type.items())


def embeddings(*names: str, task_types: Sequence[str] = EMBEDDINGS, **more: Any) -> tuple[Setting, ...]:
    """Define settings of embeddings. Elasticsearch sets defaults that depend on the model."""
    rows = {
        "similarity": fixed("similarity", choices=SIMILARITIES, computed=True, task_types=task_types),
        "dimensions": fixed("dimensions", "int", minimum=1, computed=True, task_types=task_types),
        # Without a default in any service.
        "max_input_tokens": positive("max_input_tokens", task_types=task_types),
    }
    return tuple(rows[name]._replace(**more) for name in names or rows)


KEY = secret("api_key")
MODEL = fixed("model_id", required=True)

#: OpenAiTaskSettings, which several services extend.
OPENAI_TASK = (task("user"), task("headers", "dict"))
RERANK_TASK = (task("top_n", "int", task_types=RERANK), task("return_documents", "bool", task_types=RERANK))


def _chunking(name: str, kind: str = "str", **more: Any) -> Setting:
    return Setting(f"chunking_settings.{name}", kind, **more)


#: ChunkingSettingsBuilder. Elasticsearch validates the combination of these settings.
CHUNKING = (
    _chunking("strategy", choices=("none", "word", "sentence", "recursive")),
    _chunking("max_chunk_size", "int", minimum=10),
    _chunking("overlap", "int", minimum=0),
    _chunking("sentence_overlap", "int", minimum=0, maximum=1),
    _chunking("separators", "list"),
    # RecursiveChunkingSettings returns the separators of the group instead.
    _chunking("separator_group", write_only=True),
)
