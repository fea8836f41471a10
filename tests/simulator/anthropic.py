# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the settings of the `anthropic` service for creates, updates and runs (`AnthropicService`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .errors import ApiError, bad_request
from .settings import SettingsReader, read_rate_limit, unknown_settings, wrong_type
from .store import DEFAULT_REQUESTS_PER_MINUTE, StoredEndpoint
from .strict_parser import parse_created, parse_updated
from .update_body import UpdateParts
from .versions import Version

URL_UNSUPPORTED = (
    "The field [url] in service_settings is not supported by all nodes in the cluster; "
    "please finish upgrading before creating an inference endpoint with a custom url"
)


def new_endpoint(
    inference_id: str,
    task_type: str,
    body: dict[str, Any],
    *,
    supported: frozenset[str],
    version: Version,
    url_everywhere: bool = True,
) -> StoredEndpoint:
    """Return the endpoint that the body of a create describes. Raises ApiError.

    `body`: without `service` and `task_type`. `url_everywhere`: whether all nodes of the cluster support `url`.
    The order of the checks is that of `parseRequestConfig`: group by group, unknown names last.
    """
    top = SettingsReader(body, "body")
    given = top.map("service_settings")
    if given is None:
        raise bad_request("Missing required field [service_settings]")
    task_given = top.map("task_settings") or {}
    if task_type not in supported:
        raise bad_request(f"The [anthropic] service does not support task type [{task_type}]")
    reader = SettingsReader(given, "service_settings")
    service_settings = _created_service_settings(reader, version)
    task = SettingsReader(task_given, "task_settings")
    task_settings = read_task_settings(task, max_tokens_required=True)
    secret = _secret(reader, required=True)
    if "url" in service_settings and not url_everywhere:
        raise bad_request(URL_UNSUPPORTED)
    for part in (top, reader, task):
        part.check_nothing_left(version)
    secrets = {"api_key": secret or ""}
    return StoredEndpoint(inference_id, task_type, "anthropic", service_settings, task_settings, secrets=secrets)


def _created_service_settings(reader: SettingsReader, version: Version) -> dict[str, Any]:
    url: str | None = None
    if version.parses_service_settings:
        model_id, url, limit = parse_created(reader.left)
        reader.left = {name: value for name, value in reader.left.items() if name == "api_key"}
    else:
        text = reader.text("model_id", required=True)
        limit = read_rate_limit(reader, version, "anthropic")
        reader.check()
        model_id = text or ""
    settings: dict[str, Any] = {"model_id": model_id}
    if url is not None:
        settings["url"] = url
    settings["rate_limit"] = {"requests_per_minute": limit or DEFAULT_REQUESTS_PER_MINUTE}
    return settings


def _secret(reader: SettingsReader, *, required: bool) -> str | None:
    """Return the API key (`DefaultSecretSettings`). Raises ApiError."""
    secrets = SettingsReader({"api_key": reader.left.pop("api_key", None)}, "secret_settings")
    secret = secrets.text("api_key", required=required)
    secrets.check()
    return secret


def read_task_settings(reader: SettingsReader, *, max_tokens_required: bool) -> dict[str, Any]:
    """Return the task settings after a check of their types (`AnthropicChatCompletionTaskSettings.fromMap`).

    The server does not check the ranges. It reports problems with `max_tokens` last. Raises ApiError.
    """
    settings = {
        "max_tokens": reader.positive_integer("max_tokens", required=max_tokens_required),
        "temperature": reader.double_at_once("temperature"),
        "top_p": reader.double_at_once("top_p"),
        "top_k": reader.integer_at_once("top_k"),
    }
    reader.check()
    return {name: value for name, value in settings.items() if value is not None}


def updated_endpoint(endpoint: StoredEndpoint, parts: UpdateParts, version: Version) -> StoredEndpoint:
    """Return the endpoint after an `_update` (`TransportUpdateInferenceModelAction`). Raises ApiError.

    An update replaces all task settings. Before 9.4, the server reads the key first and ignores other
    `service_settings`. In 9.4 or later, it reads the key last.
    """
    if parts.chunking_settings is not None:
        raise unknown_settings({"chunking_settings": parts.chunking_settings}, version)
    service = SettingsReader(parts.service_settings, "service_settings")
    task = SettingsReader(parts.task_settings, "task_settings")
    changed = endpoint
    if parts.service_settings and version.updates_rate_limit:
        changed = _with_rate_limit(changed, service, version)
    elif parts.service_settings:
        changed = _with_secret(changed, service, version)
    if parts.task_settings:
        changed = replace(changed, task_settings=read_task_settings(task, max_tokens_required=True))
    if parts.service_settings and version.updates_rate_limit:
        changed = _with_secret(changed, service, version)
    if version.checks_names_on_update:
        service.check_nothing_left(version)
        task.check_nothing_left(version)
    return changed


def _with_rate_limit(endpoint: StoredEndpoint, reader: SettingsReader, version: Version) -> StoredEndpoint:
    if version.parses_service_settings:
        limit = parse_updated(reader.left, default=DEFAULT_REQUESTS_PER_MINUTE)
        reader.left.pop("rate_limit", None)
    else:
        limit = read_rate_limit(reader, version, "anthropic")
        reader.check()
    if limit is None:
        return endpoint
    held = {**endpoint.service_settings, "rate_limit": {"requests_per_minute": limit}}
    return replace(endpoint, service_settings=held)


def _with_secret(endpoint: StoredEndpoint, reader: SettingsReader, version: Version) -> StoredEndpoint:
    secret = _secret(reader, required=version.needs_key_on_update)
    return replace(endpoint, secrets={"api_key": secret or endpoint.secret})


def persisted_problem(endpoint: StoredEndpoint, version: Version) -> ApiError | None:
    """Return the error for a stored endpoint that the server cannot read, None if it can.

    8.16 and 8.17 store `top_k` under the name `top_p`, and its value is not a double. Derived: `toXContent` also
    writes the stored document, and `fromPersistedMap` is as strict as for a request.
    """
    settings = endpoint.task_settings
    if not version.prints_top_k_as_top_p or "top_k" not in settings or "top_p" in settings:
        return None
    return bad_request(wrong_type("top_p", settings["top_k"], "Double"))


def stores_twice(endpoint: StoredEndpoint, version: Version) -> bool:
    """Return whether the stored document has the name `top_p` twice, so that no index accepts it. Derived, as above."""
    return version.prints_top_k_as_top_p and {"top_p", "top_k"}.issubset(endpoint.task_settings)
