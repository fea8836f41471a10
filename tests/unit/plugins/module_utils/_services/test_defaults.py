# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that the catalog and the simulator, which are written separately, have the same default values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._services import catalog
from tests.simulator.services import SERVICES, Service
from tests.simulator.services.rows import Setting

LIMIT = "service_settings.rate_limit.requests_per_minute"


def filled_in(settings: Sequence[Setting], task_type: str, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the settings that a create fills in, with their values."""
    for setting in settings:
        path, default = f"{prefix}.{setting.name}", setting.default(task_type)
        value = setting.measured if default is None else default
        if not setting.serves(task_type):
            continue
        if setting.fields:
            yield from filled_in(setting.fields, task_type, path)
        elif value not in (None, {}):
            yield path, value.upper() if setting.shown == "upper" else value


@pytest.mark.parametrize(
    ("service", "task_type"),
    [
        pytest.param(service, task_type, id=f"{service.name}-{task_type}")
        for service in SERVICES.values()
        for task_type in service.tasks
        if service.name in catalog.SERVICES
    ],
)
def test_simulator_and_catalog_have_the_same_defaults(service: Service, task_type: str) -> None:
    """The catalog has no values for defaults that depend on the model."""
    rows = [row for row in catalog.SERVICES[service.name].settings if task_type in (row.task_types or [task_type])]
    simulated = {
        **dict(filled_in(service.of(task_type), task_type, "service_settings")),
        **dict(filled_in(service.task_settings_of(task_type), task_type, "task_settings")),
        LIMIT: service.default_limit(task_type),
    }
    computed = {row.path for row in rows if row.computed}

    assert {path: value for path, value in simulated.items() if value is not None and path not in computed} == {
        row.path: row.default for row in rows if row.default is not None
    }
