# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of each inference service: names and types of settings, what changes in place, what servers fill in.

Each fact was read in the server's source, package C(org.elasticsearch.xpack.inference.services), in the classes
C(ServiceSettings), C(TaskSettings) and C(SecretSettings) of the service, or in the specification, folder
C(specification/inference). What could not be read is left out: a server's answer tells.
Private to the collection.
"""

from __future__ import annotations

from typing import Mapping

from . import anthropic, clouds, local, providers
from .service import Service

#: By their names.
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
    """What is known of a service; of one that is not in the catalog, its name."""
    return SERVICES.get(name) or Service(name)
