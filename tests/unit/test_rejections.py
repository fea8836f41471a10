# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch over rejected requests finds them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from tests.simulator import Fault, Simulator
from tests.unit.rejections import Watch
from tests.unit.support import DOCUMENTED, ID, endpoint, seed


@pytest.mark.parametrize("clear", [False, True])
def test_unknown_query_parameter_is_caught(monkeypatch: pytest.MonkeyPatch, clear: bool) -> None:
    request = Client.request

    def with_parameter(client: Client, method: str, path: str, params: Any = None, *more: Any, **options: Any) -> Any:
        params = {"unknown": "true"} if path == "/_inference/_all" else params
        return request(client, method, path, params, *more, **options)

    monkeypatch.setattr(Client, "request", with_parameter)
    with Watch().over_all_servers() as watch, Simulator() as server:
        assert endpoint(server, **DOCUMENTED)["action"] == "created"
        if clear:
            server.clear_log()
    assert "GET /_inference/_all?unknown=true: 400" in watch.rejected


def test_missing_endpoint_and_ordered_fault_are_no_rejections() -> None:
    with Watch().over_all_servers() as watch, Simulator() as server:
        assert endpoint(server, state="absent")["changed"] is False
        seed(server)
        server.faults.add(Fault("status", status=500))
        assert endpoint(server, state="absent").failed
        assert [exchange.status for exchange in server.log] == [404, 500]
        assert ID in server.endpoints
    assert watch.rejected == []
