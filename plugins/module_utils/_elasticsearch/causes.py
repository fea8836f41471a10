# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classification of failed requests by cause: the provider of the model, the stored endpoint, or Elasticsearch.

Imported only after a request has failed. Private to the collection.
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Sequence

#: Text that Elasticsearch, for any service, or the AWS SDK adds to the response of a provider.
_PROVIDER_STATUS = (
    r"for request from inference entity id \[[^\]]*\] status \[(\d{3})\]"
    r"|\(Service: [^()]*?[,;] Status Code: (\d{3})\b"
)
_PROVIDER_REASON = r"(?s)Error message: \[(.*)\]|^(.+?) \(Service: [^()]*?[,;] Status Code: "

#: Elasticsearch stopped waiting for the provider, or for a free slot in its queue of requests.
_TIMED_OUT = r"\bRequest timed out\b|\bRead timed out|milliseconds timeout on connection"

#: Elasticsearch's names for the exceptions of its HTTP client.
_UNREACHABLE_TYPES = frozenset(
    (
        "connect_exception",
        "connect_timeout_exception",
        "connection_closed_exception",
        "connection_request_timeout_exception",
        "deadline_timeout_exception",
        "http_host_connect_exception",
        "no_http_response_exception",
        "socket_exception",
        "socket_timeout_exception",
    )
)
_UNREACHABLE = (
    r"Connection refused|Connection reset|Connection (?:is )?closed|Broken pipe|failed to respond|prematurely"
    r"|Premature end of|No route to host|Network is unreachable|[Cc]onnect(?:ion)? timed out|Timeout connecting to"
)
#: Errors between the nodes of the cluster.
_BETWEEN_NODES = r"transport_exception$|^node_"
_UNRESOLVED = r"Invalid host \[|Name or service not known|nodename nor servname|UnknownHost"
_UNTRUSTED = r"PKIX path|SSLHandshake|unable to find valid certification path|[Hh]andshake_failure"

#: The queue of requests to providers is full.
_FULL_TYPES = frozenset(("es_rejected_execution_exception", "circuit_breaking_exception"))

#: The provider account has no credit or quota left. Retries do not help.
_EXHAUSTED = (
    r"(?i)credit balance|insufficient[_ ](?:quota|balance|credits?|funds)|exceeded your current quota|payment required"
    r"|billing[ _](?:details|error|not[ _]active|(?:hard[ _])?limit)|Plans & Billing|API usage limits"
    r"|(?:monthly|spend(?:ing)?|usage) (?:spend(?:ing)? )?limit"
)
_THROTTLED = r"(?i)throttl|too many requests|model not ready"
_OVERLOADED = r"(?i)overloaded"

#: Statuses of temporary errors of a provider, or of a proxy in front of it.
_TEMPORARY_STATUSES = frozenset((408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529))

#: Statuses of the error types in a stream, whose events do not contain a status.
_STREAM_TYPES = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}

_UNREADABLE = (
    r"[Ee]ndpoint is in an invalid state"
    r"|Unknown service \[[^\]]*\] for (?:inference endpoint|model) \["
    r"|Failed to parse stored model \["
    r"|The internal model was invalid"
    r"|Invalid result while loading inference endpoint"
)
_NOT_LOADED = r"Failed to load inference endpoint"
#: The search for the stored endpoint failed. This is an error of the cluster, not of the endpoint.
_SEARCH_FAILED = r"shards? failed|search_phase_execution|[Nn]o shard available"
#: An invalid setting. A read sends no settings, so the invalid setting is a stored one.
_STORED_SETTING = r"cannot be converted to|does not contain the required setting"


#: Elasticsearch does not recognize a setting, or cannot update it. Some of these messages contain its name.
_REJECTED_SETTINGS = (
    r"unknown field \[([^\]]+)\]|does not allow the setting \[([^\]]+)\]|\[([^\]]+)\] cannot be updated"
    r"|settings \[\{.*?\}\] unknown to the \[|contain unknown entries|contains unknown settings"
    r"|contained fields which cannot be updated|Cannot update OAuth2 fields|only the field \[[^\]]+\] can be updated"
)
#: The map of settings that an error message repeats, and the names in it.
_ECHO = r"\[\{.*?\}\]"
_ECHOED_NAME = r"[{,]\s*(\w+)="
#: The endpoint is stored, but its model is not deployed in the cluster yet.
_ALLOCATING = r"waiting for trained model deployment \[|Model download task is currently running"


def classify(
    method: str,
    path: str,
    status: int | None,
    error_type: str | None,
    reason: str,
    causes: Sequence[tuple[str | None, str]],
) -> Cause:
    """Return the classified cause of an error.

    :param reason: the message of the error.
    :param causes: type and reason of each error that led to it.
    """
    types = (error_type, *(name for name, _text in causes))
    texts = (reason, *(text for _name, text in causes))
    return Cause(method, path, status, error_type, texts, frozenset(name for name in types if name))


