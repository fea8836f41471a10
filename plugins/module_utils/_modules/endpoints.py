# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(endpoints). Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._services.catalog import services
from .any_service import (
    Declaration,
    any_body_options,
    any_endpoint_options,
    describe_errors,
    find_any_secrets,
    merge_service_defaults,
    parse_declaration,
)
from .endpoint_options import validate_list
from .lists import list_options, reconcile_list, validate_list_options
from .policy_options import policy_options, validate_policy
from .raw_options import find_invalid_options
from .runner import Context, run


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "endpoints": {"type": "list", "elements": "dict", "required": True, "options": any_endpoint_options()},
        "defaults": {"type": "dict"},
        "purge_services": {"type": "list", "elements": "str"},
        **list_options(),
        **policy_options(),
    }


class EndpointList:
    """The declared endpoints of a run. They are parsed once, during validation."""

    def __init__(self) -> None:
        self._declarations: list[Declaration] = []

    def check(self, params: Mapping[str, Any]) -> list[str]:
        """Return validation errors that the argument spec cannot express."""
        wrong = _validate_defaults(params["defaults"] or {})
        if not wrong:
            self._declarations = _parse_list(params)
            ids = [declaration.declared["inference_id"] for declaration in self._declarations]
            wrong = validate_list(
                ids, [declaration.validate(params["update_secrets"]) for declaration in self._declarations]
            )
        return wrong + validate_policy(params) + validate_list_options(params)

    def work(self, context: Context) -> dict[str, Any]:
        """Reconcile the endpoints and return the module result."""
        for declaration in self._declarations:
            context.warnings.extend(declaration.warnings)
        return reconcile_list(context, services, [declaration.desired for declaration in self._declarations])


def _validate_defaults(defaults: Mapping[str, Any]) -> list[str]:
    """Return validation errors for the defaults of services."""
    options_of_one = {"type": "dict", "options": any_body_options()}
    return describe_errors(list(find_invalid_options(dict.fromkeys(defaults, options_of_one), defaults, "defaults.")))


def _parse_list(params: Mapping[str, Any]) -> list[Declaration]:
    defaults = params["defaults"] or {}
    return [parse_declaration(merge_service_defaults(defaults, endpoint)) for endpoint in params["endpoints"]]


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    return EndpointList().check(params)


def main() -> None:
    """Run the module."""
    endpoints = EndpointList()
    run(options(), endpoints.check, endpoints.work, secrets=find_any_secrets)
