# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulate the server's calls to providers, and report each failure as the server does.

Sources: `AnthropicResponseHandler`, `BaseResponseHandler`, `TimedListener` (earlier: `RequestTask`), `ActionUtils`,
`RetryingHttpSender` and `SimpleServiceIntegrationValidator`.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import ApiError, Cause, bad_request
from .versions import Version

UNSUCCESSFUL = "Received an unsuccessful status code"
SERVER_ERROR = "Received a server error status code"
# The server adds headers of Anthropic's response (`buildRateLimitErrorMessage`).
RATE_LIMIT = (
    "Received a rate limit status code. Token limit [unknown], remaining tokens [unknown], tokens reset [unknown]. "
    "Request limit [50], remaining requests [0], request reset [2026-01-01T00:01:00Z]. Retry after [60]"
)
#: For each status, the words of the server and the usual message of Anthropic. Gateways send no message.
REFUSALS: dict[int, tuple[str, str | None]] = {
    400: (UNSUCCESSFUL, "invalid_request_error"),
    401: ("Received an authentication error status code", "invalid x-api-key"),
    403: (
        "Received a permission denied error status code",
        "Your API key does not have permission to use the specified resource.",
    ),
    404: (UNSUCCESSFUL, "model: {model_id}"),
    413: (UNSUCCESSFUL, "Request exceeds the maximum size"),
    429: (RATE_LIMIT, "Number of requests has exceeded your rate limit"),
    500: (SERVER_ERROR, "Internal server error"),
    502: (SERVER_ERROR, None),
    503: (SERVER_ERROR, None),
    504: (SERVER_ERROR, None),
    529: ("Received an Anthropic server is temporarily overloaded status code", "Overloaded"),
}
ANTHROPIC = "Anthropic chat completions"
#: The usual messages of the other providers. Derived.
OTHER_MESSAGES = {
    400: "invalid request",
    401: "Incorrect API key provided",
    403: "You are not allowed to use this resource",
    404: "The model {model_id} does not exist",
    413: "Request too large",
    429: "Rate limit reached",
    500: "Internal server error",
    529: "Overloaded",
}
LOCAL_HOST = "127.0.0.1"
LONGEST = 3600.0


@dataclass(frozen=True)
class CallFailure:
    """The failure of a call: with a status, a rejection; else a timeout or a failed connection."""

    status: int | None = None
    message: str | None = None
    timed_out: bool = False


class ProviderError(Exception):
    """A failed call: the exception of the server, and the status that a run returns."""

    def __init__(self, status: int, cause: Cause) -> None:
        super().__init__(cause.reason)
        self.status = status
        self.cause = cause

    def as_validation_failure(self) -> ApiError:
        """Return the 400 of a create or an update (`ServiceIntegrationValidator`). Both have the same words."""
        return bad_request(
            "Could not complete inference endpoint creation as validation call to service threw an exception.",
            caused_by=self.cause,
        )

    def as_failed_run(self) -> ApiError:
        """Return the error of a run (`ActionUtils.wrapFailuresInElasticsearchException`)."""
        return ApiError(self.status, self.cause.type, self.cause.reason, caused_by=self.cause.caused_by)


def refusal(inference_id: str, status: int, message: str | None, *, anthropic: bool = True) -> ProviderError:
    """Return the error for a response with an error status (`BaseResponseHandler.constructErrorMessage`).

    A status of 500 or higher becomes 400 (`BaseResponseHandler.toRestStatus`).
    """
    meaning = REFUSALS.get(status, (SERVER_ERROR if status > 500 else UNSUCCESSFUL, None))[0]
    if not anthropic and status in (429, 529):
        meaning = "Received a rate limit status code" if status == 429 else SERVER_ERROR
    words = f"{meaning} for request from inference entity id [{inference_id}] status [{status}]"
    if message:
        words += f". Error message: [{message}]"
    return ProviderError(status if status < 500 else 400, Cause("status_exception", words, own=True))


def timed_out(inference_id: str, seconds: float, version: Version) -> ProviderError:
    """Return the error for a timeout.

    8.16 and 8.17: 503 `timeout_exception`. Up to 9.4: 408 `status_exception` (elasticsearch#118618).
    9.5 or later: 429 `timeout_exception` with the ID (elasticsearch#146531).
    Derived: the releases, from the merge dates, and the words from 8.18 to 9.4.
    """
    waited = _time_value(seconds)
    if version.minor <= (8, 17):
        words = f"Request timed out waiting to be sent after [{waited}]"
        return ProviderError(503, Cause("timeout_exception", words, own=True))
    if version.minor < (9, 5):
        return ProviderError(408, Cause("status_exception", f"Request timed out after [{waited}]", own=True))
    words = f"Request timed out after [{waited}] for inference id [{inference_id}]"
    return ProviderError(429, Cause("timeout_exception", words, own=True))


