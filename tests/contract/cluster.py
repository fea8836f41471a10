# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster under test. The suite writes only to its own IDs, and deletes everything that it creates."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from requests.auth import AuthBase

from .connection import BUSY, Answer, Connection
from .expectations import NotTestable, Success
from .surroundings import Surroundings
from .validation import SETTING, SETTINGS_PATH, ValidationSetting
from .versions import ServerVersion

PREFIX = "esops-contract-"
READING = frozenset({"GET", "HEAD"})
GONE = frozenset({200, 400, 404})
ATTEMPTS = 3
PAUSE_SECONDS = 1.0


class ForeignWriteError(AssertionError):
    """An attempt of a row to write something that does not belong to this run, which is a defect of the row."""


class Cluster:
    """A cluster, and everything that this run created in it."""

    def __init__(self, connection: Connection, version: ServerVersion, surroundings: Surroundings) -> None:
        self.version = version
        self.surroundings = surroundings
        self.provider = surroundings.provider
        self.prefix = f"{PREFIX}{secrets.token_hex(4)}-"
        self.made_up_key = f"sk-ant-made-up-{secrets.token_hex(8)}"
        self._connection = connection
        self._connection.secrets.add(self.made_up_key, self.provider.rejected_key, self.provider.key)
        self._validation = ValidationSetting(self.send)
        self._count = 0
        self._made: dict[str, None] = {}
        self._left: list[str] = []

    @property
    def url(self) -> str:
        """The address of the cluster, without credentials."""
        return self._connection.url

    def hide(self, secret: str) -> None:
        """Hide this string in all reports."""
        self._connection.secrets.add(secret)

    def close(self) -> list[str]:
        """Delete everything that the run created, and restore the setting. Return the remaining items."""
        self.clean()
        left = [f"still there: {removal}" for removal in self._left if not self._removed(removal)]
        problem = self._validation.restore()
        self.surroundings.close()
        self._connection.close()
        return [*left, problem] if problem else left

    def others(self) -> list[str]:
        """Return the IDs of endpoints of other runs of the suite, which left them or are still running."""
        answer = self._connection.send("GET", "/_inference/_all")
        endpoints = answer.body.get("endpoints", []) if answer.status == 200 else []
        ids = [str(endpoint["inference_id"]) for endpoint in endpoints]
        return [one for one in ids if one.startswith(PREFIX) and not one.startswith(self.prefix)]

    # Requests of the rows.

    def new_id(self, ending: str = "") -> str:
        """Return an ID that belongs to this run."""
        self._count += 1
        return f"{self.prefix}{self._count}{ending}"

    def get(self, path: str, **parameters: str) -> Answer:
        """Send a GET."""
        return self.send("GET", path, parameters=parameters)

    def read(self, inference_id: str, **parameters: str) -> Answer:
        """Read one endpoint."""
        return self.get(f"/_inference/{inference_id}", **parameters)

    def create(
        self,
        inference_id: str,
        body: Any,
        task_type: str = "completion",
        *,
        user: AuthBase | None = None,
        **parameters: str,
    ) -> Answer:
        """Try to create an endpoint. It is deleted after the row in any case."""
        path = endpoint_path(task_type, inference_id)
        return self.make(path, body, f"/_inference/{quote(inference_id)}?force=true", user=user, parameters=parameters)

    def update(self, inference_id: str, body: Any, task_type: str = "completion", **parameters: str) -> Answer:
        """Try to update an endpoint."""
        return self.send("PUT", f"{endpoint_path(task_type, inference_id)}/_update", body, parameters=parameters)

    def delete(self, inference_id: str, task_type: str = "completion", **parameters: str) -> Answer:
        """Try to delete an endpoint."""
        return self.send("DELETE", endpoint_path(task_type, inference_id), parameters=parameters)

    def run(self, inference_id: str, body: Any, task_type: str = "completion", ending: str = "") -> Answer:
        """Try to run an endpoint."""
        return self.send("POST", endpoint_path(task_type, inference_id) + ending, body)

    # Bodies and endpoints for the rows.

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return service settings with an invented key. None removes a setting."""
        settings = {**self.provider.settings(self.made_up_key), **more}
        return {name: value for name, value in settings.items() if value is not None}

    def body(self, service: Mapping[str, Any] | None = None, /, **task_settings: Any) -> dict[str, Any]:
        """Return the body of a create request."""
        return {
            "service": "anthropic",
            "service_settings": dict(self.settings() if service is None else service),
            "task_settings": {"max_tokens": 16, **task_settings},
        }

    def accepted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a body that the cluster accepts: unchanged, or with the provider's settings. Raises NotTestable."""
        unavailable = self._validation.unavailable(skip=True)
        if not unavailable:
            return dict(body)
        if self.provider.unavailable:
            raise NotTestable(f"{unavailable}; {self.provider.unavailable}")
        return {**body, "service_settings": {**body["service_settings"], **self.provider.settings()}}

    def endpoint(self, body: Mapping[str, Any] | None = None, task_type: str = "completion") -> str:
        """Create an endpoint, without a provider if the cluster supports that. Raises NotTestable."""
        inference_id = self.new_id()
        self.create(inference_id, self.accepted(body or self.body()), task_type).expect(Success())
        return inference_id

    def working_endpoint(self, *, task_type: str = "completion", **task_settings: Any) -> str:
        """Create an endpoint whose key the provider accepts, as the response verifies. Raises NotTestable."""
        self.provider.require()
        self._validation.unavailable(skip=False)
        inference_id = self.new_id()
        self.create(inference_id, self.body(self.provider.settings(), **task_settings), task_type).expect(Success())
        return inference_id

    def updatable_endpoint(self, **task_settings: Any) -> str:
        """Create an endpoint that can be updated. From 9.4, an update calls the provider. Raises NotTestable."""
        if self.version.number.release >= (9, 4):
            return self.working_endpoint(**task_settings)
        return self.endpoint(self.body(**task_settings))

    @property
    def updatable_key(self) -> str:
        """The key of the endpoints that `updatable_endpoint` creates."""
        return self.provider.key if self.version.number.release >= (9, 4) else self.made_up_key

    def lack(self, what: str) -> NoReturn:
        """End a row because a requirement is missing. Raises NotTestable."""
        raise NotTestable(f"requires {what}")

    def validate_creates(self) -> None:
        """Let the cluster call the provider on creates. Raises NotTestable."""
        self._require(skip=False)

    def skip_validation(self) -> None:
        """Let the cluster create endpoints without a call to the provider. Raises NotTestable."""
        self._require(skip=True)

    def _require(self, *, skip: bool) -> None:
        unavailable = self._validation.unavailable(skip=skip)
        if unavailable:
            raise NotTestable(unavailable)

    # Sending requests, and deleting what they created.

    def make(
        self,
        path: str,
        body: Any,
        removal: str,
        *,
        user: AuthBase | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a PUT that creates something. Record how to delete it first."""
        self._check_own("PUT", path, body)
        self._made[removal] = None
        answer = self._connection.send("PUT", path, body, parameters=parameters, credentials=user)
        if answer.unauthorized:
            del self._made[removal]
        return answer if user else _checked(answer)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        parameters: Mapping[str, str] | None = None,
        user: AuthBase | None = None,
    ) -> Answer:
        """Send one request as the user of the run, or as another one.

        Raises NotTestable if the user of the run lacks a privilege, or if the cluster does not respond.
        """
        self._check_own(method, path, body)
        answer = self._connection.send(method, path, body, parameters=parameters, credentials=user)
        return answer if user else _checked(answer)

    def _check_own(self, method: str, path: str, body: Any) -> None:
        if method in READING or any(segment.startswith(self.prefix) for segment in path.split("/")):
            return
        if path == SETTINGS_PATH and [list(level) for level in (body or {}).values()] == [[SETTING]]:
            return
        raise ForeignWriteError(f"{method} {path} is not about an id that starts with {self.prefix}")

    def clean(self) -> None:
        """Delete everything that was created since the last call. Failed deletions are retried at the end."""
        for removal in reversed(list(self._made)):
            if not self._removed(removal):
                self._left.append(removal)
            del self._made[removal]
        self.surroundings.clean()

    def _removed(self, removal: str) -> bool:
        self._check_own("DELETE", removal, None)
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE_SECONDS)
            try:
                answer = self._connection.send("DELETE", removal)
            except NotTestable:
                continue
            if answer.status in GONE or answer.unauthorized:
                return not answer.unauthorized
        return False


def endpoint_path(task_type: str, inference_id: str) -> str:
    """Return the path of an endpoint."""
    return f"/_inference/{task_type}/{quote(inference_id)}"


def _checked(answer: Answer) -> Answer:
    """Return the response if it comes from the cluster itself. Raises NotTestable."""
    if answer.unauthorized:
        reason = f"{answer.request}: {answer.status}, {answer.error.get('reason')}"
        raise NotTestable(answer.secrets.hide(reason))
    if answer.status in BUSY:
        raise NotTestable(f"{answer.request}: the cluster returns {answer.status}")
    if not answer.from_elasticsearch and answer.body is None:
        raise NotTestable(f"{answer.request}: {answer.status}, but not from Elasticsearch")
    return answer
