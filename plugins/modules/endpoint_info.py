#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: List Elasticsearch inference endpoints
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Returns all inference endpoints of a cluster, or the endpoints that O(inference_id), O(task_type), and O(service)
    select. Nothing is changed.
  - Set O(references) to also return the pipelines and indices that use each endpoint. Set O(fingerprints) to also
    return the time when each endpoint last received an API key.
  - You can pass the returned list to the option O(esops.inference.endpoints#module:endpoints) of
    M(esops.inference.endpoints). For endpoints of the C(anthropic) service, you can also pass it to
    M(esops.inference.anthropic_endpoints).
  - The module sends one request. O(references) and O(fingerprints) require additional requests.
  - If an endpoint cannot be read, Elasticsearch does not return the list. The module then reads the selected IDs one by
    one, or the endpoints of each task type, and warns about endpoints that cannot be read.
options:
  inference_id:
    description:
      - IDs of the endpoints, or shell patterns of IDs, for example V(team-*).
      - If not set, all endpoints are returned. An empty list selects no endpoint.
      - An endpoint that does not exist is missing in RV(endpoints). This is not an error.
      - A single ID is read directly. Otherwise, the module reads all endpoints, or all endpoints of O(task_type), and
        then selects from them.
    type: list
    elements: str
  task_type:
    description:
      - Task type of the endpoints, for example V(completion), V(text_embedding), or V(rerank).
      - If not set, endpoints of any task type are returned.
    type: str
  service:
    description:
      - Service of the endpoints, for example V(anthropic), V(elasticsearch), or V(openai).
      - If not set, endpoints of any service are returned.
    type: str
  references:
    description:
      - Also return the ingest pipelines and indices that use each endpoint.
      - For each endpoint, the module sends a dry run of the delete request, which requires the cluster privilege
        C(manage_inference). A version without dry runs rejects the request and does not delete the endpoint.
      - A dry run whose query string is lost would delete the endpoint. Therefore, the module first checks that proxies
        in front of Elasticsearch keep query strings. If they do not, the task fails and no dry run is sent.
      - RV(references) does not include Kibana connectors, because Elasticsearch does not list them.
      - RV(references) does not include built-in endpoints, whose IDs start with a dot. Elasticsearch rejects dry runs
        for them.
    type: bool
    default: false
  fingerprints:
    description:
      - Also return when this collection last sent an API key to each endpoint.
      - The times are available for API keys that were sent with
        O(esops.inference.anthropic_endpoint#module:update_secrets=when_changed).
      - The module sends one more request for all endpoints together.
    type: bool
    default: false
notes:
  - Requires the cluster privilege C(monitor_inference). See
    R(Privileges, ansible_collections.esops.inference.docsite.privileges).
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.endpoint.fingerprints
  - esops.inference.attributes
attributes:
  check_mode:
    details:
      - The module only reads, also outside check mode.
  diff_mode:
    support: N/A
    details:
      - The module only reads.
  idempotent:
    support: full
    details:
      - The module only reads.
seealso:
  - module: esops.inference.endpoints
  - module: esops.inference.anthropic_endpoints
  - name: Get an inference endpoint
    description: Reference of the API that the module uses.
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

- name: Show whether the endpoint exists
  ansible.builtin.debug:
    msg: "{{ 'The endpoint exists.' if inference.endpoints else 'The endpoint does not exist.' }}"

- name: Read some endpoints of one service, with the pipelines and indices that use them
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-*
      - contracts
    service: anthropic
    references: true
  register: inference

- name: Show the endpoints that are not in use
  ansible.builtin.debug:
    msg: "{{ inference.references | dict2items
      | rejectattr('value.pipelines') | rejectattr('value.indexes')
      | map(attribute='key') }}"

- name: Read when API keys were sent
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    service: anthropic
    fingerprints: true
  register: inference

- name: Show the endpoints whose API key was not sent this year
  ansible.builtin.debug:
    msg: "{{ inference.fingerprints | dict2items
      | selectattr('value.sent_at', 'lt', now(utc=true).year | string) | map(attribute='key') }}"

- name: Read the endpoints of one cluster
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    service: anthropic
  register: inference

- name: Copy the endpoints to another cluster
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
    - The selected endpoints without their secrets, sorted by ID and nested as in the API.
    - The service and the Elasticsearch version determine which settings an endpoint has. Empty values are left out.
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
    - Usage of each endpoint, by its ID.
    - C(pipelines) are the names of ingest pipelines, and C(indexes) the names of indices whose mappings use the
      endpoint.
    - An endpoint that is deleted during the task is neither here nor in RV(endpoints).
  type: dict
  returned: with O(references)
  sample:
    anthropic_completion: {pipelines: [summaries], indexes: []}
fingerprints:
  description:
    - Time when each endpoint last received an API key, and the version of this collection that sent it, by ID.
    - Times are in UTC.
    - Endpoints without a valid fingerprint are left out, for example endpoints that this collection did not create.
  type: dict
  returned: with O(fingerprints)
  sample:
    anthropic_completion: {sent_at: "2026-11-22T02:00:00+00:00", version: 0.1.0}
failure:
  description:
    - Details of the error, for use in conditions of a playbook.
    - Values that do not apply are V(null).
  type: dict
  returned: on failure, unless options are invalid
  contains:
    status:
      description: HTTP status of the response.
      type: int
      sample: 401
    type:
      description: Error type that Elasticsearch returned.
      type: str
      sample: security_exception
    reason:
      description: Error reason.
      type: str
      sample: missing authentication credentials for REST request [/_inference/_all]
    method:
      description: HTTP method of the request.
      type: str
      sample: GET
    path:
      description: Path of the request, with its query string.
      type: str
      sample: /_inference/_all
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short and keeps all imported objects until its end, so garbage collection would only cost time.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoint_info import main

if __name__ == "__main__":
    main()
