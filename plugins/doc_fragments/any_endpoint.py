# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint of any service, alone and in a list."""

from __future__ import annotations

from textwrap import indent

_NAME = r"""
inference_id:
  description:
    - The unique identifier of the inference endpoint.
    - Lowercase letters, digits, hyphens, underscores, and dots, with a letter or a digit at the beginning and the end.
    - A built-in endpoint, whose ID starts with a dot, can be declared as it is. It is never changed.
  type: str
  required: true
state:
  description:
    - V(present) creates the endpoint, or updates it if it differs.
    - V(absent) deletes it.
  type: str
  choices: [present, absent]
  default: present
service:
  description:
    - The name of the inference service, as in the API, for example V(openai). Required with O(STATE=present).
    - An endpoint of another service is never changed. With O(STATE=absent) and without a service, the endpoint is
      deleted whatever its service is.
    - The collection knows the settings of the services that R(the guide to services,
      ansible_collections.esops.inference.docsite.services) lists. Other services work, too.
  type: str
"""

_BODY = r"""
task_type:
  description:
    - The task that the endpoint performs, for example V(text_embedding).
    - If not given, an existing endpoint keeps its task type, and a new endpoint gets the only one of its service. A
      service with several task types requires it for a new endpoint.
  type: str
service_settings:
  description:
    - The settings of the service, nested as in the API.
    - Values are converted to the types that the service requires, since templates can make strings of numbers.
    - Settings that are not known are sent as they are, with a warning that names the most similar one.
    - Secrets are hidden. Those are the credentials of all known services, and every setting whose name contains a word
      such as C(key), C(token), C(secret), C(password), or C(credential).
  type: dict
task_settings:
  description: The settings of the task, nested as in the API.
  type: dict
chunking_settings:
  description: How inputs are split into chunks, for services with embeddings.
  type: dict
"""

_DEFAULTS = r"""
defaults:
  description:
    - "Common settings by the name of the service, for example C({openai: {service_settings: {api_key: ...}}})."
    - Each can have O(endpoints[].task_type), O(endpoints[].service_settings), O(endpoints[].task_settings), and
      O(endpoints[].chunking_settings). They are merged recursively, and a setting of an endpoint takes precedence.
    - If an endpoint has another kind of credential than the defaults of its service, its own takes their place.
  type: dict
purge_services:
  description:
    - The names of the services whose endpoints O(purge) can delete.
    - If not given, those of the services that occur in O(endpoints).
  type: list
  elements: str
"""


def _options(*texts: str) -> str:
    return "options:\n" + "".join(indent(text, "  ") for text in texts)


def _suboptions(*texts: str) -> str:
    return "    suboptions:\n" + "".join(indent(text, "      ") for text in texts)


class ModuleDocFragment:
    """One endpoint; with C(.many) a list of endpoints with defaults by service."""

    # Annotated, since ansible-test wants the values of plain assignments to be literals.
    DOCUMENTATION: str = _options(_NAME.replace("STATE", "state"), _BODY)

    MANY: str = (
        """
options:
  endpoints:
    description:
      - The endpoints, each declared like an endpoint of M(esops.inference.endpoint).
      - An ID can be in the list only once.
    type: list
    elements: dict
    required: true
"""
        + _suboptions(_NAME.replace("STATE", "endpoints[].state"), _BODY)
        + indent(_DEFAULTS, "  ")
    )
