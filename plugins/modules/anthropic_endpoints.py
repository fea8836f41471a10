#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anthropic_endpoints
short_description: Manage many Elasticsearch inference endpoints for Anthropic models
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Creates, updates, re-creates, or deletes a list of inference endpoints of the C(anthropic) service, as
    M(esops.inference.anthropic_endpoint) does for one endpoint.
  - Set O(endpoints) to the list of endpoints, and O(defaults) to the settings that they share. Set O(purge) to delete
    endpoints that are not in the list.
  - One request reads all endpoints. If they match the declared settings, the module sends no other request.
  - An endpoint that fails does not stop the others. The task processes all endpoints, reports each result, and then
    fails.
extends_documentation_fragment:
  - esops.inference.endpoint.many
  - esops.inference.endpoint.list
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.anthropic_endpoint
  - module: esops.inference.endpoint_ping
"""

EXAMPLES = r"""
- name: Manage three endpoints with shared defaults
  esops.inference.anthropic_endpoints:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    defaults:
      service_settings:
        api_key: "{{ anthropic_api_key }}"
        model_id: claude-sonnet-4-5
      task_settings:
        max_tokens: 1024
    endpoints:
      - inference_id: support-answers
      - inference_id: support-summaries
        task_settings:
          max_tokens: 256
          temperature: 0.2
      - inference_id: contracts
        service_settings:
          model_id: claude-opus-4-5
          rate_limit:
            requests_per_minute: 10
  register: inference

- name: Delete all other Anthropic endpoints, except those for tests
  esops.inference.anthropic_endpoints:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    endpoints:
      - inference_id: support-answers
      - inference_id: contracts
    purge: true
    purge_exclude:
      - test-*
  register: inference

- name: Show the action for each endpoint
  ansible.builtin.debug:
    msg: "{{ inference.results | items2dict(key_name='inference_id', value_name='action') }}"
"""

RETURN = r"""
results:
  description: Results of all endpoints, in the order of O(endpoints). Endpoints that O(purge) deleted come last.
  type: list
  elements: dict
  returned: if the endpoints could be read
  contains:
    inference_id:
      description: ID of the endpoint.
      type: str
      returned: always
      sample: support-answers
    changed:
      description: Whether the endpoint changed, or would change in check mode.
      type: bool
      returned: always
      sample: true
    action:
      description: Action that the module took, or would take in check mode.
      type: str
      returned: always
      choices: [none, created, updated, recreated, deleted]
      sample: created
    endpoint:
      description:
        - Current endpoint without its secrets. In check mode, the predicted endpoint.
        - V(null) if the endpoint does not exist or could not be read.
      type: dict
      returned: if the endpoint changed or failed, or with O(return_unchanged)
    changes:
      description:
        - Dotted paths of the settings that changed, or would change in check mode.
        - For a created endpoint, the declared settings.
      type: list
      elements: str
      returned: if the endpoint changed or failed, or with O(return_unchanged)
      sample: [task_settings.max_tokens]
    failed:
      description: V(true) if this endpoint failed.
      type: bool
      returned: if the endpoint failed
    msg:
      description: Error message of this endpoint.
      type: str
      returned: if the endpoint failed
    failure:
      description: Details of the error, with the same keys as RV(failure).
      type: dict
      returned: if the endpoint failed
summary:
  description:
    - Number of endpoints by result, which is C(created), C(updated), C(recreated), C(deleted), C(unchanged), or
      C(failed).
  type: dict
  returned: if the endpoints could be read
  sample: {created: 1, deleted: 0, failed: 0, recreated: 0, unchanged: 2, updated: 0}
failure:
  description:
    - Details of the error if the endpoints could not be read, for use in conditions of a playbook.
    - Values that do not apply are V(null).
  type: dict
  returned: if the endpoints could not be read
  contains:
    status:
      description: HTTP status of the response.
      type: int
      returned: always
      sample: 401
    type:
      description: Error type that Elasticsearch returned.
      type: str
      returned: always
      sample: security_exception
    reason:
      description: Error reason.
      type: str
      returned: always
    method:
      description: HTTP method of the request.
      type: str
      returned: always
      sample: GET
    path:
      description: Path of the request, with its query string.
      type: str
      returned: always
      sample: /_inference/_all
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short and keeps all imported objects until its end, so garbage collection would only cost time.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.anthropic_endpoints import main

if __name__ == "__main__":
    main()
