#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Read Elasticsearch inference endpoints
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Returns the inference endpoints of a cluster, of every service, or those that the options select, and, if asked, who
    uses each.
  - It takes one request, unless O(references) asks for more. Nothing is changed.
  - If Elasticsearch stores an endpoint that it cannot read, it lists none. Then the module reads the selected IDs one
    by one, or each task type, and warns about what cannot be read.
  - Endpoints of the C(anthropic) service can be given to M(esops.inference.anthropic_endpoints) as they are.
options:
  inference_id:
    description:
      - The ids of the endpoints, or shell patterns of ids, for example V(team-*). If not given, all.
      - What does not exist is not in RV(endpoints), which is no failure. An empty list selects nothing.
      - A single id is read alone. Otherwise all endpoints are read, or all of O(task_type), and then selected.
    type: list
    elements: str
  task_type:
    description:
      - The task of the endpoints, for example V(completion), V(text_embedding) or V(rerank). If not given, any.
    type: str
  service:
    description:
      - The service of the endpoints, for example V(anthropic), V(elasticsearch) or V(openai). If not given, any.
    type: str
  references:
    description:
      - Return the ingest pipelines and the indices that use each endpoint, too.
      - It takes one more request for each endpoint, a removal as a dry run, for which Elasticsearch wants the cluster
        privilege C(manage_inference). Servers that know no dry run refuse it, and remove nothing.
      - A dry run whose query is lost on its way would be a removal. One request before the first makes sure that
        whatever stands between the module and Elasticsearch passes queries on. If not, the task fails, and no dry run
        is sent.
      - Kibana connectors use endpoints, too. No API of Elasticsearch names them, so they are not in RV(references).
      - Built-in endpoints, whose ids start with a dot, are left out of RV(references). Servers refuse to remove them,
        also as a dry run.
    type: bool
    default: false
  fingerprints:
    description:
      - Return when this collection gave each endpoint its API key last, too, as it remembers it with
        O(esops.inference.anthropic_endpoint#module:update_secrets=when_changed).
      - It takes one more request for all of them together.
    type: bool
    default: false
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.endpoint.fingerprints
  - esops.inference.attributes
attributes:
  check_mode:
    details:
      - The module only reads, in check mode as well.
  diff_mode:
    support: N/A
    details:
      - The module only reads.
  idempotent:
    support: full
    details:
      - The module only reads.
seealso:
  - module: esops.inference.anthropic_endpoints
  - name: Get an inference endpoint
    description: The API that the module speaks.
    link: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-inference-get
"""

EXAMPLES = r"""
- name: Read all endpoints
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
  register: inference

- name: Read one endpoint
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
  register: inference

- name: Tell whether it is there
  ansible.builtin.debug:
    msg: "{{ 'It is there.' if inference.endpoints else 'There is no such endpoint.' }}"

- name: Read endpoints of one service, and who uses them
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-*
      - contracts
    service: anthropic
    references: true
  register: inference

- name: Name those that no pipeline and no index uses
  ansible.builtin.debug:
    msg: "{{ inference.references | dict2items | rejectattr('value.pipelines') | rejectattr('value.indexes')
      | map(attribute='key') }}"

- name: Read when keys were rotated
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    service: anthropic
    fingerprints: true
  register: inference

- name: Name those whose key has not been rotated this year
  ansible.builtin.debug:
    msg: "{{ inference.fingerprints | dict2items
      | selectattr('value.sent_at', 'lt', now(utc=true).year | string) | map(attribute='key') }}"

- name: Read the endpoints of one cluster
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    service: anthropic
  register: inference

- name: Have the same in another
  esops.inference.anthropic_endpoints:
    elasticsearch_url: https://other.example.com:9200
    elasticsearch_api_key: "{{ other_elasticsearch_api_key }}"
    endpoints: "{{ inference.endpoints }}"
    defaults:
      service_settings:
        api_key: "{{ anthropic_api_key }}"
"""

RETURN = r"""
endpoints:
  description:
    - The endpoints, sorted by their ids, as the server holds them, without their secrets.
    - Nested as the API nests them; which settings are there is the matter of the service and the server. What the
      server shows as empty is left out.
  type: list
  elements: dict
  returned: success
  sample:
    - inference_id: anthropic_completion
      task_type: completion
      service: anthropic
      service_settings: {model_id: claude-sonnet-4-5, rate_limit: {requests_per_minute: 50}}
      task_settings: {max_tokens: 1024}
