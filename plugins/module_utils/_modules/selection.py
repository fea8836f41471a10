# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selection of endpoints by ID, shell pattern, task type, and service, even if Elasticsearch cannot list all.

Private to the collection.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from .._elasticsearch.errors import ClientError
from .._inference.api import Inference
from .._inference.endpoint import Endpoint, is_task_type

#: The oldest version that this collection supports.
OLDEST = (8, 16)

#: Values that are not IDs, and that would change the path of the request.
_INVALID_ID = re.compile(r"\.{0,2}|_.*|.*[/\s].*", re.DOTALL)

#: Task types with the first version that supports each (class TaskType of Elasticsearch).
_TASK_TYPES = {
    "text_embedding": OLDEST,
    "sparse_embedding": OLDEST,
    "rerank": OLDEST,
    "completion": OLDEST,
    "chat_completion": (8, 18),
    "embedding": (9, 3),
}


def validate_selection(params: Mapping[str, Any], all_endpoints: str) -> list[str]:
    """Return validation errors for C(inference_id), C(task_type), and C(service).

    :param all_endpoints: how to select all endpoints, in the imperative, for a hint.
    """
    wrong = []
    invalid_ids = [repr(entry) for entry in params["inference_id"] or () if _INVALID_ID.fullmatch(entry)]
    if invalid_ids:
        ids = ", ".join(invalid_ids)
        wrong.append(f"inference_id contains invalid IDs: {ids}. Hint: {all_endpoints} to select all endpoints.")
    task_type = params["task_type"]
    if task_type is not None and not is_task_type(task_type):
        wrong.append(f"task_type {task_type!r} is not valid. Hint: omit task_type to select endpoints of any type.")
    if params["service"] == "":
        wrong.append("service is empty. Hint: omit service to select endpoints of any service.")
    return wrong


def is_pattern(entry: str) -> bool:
    """Return whether an entry of C(inference_id) is a shell pattern."""
    return bool(set("*?[").intersection(entry))


def is_built_in(inference_id: str) -> bool:
    """Return whether an ID or a pattern belongs to built-in endpoints, which every cluster has."""
    return inference_id.startswith(".")


class ReadResult(NamedTuple):
    """Endpoints that were read from a cluster, and failures.

    :ivar kind: the kind of the names in C(failures), as the beginning of a sentence.
    :ivar failures: errors by the IDs or the task types that could not be read.
    :ivar error: the error of the list of all endpoints, if the single requests failed too.
    """

    endpoints: list[Endpoint]
    kind: str = ""
    failures: Mapping[str, ClientError] = {}
    error: ClientError | None = None

    @property
    def warnings(self) -> list[str]:
        """Warnings about IDs or task types that could not be read."""
        return [f"{self.kind} {name} cannot be read: {error.problem}" for name, error in self.failures.items()]


def read_endpoints(api: Inference, ids: Sequence[str], task_type: str | None = None) -> ReadResult:
    """Read endpoints with one request, or with several requests if Elasticsearch cannot list one of the endpoints.

    :param ids: the endpoints to read, or an empty list for all endpoints.
    :param task_type: the task type of all endpoints to read.
    :raises ClientError: if the request failed for another reason, or if it was for a single endpoint.
    """
    if len(ids) == 1:
        return ReadResult(_read_one(api, ids[0]))
    try:
        return ReadResult(api.get_all(task_type))
    except ClientError as error:
        if not error.may_be_about_one_endpoint or (task_type and not ids):
            raise
        if ids:
            return _read_parts("Inference endpoint", {name: partial(_read_one, api, name) for name in ids}, error)
        lists = {name: partial(api.get_all, name) for name in _task_types(api)}
        return _read_parts("Endpoints of the task type", lists, error)


def _read_parts(kind: str, reads: Mapping[str, Callable[[], list[Endpoint]]], error: ClientError) -> ReadResult:
    """Read endpoints without the list of all endpoints.

    :param error: the error of that list.
    """
    found: list[Endpoint] = []
    failures: dict[str, ClientError] = {}
    for name, read in reads.items():
        try:
            found.extend(read())
        except ClientError as failure:
            failures[name] = failure
    return ReadResult(found, kind, failures, error if len(failures) == len(reads) else None)


def _read_one(api: Inference, inference_id: str) -> list[Endpoint]:
    endpoint = api.get(inference_id)
    return [endpoint] if endpoint else []


def _task_types(api: Inference) -> list[str]:
    """Return the task types of this version of Elasticsearch (`elasticsearch.md`, "An endpoint")."""
    try:
        version = api.server().version
    except ClientError:
        version = OLDEST
    return [name for name, since in _TASK_TYPES.items() if version >= since]
