# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Implementation of the module C(endpoint_ping): send the smallest valid request to each selected endpoint.

Private to the collection.
"""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import Any, Iterator, Mapping, NamedTuple

from .._elasticsearch.errors import ClientError, Refused
from .._elasticsearch.text import join_names
from .._inference.endpoint import Endpoint
from .._inference.ping_api import CHAT_COMPLETION, TASK_TYPES, PingApi
from .._services.catalog import services
from .provider_requests import combine_results, failed_result, hint_with_cost, send_all, validate_parallel
from .runner import Context, run
from .selection import ReadResult, is_built_in, is_pattern, read_endpoints, validate_selection

COMPLETION, RERANK = "completion", "rerank"

#: Names of the task setting that limits the tokens of a completion.
_LIMITS = ("max_tokens", "max_new_tokens")


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "inference_id": {"type": "list", "elements": "str", "required": True},
        "task_type": {"type": "str"},
        "service": {"type": "str"},
        "input": {"type": "str", "default": "ping"},
        # Set explicitly, because ansible-core warns about names that look like secrets.
        "max_tokens": {"type": "int", "default": 1, "no_log": False},
        "parallel": {"type": "int", "default": 8},
    }


def check(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors that the argument spec cannot express."""
    wrong = [] if params["inference_id"] else ["inference_id must contain at least one endpoint ID or pattern."]
    wrong += validate_selection(params, 'use the pattern "*"')
    if not params["input"].strip():
        wrong.append("input must not be empty.")
    if params["max_tokens"] < 1:
        wrong.append(f"max_tokens must be at least 1, not {params['max_tokens']}.")
    return wrong + validate_parallel(params["parallel"])


class Target(NamedTuple):
    """A selected endpoint, or an ID or pattern that does not select an endpoint.

    :ivar name: the ID or the pattern.
    :ivar found: the endpoint, or the reason why it was not found.
    """

    name: str
    found: Endpoint | ClientError | Refused


def work(context: Context) -> dict[str, Any]:
    """Send one request to each endpoint, in parallel, and return the module result.

    :raises ClientError: if the endpoints cannot be read. No endpoint was tested then.
    """
    api, params = PingApi(context.client), context.params
    targets = list(_select_targets(api, context))

    def ping(target: Target) -> dict[str, Any]:
        if isinstance(target.found, Endpoint):
            return _Ping(target.found).run(api, params, context.check_mode)
        return _missing_result(target.name, target.found, context.check_mode)

    return combine_results(send_all(ping, targets, params["parallel"]), "endpoints did not respond")


def _select_targets(api: PingApi, context: Context) -> Iterator[Target]:
    """Yield each selected endpoint once, in the order of the entries.

    :raises ClientError: if the endpoints cannot be read.
    """
    entries = list(dict.fromkeys(context.params["inference_id"]))
    has_patterns = any(map(is_pattern, entries))
    reading = read_endpoints(api, [] if has_patterns else entries, context.params["task_type"])
    if has_patterns:
        if reading.error:
            raise reading.error
        context.warnings.extend(reading.warnings)
    known = set()
    for entry in entries:
        select = _select_by_pattern if is_pattern(entry) else _select_by_id
        for target in select(api, reading, entry, context.params):
            if target.name not in known:
                known.add(target.name)
                yield target


def _select_by_pattern(_api: PingApi, reading: ReadResult, pattern: str, params: Mapping[str, Any]) -> list[Target]:
    """Return the endpoints that match a pattern, sorted by ID, or a failure if no endpoint matches."""
    matching = {
        endpoint.inference_id: endpoint
        for endpoint in reading.endpoints
        if fnmatchcase(endpoint.inference_id, pattern) and not _exclusion_reason(endpoint, params)
    }
    # Patterns skip built-in endpoints, because a request to one can start a deployment.
    selected = sorted(name for name in matching if is_built_in(pattern) or not is_built_in(name))
    if selected:
        return [Target(name, matching[name]) for name in selected]
    problem = "No endpoint matches the pattern."
    built_in = " Built-in endpoints match only patterns that start with a dot." if matching else ""
    return [Target(pattern, Refused(problem + built_in, 404))]


