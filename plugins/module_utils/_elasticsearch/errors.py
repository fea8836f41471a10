# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions for failed requests, one class for each case that callers handle differently.

Private to the collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence, TypeVar

if TYPE_CHECKING:
    from .causes import Cause

_Error = TypeVar("_Error", bound="ClientError")

#: Statuses of temporary errors, after which a request can be retried (`elasticsearch.md`, "Load and faults").
RETRYABLE_STATUSES = frozenset((429, 502, 503, 504))


class ClientError(Exception):
    """Base class for failed requests. An instance is immutable, and its messages do not contain secrets.

    :ivar problem: description of the error, as a sentence or the start of one.
    :ivar path: the path and the query string.
    :ivar hint: advice on how to fix the problem, or an empty string.
    :ivar status: the status of the response, or None.
    :ivar error_type: the type that Elasticsearch reports, such as C(security_exception).
    :ivar reason: the message that Elasticsearch reports.
    :ivar retried: whether the request was sent before, so that the first attempt may have succeeded.
    :ivar causes: the type, if any, and the reason of each error that led to this one.
    :ivar cause: the classified cause.
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

    def replace(self: _Error, **changes: Any) -> _Error:
        """Return a copy with other messages. Its C(cause) does not change.

        :param changes: new values of C(problem), C(hint) or C(reason).
        """
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, **changes)
        other.args = (other.problem,)
        return other

    def _classify(self) -> Cause:
        # Imported lazily, because most runs do not fail.
        from .causes import classify  # noqa: PLC0415

        message = self.reason or self.problem
        return classify(self.method, self.path, self.status, self.error_type, message, self.causes)

    @property
    def sent(self) -> bool:
        """Return whether a server may have received the request."""
        return True

    @property
    def ambiguous(self) -> bool:
        """Return whether the server may have executed the request despite the error."""
        return False

    @property
    def failure(self) -> dict[str, Any]:
        """Return the details for playbooks: C(status), C(type), C(reason), C(method) and C(path)."""
        return {
            "status": self.status,
            "type": self.error_type,
            "reason": self.reason or self.problem,
            "method": self.method,
            "path": self.path,
        }

    @property
    def provider_status(self) -> int | None:
        """Return the status of the provider's response, or None if the provider did not cause the error."""
        return self.cause.provider_status

    @property
    def provider_reason(self) -> str:
        """Return the message of the provider, or an empty string."""
        return self.cause.provider_reason

    @property
    def is_provider_timeout(self) -> bool:
        """Return whether Elasticsearch stopped waiting for the provider."""
        return self.cause.is_provider_timeout

    @property
    def is_temporary_provider_error(self) -> bool:
        """Return whether the request to the provider failed with a temporary error."""
        return self.cause.is_temporary_provider_error

    @property
    def is_fatal(self) -> bool:
        """Return whether all other requests would fail, too."""
        return not self.sent or self.status == 401

    @property
    def is_temporary(self) -> bool:
        """Return whether the error is temporary although its status does not show it."""
        return self.is_busy or self.is_temporary_provider_error

    @property
    def is_busy(self) -> bool:
        """Return whether another update of the endpoint is in progress. This is temporary; C(force) does not help."""
        return self.cause.is_busy

    @property
    def is_referenced(self) -> bool:
        """Return whether the endpoint was not deleted because pipelines or indices use it."""
        return self.cause.is_referenced

    @property
    def is_not_found(self) -> bool:
        """Return whether the requested object does not exist. Any other 404 proves nothing."""
        return self.cause.is_not_found

    @property
    def already_exists(self) -> bool:
        """Return whether a create failed because the ID already exists."""
        return self.cause.already_exists

    @property
    def is_unknown_request(self) -> bool:
        """Return whether this version does not support the request. Such an error is a plain string without a type."""
        return False

    @property
    def is_unreadable_state(self) -> bool:
        """Return whether Elasticsearch cannot read the stored endpoint."""
        return self.cause.is_unreadable_state

    @property
    def rejected_settings(self) -> tuple[str, ...] | None:
        """Return the settings that the error names as the reason of a rejected write, or None for any other reason."""
        return self.cause.rejected_settings

    @property
    def is_allocating(self) -> bool:
        """Return whether Elasticsearch stopped waiting for the deployment of a model in the cluster."""
        return self.cause.is_allocating

    @property
    def may_be_about_one_endpoint(self) -> bool:
        """Return whether a list request may have failed because of one endpoint, so that others can be read.

        If Elasticsearch cannot parse one endpoint, it returns an error for the list (elastic/elasticsearch#158218).
        """
        return self.is_unreadable_state


class _Unsent(ClientError):
    """Base class for requests that were not sent."""

    @property
    def sent(self) -> bool:
        return False


class Unreachable(_Unsent):
    """A request that was not sent, because no node accepted the connection."""


class TlsFailed(_Unsent):
    """A request that was not sent, because the TLS handshake or its verification failed."""


class ConnectionLost(ClientError):
    """A request whose connection or time ended before the response was complete."""

    @property
    def ambiguous(self) -> bool:
        return True


class TimedOut(ConnectionLost):
    """A request without a response in time. The server may still execute it."""


class UnreadableResponse(ClientError):
    """A response that does not come from Elasticsearch, such as an HTML page of a proxy, or that is incomplete."""

    @property
    def ambiguous(self) -> bool:
        """Return false for a 4xx status, because a proxy rejected the request before it reached the server."""
        return self.status is None or not 400 <= self.status < 500

    @property
    def may_be_about_one_endpoint(self) -> bool:
        return self.is_unreadable_state or self.status == 200


class Redirected(ClientError):
    """A redirect. Redirects are not followed, because a redirected PUT becomes a GET."""


class ApiError(ClientError):
    """An error that Elasticsearch reports."""

    def __init__(self, *args: Any, causes: Sequence[tuple[str | None, str]] = (), **more: Any) -> None:
        # Set first, because the classification of the error uses them.
        self.causes = tuple(causes)
        super().__init__(*args, **more)

    @property
    def is_unknown_request(self) -> bool:
        return self.status == 400 and self.error_type is None

    @property
    def ambiguous(self) -> bool:
        """Return true for a 5xx status, because a proxy may have stopped waiting while the server continued."""
        return self.status is not None and self.status >= 500

    @property
    def may_be_about_one_endpoint(self) -> bool:
        return self.is_unreadable_state or (self.ambiguous and self.status not in RETRYABLE_STATUSES)


class Refused(Exception):
    """A declared change that the module does not make or cannot complete. The message contains the reason and a hint.

    :param status: the status of the server's error for the same change, if there is one.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self._status = status

    @property
    def failure(self) -> dict[str, Any]:
        return {"status": self._status, "type": None, "reason": str(self), "method": None, "path": None}
