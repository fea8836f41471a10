# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint of the anthropic service, alone and in a list, and the policy for its changes."""

from __future__ import annotations

from textwrap import indent

_NAME = r"""
inference_id:
  description:
    - The unique identifier of the inference endpoint.
    - Small letters, digits, hyphens, underscores and dots, with a letter or a digit at its beginning and its end.
  type: str
  required: true
state:
  description:
    - V(present) creates the endpoint, or changes it where it differs.
    - V(absent) removes it.
  type: str
  choices: [present, absent]
  default: present
"""

_BODY = r"""
task_type:
  description:
    - The task the endpoint performs. V(chat_completion) needs Elasticsearch 9.5 or later.
    - If not given, an endpoint that exists keeps its own, and a new one becomes V(completion).
  type: str
  choices: [completion, chat_completion]
service:
  description: The service. An endpoint of another service is never touched.
  type: str
  choices: [anthropic]
  default: anthropic
service_settings:
  description: The settings of the service.
  type: dict
  suboptions:
    api_key:
      description:
        - The key for the API of Anthropic. Required to create an endpoint, also when it is created again.
        - No server ever returns it. When it is sent is the matter of O(update_secrets).
      type: str
    model_id:
      description:
        - The name of the model, as in Anthropic's documentation. Required to create an endpoint.
        - It can only change when the endpoint is created again, see O(allow_recreate).
      type: str
    url:
      description:
        - Another address of the Messages API. It needs Elasticsearch 9.6 or later.
        - It can only change when the endpoint is created again, see O(allow_recreate).
      type: str
    rate_limit:
      description: How much the server sends to Anthropic.
      type: dict
      suboptions:
        requests_per_minute:
          description:
            - Requests per minute, a positive number. The server takes 50 for a new endpoint if it is not given.
            - Elasticsearch 9.4 and later change it in place. Earlier versions need O(allow_recreate).
            - Elasticsearch 9.4 changes it only together with the API key.
          type: int
task_settings:
  description: The settings of the task.
  type: dict
  suboptions:
    max_tokens:
      description: How many tokens are generated at the most, a positive number. Required to create an endpoint.
      type: int
    temperature:
      description: The amount of randomness in the response. Its range is Anthropic's matter.
      type: float
    top_k:
      description: Sample only from so many of the likeliest options for each token. For advanced use.
      type: int
    top_p:
      description: Nucleus sampling, up to this probability. For advanced use. Alter it or the temperature, not both.
      type: float
chunking_settings:
  description:
    - How inputs are cut into chunks. It is checked and passed on, as the documentation has it.
    - Servers refuse it for the tasks of this service, which have nothing to chunk. Leave it out.
  type: dict
  suboptions:
    strategy:
      description: By V(sentence) or by V(word).
      type: str
      choices: [sentence, word]
    max_chunk_size:
      description: Words in a chunk, at most 300, at least 20 for sentences and 10 for words. The default is 250.
      type: int
    overlap:
      description: Words that chunks share, at most half of the chunk's size. Only with the strategy V(word).
      type: int
    sentence_overlap:
      description: Sentences that chunks share, 0 or 1. Only with the strategy V(sentence).
      type: int
"""

_KEY = r"""
update_secrets:
  description:
    - V(on_create) sends the API key, or the other credentials of the service, when an endpoint is created, and together
      with another service setting that changes.
    - V(when_changed) also sends them if they are not known to be those that the endpoint was given last. No server
      tells, so a salted hash of them is kept, see O(fingerprint_store). It costs one more request, for one
      endpoint or for many.
    - V(always) sends them on every run, and reports a change each time.
    - Elasticsearch 8.16 changes no key in place. There it takes O(allow_recreate).
    - A key that the provider rejects never replaces one that works. Elasticsearch 9.4 and later ask the provider before
      they store the key. For earlier versions, O(preflight) does so.
  type: str
  choices: [on_create, when_changed, always]
  default: on_create
"""

_FINGERPRINTS = r"""
fingerprint_store:
  description:
    - Where the salted hashes of keys are kept that
      O(esops.inference.anthropic_endpoint#module:update_secrets=when_changed) compares with. Keys are kept nowhere.
    - With V(index) they are in an index of the cluster, one document for each endpoint. The index is created when it is
      needed. It takes the index privileges C(create_index), C(read), C(index) and C(delete) on it.
    - With V(file) they are in a file on the machine the module runs on, which tells clusters apart by their UUID. It
      takes the cluster privilege C(monitor).
    - What cannot be read or written there is a failure before anything is changed.
  type: str
  choices: [index, file]
  default: index
fingerprint_index:
  description: The name of the index for O(fingerprint_store=index).
  type: str
  default: ansible-inference-fingerprints
fingerprint_file:
  description:
    - The path of the file for O(fingerprint_store=file), where it is required. Its directory has to exist.
    - It is readable for its owner alone, locked while it is changed, and replaced as a whole.
  type: path
"""

