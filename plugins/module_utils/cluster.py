# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run knows of a cluster: each thing is asked for once, when a decision depends on it.

Private to the collection.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ansible_collections.esops.inference.plugins.module_utils.errors import (
    ApiError,
    ClientError,
    TlsFailed,
    Unreachable,
)
from ansible_collections.esops.inference.plugins.module_utils.inference import (
    NEWEST,
    Endpoint,
    Inference,
    Server,
)
from ansible_collections.esops.inference.plugins.module_utils.outcome import Refused
from ansible_collections.esops.inference.plugins.module_utils.plan import (
    OTHERS,
    PRESENT,
    SECRET,
    SERVER,
    Desired,
    Knowledge,
    Plan,
    Policy,
    Service,
    plan,
)

if TYPE_CHECKING:
    from ansible_collections.esops.inference.plugins.module_utils.fingerprints import Fingerprints


class Cluster:
    """A cluster as one run sees it, with the service and the policy under which it is looked at.

    :ivar warnings: what the user should know although nothing failed, in order, each once.
    :ivar down: what makes every further request pointless, once it has been met.
    :ivar fingerprints: tell whether a secret is new, where the policy asks for that.
    """

    def __init__(
        self, api: Inference, service: Service, policy: Policy, *, check_mode: bool, warnings: list[str]
    ) -> None:
        self.api = api
        self.service = service
        self.policy = policy
        self.check_mode = check_mode
        self.warnings = warnings
        self.down: ClientError | None = None
        self.fingerprints: Fingerprints | None = None
        self._server: Server | None = None
        self._others: dict[str, Endpoint] | None = None
        self._asking = threading.Lock()

    def decide(self, desired: Desired, existing: Endpoint | None, known: Knowledge) -> tuple[Plan, Knowledge]:
        """Plans, and finds out before what the plan has to know. Changes nothing.

        :returns: the plan, and what is known by then.
        :raises Refused: if nothing may be done.
        :raises ClientError: if what the plan has to know cannot be found out.
        """
        while True:
            decided = plan(desired, existing, self.policy, self.service, known)
            if decided.question == SERVER:
                known = known._replace(server=self.server())
            elif decided.question == OTHERS:
                known = known._replace(others=list(self.others().values()))
            elif decided.question == SECRET:
                known = known._replace(secret_is_new=self._is_new(desired, existing))
            elif decided.refusal:
                raise Refused(decided.refusal)
            else:
                break
        for warning in decided.warnings:
            self.warn(warning)
        return decided, known

    def _is_new(self, desired: Desired, existing: Endpoint | None) -> bool:
        if self.fingerprints is None or desired.secret is None or existing is None:
            return True
        return self.fingerprints.is_new(desired.secret, existing)

    def expect(self, inference_id: str, endpoint: Endpoint | None) -> None:
        """Lets later plans see what earlier ones will make of the cluster, for the question of duplicates."""
        if endpoint is None:
            self.others().pop(inference_id, None)
        else:
            self.others()[inference_id] = endpoint

    def waits_for(self, desired: Desired) -> bool:
        """Whether the deployment of the endpoint's model is to be waited for."""
        return desired.state == PRESENT and self.policy.wait_for_deployment and not self.check_mode

    def failed(self, error: Refused | ClientError) -> Refused | ClientError:
        """Adds what the service has to say of an error, and keeps one in mind that others would meet as well."""
        if isinstance(error, ApiError):
            error.hint = self.service.explain(error.problem) or error.hint
        if isinstance(error, (Unreachable, TlsFailed)) or (isinstance(error, ApiError) and error.status == 401):
            self.down = error
        return error

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def stop_if_down(self) -> None:
        """
        :raises Refused: if an earlier request has shown that further ones are pointless.
        """
        if self.down:
            raise Refused(f"Nothing was tried, since an earlier request failed: {self.down}")

    def server(self) -> Server:
        """The server's version, asked once; the newest where the privilege to ask is missing."""
        with self._asking:
            if self._server is None:
                self.stop_if_down()
                self._server = self._ask_server()
            return self._server

    def _ask_server(self) -> Server:
        try:
            return self.api.server()
        except ApiError as error:
            if error.status != 403:
                raise
        self.warn(
            "The version of Elasticsearch cannot be read without the cluster privilege monitor; the newest is assumed."
        )
        return Server(NEWEST, "Elasticsearch (version unknown)")

    def others(self) -> dict[str, Endpoint]:
        """All endpoints of the cluster by their ids."""
        if self._others is None:
            self._others = {endpoint.inference_id: self.normalised(endpoint) for endpoint in self.api.get_all()}
        return self._others

    def read(self, inference_id: str) -> Endpoint | None:
        endpoint = self.api.get(inference_id)
        return self.normalised(endpoint) if endpoint else None

    def normalised(self, endpoint: Endpoint) -> Endpoint:
        if endpoint.service != self.service.name:
            return endpoint
        return endpoint._replace(settings=self.service.normalise(endpoint.settings))
