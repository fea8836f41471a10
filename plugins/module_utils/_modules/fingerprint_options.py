# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the fingerprint store. Private to the collection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping

from .._inference.endpoint import Server
from .._services.service import Service
from .runner import Context

if TYPE_CHECKING:
    from .._fingerprints.records import Fingerprints

#: Index names. Stricter than Elasticsearch, which also accepts unusual characters.
_INDEX = re.compile(r"[a-z0-9.][a-z0-9_.-]{0,200}(?<!\.)")


def fingerprint_options() -> dict[str, Any]:
    """Return the argument spec."""
    return {
        "fingerprint_store": {"type": "str", "choices": ["index", "file"], "default": "index", "no_log": False},
        "fingerprint_index": {"type": "str", "default": "ansible-inference-fingerprints", "no_log": False},
        "fingerprint_file": {"type": "path", "no_log": False},
    }


def validate_fingerprint_options(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors for these options. Call this only if fingerprints are used."""
    index, is_file = params["fingerprint_index"], params["fingerprint_store"] == "file"
    if is_file and not params["fingerprint_file"]:
        return ["fingerprint_store=file requires fingerprint_file."]
    if not is_file and not _INDEX.fullmatch(index):
        hint = "use only lowercase letters, digits, hyphens, underscores, and dots"
        return [f"fingerprint_index {index!r} is not a valid index name. Hint: {hint}."]
    return []


def build_fingerprints(
    context: Context, services: Callable[[str], Service], server: Callable[[], Server]
) -> Fingerprints:
    """Return the fingerprints. Their modules are imported lazily, since most runs do not use them.

    :param server: returns the response of C(GET /), which some stores need.
    """
    from .._fingerprints.records import Fingerprints  # noqa: PLC0415

    if context.params["fingerprint_store"] == "file":
        from .._fingerprints.file_store import FileStore  # noqa: PLC0415

        return Fingerprints(FileStore(Path(context.params["fingerprint_file"]), server), services)
    from .._fingerprints.index_store import IndexStore  # noqa: PLC0415

    return Fingerprints(IndexStore(context.client, context.params["fingerprint_index"], server), services)