_CHANGES = r"""
unmanaged_settings:
  description:
    - What becomes of settings that are not declared. With V(keep) they stay as they are on the server.
    - V(remove) takes undeclared task settings away and puts an undeclared rate limit back to its default.
  type: str
  choices: [keep, remove]
  default: keep
allow_recreate:
  description:
    - Whether an endpoint may be deleted and created again where a difference cannot be changed in place.
    - Undeclared settings are carried over, unless O(unmanaged_settings=remove). If creating it fails for good, the
      former settings are put back with the declared key.
    - After it has deleted the endpoint, the module retries temporary faults of the provider at least 6 times, whatever
      O(retries) is.
    - Kibana connectors that use the endpoint fail while it is away. No API of Elasticsearch names them.
    - Without it, such a difference is a failure that names the setting.
  type: bool
  default: false
preflight:
  description:
    - Create a temporary endpoint with the new settings and the declared API key first. Its ID is that of the endpoint
      with the suffix C(-ansible-preflight). If Elasticsearch or the provider rejects it, the endpoint is not changed.
    - It is not done for models that run in the cluster, which would be allocated twice.
    - This is done before an endpoint is re-created, and before an API key is sent to Elasticsearch 9.3 or earlier, or
      to an unknown version, since these do not ask the provider before they store it.
    - While an endpoint is re-created, its temporary endpoint stays until the new one is there. If the run is killed in
      between, the next run carries over from it what nobody declared, and deletes it.
    - A temporary endpoint that a killed run left behind is also deleted by the next run that changes the endpoint, and
      by the modules for lists, which read all endpoints.
  type: bool
  default: true
force:
  description:
    - Delete an endpoint, also to re-create it, although ingest pipelines or indices use it, or although Elasticsearch
      cannot read it.
    - Kibana connectors use endpoints, too. No API of Elasticsearch names them, so they are never checked.
  type: bool
  default: false
duplicate_model:
  description:
    - What to do on a create when another endpoint serves the same model for the same task already.
    - If Elasticsearch cannot list all endpoints, V(warn) warns about what was not checked. V(fail) fails if those of
      the task type cannot be listed.
  type: str
  choices: [allow, warn, fail]
  default: warn
wait_for_deployment:
  description:
    - Wait until the model is fully allocated, as the documentation of the API asks for. A model that is not deployed
      inside the cluster has nothing to wait for.
    - It needs the cluster privilege C(monitor_ml).
  type: bool
  default: false
wait_timeout:
  description: Seconds to wait for O(wait_for_deployment), after which the task fails.
  type: int
  default: 300
"""


_LIST = r"""
purge:
  description:
    - Remove endpoints of this service that are not in O(endpoints). Those of other services, and built-in ones, whose
      ids start with a dot, are never removed. An empty list is refused.
    - Removals respect who uses an endpoint, and O(force). Their results come last, in the order of their ids.
    - Kibana connectors use endpoints, too. No API of Elasticsearch names them, so they are never checked.
    - If Elasticsearch cannot list all endpoints, the task fails before anything is changed.
  type: bool
  default: false
purge_exclude:
  description:
    - Shell patterns of ids that O(purge) leaves alone, for example V(test-*).
  type: list
  elements: str
  default: []
purge_max:
  description:
    - How many endpoints O(purge) may remove. If there are more, the task fails before anything is changed, with a
      message that says the number.
    - If not given, half of the endpoints of this service that the cluster holds, and always 5.
  type: int
parallel:
  description:
    - How many endpoints are created, changed or removed at the same time, from 1 to 64, each over a connection of its
      own. Reading and deciding take one request for all of them together.
  type: int
  default: 8
return_unchanged:
  description:
    - Return the endpoints that did not change as they are, too. Otherwise RV(results) has only the id, C(changed) and
      C(action) of them.
  type: bool
  default: false
"""


def _options(*texts: str) -> str:
    return "options:\n" + "".join(indent(text, "  ") for text in texts)


def _suboptions(*texts: str) -> str:
    return "    suboptions:\n" + "".join(indent(text, "      ") for text in texts)


class ModuleDocFragment:
    """One endpoint; with C(.policy) how far its changes may go; with C(.many) a list of endpoints with defaults.

    C(.list) is what is done with a list as a whole.

    C(.fingerprints) is the part of the policy that others than those who change something have, too.
    """

    # Annotated, since ansible-test wants the values of plain assignments to be literals. Composed, since the
    # documentation of an endpoint stands here once, at its three places.
    DOCUMENTATION: str = _options(_NAME, _BODY)

    FINGERPRINTS: str = _options(_FINGERPRINTS)

    POLICY: str = _options(_KEY, _FINGERPRINTS, _CHANGES)

    MANY: str = (
        """
options:
  endpoints:
    description:
      - The endpoints, each declared like an endpoint of M(esops.inference.anthropic_endpoint).
      - An id may stand in the list only once.
    type: list
    elements: dict
    required: true
"""
        + _suboptions(_NAME, _BODY)
        + """
  defaults:
    description:
      - What stands under each endpoint, deeply. A setting of the endpoint itself wins.
    type: dict
"""
        + _suboptions(_BODY)
    )

    LIST: str = _options(_LIST)
