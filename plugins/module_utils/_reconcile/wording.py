# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of plans: refusals, warnings, and hints.

Private to the collection.
"""

from __future__ import annotations

from typing import Sequence

from .._elasticsearch.text import join_names
from .._inference.endpoint import Endpoint, Server

REPAIR_HINT = (
    "Hint: set state=absent and force=true to delete it, or set allow_recreate=true and force=true to re-create it."
)
RECREATE_HINT = "Hint: set allow_recreate=true to delete and re-create the endpoint, or declare the current values."


def other_service(existing: Endpoint, service: str) -> str:
    return (
        f"Inference endpoint {existing.inference_id} belongs to the service {existing.service}, "
        f"not to {service}. It was not changed. Hint: use a different inference_id."
    )


def built_in(inference_id: str, existing: Endpoint | None, changes: Sequence[str]) -> str:
    """
    :param changes: the settings in which the endpoint differs from its declaration.
    """
    if existing is None:
        return (
            f"Inference endpoint {inference_id} does not exist and cannot be created, because IDs that start with a "
            "dot are reserved for Elasticsearch. Hint: use a different inference_id."
        )
    differs = f" It differs in {join_names(changes)}." if changes else ""
    keep = "declare the current values, or " if changes else ""
    return (
        f"Inference endpoint {inference_id} is built into Elasticsearch, so it was not changed.{differs} "
        f"Hint: {keep}use a different inference_id."
    )


def not_carried_over(existing: Endpoint, paths: Sequence[str]) -> str:
    """
    :param paths: the undeclared settings that Elasticsearch sets itself.
    """
    shown = join_names([f"{path}={existing.settings[path]}" for path in paths])
    return (
        f"Re-creating inference endpoint {existing.inference_id} does not carry over {shown}, because Elasticsearch "
        "sets such values itself. Hint: declare the settings whose values must not change."
    )


def unreadable(inference_id: str, why: str) -> str:
    return f"Inference endpoint {inference_id} cannot be read: {why}"


def unreadable_other_service(named: str) -> str:
    """
    :param named: the sentence that names the endpoint and the reason why it cannot be read.
    """
    return f"{named} It belongs to another service, so it was not changed. Hint: use a different inference_id."


def cannot_create(inference_id: str, missing: Sequence[str]) -> str:
    return (
        f"Inference endpoint {inference_id} does not exist, and creating it requires {join_names(missing)}. "
        "Hint: declare the missing settings, or correct inference_id."
    )


def cannot_recreate(existing: Endpoint, changes: Sequence[str], missing: Sequence[str]) -> str:
    return (
        f"Inference endpoint {existing.inference_id} differs in {join_names(changes)}, and re-creating it "
        f"(allow_recreate=true) requires {join_names(missing)}. Nothing was changed. "
        "Hint: declare the missing settings."
    )


def cannot_repair(named: str, missing: Sequence[str]) -> str:
    """
    :param named: the sentence that names the endpoint and the reason why it cannot be read.
    """
    return (
        f"{named} It was not changed, because re-creating it requires {join_names(missing)}. "
        "Hint: declare the missing settings."
    )


def cannot_update(
    existing: Endpoint, changes: Sequence[str], not_updatable: Sequence[str], server: Server | None
) -> str:
    """
    :param not_updatable: the changes that cannot be made in place.
    :param server: the server that cannot make them; None if no version can.
    """
    which = f"{server.name} cannot update" if server else "no version of Elasticsearch can update"
    what = "it" if tuple(not_updatable) == tuple(changes) and len(not_updatable) == 1 else join_names(not_updatable)
    return f"Inference endpoint {existing.inference_id} differs in {join_names(changes)}, but {which} {what} in place."


def requires_secrets(credentials: str) -> str:
    return f"On this version, updating service settings also requires {credentials} (not set)."


def optional_secrets(existing: Endpoint, rotated: Sequence[str]) -> str:
    return (
        f"Inference endpoint {existing.inference_id}: the service {existing.service} does not require credentials. If "
        f"the endpoint was created without credentials, Elasticsearch ignores {join_names(rotated)}. Hint: in this "
        "case, delete the endpoint and run the task again."
    )


def resets_chunking(server: Server) -> str:
    return (
        f"Any update on {server.name} would also reset chunking_settings (elastic/elasticsearch#139574). "
        "Elasticsearch 9.4 and later keep them, as do late patch releases of 9.2 and 9.3."
    )


def rejected(words: str) -> str:
    """
    :param words: the error message of Elasticsearch.
    """
    return f"Elasticsearch rejected the update: {words.rstrip('.')}."


def carried_over(left_over: Endpoint, inference_id: str, paths: Sequence[str]) -> str:
    """
    :param paths: the settings that are carried over from the temporary endpoint.
    """
    return (
        f"An earlier run was interrupted while it re-created inference endpoint {inference_id}. "
        f"Its temporary endpoint {left_over.inference_id} still has {join_names(paths)}, so these values are "
        "carried over."
    )


def duplicate(wanted: Endpoint, duplicates: Sequence[str], model: str) -> str:
    """
    :param model: the dotted path of the setting that names the model.
    """
    many = len(duplicates) > 1
    return (
        f"Inference endpoint{'s' if many else ''} {join_names(duplicates)} already use{'' if many else 's'} the model "
        f"{wanted.settings.get(model)} for the task type {wanted.task_type}, so {wanted.inference_id} is a duplicate."
    )
