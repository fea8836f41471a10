# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Re-creation of an endpoint that cannot be updated in place. It must not lose the endpoint.

Loaded only by runs that re-create an endpoint. Private to the collection.
"""

from __future__ import annotations

from typing import cast

from .._elasticsearch.errors import ClientError, Refused, TimedOut
from .._elasticsearch.text import join_names
from .._inference.endpoint import Endpoint, nest
from .endpoint_run import EndpointRun
from .history import UNKNOWN, Write
from .plan import DELETED, RECREATED, Plan

#: Maximum number of attempts to create the endpoint after the delete, if responses are lost.
MAX_ATTEMPTS = 3


class Recreation:
    """The re-creation of one endpoint.

    The temporary endpoint is kept until the new endpoint exists. If this run is interrupted, the next run finds the
    undeclared settings in it.

    :param plan: has the current and the new endpoint.
    """

    def __init__(self, run: EndpointRun, plan: Plan) -> None:
        self._run = run
        self._plan = plan
        # A plan to re-create an endpoint has both.
        self._previous = cast(Endpoint, plan.before)
        self._new = cast(Endpoint, plan.after)
        self._history = run.history
        self._preflight = run.preflight
        self._remote = run.remote

    def execute(self) -> Endpoint:
        """Run the preflight check, delete the endpoint, and re-create it. Return the endpoint as stored.

        :raises ClientError: if the endpoint could not be deleted.
        :raises Refused: if nothing was done, or if the create failed. The message describes the resulting state.
        """
        self._remote.refuse_if_referenced(self._previous)
        if self._plan.preflight_body:
            self._preflight.check(self._new, self._plan.preflight_body, self._run.desired)
        self._delete()
        try:
            return self._create()
        except ClientError as error:
            raise self._restore(error) from None

    def _delete(self) -> None:
        try:
            self._remote.delete(self._previous)
        except ClientError as error:
            if not error.sent:
                raise
            now = self._run.read_after(error, self._plan)
            if now is not None and isinstance(error, TimedOut):
                # A delete that is still in progress could delete the new endpoint.
                self._history.writes.append(Write(RECREATED, now, now, UNKNOWN, error=error))
                raise Refused(
                    f"{error} This request may still delete inference endpoint {self._previous.inference_id}. "
                    f"{_describe(self._previous)} Check whether the endpoint exists, and run the task again."
                ) from None
            if now is not None:
                raise
            # The endpoint is deleted, by this run or by another client. Continue.
        self._history.writes.append(Write(DELETED, self._previous, None))

    def _create(self) -> Endpoint:
        """Create the endpoint with the new settings, and retry if that can help.

        :raises ClientError: if the create failed, and retrying it does not help.
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return self._remote.create(self._new, self._plan.body, after_delete=True)
            except ClientError as error:
                if not error.sent:
                    raise
                now = self._run.read_after(error, self._plan)
                if now is not None and self._run.is_in_sync(now):
                    return now
                is_temporary = error.ambiguous or error.already_exists
                if now is not None or not is_temporary or attempt == MAX_ATTEMPTS:
                    self._record(now)
                    raise
        raise AssertionError("The last attempt returns or raises.")

    def _restore(self, error: ClientError) -> Refused:
        """Restore the previous settings after a failed create. Return an error that describes the resulting state."""
        previous, history = self._previous, self._history
        text = f"Inference endpoint {previous.inference_id} was deleted, but re-creating it failed: {error}"
        is_restored = False
        # The settings of an endpoint that could not be read are unknown.
        if history.now is None and previous.settings:
            settings = self._run.service.drop_read_only(previous.settings)
            body = {"service": self._run.service.name, **nest({**self._run.desired.secrets, **settings})}
            try:
                self._record(self._remote.create(previous, body, after_delete=True))
                # Elasticsearch may set other values than before, for example the number of allocations.
                is_restored = True
            except ClientError as second:
                text = f"{text} Restoring its previous settings also failed: {second}"
                self._record(self._remote.read_if_possible())
        if history.now is None:
            temporary = self._preflight.temporary_endpoint
            copy = f"The temporary endpoint {temporary.inference_id} has a copy of its settings. " if temporary else ""
            gone = f"The endpoint no longer exists. {_describe(previous)} {copy}Run the task again to create it."
            return Refused(f"{text} {gone}")
        if is_restored or history.now == previous:
            secrets = list(self._run.desired.secrets)
            declared = f", with the declared {join_names(secrets)}" if secrets else ""
            return Refused(f"{text} Its previous settings were restored{declared}.")
        return Refused(f"{text} Another endpoint with this ID now exists. Run the task again to update it.")

    def _record(self, now: Endpoint | None) -> None:
        """Record the endpoint that exists in place of the deleted one."""
        if now is not None:
            plan = self._plan
            self._history.writes.append(Write(RECREATED, None, now, changes=plan.changes, sent=plan.sent))


def _describe(endpoint: Endpoint) -> str:
    """Describe an endpoint, so that a user can re-create it by hand."""
    if not endpoint.settings:
        return "Its previous settings are unknown."
    settings = ", ".join(f"{path}={value}" for path, value in endpoint.settings.items())
    return f"Its previous settings were task_type={endpoint.task_type}, {settings}."
