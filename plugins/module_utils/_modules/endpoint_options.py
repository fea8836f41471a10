# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint options, derived from the rows of a service: argument spec, validation, and desired state.

Private to the collection.
"""

from __future__ import annotations

import re
from typing import Any, Mapping, Sequence

from .._elasticsearch.text import join_few
from .._inference.endpoint import SETTINGS_GROUPS
from .._reconcile.declaration import ABSENT, ON_CREATE, PRESENT, Desired
from .._services.service import Service

#: The rule of Elasticsearch (`elasticsearch.md`, "An endpoint").
_INFERENCE_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?")


def endpoint_options(service: Service) -> dict[str, Any]:
    """Return the argument spec of one endpoint: ID, state, and the request body, nested as in the API."""
    return {
        "inference_id": {"type": "str", "required": True},
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        **body_options(service),
    }


def body_options(service: Service) -> dict[str, Any]:
    """Return the part of the argument spec that is also valid in defaults."""
    return {
        "task_type": {"type": "str", "choices": list(service.task_types)},
        "service": {"type": "str", "choices": [service.name], "default": service.name},
        **service.options(),
    }


def build_desired(service: Service, declared: Mapping[str, Any]) -> Desired:
    """Return the desired state of an endpoint from its options."""
    settings = declared_settings(service, declared)
    secrets = {path: settings[path] for path in service.secrets if path in settings}
    return Desired(
        inference_id=declared["inference_id"],
        state=declared["state"],
        task_type=declared["task_type"],
        settings={path: value for path, value in settings.items() if path not in secrets},
        secrets=secrets,
        service=service.name,
    )


def declared_settings(service: Service, declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings in the options of one endpoint by dotted path, normalized by the service."""
    groups = {group: declared[group] for group in SETTINGS_GROUPS if declared.get(group) is not None}
    return service.normalize(service.flatten(groups))


def merge_defaults(defaults: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a declaration recursively into defaults. Values of None are not set."""
    merged = dict(defaults)
    for name, value in declared.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = merge_defaults(merged[name], value)
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


def validate_endpoint(service: Service, declared: Mapping[str, Any], update_secrets: str) -> list[str]:
    """Return all validation errors for the options of one endpoint."""
    return validate_id(declared["inference_id"]) + validate_settings(service, declared, update_secrets)


def validate_settings(service: Service, declared: Mapping[str, Any], update_secrets: str) -> list[str]:
    """Return validation errors for the settings of one endpoint.

    The rules are those of Elastic's documentation and of `elasticsearch.md`, "An endpoint".
    Settings that only a create needs are checked later, before the create.
    """
    settings = declared_settings(service, declared)
    found = service.validate(settings)
    lacks_secrets = service.secrets and not any(path in settings for path in service.secrets)
    if update_secrets != ON_CREATE and declared["state"] == PRESENT and lacks_secrets:
        found.append(f"{service.named_credentials} is required if update_secrets={update_secrets}.")
    return found


def find_warnings(service: Service, declared: Mapping[str, Any]) -> list[str]:
    """Return warnings about valid settings that the documentation advises against."""
    return [f"{declared['inference_id']}: {advice}" for advice in service.advise(declared_settings(service, declared))]


def validate_list(inference_ids: Sequence[str], errors: Sequence[Sequence[str]]) -> list[str]:
    """Return validation errors for a list of endpoints. Report an error that several endpoints share only once.

    :param errors: the validation errors of each endpoint.
    """
    places: dict[str, list[str]] = {}
    ids: dict[str, list[str]] = {}
    for number, (name, found_there) in enumerate(zip(inference_ids, errors)):
        place = f"endpoints[{number}]"
        ids.setdefault(name, []).append(place)
        for problem in found_there:
            places.setdefault(problem, []).append(place)
    found = [f"{join_few(where)}: {problem}" for problem, where in places.items()]
    twice = [
        f"inference_id {inference_id} appears more than once in the list: {join_few(where)}."
        for inference_id, where in ids.items()
        if len(where) > 1
    ]
    return found + twice


def validate_id(inference_id: str) -> list[str]:
    """Return validation errors for the ID of an endpoint."""
    if inference_id.startswith("."):
        return [f"inference_id {inference_id} is not valid: IDs that start with a dot are reserved for Elasticsearch."]
    if not _INFERENCE_ID.fullmatch(inference_id):
        characters = "use only the lowercase letters a-z, digits, hyphens, underscores, and dots"
        ends = "start and end with a letter or digit"
        return [f"inference_id {inference_id!r} is not valid. Hint: {characters}, and {ends}."]
    return []
