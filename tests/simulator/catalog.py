# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe the services of a server (`elasticsearch.md`, "Service information").

The shape is that of `TransportGetInferenceServicesAction` and `InferenceServiceConfiguration`, the entry of anthropic
that of `AnthropicService.Configuration`. The other entries come from the rows of the services. Derived: their labels
and descriptions, and which of the settings a server leaves out of its list. A server leaves out some, this simulator
none but `adaptive_allocations`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .cluster import not_serverless
from .messages import Answer
from .routes import Call
from .rules import Rules
from .services import SERVICES, Service
from .services.rows import Setting

TYPES = {"positive": "int", "integer": "int", "double": "float", "boolean": "bool", "texts": "list", "pairs": "list"}
LIMIT = "rate_limit.requests_per_minute"
#: Settings that the list declares as updatable, in addition to secrets. An `_update` can change others.
UPDATABLE = frozenset({"num_allocations"})
NOT_LISTED = frozenset({"dimensions_set_by_user", "adaptive_allocations"})
MODEL_ID = "The name of the model to use for the inference task."


def services(call: Call, rules: Rules) -> Answer:
    """Answer `GET /_inference/_services`, for one task type or for all. Serverless rejects it.

    The services are sorted by name. `custom` is not among them (`hideFromConfigurationApi`).
    """
    if rules.version.serverless:
        raise not_serverless(call)
    task_type = rules.path_task_type(call)
    rows = [row for row in SERVICES.values() if row.listed and rules.service(row.name)]
    known = [_anthropic(sorted(rules.supported, reverse=True)), *(_described(row, rules) for row in rows)]
    found = [one for one in known if task_type == "any" or task_type in one["task_types"]]
    return Answer(200, sorted(found, key=lambda one: str(one["service"])))


def _setting(
    label: str,
    description: str,
    task_types: Sequence[str],
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
        "supported_task_types": list(task_types),
    }


def _secret(name: str, task_types: Sequence[str], *, required: bool = True) -> dict[str, Any]:
    words = "API Key for the provider you're connecting to."
    return _setting(_label(name), words, task_types, required=required, sensitive=True, updatable=True)


def _label(name: str) -> str:
    words = name.replace(".", " ").replace("_", " ").title()
    return words.replace("Api", "API").replace("Id", "ID").replace("Url", "URL")


def _rate_limit(service: str, task_types: Sequence[str], limit: int) -> dict[str, Any]:
    words = f"By default, the {service} service sets the number of requests allowed per minute to {limit}."
    return _setting("Rate Limit", words, task_types, kind="int")


def _service(service: str, name: str, task_types: Sequence[str], configurations: dict[str, Any]) -> dict[str, Any]:
    return {"service": service, "name": name, "task_types": list(task_types), "configurations": configurations}


def _anthropic(task_types: list[str]) -> dict[str, Any]:
    configurations = {
        "api_key": _secret("api_key", task_types),
        "model_id": _setting("Model ID", MODEL_ID, task_types, required=True),
        LIMIT: _rate_limit("anthropic", task_types, 50),
    }
    return _service("anthropic", "Anthropic", task_types, configurations)


def _described(row: Service, rules: Rules) -> dict[str, Any]:
    task_types = [name for name in row.tasks if name in rules.task_types]
    needed = len(row.credentials) == 1 and not row.secret_optional
    configurations = {name: _secret(name, task_types, required=needed) for name in row.secret_names}
    for setting in row.settings:
        tasks = [name for name in task_types if setting.serves(name)]
        if tasks and setting.name not in NOT_LISTED:
            configurations.update(_rows(setting, tasks))
    limit = row.default_limit(task_types[0])
    if limit is not None:
        configurations[LIMIT] = _rate_limit(row.name, task_types, limit)
    return _service(row.name, row.title, task_types, dict(sorted(configurations.items())))


def _rows(setting: Setting, tasks: Sequence[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Return the entries of a setting: one, or one for each setting in an object."""
    for name, one in [(f"{setting.name}.{field.name}", field) for field in setting.fields] or [(setting.name, setting)]:
        words = MODEL_ID if name == "model_id" else f"The setting {name}."
        yield (
            name,
            _setting(
                _label(name),
                words,
                tasks,
                kind=TYPES.get(one.kind, "str"),
                required=one.required is True,
                sensitive=one.sensitive,
                updatable=name in UPDATABLE,
            ),
        )
