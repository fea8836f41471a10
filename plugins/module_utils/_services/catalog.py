# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalog of the inference services: names and types of settings, in-place updates, and defaults.

The facts come from the source code of Elasticsearch, package C(org.elasticsearch.xpack.inference.services), classes
C(ServiceSettings), C(TaskSettings), and C(SecretSettings) of each service, or from the Elasticsearch specification,
folder C(specification/inference). The catalog omits facts that could not be verified there.
Private to the collection.
"""

from __future__ import annotations

from typing import Mapping

from . import anthropic, clouds, local, providers
from .service import Service

#: The services by name.
SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        providers.AI21,
        clouds.ALIBABA,
        clouds.AMAZON_BEDROCK,
        clouds.AMAZON_SAGEMAKER,
        anthropic.SERVICE,
        clouds.AZURE_AI_STUDIO,
        clouds.AZURE_OPENAI,
        providers.COHERE,
        providers.CONTEXTUAL_AI,
        providers.CUSTOM,
        providers.DEEPSEEK,
        local.ELASTICSEARCH,
        local.ELSER,
        providers.FIREWORKS_AI,
        clouds.GOOGLE_AI_STUDIO,
        clouds.GOOGLE_VERTEX_AI,
        providers.GROQ,
        providers.HUGGING_FACE,
        providers.JINA_AI,
        providers.LLAMA,
        providers.MISTRAL,
        providers.NVIDIA,
        providers.OPENAI,
        providers.OPENSHIFT_AI,
        providers.VOYAGE_AI,
        clouds.WATSONX_AI,
    )
}


def services(name: str) -> Service:
    """Return a service by name. A service that is not in the catalog has only a name."""
    return SERVICES.get(name) or Service(name)
