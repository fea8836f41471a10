# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of the services whose models run in the cluster, which allocates them. Private to the collection.

Read in C(ElasticsearchInternalService), C(ElasticsearchInternalServiceSettings), C(ElasticRerankerServiceSettings) and
C(AdaptiveAllocationsSettings) of the server.
"""

from __future__ import annotations

from typing import Any, Mapping

from .rows import CHUNKING, RERANK, UPDATED, embeddings, fixed, lower, positive, task, updatable
from .service import TRIED, UNITS, Service

_ALLOCATIONS = "service_settings.num_allocations"
_ADAPTIVE = "service_settings.adaptive_allocations"
_DEPLOYMENT = "service_settings.deployment_id"
_MODEL = "service_settings.model_id"
_THREADS = "service_settings.num_threads"


def _moving(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Adaptive allocations change their number by themselves."""
    return (_ALLOCATIONS,) if settings.get(f"{_ADAPTIVE}.enabled") is True else ()


def _lacks(settings: Mapping[str, Any]) -> list[str]:
    """A deployment that is there already has its model, its threads and its allocations."""
    if _DEPLOYMENT in settings:
        return []
    missing = [path for path in (_THREADS,) if path not in settings]
    has_allocations = any(path == _ALLOCATIONS or path.startswith(f"{_ADAPTIVE}.") for path in settings)
    return missing if has_allocations else [*missing, f"{_ALLOCATIONS} or {_ADAPTIVE}"]


def _lacks_with_model(settings: Mapping[str, Any]) -> list[str]:
    model = [] if _MODEL in settings or _DEPLOYMENT in settings else [_MODEL]
    return model + _lacks(settings)


_SETTINGS = (
    fixed("model_id"),
    fixed("num_threads", "int", minimum=1),
    # The only setting that updates changed from the beginning.
    updatable("num_allocations", "int", minimum=1, changes_since=TRIED),
    updatable("adaptive_allocations.enabled", "bool"),
    updatable("adaptive_allocations.min_number_of_allocations", "int", minimum=0),
    updatable("adaptive_allocations.max_number_of_allocations", "int", minimum=1),
    *CHUNKING,
)

#: An update replaces adaptive allocations as a whole.
_UNITS = {**UNITS, _ADAPTIVE: UPDATED}

ELASTICSEARCH = Service(
    "elasticsearch",
    ("text_embedding", "sparse_embedding", "rerank"),
    (
        *_SETTINGS,
        fixed("deployment_id"),
        *embeddings("similarity"),
        # The server measures it.
        *embeddings("dimensions", read_only=True),
        fixed("element_type", filled_in=True, form=lower, task_types=("text_embedding",)),
        fixed("long_document_strategy", form=lower, task_types=RERANK),
        positive("max_chunks_per_doc", task_types=RERANK)._replace(changes_since=None),
        task("return_documents", "bool", default=True, task_types=RERANK),
    ),
    _MODEL,
    units=_UNITS,
    is_local=True,
    moving=_moving,
    lacks=_lacks_with_model,
)

#: The older name: its endpoints are stored as those of the other one.
ELSER = Service(
    "elser",
    ("sparse_embedding",),
    _SETTINGS,
    _MODEL,
    units=_UNITS,
    default_task_type="sparse_embedding",
    stored_as="elasticsearch",
    is_local=True,
    moving=_moving,
    lacks=_lacks,
)
