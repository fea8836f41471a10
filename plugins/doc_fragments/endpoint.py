# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of an endpoint of the anthropic service, of a list of such endpoints, and of change control."""

from __future__ import annotations

from textwrap import indent

_NAME = r"""
inference_id:
  description:
    - Unique ID of the inference endpoint.
    - Use lowercase letters, digits, hyphens, underscores, and dots. Start and end with a letter or a digit.
  type: str
  required: true
state:
  description:
    - Desired state of the endpoint.
    - V(present) creates the endpoint, or updates it if it differs from the declared settings.
    - V(absent) deletes the endpoint.
  type: str
  choices: [present, absent]
  default: present
"""

_BODY = r"""
task_type:
  description:
    - Task that the endpoint performs.
    - V(chat_completion) requires Elasticsearch 9.5 or later.
    - If not set, an existing endpoint keeps its task type, and a new endpoint gets V(completion).
  type: str
  choices: [completion, chat_completion]
service:
  description:
    - Name of the inference service.
    - An endpoint of another service is never changed.
  type: str
  choices: [anthropic]
  default: anthropic
service_settings:
  description: Service settings, nested as in the API.
  type: dict
  suboptions:
    api_key:
      description:
        - Anthropic API key.
        - Required to create or re-create an endpoint.
        - O(update_secrets) sets when the API key is sent to an existing endpoint. Elasticsearch never returns it. See
          R(API key fingerprints, ansible_collections.esops.inference.docsite.fingerprints).
      type: str
    model_id:
      description:
        - Name of the Anthropic model, for example V(claude-sonnet-4-5).
        - Required to create an endpoint.
        - Elasticsearch cannot update it in place. To change it, set O(allow_recreate=true).
      type: str
    url:
      description:
        - Alternative URL of the Anthropic Messages API.
        - Requires Elasticsearch 9.6 or later.
        - Elasticsearch cannot update it in place. To change it, set O(allow_recreate=true).
      type: str
    rate_limit:
      description: Rate limit for requests to Anthropic.
      type: dict
      suboptions:
        requests_per_minute:
          description:
            - Maximum number of requests per minute that Elasticsearch sends to Anthropic.
            - A positive integer. Elasticsearch sets 50 for a new endpoint without a declared value.
            - Elasticsearch 9.4 or later can update it in place. Version 9.4 updates it only together with the API key.
              Earlier versions require O(allow_recreate=true).
          type: int
task_settings:
  description: Task settings, nested as in the API.
  type: dict
  suboptions:
    max_tokens:
      description:
        - Maximum number of tokens to generate.
        - A positive integer. Required to create an endpoint.
      type: int
    temperature:
      description:
        - Amount of randomness in the response.
        - Anthropic defines the valid range.
      type: float
    top_k:
      description:
        - Number of most likely tokens to sample from.
        - For advanced use.
      type: int
    top_p:
      description:
        - Cumulative probability for nucleus sampling.
        - For advanced use. Set this option or the temperature, not both.
      type: float
chunking_settings:
  description:
    - Settings for splitting the input into chunks.
    - Do not set this option for the C(anthropic) service. Elasticsearch rejects it, because the task types of this
      service do not split their input. The module validates it and passes it on, as the API documents it.
  type: dict
  suboptions:
    strategy:
      description: Unit for splitting the input.
      type: str
      choices: [sentence, word]
    max_chunk_size:
      description:
        - Maximum number of words in a chunk.
        - At most 300. At least 20 for the strategy V(sentence), and at least 10 for V(word). The default of
          Elasticsearch is 250.
      type: int
    overlap:
      description:
        - Number of words that neighboring chunks share.
        - At most half of the chunk size. Only for the strategy V(word).
      type: int
    sentence_overlap:
      description:
        - Number of sentences that neighboring chunks share, 0 or 1.
        - Only for the strategy V(sentence).
      type: int
"""

