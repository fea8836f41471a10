# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(endpoint). Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._services.catalog import services
from .any_service import any_endpoint_options, any_secrets, read
from .policy_options import policy_options, policy_problems, reconciler_of
from .results import endpoint_result
from .runner import Context, run


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {**any_endpoint_options(), **policy_options()}


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    return read(params).problems(params["update_secrets"]) + policy_problems(params)


def work(context: Context) -> dict[str, Any]:
    """Reconcile the endpoint and return the module result."""
    reading = read(context.params)
    context.warnings.extend(reading.warnings)
    outcome = reconciler_of(context, services).one(reading.desired)
    return endpoint_result(outcome, context.diff_mode)


def main() -> None:
    """Run the module."""
    run(options(), check, work, secrets=any_secrets)
