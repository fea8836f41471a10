# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of requests: one class for each case that is treated in its own way.

Private to the collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence, TypeVar

if TYPE_CHECKING:
    from .causes import Cause

_Error = TypeVar("_Error", bound="ClientError")

#: Statuses that pass by themselves (`elasticsearch.md`, "Load and faults"): the request may be sent again.
PASSING_STATUSES = frozenset((429, 502, 503, 504))


class ClientError(Exception):
    """A request failed. The error is complete when it is built, and does not change. Its texts hold no secret.

    :ivar problem: what happened, as a sentence or the beginning of one.
    :ivar path: the path and the query.
    :ivar hint: what to do about it; empty if there is nothing to add.
    :ivar status: that of the response, if there is one.
    :ivar error_type: how Elasticsearch names the error, as in C(security_exception).
    :ivar reason: the words of Elasticsearch.
    :ivar retried: whether the request had been sent before, so that its first try may have succeeded.
    :ivar causes: the type, if there is one, and the reason of each error that led to this one.
    :ivar cause: what the response reports, classified.
    """

    causes: tuple[tuple[str | None, str], ...] = ()

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
        self.cause = self._classify()

    def __str__(self) -> str:
        text = f"{self.method} {self.path}: {self.problem}"
        return f"{text}{'' if text.endswith(('.', ';')) else '.'} Hint: {self.hint}" if self.hint else text

    def but(self: _Error, **changes: Any) -> _Error:
        """Return a new error for a layer that knows more: the same one, with other texts. Its C(cause) is the same.

        :param changes: C(problem), C(hint) and C(reason), as the constructor takes them.
        """
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, **changes)
        other.args = (other.problem,)
        return other

    def _classify(self) -> Cause:
        # A run without a failure does not wait for this import.
        from .causes import classify  # noqa: PLC0415

        said = self.reason or self.problem
        return classify(self.method, self.path, self.status, self.error_type, said, self.causes)

    @property
    def sent(self) -> bool:
        """Whether a server may have received the request."""
        return True

    @property
    def ambiguous(self) -> bool:
        """Whether the server may have carried the request out all the same."""
        return False

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

    @property
    def provider_status(self) -> int | None:
        """The status of the provider's response inside of this one; None if the provider did not cause it."""
        return self.cause.provider_status

    @property
    def provider_reason(self) -> str:
        """The provider's own words; empty if there are none."""
        return self.cause.provider_reason

    @property
    def is_provider_timeout(self) -> bool:
        """Whether Elasticsearch gave up waiting for the provider."""
        return self.cause.is_provider_timeout

    @property
    def is_provider_passing(self) -> bool:
        """Whether the provider could not be asked for a reason that passes by itself."""
        return self.cause.is_provider_passing

    @property
    def ends_everything(self) -> bool:
        """Whether any other request would fail as well."""
        return not self.sent or self.status == 401

    @property
    def is_passing(self) -> bool:
        """Whether the same request can succeed later, although the status does not say so."""
        return self.is_busy or self.is_provider_passing

    @property
    def is_busy(self) -> bool:
        """Whether another update of the endpoint is in progress. This passes; C(force) does not help."""
        return self.cause.is_busy

    @property
    def is_referenced(self) -> bool:
        """Whether the endpoint was not deleted because pipelines or indices use it."""
        return self.cause.is_referenced

    @property
    def is_not_found(self) -> bool:
        """Whether Elasticsearch reports that what was asked for does not exist. Any other 404 proves nothing."""
        return self.cause.is_not_found

    @property
    def already_exists(self) -> bool:
        """Whether a create was refused because the ID is taken."""
        return self.cause.already_exists

    @property
    def is_unknown_request(self) -> bool:
        """Whether no handler of this version knows the request: the error is a plain string, without a type."""
        return False

    @property
    def is_unreadable_state(self) -> bool:
        """Whether Elasticsearch cannot read the endpoint that it stores."""
        return self.cause.is_unreadable_state

    @property
    def rejected_settings(self) -> tuple[str, ...] | None:
        """The names of settings that a write was rejected for, as far as it names them; None for another reason."""
        return self.cause.rejected_settings

    @property
    def is_allocating(self) -> bool:
        """Whether the server stopped waiting for a model to be allocated in the cluster."""
        return self.cause.is_allocating

    @property
    def may_be_about_one_endpoint(self) -> bool:
        """Whether a list may have failed because of a single endpoint, so that others can be read.

        Elasticsearch returns an error if it stores one that it cannot parse (elastic/elasticsearch#158218).
        """
        return self.is_unreadable_state


class _Unsent(ClientError):
    """Nothing was sent."""

    @property
    def sent(self) -> bool:
        return False


class Unreachable(_Unsent):
    """No node accepted the connection: nothing was sent."""


class TlsFailed(_Unsent):
    """The TLS handshake or its verification failed: nothing was sent."""


class ConnectionLost(ClientError):
    """The connection ended, or the time ran out, before the whole response was there."""

    @property
    def ambiguous(self) -> bool:
        return True


class TimedOut(ConnectionLost):
    """The server did not respond in time, and may still be at work."""


class UnreadableAnswer(ClientError):
    """The response is not what Elasticsearch sends: HTML of a proxy, JSON that is cut off."""

    @property
    def ambiguous(self) -> bool:
        """With a 4xx, something refused the request before it reached the server."""
        return self.status is None or not 400 <= self.status < 500

    @property
    def may_be_about_one_endpoint(self) -> bool:
        return self.is_unreadable_state or self.status == 200


class Redirected(ClientError):
    """The response points elsewhere. Redirects are not followed: a redirected PUT turns into a GET."""


class ApiError(ClientError):
    """Elasticsearch responded with an error status."""

    def __init__(self, *args: Any, causes: Sequence[tuple[str | None, str]] = (), **more: Any) -> None:
        # First, since the error is classified by them, too.
        self.causes = tuple(causes)
        super().__init__(*args, **more)

    @property
    def is_unknown_request(self) -> bool:
        return self.status == 400 and self.error_type is None

    @property
    def ambiguous(self) -> bool:
        """A 5xx may come from a proxy that gave up while the server went on."""
        return self.status is not None and self.status >= 500

    @property
    def may_be_about_one_endpoint(self) -> bool:
        return self.is_unreadable_state or (self.ambiguous and self.status not in PASSING_STATUSES)


class Refused(Exception):
    """What is declared is not done, or was not reached. The text says why, and what to do.

    :param status: the status with which the server refuses the same, if it does.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self._status = status

    @property
    def failure(self) -> dict[str, Any]:
        return {"status": self._status, "type": None, "reason": str(self), "method": None, "path": None}
