#!/usr/bin/python
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Read Elasticsearch inference endpoints
version_added: 0.1.0
author:
  - esops.inference contributors (@esops)
description:
  - Returns the inference endpoints of a cluster, of every service, or those that the options select, and, if asked, who
    uses each.
  - It takes one request, unless O(references) asks for more. Nothing is changed.
  - If Elasticsearch stores an endpoint that it cannot read, it lists none. Then the module reads the selected IDs one
    by one, or each task type, and warns about what cannot be read.
  - Endpoints of the C(anthropic) service can be given to M(esops.inference.anthropic_endpoints) as they are.
options:
  inference_id:
    description:
      - The ids of the endpoints, or shell patterns of ids, for example V(team-*). If not given, all.
      - What does not exist is not in RV(endpoints), which is no failure. An empty list selects nothing.
      - A single id is read alone. Otherwise all endpoints are read, or all of O(task_type), and then selected.
    type: list
    elements: str
  task_type:
    description:
      - The task of the endpoints, for example V(completion), V(text_embedding) or V(rerank). If not given, any.
    type: str
  service:
    description:
      - The service of the endpoints, for example V(anthropic), V(elasticsearch) or V(openai). If not given, any.
    type: str
  references:
    description:
      - Return the ingest pipelines and the indices that use each endpoint, too.
      - It takes one more request for each endpoint, a removal as a dry run, for which Elasticsearch wants the cluster
        privilege C(manage_inference). Servers that know no dry run refuse it, and remove nothing.
      - A dry run whose query is lost on its way would be a removal. One request before the first makes sure that
        whatever stands between the module and Elasticsearch passes queries on. If not, the task fails, and no dry run
        is sent.
      - Kibana connectors use endpoints, too. No API of Elasticsearch names them, so they are not in RV(references).
      - Built-in endpoints, whose ids start with a dot, are left out of RV(references). Servers refuse to remove them,
        also as a dry run.
    type: bool
    default: false
  fingerprints:
    description:
      - Return when this collection gave each endpoint its API key last, too, as it remembers it with
        O(esops.inference.anthropic_endpoint#module:update_secrets=when_changed).
      - It takes one more request for all of them together.
    type: bool
    default: false
extends_documentation_fragment:
  - esops.inference.connection
  - esops.inference.endpoint.fingerprints
  - esops.inference.attributes
attributes:
  check_mode:
    details:
      - The module only reads, in check mode as well.
  diff_mode:
    support: N/A
    details:
      - The module only reads.
  idempotent:
    support: full
    details:
      - The module only reads.
seealso:
  - module: esops.inference.anthropic_endpoints
  - name: Get an inference endpoint
    description: The API that the module speaks.
    link: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-inference-get
"""

EXAMPLES = r"""
- name: Read all endpoints
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
  register: inference

- name: Read one endpoint
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id: anthropic_completion
  register: inference

- name: Tell whether it is there
  ansible.builtin.debug:
    msg: "{{ 'It is there.' if inference.endpoints else 'There is no such endpoint.' }}"

- name: Read endpoints of one service, and who uses them
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    inference_id:
      - support-*
      - contracts
    service: anthropic
    references: true
  register: inference

- name: Name those that no pipeline and no index uses
  ansible.builtin.debug:
    msg: "{{ inference.references | dict2items | rejectattr('value.pipelines') | rejectattr('value.indexes')
      | map(attribute='key') }}"

- name: Read when keys were rotated
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    service: anthropic
    fingerprints: true
  register: inference

- name: Name those whose key has not been rotated this year
  ansible.builtin.debug:
    msg: "{{ inference.fingerprints | dict2items
      | selectattr('value.sent_at', 'lt', now(utc=true).year | string) | map(attribute='key') }}"

- name: Read the endpoints of one cluster
  esops.inference.endpoint_info:
    elasticsearch_url: https://es.example.com:9200
    elasticsearch_api_key: "{{ elasticsearch_api_key }}"
    service: anthropic
  register: inference

- name: Have the same in another
  esops.inference.anthropic_endpoints:
    elasticsearch_url: https://other.example.com:9200
    elasticsearch_api_key: "{{ other_elasticsearch_api_key }}"
    endpoints: "{{ inference.endpoints }}"
    defaults:
      service_settings:
        api_key: "{{ anthropic_api_key }}"
"""

RETURN = r"""
endpoints:
  description:
    - The endpoints, sorted by their ids, as the server holds them, without their secrets.
    - Nested as the API nests them; which settings are there is the matter of the service and the server. What the
      server shows as empty is left out.
  type: list
  elements: dict
  returned: success
  sample:
    - inference_id: anthropic_completion
      task_type: completion
      service: anthropic
      service_settings: {model_id: claude-sonnet-4-5, rate_limit: {requests_per_minute: 50}}
      task_settings: {max_tokens: 1024}
references:
  description:
    - Who uses each endpoint, by its id. C(pipelines) are the names of ingest pipelines, C(indexes) those of indices
      whose mappings have the endpoint.
    - An endpoint that someone removes while the module asks is neither here nor in RV(endpoints).
  type: dict
  returned: with O(references)
  sample:
    anthropic_completion: {pipelines: [summaries], indexes: []}
fingerprints:
  description:
    - When each endpoint was given its API key last, and by which version of this collection, by its id. Times are UTC.
    - It has no endpoint of which that is not known, for example since someone else made it, or made it anew.
  type: dict
  returned: with O(fingerprints)
  sample:
    anthropic_completion: {sent_at: "2026-11-22T02:00:00+00:00", version: 0.1.0}
failure:
  description: What went wrong, for playbooks to test. What does not apply is V(null).
  type: dict
  returned: on failure, except when the options are wrong
  contains:
    status:
      description: The HTTP status.
      type: int
      sample: 401
    type:
      description: The error's type in the words of Elasticsearch.
      type: str
      sample: security_exception
    reason:
      description: The reason.
      type: str
      sample: missing authentication credentials for REST request [/_inference/_all]
    method:
      description: The method of the request.
      type: str
      sample: GET
    path:
      description: The path of the request, with its query.
      type: str
      sample: /_inference/_all
"""

import atexit
import gc

if __name__ == "__main__":
    # The process is short, and what it imports stays until its end: looking through it for garbage is a waste.
    gc.disable()
    atexit.register(gc.freeze)

from ..module_utils._modules.endpoint_info import main

if __name__ == "__main__":
    main()
