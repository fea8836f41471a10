# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C(anthropic) service: settings, validation, normalization, and hints.

Private to the collection.
"""

from __future__ import annotations

import re
from typing import Any, Mapping
from urllib.parse import urlsplit

from .._elasticsearch.json_text import Repeated
from .._elasticsearch.keys import PROVIDER_KEY, find_invisible_character, find_key_error
from .service import Service
from .setting import Setting

API_KEY = "service_settings.api_key"
MAX_CHUNK_SIZE_DEFAULT = 250

_CHUNKING = "chunking_settings."


def _validate_api_key(key: str) -> str:
    return find_key_error(key, PROVIDER_KEY)


def _validate_model(model: str) -> str:
    if model != model.strip():
        return f"{model!r} has leading or trailing whitespace."
    invisible = find_invisible_character(model)
    return f"{model!r} contains the invisible character {invisible}." if invisible else ""


def _validate_url(url: str) -> str:
    if _is_http_url(url):
        return ""
    # The part before an @ can be credentials, so it is not shown.
    shown = "" if "@" in url else f", not {url!r}"
    return f"must be an http or https URL{shown}."


def _is_http_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return False


#: `elasticsearch.md`, "An endpoint" and "Update".
SETTINGS = (
    Setting(API_KEY, required=True, secret=True, changes_since=(8, 17), check=_validate_api_key),
    Setting("service_settings.model_id", required=True, check=_validate_model),
    Setting("service_settings.url", check=_validate_url),
    Setting("service_settings.rate_limit.requests_per_minute", "int", default=50, changes_since=(9, 4), minimum=1),
    Setting("task_settings.max_tokens", "int", required=True, minimum=1),
    Setting("task_settings.temperature", "float"),
    Setting("task_settings.top_k", "int", minimum=0),
    Setting("task_settings.top_p", "float"),
    Setting(f"{_CHUNKING}strategy", choices=("sentence", "word")),
    Setting(f"{_CHUNKING}max_chunk_size", "int"),
    Setting(f"{_CHUNKING}overlap", "int", minimum=0),
    Setting(f"{_CHUNKING}sentence_overlap", "int"),
)


def _validate_chunking(settings: Mapping[str, Any]) -> list[str]:
    """Return validation errors for chunking settings, whose limits depend on each other."""
    chunking = {path[len(_CHUNKING) :]: value for path, value in settings.items() if path.startswith(_CHUNKING)}
    strategy: str | None = chunking.get("strategy")
    size = chunking.get("max_chunk_size", MAX_CHUNK_SIZE_DEFAULT)
    least = 20 if strategy == "sentence" else 10
    found = []
    if not least <= size <= 300:
        found.append(f"{_CHUNKING}max_chunk_size must be from {least} to 300, not {size}.")
    if "overlap" in chunking and strategy != "word":
        found.append(f"{_CHUNKING}overlap requires the strategy word.")
    elif 2 * chunking.get("overlap", 0) > max(size, 0):
        found.append(f"{_CHUNKING}overlap must be at most half of max_chunk_size ({size}), not {chunking['overlap']}.")
    if "sentence_overlap" in chunking and strategy == "word":
        found.append(f"{_CHUNKING}sentence_overlap requires the strategy sentence.")
    elif chunking.get("sentence_overlap", 0) not in (0, 1):
        found.append(f"{_CHUNKING}sentence_overlap must be 0 or 1, not {chunking['sentence_overlap']}.")
    return found


def _advise(settings: Mapping[str, Any]) -> list[str]:
    if "task_settings.temperature" in settings and "task_settings.top_p" in settings:
        return ["task_settings contains temperature and top_p. Anthropic recommends changing only one of them."]
    return []


def normalize(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Restore the name of C(top_k), which Elasticsearch 8.16 and 8.17 return as C(top_p).

    There, C(top_p) always has a decimal point and C(top_k) never has one (`elasticsearch.md`, "An endpoint").
    """
    shown = settings.get("task_settings.top_p")
    values = shown if isinstance(shown, Repeated) else (shown,)
    if not any(_is_whole(value) for value in values):
        return settings
    result = {path: value for path, value in settings.items() if path != "task_settings.top_p"}
    for value in values:
        result["task_settings.top_k" if _is_whole(value) else "task_settings.top_p"] = value
    return result


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: Patterns of Elasticsearch errors, with hints in the terms of this service. The first match is used.
_HINTS = {
    r"unknown.*\burl\b|\burl\b.*unknown|\burl\b.*is not supported by all nodes": (
        "upgrade each node to Elasticsearch 9.6 or later, or remove service_settings.url."
    ),
    r"chunking_settings": "remove chunking_settings. This service does not support chunking.",
    r"does not support task type \[chat_completion\]": (
        "upgrade to Elasticsearch 9.5 or later to use chat_completion."
    ),
    r"\[secret_settings\] does not contain": (
        "set service_settings.api_key. Before Elasticsearch 9.5, updates of service_settings require it."
    ),
}

#: Errors that contain a response of Anthropic. Their hints are the same for every service.
_PROVIDER_ERROR = r"validation call to service|inference entity id \["


def explain(words: str) -> str:
    """Return a hint for an Elasticsearch error (`elasticsearch.md`, "An endpoint", "Create" and "Update")."""
    if re.search(_PROVIDER_ERROR, words):
        return ""
    return next((hint for pattern, hint in _HINTS.items() if re.search(pattern, words)), "")


SERVICE = Service(
    name="anthropic",
    task_types=("completion", "chat_completion"),
    settings=SETTINGS,
    model="service_settings.model_id",
    default_task_type="completion",
    credentials=((API_KEY,),),
    units={"task_settings": (8, 17)},
    secrets_optional_since=(9, 5),
    updates_validated_since=(9, 4),
    normalize_settings=normalize,
    check=_validate_chunking,
    advise=_advise,
    explain=explain,
)


def services(name: str) -> Service:
    """Return a service by name. Modules for this service do not need the settings of others."""
    return SERVICE if name == SERVICE.name else Service(name)
