# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations of the matrices, and a bench that runs them in this process against a simulator."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import nest
from ansible_collections.esops.inference.plugins.module_utils._reconcile.cluster import Cluster
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired, Policy
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome
from ansible_collections.esops.inference.plugins.module_utils._reconcile.reconciler import Reconciler
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import API_KEY, services
from tests.simulator import Simulator, StoredEndpoint
from tests.unit.reconciling import wanted
from tests.unit.support import FORMER_KEY, ID, KEY, MODEL

#: Versions that differ in the requests or in the results of a run.
VERSIONS = ("8.16", "8.17", "9.3", "9.4", "9.6", "serverless")

#: Versions with the same requests and results as another version. A test verifies this.
ALIKE = {"8.19": "9.3", "9.5": "9.6"}

MODEL_ID = "service_settings.model_id"
RATE = "service_settings.rate_limit.requests_per_minute"
TOKENS = "task_settings.max_tokens"

BASE: Mapping[str, Any] = {MODEL_ID: MODEL, TOKENS: 1024}
TRIAL = f"{ID}-ansible-preflight"


#: Requests that change an endpoint, or create its temporary endpoint.
WRITES = r"^PUT |^DELETE (?!.*dry_run)"


@dataclass(frozen=True)
class Operation:
    """A declaration and a policy for one endpoint.

    :ivar exists: whether the endpoint exists before. If so, it has an undeclared temperature and another key.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=lambda: BASE)
    state: str = "present"
    exists: bool = True
    policy: Policy = field(default_factory=lambda: Policy(duplicate_model="allow"))

    @property
    def sends_secret(self) -> bool:
        """Return whether an update sends the key, so that the key of the server may change."""
        return self.exists and (self.policy.update_secrets == "always" or RATE in self.settings)

    def __str__(self) -> str:
        return self.name

    @property
    def desired(self) -> Desired:
        return wanted(ID, self.state, None, self.settings, {API_KEY: KEY})


OPERATIONS = (
    Operation("create", exists=False, policy=Policy()),
    Operation("update-task-settings", {**BASE, TOKENS: 2048}),
    Operation("update-rate-limit", {**BASE, RATE: 7}),
    Operation("rotate-key", policy=Policy(update_secrets="always")),
    Operation("recreate", {**BASE, MODEL_ID: "other"}, policy=Policy(allow_recreate=True)),
    Operation("delete", state="absent"),
)


class Bench:
    """One simulator for many runs, reset before each run."""

    def __init__(self, server: Simulator) -> None:
        self.server = server

    @property
    def version(self) -> str:
        """Return the version of the server without its patch number, or "serverless"."""
        version = self.server.version
        return "serverless" if version.serverless else ".".join(map(str, version.minor))

    def prepare(self, operation: Operation) -> None:
        self.server.faults.clear()
        self.server.clear_endpoints()
        if operation.exists:
            self.server.seed(
                ID,
                service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 50}},
                task_settings={"max_tokens": 1024, "temperature": 0.5},
                secret=FORMER_KEY,
            )
        self.server.clear_log()

    def run(
        self,
        operation: Operation,
        *,
        retries: int = 0,
        timeout: float = 30.0,
        before: int | None = None,
        happens: Callable[[], None] | None = None,
        check_mode: bool = False,
        urls: tuple[str, ...] = (),
    ) -> Outcome:
        """Run the operation.

        :param before: the number of the request before which C(happens) is called.
        :param urls: the URLs of the nodes; the URL of the simulator by default.
        """
        connection = Connection(urls or (self.server.url,), timeout=timeout, retries=retries)
        client = _Client(connection, Redactor([KEY, FORMER_KEY]))
        client.before, client.happens = before, happens
        try:
            return _reconciler(client, operation, check_mode).reconcile(operation.desired)
        finally:
            client.close()

    def run_list(self, operation: Operation) -> list[Outcome]:
        """Run the operation as a list of one endpoint."""
        client = Client(Connection((self.server.url,), retries=0), Redactor([KEY, FORMER_KEY]))
        try:
            return _reconciler(client, operation, check_mode=False).reconcile_list([operation.desired])
        finally:
            client.close()

    def settle(self) -> None:
        """Wait until the server has completed all requests, including those whose client is gone."""
        while self.server.at_work:
            time.sleep(0.002)

    def put(self, settings: Mapping[str, Any], secret: str) -> None:
        """Create or replace the endpoint as another client."""
        nested = nest({RATE: 50, **settings})
        self.server.seed(
            ID,
            service_settings=nested["service_settings"],
            task_settings=nested["task_settings"],
            secret=secret,
        )

    def remove(self) -> None:
        """Delete the endpoint as another client."""
        self.server.remove(ID)

    @property
    def held(self) -> StoredEndpoint | None:
        return self.server.endpoint(ID)

    @property
    def has_been_written_to(self) -> bool:
        """Return whether a run sent a write since the reset. Only then, it reads the endpoint a second time."""
        return any(re.search(WRITES, request) for request in self.server.requests)

    @property
    def has_trial(self) -> bool:
        return self.server.endpoint(TRIAL) is not None


def _reconciler(client: Client, operation: Operation, check_mode: bool) -> Reconciler:
    api = Inference(client)
    return Reconciler(Cluster(api, services, operation.policy, check_mode=check_mode, warnings=[]))


class _Client(Client):
    before: int | None = None
    happens: Callable[[], None] | None = None
    _requests = 0

    def request(self, *arguments: Any, **options: Any) -> Any:
        self._requests += 1
        if self.happens and self._requests == self.before:
            self.happens()
        return super().request(*arguments, **options)


def shown(endpoint: StoredEndpoint | None) -> dict[str, Any] | None:
    """Return a stored endpoint as modules return it."""
    if endpoint is None:
        return None
    return {
        "inference_id": endpoint.inference_id,
        "task_type": endpoint.task_type,
        "service": endpoint.service,
        "service_settings": dict(endpoint.service_settings),
        "task_settings": dict(endpoint.task_settings),
    }
