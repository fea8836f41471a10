# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select endpoints by IDs, shell patterns, task type and service, and read them, also if no list has all of them.

Private to the collection.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from .._elasticsearch.errors import ClientError
from .._inference.api import Inference
from .._inference.endpoint import Endpoint, is_task_type

#: Of the versions that this collection supports.
OLDEST = (8, 16)

#: What is not an ID, and would make another request of the one that is meant.
_NO_ID = re.compile(r"\.{0,2}|_.*|.*[/\s].*", re.DOTALL)

#: Each task type with the first version that knows it (the server's class TaskType).
_TASK_TYPES = {
    "text_embedding": OLDEST,
    "sparse_embedding": OLDEST,
    "rerank": OLDEST,
    "completion": OLDEST,
    "chat_completion": (8, 18),
    "embedding": (9, 3),
}


def selection_problems(params: Mapping[str, Any], all_endpoints: str) -> list[str]:
    """Return what is wrong with C(inference_id), C(task_type) and C(service).

    :param all_endpoints: how to select all endpoints, as the beginning of a sentence.
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
    """Return whether an ID, or a pattern of IDs, is one of the endpoints that every cluster has."""
    return inference_id.startswith(".")


class Reading(NamedTuple):
    """What was read of the endpoints of a cluster.

    :ivar what: what the names of C(failures) are, as the beginning of a sentence.
    :ivar failures: the errors of what could not be read, by IDs or by task types.
    :ivar error: why there is no list of all endpoints, if nothing could be read without it either.
    """

    endpoints: list[Endpoint]
    what: str = ""
    failures: Mapping[str, ClientError] = {}
    error: ClientError | None = None

    @property
    def warnings(self) -> list[str]:
        """A sentence for each part that could not be read."""
        return [f"{self.what} {name} cannot be read: {why.problem}" for name, why in self.failures.items()]


def read_endpoints(api: Inference, ids: Sequence[str], task_type: str | None = None) -> Reading:
    """Read endpoints by one request. If Elasticsearch cannot list one of them, read the others by several requests.

    :param ids: the endpoints that are needed. If there are none, all are.
    :param task_type: of all that are needed.
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
    """Read what can be read without the list of all endpoints.

    :param error: that of the list.
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
    """Return the task types that the server knows (`elasticsearch.md`, "An endpoint")."""
    try:
        version = api.server().version
    except ClientError:
        version = OLDEST
    return [name for name, since in _TASK_TYPES.items() if version >= since]