references:
  description:
    - Who uses each endpoint, by its id. C(pipelines) are the names of ingest pipelines, C(indexes) those of indices
      whose mappings have the endpoint.
    - An endpoint that someone removes while the module asks is neither here nor in RV(endpoints).
  type: dict
  returned: with O(references)
  sample:
    anthropic_completion: {pipelines: [summaries], indexes: []}
fingerprints:
  description:
    - When each endpoint was given its API key last, and by which version of this collection, by its id. Times are UTC.
    - It has no endpoint of which that is not known, for example since someone else made it, or made it anew.
  type: dict
  returned: with O(fingerprints)
  sample:
    anthropic_completion: {sent_at: "2026-11-22T02:00:00+00:00", version: 0.1.0}
failure:
  description: What went wrong, for playbooks to test. What does not apply is V(null).
  type: dict
  returned: on failure, except when the options are wrong
  contains:
    status:
      description: The HTTP status.
      type: int
      sample: 401
    type:
      description: The error's type in the words of Elasticsearch.
      type: str
      sample: security_exception
    reason:
      description: The reason.
      type: str
      sample: missing authentication credentials for REST request [/_inference/_all]
    method:
      description: The method of the request.
      type: str
      sample: GET
    path:
      description: The path of the request, with its query.
      type: str
      sample: /_inference/_all
