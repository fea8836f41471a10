# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create and update endpoints of any service from its row.

Sources: `SenderService.parseRequestConfig`, `TransportUpdateInferenceModelAction`, the `fromMap`,
`updateServiceSettings` and `updatedTaskSettings` of the services. Derived: the order of the checks of single services.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import bad_request, illegal_argument
from ..settings import SettingsReader, read_rate_limit, unknown_settings
from ..store import StoredEndpoint
from ..update_body import UpdateParts
from ..versions import Version
from . import strict
from .checks import CREATED, Draft, check_oauth2_update
from .chunking import DEFAULT, OLDEST, chunking_settings
from .readers import Reading, read_all
from .rows import PROVIDER_SIZE, Service, Setting
from .secrets import created_secrets, updated_secrets

SCOPE = "service_settings"
#: The number of dimensions of an embedding of the simulated providers.
SIZE = 1024


def new_endpoint(
    service: Service, inference_id: str, task_type: str, body: dict[str, Any], version: Version
) -> StoredEndpoint:
    """Return the endpoint that the body of a create describes. Raises ApiError.

    `body`: without `service` and `task_type`. Unknown names are rejected last.
    """
    top = SettingsReader(body, "body")
    given = top.map(SCOPE)
    if given is None:
        raise bad_request("Missing required field [service_settings]")
    task = SettingsReader(top.map("task_settings") or {}, "task_settings")
    if task_type not in service.tasks:
        raise bad_request(f"The [{service.name}] service does not support task type [{task_type}]")
    chunking = created_chunking(service, top, task_type)
    _move_deprecated(service, given, task)
    reader = SettingsReader(given, SCOPE)
    settings = _created_settings(service, reader, task_type, version)
    task_settings = _task_settings(service, task, task_type, version)
    secrets = created_secrets(service, reader, version)
    draft = Draft(service.name, task_type, settings, task_settings, secrets)
    if service.name in CREATED:
        CREATED[service.name](draft)
    for part in (top, reader, task):
        part.check_nothing_left(version, service.name)
    return StoredEndpoint(inference_id, task_type, service.name, settings, task_settings, chunking, secrets)


def created_chunking(service: Service, top: SettingsReader, task_type: str) -> dict[str, Any] | None:
    """Read the chunking settings, unless the service does not support them. Raises ApiError."""
    if service.drops_chunking:
        top.left.pop("chunking_settings", None)
    if task_type not in service.chunking:
        return None
    given = top.map("chunking_settings")
    if given is None:
        return dict(DEFAULT) if service.default_chunking else None
    return chunking_settings(given)


def _move_deprecated(service: Service, given: dict[str, Any], task: SettingsReader) -> None:
    """Accept former places of the model (`moveModelFromTaskToServiceSettings`, `CohereCommonServiceSettings`)."""
    if service.name == "openai" and "model_id" not in given:
        for name in ("model", "model_id"):
            if name in task.left:
                given["model_id"] = task.left.pop(name)
    if service.name == "cohere" and "model" in given:
        model = given.pop("model")
        given.setdefault("model_id", model)


def _created_settings(service: Service, reader: SettingsReader, task_type: str, version: Version) -> dict[str, Any]:
    settings = service.of(task_type)
    parsers = service.strict and version.parses_service_settings
    if parsers:
        limit = _strictly(service, reader, settings, nulls=False)
    refused = [name for name in service.refused if name in reader.left]
    found = read_all(Reading(reader, task_type, version, parsers), settings, fill=True)
    if service.limit is not None and not parsers:
        limit = read_rate_limit(reader, version, service.name)
    for name in refused:
        reader.left.pop(name)
        reader.problems.append(f"[{SCOPE}] does not allow the setting [{name}]")
    _tell(service, reader, parsers)
    if service.limit is not None:
        found["rate_limit"] = {"requests_per_minute": limit or service.default_limit(task_type)}
    return found


def _strictly(service: Service, reader: SettingsReader, settings: tuple[Setting, ...], *, nulls: bool) -> int | None:
    """Check the settings as a strict parser does, and read the rate limit. Raises ApiError."""
    checked = strict.checked(service, reader.left, settings, nulls=nulls)
    limit = strict.limit_of(reader.left)
    reader.left = {name: value for name, value in checked.items() if name != "rate_limit"}
    return limit


def _tell(service: Service, reader: SettingsReader, parsers: bool) -> None:
    if parsers:
        if service.name == "cohere" and any("[model_id]" in problem for problem in reader.problems):
            words = "The [service_settings.model_id] field is required for the Cohere V2 API."
            raise illegal_argument(words)
        strict.first_problem(reader.problems)
    reader.check()


def _task_settings(service: Service, task: SettingsReader, task_type: str, version: Version) -> dict[str, Any]:
    found = read_all(Reading(task, task_type, version), service.task_settings_of(task_type), fill=True)
    task.check()
    return found


