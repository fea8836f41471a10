# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of an endpoint of any service, and of a list of such endpoints."""

from __future__ import annotations

from textwrap import indent

_NAME = r"""
inference_id:
  description:
    - Unique ID of the inference endpoint.
    - Use lowercase letters, digits, hyphens, underscores, and dots. Start and end with a letter or a digit.
    - You can declare a built-in endpoint, whose ID starts with a dot, with its current settings. It is never changed.
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
service:
  description:
    - Name of the inference service, as in the API, for example V(openai).
    - Required with O(STATE=present).
    - An endpoint of another service is never changed. With O(STATE=absent) and without O(SERVICE), the endpoint is
      deleted regardless of its service.
    - R(Manage endpoints of any service, ansible_collections.esops.inference.docsite.services) lists the services whose
      settings the collection knows. Other services also work.
  type: str
"""

_BODY = r"""
task_type:
  description:
    - Task that the endpoint performs, for example V(text_embedding).
    - If not set, an existing endpoint keeps its task type, and a new endpoint gets the only task type of its service.
      If the service has several task types, this option is required for a new endpoint.
  type: str
service_settings:
  description:
    - Service settings, nested as in the API.
    - Values are converted to the types that the service requires, because templates can turn numbers into strings.
    - Unknown settings are sent unchanged, with a warning that names the most similar known setting.
    - Secrets are hidden. Secrets are the credentials of all known services, and every setting whose name contains a
      word such as C(key), C(token), C(secret), C(password), or C(credential).
  type: dict
task_settings:
  description: Task settings, nested as in the API.
  type: dict
chunking_settings:
  description:
    - Settings for splitting the input into chunks.
    - Supported by services for embeddings.
  type: dict
"""

_DEFAULTS = r"""
defaults:
  description:
    - Default settings for the endpoints of each service.
    - "The keys are the names of the services, for example C({openai: {service_settings: {api_key: ...}}})."
    - Each service can have O(endpoints[].task_type), O(endpoints[].service_settings), O(endpoints[].task_settings), and
      O(endpoints[].chunking_settings).
    - Defaults are merged recursively. Settings of an endpoint take precedence.
    - If an endpoint has a different kind of credential than the defaults of its service, it replaces the default
      credential.
  type: dict
purge_services:
  description:
    - Names of the services whose endpoints O(purge) can delete.
    - If not set, the services in O(endpoints).
  type: list
  elements: str
"""


def _options(*texts: str) -> str:
    return "options:\n" + "".join(indent(text, "  ") for text in texts)


def _suboptions(*texts: str) -> str:
    return "    suboptions:\n" + "".join(indent(text, "      ") for text in texts)


class ModuleDocFragment:
    """An endpoint. C(.many) is a list of endpoints with defaults for each service."""

    # The annotation is required because ansible-test expects literals in plain assignments.
    DOCUMENTATION: str = _options(_NAME.replace("STATE", "state").replace("SERVICE", "service"), _BODY)

    MANY: str = (
        """
options:
  endpoints:
    description:
      - List of inference endpoints.
      - Each element has the options of an endpoint in M(esops.inference.endpoint).
      - An ID can appear in the list only once.
    type: list
    elements: dict
    required: true
"""
        + _suboptions(_NAME.replace("STATE", "endpoints[].state").replace("SERVICE", "endpoints[].service"), _BODY)
        + indent(_DEFAULTS, "  ")
    )