def _select_by_id(api: PingApi, reading: ReadResult, inference_id: str, params: Mapping[str, Any]) -> list[Target]:
    """Return the endpoint with an ID, or a failure if it does not exist."""
    if inference_id in reading.failures:
        return [Target(inference_id, reading.failures[inference_id])]
    endpoint = next((one for one in reading.endpoints if one.inference_id == inference_id), None)
    if endpoint is None and reading.failures:
        # The endpoint can be in a list that could not be read.
        try:
            endpoint = api.get(inference_id)
        except ClientError as error:
            return [Target(inference_id, error)]
    if endpoint is None:
        kind = f", or does not have the task type {params['task_type']}" if params["task_type"] else ""
        names = "inference_id and task_type" if params["task_type"] else "inference_id"
        hint = f"Hint: check {names}, or create the endpoint first."
        return [Target(inference_id, Refused(f"The endpoint does not exist{kind}. {hint}", 404))]
    why = _exclusion_reason(endpoint, params)
    return [Target(inference_id, Refused(why) if why else endpoint)]


def _exclusion_reason(endpoint: Endpoint, params: Mapping[str, Any]) -> str:
    """Return why C(task_type) or C(service) excludes an endpoint, or an empty string."""
    for name in ("task_type", "service"):
        has, wanted = getattr(endpoint, name), params[name]
        if wanted not in (None, has):
            return f"The endpoint has the {name} {has}, not {wanted}."
    return ""


def _missing_result(name: str, error: ClientError | Refused, check_mode: bool) -> dict[str, Any]:
    """Return the result for an ID or pattern that does not select an endpoint."""
    if check_mode and isinstance(error, Refused):
        # Not a failure in check mode: an earlier task of the same play may create the endpoint in a normal run.
        return {"inference_id": name, "msg": str(error)}
    return {"inference_id": name, "responds": False, **failed_result(error)}


class _Ping:
    """One request to an endpoint, and its result."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._has_begun = False

    def run(self, api: PingApi, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Send the request, except in check mode, and return the result."""
        endpoint = self._endpoint
        result = {name: getattr(endpoint, name) for name in ("inference_id", "task_type", "service")}
        if endpoint.task_type not in TASK_TYPES:
            types = join_names(TASK_TYPES)
            problem = f"The endpoint has the task type {endpoint.task_type}. Only {types} can be pinged."
            return {**result, "responds": False, **failed_result(Refused(problem))}
        if check_mode:
            return result
        start = time.monotonic()
        try:
            self._send(api, request_body(endpoint, params["input"], params["max_tokens"]), params["timeout"])
        except ClientError as error:
            explained = error.replace(hint=hint_with_cost(error, error.hint, self._has_begun))
            return {**result, "responds": False, **failed_result(explained)}
        return {**result, "responds": True, "milliseconds": round((time.monotonic() - start) * 1000)}

    def _send(self, api: PingApi, body: Mapping[str, Any], timeout: float) -> None:
        endpoint = self._endpoint
        if endpoint.task_type == CHAT_COMPLETION:
            for _piece in api.chat_until_result(endpoint.inference_id, body, timeout):
                self._has_begun = True
        else:
            api.ping(endpoint.task_type, endpoint.inference_id, body, timeout)


def request_body(endpoint: Endpoint, text: str, max_tokens: int) -> dict[str, Any]:
    """Return the body of the smallest request that an endpoint accepts."""
    if endpoint.task_type == CHAT_COMPLETION:
        return {"messages": [{"role": "user", "content": text}], "max_completion_tokens": max_tokens}
    if endpoint.task_type == RERANK:
        return {"query": text, "input": [text]}
    limit = _limit_setting(endpoint.service) if endpoint.task_type == COMPLETION else ""
    return {"input": text, "task_settings": {limit: max_tokens}} if limit else {"input": text}


def _limit_setting(service: str) -> str:
    """Return the task setting of a service that limits the tokens of a completion, or an empty string if unknown."""
    for name in _LIMITS:
        row = services(service).row(f"task_settings.{name}")
        if row and (not row.task_types or COMPLETION in row.task_types):
            return name
    return ""


def main() -> None:
    """Run the module."""
    run(options(), check, work)
