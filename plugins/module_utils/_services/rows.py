# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of settings that many services have. Private to the collection."""

from __future__ import annotations

from typing import Any, Sequence

from .._elasticsearch.keys import PROVIDER_KEY, find_key_error
from .service import TRIED
from .setting import Setting

CHATS = ("completion", "chat_completion")
EMBEDDINGS = ("text_embedding", "embedding")
RERANK = ("rerank",)
TEXT = ("text_embedding",)

INPUT_TYPES = ("ingest", "search", "classification", "clustering")
SIMILARITIES = ("cosine", "dot_product", "l2_norm")

MODEL_ID = "service_settings.model_id"

#: The alternatives of credentials of the services that have an API key alone.
API_KEY = (("service_settings.api_key",),)

#: The first version whose updates change service settings that are no secrets (`elasticsearch.md`, "Other services").
UPDATED = (9, 4)

#: Names that mean the same type of elements; servers show the second one.
_SYNONYMS = {"int8": "byte", "binary": "bit"}


def lower(value: Any) -> Any:
    """The form of a name that servers read in any case, and show in their own."""
    return value.lower() if isinstance(value, str) else value


def element_type(value: Any) -> Any:
    """The form of a type of elements, which has several names."""
    name = lower(value)
    return _SYNONYMS.get(name, name) if isinstance(name, str) else name


def _key_problem(key: str) -> str:
    return find_key_error(key, PROVIDER_KEY)


def secret(name: str, kind: str = "str") -> Setting:
    """A credential. One of several parts is a C(dict), one that is JSON may be declared as text or as a dictionary."""
    row = Setting(f"service_settings.{name}", kind, secret=True, changes_since=TRIED)
    return row._replace(check=_key_problem) if kind == "str" else row


def fixed(name: str, kind: str = "str", **more: Any) -> Setting:
    """A service setting that no version changes in place."""
    return Setting(f"service_settings.{name}", kind, **more)


def updatable(name: str, kind: str = "str", **more: Any) -> Setting:
    """A service setting that the newest versions change in place. Before 9.4 updates ignore all but secrets."""
    return Setting(f"service_settings.{name}", kind, **{"changes_since": UPDATED, **more})


def positive(name: str, **more: Any) -> Setting:
    """A service setting that is a positive whole number, and that the newest version changes in place."""
    return updatable(name, "int", minimum=1, **more)


def task(name: str, kind: str = "str", **more: Any) -> Setting:
    """A task setting. Whether a value is taken, the provider decides, so few are checked."""
    return Setting(f"task_settings.{name}", kind, **more)


def rate_limits(default: int | None = None, **by_task_type: int) -> tuple[Setting, ...]:
    """The rate limit, whose default may depend on the task type."""
    name = "rate_limit.requests_per_minute"
    if not by_task_type:
        return (positive(name, default=default),)
    return tuple(positive(name, default=limit, task_types=(kind,)) for kind, limit in by_task_type.items())


def embeddings(*names: str, task_types: Sequence[str] = EMBEDDINGS, **more: Any) -> tuple[Setting, ...]:
    """Those of the settings of embeddings that a service has. What the model returns, the server fills in."""
    rows = {
        "similarity": fixed("similarity", choices=SIMILARITIES, filled_in=True, task_types=task_types),
        "dimensions": fixed("dimensions", "int", minimum=1, filled_in=True, task_types=task_types),
        # No service fills it in. Each one stores what it is given.
        "max_input_tokens": positive("max_input_tokens", task_types=task_types),
    }
    return tuple(rows[name]._replace(**more) for name in names or rows)


KEY = secret("api_key")
MODEL = fixed("model_id", required=True)

#: OpenAiTaskSettings, which several services extend
OPENAI_TASK = (task("user"), task("headers", "dict"))
RERANK_TASK = (task("top_n", "int", task_types=RERANK), task("return_documents", "bool", task_types=RERANK))


def _chunking(name: str, kind: str = "str", **more: Any) -> Setting:
    return Setting(f"chunking_settings.{name}", kind, **more)


#: ChunkingSettingsBuilder. Which of them go together, the server says.
CHUNKING = (
    _chunking("strategy", choices=("none", "word", "sentence", "recursive")),
    _chunking("max_chunk_size", "int", minimum=10),
    _chunking("overlap", "int", minimum=0),
    _chunking("sentence_overlap", "int", minimum=0, maximum=1),
    _chunking("separators", "list"),
    # RecursiveChunkingSettings shows the separators of the group instead.
    _chunking("separator_group", unseen=True),
)
