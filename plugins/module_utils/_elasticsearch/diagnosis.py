# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversion of failed requests, with or without a response, into the exceptions of C(errors).

Imported only after a request has failed. Private to the collection.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Iterable, Mapping

from . import hints
from .errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    Redirected,
    TimedOut,
    TlsFailed,
    Unreachable,
    UnreadableResponse,
)

try:
    import requests
    import urllib3
    from urllib3.util.retry import RequestHistory
except ImportError:
    pass  # The client does not start without them.
else:
    _NEVER_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    _INVALID_URL = (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError)

#: Prefix of urllib3 messages that names the connection object.
_OBJECT_PREFIX = re.compile(r"^(?:<[^>]*>|HTTPS?Connection(?:Pool)?\([^)]*\)): ")

#: An unknown API key ID. It may be a secret, if the user swapped the ID and the secret of the key.
_UNKNOWN_ID = re.compile(r"(api ?key (?:with id|authentication for id) )[^\s,]+", re.IGNORECASE)


class ErrorFactory:
    """Factory for the errors of one request, including their hints.

    :param target: the path and the query string.
    :param redact: hides secrets in a string.
    :param privilege: the required cluster privilege. Empty if it is not known.
    """

    def __init__(self, method: str, target: str, redact: Callable[[str], str], privilege: str = "") -> None:
        self._method = method
        self._target = target
        self._redact = redact
        self._privilege = privilege

    def from_transport(self, error: Exception, node: str, timeout: float, has_started: bool = False) -> ClientError:
        """Return the error for a missing or incomplete response.

        :param error: raised by requests or urllib3. Its messages may contain headers and URLs.
        :param timeout: the timeout of this request in seconds.
        :param has_started: whether a part of the response has arrived.
        """
        method, target = self._method, self._target
        cause = _innermost_error(error)
        words = self._redact(_describe(cause))
        unsent = self._unsent(error, cause, words, node)
        if unsent is not None:
            # Only this attempt was not sent. The result of an earlier attempt is unknown.
            sent = has_started or _sent_before(error)
            return ConnectionLost(unsent.problem, method, target, unsent.hint) if sent else unsent
        if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
            return self.from_timeout(node, timeout)
        if isinstance(error, (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            problem = f"The connection to {node} was lost: {words}."
            return ConnectionLost(problem, method, target, hints.lost_hint(node))
        if isinstance(error, requests.exceptions.ContentDecodingError):
            return UnreadableResponse(f"The response of {node} cannot be decoded: {words}.", method, target)
        if isinstance(error, _INVALID_URL) and requests.utils.get_environ_proxies(node):
            # The value is not shown, because it may contain a password.
            words = "the address of the proxy in the environment is not a valid URL"
        return ClientError(f"The request cannot be sent: {words}.", method, target, hints.UNSENDABLE)

    def from_timeout(self, node: str, timeout: float) -> TimedOut:
        """Return the error for a request that exceeded its timeout, which is in seconds."""
        problem = f"{node} did not respond within {timeout:g} s."
        return TimedOut(problem, self._method, self._target, hints.TIMED_OUT)

    def _unsent(self, error: Exception, cause: BaseException, words: str, node: str) -> ClientError | None:
        """Return the error for an attempt that did not reach the server, or None if it may have reached it."""
        method, target = self._method, self._target
        if isinstance(error, requests.exceptions.SSLError) or hints.NO_CERTIFICATES in words:
            return TlsFailed(f"The TLS connection to {node} failed: {words}.", method, target, hints.tls_hint(words))
        if isinstance(error, requests.exceptions.ProxyError):
            problem = f"The proxy did not forward the request to {node}: {words}."
            return Unreachable(problem, method, target, hints.PROXY)
        if isinstance(cause, _NEVER_CONNECTED):
            problem = f"{node} cannot be reached: {words}."
            return Unreachable(problem, method, target, hints.unreachable_hint(node, words))
        return None

    def from_response(self, response: requests.Response, content: Any, retried: bool = False) -> ClientError:
        """Return the error for a response that does not report success.

        :param content: the JSON of the response, or None.
        :param retried: whether the same request was sent before, in addition to the retries of urllib3.
        """
        status = response.status_code
        retried = retried or _any_sent(getattr(response.raw.retries, "history", ()))
        # Elasticsearch reports a redirect from a provider as an error without a location.
        if 300 <= status < 400 and not (isinstance(content, dict) and "error" in content):
            location = self._redact(response.headers.get("Location", "an unknown address"))
            problem = f"The server returned a redirect ({status}) to {location}. Redirects are not followed."
            return Redirected(problem, self._method, self._target, hints.REDIRECTED, status)
        if isinstance(content, dict) and status >= 300 and ("error" in content or status < 500):
            return self._api_error(f"failed with status {status}", status, content, retried)
        return self._unreadable(response, retried)

    def from_error_event(self, content: Any) -> ClientError:
        """Return the error for an error event in a stream.

        :param content: the JSON of the event, or None.
        """
        if not isinstance(content, dict) or "error" not in content:
            problem = "The stream ended with an error event that contains no error."
            return UnreadableResponse(problem, self._method, self._target)
        return self._api_error("the stream ended with an error", content.get("status"), content, retried=False)

    def _unreadable(self, response: requests.Response, retried: bool) -> ClientError:
        kind = response.headers.get("Content-Type", "no content type")
        html = "html" in kind.lower()
        found = "an HTML page" if html else "not a complete JSON document of Elasticsearch"
        problem = f"The response has status {response.status_code} and is {found} ({kind})."
        hint = hints.page_hint(response.status_code, html, response.url)
        return UnreadableResponse(problem, self._method, self._target, hint, response.status_code, retried=retried)

    def _api_error(self, problem: str, status: int | None, content: dict[str, Any], retried: bool) -> ApiError:
        """Return an error reported by Elasticsearch. C(error) is a plain string if no handler supports the request.

        :param problem: the start of the message.
        """
        error = content.get("error")
        if isinstance(error, dict) and "type" in error:
            # Errors in chat completion streams have a message instead of a reason.
            words = error.get("reason") or error.get("message") or "no reason given"
            kind, reason = _to_text(error["type"]), self._redact(_to_text(words))
            causes = [(name, self._redact(text)) for name, text in _causes(error)]
        else:
            kind, reason, causes = None, self._redact(_to_text(content.get("message") or error or content)), []
        problem += (f" ({kind})" if kind else "") + f": {reason}"
        for _type, text in causes:
            if text not in problem:
                problem += f" Cause: {text}"
        found = ApiError(problem, self._method, self._target, "", status, kind, reason, retried, causes=causes)
        return found.replace(hint=hints.hint_for(found.cause, self._privilege))


def _any_sent(history: Iterable[RequestHistory]) -> bool:
    """Return whether one of the attempts reached the server."""
    errors = (getattr(entry.error, "original_error", entry.error) for entry in history)
    return any(not isinstance(error, _NEVER_CONNECTED) for error in errors)


def _sent_before(error: Exception) -> bool:
    """Return whether an attempt before the last one reached the server."""
    return any(_any_sent(getattr(inner, "history", ())) for inner in error.args)


def _to_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _describe(cause: BaseException) -> str:
    """Return the message of a urllib3 error as a part of a sentence."""
    text = cause.args[-1] if isinstance(cause, _NEVER_CONNECTED) else cause
    return _OBJECT_PREFIX.sub("", str(text)).rstrip(".")


def _innermost_error(error: Exception) -> BaseException:
    """Return the innermost error, which is the original cause."""
    cause: BaseException = error
    while True:
        inner = getattr(cause, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in cause.args if isinstance(arg, BaseException)), None)
        if inner is None or isinstance(cause, urllib3.exceptions.NewConnectionError):
            return cause
        cause = inner


def _causes(error: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    """Return the types and reasons of the root causes and of the C(caused_by) chain of an Elasticsearch error."""
    found = [root for root in error.get("root_cause") or [] if isinstance(root, dict)]
    inner = error.get("caused_by")
    while isinstance(inner, dict):
        found.append(inner)
        inner = inner.get("caused_by")
    reasons = [
        (_string_or_none(cause.get("type")), _to_text(cause["reason"])) for cause in found if cause.get("reason")
    ]
    return reasons + [(None, _UNKNOWN_ID.sub(r"\1********", text)) for text in _credential_errors(error)]


def _credential_errors(error: Mapping[str, Any]) -> list[str]:
    """Return the reasons why Elasticsearch did not accept the credentials of the request."""
    errors = error.get("additional_unsuccessful_credentials") or []
    return [_to_text(text) for text in (errors if isinstance(errors, list) else [errors])]


def _string_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None
