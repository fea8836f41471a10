#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: completion
short_description: Have Elasticsearch inference endpoints answer texts
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Sends texts to inference endpoints of the task types V(completion) and V(chat_completion), of any service, and
    returns the answers. An endpoint that answers is proved to work, its key and its model included.
  - Each endpoint is given each text, in a request of its own. All are tried, each is reported, then the task fails if
    one of them failed.
  - What kind each endpoint is, one request finds out beforehand. An endpoint that is not there, or that gives no
    completions, is not asked.
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: none
    details:
      - The task is skipped, since each completion may cost money. No request is made.
  diff_mode:
    support: N/A
    details:
      - Nothing changes.
  idempotent:
    support: full
    details:
      - C(changed) is always V(false), as nothing changes in the cluster. Each run asks the provider anew, and
        costs what it charges.
options:
  inference_id:
    description: The endpoint, or several, to be asked.
    type: list
    elements: str
    required: true
  input:
    description:
      - The text to be answered, or a list of texts. Each is answered by itself, without regard to the others.
      - It is shown with C(-vvv), as all options are. Give tasks whose texts are confidential C(no_log=true).
    type: raw
    required: true
  task_type:
    description:
      - The task type of all these endpoints. With it, none is asked for, which saves a request.
      - An endpoint with another task type refuses its request, before its provider is asked.
    type: str
    choices: [completion, chat_completion]
  task_settings:
    description:
      - Settings for these answers alone, laid over those of the endpoint. They are those that the endpoint's service
        has for C(task_settings).
      - Endpoints for V(chat_completion) take C(max_tokens), which is sent as C(max_completion_tokens), C(temperature),
        C(top_p) and C(stop), whatever the service.
      - Whole numbers are C(max_tokens), C(max_new_tokens) and C(max_completion_tokens), which have to be positive, and
        C(top_k), which must not be negative. Numbers are C(temperature) and C(top_p). A text that says such a number,
        as Jinja makes it, will do. All other settings are sent as they are.
    type: dict
  parallel:
    description: How many requests are made at the same time, from 1 to 64, each over a connection of its own.
    type: int
    default: 8
notes:
  - The module needs the cluster privilege C(monitor_inference).
  - A completion that may have been carried out is not asked for again, as it may have cost money. After a connection
    that was lost, and after the statuses 502 and 504, the task fails, whatever O(retries) says. Only a connection that
    was refused and the statuses 429 and 503 are tried again, where nothing was done.
  - Elasticsearch waits for the provider as long as O(timeout) says, and the whole answer has to arrive in that time.
  - Endpoints for V(chat_completion) answer with a stream, which the module reads to its end.
seealso:
  - module: esops.inference.anthropic_endpoint
"""

EXAMPLES = r"""
- name: Ask an endpoint
  esops.inference.completion:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    input: What is Elasticsearch, in one sentence?
    task_settings:
      max_tokens: 100
  register: answer

- name: Show what it said
  ansible.builtin.debug:
    msg: "{{ answer.results[0].result }}"

- name: See whether these endpoints answer, in as few tokens as there can be
  esops.inference.completion:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-answers
      - contracts
    input: Reply with OK.
    task_settings:
      max_tokens: 1

- name: A list of texts, each answered by itself, and none of them shown
  esops.inference.completion:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: support-answers
    task_type: completion
    input: "{{ questions }}"
  register: answers
  no_log: true
"""

RETURN = r"""
results:
  description: What became of each completion. The texts of O(input) in their order, for each endpoint in their order.
  type: list
  elements: dict
  returned: when the endpoints could be read
  contains:
    inference_id:
      description: The endpoint's id.
      type: str
      sample: anthropic_completion
    result:
      description:
        - The answer. It may end in the middle of a sentence where C(max_tokens) was reached, which is no failure.
        - Of a stream that failed, what came before.
      type: str
      returned: if there is an answer, or a part of one
      sample: Elasticsearch is a distributed search and analytics engine.
    finish_reason:
      description: Why the answer ended, in the words of the service.
      type: str
      returned: for V(chat_completion), if the service tells
      sample: end_turn
    model:
      description: The model that answered.
      type: str
      returned: for V(chat_completion), if the service tells
      sample: claude-sonnet-4-5-20250929
    usage:
      description: How many tokens it took, C(prompt_tokens), C(completion_tokens) and C(total_tokens).
      type: dict
      returned: for V(chat_completion), if the service tells
      sample: {completion_tokens: 12, prompt_tokens: 16, total_tokens: 28}
    failed:
      description: Present, and true, where this completion failed.
      type: bool
    msg:
      description: Why it failed.
      type: str
    failure:
      description: What went wrong, for playbooks to test, as RV(failure) does for the task.
      type: dict
failure:
  description:
    - What went wrong, for playbooks to test. What does not apply is V(null).
    - Where several completions failed, this is the first of RV(results) that did.
  type: dict
  returned: on failure, unless options were wrong
  contains:
    status:
      description: The HTTP status. What the provider answered to Elasticsearch stands in RV(failure.reason).
      type: int
      sample: 401
    type:
      description: The error's type in the words of Elasticsearch.
      type: str
      sample: status_exception
    reason:
      description: The reason.
      type: str
      sample: >-
        Received an authentication error status code for request from inference entity id [anthropic_completion]
        status [401]. Error message: [invalid x-api-key]
    method:
      description: The method of the request. V(null) where an endpoint was not asked.
      type: str
      sample: POST
    path:
      description: The path of the request, with its query. V(null) where an endpoint was not asked.
      type: str
      sample: /_inference/completion/anthropic_completion?timeout=120s
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short, and what it imports stays until its end: looking through it for garbage is a waste.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.completion import main

if __name__ == "__main__":
    main()