_KEY = r"""
update_secrets:
  description:
    - When to send the API key or other credentials of the provider to Elasticsearch.
    - V(on_create) sends credentials when an endpoint is created, and together with an update of other service settings.
    - V(when_changed) also sends credentials that do not match the stored fingerprint, or that have no fingerprint yet.
      Fingerprints are salted hashes of the credentials, see O(fingerprint_store). The module sends one more request for
      all endpoints together.
    - V(always) sends credentials on every run, and reports a change each time.
    - Elasticsearch 8.16 cannot update credentials in place. It requires O(allow_recreate=true).
    - A rejected API key never replaces a working one. Elasticsearch 9.4 or later validates an API key with the provider
      before it stores the key. For earlier versions, O(preflight) does so.
  type: str
  choices: [on_create, when_changed, always]
  default: on_create
"""

_FINGERPRINTS = r"""
fingerprint_store:
  description:
    - Where to store the fingerprints of API keys.
    - Fingerprints are salted hashes that O(esops.inference.anthropic_endpoint#module:update_secrets=when_changed)
      compares. The API keys themselves are not stored. See
      R(API key fingerprints, ansible_collections.esops.inference.docsite.fingerprints).
    - V(index) stores them in an index of the cluster, with one document for each endpoint. The module creates the index
      when it is needed. Requires the index privileges C(create_index), C(read), C(index), and C(delete).
    - V(file) stores them in a file on the host where the module runs, separately for each cluster UUID. Requires the
      cluster privilege C(monitor).
    - If the store cannot be read or written, the task fails before it changes anything.
  type: str
  choices: [index, file]
  default: index
fingerprint_index:
  description:
    - Name of the index for fingerprints.
    - Used with O(fingerprint_store=index).
  type: str
  default: ansible-inference-fingerprints
fingerprint_file:
  description:
    - Path to the file for fingerprints, on the host where the module runs.
    - Required with O(fingerprint_store=file). The directory must exist.
    - Only the owner can read the file. The module locks the file during a change, and replaces it atomically.
  type: path
"""

_CHANGES = r"""
unmanaged_settings:
  description:
    - How to handle settings that are not declared.
    - V(keep) leaves them unchanged.
    - V(remove) removes undeclared task settings, and resets an undeclared rate limit to its default.
  type: str
  choices: [keep, remove]
  default: keep
allow_recreate:
  description:
    - Delete and re-create an endpoint if a setting cannot be updated in place.
    - If V(false), the task fails in this case and names the setting.
    - Undeclared settings are carried over, unless O(unmanaged_settings=remove).
    - If re-creating the endpoint fails permanently, the module restores its previous settings with the declared API
      key.
    - After the delete, the module retries temporary errors of the provider at least 6 times, even if O(retries) is
      smaller.
    - Kibana connectors that use the endpoint fail until it is re-created. Elasticsearch does not list them.
  type: bool
  default: false
preflight:
  description:
    - Test new settings and API keys on a temporary endpoint before an endpoint is changed.
    - The preflight check creates a temporary endpoint with the new settings and the declared API key. Its ID is that of
      the endpoint with the suffix C(-ansible-preflight). If Elasticsearch or the provider rejects it, the endpoint is
      not changed.
    - The preflight check runs before an endpoint is re-created. It also runs before an API key is sent to Elasticsearch
      9.3 or earlier, which does not validate API keys, or to an unknown version.
    - Models that run in the cluster are not checked, because they would be allocated twice.
    - While an endpoint is re-created, its temporary endpoint remains until the new endpoint exists. If the run is
      interrupted, the next run takes undeclared settings from the temporary endpoint, and deletes it.
    - The next run that changes the endpoint also deletes a leftover temporary endpoint. So do the modules for lists,
      which read all endpoints.
  type: bool
  default: true
force:
  description:
    - Delete or re-create an endpoint even if ingest pipelines or indices use it, or if Elasticsearch cannot read it.
    - The module cannot check whether Kibana connectors use an endpoint, because Elasticsearch does not list them.
  type: bool
  default: false
duplicate_model:
  description:
    - What to do if another endpoint already serves the same model for the same task when an endpoint is created.
    - If Elasticsearch cannot list all endpoints, V(warn) warns about what was not checked. V(fail) fails if the
      endpoints of the task type cannot be listed.
  type: str
  choices: [allow, warn, fail]
  default: warn
wait_for_deployment:
  description:
    - Wait until the model is fully allocated in the cluster.
    - For models that do not run in the cluster, the module does not wait.
    - Requires the cluster privilege C(monitor_ml).
  type: bool
  default: false
wait_timeout:
  description:
    - Timeout for O(wait_for_deployment) in seconds.
    - The task fails after this time.
  type: int
  default: 300
"""

