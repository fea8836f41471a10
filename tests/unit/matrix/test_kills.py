# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill matrix: the process of the module is killed before each of its requests, and the next run recovers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import Simulator, StoredEndpoint
from tests.unit.matrix.conftest import Count
from tests.unit.support import FORMER_KEY, ID, KEY, MODEL, Run, endpoint, endpoints

ROOT = Path(__file__).parents[3]

ONLY_KEY = {"api_key": KEY}
#: The runs to kill. Each declaration omits settings of the endpoint.
RUNS: dict[str, dict[str, Any]] = {
    "another model": {"service_settings": {**ONLY_KEY, "model_id": "other"}, "allow_recreate": True},
    "another rate limit": {
        "service_settings": {**ONLY_KEY, "rate_limit": {"requests_per_minute": 9}},
        "allow_recreate": True,
    },
    "another key": {"service_settings": ONLY_KEY, "update_secrets": "always"},
}
TRIAL = f"{ID}-ansible-preflight"


@pytest.fixture(scope="module")
def killer() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.unit.matrix.killed"]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


@pytest.mark.parametrize(
    ("version", "what", "next_run"),
    [
        ("8.16", "another rate limit", "single"),
        ("9.3", "another rate limit", "single"),
        ("9.3", "another key", "single"),
        ("9.3", "another key", "list"),
        ("9.6", "another model", "single"),
        ("9.6", "another model", "list"),
        ("9.6", "another key", "single"),
    ],
)
def test_next_run_recovers_from_a_kill_before_any_request(
    version: str, what: str, next_run: str, killer: subprocess.Popen[str], count: Count
) -> None:
    """The next run has the same declaration. It keeps all undeclared settings and cleans up."""
    with Simulator(version=version) as server:
        options = {**RUNS[what], "duplicate_model": "allow"}
        requests, expected = _run_completely(server, options)
        for number in range(1, len(requests) + 1):
            _prepare(server)
            assert _killed(killer, server, number, options) == -signal.SIGKILL
            assert server.requests == requests[: number - 1]
            where = f"killed before {requests[number - 1]}"
            assert _works(server), where
            run = _next_run(server, next_run, options)
            assert not run.failed, f"{where}: {run['msg']}"
            assert _held(server) == expected, where
            if TRIAL in server.endpoints:
                # A run for a single endpoint that changes nothing reads only this endpoint. A run for a list reads all.
                assert (next_run, run["changed"]) == ("single", False), where
                _next_run(server, "list", options)
            assert [name for name in server.endpoints if not name.startswith(".")] == [ID], where
            count(f"kills of a run that wants {what}, and 0 settings lost")


def _prepare(server: Simulator) -> None:
    server.clear_endpoints()
    server.seed(
        ID,
        service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 7}},
        task_settings={"max_tokens": 5, "temperature": 0.5, "top_p": 0.9},
        secret=FORMER_KEY,
    )
    server.clear_log()


def _run_completely(server: Simulator, options: dict[str, Any]) -> tuple[list[str], StoredEndpoint]:
    """Return the requests of a complete run, and the endpoint after it."""
    _prepare(server)
    assert endpoint(server, **options)["changed"] is True
    return server.requests, _held(server)


def _held(server: Simulator) -> StoredEndpoint:
    return server.endpoints[ID]


def _works(server: Simulator) -> bool:
    """Return whether the endpoint or its copy exists, each with one of the two keys."""
    names = [name for name in (ID, TRIAL) if name in server.endpoints]
    return bool(names) and all(server.endpoints[name].secret in (FORMER_KEY, KEY) for name in names)


def _next_run(server: Simulator, kind: str, options: dict[str, Any]) -> Run:
    if kind == "single":
        return endpoint(server, **options)
    policy = {name: value for name, value in options.items() if name != "service_settings"}
    declared = {"inference_id": ID, "service_settings": options["service_settings"]}
    return endpoints(server, endpoints=[declared], **policy)


def _killed(killer: subprocess.Popen[str], server: Simulator, number: int, options: dict[str, Any]) -> int:
    """Run the module in a separate process, and return its exit code."""
    assert killer.stdin
    assert killer.stdout
    killer.stdin.write(json.dumps([number, {"elasticsearch_url": server.url, "inference_id": ID, **options}]) + "\n")
    killer.stdin.flush()
    return int(killer.stdout.readline())
