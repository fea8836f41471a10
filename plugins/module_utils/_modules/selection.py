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
_NO_ID = re.compile(r"\.{0,2}|_.*|.*[/\s].*", re.DOTALL)

#: Task types with the first version that supports each (class TaskType of Elasticsearch).
_TASK_TYPES = {
    "text_embedding": OLDEST,
    "sparse_embedding": OLDEST,
    "rerank": OLDEST,
    "completion": OLDEST,
    "chat_completion": (8, 18),
    "embedding": (9, 3),
}


def selection_problems(params: Mapping[str, Any], all_endpoints: str) -> list[str]:
    """Return validation errors for C(inference_id), C(task_type), and C(service).

    :param all_endpoints: how to select all endpoints, in the imperative, for a hint.
    """
    wrong = []
    no_ids = [repr(entry) for entry in params["inference_id"] or () if _NO_ID.fullmatch(entry)]
    if no_ids:
        ids = ", ".join(no_ids)
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


class Reading(NamedTuple):
    """Endpoints that were read from a cluster, and failures.

    :ivar what: the kind of the names in C(failures), as the beginning of a sentence.
    :ivar failures: errors by the IDs or the task types that could not be read.
    :ivar error: the error of the list of all endpoints, if the single requests failed too.
    """

    endpoints: list[Endpoint]
    what: str = ""
    failures: Mapping[str, ClientError] = {}
    error: ClientError | None = None

    @property
    def warnings(self) -> list[str]:
        """Warnings about IDs or task types that could not be read."""
        return [f"{self.what} {name} cannot be read: {why.problem}" for name, why in self.failures.items()]


def read_endpoints(api: Inference, ids: Sequence[str], task_type: str | None = None) -> Reading:
    """Read endpoints with one request, or with several requests if Elasticsearch cannot list one of the endpoints.

    :param ids: the endpoints to read, or an empty list for all endpoints.
    :param task_type: the task type of all endpoints to read.
    :raises ClientError: if the request failed for another reason, or if it was for a single endpoint.
    """
    if len(ids) == 1:
        return Reading(_one(api, ids[0]))
    try:
        return Reading(api.get_all(task_type))
    except ClientError as error:
        if not error.may_be_about_one_endpoint or (task_type and not ids):
            raise
        if ids:
            return _read_parts("Inference endpoint", {name: partial(_one, api, name) for name in ids}, error)
        lists = {name: partial(api.get_all, name) for name in _task_types(api)}
        return _read_parts("Endpoints of the task type", lists, error)


def _read_parts(what: str, reads: Mapping[str, Callable[[], list[Endpoint]]], error: ClientError) -> Reading:
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
    return Reading(found, what, failures, error if len(failures) == len(reads) else None)


def _one(api: Inference, inference_id: str) -> list[Endpoint]:
    endpoint = api.get(inference_id)
    return [endpoint] if endpoint else []


def _task_types(api: Inference) -> list[str]:
    """Return the task types of this version of Elasticsearch (`elasticsearch.md`, "An endpoint")."""
    try:
        version = api.server().version
    except ClientError:
        version = OLDEST
    return [name for name, since in _TASK_TYPES.items() if version >= since]
