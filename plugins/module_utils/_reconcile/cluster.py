# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run knows of a cluster: each thing is asked for once, when a decision depends on it.

Private to the collection.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Callable, Collection, Iterable, Mapping, Sequence

from .._elasticsearch.errors import ApiError, ClientError, Refused
from .._inference.api import Inference
from .._inference.endpoint import UNKNOWN, Endpoint, Server
from .._services.service import Service
from .declaration import PRESENT, Desired, Policy
from .plan import Facts, Plan, plan

if TYPE_CHECKING:
    from .._fingerprints.records import Fingerprints


#: Returns what is known of a service, given its name.
Services = Callable[[str], Service]


class Cluster:
    """A cluster as one run sees it, with the services and the policy under which it is looked at.

    :ivar warnings: what the user should know although nothing failed, in order, each once.
    :ivar down: what makes every further request pointless, once it has been met.
    :ivar is_listed_in_part: why not all endpoints of the cluster could be listed; empty if they were.
    :ivar unlisted: why not even the endpoints of the task type could be listed; empty if they were.
    :ivar fingerprints: tell whether a secret is new, where the policy asks for that.
    """

    def __init__(
        self, api: Inference, services: Services, policy: Policy, *, check_mode: bool, warnings: list[str]
    ) -> None:
        self.api = api
        self._services = services
        self.policy = policy
        self.check_mode = check_mode
        self.warnings = warnings
        self.down: ClientError | None = None
        self.is_listed_in_part = ""
        self.unlisted = ""
        self.fingerprints: Fingerprints | None = None
        self._server: Server | None = None
        self._assumed = ""
        self._sensitive_settings: Mapping[str, Collection[str]] | None = None
        self._others: dict[str, Endpoint] | None = None
        self._asking = threading.Lock()
        self._listing = threading.Lock()

    def decide(self, desired: Desired, existing: Endpoint | None, facts: Facts) -> Plan:
        """Plans, and finds out before what the plan has to know. Changes nothing.

        :raises Refused: if nothing may be done.
        :raises ClientError: if what the plan has to know cannot be found out.
        """
        service = self._services(desired.service or (existing.service if existing else ""))
        decided = plan(desired, existing, self.policy, service, facts)
        for warning in decided.warnings:
            self.warn(warning)
        return decided

    def expect(self, inference_id: str, endpoint: Endpoint | None) -> None:
        """Lets later plans see what earlier ones will make of the cluster, for the question of duplicates."""
        others = self._others if self._others is not None else {}
        if endpoint is None:
            others.pop(inference_id, None)
        else:
            others[inference_id] = endpoint

    def waits_for(self, desired: Desired) -> bool:
        """Whether the deployment of the endpoint's model is to be waited for."""
        return desired.state == PRESENT and self.policy.wait_for_deployment and not self.check_mode

    def service_of(self, desired: Desired) -> Service:
        """What is known of the service that is declared."""
        return self._services(desired.service)

    def with_hidden(self, desired: Desired, existing: Endpoint | None) -> Desired:
        """The declaration, in which settings that the server calls sensitive are secrets.

        Only where a declared setting has no row, and is not shown, the server is asked.
        :raises ClientError: if any other request would fail as well.
        """
        if existing is None:
            return desired
        service = self.service_of(desired)
        unseen = [path for path in desired.settings if path not in existing.settings and service.row(path) is None]
        hidden = self._sensitive().get(desired.service, ()) if unseen else ()
        names = [path for path in unseen if path.partition(".")[2] in hidden]
        return desired.hiding(names) if names else desired

    def _sensitive(self) -> Mapping[str, Collection[str]]:
        with self._asking:
            if self._sensitive_settings is None:
                try:
                    self._sensitive_settings = self.api.sensitive_settings()
                except ClientError as error:
                    if error.ends_everything:
                        raise
                    # Older servers have no such list: the settings count as different, and the update tells.
                    self._sensitive_settings = {}
            return self._sensitive_settings

    def task_type_of(self, desired: Desired) -> str | None:
        """The task type that an endpoint would be created with; None if that is not known."""
        return desired.task_type or self.service_of(desired).default_task_type or None

    def failed(self, error: Refused | ClientError, desired: Desired) -> Refused | ClientError:
        """The error with what the service has to say of it. One that others would meet as well is kept in mind."""
        if isinstance(error, ClientError) and error.ends_everything:
            self.down = error
        hint = self.service_of(desired).explain(error.problem) if isinstance(error, ApiError) else ""
        return error.but(hint=hint) if isinstance(error, ApiError) and hint else error

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

    def warn_of_assumed_version(self) -> None:
        """Warn if a decision depends on a version that cannot be read."""
        if self._assumed:
            self.warn(self._assumed)

    def _ask_server(self) -> Server:
        try:
            return self.api.server()
        except ClientError as error:
            if error.ends_everything:
                raise
            if isinstance(error, ApiError) and error.error_type == "security_exception":
                why = "without the cluster privilege monitor"
            else:
                why = f"({error.problem.rstrip('.')})"
        # Only a plan that depends on the version makes this a warning.
        self._assumed = f"The version of Elasticsearch cannot be read {why}; the newest is assumed."
        return UNKNOWN

    def others(self) -> dict[str, Endpoint]:
        """All endpoints of the cluster by their ids.

        :raises ClientError: if Elasticsearch does not list them.
        """
        if self._others is None:
            self._others = self.by_id(self.api.get_all())
        return self._others

    def neighbors(self, desired: Desired) -> list[Endpoint]:
        """The other endpoints, as far as they can be listed; a warning says what could not be checked."""
        with self._listing:
            if self._others is None:
                try:
                    self.others()
                except ClientError as error:
                    from . import broken_lists  # noqa: PLC0415

                    self._others, self.unlisted = broken_lists.listed_in_part(self, desired, error)
            return list((self._others or {}).values())

    def left_over(self, desired: Desired) -> Endpoint | None:
        """The temporary endpoint that an earlier run left behind, if there is one."""
        # Only runs that change something look for one.
        from .temporary import left_over_of  # noqa: PLC0415

        return left_over_of(desired.inference_id, self.neighbors(desired))

    def read_many(self, declared: Sequence[Desired]) -> tuple[Mapping[str, Endpoint], Mapping[str, ClientError]]:
        """All endpoints of the cluster, or at least the declared ones.

        :returns: the endpoints by their ids, and why some of the declared ones could not be read.
        :raises ClientError: if no endpoint can be read.
        """
        try:
            return dict(self.others()), {}
        except ClientError as error:
            from . import broken_lists  # noqa: PLC0415

            found, errors = broken_lists.read_declared(self, declared, error)
        self._others = dict(found)
        return found, errors

    def by_id(self, endpoints: Iterable[Endpoint]) -> dict[str, Endpoint]:
        """The endpoints by their IDs, in the normal forms of their services."""
        return {endpoint.inference_id: self.normalised(endpoint) for endpoint in endpoints}

    def read(self, inference_id: str) -> Endpoint | None:
        endpoint = self.api.get(inference_id)
        return self.normalised(endpoint) if endpoint else None

    def normalised(self, endpoint: Endpoint) -> Endpoint:
        return endpoint._replace(settings=self._services(endpoint.service).normalize(endpoint.settings))