"""

import re
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Callable, Mapping, Sequence

from ..module_utils._elasticsearch.errors import ApiError, ClientError
from ..module_utils._inference.api import Inference
from ..module_utils._inference.endpoint import Endpoint
from ..module_utils._modules.runner import (
    Task,
    fingerprint_options,
    fingerprint_problems,
    run,
)
from ..module_utils._services.anthropic import SERVICE

#: Of the versions that this collection supports.
OLDEST = (8, 16)

#: The services whose settings some servers show in a way that has to be set right.
_SERVICES = {SERVICE.name: SERVICE}

#: What is no id, and would make another request of the one that is meant.
_NO_ID = re.compile(r"\.{0,2}|_.*|.*[/\s].*", re.DOTALL)

_TASK_TYPE = re.compile("[a-z]+(_[a-z]+)*")

#: Each task type with the first version that knows it (the server's class TaskType).
_TASK_TYPES = {
    "text_embedding": OLDEST,
    "sparse_embedding": OLDEST,
    "rerank": OLDEST,
    "completion": OLDEST,
    "chat_completion": (8, 18),
    "embedding": (9, 3),
}


def options() -> dict[str, Any]:
    return {
        "inference_id": {"type": "list", "elements": "str"},
        "task_type": {"type": "str"},
        "service": {"type": "str"},
        "references": {"type": "bool", "default": False},
        "fingerprints": {"type": "bool", "default": False, "no_log": False},
        **fingerprint_options(),
    }


def check(params: Mapping[str, Any]) -> list[str]:
    wrong = []
    no_ids = [repr(entry) for entry in params["inference_id"] or () if _NO_ID.fullmatch(entry)]
    if no_ids:
        wrong.append(
            f"inference_id: no endpoint can have the id {' or '.join(no_ids)}. "
            "Leave inference_id out to read all endpoints."
        )
    task_type = params["task_type"]
    # The server would take "any" for all of them.
    if task_type is not None and (task_type == "any" or not _TASK_TYPE.fullmatch(task_type)):
        wrong.append(f"task_type: {task_type!r} is none. Leave task_type out to read endpoints of any.")
    if params["service"] == "":
        wrong.append("service is empty. Leave service out to read endpoints of any.")
    return wrong + (fingerprint_problems(params) if params["fingerprints"] else [])


def work(task: Task) -> dict[str, Any]:
    selected = [endpoint for endpoint in _read(task) if _is_selected(endpoint, task.params)]
    endpoints = sorted(map(_comparable, selected), key=lambda endpoint: endpoint.inference_id)
    result: dict[str, Any] = {"changed": False}
    if task.params["references"]:
        users = _users(task.api, [endpoint for endpoint in endpoints if not _is_built_in(endpoint)])
        endpoints = [endpoint for endpoint in endpoints if _is_built_in(endpoint) or endpoint.inference_id in users]
        result["references"] = users
    if task.params["fingerprints"]:
        result["fingerprints"] = _last_sent(task, endpoints)
    result["endpoints"] = [endpoint.as_dict() for endpoint in endpoints]
    return result


def _read(task: Task) -> Sequence[Endpoint]:
    """All that may be selected, by one request, unless Elasticsearch cannot list one of its endpoints."""
    api, ids, task_type = task.api, task.params["inference_id"] or [], task.params["task_type"]
    are_ids = not any(set("*?[").intersection(entry) for entry in ids)
    if len(ids) == 1 and are_ids:
        endpoint = api.get(ids[0])
        return [endpoint] if endpoint else []
    try:
        return api.get_all(task_type)
    except ClientError as error:
        if not error.may_be_about_one_endpoint or (task_type and not (ids and are_ids)):
            raise
        if ids and are_ids:
            return _readable(task, "Inference endpoint", {name: partial(_one, api, name) for name in ids}, error)
        lists = {name: partial(api.get_all, name) for name in _task_types(api)}
        return _readable(task, "Endpoints of the task type", lists, error)


def _readable(
    task: Task, what: str, reads: Mapping[str, Callable[[], Sequence[Endpoint]]], error: ClientError
) -> list[Endpoint]:
    """What can be read, with a warning for what cannot.

    :raises ClientError: the error of the whole list if nothing can be read.
    """
    found: list[Endpoint] = []
    failures: dict[str, ClientError] = {}
    for name, read in reads.items():
        try:
            found.extend(read())
        except ClientError as failure:
            failures[name] = failure
    if len(failures) == len(reads):
        raise error
    task.warnings.extend(f"{what} {name} cannot be read: {why.problem}" for name, why in failures.items())
    return found


def _one(api: Inference, inference_id: str) -> list[Endpoint]:
    endpoint = api.get(inference_id)
    return [endpoint] if endpoint else []


def _task_types(api: Inference) -> list[str]:
    """The task types that the server knows (`elasticsearch.md`, "An endpoint")."""
    try:
        version = api.server().version
    except ClientError:
        version = OLDEST
    return [name for name, since in _TASK_TYPES.items() if version >= since]


def _is_selected(endpoint: Endpoint, params: Mapping[str, Any]) -> bool:
    patterns = params["inference_id"]
    return (
        (patterns is None or any(fnmatchcase(endpoint.inference_id, pattern) for pattern in patterns))
        and params["task_type"] in (None, endpoint.task_type)
        and params["service"] in (None, endpoint.service)
    )


def _is_built_in(endpoint: Endpoint) -> bool:
    return endpoint.inference_id.startswith(".")


def _comparable(endpoint: Endpoint) -> Endpoint:
    """The endpoint with its settings under their right names."""
    service = _SERVICES.get(endpoint.service)
    return endpoint._replace(settings=service.normalise(endpoint.settings)) if service else endpoint


def _users(api: Inference, endpoints: Sequence[Endpoint]) -> dict[str, dict[str, list[str]]]:
    """Who uses each endpoint, by its id; without those that are gone by now."""
    users = {}
    for endpoint in endpoints:
        try:
            found = api.references(endpoint.task_type, endpoint.inference_id)
        except ApiError as error:
            if not error.is_not_found:
                raise
        else:
            users[endpoint.inference_id] = {"pipelines": sorted(found.pipelines), "indexes": sorted(found.indexes)}
    return users


def _last_sent(task: Task, endpoints: Sequence[Endpoint]) -> dict[str, dict[str, str]]:
    """When the key of each was sent last, by its id; without those of which that is not known."""
    fingerprints = task.fingerprints(SERVICE, task.api.server)
    own = [endpoint for endpoint in endpoints if endpoint.service == SERVICE.name]
    fingerprints.read(endpoint.inference_id for endpoint in own)
    found = {endpoint.inference_id: fingerprints.last_sent(endpoint) for endpoint in own}
    return {inference_id: last for inference_id, last in found.items() if last}


def main() -> None:
    run(options(), check, work)


if __name__ == "__main__":
    main()
