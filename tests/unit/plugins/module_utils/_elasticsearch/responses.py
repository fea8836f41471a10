# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses of real servers and providers, and the errors that the client raises for them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.diagnosis import ErrorFactory
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ClientError,
)

PUT = ("PUT", "/_inference/completion/one")
UPDATE = ("PUT", "/_inference/completion/one/_update")
GET = ("GET", "/_inference/one")
GET_ALL = ("GET", "/_inference/_all")
DELETE = ("DELETE", "/_inference/completion/one")
RUN = ("POST", "/_inference/completion/one?timeout=30s")

VALIDATION = "Could not complete inference endpoint creation as validation call to service threw an exception."
ANTHROPIC_LIMITS = (
    "Received a rate limit status code. Token limit [unknown], remaining tokens [unknown], tokens reset [unknown]. "
    "Request limit [50], remaining requests [0], request reset [2026-11-25T12:00:00Z]. Retry after [12]"
)


def provider_message(outer: str, status: int, message: str | None = None, inference_id: str = "one") -> str:
    """Return the message of Elasticsearch for a response of a provider."""
    words = f"{outer} for request from inference entity id [{inference_id}] status [{status}]"
    return words if message is None else f"{words}. Error message: [{message}]"


def make_error(
    request: tuple[str, str],
    status: int | None,
    body: Any,
    privilege: str = "",
) -> ClientError:
    """Return the error of the client for a response.

    :param status: the status of the response, or None for an event in a stream.
    """
    factory = ErrorFactory(*request, redact=lambda text: text.replace("s3cret", "********"), privilege=privilege)
    if status is None:
        return factory.from_error_event(body)
    response = SimpleNamespace(
        status_code=status,
        headers={"Content-Type": "application/json"},
        raw=SimpleNamespace(retries=None),
        url="http://x/",
    )
    return factory.from_response(response, json.loads(json.dumps(body)))  # type: ignore[arg-type]


def api_error(
    request: tuple[str, str],
    status: int | None,
    kind: str,
    reason: str,
    *caused_by: tuple[str, str],
    privilege: str = "",
) -> ClientError:
    """Return the error of the client for an error in the format of Elasticsearch."""
    inner: dict[str, Any] = {}
    for name, text in reversed(caused_by):
        inner = {"caused_by": {"type": name, "reason": text, **inner}}
    error = {"root_cause": [{"type": kind, "reason": reason}], "type": kind, "reason": reason, **inner}
    return make_error(request, status, {"error": error, "status": status}, privilege=privilege)


def validation_error(
    kind: str, reason: str, *caused_by: tuple[str, str], request: tuple[str, str] = PUT
) -> ClientError:
    """Return the error for a create or an update whose request to the provider failed."""
    return api_error(request, 400, "status_exception", VALIDATION, (kind, reason), *caused_by)


def provider_error(words: str) -> ClientError:
    return validation_error("status_exception", words)


BUSY_UPDATE = "Endpoint [one] is currently being updated. Try again once the update completes"
BUSY_DELETE = (
    "The inference endpoint(s) [one] are currently being updated, please wait until after they are finished "
    "updating to delete."
)
IN_PIPELINES = (
    "Inference endpoint one is referenced by pipelines: [p1, p2]. Ensure that no pipelines are using this inference "
    "endpoint, or use force to ignore this warning and delete the inference endpoint."
)
IN_MAPPINGS = (
    " Inference endpoint one is being used in the mapping for indexes: [i1]. Ensure that no index mappings are using "
    "this inference endpoint, or use force to ignore this warning and delete the inference endpoint."
)

INVALID = (
    "Failed to load inference endpoint [one]. Endpoint is in an invalid state, try deleting and reinitializing the "
    "service"
)
