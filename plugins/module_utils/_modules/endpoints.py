# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconcile a list of endpoints of any services. Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._services.catalog import services
from .any_service import (
    Reading,
    any_body_options,
    any_endpoint_options,
    any_secrets,
    read,
    with_service_defaults,
)
from .endpoint_options import list_problems
from .lists import list_option_problems, list_options, reconcile_list
from .option_errors import validation_errors
from .policy_options import policy_options, policy_problems
from .raw_options import misfits
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


def check(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options beyond their types."""
    wrong = _default_problems(params["defaults"] or {})
    if not wrong:
        readings = _read(params)
        ids = [reading.declared["inference_id"] for reading in readings]
        wrong = list_problems(ids, [reading.problems(params["update_secrets"]) for reading in readings])
    return wrong + policy_problems(params) + list_option_problems(params)


def _default_problems(defaults: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the defaults of services, as options."""
    options_of_one = {"type": "dict", "options": any_body_options()}
    return validation_errors(misfits(dict.fromkeys(defaults, options_of_one), defaults, "defaults."))


def work(context: Context) -> dict[str, Any]:
    """Reconcile the endpoints, and return the result."""
    readings = _read(context.params)
    for reading in readings:
        context.warnings.extend(reading.warnings)
    return reconcile_list(context, services, [reading.desired for reading in readings])


def _read(params: Mapping[str, Any]) -> list[Reading]:
    defaults = params["defaults"] or {}
    return [read(with_service_defaults(defaults, endpoint)) for endpoint in params["endpoints"]]


def main() -> None:
    """Run the module."""
    run(options(), check, work, secrets=any_secrets)
