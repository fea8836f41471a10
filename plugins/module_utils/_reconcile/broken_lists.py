# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from a cluster that cannot list all endpoints, because it cannot read one of them.

Loaded only by runs that encounter such a cluster. Private to the collection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from .._elasticsearch.errors import ClientError
from .._inference.endpoint import Endpoint
from .declaration import Desired
from .temporary import temporary_id

if TYPE_CHECKING:
    from .cluster import Cluster


def list_in_part(cluster: Cluster, desired: Desired, error: ClientError) -> tuple[dict[str, Endpoint], str]:
    """List the endpoints of the task type, and warn about the incomplete check for duplicates.

    :param error: the reason why not all endpoints can be listed.
    :returns: the endpoints by ID, and the reason why not even these can be listed; empty if they can.
    :raises ClientError: the error, if it would also stop all other requests.
    """
    if error.is_fatal:
        raise error
    task_type = cluster.task_type_of(desired)
    try:
        if task_type is None:
            raise error
        listed, why = cluster.index_by_id(cluster.api.get_all(task_type)), ""
    except ClientError as second:
        if second.is_fatal:
            raise
        listed, why = _read_left_over(cluster, desired), _describe(second)
    checked = "was not checked" if why else f"was checked only for the task type {task_type}"
    cluster.warn(f"Elasticsearch does not list all endpoints, so duplicate_model {checked}. {_describe(error)}")
    return listed, why


def _read_left_over(cluster: Cluster, desired: Desired) -> dict[str, Endpoint]:
    """Read the temporary endpoint that an earlier run may have left, if possible."""
    try:
        found = cluster.read(temporary_id(desired.inference_id))
    except ClientError:
        return {}
    return {found.inference_id: found} if found else {}


def read_declared(
    cluster: Cluster, declared: Sequence[Desired], error: ClientError
) -> tuple[dict[str, Endpoint], dict[str, ClientError]]:
    """Read at least the declared endpoints: first by task type, then the remaining ones individually.

    :param error: the reason why not all endpoints can be listed.
    :returns: the endpoints by ID, and the errors of the declared endpoints that could not be read.
    :raises ClientError: the error, if it is not about one endpoint.
    """
    if not error.may_be_about_one_endpoint:
        raise error
    cluster.list_failure = _describe(error)
    cluster.warn(f"Elasticsearch does not list all endpoints, so only the declared ones were read. {_describe(error)}")
    found = _read_by_task_type(cluster, declared)
    errors: dict[str, ClientError] = {}
    for inference_id in [desired.inference_id for desired in declared if desired.inference_id not in found]:
        try:
            endpoint = cluster.read(inference_id)
        except ClientError as failure:
            if failure.is_fatal:
                raise
            errors[inference_id] = failure
        else:
            found.update({inference_id: endpoint} if endpoint else {})
    return found, errors


def _read_by_task_type(cluster: Cluster, declared: Sequence[Desired]) -> dict[str, Endpoint]:
    found: dict[str, Endpoint] = {}
    for task_type in sorted({task_type for task_type in map(cluster.task_type_of, declared) if task_type}):
        try:
            found.update(cluster.index_by_id(cluster.api.get_all(task_type)))
        except ClientError as failure:
            if not failure.may_be_about_one_endpoint:
                raise
    return found


def _describe(error: ClientError) -> str:
    """Return the request and its problem as a sentence."""
    return f"{error.method} {error.path}: {error.problem.rstrip('.')}."
