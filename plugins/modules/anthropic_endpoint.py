#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anthropic_endpoint
short_description: Manage an Elasticsearch inference endpoint for Anthropic models
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Creates, updates, re-creates, or deletes an inference endpoint of the C(anthropic) service.
  - To create an endpoint, set O(inference_id), O(service_settings.api_key), O(service_settings.model_id), and
    O(task_settings.max_tokens). To update an endpoint, set O(inference_id) and the settings to change.
  - One request reads the endpoint. If the endpoint matches the declared settings, the module sends no other request.
    Undeclared settings are not compared, and by default they are not changed.
  - After a change, the module compares the response with the declared settings. It fails if Elasticsearch ignored a
    setting.
  - Settings are nested as in the API, so that you can copy examples from the Elastic documentation.
  - To manage several endpoints, use M(esops.inference.anthropic_endpoints), which is much faster than a loop.
extends_documentation_fragment:
  - esops.inference.endpoint
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.anthropic_endpoints
  - module: esops.inference.endpoint_ping
  - name: Create an Anthropic inference endpoint
    description: Reference of the API that the module uses.
    link: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-inference-put-anthropic
"""

EXAMPLES = r"""
- name: Create an endpoint, with the settings of the example in the Elastic documentation
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

- name: Update a setting of an existing endpoint, which does not require the Anthropic API key
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    task_settings:
      max_tokens: 2048

- name: Send a new Anthropic API key
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    service_settings:
      api_key: "{{ anthropic_api_key }}"
    update_secrets: always

- name: Change the model, which requires that the endpoint is re-created
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
    service_settings:
      api_key: "{{ anthropic_api_key }}"
      model_id: claude-opus-4-5
    allow_recreate: true

- name: Delete an endpoint
  esops.inference.anthropic_endpoint:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
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
    inference_id: anthropic_completion
    task_type: completion
    service: anthropic
    service_settings: {model_id: claude-sonnet-4-5, rate_limit: {requests_per_minute: 50}}
    task_settings: {max_tokens: 1024}
changes:
  description:
    - Dotted paths of the settings that changed, or would change in check mode.
    - For a created endpoint, the declared settings.
  type: list
  elements: str
  returned: unless options are invalid
  sample: [task_settings.max_tokens]
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
      sample: /_inference/completion/anthropic_completion
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short and keeps all imported objects until its end, so garbage collection would only cost time.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.anthropic_endpoint import main

if __name__ == "__main__":
    main()
