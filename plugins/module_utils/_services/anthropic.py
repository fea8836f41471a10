# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inference endpoint of the C(anthropic) service is: its options, their checks, what servers make of it.

Everything that is true of this service alone stands here. Private to the collection.
"""

from __future__ import annotations

import math
import re
from typing import Any, Mapping, Sequence
from urllib.parse import urlsplit

from .._elasticsearch.client import Repeated
from .._elasticsearch.keys import (
    PROVIDER_KEY,
    invisible_character,
    key_problem,
)
from .._inference.endpoint import flatten
from .._modules.raw_options import few
from .._reconcile.declaration import ABSENT, ON_CREATE, PRESENT, Desired
from .service import Service

API_KEY = "service_settings.api_key"
_MODEL = "service_settings.model_id"
MAX_CHUNK_SIZE_DEFAULT = 250

#: The server's own rule (`reference`, "An endpoint").
_INFERENCE_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?")


def endpoint_options() -> dict[str, Any]:
    """The argument spec of one endpoint: its name, its state and the body of the API, nested alike."""
    return {
        "inference_id": {"type": "str", "required": True},
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        **body_options(),
    }


def body_options() -> dict[str, Any]:
    """The part of the spec that can stand in common defaults, too."""
    return {
        "task_type": {"type": "str", "choices": ["completion", "chat_completion"]},
        "service": {"type": "str", "choices": [SERVICE.name], "default": SERVICE.name},
        "service_settings": {
            "type": "dict",
            "options": {
                "api_key": {"type": "str", "no_log": True},
                "model_id": {"type": "str"},
                "url": {"type": "str"},
                "rate_limit": {"type": "dict", "options": {"requests_per_minute": {"type": "int"}}},
            },
        },
        "task_settings": {
            "type": "dict",
            "options": {
                # Not a secret, though it has a name that looks like one.
                "max_tokens": {"type": "int", "no_log": False},
                "temperature": {"type": "float"},
                "top_k": {"type": "int"},
                "top_p": {"type": "float"},
            },
        },
        "chunking_settings": {
            "type": "dict",
            "options": {
                "strategy": {"type": "str", "choices": ["sentence", "word"]},
                "max_chunk_size": {"type": "int"},
                "overlap": {"type": "int"},
                "sentence_overlap": {"type": "int"},
            },
        },
    }


def normalise(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Undoes the mix-up of 8.16 and 8.17, which print C(top_k) under the name C(top_p).

    A genuine C(top_p) always has a decimal point there and C(top_k) never has (`reference`, "An endpoint").
    """
    shown = settings.get("task_settings.top_p")
    values = shown if isinstance(shown, Repeated) else (shown,)
    if not any(_is_whole(value) for value in values):
        return settings
    result = {path: value for path, value in settings.items() if path != "task_settings.top_p"}
    for value in values:
        result["task_settings.top_k" if _is_whole(value) else "task_settings.top_p"] = value
    return result


#: What Elasticsearch says, and what to do about it in the terms of this service. The first that fits is taken.
_EXPLANATIONS = {
    r"unknown.*\burl\b|\burl\b.*unknown|\burl\b.*is not supported by all nodes": (
        "service_settings.url requires Elasticsearch 9.6 or later, on each node."
    ),
    r"chunking_settings": "this service does not support chunking. Remove chunking_settings.",
    r"does not support task type \[chat_completion\]": "chat_completion requires Elasticsearch 9.5 or later.",
    r"\[secret_settings\] does not contain": (
        "before Elasticsearch 9.5, an update of service_settings requires service_settings.api_key."
    ),
}

#: The words around what Anthropic answered: what to do about that is the same for every service.
_OF_PROVIDER = r"validation call to service|inference entity id \["


def explain(words: str) -> str:
    """Return what to do about an error of Elasticsearch (`reference`, "An endpoint", "Create" and "Update")."""
    if re.search(_OF_PROVIDER, words):
        return ""
    return next((hint for pattern, hint in _EXPLANATIONS.items() if re.search(pattern, words)), "")


#: The update table of `reference`, "Update".
SERVICE = Service(
    name="anthropic",
    default_task_type="completion",
    required=(API_KEY, "service_settings.model_id", "task_settings.max_tokens"),
    secret=API_KEY,
    model="service_settings.model_id",
    changeable_since={
        "task_settings": (8, 17),
        API_KEY: (8, 17),
        "service_settings.rate_limit": (9, 4),
    },
    secret_optional_since=(9, 5),
    updates_validated_since=(9, 4),
    server_defaults={"service_settings.rate_limit.requests_per_minute": 50},
    normalise=normalise,
    explain=explain,
)


def desired(declared: Mapping[str, Any]) -> Desired:
    """The endpoint that the options of one endpoint declare."""
    settings = declared_settings(declared)
    secret = settings.pop(API_KEY, None)
    return Desired(
        inference_id=declared["inference_id"],
        state=declared["state"],
        task_type=declared["task_type"],
        settings=settings,
        secret=secret,
    )


def declared_settings(declared: Mapping[str, Any]) -> dict[str, Any]:
    groups = ("service_settings", "task_settings", "chunking_settings")
    return flatten({group: declared[group] for group in groups if declared.get(group) is not None})


