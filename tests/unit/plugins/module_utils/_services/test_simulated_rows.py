# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that the catalog and the simulator, which are written separately, agree on default values and limits."""

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


def limits(settings: Sequence[Setting], task_type: str, prefix: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the settings with limits, with their lowest and highest values."""
    for setting in settings:
        path = f"{prefix}.{setting.name}"
        lowest = 1 if setting.kind == "positive" else setting.low
        if setting.serves(task_type) and setting.fields:
            yield from limits(setting.fields, task_type, path)
        elif setting.serves(task_type) and (lowest, setting.high) != (None, None):
            yield path, (lowest, setting.high)


each_task_type = pytest.mark.parametrize(
    ("service", "task_type"),
    [
        pytest.param(service, task_type, id=f"{service.name}-{task_type}")
        for service in SERVICES.values()
        for task_type in service.tasks
        if service.name in catalog.SERVICES
    ],
)


@each_task_type
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


@each_task_type
def test_simulator_and_catalog_have_the_same_limits(service: Service, task_type: str) -> None:
    """The catalog leaves the limits of most task settings to the server."""
    rows = {
        row.path: row for row in catalog.SERVICES[service.name].settings if task_type in (row.task_types or [task_type])
    }
    simulated = {
        **dict(limits(service.of(task_type), task_type, "service_settings")),
        **dict(limits(service.task_settings_of(task_type), task_type, "task_settings")),
    }
    for path, expected in simulated.items():
        row = rows.get(path)
        if row and (path.startswith("service_settings.") or row.minimum is not None):
            assert (row.minimum, row.maximum) == expected, path
