# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services whose models run in the cluster. Private to the collection.

Sources: the classes C(ElasticsearchInternalService), C(ElasticsearchInternalServiceSettings),
C(ElasticRerankerServiceSettings), and C(AdaptiveAllocationsSettings) of Elasticsearch.
"""

from __future__ import annotations

from typing import Any, Mapping

from .rows import CHUNKING, FULL_UPDATE, RERANK, embeddings, fixed, lowercase, positive, task, updatable
from .service import FIRST_UPDATE, UNITS, Service

_ALLOCATIONS = "service_settings.num_allocations"
_ADAPTIVE = "service_settings.adaptive_allocations"
_DEPLOYMENT = "service_settings.deployment_id"
_MODEL = "service_settings.model_id"
_THREADS = "service_settings.num_threads"


def _self_adjusting(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return settings that Elasticsearch adjusts: the number of allocations, if adaptive allocations are enabled."""
    return (_ALLOCATIONS,) if settings.get(f"{_ADAPTIVE}.enabled") is True else ()


def _find_missing(settings: Mapping[str, Any]) -> list[str]:
    """Return missing settings. An existing deployment already has threads and allocations."""
    if _DEPLOYMENT in settings:
        return []
    missing = [path for path in (_THREADS,) if path not in settings]
    has_allocations = any(path == _ALLOCATIONS or path.startswith(f"{_ADAPTIVE}.") for path in settings)
    return missing if has_allocations else [*missing, f"{_ALLOCATIONS} or {_ADAPTIVE}"]


def _find_missing_with_model(settings: Mapping[str, Any]) -> list[str]:
    model = [] if _MODEL in settings or _DEPLOYMENT in settings else [_MODEL]
    return model + _find_missing(settings)


_SETTINGS = (
    fixed("model_id"),
    fixed("num_threads", "int", minimum=1),
    # The only setting that all versions with _update can change.
    updatable("num_allocations", "int", minimum=1, changes_since=FIRST_UPDATE),
    updatable("adaptive_allocations.enabled", "bool"),
    updatable("adaptive_allocations.min_number_of_allocations", "int", minimum=0),
    updatable("adaptive_allocations.max_number_of_allocations", "int", minimum=1),
    *CHUNKING,
)

#: Updates replace the adaptive allocations as a whole.
_UNITS = {**UNITS, _ADAPTIVE: FULL_UPDATE}

ELASTICSEARCH = Service(
    "elasticsearch",
    ("text_embedding", "sparse_embedding", "rerank"),
    (
        *_SETTINGS,
        fixed("deployment_id"),
        *embeddings("similarity"),
        # Elasticsearch determines the dimensions from the model.
        *embeddings("dimensions", read_only=True),
        fixed("element_type", computed=True, normalize=lowercase, task_types=("text_embedding",)),
        fixed("long_document_strategy", normalize=lowercase, task_types=RERANK),
        positive("max_chunks_per_doc", task_types=RERANK)._replace(changes_since=None),
        task("return_documents", "bool", default=True, task_types=RERANK),
    ),
    _MODEL,
    units=_UNITS,
    is_local=True,
    self_adjusting=_self_adjusting,
    find_missing=_find_missing_with_model,
)

#: The deprecated name of the service. Elasticsearch stores its endpoints with the service elasticsearch.
ELSER = Service(
    "elser",
    ("sparse_embedding",),
    _SETTINGS,
    _MODEL,
    units=_UNITS,
    default_task_type="sparse_embedding",
    stored_as="elasticsearch",
    is_local=True,
    self_adjusting=_self_adjusting,
    find_missing=_find_missing,
)
