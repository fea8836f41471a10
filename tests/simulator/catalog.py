# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe the services of a server (`elasticsearch.md`, "What a server tells about its services").

The shape and the `anthropic` entry are those of `AnthropicService.Configuration`. The other entries are incomplete.
"""

from __future__ import annotations

from typing import Any

from .cluster import not_serverless
from .messages import Answer
from .routes import Call
from .rules import Rules


def services(call: Call, rules: Rules) -> Answer:
    """Answer `GET /_inference/_services`, for one task type or for all. Serverless rejects it."""
    if rules.version.serverless:
        raise not_serverless(call)
    task_type = rules.path_task_type(call)
    known = [_anthropic(sorted(rules.supported, reverse=True)), _elasticsearch(), _openai()]
    return Answer(200, [one for one in known if task_type == "any" or task_type in one["task_types"]])


def _setting(
    label: str,
    description: str,
    task_types: list[str],
    *,
    kind: str = "str",
    required: bool = False,
    sensitive: bool = False,
    updatable: bool = False,
) -> dict[str, Any]:
    return {
        "description": description,
        "label": label,
        "required": required,
        "sensitive": sensitive,
        "updatable": updatable,
        "type": kind,
        "supported_task_types": task_types,
    }


def _api_key(task_types: list[str]) -> dict[str, Any]:
    words = "API Key for the provider you're connecting to."
    return _setting("API Key", words, task_types, required=True, sensitive=True, updatable=True)


def _model_id(task_types: list[str]) -> dict[str, Any]:
    return _setting("Model ID", "The name of the model to use for the inference task.", task_types, required=True)


def _rate_limit(task_types: list[str], description: str) -> dict[str, Any]:
    return _setting("Rate Limit", description, task_types, kind="int")


def _service(service: str, name: str, task_types: list[str], configurations: dict[str, Any]) -> dict[str, Any]:
    return {"service": service, "name": name, "task_types": task_types, "configurations": configurations}


def _anthropic(task_types: list[str]) -> dict[str, Any]:
    words = "By default, the anthropic service sets the number of requests allowed per minute to 50."
    configurations = {
        "api_key": _api_key(task_types),
        "model_id": _model_id(task_types),
        "rate_limit.requests_per_minute": _rate_limit(task_types, words),
    }
    return _service("anthropic", "Anthropic", task_types, configurations)


def _elasticsearch() -> dict[str, Any]:
    task_types = ["text_embedding", "sparse_embedding", "rerank"]
    configurations = {
        "model_id": _model_id(task_types),
        "num_allocations": _setting(
            "Number Allocations",
            "The total number of allocations this model is assigned across machine learning nodes.",
            task_types,
            kind="int",
            updatable=True,
        ),
        "num_threads": _setting(
            "Number Threads",
            "Sets the number of threads used by each model allocation during inference.",
            task_types,
            kind="int",
            required=True,
        ),
    }
    return _service("elasticsearch", "Elasticsearch", task_types, configurations)


def _openai() -> dict[str, Any]:
    task_types = ["text_embedding", "completion", "chat_completion"]
    configurations = {
        "api_key": _api_key(task_types),
        "model_id": _model_id(task_types),
        "rate_limit.requests_per_minute": _rate_limit(task_types, "Minimize the number of rate limit errors."),
    }
    return _service("openai", "OpenAI", task_types, configurations)
