# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(anthropic_endpoints). Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._services.anthropic import SERVICE, services
from .endpoint_options import (
    body_options,
    build_desired,
    endpoint_options,
    find_warnings,
    merge_defaults,
    validate_endpoint,
    validate_list,
)
from .lists import list_options, reconcile_list, validate_list_options
from .policy_options import policy_options, validate_policy
from .runner import Context, run


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "endpoints": {"type": "list", "elements": "dict", "required": True, "options": endpoint_options(SERVICE)},
        "defaults": {"type": "dict", "options": body_options(SERVICE)},
        **list_options(),
        **policy_options(),
    }


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    declared, update_secrets = _declared(params), params["update_secrets"]
    ids = [endpoint["inference_id"] for endpoint in declared]
    wrong = validate_list(ids, [validate_endpoint(SERVICE, endpoint, update_secrets) for endpoint in declared])
    return wrong + validate_policy(params) + validate_list_options(params)


def work(context: Context) -> dict[str, Any]:
    """Reconcile the endpoints and return the module result."""
    endpoints = _declared(context.params)
    for endpoint in endpoints:
        context.warnings.extend(find_warnings(SERVICE, endpoint))
    return reconcile_list(
        context, services, [build_desired(SERVICE, endpoint) for endpoint in endpoints], [SERVICE.name]
    )


def _declared(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [merge_defaults(params["defaults"] or {}, endpoint) for endpoint in params["endpoints"]]


def main() -> None:
    """Run the module."""
    run(options(), check, work)
