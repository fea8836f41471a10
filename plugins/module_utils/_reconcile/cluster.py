# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of a cluster during one run. Each item is read on demand, and at most once.

Private to the collection.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Callable, Collection, Iterable, Mapping, Sequence

from .._elasticsearch.errors import ApiError, ClientError, Refused
from .._inference.api import Inference
from .._inference.endpoint import UNKNOWN_SERVER, Endpoint, Server
from .._services.service import Service
from .declaration import PRESENT, Desired, Policy
from .plan import Facts, Plan, plan

if TYPE_CHECKING:
    from .._fingerprints.records import Fingerprints


#: Returns the service of a given name.
Services = Callable[[str], Service]


class Cluster:
    """The state of a cluster during one run, with the services and the policy of the run.

    :ivar warnings: warnings for the user, in order and without repetitions.
    :ivar fatal_error: the error that stops all further requests; None until one occurs.
    :ivar list_failure: the reason why not all endpoints could be listed; empty if they could.
    :ivar task_type_list_failure: the reason why not even the endpoints of the task type could be listed; empty if they
        could.
    :ivar fingerprints: the fingerprints of secrets; None if the policy does not need them.
    """

    def __init__(
        self, api: Inference, services: Services, policy: Policy, *, check_mode: bool, warnings: list[str]
    ) -> None:
        self.api = api
        self._services = services
        self.policy = policy
        self.check_mode = check_mode
        self.warnings = warnings
        self.fatal_error: ClientError | None = None
        self.list_failure = ""
        self.task_type_list_failure = ""
        self.fingerprints: Fingerprints | None = None
        self._server: Server | None = None
        self._version_warning = ""
        self._sensitive_settings: Mapping[str, Collection[str]] | None = None
        self._endpoints: dict[str, Endpoint] | None = None
        self._server_lock = threading.Lock()
        self._list_lock = threading.Lock()

    def decide(self, desired: Desired, existing: Endpoint | None, facts: Facts) -> Plan:
        """Return the plan for one endpoint. Look up the facts that it needs, but change nothing.

        :raises Refused: if the change is not possible or not allowed.
        :raises ClientError: if a required fact cannot be looked up.
        """
        service = self._services(desired.service or (existing.service if existing else ""))
        new_plan = plan(desired, existing, self.policy, service, facts)
        for warning in new_plan.warnings:
            self.warn(warning)
        return new_plan

    def predict(self, inference_id: str, endpoint: Endpoint | None) -> None:
        """Record the predicted endpoint of a plan, so that later plans find duplicates of it."""
        others = self._endpoints if self._endpoints is not None else {}
        if endpoint is None:
            others.pop(inference_id, None)
        else:
            others[inference_id] = endpoint

    def should_wait_for(self, desired: Desired) -> bool:
        """Return whether to wait for the deployment of the endpoint's model."""
        return desired.state == PRESENT and self.policy.wait_for_deployment and not self.check_mode

    def service_of(self, desired: Desired) -> Service:
        """Return the declared service."""
        return self._services(desired.service)

    def mark_sensitive(self, desired: Desired, existing: Endpoint | None) -> Desired:
        """Return the declaration with the settings that Elasticsearch marks as sensitive among its secrets.

        A request is sent only if a declared setting has no row and Elasticsearch does not return it.
        :raises ClientError: if the error would also stop all other requests.
        """
        if existing is None:
            return desired
        service = self.service_of(desired)
        unseen = [path for path in desired.settings if path not in existing.settings and service.row(path) is None]
        hidden = self._read_sensitive().get(desired.service, ()) if unseen else ()
        names = [path for path in unseen if path.partition(".")[2] in hidden]
        return desired.with_secrets(names) if names else desired

    def _read_sensitive(self) -> Mapping[str, Collection[str]]:
        with self._server_lock:
            if self._sensitive_settings is None:
                try:
                    self._sensitive_settings = self.api.sensitive_settings()
                except ClientError as error:
                    if error.is_fatal:
                        raise
                    # Older versions have no such list. The settings count as different, and the response to the
                    # update decides.
                    self._sensitive_settings = {}
            return self._sensitive_settings

    def task_type_of(self, desired: Desired) -> str | None:
        """Return the task type for creating the endpoint; None if it is unknown."""
        return desired.task_type or self.service_of(desired).default_task_type or None

    def annotate(self, error: Refused | ClientError, desired: Desired) -> Refused | ClientError:
        """Return the error with a hint of the service. Remember an error that would also stop all other requests."""
        if isinstance(error, ClientError) and error.is_fatal:
            self.fatal_error = error
        hint = self.service_of(desired).explain(error.problem) if isinstance(error, ApiError) else ""
        return error.replace(hint=hint) if isinstance(error, ApiError) and hint else error

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def raise_if_unavailable(self) -> None:
        """Stop if an earlier error makes further requests useless.

        :raises Refused: if an earlier error stops all further requests.
        """
        if self.fatal_error:
            raise Refused(f"Skipped because an earlier request failed: {self.fatal_error}")

    def server(self) -> Server:
        """Return the version of the server; the latest version if it cannot be read."""
        with self._server_lock:
            if self._server is None:
                self.raise_if_unavailable()
                self._server = self._read_server()
            return self._server

    def warn_of_assumed_version(self) -> None:
        """Warn if the version could not be read. Called if a decision depends on it."""
        if self._version_warning:
            self.warn(self._version_warning)

    def _read_server(self) -> Server:
        try:
            return self.api.server()
        except ClientError as error:
            if error.is_fatal:
                raise
            if isinstance(error, ApiError) and error.error_type == "security_exception":
                why = "without the monitor cluster privilege"
            else:
                why = f"({error.problem.rstrip('.')})"
        # Only a plan that depends on the version turns this into a warning.
        self._version_warning = f"Cannot read the Elasticsearch version {why}. Assuming the latest version."
        return UNKNOWN_SERVER

    def all_endpoints(self) -> dict[str, Endpoint]:
        """Return all endpoints of the cluster by ID.

        :raises ClientError: if Elasticsearch does not list them.
        """
        if self._endpoints is None:
            self._endpoints = self.index_by_id(self.api.get_all())
        return self._endpoints

    def list_endpoints(self, desired: Desired) -> list[Endpoint]:
        """Return the endpoints that Elasticsearch lists. If the list is incomplete, warn about it."""
        with self._list_lock:
            if self._endpoints is None:
                try:
                    self.all_endpoints()
                except ClientError as error:
                    from . import broken_lists  # noqa: PLC0415

                    self._endpoints, self.task_type_list_failure = broken_lists.list_in_part(self, desired, error)
            return list((self._endpoints or {}).values())

    def find_left_over(self, desired: Desired) -> Endpoint | None:
        """Return the temporary endpoint that an earlier run left, if it exists."""
        # Loaded here, because only runs that change something need it.
        from .temporary import find_left_over  # noqa: PLC0415

        return find_left_over(desired.inference_id, self.list_endpoints(desired))

    def read_all(self, declared: Sequence[Desired]) -> tuple[Mapping[str, Endpoint], Mapping[str, ClientError]]:
        """Return all endpoints of the cluster, or at least the declared ones.

        :returns: the endpoints by ID, and the errors of the declared endpoints that could not be read.
        :raises ClientError: if no endpoint can be read.
        """
        try:
            return dict(self.all_endpoints()), {}
        except ClientError as error:
            from . import broken_lists  # noqa: PLC0415

            found, errors = broken_lists.read_declared(self, declared, error)
        self._endpoints = dict(found)
        return found, errors

    def index_by_id(self, endpoints: Iterable[Endpoint]) -> dict[str, Endpoint]:
        """Return endpoints by ID, in the normal form of their services."""
        return {endpoint.inference_id: self.normalize(endpoint) for endpoint in endpoints}

    def read(self, inference_id: str) -> Endpoint | None:
        endpoint = self.api.get(inference_id)
        return self.normalize(endpoint) if endpoint else None

    def normalize(self, endpoint: Endpoint) -> Endpoint:
        return endpoint._replace(settings=self._services(endpoint.service).normalize(endpoint.settings))
