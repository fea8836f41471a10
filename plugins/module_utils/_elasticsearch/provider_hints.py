# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suggest what to do about a request that failed because of the provider of the model; a part of C(hints).

Only runs in which a request failed load this file. Private to the collection.
"""

from __future__ import annotations

import re
from typing import Mapping

from .causes import Cause

AGAIN = "Run again later, or increase retries."

_CREDENTIALS = "the provider rejects the API key of the endpoint. Set a valid one as service_settings.api_key."
_EXHAUSTED = "the provider's account has no credit or quota left. Check its plan and billing."
_THROTTLED = (
    f"the provider limits the request rate. {AGAIN} A lower service_settings.rate_limit makes Elasticsearch slow down."
)
_OVERLOADED = f"the provider is overloaded. {AGAIN}"
_TIMED_OUT = "the provider did not respond in time. Increase timeout, or run again later."

#: What a provider says, whatever its status.
_PROVIDER_WORDS = {
    r"(?i)(?:invalid|incorrect)[^.\n]{0,12}\bapi[ _-]?key": _CREDENTIALS,
    r"(?i)\bapi[ _-]?key[^.\n]{0,12} (?:not valid|invalid|is invalid|expired|has expired)": _CREDENTIALS,
    r"security token .{0,40}(?:invalid|expired)|Access key stored in": (
        "the provider rejects the credentials of the endpoint. Set valid ones in service_settings."
    ),
}

_PROVIDER_STATUSES = {
    401: _CREDENTIALS,
    403: "the provider denies access. Check the permissions of the API key, and that the account may use the model.",
    404: "the provider does not know the model, or no longer offers it. Check service_settings.model_id.",
    408: _TIMED_OUT,
    413: "the provider rejects the request as too large. Shorten the input.",
    429: _THROTTLED,
    504: _TIMED_OUT,
    529: _OVERLOADED,
}

#: Why a provider did not respond at all, or stopped in the middle of a stream. The first that holds is taken.
_CONNECTIONS = {
    "is_provider_overloaded": _OVERLOADED,
    "is_provider_throttling": _THROTTLED,
    "is_provider_queue_full": f"Elasticsearch has too many requests to the provider in progress. {AGAIN}",
    "is_provider_timeout": _TIMED_OUT,
    "is_provider_untrusted": "the cluster does not trust the provider's certificate. Add the CA of the proxy between "
    "them to the trust store of the JVM on each node.",
    "is_provider_unresolved": "the cluster cannot resolve the provider's host name. Check service_settings.url, and "
    "DNS on each node.",
    "is_provider_unreachable": "the cluster cannot reach the provider. Check the outbound network access of each node.",
    "is_of_provider": "the request of Elasticsearch to the provider failed. Check service_settings, and that each node "
    "can reach the provider.",
}


def provider_hint(cause: Cause) -> str:
    """Return what to do about a failed request to the provider; empty if Elasticsearch itself failed."""
    if not cause.is_of_provider:
        return ""
    if cause.is_provider_exhausted:
        return _EXHAUSTED
    found = first_match(_PROVIDER_WORDS, cause.words)
    if not found:
        status = cause.provider_status
        found = _response_hint(status) if status else first_condition(_CONNECTIONS, cause)
    # A completion costs money each time, so it is not retried.
    return found.replace(", or increase retries", "") if cause.method == "POST" else found


def _response_hint(status: int) -> str:
    if status in _PROVIDER_STATUSES:
        return _PROVIDER_STATUSES[status]
    if status >= 500:
        return f"the provider has a temporary fault. {AGAIN}"
    if status >= 400:
        return "the provider rejects the request. Its message names the setting to correct."
    return "the provider's address redirects. Check service_settings.url."


def first_condition(hints: Mapping[str, str], cause: Cause) -> str:
    """Return the first hint whose condition holds; empty if there is none."""
    return next((text for condition, text in hints.items() if getattr(cause, condition)), "")


def first_match(hints: Mapping[str, str], words: str) -> str:
    """Return the first hint whose pattern the words match; empty if there is none."""
    return next((text for pattern, text in hints.items() if re.search(pattern, words)), "")
