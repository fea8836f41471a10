# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrived and what was answered, for tests to read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from . import jsontext
from .messages import Request


@dataclass(frozen=True)
class Exchange:
    """One request, and the status it was answered with (None: no answer was sent).

    `fault`: whether a fault that a test ordered hit it.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int | None
    fault: bool = False


class Journal:
    """The exchanges in the order in which the requests arrived. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: dict[int, Exchange] = {}
        self._arrived = 0
        self._working = 0
        self._most = 0

    def arrive(self, request: Request) -> int:
        """Note a request; the number returned is for `leave`."""
        exchange = Exchange(request.method, request.target, request.headers, _json_or_none(request), None)
        with self._lock:
            self._arrived += 1
            self._exchanges[self._arrived] = exchange
            self._working += 1
            self._most = max(self._most, self._working)
            return self._arrived

    def leave(self, number: int, status: int | None, *, fault: bool = False) -> None:
        """Note that a request is done with, its status if an answer goes out, and whether a fault hit it."""
        with self._lock:
            self._working -= 1
            if number in self._exchanges:
                self._exchanges[number] = replace(self._exchanges[number], status=status, fault=fault)

    def clear(self) -> None:
        """Forget what arrived so far."""
        with self._lock:
            self._exchanges.clear()

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything since the last `clear`."""
        with self._lock:
            return list(self._exchanges.values())

    @property
    def at_work(self) -> int:
        """How many requests are in work now."""
        with self._lock:
            return self._working

    @property
    def most_at_once(self) -> int:
        """The highest number of requests that were in work at the same time."""
        with self._lock:
            return self._most


def _json_or_none(request: Request) -> Any:
    try:
        return jsontext.parse(request.content) if request.content else None
    except jsontext.JsonError:
        return None
