# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill matrix: the module's process is killed before each request of a recreate, and the next run converges."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.matrix.conftest import Count
from tests.unit.support import DOCUMENTED, ID, KEY, MODEL, endpoint, seed

ROOT = Path(__file__).parents[3]

#: A recreate that every version needs, and one that only old ones do.
RECREATES: dict[str, dict[str, Any]] = {
    "another model": {"service_settings": {"api_key": KEY, "model_id": "other"}},
    "another rate limit": {
        "service_settings": {"api_key": KEY, "model_id": MODEL, "rate_limit": {"requests_per_minute": 7}}
    },
}


@pytest.mark.parametrize(
    ("version", "recreate"),
    [("8.16", "another rate limit"), ("9.3", "another rate limit"), ("9.6", "another model")],
)
def test_killed_before_every_request(version: str, recreate: str, count: Count) -> None:
    with Simulator(version=version) as server:
        options = {**DOCUMENTED, **RECREATES[recreate], "allow_recreate": True, "duplicate_model": "allow"}
        seed(server)
        requests = _requests(server, options)
        assert requests[-1].startswith("PUT")
        for number in range(1, len(requests) + 1):
            server.clear_endpoints()
            seed(server)
            server.clear_log()
            assert _killed(server, number, options) == -signal.SIGKILL
            assert server.requests == requests[: number - 1]
            run = endpoint(server, **options)
            assert not run.failed, run["msg"]
            assert run["action"] == ("created" if number == len(requests) else "recreated")
            settings = options["service_settings"]
            expected = {"rate_limit": {"requests_per_minute": 50}, **settings}
            assert server.endpoints[ID].service_settings == {k: v for k, v in expected.items() if k != "api_key"}
            assert server.endpoints[ID].secret == KEY
            assert [name for name in server.endpoints if not name.startswith(".")] == [ID]
            assert endpoint(server, **options)["changed"] is False
            count("runs that were killed")


def _requests(server: Simulator, options: dict[str, Any]) -> list[str]:
    """The requests of the recreate, with nobody killed."""
    server.clear_log()
    assert endpoint(server, **options)["action"] == "recreated"
    return server.requests


def _killed(server: Simulator, number: int, options: dict[str, Any]) -> int:
    """Runs the module in a process of its own, and returns what that ended with."""
    options = {"elasticsearch_url": server.url, "inference_id": ID, **options}
    command = [sys.executable, "-m", "tests.unit.matrix.killed", str(number)]
    process = subprocess.run(
        command, input=json.dumps(options), cwd=ROOT, text=True, capture_output=True, check=False, timeout=60
    )
    return process.returncode
