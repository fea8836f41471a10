#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anthropic_endpoint
short_description: Keep an Elasticsearch inference endpoint of the anthropic service as declared
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Creates, changes or removes an inference endpoint of the C(anthropic) service, or does nothing at all when the
    endpoint is as declared.
  - One request reads the endpoint and decides. Only what is declared is compared, and only what differs is written. The
    answer to a write is compared with what was asked, since servers answer 200 to changes they ignore.
  - The body is nested exactly as the API nests it, so that the examples of Elastic's documentation can be copied.
  - For several endpoints M(esops.inference.anthropic_endpoints) is much faster than a loop.
extends_documentation_fragment:
  - esops.inference.endpoint
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.anthropic_endpoints
  - name: Create an Anthropic inference endpoint
    description: The API that the module speaks.
    link: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-inference-put-anthropic
"""

EXAMPLES = r"""
- name: The example of Elastic's documentation
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    task_type: completion
    service: anthropic
    service_settings:
      api_key: "{{ anthropic_api_key }}"
      model_id: claude-sonnet-4-5
    task_settings:
      max_tokens: 1024

- name: Tune an endpoint that exists; its key is not needed, its other settings stay
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    task_settings:
      max_tokens: 2048

- name: Send a new key
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    service_settings:
      api_key: "{{ anthropic_api_key }}"
    update_secrets: always

- name: Move an endpoint to another model, which no server can do in place
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    service_settings:
      api_key: "{{ anthropic_api_key }}"
      model_id: claude-opus-4-5
    allow_recreate: true

- name: Remove an endpoint
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
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
    inference_id: anthropic_completion
    task_type: completion
    service: anthropic
    service_settings: {model_id: claude-sonnet-4-5, rate_limit: {requests_per_minute: 50}}
    task_settings: {max_tokens: 1024}
changes:
  description:
    - Dotted paths of the settings that changed, or would change.
    - On a create, those that were declared.
  type: list
  elements: str
  returned: always, except when the options are wrong
  sample: [task_settings.max_tokens]
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
      sample: /_inference/completion/anthropic_completion
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short, and what it imports stays until its end: looking through it for garbage is a waste.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.anthropic_endpoint import main

if __name__ == "__main__":
    main()
