# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The `anthropic` service: what it takes on create, on update and on a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .errors import ApiError, bad_request
from .jsontext import java_text
from .settings import SettingsReader, unknown_settings
from .store import DEFAULT_REQUESTS_PER_MINUTE, StoredEndpoint, stored_task_settings
from .versions import Version

IDENTITY = ("model_id", "url")


def new_endpoint(
    inference_id: str, task_type: str, body: dict[str, Any], *, supported: frozenset[str], version: Version
) -> StoredEndpoint:
    """The endpoint a create asks for; `body` is without `service` and `task_type`. Raises ApiError.

    The groups of settings are checked one after the other, and what is unknown last.
    """
    top = SettingsReader(body, "body")
    given = top.map("service_settings")
    task_given = top.map("task_settings") or {}
    top.check()
    if given is None:
        raise bad_request("Missing required field [service_settings]")
    if task_type not in supported:
        raise bad_request(f"The [anthropic] service does not support task type [{task_type}]")
    reader = SettingsReader(given, "service_settings")
    service_settings = _service_settings(reader, version)
    task = SettingsReader(task_given, "task_settings")
    task_settings = read_task_settings(task, max_tokens_required=True)
    secret = _secret(reader, required=True)
    for part in (top, reader, task):
        part.check_nothing_left(version)
    return StoredEndpoint(inference_id, task_type, "anthropic", service_settings, task_settings, secret=secret or "")


def _service_settings(reader: SettingsReader, version: Version) -> dict[str, Any]:
    model_id = reader.text("model_id", required=True)
    url = reader.uri("url") if version.knows_url else None
    limit = _rate_limit(reader, version)
    reader.check()
    settings: dict[str, Any] = {"model_id": model_id}
    if url is not None:
        settings["url"] = url
    settings["rate_limit"] = {"requests_per_minute": limit or DEFAULT_REQUESTS_PER_MINUTE}
    return settings


def _rate_limit(reader: SettingsReader, version: Version) -> int | None:
    limit = SettingsReader(reader.map("rate_limit") or {}, "rate_limit")
    requests_per_minute = limit.positive_long("requests_per_minute")
    reader.problems += limit.problems
    limit.check_nothing_left(version)
    return requests_per_minute


def _secret(reader: SettingsReader, *, required: bool) -> str | None:
    secrets = SettingsReader({"api_key": reader.left.pop("api_key", None)}, "secret_settings")
    secret = secrets.text("api_key", required=required)
    secrets.check()
    return secret


def read_task_settings(reader: SettingsReader, *, max_tokens_required: bool) -> dict[str, Any]:
    """Task settings by type alone: the ranges are Anthropic's to check. Raises ApiError."""
    settings = {
        "max_tokens": reader.positive_integer("max_tokens", required=max_tokens_required),
        "temperature": reader.double("temperature"),
        "top_p": reader.double("top_p"),
        "top_k": reader.integer("top_k"),
    }
    reader.check()
    return {name: value for name, value in settings.items() if value is not None}


def update_parts(body: dict[str, Any], version: Version) -> tuple[dict[str, Any], dict[str, Any]]:
    """The service and task settings of an `_update` body. Raises ApiError (reference: Update)."""
    if not body:
        raise bad_request("Request body is empty")
    left = dict(body)
    parts = [_update_part(left, body, name) for name in ("service_settings", "task_settings")]
    chunking = left.pop("chunking_settings", None) if version.updates_chunking_settings else None
    if left:
        raise bad_request(
            f"Request contained fields which cannot be updated, remove these fields and try again [{java_text(left)}]"
        )
    if chunking is not None:
        raise unknown_settings({"chunking_settings": chunking}, version)
    return parts[0], parts[1]


def _update_part(left: dict[str, Any], body: dict[str, Any], name: str) -> dict[str, Any]:
    part = left.pop(name, {})
    if not isinstance(part, dict):
        readable = name.replace("_", " ")
        raise bad_request(f"Unable to parse {readable} in the request [{java_text(body)}]")
    return part


def updated_endpoint(
    endpoint: StoredEndpoint,
    service_settings: dict[str, Any],
    task_settings: dict[str, Any],
    *,
    version: Version,
    merge: bool,
) -> StoredEndpoint:
    """The endpoint as an `_update` leaves it. Raises ApiError (reference: the table of Update)."""
    changed = endpoint
    if service_settings:
        changed = _with_service_settings(changed, service_settings, version)
    if task_settings:
        changed = _with_task_settings(changed, task_settings, version, merge=merge)
    return changed


def _with_service_settings(endpoint: StoredEndpoint, given: dict[str, Any], version: Version) -> StoredEndpoint:
    reader = SettingsReader(given, "service_settings")
    if version.ignores_identity:
        _drop(reader, IDENTITY)
    held = dict(endpoint.service_settings)
    if version.updates_service_settings:
        limit = _rate_limit(reader, version)
        reader.check()
        if limit is not None:
            held["rate_limit"] = {"requests_per_minute": limit}
    else:
        _drop(reader, ("rate_limit",))
    secret = _secret(reader, required=not version.updates_service_settings)
    if reader.left and version.parses_service_settings:
        raise _unknown_field(next(iter(reader.left)))
    reader.check_nothing_left(version)
    return replace(endpoint, service_settings=held, secret=secret or endpoint.secret)


def _drop(reader: SettingsReader, names: tuple[str, ...]) -> None:
    for name in names:
        reader.left.pop(name, None)


def _unknown_field(name: str) -> ApiError:
    reason = f"[1:2] [service_settings] unknown field [{name}]"
    return ApiError(400, "x_content_parse_exception", reason)


def _with_task_settings(
    endpoint: StoredEndpoint, given: dict[str, Any], version: Version, *, merge: bool
) -> StoredEndpoint:
    reader = SettingsReader(given, "task_settings")
    settings = read_task_settings(reader, max_tokens_required=not merge)
    reader.check_nothing_left(version)
    if merge:
        settings = stored_task_settings({**endpoint.task_settings, **settings})
    return replace(endpoint, task_settings=settings)
