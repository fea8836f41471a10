# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read endpoints of any service. Private to the collection."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Callable, Mapping, Sequence

from .._elasticsearch.errors import ApiError, ClientError
from .._inference.api import Inference
from .._inference.endpoint import Endpoint
from .._services.anthropic import SERVICE, services
from .fingerprint_options import fingerprint_options, fingerprint_problems, fingerprints_of
from .runner import Context, run

#: Of the versions that this collection supports.
OLDEST = (8, 16)

#: The services whose settings some servers show in a way that has to be set right.
_SERVICES = {SERVICE.name: SERVICE}

#: What is not an ID, and would make another request of the one that is meant.
_NO_ID = re.compile(r"\.{0,2}|_.*|.*[/\s].*", re.DOTALL)

_TASK_TYPE = re.compile("[a-z]+(_[a-z]+)*")

#: Each task type with the first version that knows it (the server's class TaskType).
_TASK_TYPES = {
    "text_embedding": OLDEST,
    "sparse_embedding": OLDEST,
    "rerank": OLDEST,
    "completion": OLDEST,
    "chat_completion": (8, 18),
    "embedding": (9, 3),
}


def options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "inference_id": {"type": "list", "elements": "str"},
        "task_type": {"type": "str"},
        "service": {"type": "str"},
        "references": {"type": "bool", "default": False},
        "fingerprints": {"type": "bool", "default": False, "no_log": False},
        **fingerprint_options(),
    }


def check(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options beyond their types."""
    wrong = []
    no_ids = [repr(entry) for entry in params["inference_id"] or () if _NO_ID.fullmatch(entry)]
    if no_ids:
        wrong.append(
            f"inference_id: no endpoint can have the id {' or '.join(no_ids)}. "
            "Leave inference_id out to read all endpoints."
        )
    task_type = params["task_type"]
    # The server would take "any" for all of them.
    if task_type is not None and (task_type == "any" or not _TASK_TYPE.fullmatch(task_type)):
        wrong.append(f"task_type: {task_type!r} is none. Leave task_type out to read endpoints of any.")
    if params["service"] == "":
        wrong.append("service is empty. Leave service out to read endpoints of any.")
    return wrong + (fingerprint_problems(params) if params["fingerprints"] else [])


def work(context: Context) -> dict[str, Any]:
    """Read the endpoints, and return those that the options select."""
    selected = [endpoint for endpoint in _read(context) if _is_selected(endpoint, context.params)]
    endpoints = sorted(map(_comparable, selected), key=lambda endpoint: endpoint.inference_id)
    result: dict[str, Any] = {"changed": False}
    if context.params["references"]:
        users = _users(context.api, [endpoint for endpoint in endpoints if not _is_built_in(endpoint)])
        endpoints = [endpoint for endpoint in endpoints if _is_built_in(endpoint) or endpoint.inference_id in users]
        result["references"] = users
    if context.params["fingerprints"]:
        result["fingerprints"] = _last_sent(context, endpoints)
    result["endpoints"] = [endpoint.as_dict() for endpoint in endpoints]
    return result


def _read(context: Context) -> Sequence[Endpoint]:
    """Return all that may be selected, by one request, unless Elasticsearch cannot list one of its endpoints."""
    api, ids = context.api, context.params["inference_id"] or []
    are_ids = not any(set("*?[").intersection(entry) for entry in ids)
    if len(ids) == 1 and are_ids:
        return _one(api, ids[0])
    try:
        return api.get_all(context.params["task_type"])
    except ClientError as error:
        return _read_in_parts(context, ids if are_ids else [], error)


def _read_in_parts(context: Context, ids: Sequence[str], error: ClientError) -> list[Endpoint]:
    """Return what can be read although Elasticsearch does not list it together.

    :param ids: of the endpoints to be read. If there are none, all of each task type are.
    :raises ClientError: the error of the whole list if it has another cause, or if nothing can be read.
    """
    api = context.api
    if not error.may_be_about_one_endpoint or (context.params["task_type"] and not ids):
        raise error
    if ids:
        return _readable(context, "Inference endpoint", {name: partial(_one, api, name) for name in ids}, error)
    lists = {name: partial(api.get_all, name) for name in _task_types(api)}
    return _readable(context, "Endpoints of the task type", lists, error)


def _readable(
    context: Context, what: str, reads: Mapping[str, Callable[[], Sequence[Endpoint]]], error: ClientError
) -> list[Endpoint]:
    """Return what can be read, with a warning for what cannot.

    :raises ClientError: the error of the whole list if nothing can be read.
    """
    found: list[Endpoint] = []
    failures: dict[str, ClientError] = {}
    for name, read in reads.items():
        try:
            found.extend(read())
        except ClientError as failure:
            failures[name] = failure
    if len(failures) == len(reads):
        raise error
    context.warnings.extend(f"{what} {name} cannot be read: {why.problem}" for name, why in failures.items())
    return found


def _one(api: Inference, inference_id: str) -> list[Endpoint]:
    endpoint = api.get(inference_id)
    return [endpoint] if endpoint else []


def _task_types(api: Inference) -> list[str]:
    """Return the task types that the server knows (`elasticsearch.md`, "An endpoint")."""
    try:
        version = api.server().version
    except ClientError:
        version = OLDEST
    return [name for name, since in _TASK_TYPES.items() if version >= since]


def _is_selected(endpoint: Endpoint, params: Mapping[str, Any]) -> bool:
    patterns = params["inference_id"]
    return (
        (patterns is None or any(fnmatchcase(endpoint.inference_id, pattern) for pattern in patterns))
        and params["task_type"] in (None, endpoint.task_type)
        and params["service"] in (None, endpoint.service)
    )


def _is_built_in(endpoint: Endpoint) -> bool:
    return endpoint.inference_id.startswith(".")


def _comparable(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with its settings under their right names."""
    service = _SERVICES.get(endpoint.service)
    return endpoint._replace(settings=service.normal(endpoint.settings)) if service else endpoint


def _users(api: Inference, endpoints: Sequence[Endpoint]) -> dict[str, dict[str, list[str]]]:
    """Return who uses each endpoint, by its ID, without those that are gone by now."""
    users = {}
    for endpoint in endpoints:
        try:
            found = api.references(endpoint.task_type, endpoint.inference_id)
        except ApiError as error:
            if not error.is_not_found:
                raise
        else:
            users[endpoint.inference_id] = {"pipelines": sorted(found.pipelines), "indexes": sorted(found.indexes)}
    return users


def _last_sent(context: Context, endpoints: Sequence[Endpoint]) -> dict[str, dict[str, str]]:
    """Return when the secrets of each were sent last, by its ID, without those of which that is not known."""
    fingerprints = fingerprints_of(context, services, context.api.server)
    own = [endpoint for endpoint in endpoints if endpoint.service == SERVICE.name]
    fingerprints.read(endpoint.inference_id for endpoint in own)
    found = {endpoint.inference_id: fingerprints.last_sent(endpoint) for endpoint in own}
    return {inference_id: last for inference_id, last in found.items() if last}


def main() -> None:
    """Run the module."""
    run(options(), check, work)
