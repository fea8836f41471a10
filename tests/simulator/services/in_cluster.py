# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create and update endpoints whose model runs in the cluster: services `elasticsearch` and `elser`.

Sources: `elasticsearch/ElasticsearchInternalService`, `ElasticsearchInternalServiceSettings`,
`ElasticRerankerServiceSettings`, `RerankTaskSettings`, `core/.../AdaptiveAllocationsSettings`,
`TransportUpdateInferenceModelAction`. Derived: that the parsers of 9.6 are the first strict ones, and the messages
of 9.4 and 9.5 for an update.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..deployments import E5, ELSER, PLATFORM, RERANKER, Deployments, cannot_find, other_model
from ..errors import ApiError, Cause, bad_request, illegal_argument, invalid
from ..jsontext import is_whole, java_text
from ..settings import SettingsReader, unknown_settings, wrong_type
from ..store import StoredEndpoint
from ..strict_parser import ERROR_TYPE, column_of, failed_field, unknown_field, wrong_token
from ..update_body import UpdateParts
from ..versions import Version
from . import strict
from .chunking import OLDEST, chunking_settings
from .engine import SCOPE, created_chunking
from .readers import Reading, read_all
from .rows import Service, Setting

NUMBER, ADAPTIVE, THREADS = "num_allocations", "adaptive_allocations", "num_threads"
MIN, MAX = "min_number_of_allocations", "max_number_of_allocations"
NEITHER = f"[{SCOPE}] does not contain one of the required settings [{NUMBER}, {ADAPTIVE}]"
NO_TASK_SETTINGS = (ELSER, ELSER + PLATFORM, E5, E5 + PLATFORM)
OWN_ONLY = ("dimensions", "similarity", "element_type")
RERANKER_ONLY = ("long_document_strategy", "max_chunks_per_doc")


def new_endpoint(
    service: Service,
    inference_id: str,
    task_type: str,
    body: dict[str, Any],
    version: Version,
    deployments: Deployments,
) -> StoredEndpoint:
    """Return the endpoint that the body of a create describes. Raises ApiError."""
    top = SettingsReader(body, "body")
    given = top.map(SCOPE)
    if given is None:
        raise bad_request("Missing required field [service_settings]")
    task = SettingsReader(top.map("task_settings") or {}, "task_settings")
    if task_type not in service.tasks:
        raise bad_request(f"The [{service.name}] service does not support task type [{task_type}]")
    chunking = created_chunking(service, top, task_type)
    given = _with_model(service, given, deployments)
    model_id = given["model_id"]
    _check_model(model_id, task_type, deployments)
    reader = SettingsReader(given, SCOPE)
    settings = _created(service, reader, task_type, version)
    task_settings = _task_settings(service, model_id, task, task_type, version)
    for part in (top, reader, task):
        part.check_nothing_left(version, "elasticsearch")
    return StoredEndpoint(inference_id, task_type, "elasticsearch", settings, task_settings, chunking, {})


def _with_model(service: Service, given: dict[str, Any], deployments: Deployments) -> dict[str, Any]:
    """Return the settings with the model, and with those of the deployment if one is set. Raises ApiError."""
    name, model_id = given.get("deployment_id"), given.get("model_id")
    if isinstance(name, str):
        held = deployments.get(name)
        if held is None:
            raise cannot_find(name)
        if model_id is not None and model_id != held.model_id:
            raise other_model(held, str(model_id))
        taken = {NUMBER: held.number, THREADS: held.num_threads, "model_id": held.model_id, ADAPTIVE: held.adaptive}
        return {**given, **{key: value for key, value in taken.items() if value is not None}}
    if model_id is None and service.name == "elser":
        return {**given, "model_id": ELSER + PLATFORM}
    if not isinstance(model_id, str) or not model_id:
        raise illegal_argument("Error parsing service settings, model_id must be provided")
    return given


def _check_model(model_id: str, task_type: str, deployments: Deployments) -> None:
    """Reject a model that does not exist. A custom model must also have the correct task type. Raises ApiError."""
    found = deployments.task_type(model_id)
    if found is None:
        raise bad_request(
            "Error parsing request config, model id does not match any models available on this platform. "
            f"Was [{model_id}]. You may need to load it into the cluster using eland."
        )
    if found != task_type:
        raise bad_request(
            f"Deployed model [{model_id}] with type [{found}] does not match the requested task type [{task_type}]"
        )


def is_own(model_id: object) -> bool:
    """Return whether a model is not one of Elastic's."""
    return model_id not in (*NO_TASK_SETTINGS, RERANKER)


def _rows(service: Service, task_type: str, model_id: str) -> tuple[Setting, ...]:
    left_out = (*(() if is_own(model_id) else OWN_ONLY), *(() if model_id == RERANKER else RERANKER_ONLY))
    return tuple(row for row in service.of(task_type) if row.name not in left_out and row.name != ADAPTIVE)


def _created(service: Service, reader: SettingsReader, task_type: str, version: Version) -> dict[str, Any]:
    rows = _rows(service, task_type, reader.left["model_id"])
    adaptive = adaptive_allocations(reader, version)
    if version.parses_service_settings:
        reader.left = strict.checked(service, reader.left, rows, nulls=False)
    found = read_all(Reading(reader, task_type, version, version.parses_service_settings), rows, fill=True)
    if NUMBER not in found and adaptive is None and not reader.problems:
        reader.problems.append(NEITHER)
    if "max_chunks_per_doc" in found and found.get("long_document_strategy") != "chunk":
        reader.problems.append(
            "The [max_chunks_per_doc] setting requires [long_document_strategy] to be set to [chunk]"
        )
    if version.parses_service_settings:
        strict.first_problem(reader.problems)
    reader.check()
    order = (NUMBER, THREADS, "model_id", ADAPTIVE, *(name for name in found))
    whole = {**found, ADAPTIVE: adaptive}
    return {name: whole[name] for name in dict.fromkeys(order) if whole.get(name) is not None}


