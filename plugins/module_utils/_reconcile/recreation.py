# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Re-creates an endpoint: what cannot be changed in place takes a delete and a create, and must not lose the endpoint.

It is loaded only by runs that re-create. Private to the collection.
"""

from __future__ import annotations

from typing import Callable, cast

from .._elasticsearch.errors import ClientError, Refused, TimedOut
from .._inference.endpoint import Endpoint, nest
from .._services.service import Service
from .declaration import Desired
from .history import UNKNOWN, History, Write
from .plan import DELETED, RECREATED, Plan
from .preflight import Preflight
from .remote import Remote

#: How often the create is tried after the delete, if its response is lost.
ATTEMPTS = 3


class Recreation:
    """The re-creation of one endpoint.

    The temporary endpoint stays until the new one is there: if this run is killed, the next one finds in it what
    nobody declared.

    :param plan: has the endpoint as it is, and as it is to be.
    :param look: reads the endpoint after a request that failed; raises the error if it cannot be read.
    :param is_as_wanted: whether an endpoint is as declared.
    """

    def __init__(
        self,
        remote: Remote,
        desired: Desired,
        service: Service,
        plan: Plan,
        history: History,
        preflight: Preflight,
        look: Callable[[ClientError], Endpoint | None],
        is_as_wanted: Callable[[Endpoint | None], bool],
    ) -> None:
        self._remote = remote
        self._desired = desired
        self._service = service
        self._plan = plan
        # A plan of this action has both.
        self._former = cast(Endpoint, plan.before)
        self._new = cast(Endpoint, plan.after)
        self._history = history
        self._preflight = preflight
        self._look = look
        self._is_as_wanted = is_as_wanted

    def carry_out(self) -> Endpoint:
        """Prove the new settings, delete the endpoint, create it again; return it as stored.

        :raises ClientError: if it could not be deleted.
        :raises Refused: if nothing was done, or if it could not be created: then the message says what there is now.
        """
        self._remote.refuse_if_referenced(self._former)
        if self._plan.proof:
            self._preflight.prove(self._new, self._plan.proof, self._desired)
        self._delete()
        try:
            return self._create()
        except ClientError as error:
            raise self._restore(error) from None

    def _delete(self) -> None:
        try:
            self._remote.delete(self._former)
        except ClientError as error:
            if not error.sent:
                raise
            now = self._look(error)
            if now is not None and isinstance(error, TimedOut):
                # A delete that is still under way must not meet an endpoint that was created anew.
                self._history.writes.append(Write(RECREATED, now, now, UNKNOWN, error=error))
                raise Refused(
                    f"{error} Inference endpoint {self._former.inference_id} may still be deleted by it. "
                    f"{_described(self._former)} Look whether it is there, and run again."
                ) from None
            if now is not None:
                raise
            # Gone all the same, or taken away by someone else: what was started is finished.
        self._history.writes.append(Write(DELETED, self._former, None))

    def _create(self) -> Endpoint:
        """
        :raises ClientError: if it fails for good.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._remote.create(self._new, self._plan.body, after_delete=True)
            except ClientError as error:
                if not error.sent:
                    raise
                now = self._look(error)
                if now is not None and self._is_as_wanted(now):
                    return now
                may_pass = error.ambiguous or error.already_exists
                if now is not None or not may_pass or attempt == ATTEMPTS:
                    self._found(now)
                    raise
        raise AssertionError("The last attempt returns or raises.")

    def _restore(self, error: ClientError) -> Refused:
        """The create failed for good: puts the former settings back, and says what there is now."""
        former, history = self._former, self._history
        said = f"Inference endpoint {former.inference_id} was deleted, and creating it as declared failed: {error}"
        is_restored = False
        # Of an endpoint that could not be read nothing is known.
        if history.now is None and former.settings:
            settings = self._service.drop_read_only(former.settings)
            body = {"service": self._service.name, **nest({**self._desired.secrets, **settings})}
            try:
                self._found(self._remote.create(former, body, after_delete=True))
                # The server may fill in other values than before, such as the number of allocations.
                is_restored = True
            except ClientError as second:
                said = f"{said} Putting its former settings back failed, too: {second}"
                self._found(self._remote.read_if_possible())
        if history.now is None:
            kept = self._preflight.exists
            copy = f"The temporary endpoint {kept.inference_id} keeps its settings. " if kept else ""
            return Refused(f"{said} THE ENDPOINT IS GONE. {_described(former)} {copy}Run again, so that it is created.")
        if is_restored or history.now == former:
            key = ", with the API key that was declared" if self._desired.secrets else ""
            return Refused(f"{said} Its former settings are in place again{key}.")
        return Refused(f"{said} Another endpoint of that id exists now; run again to have it changed.")

    def _found(self, now: Endpoint | None) -> None:
        """Write down what is there instead of what was deleted."""
        if now is not None:
            plan = self._plan
            self._history.writes.append(Write(RECREATED, None, now, changes=plan.changes, sent=plan.sent))


def _described(endpoint: Endpoint) -> str:
    """What somebody needs who has to make the endpoint anew."""
    if not endpoint.settings:
        return "What it had is not known."
    settings = ", ".join(f"{path}={value}" for path, value in endpoint.settings.items())
    return f"It was of the task type {endpoint.task_type} with {settings}."
