#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: completion
short_description: Send prompts to Elasticsearch inference endpoints
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Sends prompts to inference endpoints with the task type V(completion) or V(chat_completion), of any service, and
    returns the responses. A response proves that the API key and the model of an endpoint work.
  - Set O(inference_id) to one or more endpoints, and O(input) to one or more prompts. Each prompt is sent to each
    endpoint in its own request.
  - The task sends all requests and reports each result. Then it fails if a request failed.
  - One request reads the task types of the endpoints first. No prompt is sent to an endpoint that does not exist or has
    a different task type.
  - To test endpoints of any task type at the lowest cost, use M(esops.inference.endpoint_ping).
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: none
    details:
      - The task is skipped and sends no request, because completions can cost money.
  diff_mode:
    support: N/A
    details:
      - The module changes nothing.
  idempotent:
    support: full
    details:
      - C(changed) is always V(false), because the module changes nothing in the cluster. Each run sends the prompts to
        the provider, which can charge for them.
options:
  inference_id:
    description: IDs of the endpoints to send the prompts to.
    type: list
    elements: str
    required: true
  input:
    description:
      - A prompt, or a list of independent prompts.
      - Ansible shows prompts with C(-vvv), as it does for all options. If your prompts are confidential, set
        C(no_log=true) for the task.
    type: raw
    required: true
  task_type:
    description:
      - Task type of all endpoints in O(inference_id).
      - If set, the module does not read the task types, which saves a request. An endpoint with a different task type
        rejects its request before it reaches the provider.
    type: str
    choices: [completion, chat_completion]
  task_settings:
    description:
      - Task settings for these requests, which override the task settings of the endpoints.
      - For V(completion), the service of the endpoint defines the available settings.
      - For V(chat_completion), the settings are C(max_tokens), which is sent as C(max_completion_tokens),
        C(temperature), C(top_p), and C(stop), for every service.
      - C(max_tokens), C(max_new_tokens), and C(max_completion_tokens) must be positive integers. C(top_k) must be an
        integer of 0 or more. C(temperature) and C(top_p) must be numbers. Strings that contain such a number are also
        accepted, because templates can turn numbers into strings. All other settings are sent unchanged.
    type: dict
  parallel:
    description:
      - How many requests to send at the same time, from 1 to 64.
      - Each has its own connection.
    type: int
    default: 8
notes:
  - Requires the cluster privilege C(monitor_inference). See
    R(Privileges, ansible_collections.esops.inference.docsite.privileges).
  - Requests that may have cost money are not retried. After a lost connection, or after the status 502 or 504, the
    task fails regardless of O(retries). The module retries only after a refused connection, and after the statuses 429
    and 503, which mean that nothing was done.
  - O(timeout) limits how long Elasticsearch waits for the provider. The complete response must arrive in this time.
  - Endpoints with the task type V(chat_completion) respond with a stream, which the module reads to its end.
seealso:
  - module: esops.inference.endpoint_ping
  - module: esops.inference.anthropic_endpoint
"""

EXAMPLES = r"""
- name: Send a prompt to an endpoint
  esops.inference.completion:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    input: What is Elasticsearch, in one sentence?
    task_settings:
      max_tokens: 100
  register: completion

- name: Show the response
  ansible.builtin.debug:
    msg: "{{ completion.results[0].result }}"

- name: Test that two endpoints respond, with as few tokens as possible
  esops.inference.completion:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-answers
      - contracts
    input: Reply with OK.
    task_settings:
      max_tokens: 1

- name: Send a list of confidential prompts
  esops.inference.completion:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: support-answers
    task_type: completion
    input: "{{ questions }}"
  register: completions
  no_log: true
"""

RETURN = r"""
results:
  description:
    - Results of all requests.
    - For each endpoint in the order of O(inference_id), the prompts in the order of O(input).
  type: list
  elements: dict
  returned: if the endpoints could be read
  contains:
    inference_id:
      description: ID of the endpoint.
      type: str
      sample: anthropic_completion
    result:
      description:
        - Text that the model generated.
        - The text can end in the middle of a sentence if C(max_tokens) is reached. This is not an error.
        - If a stream failed, the text that was received before the error.
      type: str
      returned: if at least a part of the text was received
      sample: Elasticsearch is a distributed search and analytics engine.
    finish_reason:
      description: Reason why the text ended, as the service returns it.
      type: str
      returned: for V(chat_completion), if the service returns it
      sample: end_turn
    model:
      description: Name of the model that generated the text.
      type: str
      returned: for V(chat_completion), if the service returns it
      sample: claude-sonnet-4-5-20250929
    usage:
      description: Numbers of tokens, in C(prompt_tokens), C(completion_tokens), and C(total_tokens).
      type: dict
      returned: for V(chat_completion), if the service returns it
      sample: {completion_tokens: 12, prompt_tokens: 16, total_tokens: 28}
    failed:
      description: V(true) if this request failed.
      type: bool
    msg:
      description: Error message of this request.
      type: str
    failure:
      description: Details of the error, with the same keys as RV(failure).
      type: dict
failure:
  description:
    - Details of the error, for use in conditions of a playbook.
    - Values that do not apply are V(null).
    - If several requests failed, the first failure in RV(results).
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
      description: HTTP method of the request. V(null) if no prompt was sent.
      type: str
      sample: POST
    path:
      description: Path of the request, with its query string. V(null) if no prompt was sent.
      type: str
      sample: /_inference/completion/anthropic_completion?timeout=120s
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short and keeps all imported objects until its end, so garbage collection would only cost time.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.completion import main

if __name__ == "__main__":
    main()