def adaptive_allocations(reader: SettingsReader, version: Version) -> dict[str, Any] | None:
    """Read `adaptive_allocations` (`AdaptiveAllocationsSettings.fromMap`, or its parser from 9.6). Raises ApiError."""
    given = reader.left.pop(ADAPTIVE, None)
    if given is None:
        return None
    if not isinstance(given, dict):
        if version.parses_service_settings:
            raise wrong_token({**reader.left, ADAPTIVE: given}, ADAPTIVE, given)
        raise bad_request(wrong_type(ADAPTIVE, given, "Map"))
    unknown = [name for name in given if name not in ("enabled", MIN, MAX)]
    if unknown and version.parses_service_settings:
        column = column_of({**reader.left, ADAPTIVE: given}, ADAPTIVE)
        cause = Cause(ERROR_TYPE, f"[1:{column}] [{ADAPTIVE}] unknown field [{unknown[0]}]")
        raise failed_field(column, ADAPTIVE, cause)
    problems = [f"[{ADAPTIVE}] does not allow the setting [{name}]" for name in unknown]
    problems += _adaptive_problems(given)
    if problems:
        raise invalid(problems)
    kept = {"enabled": bool(given.get("enabled")), MIN: given.get(MIN), MAX: given.get(MAX)}
    return {name: value for name, value in kept.items() if value is not None}


def _adaptive_problems(given: dict[str, Any]) -> list[str]:
    enabled, least, most = given.get("enabled"), given.get(MIN), given.get(MAX)
    problems = []
    if enabled is not None and not isinstance(enabled, bool):
        problems.append(wrong_type("enabled", enabled, "Boolean"))
    if least is not None and (not is_whole(least) or least < 0):
        problems.append(f"[{MIN}] must be a non-negative integer or null")
    if most is not None and (not is_whole(most) or most < 1):
        problems.append(f"[{MAX}] must be a positive integer or null")
    if not problems and least is not None and most is not None and least > most:
        problems.append(f"[{MIN}] must not be larger than [{MAX}]")
    return problems


def _task_settings(
    service: Service, model_id: str, task: SettingsReader, task_type: str, version: Version
) -> dict[str, Any]:
    """Read the task settings. Elastic's models for embeddings ignore them."""
    if model_id in NO_TASK_SETTINGS:
        task.left = {}
        return {}
    found = read_all(Reading(task, task_type, version), service.task_settings_of(task_type), fill=True)
    task.check()
    return found


def updated_endpoint(
    service: Service, endpoint: StoredEndpoint, parts: UpdateParts, version: Version
) -> StoredEndpoint:
    """Return the endpoint after an `_update`, without changing the deployment. Raises ApiError."""
    changed, task = endpoint, SettingsReader(parts.task_settings, "task_settings")
    if parts.service_settings:
        read = _allocations if version.updates_rate_limit else _old_allocations
        changed = _with_allocations(changed, *read(parts.service_settings, version))
    if parts.task_settings:
        model_id = str(endpoint.service_settings.get("model_id"))
        settings = _task_settings(service, model_id, task, endpoint.task_type, version)
        changed = replace(changed, task_settings=settings)
    if parts.chunking_settings is not None and endpoint.task_type not in service.chunking:
        raise unknown_settings({"chunking_settings": parts.chunking_settings}, version, service.name)
    if parts.chunking_settings is not None:
        changed = replace(changed, chunking_settings=chunking_settings(parts.chunking_settings))
    if version.checks_names_on_update:
        task.check_nothing_left(version, service.name)
    if version.resets_chunking_on_update and changed.chunking_settings is not None:
        changed = replace(changed, chunking_settings=dict(OLDEST))
    return changed


def _old_allocations(given: dict[str, Any], _version: Version) -> tuple[int | None, dict[str, Any] | None]:
    """Return the number of allocations. Up to 9.3, an update reads nothing else."""
    number = given.get(NUMBER)
    if not is_whole(number):
        raise bad_request(f"Failed to parse [{NUMBER}] of update request [{java_text(given)}]")
    return number, None


def _allocations(given: dict[str, Any], version: Version) -> tuple[int | None, dict[str, Any] | None]:
    """Return either the number of allocations or the adaptive allocations. Raises ApiError."""
    reader = SettingsReader(given, SCOPE)
    if THREADS in given:
        raise ApiError(400, "parse_exception", f"[{THREADS}] cannot be updated")
    for name in given:
        if name not in (NUMBER, ADAPTIVE) and version.parses_service_settings:
            raise unknown_field(given, name)
    adaptive = adaptive_allocations(reader, version)
    number = reader.positive_integer(NUMBER)
    if number is not None and adaptive is not None:
        reader.problems.append(f"[{NUMBER}] cannot be set if [{ADAPTIVE}] is set")
    if number is None and adaptive is None and not reader.problems:
        reader.problems.append(NEITHER)
    reader.check()
    if version.checks_names_on_update:
        reader.check_nothing_left(version, "elasticsearch")
    return number, adaptive


def _with_allocations(endpoint: StoredEndpoint, number: int | None, adaptive: dict[str, Any] | None) -> StoredEndpoint:
    """Return the endpoint with the new kind of allocations, and without the other kind."""
    others = {name: value for name, value in endpoint.service_settings.items() if name not in (NUMBER, ADAPTIVE)}
    kind = {NUMBER: number} if adaptive is None else {ADAPTIVE: adaptive}
    return replace(endpoint, service_settings={**kind, **others})
