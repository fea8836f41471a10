# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(endpoint_info). Private to the collection."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Mapping, Sequence

from .._elasticsearch.errors import ApiError
from .._inference.api import Inference
from .._inference.endpoint import Endpoint
from .._services.anthropic import SERVICE
from .fingerprint_options import build_fingerprints, fingerprint_options, validate_fingerprint_options
from .runner import Context, run
from .selection import is_built_in, is_pattern, read_endpoints, validate_selection

#: Services whose settings have to be normalized, because some versions return them under a wrong name.
_SERVICES = {SERVICE.name: SERVICE}


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "inference_id": {"type": "list", "elements": "str"},
        "task_type": {"type": "str"},
        "service": {"type": "str"},
        "references": {"type": "bool", "default": False},
        "fingerprints": {"type": "bool", "default": False, "no_log": False},
        **fingerprint_options(),
    }


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    wrong = validate_selection(params, "omit inference_id")
    return wrong + (validate_fingerprint_options(params) if params["fingerprints"] else [])


def work(context: Context) -> dict[str, Any]:
    """Return the endpoints that the options select."""
    selected = [endpoint for endpoint in _read(context) if _is_selected(endpoint, context.params)]
    endpoints = sorted(map(_normalize, selected), key=lambda endpoint: endpoint.inference_id)
    result: dict[str, Any] = {"changed": False}
    if context.params["references"]:
        references = _references(
            context.api, [endpoint for endpoint in endpoints if not is_built_in(endpoint.inference_id)]
        )
        endpoints = [one for one in endpoints if is_built_in(one.inference_id) or one.inference_id in references]
        result["references"] = references
    if context.params["fingerprints"]:
        result["fingerprints"] = _last_sent(context, endpoints)
    result["endpoints"] = [endpoint.as_dict() for endpoint in endpoints]
    return result


def _read(context: Context) -> Sequence[Endpoint]:
    """Read the candidates for the selection, and add a warning for each that cannot be read.

    :raises ClientError: if no endpoint can be read.
    """
    entries = context.params["inference_id"] or []
    ids = [] if any(map(is_pattern, entries)) else entries
    reading = read_endpoints(context.api, ids, context.params["task_type"])
    if reading.error:
        raise reading.error
    context.warnings.extend(reading.warnings)
    return reading.endpoints


def _is_selected(endpoint: Endpoint, params: Mapping[str, Any]) -> bool:
    patterns = params["inference_id"]
    return (
        (patterns is None or any(fnmatchcase(endpoint.inference_id, pattern) for pattern in patterns))
        and params["task_type"] in (None, endpoint.task_type)
        and params["service"] in (None, endpoint.service)
    )


def _normalize(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with normalized settings."""
    service = _SERVICES.get(endpoint.service)
    return endpoint._replace(settings=service.normalize(endpoint.settings)) if service else endpoint


def _references(api: Inference, endpoints: Sequence[Endpoint]) -> dict[str, dict[str, list[str]]]:
    """Return the references to each endpoint by ID. Skip endpoints that were deleted in the meantime."""
    references = {}
    for endpoint in endpoints:
        try:
            found = api.references(endpoint.task_type, endpoint.inference_id)
        except ApiError as error:
            if not error.is_not_found:
                raise
        else:
            references[endpoint.inference_id] = {"pipelines": sorted(found.pipelines), "indexes": sorted(found.indexes)}
    return references


def _last_sent(context: Context, endpoints: Sequence[Endpoint]) -> dict[str, dict[str, str]]:
    """Return by ID when the secrets of each endpoint were last sent, if known."""
    # Imported lazily, since few runs need the catalog.
    from .._services.catalog import services  # noqa: PLC0415

    fingerprints = build_fingerprints(context, services, context.api.server)
    own = [endpoint for endpoint in endpoints if not is_built_in(endpoint.inference_id)]
    fingerprints.read(endpoint.inference_id for endpoint in own)
    found = {endpoint.inference_id: fingerprints.last_sent(endpoint) for endpoint in own}
    return {inference_id: last for inference_id, last in found.items() if last}


def main() -> None:
    """Run the module."""
    run(options(), check, work)
