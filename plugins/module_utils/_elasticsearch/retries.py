# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests are sent again, when, and how often: statuses, pauses, and what a task may lose to them.

C(urllib3) retries lost connections and statuses; C(send_with_retries) retries errors that only a body tells.
Private to the collection.
"""

from __future__ import annotations

import http.client
import random
import time
from typing import Any, Callable, TypeVar

from .errors import PASSING_STATUSES, ApiError

try:
    import urllib3
    from urllib3.util.retry import Retry
except ImportError:
    # The client does not start without urllib3. This only lets the class below be defined.
    Retry = object  # type: ignore[assignment,misc]

_Response = TypeVar("_Response")

#: The most seconds that C(Retry-After) makes a request wait.
LONGEST_PAUSE = 60.0

#: Passing statuses of a PUT or a DELETE after which nothing was done.
_UNDONE_STATUSES = frozenset((429, 503))

#: Those of a POST. A 429 may come from the provider, and only the body says whether it did its work.
_UNDONE_POSTS = _UNDONE_STATUSES - {429}

#: Methods that do no more when they are carried out twice. A POST asks for work that may cost money each time.
_REPEATABLE = frozenset(("GET", "PUT", "DELETE"))


def goes_to_another_node(method: str, status: int) -> bool:
    """Return whether another node is tried at once after a response with this status."""
    if method == "GET":
        return status in PASSING_STATUSES
    return status in (_UNDONE_POSTS if method == "POST" else _UNDONE_STATUSES)


class Patience:
    """What a task may lose to requests that are sent again. All its requests share it.

    :ivar left: seconds, for pauses. A try that ran into the timeout takes all that is left.
    :ivar resent: how often a request was sent again.
    :ivar reason: why, the last time.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.resent = 0
        self.reason = ""

    def spend(self, seconds: float) -> float:
        """Take seconds away, and return how many of them there were."""
        spent = min(seconds, max(self.left, 0.0))
        self.left -= seconds
        return spent

    def sent_again(self, reason: str) -> None:
        """Count a request that is sent again."""
        self.resent += 1
        self.reason = reason

    def pause(self, seconds: float) -> None:
        """Sleep for a part of these seconds, as far as they are left."""
        # Jitter, so that many tasks that met the same fault do not come back at the same time.
        time.sleep(self.spend(seconds * random.uniform(0.5, 1)))

    def wait(self, seconds: float, reason: str) -> bool:
        """Pause before a request is sent again, or return False if there is no time left for that."""
        if self.left <= 0:
            return False
        self.pause(seconds)
        self.sent_again(reason)
        return True


class PatientRetry(Retry):
    """A Retry with jitter, whose C(Retry-After) has a maximum, and which ends with the patience of the task."""

    patience: Patience

    def new(self, **changes: Any) -> PatientRetry:
        following = super().new(**changes)
        following.patience = self.patience
        return following

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            return min(super().parse_retry_after(retry_after), LONGEST_PAUSE)
        except urllib3.exceptions.InvalidHeader:
            return 0.0

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if method in _REPEATABLE:
            return super().is_retry(method, status_code, has_retry_after)
        return status_code in _UNDONE_POSTS

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        seconds = self.get_retry_after(response) if response is not None else None
        if seconds:
            time.sleep(self.patience.spend(seconds))
        else:
            self.patience.pause(self.get_backoff_time())

    def increment(self, *args: Any, **kwargs: Any) -> PatientRetry:
        kwargs["error"] = _without_proxy(kwargs.get("error"))
        error, response = kwargs["error"], kwargs.get("response")
        try:
            following = super().increment(*args, **kwargs)
            if isinstance(error, urllib3.exceptions.ReadTimeoutError):
                self.patience.spend(self.patience.left)
            if self.patience.left <= 0:
                reason = error or urllib3.exceptions.ResponseError("the time for retries is used up")
                raise urllib3.exceptions.MaxRetryError(kwargs["_pool"], args[1], reason)
        except urllib3.exceptions.MaxRetryError as given_up:
            # So that a diagnosis can tell whether an earlier try got as far as the server.
            given_up.history = self.history  # type: ignore[attr-defined]
            raise
        self.patience.sent_again(f"status {response.status}" if response is not None else type(error).__name__)
        return following


def make_retry(retries: int, patience: Patience) -> PatientRetry:
    """Return the rule by which urllib3 sends a request again.

    :param retries: how often, at most.
    """
    retry = PatientRetry(
        total=retries,
        redirect=0,
        other=0,
        status_forcelist=PASSING_STATUSES,
        # After a lost connection, that is; about statuses C(is_retry) decides.
        allowed_methods=_REPEATABLE,
        backoff_factor=1,
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    retry.patience = patience
    return retry


def _without_proxy(error: Exception | None) -> Exception | None:
    """Return the error of a connection that was lost, whether through a proxy or not.

    urllib3 reports it as a proxy that cannot be reached, although the request may have been sent.
    """
    cause = error.original_error if isinstance(error, urllib3.exceptions.ProxyError) else None
    if isinstance(cause, (ConnectionError, http.client.HTTPException)):
        return urllib3.exceptions.ProtocolError("Connection aborted.", cause)
    return error


def send_with_retries(send: Callable[[bool], _Response], retries: int, patience: Patience) -> _Response:
    """Send a request, and retry it after errors that pass by themselves, with growing pauses.

    The status does not tell these: a temporary fault of the provider is a 400, and a provider that did not respond in
    time can be a 429, although it may have done its work.

    :param send: takes whether the request was sent before.
    :raises ClientError: the last error.
    """
    for attempt in range(retries + 1):
        start = time.monotonic()
        try:
            return send(attempt > 0)
        except ApiError as error:
            # The server may have waited long for the provider.
            patience.spend(time.monotonic() - start)
            if attempt == retries or not _passes(error) or not patience.wait(2.0**attempt, _why(error)):
                raise
    raise AssertionError("The last attempt returns or raises.")


def _passes(error: ApiError) -> bool:
    """Return whether the same request may succeed later, and costs nothing more then."""
    if error.method == "POST":
        return error.status == 429 and not error.is_provider_timeout
    return error.is_passing


def _why(error: ApiError) -> str:
    """Return why a request is sent again, as part of a sentence."""
    if error.provider_status is not None:
        return f"status {error.provider_status} from the provider"
    if error.is_busy:
        return "an update in progress"
    return f"status {error.status}" if error.status == 429 else "a temporary error of the provider"
