# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of requests and responses, for tests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from . import jsontext
from .messages import Request


@dataclass(frozen=True)
class Exchange:
    """A request with the status of its response, or None if no response was sent.

    `fault`: whether an injected fault affected it.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int | None
    fault: bool = False


class Journal:
    """The exchanges in the order of arrival of the requests. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: dict[int, Exchange] = {}
        self._arrived = 0
        self._working = 0
        self._most = 0

    def arrive(self, request: Request) -> int:
        """Record a request, and return its number for `leave`."""
        exchange = Exchange(request.method, request.target, request.headers, _json_or_none(request), None)
        with self._lock:
            self._arrived += 1
            self._exchanges[self._arrived] = exchange
            self._working += 1
            self._most = max(self._most, self._working)
            return self._arrived

    def leave(self, number: int, status: int | None, *, fault: bool = False) -> None:
        """Record the end of a request: the status of its response, if one is sent, and whether a fault affected it."""
        with self._lock:
            self._working -= 1
            if number in self._exchanges:
                self._exchanges[number] = replace(self._exchanges[number], status=status, fault=fault)

    def clear(self) -> None:
        """Clear the log."""
        with self._lock:
            self._exchanges.clear()

    @property
    def exchanges(self) -> list[Exchange]:
        """Return all exchanges since the last `clear`."""
        with self._lock:
            return list(self._exchanges.values())

    @property
    def at_work(self) -> int:
        """Return the number of requests in progress."""
        with self._lock:
            return self._working

    @property
    def most_at_once(self) -> int:
        """Return the maximum number of concurrent requests."""
        with self._lock:
            return self._most


def _json_or_none(request: Request) -> Any:
    try:
        return jsontext.parse(request.content) if request.content else None
    except jsontext.JsonError:
        return None