def measured(service: Service, endpoint: StoredEndpoint) -> StoredEndpoint:
    """Return the endpoint with the values that a validation call fills in (`updateModelWithEmbeddingDetails`)."""
    settings, task_settings = dict(endpoint.service_settings), dict(endpoint.task_settings)
    for rows, held in (
        (service.of(endpoint.task_type), settings),
        (service.task_settings_of(endpoint.task_type), task_settings),
    ):
        for row in rows:
            if row.measured is not None and (row.overwrites or row.name not in held):
                held[row.name] = SIZE if row.measured == PROVIDER_SIZE else row.measured
    return replace(endpoint, service_settings=settings, task_settings=task_settings)


def stored(service: Service, endpoint: StoredEndpoint) -> StoredEndpoint:
    """Return the endpoint without the settings that no response shows."""
    hidden = {row.name for row in service.settings if row.shown == "never"}
    kept = {name: value for name, value in endpoint.service_settings.items() if name not in hidden}
    return replace(endpoint, service_settings=kept)


def updated_endpoint(
    service: Service, endpoint: StoredEndpoint, parts: UpdateParts, version: Version
) -> StoredEndpoint:
    """Return the endpoint after an `_update`. Raises ApiError.

    Up to 9.3, only secrets and task settings change, and other names are ignored. In these versions, an update also
    loses the chunking settings: without them, the oldest strategy is shown.
    """
    reader = SettingsReader(parts.service_settings, SCOPE)
    task = SettingsReader(parts.task_settings, "task_settings")
    changed = endpoint
    if parts.service_settings and version.updates_rate_limit:
        changed = _with_settings(service, changed, reader, version)
    if parts.task_settings:
        changed = replace(changed, task_settings=updated_task_settings(service, changed, task, version))
    if parts.chunking_settings is not None:
        changed = _with_chunking(service, changed, parts.chunking_settings, version)
    if parts.service_settings:
        changed = replace(changed, secrets=updated_secrets(service, changed.secrets, reader, version))
    if version.checks_names_on_update:
        for part in (reader, task):
            part.check_nothing_left(version, service.name)
    if version.resets_chunking_on_update and changed.chunking_settings is not None:
        changed = replace(changed, chunking_settings=dict(OLDEST))
    return changed


def _with_chunking(
    service: Service, endpoint: StoredEndpoint, given: dict[str, Any], version: Version
) -> StoredEndpoint:
    if endpoint.task_type not in service.chunking:
        raise unknown_settings({"chunking_settings": given}, version, service.name)
    return replace(endpoint, chunking_settings=chunking_settings(given))


def _with_settings(
    service: Service, endpoint: StoredEndpoint, reader: SettingsReader, version: Version
) -> StoredEndpoint:
    held = dict(endpoint.service_settings)
    check_oauth2_update(service.name, held, reader.left)
    rows = tuple(row for row in service.of(endpoint.task_type) if row.updates)
    parsers = service.strict and version.parses_service_settings
    sent = dict(reader.left)
    secretless = _as_updated(service, endpoint)
    limit = _strictly(secretless, reader, rows, nulls=True) if parsers else None
    found = read_all(Reading(reader, endpoint.task_type, version, parsers), rows, fill=False)
    if service.limit is not None and not parsers:
        limit = read_rate_limit(reader, version, service.name)
    _tell(service, reader, parsers)
    for row in rows:
        if row.null_clears and row.name in sent and sent[row.name] is None:
            held.pop(row.name, None)
    held.update(found)
    if (
        parsers
        and "rate_limit" in sent
        and limit is None
        and not (sent["rate_limit"] == {} and service.keeps_empty_limit)
    ):
        limit = service.default_limit(endpoint.task_type)
    if limit is not None:
        held["rate_limit"] = {"requests_per_minute": limit}
    return replace(endpoint, service_settings=held)


def _as_updated(service: Service, endpoint: StoredEndpoint) -> Service:
    """Return the service as the parser of an `_update` reads it: without secrets if the endpoint has none."""
    return service if endpoint.secrets and service.secrets_on_update else replace(service, credentials=())


def updated_task_settings(
    service: Service, endpoint: StoredEndpoint, task: SettingsReader, version: Version
) -> dict[str, Any]:
    """Return the task settings after an `_update`: merged name by name, or replaced. Raises ApiError."""
    rows = service.task_settings_of(endpoint.task_type)
    sent = dict(task.left)
    found = read_all(Reading(task, endpoint.task_type, version), rows, fill=service.replaces_task_settings)
    task.check()
    if service.replaces_task_settings:
        return found
    held = dict(endpoint.task_settings)
    for row in rows:
        if row.null_clears and row.name in sent and sent[row.name] in (None, {}):
            held.pop(row.name, None)
        if row.merges and row.name in found:
            found[row.name] = {**held.get(row.name, {}), **found[row.name]}
    held.update(found)
    return held