def _time_value(seconds: float) -> str:
    """Return a duration as `TimeValue` prints it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    return f"{seconds:g}s" if seconds < 60 else f"{seconds / 60:g}m"


def unreachable(version: Version, called: str = ANTHROPIC) -> ProviderError:
    """Return the error for a failed connection (`ActionUtils`, `RetryingHttpSender`).

    Derived: the reason includes the cause in 9.0 or later.
    """
    words = f"Failed to send {called} request"
    if version.minor >= (9, 0):
        words += ". Cause: Connection refused"
    cause = Cause("connect_exception", "Connection refused")
    return ProviderError(500, Cause("status_exception", words, caused_by=cause, own=True))


@dataclass(frozen=True)
class Outgoing:
    """A call to a provider: its endpoint, its credentials, and the timeout in seconds.

    `called`: what the server calls the request in an error.
    """

    inference_id: str
    keys: tuple[str, ...]
    model_id: str
    timeout: float
    url: str | None = None
    called: str = ANTHROPIC


@dataclass(frozen=True)
class Provider:
    """The services that the server calls. `delay`: duration of each call in seconds."""

    delay: float = 0.0
    refused_keys: Collection[str] = ()
    refused_models: Collection[str] = ()

    def call(self, outgoing: Outgoing, version: Version, failure: CallFailure | None = None) -> None:
        """Call the provider. Only a `url` on 127.0.0.1 gets a real request. Raises ProviderError."""
        self._wait(outgoing, version)
        if failure is None and any(key in self.refused_keys for key in outgoing.keys):
            failure = CallFailure(401)
        elif failure is None and outgoing.model_id in self.refused_models:
            failure = CallFailure(404)
        if failure:
            raise _failure(outgoing, version, failure)
        if outgoing.url and urlsplit(outgoing.url).hostname == LOCAL_HOST:
            _post(outgoing, version)

    def _wait(self, outgoing: Outgoing, version: Version) -> None:
        time.sleep(min(self.delay, outgoing.timeout))
        if self.delay > outgoing.timeout:
            raise timed_out(outgoing.inference_id, outgoing.timeout, version)


def _failure(outgoing: Outgoing, version: Version, failure: CallFailure) -> ProviderError:
    if failure.timed_out:
        return timed_out(outgoing.inference_id, outgoing.timeout, version)
    if failure.status is None:
        return unreachable(version, outgoing.called)
    anthropic = outgoing.called == ANTHROPIC
    usual = REFUSALS[failure.status][1] if anthropic else OTHER_MESSAGES.get(failure.status)
    message = failure.message or (usual and usual.format(model_id=outgoing.model_id))
    return refusal(outgoing.inference_id, failure.status, message, anthropic=anthropic)


def _post(outgoing: Outgoing, version: Version) -> None:
    """Send a request to the Messages API at the URL of the endpoint. Raises ProviderError."""
    address = urlsplit(outgoing.url or "")
    body = {"model": outgoing.model_id, "max_tokens": 1, "messages": [{"role": "user", "content": "how big"}]}
    headers = {
        "Content-Type": "application/json",
        "x-api-key": next(iter(outgoing.keys), ""),
        "anthropic-version": "2023-06-01",
    }
    connection = http.client.HTTPConnection(address.netloc, timeout=min(outgoing.timeout, LONGEST))
    try:
        connection.request("POST", address.path or "/", json.dumps(body), headers)
        response = connection.getresponse()
        status, content = response.status, response.read()
    except TimeoutError as error:
        raise timed_out(outgoing.inference_id, outgoing.timeout, version) from error
    except (OSError, http.client.HTTPException) as error:
        raise unreachable(version) from error
    finally:
        connection.close()
    if status >= 300:
        raise refusal(outgoing.inference_id, status, _message(content))


def _message(content: bytes) -> str | None:
    """Return the message of an Anthropic error, if the body has that shape (`ErrorMessageResponseEntity`)."""
    try:
        return str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return None
