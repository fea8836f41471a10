# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs about the endpoint of the documentation, what they ask for, and what the server holds."""

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
    """The requests that delete and create the endpoint again, after the reads."""
    return [*REFERENCES, trial_request(version), DELETE, create_request(version=version), TRIAL_REMOVAL]


RECREATE = recreation()


def declared(server: Simulator, **options: Any) -> Run:
    """Run with the declaration of the documentation, unless options say otherwise."""
    return endpoint(server, **{**DOCUMENTED, "duplicate_model": "allow", **options})


def held(server: Simulator) -> dict[str, Any] | None:
    """The endpoint as the server holds it, in the form in which modules return it."""
    endpoint = server.endpoints.get(ID)
    if endpoint is None:
        return None
    groups = {"service_settings": endpoint.service_settings, "task_settings": endpoint.task_settings}
    return {"inference_id": ID, "task_type": endpoint.task_type, "service": endpoint.service, **groups}


def trials(server: Simulator) -> list[str]:
    """The temporary endpoints that the server holds."""
    return [name for name in server.endpoints if name.endswith("-ansible-preflight")]
