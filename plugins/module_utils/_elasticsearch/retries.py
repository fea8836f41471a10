# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retry rules: retryable errors, pauses between attempts, and the time budget of a task.

C(urllib3) retries lost connections and statuses. C(send_with_retries) retries errors that are only recognizable by the
body of the response. Private to the collection.
"""

from __future__ import annotations

import http.client
import random
import time
from typing import Any, Callable, TypeVar

from .errors import RETRYABLE_STATUSES, ApiError

try:
    import urllib3
    from urllib3.util.retry import Retry
except ImportError:
    # Only needed to define the class below. The client does not start without urllib3.
    Retry = object  # type: ignore[assignment,misc]

_Response = TypeVar("_Response")

#: Maximum number of seconds to wait because of C(Retry-After).
MAX_RETRY_AFTER = 60.0

#: Statuses after which a PUT or a DELETE was certainly not executed.
_NOT_EXECUTED_STATUSES = frozenset((429, 503))

#: The same for a POST. A 429 can come from a provider that executed the request, which only the body shows.
_NOT_EXECUTED_POST_STATUSES = _NOT_EXECUTED_STATUSES - {429}

#: Idempotent methods. A POST can incur costs each time it is sent.
_IDEMPOTENT_METHODS = frozenset(("GET", "PUT", "DELETE"))


def should_try_next_node(method: str, status: int) -> bool:
    """Return whether to send the request to the next node immediately after a response with this status."""
    if method == "GET":
        return status in RETRYABLE_STATUSES
    return status in (_NOT_EXECUTED_POST_STATUSES if method == "POST" else _NOT_EXECUTED_STATUSES)


class RetryBudget:
    """Time budget for retries, shared by all requests of a task.

    :ivar remaining: remaining seconds for pauses. A request that exceeds its timeout consumes all of them.
    :ivar retry_count: number of retries.
    :ivar last_reason: reason of the last retry.
    """

    def __init__(self, seconds: float) -> None:
        self.remaining = seconds
        self.retry_count = 0
        self.last_reason = ""

    def consume(self, seconds: float) -> float:
        """Subtract seconds from the budget, and return how many of them were available."""
        consumed = min(seconds, max(self.remaining, 0.0))
        self.remaining -= seconds
        return consumed

    def count_retry(self, reason: str) -> None:
        """Count a retry."""
        self.retry_count += 1
        self.last_reason = reason

    def pause(self, seconds: float) -> None:
        """Sleep for a random part of these seconds, within the budget."""
        # The jitter prevents many tasks from retrying at the same time after the same error.
        time.sleep(self.consume(seconds * random.uniform(0.5, 1)))

    def wait(self, seconds: float, reason: str) -> bool:
        """Pause before a retry and return true, or return false if the budget is exhausted."""
        if self.remaining <= 0:
            return False
        self.pause(seconds)
        self.count_retry(reason)
        return True


class BudgetedRetry(Retry):
    """A C(Retry) with jitter and a maximum for C(Retry-After), which stops when the budget of the task is exhausted."""

    budget: RetryBudget

    def new(self, **changes: Any) -> BudgetedRetry:
        next_retry = super().new(**changes)
        next_retry.budget = self.budget
        return next_retry

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            return min(super().parse_retry_after(retry_after), MAX_RETRY_AFTER)
        except urllib3.exceptions.InvalidHeader:
            return 0.0

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if method in _IDEMPOTENT_METHODS:
            return super().is_retry(method, status_code, has_retry_after)
        return status_code in _NOT_EXECUTED_POST_STATUSES

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        seconds = self.get_retry_after(response) if response is not None else None
        if seconds:
            time.sleep(self.budget.consume(seconds))
        else:
            self.budget.pause(self.get_backoff_time())

    def increment(self, *args: Any, **kwargs: Any) -> BudgetedRetry:
        kwargs["error"] = _unwrap_proxy_error(kwargs.get("error"))
        error, response = kwargs["error"], kwargs.get("response")
        try:
            next_retry = super().increment(*args, **kwargs)
            if isinstance(error, urllib3.exceptions.ReadTimeoutError):
                self.budget.consume(self.budget.remaining)
            if self.budget.remaining <= 0:
                reason = error or urllib3.exceptions.ResponseError("the time for retries is used up")
                raise urllib3.exceptions.MaxRetryError(kwargs["_pool"], args[1], reason)
        except urllib3.exceptions.MaxRetryError as exhausted:
            # The diagnosis uses the history to find out whether an earlier attempt reached the server.
            exhausted.history = self.history  # type: ignore[attr-defined]
            raise
        self.budget.count_retry(f"status {response.status}" if response is not None else type(error).__name__)
        return next_retry


def make_retry(retries: int, budget: RetryBudget) -> BudgetedRetry:
    """Return the retry rule for urllib3.

    :param retries: maximum number of retries.
    """
    retry = BudgetedRetry(
        total=retries,
        redirect=0,
        other=0,
        status_forcelist=RETRYABLE_STATUSES,
        # Only used after a lost connection. C(is_retry) decides about statuses.
        allowed_methods=_IDEMPOTENT_METHODS,
        backoff_factor=1,
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    retry.budget = budget
    return retry


def _unwrap_proxy_error(error: Exception | None) -> Exception | None:
    """Return the error of a lost connection without the C(ProxyError) around it.

    urllib3 reports that the proxy cannot be reached, although the proxy may have forwarded the request.
    """
    cause = error.original_error if isinstance(error, urllib3.exceptions.ProxyError) else None
    if isinstance(cause, (ConnectionError, http.client.HTTPException)):
        return urllib3.exceptions.ProtocolError("Connection aborted.", cause)
    return error


def send_with_retries(send: Callable[[bool], _Response], retries: int, budget: RetryBudget) -> _Response:
    """Send a request, and retry it after temporary errors with growing pauses.

    The status does not identify these errors. Elasticsearch reports a temporary error of the provider with status 400.
    Status 429 can mean that the provider did not respond in time, although it may have executed the request.

    :param send: receives whether the request was sent before.
    :raises ClientError: the last error.
    """
    for attempt in range(retries + 1):
        start = time.monotonic()
        try:
            return send(attempt > 0)
        except ApiError as error:
            # The time of the attempt counts, because the server may have waited for the provider.
            budget.consume(time.monotonic() - start)
            if attempt == retries or not _is_retryable(error) or not budget.wait(2.0**attempt, _retry_reason(error)):
                raise
    raise AssertionError("The last attempt returns or raises.")


def _is_retryable(error: ApiError) -> bool:
    """Return whether a retry can succeed and incurs no additional costs."""
    if error.method == "POST":
        return error.status == 429 and not error.is_provider_timeout
    return error.is_temporary


def _retry_reason(error: ApiError) -> str:
    """Return the reason of a retry as a part of a sentence."""
    if error.provider_status is not None:
        return f"status {error.provider_status} from the provider"
    if error.is_busy:
        return "an update in progress"
    return f"status {error.status}" if error.status == 429 else "a temporary error of the provider"