def with_defaults(defaults: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration laid over the defaults, deeply. What is None was not declared."""
    merged = dict(defaults)
    for name, value in declared.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = with_defaults(merged[name], value)
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


def problems(declared: Mapping[str, Any], update_secrets: str) -> list[str]:
    """What is wrong with the options of one endpoint, everything at once; empty if nothing is.

    The rules are the documented ones: the published pages and `reference`, "An endpoint".
    What only a create needs is asked for when there is something to create.
    """
    found = _id_problems(declared["inference_id"])
    settings = declared_settings(declared)
    for path, least in _LEAST.items():
        if path in settings and settings[path] < least:
            found.append(f"{path} must be at least {least}, not {settings[path]}.")
    for path in ("task_settings.temperature", "task_settings.top_p"):
        if not math.isfinite(settings.get(path, 0)):
            found.append(f"{path} must be a finite number, not {settings[path]}.")
    found += _service_problems(settings)
    if update_secrets != ON_CREATE and declared["state"] == PRESENT and API_KEY not in settings:
        found.append(f"{API_KEY} is needed where update_secrets is {update_secrets}.")
    return found + _chunking_problems(settings)


def warnings(declared: Mapping[str, Any]) -> list[str]:
    """What the documentation advises against, though it is allowed."""
    settings = declared_settings(declared)
    if "task_settings.temperature" in settings and "task_settings.top_p" in settings:
        advice = "the documentation advises to alter one of them, not both."
        return [f"{declared['inference_id']}: task_settings has temperature and top_p; {advice}"]
    return []


def list_problems(declared: Sequence[Mapping[str, Any]], update_secrets: str) -> list[str]:
    """What is wrong with a list of endpoints. The same problem of many is said once, with the places."""
    places: dict[str, list[str]] = {}
    ids: dict[str, list[str]] = {}
    for number, endpoint in enumerate(declared):
        place = f"endpoints[{number}]"
        ids.setdefault(endpoint["inference_id"], []).append(place)
        for problem in problems(endpoint, update_secrets):
            places.setdefault(problem, []).append(place)
    found = [f"{few(where)}: {problem}" for problem, where in places.items()]
    twice = [
        f"inference_id {inference_id} stands in the list more than once: {few(where)}."
        for inference_id, where in ids.items()
        if len(where) > 1
    ]
    return found + twice


_LEAST = {
    "service_settings.rate_limit.requests_per_minute": 1,
    "task_settings.max_tokens": 1,
    "task_settings.top_k": 0,
    "chunking_settings.overlap": 0,
}


def _id_problems(inference_id: str) -> list[str]:
    if inference_id.startswith("."):
        return [f"inference_id {inference_id} is reserved: ids that start with a dot belong to Elasticsearch."]
    if not _INFERENCE_ID.fullmatch(inference_id):
        rule = "small letters a-z, digits, hyphens, underscores and dots, a letter or a digit at both ends"
        return [f"inference_id {inference_id!r} is no valid id: {rule}."]
    return []


def _service_problems(settings: Mapping[str, Any]) -> list[str]:
    key, model, url = (settings.get(path) for path in (API_KEY, _MODEL, "service_settings.url"))
    found = [f"{path} is empty." for path, value in ((API_KEY, key), (_MODEL, model)) if value == ""]
    key_is = key_problem(key or "", PROVIDER_KEY)
    if key_is:
        found.append(f"{API_KEY} {key_is}")
    if model and model != model.strip():
        found.append(f"{_MODEL} {model!r} has whitespace at its beginning or its end.")
    elif model and invisible_character(model):
        found.append(f"{_MODEL} {model!r} contains the invisible character {invisible_character(model)}.")
    if url is not None and not _is_web_address(url):
        # What may be a user and a password is not shown.
        shown = "" if "@" in url else f", not {url!r}"
        found.append(f"service_settings.url must be a URL with http or https{shown}.")
    return found


def _chunking_problems(settings: Mapping[str, Any]) -> list[str]:
    group = "chunking_settings."
    chunking = {path[len(group) :]: value for path, value in settings.items() if path.startswith(group)}
    strategy: str | None = chunking.get("strategy")
    size = chunking.get("max_chunk_size", MAX_CHUNK_SIZE_DEFAULT)
    least = 20 if strategy == "sentence" else 10
    found = []
    if not least <= size <= 300:
        found.append(f"{group}max_chunk_size must be from {least} to 300, not {size}.")
    if "overlap" in chunking and strategy != "word":
        found.append(f"{group}overlap needs the strategy word.")
    elif 2 * chunking.get("overlap", 0) > max(size, 0):
        found.append(f"{group}overlap must be at most half of max_chunk_size ({size}), not {chunking['overlap']}.")
    if "sentence_overlap" in chunking and strategy == "word":
        found.append(f"{group}sentence_overlap needs the strategy sentence.")
    elif chunking.get("sentence_overlap", 0) not in (0, 1):
        found.append(f"{group}sentence_overlap must be 0 or 1, not {chunking['sentence_overlap']}.")
    return found


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
