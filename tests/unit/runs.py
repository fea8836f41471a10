# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs with the endpoint of the documentation, their requests, and the stored endpoints."""

from __future__ import annotations

from typing import Any

from tests.simulator import Simulator
from tests.unit.support import (
    DELETE,
    DOCUMENTED,
    ID,
    REFERENCES,
    TRIAL_REMOVAL,
    Run,
    create_request,
    endpoint,
    trial_request,
)


def recreation(version: str = "9.6") -> list[str]:
    """Return the requests that re-create the endpoint, without the first reads."""
    return [*REFERENCES, trial_request(version), DELETE, create_request(version=version), TRIAL_REMOVAL]


RECREATE = recreation()


def declared(server: Simulator, **options: Any) -> Run:
    """Run the module with the documented declaration and these options."""
    return endpoint(server, **{**DOCUMENTED, "duplicate_model": "allow", **options})


def held(server: Simulator) -> dict[str, Any] | None:
    """Return the stored endpoint in the format in which modules return it."""
    endpoint = server.endpoints.get(ID)
    if endpoint is None:
        return None
    groups = {"service_settings": endpoint.service_settings, "task_settings": endpoint.task_settings}
    return {"inference_id": ID, "task_type": endpoint.task_type, "service": endpoint.service, **groups}


def trials(server: Simulator) -> list[str]:
    """Return the IDs of the stored temporary endpoints."""
    return [name for name in server.endpoints if name.endswith("-ansible-preflight")]
