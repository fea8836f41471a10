# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random declarations of every service: check mode predicts each run, which ends in sync or fails with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import nest
from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES, services
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting
from tests.simulator import Simulator
from tests.unit.simulator.service_bodies import LEAST, SECRETS
from tests.unit.support import Run, find_leaks, run_module

SECRET = "sk-of-every-service"

ACCOUNT = {"project_id": "p", "private_key": SECRET}

#: Values that a server may accept, and some that it rejects.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.sampled_from(["a", "https://x.example", "float", "END", "search", "EU", ""]),
    "int": st.sampled_from([1, 2, 250, 0, "3", -1]),
    "float": st.sampled_from([0.5, 1, "0.25"]),
    "bool": st.sampled_from([True, False, "false"]),
    "list": st.sampled_from([["a"], [["k", "v"]], []]),
    "dict": st.sampled_from([{"a": "b"}, {"X.Y": "z"}, {}]),
    "json": st.just(ACCOUNT),
}


def value_of(row: Setting) -> st.SearchStrategy[Any]:
    if row.secret:
        return {"str": st.just(SECRET), "dict": st.just({"key": SECRET})}.get(row.type, VALUES[row.type])
    return st.sampled_from(row.choices) if row.choices else VALUES[row.type]


@st.composite
def declarations(draw: st.DrawFn, service: str, task_type: str) -> dict[str, Any]:
    """Return the settings that a create requires, some other settings of the service, and sometimes an unknown one."""
    rows = {row.path: row for row in services(service).settings}
    chosen = draw(st.lists(st.sampled_from(sorted(rows)), max_size=4, unique=True)) if rows else []
    values = {path: draw(value_of(rows[path])) for path in chosen}
    if draw(st.integers(0, 5)) == 0:
        values["service_settings.unheard_of"] = draw(st.sampled_from(["x", 1, {"y": True}]))
    groups = nest(values)
    least = LEAST[service, task_type]
    secrets = {name: ACCOUNT if name == "service_account_json" else SECRET for name in least if name in SECRETS}
    groups["service_settings"] = {**least, **secrets, **groups.get("service_settings", {})}
    return {"service": service, "task_type": task_type, **groups}


CASES = [(service, task_type) for service, task_type in LEAST if service in SERVICES or service == "acme"]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(CASES), st.sampled_from(["9.3", "9.4", "9.6"]), st.booleans())
@pytest.mark.usefixtures("_nothing_from_outside")
def test_declaration_ends_in_sync_or_fails_with_a_named_setting(
    data: st.DataObject, case: tuple[str, str], version: str, allow_recreate: bool
) -> None:
    first, second = (data.draw(declarations(*case)) for _time in range(2))
    with Simulator(version=version) as server:
        for declared in (first, second):
            before = server.endpoints.get("one")
            predicted = run(server, declared, check=True, allow_recreate=allow_recreate)
            assert server.endpoints.get("one") == before
            done = run(server, declared, allow_recreate=allow_recreate)
            if done.failed:
                # Only the server can detect some errors.
                assert predicted.failed or "_settings." in done["msg"] or "PUT " in done["msg"], done["msg"]
                continue
            assert not predicted.failed, predicted["msg"]
            assert (predicted["changed"], predicted["action"]) == (done["changed"], done["action"])
            again = run(server, declared, check=True, allow_recreate=allow_recreate)
            assert (again["changed"], again["action"]) == (False, "none"), again["changes"]


def run(server: Simulator, declared: dict[str, Any], *, check: bool = False, **options: Any) -> Run:
    common = {"elasticsearch_url": server.url, "retries": 0, "inference_id": "one", "duplicate_model": "allow"}
    found = run_module("endpoint", {**common, **declared, **options}, check=check, diff=True)
    assert find_leaks(found.output, [SECRET]) == []
    assert "This is a bug" not in found.output
    return found
