# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans from known facts, for tests of plans and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint, Server
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired, Policy
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import Plan, plan
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import SERVICE
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    MODEL,
    TOKENS,
    V96,
)

NEEDED = {MODEL: "m", TOKENS: 5}
#: The lookups that may cost a request.
SECRETS, SERVER, ALL_ENDPOINTS = "secrets_are_new", "server", "all_endpoints"
RECREATE_HINT = "Hint: set allow_recreate=true to delete and re-create the endpoint, or declare the current values."
#: The hint of a refused create.
CREATE_HINT = "Hint: declare the missing settings, or correct inference_id."


class StubFacts:
    """Known facts.

    :ivar asked: the lookups that may cost a request, in their order.
    """

    def __init__(
        self,
        server: Server = V96,
        others: Sequence[Endpoint] = (),
        ignored: Sequence[str] = (),
        secrets_sent: bool = False,
        secrets_are_new: bool = True,
        unreadable: str = "",
        rejection: str = "",
    ) -> None:
        self._server = server
        self._others = others
        self._secrets_are_new = secrets_are_new
        self.ignored = frozenset(ignored)
        self.secrets_sent = secrets_sent
        self.unreadable = unreadable
        self.rejection = rejection
        self.asked: list[str] = []

    def secrets_are_new(self, _existing: Endpoint) -> bool:
        self.asked.append(SECRETS)
        return self._secrets_are_new

    def server(self) -> Server:
        self.asked.append(SERVER)
        return self._server

    def all_endpoints(self) -> Sequence[Endpoint]:
        self.asked.append(ALL_ENDPOINTS)
        return self._others


def make_plan(
    settings: dict[str, Any] | None = None,
    existing: Endpoint | None = EXISTING,
    key: str | None = None,
    facts: StubFacts | None = None,
    *,
    state: str = "present",
    task_type: str | None = None,
    service: Service = SERVICE,
    inference_id: str = "a",
    **policy: Any,
) -> Plan:
    secrets = {} if key is None else {KEY: key}
    desired = Desired(inference_id, state, task_type, settings or {}, secrets, service.name)
    return plan(desired, existing, Policy(**policy), service, facts or StubFacts())


def refusal(*arguments: Any, **options: Any) -> str:
    """Return the message of a refused plan."""
    with pytest.raises(Refused) as refused:
        make_plan(*arguments, **options)
    return str(refused.value)
