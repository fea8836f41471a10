#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoints
short_description: Manage many Elasticsearch inference endpoints of any services
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Manages a list of endpoints as M(esops.inference.endpoint) manages one, with defaults for each service.
  - One request reads all endpoints of the cluster. If nothing differs, it is the only one.
  - An endpoint that fails does not stop the others. The task reports the result of each, and fails at the end.
  - Endpoints that are not listed can be deleted, see O(purge).
  - The list that M(esops.inference.endpoint_info) returns can be declared as it is.
extends_documentation_fragment:
  - esops.inference.any_endpoint.many
  - esops.inference.endpoint.list
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.endpoint
  - module: esops.inference.endpoint_info
"""

EXAMPLES = r"""
- name: Embeddings, a reranker, and a model in the cluster
  esops.inference.endpoints:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    defaults:
      cohere:
        service_settings:
          api_key: "{{ cohere_api_key }}"
    endpoints:
      - inference_id: support-embeddings
        task_type: text_embedding
        service: cohere
        service_settings:
          model_id: embed-english-v3.0
          embedding_type: byte
      - inference_id: support-rerank
        task_type: rerank
        service: cohere
        service_settings:
          model_id: rerank-english-v3.0
        task_settings:
          top_n: 10
      - inference_id: support-sparse
        task_type: sparse_embedding
        service: elasticsearch
        service_settings:
          model_id: .elser_model_2
          num_threads: 1
          num_allocations: 1
  register: inference

- name: Take over all endpoints of a cluster as they are
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
  register: found

- name: Nothing changes
  esops.inference.endpoints:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    endpoints: "{{ found.endpoints }}"

- name: Delete the endpoints of one service that are not listed
  esops.inference.endpoints:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    endpoints: "{{ found.endpoints }}"
    purge: true
    purge_services:
      - cohere
"""

RETURN = r"""
results:
  description: What happened to each endpoint, in the order of O(endpoints). Those that O(purge) removed come last.
  type: list
  elements: dict
  returned: when the endpoints could be read
  contains:
    inference_id:
      description: The endpoint's id.
      type: str
      returned: always
      sample: support-embeddings
    changed:
      description: Whether the endpoint was changed, or would be in check mode.
      type: bool
      returned: always
      sample: true
    action:
      description: What was done, or would be done in check mode.
      type: str
      returned: always
      choices: [none, created, updated, recreated, deleted]
      sample: created
    endpoint:
      description: The endpoint as the server holds it now, without its secrets. V(null) where there is none.
      type: dict
      returned: if the endpoint changed or failed, or with O(return_unchanged)
    changes:
      description: Dotted paths of the settings that changed, or would change. On a create, those that were declared.
      type: list
      elements: str
      returned: if the endpoint changed or failed, or with O(return_unchanged)
      sample: [service_settings.rate_limit.requests_per_minute]
    failed:
      description: Present, and true, where this endpoint failed.
      type: bool
      returned: if the endpoint failed
    msg:
      description: Why this endpoint failed.
      type: str
      returned: if the endpoint failed
    failure:
      description: What went wrong with this endpoint, for playbooks to test, as RV(failure) does for the task.
      type: dict
      returned: if the endpoint failed
summary:
  description: How many endpoints were C(created), C(updated), C(recreated), C(deleted), C(unchanged), and C(failed).
  type: dict
  returned: when the endpoints could be read
  sample: {created: 1, deleted: 0, failed: 0, recreated: 0, unchanged: 2, updated: 0}
failure:
  description: Why the endpoints could not be read at all, for playbooks to test. What does not apply is V(null).
  type: dict
  returned: when the endpoints could not be read
  contains:
    status:
      description: The HTTP status.
      type: int
      returned: always
      sample: 401
    type:
      description: The error's type in the words of Elasticsearch.
      type: str
      returned: always
      sample: security_exception
    reason:
      description: The reason.
      type: str
      returned: always
    method:
      description: The method of the request.
      type: str
      returned: always
      sample: GET
    path:
      description: The path of the request, with its query.
      type: str
      returned: always
      sample: /_inference/_all
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short, and what it imports stays until its end: looking through it for garbage is a waste.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoints import main

if __name__ == "__main__":
    main()
