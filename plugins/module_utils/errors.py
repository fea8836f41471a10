# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can keep a request from being answered as it should: one class for each case that is treated in its own way.

Private to the collection.
"""

from __future__ import annotations

from typing import Any


class ClientError(Exception):
    """What kept a request from being answered as it should. Its texts hold no secret.

    :ivar ambiguous: whether the server may have carried the request out all the same.
    :ivar retried: whether the request had been sent before, so that its first try may have succeeded.
    """

    ambiguous = False

    def __init__(
        self,
        problem: str,
        method: str,
        path: str,
        hint: str = "",
        status: int | None = None,
        error_type: str | None = None,
        reason: str | None = None,
        retried: bool = False,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.method = method
        self.path = path
        self.hint = hint
        self.status = status
        self.error_type = error_type
        self.reason = reason
        self.retried = retried

    def __str__(self) -> str:
        text = f"{self.method} {self.path}: {self.problem}"
        return f"{text}{'' if text.endswith('.') else '.'} Hint: {self.hint}" if self.hint else text

    @property
    def failure(self) -> dict[str, Any]:
        """What a playbook can test: C(status), C(type), C(reason), C(method), C(path)."""
        return {
            "status": self.status,
            "type": self.error_type,
            "reason": self.reason or self.problem,
            "method": self.method,
            "path": self.path,
        }


class Unreachable(ClientError):
    """No node took the connection: nothing was sent."""


class TlsFailed(ClientError):
    """The TLS handshake or its verification failed: nothing was sent."""


class ConnectionLost(ClientError):
    """The connection ended, or the time ran out, before the whole answer was there."""

    ambiguous = True


class TimedOut(ConnectionLost):
    """The server did not answer in time, and may still be at work."""


class UnreadableAnswer(ClientError):
    """The answer is not what Elasticsearch sends: HTML of a proxy, JSON that is cut off."""

    ambiguous = True


class Redirected(ClientError):
    """The answer points elsewhere. Redirects are not followed: a redirected PUT turns into a GET."""


class ApiError(ClientError):
    """Elasticsearch answered with an error status."""

    @property
    def ambiguous(self) -> bool:  # type: ignore[override]
        """A 5xx may come from something in front that gave up while the server went on."""
        return self.status is not None and self.status >= 500
