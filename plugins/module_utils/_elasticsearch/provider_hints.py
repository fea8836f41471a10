# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hints for requests that failed because of the provider of the model, for C(hints).

Imported only after a request has failed. Private to the collection.
"""

from __future__ import annotations

import re
from typing import Mapping

from .causes import Cause

AGAIN = "run the task again later, or increase retries."

_CREDENTIALS = "set service_settings.api_key to a valid key. The provider rejected the API key of the endpoint."
_EXHAUSTED = "check the plan and the billing of the provider account. It has no credit or quota left."
_THROTTLED = (
    f"{AGAIN} The rate limit of the provider was exceeded. To slow down Elasticsearch, set a lower "
    "service_settings.rate_limit."
)
_OVERLOADED = f"{AGAIN} The provider is overloaded."
_TIMED_OUT = "increase timeout, or run the task again later. The provider did not respond in time."

#: Hints by the message of the provider, for any status.
_PROVIDER_WORDS = {
    r"(?i)(?:invalid|incorrect)[^.\n]{0,12}\bapi[ _-]?key": _CREDENTIALS,
    r"(?i)\bapi[ _-]?key[^.\n]{0,12} (?:not valid|invalid|is invalid|expired|has expired)": _CREDENTIALS,
    r"security token .{0,40}(?:invalid|expired)|Access key stored in": (
        "set valid credentials in service_settings. The provider rejected the credentials of the endpoint."
    ),
}

_PROVIDER_STATUSES = {
    401: _CREDENTIALS,
    403: "check the permissions of the endpoint's API key, and that the account may use the model. The provider denied "
    "access.",
    404: "check service_settings.model_id. The provider does not offer the model, or no longer offers it.",
    408: _TIMED_OUT,
    413: "shorten the input. The provider rejected the request as too large.",
    429: _THROTTLED,
    504: _TIMED_OUT,
    529: _OVERLOADED,
}

#: Hints if a provider did not respond, or stopped in the middle of a stream. The first condition that holds decides.
_CONNECTIONS = {
    "is_provider_overloaded": _OVERLOADED,
    "is_provider_throttling": _THROTTLED,
    "is_provider_queue_full": f"{AGAIN} Elasticsearch has too many requests to the provider in progress.",
    "is_provider_timeout": _TIMED_OUT,
    "is_provider_untrusted": "add the CA of the proxy between the cluster and the provider to the JVM trust store of "
    "each node. The cluster does not trust the provider's certificate.",
    "is_provider_unresolved": "check service_settings.url, and DNS on each node. The cluster cannot resolve the host "
    "name of the provider.",
    "is_provider_unreachable": "check the outbound network access of each node. The cluster cannot reach the provider.",
    "is_provider_error": "check service_settings, and that each node can reach the provider. The request from "
    "Elasticsearch to the provider failed.",
}


def provider_hint(cause: Cause) -> str:
    """Return the hint for a failed request to the provider, or an empty string for an error of Elasticsearch."""
    if not cause.is_provider_error:
        return ""
    if cause.is_provider_exhausted:
        return _EXHAUSTED
    found = first_match(_PROVIDER_WORDS, cause.message)
    if not found:
        status = cause.provider_status
        found = _response_hint(status) if status else first_condition(_CONNECTIONS, cause)
    # A completion is not retried, because each request can incur costs.
    return found.replace(", or increase retries", "") if cause.method == "POST" else found


def _response_hint(status: int) -> str:
    if status in _PROVIDER_STATUSES:
        return _PROVIDER_STATUSES[status]
    if status >= 500:
        return f"{AGAIN} The provider reported a temporary error."
    if status >= 400:
        return "correct the setting that the message of the provider names. The provider rejected the request."
    return "check service_settings.url. The address of the provider returns a redirect."


def first_condition(hints: Mapping[str, str], cause: Cause) -> str:
    """Return the first hint whose condition is true, or an empty string."""
    return next((text for condition, text in hints.items() if getattr(cause, condition)), "")


def first_match(hints: Mapping[str, str], words: str) -> str:
    """Return the first hint whose pattern matches, or an empty string."""
    return next((text for pattern, text in hints.items() if re.search(pattern, words)), "")
