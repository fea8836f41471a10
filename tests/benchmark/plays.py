# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured plays as data, and the endpoints that the server has for them."""

from __future__ import annotations

from typing import Any

from tests.simulator import Simulator

PING = "ansible.builtin.ping"
URI = "uri (GET)"
PAIR = "uri (GET and PUT)"
URI_PUT = "uri (PUT)"
SINGLE = "anthropic_endpoint"
BULK = "anthropic_endpoints"
MANY = "endpoints"
ROLE = "role anthropic"

MODEL = "claude-sonnet-4-5"
MAX_TOKENS = 1024
KEY = "a-key-for-the-benchmark"


def declared(count: int) -> list[dict[str, Any]]:
    """Return the declared endpoints, each with different settings."""
    return [
        {"inference_id": f"endpoint-{number:04}", "task_settings": {"max_tokens": MAX_TOKENS + number}}
        for number in range(count)
    ]


#: Services with the task type text_embedding, and the settings that their endpoints require.
SERVICES: dict[str, dict[str, Any]] = {
    "azureaistudio": {"target": "https://t.example", "endpoint_type": "token", "provider": "openai"},
    "azureopenai": {"resource_name": "r", "deployment_id": "d", "api_version": "v"},
    "cohere": {"model_id": MODEL},
    "googleaistudio": {"model_id": MODEL},
    "hugging_face": {"url": "https://h.example"},
    "jinaai": {"model_id": MODEL},
    "mistral": {"model": MODEL},
    "openai": {"model_id": MODEL},
    "voyageai": {"model_id": MODEL},
    "watsonxai": {"url": "https://w.example", "api_version": "v", "model_id": MODEL, "project_id": "p"},
}


def declared_of_many(count: int) -> list[dict[str, Any]]:
    """Return declared endpoints that alternate between the services."""
    names = list(SERVICES)
    return [
        {
            "inference_id": endpoint["inference_id"],
            "service": names[number % len(names)],
            "task_type": "text_embedding",
            "service_settings": {
                **SERVICES[names[number % len(names)]],
                "rate_limit": {"requests_per_minute": number + 1},
            },
        }
        for number, endpoint in enumerate(declared(count))
    ]


def seed(server: Simulator, count: int, way: str = BULK) -> None:
    """Create the declared endpoints on the server."""
    if way == MANY:
        for endpoint in declared_of_many(count):
            server.seed(**endpoint)
        return
    for endpoint in declared(count):
        server.seed(
            endpoint["inference_id"],
            service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 50}},
            task_settings=endpoint["task_settings"],
        )


def play(way: str, count: int, parallel: int | None = None) -> list[dict[str, Any]]:
    """Return a playbook that manages `count` endpoints in one way. The one with ping manages none."""
    endpoints = declared_of_many(count) if way == MANY else declared(count)
    return _playbook(_tasks(way, parallel), {} if way == PING else {"endpoints": endpoints})


def mixed(ways: list[str], turns: int) -> list[dict[str, Any]]:
    """Return a playbook for one endpoint with each way once per turn, in a different order each time."""
    orders = [ways[turn % len(ways) :] + ways[: turn % len(ways)] for turn in range(turns)]
    tasks = [task for order in orders for way in order for task in _tasks(way, None)]
    return _playbook(tasks, {"endpoints": declared(1)})


def _playbook(tasks: list[dict[str, Any]], variables: dict[str, Any]) -> list[dict[str, Any]]:
    head = {"name": "Measured", "hosts": "localhost", "connection": "local", "gather_facts": False}
    return [{**head, "vars": variables, "tasks": tasks}]


def _tasks(way: str, parallel: int | None) -> list[dict[str, Any]]:
    return [{"name": way, **task} for task in _WAYS[way](parallel)]


def _ping(_parallel: int | None) -> list[dict[str, Any]]:
    return [{"ansible.builtin.ping": {}}]


def _uri(_parallel: int | None) -> list[dict[str, Any]]:
    return [_loop({"ansible.builtin.uri": {"url": _address("item")}})]


def _uri_put(_parallel: int | None) -> list[dict[str, Any]]:
    return [_loop({"ansible.builtin.uri": _put("item")})]


def _pair(_parallel: int | None) -> list[dict[str, Any]]:
    """Return the tasks that read each endpoint and create it if it does not exist."""
    get = {"url": _address("item"), "status_code": [200, 404]}
    return [
        {**_loop({"ansible.builtin.uri": get}), "register": "found"},
        {**_loop({"ansible.builtin.uri": _put("item.item")}, "{{ found.results }}"), "when": "item.status == 404"},
    ]


def _single(_parallel: int | None) -> list[dict[str, Any]]:
    options = {"inference_id": "{{ item.inference_id }}", **_body("item"), "duplicate_model": "allow"}
    return [_loop({"esops.inference.anthropic_endpoint": options})]


def _bulk(parallel: int | None) -> list[dict[str, Any]]:
    options: dict[str, Any] = {
        "endpoints": "{{ endpoints }}",
        "defaults": {"service_settings": {"api_key": KEY, "model_id": MODEL}},
        "duplicate_model": "allow",
    }
    if parallel is not None:
        options["parallel"] = parallel
    return [{"esops.inference.anthropic_endpoints": options}]


def _many(_parallel: int | None) -> list[dict[str, Any]]:
    keys = {name: {"service_settings": {"api_key": KEY}} for name in SERVICES}
    return [{"esops.inference.endpoints": {"endpoints": "{{ endpoints }}", "defaults": keys}}]


def _role(_parallel: int | None) -> list[dict[str, Any]]:
    variables = {
        "anthropic_endpoints": "{{ endpoints }}",
        "anthropic_api_key": KEY,
        "anthropic_model_id": MODEL,
        "anthropic_duplicate_model": "allow",
    }
    return [{"ansible.builtin.import_role": {"name": "esops.inference.anthropic"}, "vars": variables}]


def _address(item: str) -> str:
    return f"{{{{ elasticsearch_url }}}}/_inference/completion/{{{{ {item}.inference_id }}}}"


def _put(item: str) -> dict[str, Any]:
    return {"url": _address(item), "method": "PUT", "body_format": "json", "body": _body(item)}


def _body(item: str) -> dict[str, Any]:
    return {
        "service": "anthropic",
        "service_settings": {"api_key": KEY, "model_id": MODEL},
        "task_settings": f"{{{{ {item}.task_settings }}}}",
    }


def _loop(task: dict[str, Any], items: str = "{{ endpoints }}") -> dict[str, Any]:
    return {**task, "loop": items, "loop_control": {"label": "-"}}


_WAYS = {
    PING: _ping,
    URI: _uri,
    URI_PUT: _uri_put,
    PAIR: _pair,
    SINGLE: _single,
    BULK: _bulk,
    MANY: _many,
    ROLE: _role,
}
