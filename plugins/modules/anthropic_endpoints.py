#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anthropic_endpoints
short_description: Keep many Elasticsearch inference endpoints of the anthropic service as declared
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Does for a list of endpoints what M(esops.inference.anthropic_endpoint) does for one, with defaults common to all.
  - One request reads all endpoints of the cluster and decides. When nothing differs, it is the only one.
  - An endpoint that fails does not stop the others. All are tried, each is reported, then the task fails.
  - Endpoints that are not listed can be removed, see O(purge).
extends_documentation_fragment:
  - esops.inference.endpoint.many
  - esops.inference.endpoint.list
  - esops.inference.endpoint.policy
  - esops.inference.connection
  - esops.inference.attributes
seealso:
  - module: esops.inference.anthropic_endpoint
"""

EXAMPLES = r"""
- name: Three endpoints with common defaults
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

- name: Exactly these endpoints and no other, but for those of the tests
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

- name: Show what happened
  ansible.builtin.debug:
    msg: "{{ inference.results | items2dict(key_name='inference_id', value_name='action') }}"
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
      sample: support-answers
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
      sample: [task_settings.max_tokens]
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

from ..module_utils._modules.anthropic_endpoints import main

if __name__ == "__main__":
    main()
