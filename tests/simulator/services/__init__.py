# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All services except `anthropic`: a row that describes each, and one engine that parses, stores, shows, and updates.

The rows follow the server's source, as each module cites it; paths are relative to
`x-pack/plugin/inference/src/main/java/org/elasticsearch/xpack/inference/services`.
"""

from __future__ import annotations

from .clouds import CLOUDS
from .embedders import EMBEDDERS
from .models import MODELS
from .own import OWN
from .rows import Service

SERVICES: dict[str, Service] = {service.name: service for service in (*EMBEDDERS, *MODELS, *CLOUDS, *OWN)}
#: Other names that a request may use (`InferenceService.aliases`).
ALIASES = {"sagemaker": "amazon_sagemaker", "amazonsagemaker": "amazon_sagemaker"}
#: Services of the server that this simulator does not serve.
NOT_SERVED = frozenset({"elastic"})

__all__ = ["ALIASES", "NOT_SERVED", "SERVICES", "Service", "find"]


def find(name: str) -> Service | None:
    """Return the service of this name, None if it is not in the table."""
    return SERVICES.get(ALIASES.get(name, name))
