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
  - Creates, updates, or deletes an inference endpoint. If the endpoint is as declared, nothing is written.
  - One request reads the endpoint. Only declared settings are compared, and only differences are written. The response
    to a write is compared with the declaration, since servers return 200 for changes that they ignore.
  - Settings are nested as in the API, so that examples of Elastic's documentation can be copied.
  - To manage several endpoints, M(esops.inference.endpoints) is much faster than a loop.
  - M(esops.inference.anthropic_endpoint) does the same for the C(anthropic) service, and documents its settings.
extends_documentation_fragment:
  - esops.inference.any_endpoint
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.endpoints
  - module: esops.inference.endpoint_info
  - name: Inference APIs
    description: The API that the module uses, with the settings of each service.
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

- name: Change its rate limit in place
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
  description: What was done, or would be done in check mode.
  type: str
  returned: always, except when the options are wrong
  choices: [none, created, updated, recreated, deleted]
  sample: updated
endpoint:
  description:
    - The endpoint as the server holds it now, without its secrets. In check mode, as it would be.
    - V(null) where there is none, or where it could not be read.
    - Nested as the API nests it; which settings are there is the server's matter.
  type: dict
  returned: always, except when the options are wrong
  sample:
    inference_id: support-embeddings
    task_type: text_embedding
    service: openai
    service_settings: {model_id: text-embedding-3-small, rate_limit: {requests_per_minute: 3000}}
    task_settings: {user: support}
changes:
  description:
    - Dotted paths of the settings that changed, or would change.
    - On a create, those that were declared.
  type: list
  elements: str
  returned: always, except when the options are wrong
  sample: [service_settings.rate_limit.requests_per_minute]
failure:
  description: What went wrong, for playbooks to test. What does not apply is V(null).
  type: dict
  returned: on failure, except when the options are wrong
  contains:
    status:
      description: The HTTP status.
      type: int
      returned: always
      sample: 400
    type:
      description: The error's type in the words of Elasticsearch.
      type: str
      returned: always
      sample: status_exception
    reason:
      description: The reason.
      type: str
      returned: always
      sample: Could not complete inference endpoint creation as validation call to service threw an exception.
    method:
      description: The method of the request.
      type: str
      returned: always
      sample: PUT
    path:
      description: The path of the request, with its query.
      type: str
      returned: always
      sample: /_inference/text_embedding/support-embeddings
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short, and what it imports stays until its end: looking through it for garbage is a waste.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoint import main

if __name__ == "__main__":
    main()
