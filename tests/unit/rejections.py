# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch for requests that simulated servers reject unexpectedly."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from unittest import mock

from tests.simulator import Exchange, Simulator

#: GET requests for an endpoint or a deployment, which return 404 if it does not exist.
_READ = re.compile(r"/_inference/(?!_)[^/?]+|/_ml/trained_models/[^/?]+/_stats")


class Watch:
    """A record of all requests to simulated servers, including those that a test clears from their logs."""

    def __init__(self) -> None:
        self._servers: list[Simulator] = []
        self._cleared: list[Exchange] = []

    @contextlib.contextmanager
    def watch_all_servers(self) -> Iterator[Watch]:
        """Watch every server that starts from now on."""
        start, clear = Simulator.start, Simulator.clear_log

        def watched_start(server: Simulator) -> None:
            self._servers.append(server)
            start(server)

        def watched_clear(server: Simulator) -> None:
            self._cleared += server.log
            clear(server)

        with (
            mock.patch.object(Simulator, "start", watched_start),
            mock.patch.object(Simulator, "clear_log", watched_clear),
        ):
            yield self

    @property
    def rejected(self) -> list[str]:
        """Requests that a server rejected without a simulated fault and not because the endpoint does not exist."""
        exchanges = [*self._cleared, *(exchange for server in self._servers for exchange in server.log)]
        return [f"{one.method} {one.path}: {one.status}" for one in exchanges if _is_rejected(one)]


def _is_rejected(exchange: Exchange) -> bool:
    if exchange.status is None or exchange.status < 400 or exchange.fault:
        return False
    is_missing = exchange.method == "GET" and exchange.status == 404
    return not (is_missing and _READ.fullmatch(exchange.path))
