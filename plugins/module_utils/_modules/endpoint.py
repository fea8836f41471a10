# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(endpoint). Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._services.catalog import services
from .any_service import any_endpoint_options, find_any_secrets, parse_declaration
from .policy_options import build_reconciler, policy_options, validate_policy
from .results import endpoint_result
from .runner import Context, run


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {**any_endpoint_options(), **policy_options()}


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    return parse_declaration(params).validate(params["update_secrets"]) + validate_policy(params)


def work(context: Context) -> dict[str, Any]:
    """Reconcile the endpoint and return the module result."""
    declaration = parse_declaration(context.params)
    context.warnings.extend(declaration.warnings)
    outcome = build_reconciler(context, services).reconcile(declaration.desired)
    return endpoint_result(outcome, context.diff_mode)


def main() -> None:
    """Run the module."""
    run(options(), check, work, secrets=find_any_secrets)
