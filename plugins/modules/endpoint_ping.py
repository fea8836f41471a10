#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_ping
short_description: Check that Elasticsearch inference endpoints respond
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Sends the smallest possible request to each selected inference endpoint, of any task type and any service. An
    endpoint that responds has a valid API key and a model that its provider serves.
  - The module sends all requests and reports each endpoint. Then the task fails if an endpoint did not respond.
  - An endpoint responds if the response has status 200 and contains a result. The result is an embedding with numbers,
    the index of a reranked document, the result of a completion, or a part of a chat response. An error inside a stream
    is a failure.
  - One request reads the endpoints and their task types first. If Elasticsearch stores an endpoint that it cannot read,
    it returns no list. The module then reads the IDs one by one, or the endpoints of each task type.
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.attributes
attributes:
  check_mode:
    support: partial
    details:
      - The module reads the endpoints and returns those that it would ping. It sends no request to them, since each may
        cost money.
      - An endpoint that does not exist is not a failure in check mode, since an earlier task may create it.
  diff_mode:
    support: N/A
    details:
      - Nothing changes.
  idempotent:
    support: full
    details:
      - C(changed) is always V(false), as nothing changes in the cluster. Each run sends the requests again, and
        costs what the provider charges.
options:
  inference_id:
    description:
      - The IDs of the endpoints, or shell patterns of IDs, for example V(team-*). V(*) selects all endpoints.
      - An ID that does not exist is a failure, and so is a pattern that matches no endpoint.
      - Built-in endpoints, whose IDs start with a dot, match only patterns that start with a dot, for example V(.*). A
        request to a built-in endpoint can start the deployment of its model.
      - A single ID is read alone. Otherwise the module reads all endpoints, or all of O(task_type).
    type: list
    elements: str
    required: true
  task_type:
    description:
      - The task type of the endpoints, for example V(completion), V(text_embedding) or V(rerank). If not set, any.
      - A listed ID with another task type is a failure.
    type: str
  service:
    description:
      - The service of the endpoints, for example V(anthropic), V(elasticsearch) or V(openai). If not set, any.
      - A listed ID with another service is a failure.
    type: str
  input:
    description:
      - The text to send. A reranker gets it as the query and as the only document.
    type: str
    default: ping
  max_tokens:
    description:
      - The maximum number of tokens that a model generates. It limits the cost of a response.
      - Endpoints with the task type V(chat_completion) get it as C(max_completion_tokens). Endpoints with the task type
        V(completion) get it as a task setting if their service has one, for example V(anthropic) or V(amazonbedrock).
        Otherwise their model decides.
      - Some models, such as those that reason before they respond, reject a small number.
    type: int
    default: 1
  parallel:
    description: How many endpoints are pinged at the same time, from 1 to 64, each over a connection of its own.
    type: int
    default: 8
notes:
  - The module needs the cluster privilege C(monitor_inference).
  - Providers charge for most of these requests.
  - A request that may have reached the provider is not sent again, as it may have cost money. After a connection that
    was lost, and after the statuses 502 and 504, the ping fails, whatever O(retries) says. Only a connection that was
    refused and the statuses 429 and 503 are tried again, where nothing was done.
  - Elasticsearch waits for the provider for as long as O(timeout) says. A model in the cluster that was scaled down to
    no allocations may need longer to start.
  - Endpoints with the task type V(chat_completion) respond with a stream. The module reads it until the first text or
    the end of the model's response, then closes the connection.
seealso:
  - module: esops.inference.completion
    description: Sends prompts and returns the responses.
  - module: esops.inference.endpoint_info
    description: Reads the endpoints without a request to their providers.
"""

EXAMPLES = r"""
- name: Check that an endpoint responds
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion

- name: Check that all endpoints except the built-in ones respond
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: "*"

- name: Check some endpoints of one service, and continue if one does not respond
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-*
      - contracts
    service: anthropic
  register: pinged
  ignore_errors: true

- name: Show the endpoints that do not respond
  ansible.builtin.debug:
    msg: "{{ pinged.results | rejectattr('responds') | map(attribute='inference_id') }}"

- name: Give a model that reasons before it responds more tokens
  esops.inference.endpoint_ping:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: contracts
    max_tokens: 1000
"""

RETURN = r"""
results:
  description:
    - One entry for each endpoint, in the order of O(inference_id). The endpoints of a pattern are sorted by their IDs.
      An endpoint that several patterns match has one entry.
  type: list
  elements: dict
  returned: when the endpoints could be read
  contains:
    inference_id:
      description: The ID of the endpoint, or the pattern that matches no endpoint.
      type: str
      sample: anthropic_completion
    task_type:
      description: The task type of the endpoint.
      type: str
      returned: if the endpoint was read
      sample: completion
    service:
      description: The service of the endpoint.
      type: str
      returned: if the endpoint was read
      sample: anthropic
    responds:
      description: Whether the endpoint responded with a result.
      type: bool
      returned: if the endpoint was pinged, or is a failure
      sample: true
    milliseconds:
      description:
        - The time from sending the request to the result. It includes opening the connection, the work of Elasticsearch
          and of the provider, and the pauses before retries.
      type: int
      returned: if the endpoint responds
      sample: 640
    failed:
      description: Present, and true, if the endpoint did not respond or does not exist.
      type: bool
    msg:
      description: Why it failed. In check mode, also why there is nothing to ping.
      type: str
    failure:
      description: What went wrong, for playbooks to test, as RV(failure) is for the task.
      type: dict
failure:
  description:
    - What went wrong, for playbooks to test. What does not apply is V(null).
    - If several endpoints did not respond, this is the first failure of RV(results).
  type: dict
  returned: on failure, unless options were wrong
  contains:
    status:
      description: The HTTP status. What the provider responded to Elasticsearch is in RV(failure.reason).
      type: int
      sample: 401
    type:
      description: The type of the error in the words of Elasticsearch.
      type: str
      sample: status_exception
    reason:
      description: The reason.
      type: str
      sample: >-
        Received an authentication error status code for request from inference entity id [anthropic_completion]
        status [401]. Error message: [invalid x-api-key]
    method:
      description: The method of the request. V(null) if the endpoint was not pinged.
      type: str
      sample: POST
    path:
      description: The path of the request, with its query. V(null) if the endpoint was not pinged.
      type: str
      sample: /_inference/completion/anthropic_completion?timeout=120s
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short, and what it imports stays until its end: looking through it for garbage is a waste.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoint_ping import main

if __name__ == "__main__":
    main()
