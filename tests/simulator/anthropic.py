# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the settings of the `anthropic` service for creates, updates and runs (`AnthropicService`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .errors import ApiError, bad_request
from .jsontext import java_text
from .settings import SettingsReader, unknown_settings, wrong_type
from .store import DEFAULT_REQUESTS_PER_MINUTE, StoredEndpoint
from .strict_parser import parse_created, parse_updated
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
    return StoredEndpoint(inference_id, task_type, "anthropic", service_settings, task_settings, secret=secret or "")


def _created_service_settings(reader: SettingsReader, version: Version) -> dict[str, Any]:
    url: str | None = None
    if version.parses_service_settings:
        model_id, url, limit = parse_created(reader.left)
        reader.left = {name: value for name, value in reader.left.items() if name == "api_key"}
    else:
        text = reader.text("model_id", required=True)
        limit = _rate_limit(reader, version)
        reader.check()
        model_id = text or ""
    settings: dict[str, Any] = {"model_id": model_id}
    if url is not None:
        settings["url"] = url
    settings["rate_limit"] = {"requests_per_minute": limit or DEFAULT_REQUESTS_PER_MINUTE}
    return settings


def _rate_limit(reader: SettingsReader, version: Version) -> int | None:
    """Return the rate limit as versions before 9.6 read it (`RateLimitSettings.of`). Raises ApiError.

    Derived: an update in 9.4 rejects unknown names, as a create does.
    """
    limit = SettingsReader(reader.map("rate_limit") or {}, "rate_limit")
    requests_per_minute = limit.positive_long("requests_per_minute")
    reader.problems += limit.problems
    if limit.left and version.minor >= (9, 5):
        reader.problems.append(f"Rate limit settings contain unknown entries [{java_text(limit.left)}]")
    elif limit.left:
        raise bad_request(
            f"{version.configuration_word} contains unknown settings [{java_text(limit.left)}] "
            "while parsing field [rate_limit] for settings [anthropic]"
        )
    return requests_per_minute


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


@dataclass(frozen=True)
class UpdateParts:
    """The parts of an `_update` body."""

    task_type: object
    service_settings: dict[str, Any]
    task_settings: dict[str, Any]


def update_parts(body: dict[str, Any], version: Version) -> UpdateParts:
    """Split the body of an `_update` into its parts (`UpdateInferenceModelAction`). Raises ApiError."""
    if not body:
        raise bad_request("Request body is empty")
    left = dict(body)
    task_type = left.get("task_type")
    if "task_type" in left and not isinstance(task_type, str):
        status = 400 if version.allows_null_on_update else 500
        reason = f"Failed to parse [task_type] in update request [{java_text(left)}]"
        raise ApiError(status, "status_exception", reason)
    left.pop("task_type", None)
    service_settings, task_settings = (
        _update_part(left, name, version) for name in ("service_settings", "task_settings")
    )
    chunking = left.pop("chunking_settings", None) if version.updates_chunking_settings else None
    if left:
        raise bad_request(
            f"Request contained fields which cannot be updated, remove these fields and try again [{java_text(left)}]"
        )
    if chunking is not None:
        raise unknown_settings({"chunking_settings": chunking}, version)
    return UpdateParts(task_type, service_settings, task_settings)


def _update_part(left: dict[str, Any], name: str, version: Version) -> dict[str, Any]:
    part = left.get(name, {})
    if not isinstance(part, dict):
        readable = f"[{name}]" if version.allows_null_on_update else name.replace("_", " ")
        raise bad_request(f"Unable to parse {readable} in the request [{java_text(left)}]")
    if None in part.values() and not version.allows_null_on_update:
        raise ApiError(500, "status_exception", f"Failed to parse update request [{java_text(left)}]")
    left.pop(name, None)
    return part


def updated_endpoint(endpoint: StoredEndpoint, parts: UpdateParts, version: Version) -> StoredEndpoint:
    """Return the endpoint after an `_update` (`TransportUpdateInferenceModelAction`). Raises ApiError.

    An update replaces all task settings. Before 9.4, the server reads the key first and ignores other
    `service_settings`. In 9.4 or later, it reads the key last.
    """
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
        limit = _rate_limit(reader, version)
        reader.check()
    if limit is None:
        return endpoint
    held = {**endpoint.service_settings, "rate_limit": {"requests_per_minute": limit}}
    return replace(endpoint, service_settings=held)


def _with_secret(endpoint: StoredEndpoint, reader: SettingsReader, version: Version) -> StoredEndpoint:
    secret = _secret(reader, required=version.needs_key_on_update)
    return replace(endpoint, secret=secret or endpoint.secret)


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
