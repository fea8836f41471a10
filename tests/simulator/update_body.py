# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Split the body of an `_update` into its parts (`UpdateInferenceModelAction`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ApiError, bad_request
from .jsontext import java_text
from .versions import Version


@dataclass(frozen=True)
class UpdateParts:
    """The parts of an `_update` body."""

    task_type: object
    service_settings: dict[str, Any]
    task_settings: dict[str, Any]
    chunking_settings: dict[str, Any] | None = None


def update_parts(body: dict[str, Any], version: Version) -> UpdateParts:
    """Split the body of an `_update` into its parts (`UpdateInferenceModelAction`). Raises ApiError."""
    if not body:
        raise bad_request("Request body is empty")
    left = dict(body)
    task_type = left.get("task_type")
    if "task_type" in left and not isinstance(task_type, str):
        status = 400 if version.allows_null_on_update else 500
        reason = f"Failed to parse [task_type] in update request [{java_text(left)}]"
        raise ApiError(status, "status_exception", reason)
    left.pop("task_type", None)
    service_settings, task_settings = (
        _update_part(left, name, version) for name in ("service_settings", "task_settings")
    )
    chunking = left.pop("chunking_settings", None) if version.updates_chunking_settings else None
    if left:
        raise bad_request(
            f"Request contained fields which cannot be updated, remove these fields and try again [{java_text(left)}]"
        )
    if chunking is not None and not isinstance(chunking, dict):
        raise bad_request(f"Unable to parse [chunking_settings] in the request [{java_text(body)}]")
    return UpdateParts(task_type, service_settings, task_settings, chunking)


def _update_part(left: dict[str, Any], name: str, version: Version) -> dict[str, Any]:
    part = left.get(name, {})
    if not isinstance(part, dict):
        readable = f"[{name}]" if version.allows_null_on_update else name.replace("_", " ")
        raise bad_request(f"Unable to parse {readable} in the request [{java_text(left)}]")
    if None in part.values() and not version.allows_null_on_update:
        raise ApiError(500, "status_exception", f"Failed to parse update request [{java_text(left)}]")
    left.pop(name, None)
    return part