_LIST = r"""
purge:
  description:
    - Delete endpoints that are not in O(endpoints).
    - Only endpoints of the managed services are deleted. Built-in endpoints, whose IDs start with a dot, are never
      deleted.
    - The task fails if O(endpoints) is empty.
    - Endpoints that are in use are not deleted unless O(force=true). The module cannot check whether Kibana connectors
      use an endpoint, because Elasticsearch does not list them.
    - The results of deleted endpoints come last in RV(results), sorted by ID.
    - If Elasticsearch cannot list all endpoints, the task fails before it changes anything.
  type: bool
  default: false
purge_exclude:
  description:
    - Shell patterns for the IDs of endpoints that O(purge) must not delete, for example V(test-*).
  type: list
  elements: str
  default: []
purge_max:
  description:
    - Maximum number of endpoints that O(purge) can delete.
    - If there are more, the task fails before it changes anything, and reports their number.
    - If not set, half of the endpoints of the managed services in the cluster, and at least 5.
  type: int
parallel:
  description:
    - How many endpoints to create, update, or delete at the same time, from 1 to 64.
    - Each has its own connection. One request reads all endpoints.
  type: int
  default: 8
return_unchanged:
  description:
    - Also return endpoints that did not change.
    - If V(false), RV(results) has only the ID, C(changed), and C(action) of these endpoints.
  type: bool
  default: false
"""


def _options(*texts: str) -> str:
    return "options:\n" + "".join(indent(text, "  ") for text in texts)


def _suboptions(*texts: str) -> str:
    return "    suboptions:\n" + "".join(indent(text, "      ") for text in texts)


_PRIVILEGES = r"""
notes:
  - Requires the cluster privilege C(manage_inference). To create or update an endpoint, the module also reads the
    Elasticsearch version, which requires C(monitor). Without it, the module assumes the latest version, and warns if a
    decision depends on the version. See R(Privileges, ansible_collections.esops.inference.docsite.privileges).
  - Elasticsearch validates the settings of a new endpoint with the provider. The cluster must be able to connect to the
    provider.
"""


class ModuleDocFragment:
    """An endpoint.

    C(.policy) limits what a run can change, and C(.fingerprints) is the part of it that reading modules also have.
    C(.many) is a list of endpoints with defaults, and C(.list) has the options for the list as a whole.
    """

    # The annotation is required because ansible-test expects literals in plain assignments. The texts are composed so
    # that each option is documented only once.
    DOCUMENTATION: str = _options(_NAME, _BODY)

    FINGERPRINTS: str = _options(_FINGERPRINTS)

    POLICY: str = _options(_KEY, _FINGERPRINTS, _CHANGES) + _PRIVILEGES

    MANY: str = (
        """
options:
  endpoints:
    description:
      - List of inference endpoints.
      - Each element has the options of an endpoint in M(esops.inference.anthropic_endpoint).
      - An ID can appear in the list only once.
    type: list
    elements: dict
    required: true
"""
        + _suboptions(_NAME, _BODY)
        + """
  defaults:
    description:
      - Default settings for all endpoints.
      - Defaults are merged recursively. Settings of an endpoint take precedence.
    type: dict
"""
        + _suboptions(_BODY)
    )

    LIST: str = _options(_LIST)
