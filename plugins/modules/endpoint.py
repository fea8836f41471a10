#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint
short_description: Manage an Elasticsearch inference endpoint of any service
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Creates, updates, re-creates, or deletes an inference endpoint of any service, for example C(openai), C(cohere), or
    C(elasticsearch).
  - Set O(inference_id), O(service), O(task_type), and O(service_settings). The settings depend on the service.
  - One request reads the endpoint. If the endpoint matches the declared settings, the module sends no other request.
    Undeclared settings are not compared, and by default they are not changed.
  - After a change, the module compares the response with the declared settings. It fails if Elasticsearch ignored a
    setting.
  - Settings are nested as in the API, so that you can copy examples from the Elastic documentation.
  - To manage several endpoints, use M(esops.inference.endpoints), which is much faster than a loop.
  - For the C(anthropic) service, M(esops.inference.anthropic_endpoint) documents each setting.
extends_documentation_fragment:
  - esops.inference.any_endpoint
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.endpoints
  - module: esops.inference.endpoint_info
  - module: esops.inference.endpoint_ping
  - name: Inference APIs
    description: Reference of the APIs that the module uses, with the settings of each service.
    link: https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-inference
"""

EXAMPLES = r"""
- name: Create an endpoint for embeddings
  esops.inference.endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: support-embeddings
    task_type: text_embedding
    service: openai
    service_settings:
      api_key: "{{ openai_api_key }}"
      model_id: text-embedding-3-small

- name: Update the rate limit of the endpoint
  esops.inference.endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: support-embeddings
    service: openai
    service_settings:
      rate_limit:
        requests_per_minute: 500

- name: Run a model in the cluster, and wait until it is allocated
  esops.inference.endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: support-sparse
    task_type: sparse_embedding
    service: elasticsearch
    service_settings:
      model_id: .elser_model_2
      num_threads: 1
      adaptive_allocations:
        enabled: true
        min_number_of_allocations: 1
        max_number_of_allocations: 4
    wait_for_deployment: true

- name: Delete an endpoint
  esops.inference.endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: support-embeddings
    state: absent
"""

RETURN = r"""
action:
  description: Action that the module took, or would take in check mode.
  type: str
  returned: unless options are invalid
  choices: [none, created, updated, recreated, deleted]
  sample: updated
endpoint:
  description:
    - Current endpoint without its secrets, nested as in the API. In check mode, the predicted endpoint.
    - V(null) if the endpoint does not exist or could not be read.
    - The service and the Elasticsearch version determine which settings the endpoint has.
  type: dict
  returned: unless options are invalid
  sample:
    inference_id: support-embeddings
    task_type: text_embedding
    service: openai
    service_settings: {model_id: text-embedding-3-small, rate_limit: {requests_per_minute: 3000}}
    task_settings: {user: support}
changes:
  description:
    - Dotted paths of the settings that changed, or would change in check mode.
    - For a created endpoint, the declared settings.
  type: list
  elements: str
  returned: unless options are invalid
  sample: [service_settings.rate_limit.requests_per_minute]
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
      returned: always
      sample: 400
    type:
      description: Error type that Elasticsearch returned.
      type: str
      returned: always
      sample: status_exception
    reason:
      description: Error reason.
      type: str
      returned: always
      sample: Could not complete inference endpoint creation as validation call to service threw an exception.
    method:
      description: HTTP method of the request.
      type: str
      returned: always
      sample: PUT
    path:
      description: Path of the request, with its query string.
      type: str
      returned: always
      sample: /_inference/text_embedding/support-embeddings
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short and keeps all imported objects until its end, so garbage collection would only cost time.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoint import main

if __name__ == "__main__":
    main()