class Cause(NamedTuple):
    """The classified cause of a failed request.

    :ivar texts: the reasons, outermost first, without secrets.
    :ivar types: the types of the error and of the errors that caused it.
    """

    method: str
    path: str
    status: int | None
    error_type: str | None
    texts: tuple[str, ...]
    types: frozenset[str]

    @property
    def message(self) -> str:
        return "\n".join(self.texts)

    def matches(self, pattern: str) -> bool:
        return re.search(pattern, self.message) is not None

    @property
    def provider_status(self) -> int | None:
        """Return the status of the provider's response, or None if the provider did not cause the error."""
        found = next(self._find_groups(_PROVIDER_STATUS), None)
        if found is not None:
            return int(found)
        return _STREAM_TYPES.get(self.error_type or "") if self.status is None else None

    @property
    def provider_reason(self) -> str:
        """Return the message of the provider, or an empty string."""
        return next(self._find_groups(_PROVIDER_REASON), "")

    def _find_groups(self, pattern: str) -> Iterator[str]:
        for text in self.texts:
            match = re.search(pattern, text)
            if match:
                yield from [group for group in match.groups() if group is not None][:1]

    @property
    def is_provider_error(self) -> bool:
        """Return whether the request to the provider failed, with or without a response."""
        words = self.message
        return (
            self.provider_status is not None
            or "validation call to service" in words
            or "inference entity id [" in words
            or "from SageMaker for [" in words
            or self.is_provider_timeout
            or self.is_provider_unreachable
        )

    @property
    def is_provider_timeout(self) -> bool:
        """Return whether Elasticsearch stopped waiting for the provider, which may still complete the request."""
        return self._calls_provider and (self.matches(_TIMED_OUT) or "socket_timeout_exception" in self.types)

    @property
    def is_provider_unreachable(self) -> bool:
        """Return whether the connection from Elasticsearch to the provider failed."""
        if self.provider_status is not None or not self._calls_provider:
            return False
        if any(re.search(_BETWEEN_NODES, name) for name in self.types):
            return False
        by_type = bool(self.types & _UNREACHABLE_TYPES)
        return by_type or self.matches(_UNREACHABLE) or self.is_provider_unresolved

    @property
    def is_provider_unresolved(self) -> bool:
        return self._calls_provider and self.matches(_UNRESOLVED)

    @property
    def is_provider_untrusted(self) -> bool:
        """Return whether the nodes do not trust the provider's certificate."""
        return self._calls_provider and self.matches(_UNTRUSTED)

    @property
    def is_provider_queue_full(self) -> bool:
        """Return whether a create or an update failed because the queue of requests to the provider is full."""
        return self._validates and bool(self.types & _FULL_TYPES)

    @property
    def is_provider_exhausted(self) -> bool:
        """Return whether the provider account has no credit or quota left."""
        status = self.provider_status
        return status == 402 or (self.is_provider_error and self.matches(_EXHAUSTED))

    @property
    def is_provider_overloaded(self) -> bool:
        """Return whether the provider reports, with or without a status, that it is overloaded."""
        return self.is_provider_error and self.matches(_OVERLOADED)

    @property
    def is_provider_throttling(self) -> bool:
        """Return whether the provider reports, with or without a status, that it limits the rate."""
        return self.is_provider_error and self.matches(_THROTTLED)

    @property
    def is_temporary_provider_error(self) -> bool:
        """Return whether the request to the provider failed with a temporary error."""
        if self.is_provider_exhausted or self.is_provider_untrusted or self.is_provider_unresolved:
            return False
        if self.provider_status in _TEMPORARY_STATUSES or self.is_provider_throttling or self.is_provider_overloaded:
            return True
        if self.provider_status is not None:
            return False
        return self.is_provider_timeout or self.is_provider_unreachable or self.is_provider_queue_full

    @property
    def is_busy(self) -> bool:
        """Return whether another update of the endpoint is in progress."""
        return self.status == 409 and "currently being updated" in self.message

    @property
    def is_referenced(self) -> bool:
        """Return whether pipelines or indices use the endpoint."""
        words = self.message
        return self.status == 409 and ("is referenced by pipelines" in words or "is being used in the mapping" in words)

    @property
    def is_not_found(self) -> bool:
        """Return whether the requested object does not exist. Any other 404 proves nothing."""
        if self.status != 404:
            return False
        if self.error_type == "resource_not_found_exception":
            return not self.is_unreadable_state
        return self.error_type == "status_exception" and "does not exist and cannot be updated" in self.message

    @property
    def already_exists(self) -> bool:
        return self.status == 400 and self.error_type == "resource_already_exists_exception"

    @property
    def is_unreadable_state(self) -> bool:
        """Return whether Elasticsearch cannot read the stored endpoint."""
        if self.error_type is None or not self.path.startswith("/_inference"):
            return False
        if self.method == "GET" and self.status == 400 and self.matches(_STORED_SETTING):
            return True
        if self.matches(_UNREADABLE):
            return True
        return self.status == 500 and self.matches(_NOT_LOADED) and not self.matches(_SEARCH_FAILED)

    @property
    def rejected_settings(self) -> tuple[str, ...] | None:
        """Return the settings that the error names as the reason of a rejected write, or None for any other reason."""
        if self.status != 400 or self.is_provider_error or not self.matches(_REJECTED_SETTINGS):
            return None
        echoed = re.findall(_ECHOED_NAME, "".join(re.findall(_ECHO, self.message)))
        return (*self._find_groups(_REJECTED_SETTINGS), *echoed)

    @property
    def is_allocating(self) -> bool:
        """Return whether Elasticsearch stopped waiting for the deployment of a model in the cluster."""
        return self.matches(_ALLOCATING)

    @property
    def is_list_unreadable(self) -> bool:
        """Return whether one unreadable endpoint prevents Elasticsearch from listing all others."""
        return "/_all" in self.path and self.is_unreadable_state

    @property
    def _validates(self) -> bool:
        return "validation call to service" in self.message

    @property
    def _calls_provider(self) -> bool:
        """Return whether Elasticsearch calls the provider for this request: a create, an update, or a completion."""
        return self.method in ("PUT", "POST") and self.path.startswith("/_inference/") and self.error_type is not None
