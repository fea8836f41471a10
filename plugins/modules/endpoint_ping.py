#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_ping
short_description: Test that Elasticsearch inference endpoints respond
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Sends the smallest possible request to each selected inference endpoint, of any task type and any service. A
    response proves that the API key and the model of an endpoint work.
  - Set O(inference_id) to the IDs of the endpoints, or to V(*) for all endpoints.
  - The task sends all requests and reports each result. Then it fails if an endpoint did not respond.
  - An endpoint responds if the response has the status 200 and contains a result. The result is an embedding with
    numbers, the index of a reranked document, the text of a completion, or a part of a chat response. An error inside a
    stream is a failure.
  - One request reads the endpoints and their task types first. If an endpoint cannot be read, Elasticsearch does not
    return the list. The module then reads the IDs one by one, or the endpoints of each task type.
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.attributes
attributes:
  check_mode:
    support: partial
    details:
      - The module reads the endpoints and returns those that it would test. It sends no request to them, because
        requests can cost money.
      - An endpoint that does not exist is not a failure in check mode, because an earlier task may create it.
  diff_mode:
    support: N/A
    details:
      - The module changes nothing.
  idempotent:
    support: full
    details:
      - C(changed) is always V(false), because the module changes nothing in the cluster. Each run sends requests to the
        provider, which can charge for them.
options:
  inference_id:
    description:
      - IDs of the endpoints, or shell patterns of IDs, for example V(team-*) or V(*).
      - An ID that does not exist is a failure, and so is a pattern that matches no endpoint.
      - Built-in endpoints, whose IDs start with a dot, match only patterns that start with a dot, for example V(.*). A
        request to a built-in endpoint can start the deployment of its model.
      - A single ID is read directly. Otherwise, the module reads all endpoints, or all endpoints of O(task_type).
    type: list
    elements: str
    required: true
  task_type:
    description:
      - Task type of the endpoints, for example V(completion), V(text_embedding), or V(rerank).
      - If not set, endpoints of any task type are tested.
      - A listed ID with a different task type is a failure.
    type: str
  service:
    description:
      - Service of the endpoints, for example V(anthropic), V(elasticsearch), or V(openai).
      - If not set, endpoints of any service are tested.
      - A listed ID with a different service is a failure.
    type: str
  input:
    description:
      - Text to send to each endpoint.
      - A reranker gets the text as the query and as the only document.
    type: str
    default: ping
  max_tokens:
    description:
      - Maximum number of tokens that a model generates.
      - This limits the cost of a response.
      - Endpoints with the task type V(chat_completion) receive this limit as C(max_completion_tokens). Endpoints with
        the task type V(completion) receive it as a task setting if their service supports one, for example V(anthropic)
        or V(amazonbedrock). Otherwise, the model decides.
      - Some models reject a small number, for example models that reason before they respond.
    type: int
    default: 1
  parallel:
    description:
      - How many endpoints to test at the same time, from 1 to 64.
      - Each has its own connection.
    type: int
    default: 8
notes:
  - Requires the cluster privilege C(monitor_inference). See
    R(Privileges, ansible_collections.esops.inference.docsite.privileges).
  - Providers charge for most of these requests.
  - Requests that may have cost money are not retried. After a lost connection, or after the status 502 or 504, the
    test fails regardless of O(retries). The module retries only after a refused connection, and after the statuses 429
    and 503, which mean that nothing was done.
  - O(timeout) limits how long Elasticsearch waits for the provider. A model in the cluster that was scaled down to zero
    allocations may need longer to start.
  - Endpoints with the task type V(chat_completion) respond with a stream. The module reads the stream until the first
    text or the end of the response, and then closes the connection.
seealso:
  - module: esops.inference.completion
    description: Sends prompts and returns the responses.
  - module: esops.inference.endpoint_info
    description: Lists endpoints without sending requests to their providers.
"""

EXAMPLES = r"""
- name: Test that an endpoint responds
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion

- name: Test all endpoints except built-in ones
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: "*"

- name: Test some endpoints of one service, and continue if one does not respond
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-*
      - contracts
    service: anthropic
  register: pinged
  ignore_errors: true

- name: Show the endpoints that did not respond
  ansible.builtin.debug:
    msg: "{{ pinged.results | rejectattr('responds') | map(attribute='inference_id') }}"

- name: Test a model that needs more tokens because it reasons before it responds
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: contracts
    max_tokens: 1000
"""

RETURN = r"""
results:
  description:
    - Results of all endpoints, in the order of O(inference_id).
    - The endpoints of a pattern are sorted by ID. An endpoint that several patterns match appears once.
  type: list
  elements: dict
  returned: if the endpoints could be read
  contains:
    inference_id:
      description: ID of the endpoint, or the pattern that matches no endpoint.
      type: str
      sample: anthropic_completion
    task_type:
      description: Task type of the endpoint.
      type: str
      returned: if the endpoint was read
      sample: completion
    service:
      description: Service of the endpoint.
      type: str
      returned: if the endpoint was read
      sample: anthropic
    responds:
      description: Whether the endpoint responded with a result.
      type: bool
      returned: if a request was sent to the endpoint, or the endpoint failed
      sample: true
    milliseconds:
      description:
        - Time from sending the request to receiving the result.
        - The time includes opening the connection, the work of Elasticsearch and of the provider, and pauses before
          retries.
      type: int
      returned: if the endpoint responded
      sample: 640
    failed:
      description: V(true) if the endpoint did not respond or does not exist.
      type: bool
    msg:
      description: Error message of this endpoint. In check mode, also the reason why there is nothing to test.
      type: str
    failure:
      description: Details of the error, with the same keys as RV(failure).
      type: dict
failure:
  description:
    - Details of the error, for use in conditions of a playbook.
    - Values that do not apply are V(null).
    - If several endpoints failed, the first failure in RV(results).
  type: dict
  returned: on failure, unless options are invalid
  contains:
    status:
      description: HTTP status of the response. RV(failure.reason) contains the status that the provider returned to
        Elasticsearch.
      type: int
      sample: 401
    type:
      description: Error type that Elasticsearch returned.
      type: str
      sample: status_exception
    reason:
      description: Error reason.
      type: str
      sample: >-
        Received an authentication error status code for request from inference entity id [anthropic_completion]
        status [401]. Error message: [invalid x-api-key]
    method:
      description: HTTP method of the request. V(null) if no request was sent to the endpoint.
      type: str
      sample: POST
    path:
      description: Path of the request, with its query string. V(null) if no request was sent to the endpoint.
      type: str
      sample: /_inference/completion/anthropic_completion?timeout=120s
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short and keeps all imported objects until its end, so garbage collection would only cost time.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoint_ping import main

if __name__ == "__main__":
    main()
