# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters whose responses differ from those of the simulator, and the environment variables for a cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from requests.auth import HTTPBasicAuth

from tests.contract.cluster import Cluster
from tests.contract.connection import Answer, Connection, Secrets
from tests.contract.simulated import PASSWORD, SimulatedSurroundings, security
from tests.contract.surroundings import unissued_key
from tests.contract.versions import ServerVersion
from tests.simulator import Simulator

#: The command of `make contract`, without plugins that start slowly.
ROWS_COMMAND = (
    *(sys.executable, "-m", "pytest", "tests/contract/rows"),
    *("--quiet", "--no-header", "--tb=no", "-rN", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"),
)
UNEXPECTED_ERROR = (400, {"error": {"type": "unexpected_exception", "reason": "Something else"}, "status": 400})
UNEXPECTED_SUCCESS = (200, {"unexpected": True})


class LyingConnection(Connection):
    """A connection that replaces one response: an error by a success, or a success by an error of another server."""

    lie_at: int | None = None
    count = 0

    def send(self, method: str, path: str, body: Any = None, **others: Any) -> Answer:
        """Send the request, and replace its response if it is the selected one."""
        answer = super().send(method, path, body, **others)
        self.count += 1
        if self.count - 1 != self.lie_at:
            return answer
        status, lie = UNEXPECTED_ERROR if answer.status == 200 else UNEXPECTED_SUCCESS
        return Answer(answer.request, status, {}, json.dumps(lie), self.secrets)


@contextmanager
def lying_cluster(version: str) -> Iterator[tuple[Cluster, LyingConnection]]:
    """Start a simulator with a connection that can replace a response."""
    rejected_key = unissued_key()
    with Simulator(version=version, security=security(), refused_keys=[rejected_key]) as simulator:
        administrator = HTTPBasicAuth("administrator", PASSWORD)
        connection = LyingConnection(simulator.url, administrator, secrets=Secrets(PASSWORD))
        surroundings = SimulatedSurroundings(simulator, rejected_key)
        with closing(Cluster(connection, ServerVersion.parse(version), surroundings)) as cluster:
            yield cluster, connection


def environment_of(simulator: Simulator, user: HTTPBasicAuth | None = None, /, **more: str) -> Mapping[str, str]:
    """Return the environment variables that make the suite use a simulator like a real cluster."""
    user = user or HTTPBasicAuth("administrator", PASSWORD)
    variables = {"URL": simulator.url, "USERNAME": str(user.username), "PASSWORD": str(user.password)}
    return {**{f"ELASTICSEARCH_{name}": value for name, value in variables.items()}, **more}
