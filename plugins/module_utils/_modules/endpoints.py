# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(endpoints). Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._services.catalog import services
from .any_service import (
    Reading,
    any_body_options,
    any_endpoint_options,
    any_secrets,
    read,
    sentences,
    with_service_defaults,
)
from .endpoint_options import list_problems
from .lists import list_option_problems, list_options, reconcile_list
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


class Declarations:
    """The declared endpoints of a run. They are parsed once, during validation."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []

    def check(self, params: Mapping[str, Any]) -> list[str]:
        """Return validation errors that the argument spec cannot express."""
        wrong = _default_problems(params["defaults"] or {})
        if not wrong:
            self._readings = _read(params)
            ids = [reading.declared["inference_id"] for reading in self._readings]
            wrong = list_problems(ids, [reading.problems(params["update_secrets"]) for reading in self._readings])
        return wrong + policy_problems(params) + list_option_problems(params)

    def work(self, context: Context) -> dict[str, Any]:
        """Reconcile the endpoints and return the module result."""
        for reading in self._readings:
            context.warnings.extend(reading.warnings)
        return reconcile_list(context, services, [reading.desired for reading in self._readings])


def _default_problems(defaults: Mapping[str, Any]) -> list[str]:
    """Return validation errors for the defaults of services."""
    options_of_one = {"type": "dict", "options": any_body_options()}
    return sentences(list(misfits(dict.fromkeys(defaults, options_of_one), defaults, "defaults.")))


def _read(params: Mapping[str, Any]) -> list[Reading]:
    defaults = params["defaults"] or {}
    return [read(with_service_defaults(defaults, endpoint)) for endpoint in params["endpoints"]]


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    return Declarations().check(params)


def main() -> None:
    """Run the module."""
    declarations = Declarations()
    run(options(), declarations.check, declarations.work, secrets=any_secrets)
