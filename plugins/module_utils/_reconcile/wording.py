# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plans say to people: why something is not done, and what they should know.

Private to the collection.
"""

from __future__ import annotations

from typing import Sequence

from .._elasticsearch.text import join_names
from .._inference.endpoint import Endpoint, Server

WAYS_TO_REPAIR = (
    "state=absent with force=true deletes it; allow_recreate=true with force=true re-creates it as declared."
)


def foreign(existing: Endpoint, service: str) -> str:
    return (
        f"Inference endpoint {existing.inference_id} belongs to the service {existing.service}, "
        f"not to {service}. It is left as it is: choose another inference_id."
    )


def built_in(inference_id: str, existing: Endpoint | None, changes: Sequence[str]) -> str:
    """
    :param changes: in what the endpoint differs from its declaration.
    """
    if existing is None:
        return f"There is no inference endpoint {inference_id}, and IDs that start with a dot belong to Elasticsearch."
    differs = f" It differs in {join_names(changes)}." if changes else ""
    return f"Inference endpoint {inference_id} is built in: it was not changed.{differs}"


def filled_in(existing: Endpoint, paths: Sequence[str]) -> str:
    """
    :param paths: the settings that are left to the server.
    """
    shown = join_names([f"{path}={existing.settings[path]}" for path in paths])
    return (
        f"Inference endpoint {existing.inference_id} has {shown}, which servers fill in: the re-creation leaves that "
        "to the server. Declare what has to stay."
    )


def unreadable(inference_id: str, why: str) -> str:
    return f"Inference endpoint {inference_id} cannot be read: {why}"


def cannot_create(inference_id: str, missing: Sequence[str]) -> str:
    return f"There is no inference endpoint {inference_id} yet, and creating it needs {join_names(missing)}."


def cannot_recreate(existing: Endpoint, changes: Sequence[str], missing: Sequence[str]) -> str:
    return (
        f"Inference endpoint {existing.inference_id} differs in {join_names(changes)}; creating it again "
        f"(allow_recreate) needs {join_names(missing)}. Nothing was changed."
    )


def cannot_change(existing: Endpoint, changes: Sequence[str], stuck: Sequence[str], server: Server | None) -> str:
    """
    :param stuck: those of the changes that cannot be made in place.
    :param server: the server that cannot; None if no version can.
    """
    nobody = f"{server.name} does not change" if server else "no version of Elasticsearch changes"
    what = "it" if tuple(stuck) == tuple(changes) and len(stuck) == 1 else join_names(stuck)
    return (
        f"Inference endpoint {existing.inference_id} differs in {join_names(changes)}, but {nobody} {what} in place. "
        "Hint: allow_recreate=true has the endpoint deleted and created again; or declare what it has."
    )


def needs_secrets(credentials: str) -> str:
    return f" Service settings change there only with {credentials} beside them, which is not given."


def optional_secrets(existing: Endpoint, rotated: Sequence[str]) -> str:
    return (
        f"Inference endpoint {existing.inference_id}: the service {existing.service} needs no credentials. If the "
        f"endpoint was created without them, Elasticsearch ignores {join_names(rotated)}. Then it has to be re-created."
    )


def resets_chunking(server: Server) -> str:
    return (
        f" Any update by {server.name} would also reset chunking_settings (elastic/elasticsearch#139574). "
        "Elasticsearch 9.4 and later do not do that, nor do late patch releases of 9.2 and 9.3."
    )


def rejected(said: str) -> str:
    """
    :param said: the words of the server.
    """
    return f" The server rejected the update: {said}"


def recovered(left_over: Endpoint, inference_id: str, paths: Sequence[str]) -> str:
    """
    :param paths: the settings that are carried over from the temporary endpoint.
    """
    return (
        f"An earlier run ended while it re-created inference endpoint {inference_id}. "
        f"Its temporary endpoint {left_over.inference_id} still has {join_names(paths)}, so this was carried over."
    )


def duplicate(wanted: Endpoint, twins: Sequence[str], model: str) -> str:
    """
    :param model: the dotted path of the setting that names the model.
    """
    return (
        f"{join_names(twins)} already serve{'s' if len(twins) == 1 else ''} the model {wanted.settings.get(model)} "
        f"for the task {wanted.task_type}; {wanted.inference_id} would be one more endpoint for the same model."
    )
