# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries plans out and proves the result: one endpoint or many.

What is reported is what the server holds afterwards: its answer is compared with what was asked,
and where there is no answer to rely on, the endpoint is read again and decided upon again.
Private to the collection.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.esops.inference.plugins.module_utils.client import (
    ApiError,
    ClientError,
    TimedOut,
    TlsFailed,
    Unreachable,
)
from ansible_collections.esops.inference.plugins.module_utils.inference import (
    NEWEST,
    Endpoint,
    Inference,
    Server,
    flatten,
)
from ansible_collections.esops.inference.plugins.module_utils.plan import (
    CREATED,
    DELETED,
    NONE,
    OTHERS,
    PRESENT,
    RECREATED,
    SERVER,
    UPDATED,
    Desired,
    Knowledge,
    Plan,
    Policy,
    Purge,
    Service,
    differences,
    former_body,
    plan,
    purged,
)

#: How often a decision is made anew after a race or a lost answer.
ROUNDS = 3

#: Seconds between two looks at a deployment.
POLL_INTERVAL = 2.0

PREFLIGHT_SUFFIX = "-ansible-preflight"

_ALREADY_EXISTS = "resource_already_exists_exception"
_NOT_FOUND = "resource_not_found_exception"


class Refused(Exception):
    """What was asked will not be done, or was not reached; says why and what to do.

    :param status: the status with which the server refuses the same, if it does.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self._status = status

    @property
    def failure(self) -> dict[str, Any]:
        return {"status": self._status, "type": None, "reason": str(self), "method": None, "path": None}


@dataclass
class Outcome:
    """What happened to one endpoint.

    :ivar before: the endpoint as it was found.
    :ivar after: the endpoint as the server holds it now; in check mode as it would be.
    :ivar rotated: the secret was to be sent again, and was taken. No server tells whether it is another one.
    """

    inference_id: str
    action: str = NONE
    changed: bool = False
    before: Endpoint | None = None
    after: Endpoint | None = None
    changes: tuple[str, ...] = ()
    rotated: bool = False
    error: Refused | ClientError | None = None

    def diff(self, secret: str) -> dict[str, Any]:
        """Both sides for diff mode. A changed secret shows as a change, without either value.

        :param secret: the dotted path of the service's secret.
        """
        header = f"inference endpoint {self.inference_id}"
        return {
            "before": self._side(self.before, secret, "(hidden)"),
            "after": self._side(self.after, secret, "(hidden, sent)"),
            "before_header": header,
            "after_header": header,
        }

    def _side(self, endpoint: Endpoint | None, secret: str, mark: str) -> dict[str, Any]:
        if endpoint is None:
            return {}
        settings = {**endpoint.settings, secret: mark} if self.rotated else endpoint.settings
        return replace(endpoint, settings=settings).as_dict()


@dataclass
class Reconciler:
    """Brings endpoints into the state that is declared, under one policy.

    :ivar warnings: what the user should know although nothing failed, in order, each once.
    """

    api: Inference
    service: Service
    policy: Policy
    check_mode: bool = False
    warnings: list[str] = field(default_factory=list)
    #: What makes every further request pointless, once it has been met.
    down: ClientError | None = None
    _server: Server | None = None
    _others: dict[str, Endpoint] | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def one(self, desired: Desired) -> Outcome:
        """Reads one endpoint and reconciles it."""
        try:
            existing = self.read(desired.inference_id)
        except ClientError as error:
            return Outcome(desired.inference_id, error=error)
        work = _Work(self, desired, existing)
        work.prepare()
        work.finish()
        return work.outcome

    def many(self, declared: Sequence[Desired], parallel: int = 1, purge: Purge | None = None) -> list[Outcome]:
        """Reads all endpoints at once and reconciles those declared, each whatever becomes of the others.

        All plans are made first, in the order of the list. Only what there is to do then is done side by side.

        :param parallel: how many endpoints at the same time.
        :param purge: whether, and how far, endpoints that are not declared are removed. Their outcomes come last.
        :raises ClientError: if there is nothing to decide upon, since the endpoints cannot be read.
        :raises Refused: if more would be purged than may be.
        """
        self._others = self._read_all()
        existing = dict(self._others)
        doomed, refusal = purged(declared, existing.values(), self.service, purge) if purge else ([], "")
        if refusal:
            raise Refused(refusal)
        works = [_Work(self, desired, existing.get(desired.inference_id)) for desired in [*declared, *doomed]]
        for work in works:
            work.prepare()
            self._expect(work)
        busy = [work for work in works if work.has_more_to_do]
        if parallel > 1 and len(busy) > 1:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - idle runs need not wait for it

            with ThreadPoolExecutor(min(parallel, len(busy))) as pool:
                list(pool.map(_Work.finish, busy))
        else:
            for work in busy:
                work.finish()
        return [work.outcome for work in works]

    def _expect(self, work: _Work) -> None:
        """Lets later plans see what earlier ones will make of the cluster, for the question of duplicates."""
        others = self._others if self._others is not None else {}
        if work.expected is None:
            others.pop(work.outcome.inference_id, None)
        else:
            others[work.outcome.inference_id] = work.expected

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

    def others(self) -> Sequence[Endpoint]:
        if self._others is None:
            self._others = self._read_all()
        return list(self._others.values())

    def normalised(self, endpoint: Endpoint) -> Endpoint:
        if endpoint.service != self.service.name:
            return endpoint
        return replace(endpoint, settings=self.service.normalise(endpoint.settings))

    def read(self, inference_id: str) -> Endpoint | None:
        endpoint = self.api.get(inference_id)
        return self.normalised(endpoint) if endpoint else None

    def _read_all(self) -> dict[str, Endpoint]:
        return {endpoint.inference_id: self.normalised(endpoint) for endpoint in self.api.get_all()}


class _Work:
    """One endpoint on its way to what is declared."""

    def __init__(self, reconciler: Reconciler, desired: Desired, existing: Endpoint | None) -> None:
        self._reconciler = reconciler
        self._api = reconciler.api
        self._service = reconciler.service
        self._policy = reconciler.policy
        self._desired = desired
        self._check_mode = reconciler.check_mode
        self._now = existing
        self._known = Knowledge()
        self._decided = Plan(NONE, after=existing)
        self._unsure = False  # Whether the last write was carried out, where that cannot be read.
        self.outcome = Outcome(desired.inference_id, before=existing, after=existing)

    @property
    def expected(self) -> Endpoint | None:
        """The endpoint as it will be after what was decided."""
        return self._decided.after

    @property
    def has_more_to_do(self) -> bool:
        return self.outcome.error is None and (self._decided.action != NONE or self._waits)

    @property
    def _waits(self) -> bool:
        return self._desired.state == PRESENT and self._policy.wait_for_deployment and not self._check_mode

    def prepare(self) -> None:
        """Decides what is to be done; asks the server what the plan has to know, but changes nothing."""
        self._guarded(self._decide)

    def finish(self) -> None:
        """Does what was decided, and whatever that leads to."""
        if self.outcome.error is None and self._decided.action != NONE:
            self._guarded(self._reconcile)
        if self.outcome.error is None and self._waits:
            self._guarded(self._wait_for_deployment)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Carries out a step; what keeps it from its end becomes part of the outcome."""
        try:
            step()
        except (Refused, ClientError) as error:
            self.outcome.error = error
            if isinstance(error, ApiError):
                error.hint = self._service.explain(error.problem) or error.hint
            if isinstance(error, (Unreachable, TlsFailed)) or (isinstance(error, ApiError) and error.status == 401):
                self._reconciler.down = error
            if self._unsure and not self.outcome.changed:
                # What may have happened is reported as if it had, so that nobody relies on the contrary.
                self.outcome.changed = True
                self.outcome.action = self._decided.action

    def _reconcile(self) -> None:
        """Acts and decides again, until nothing differs. Check mode does the same without the acts."""
        last_error: ClientError | None = None
        for _round in range(ROUNDS):
            self._reconciler.stop_if_down()
            if self._check_mode:
                self._foretell()
            else:
                last_error = self._act()
            self._decide()
            if self._decided.action == NONE:
                return
        raise last_error or Refused(
            f"Inference endpoint {self._desired.inference_id} still differs in {', '.join(self._decided.changes)} "
            f"after {ROUNDS} attempts. Something else may be changing it at the same time; run again."
        )

    def _decide(self) -> None:
        """Plans, and finds out before what the plan has to know.

        :raises Refused: if nothing may be done.
        """
        while True:
            decided = plan(self._desired, self._now, self._policy, self._service, self._known)
            if decided.question == SERVER:
                self._known = replace(self._known, server=self._reconciler.server())
            elif decided.question == OTHERS:
                self._known = replace(self._known, others=self._reconciler.others())
            elif decided.refusal:
                raise Refused(decided.refusal)
            else:
                break
        for warning in decided.warnings:
            self._reconciler.warn(warning)
        self._decided = decided

    def _foretell(self) -> None:
        """Learns what the server would make of it. A removal that it would refuse is asked for as a dry run."""
        decided = self._decided
        if decided.action in (DELETED, RECREATED) and decided.before:
            self._refuse_if_referenced(decided.before)
        if decided.doubtful:
            self._ignore(decided.changes)
        else:
            self._learn(decided, decided.after)

    def _act(self) -> ClientError | None:
        """Carries the plan out and learns what the server holds then.

        Returns the error after which it is worth deciding again.
        :raises ClientError: where it is not.
        """
        decided = self._decided
        if decided.action == RECREATED and decided.after:
            # From here on it is wanted as a whole, whoever else deletes it in the meantime.
            whole = decided.after
            self._desired = replace(self._desired, task_type=whole.task_type, settings=whole.settings)
        try:
            stored = self._carry_out(decided)
        except ClientError as error:
            self._settle(decided, error)
            return error
        self._learn(decided, stored)
        return None

    def _carry_out(self, decided: Plan) -> Endpoint | None:
        """Makes the change and returns what the server says it holds now.

        :raises ClientError: if the server did not take it, or if nobody knows.
        """
        before, after = decided.before, decided.after
        if before and after is None:
            self._delete(before)
        elif before and after and decided.action == RECREATED:
            return self._recreate(before, after, decided)
        elif after:
            write = self._api.update if decided.action == UPDATED else self._api.put
            return self._reconciler.normalised(write(after.task_type, after.inference_id, decided.body))
        return None

    def _delete(self, endpoint: Endpoint) -> None:
        try:
            self._api.delete(endpoint.task_type, endpoint.inference_id, self._policy.force)
        except ApiError as error:
            if error.status == 409:
                error.hint = _FORCE_HINT
            raise

    def _learn(self, decided: Plan, stored: Endpoint | None) -> None:
        """After a write that was taken: what the server holds now, and what it left as it was."""
        self._report(decided, stored)
        self._now = stored
        self._unsure = False
        if self._service.secret in flatten(decided.body):
            self._known = replace(self._known, secret_sent=True)
        if decided.action == UPDATED and stored is not None:
            left = differences(self._desired, stored, self._policy, self._service).paths
            self._ignore(set(left).intersection(decided.changes))

    def _ignore(self, paths: Iterable[str]) -> None:
        self._known = replace(self._known, ignored=self._known.ignored.union(paths))

    def _report(self, decided: Plan, now: Endpoint | None) -> None:
        """Writes down that this run brought the endpoint from where it was found to where it is now."""
        outcome, secret = self.outcome, self._service.secret
        outcome.after = now
        secret_sent = secret in flatten(decided.body)
        if not (outcome.before != now or secret_sent):
            return
        outcome.changed = True
        outcome.action = decided.action
        outcome.rotated = outcome.rotated or (secret in decided.changes and decided.action != CREATED)
        if decided.action == CREATED:
            outcome.changes = decided.changes
        else:
            outcome.changes = _unequal(outcome.before, now) + ((secret,) if outcome.rotated else ())

    def _settle(self, decided: Plan, error: ClientError) -> None:
        """After a write that failed: reads what the server holds now, so that it can be decided upon again.

        An error does not prove that nothing was stored (`reference`, "Create").

        :raises ClientError: where deciding again would lead to the same failure.
        """
        if isinstance(error, (Unreachable, TlsFailed)):
            raise error
        before = self._now
        self._now = self.outcome.after = self._read_after(error)
        raced = error.error_type in (_ALREADY_EXISTS, _NOT_FOUND)
        if self._now != before and (error.retried or not raced):
            self._report(decided, self._now)
        elif not self.outcome.changed:
            # What someone else did in the meantime is not this run's doing.
            self.outcome.before = self._now
        secret_sent = self._service.secret in decided.changes and decided.action == UPDATED
        self._unsure = isinstance(error, TimedOut) or (error.ambiguous and secret_sent)
        if decided.action == UPDATED and (_is_no_handler(error) or (decided.doubtful and error.status == 400)):
            self._ignore(decided.changes)
        elif not (error.ambiguous or raced or (self._now != before and self._is_as_declared())):
            raise error

    def _read_after(self, error: ClientError) -> Endpoint | None:
        try:
            return self._reconciler.read(self._desired.inference_id)
        except ClientError as second:
            self._unsure = error.ambiguous
            self.outcome.after = None
            error.problem += f" What the server holds now could not be read: {second.problem}"
            raise error from None

    def _read_if_possible(self) -> Endpoint | None:
        try:
            return self._reconciler.read(self._desired.inference_id)
        except ClientError:
            return None

    def _is_as_declared(self) -> bool:
        if self._now is None or self._desired.state != PRESENT:
            return self._now is None and self._desired.state != PRESENT
        return not differences(self._desired, self._now, self._policy, self._service).paths

    def _refuse_if_referenced(self, endpoint: Endpoint) -> None:
        """
        :raises Refused: if pipelines or indices use the endpoint, unless C(force).
        """
        if self._policy.force:
            return
        references = self._api.references(endpoint.task_type, endpoint.inference_id)
        users = [f"pipeline {name}" for name in references.pipelines] + [f"index {name}" for name in references.indexes]
        if users:
            raise Refused(
                f"Inference endpoint {endpoint.inference_id} is used by {', '.join(users)}. Hint: {_FORCE_HINT}",
                409,
            )

    def _recreate(self, before: Endpoint, after: Endpoint, decided: Plan) -> Endpoint:
        """Deletes the endpoint and creates it again, only after the new settings were proved to work."""
        self._refuse_if_referenced(before)
        if self._policy.preflight:
            self._preflight(after, decided.body)
        try:
            self._delete(before)
        except ClientError as error:
            if isinstance(error, (Unreachable, TlsFailed)):
                raise
            self._now = self._read_after(error)
            if self._now is not None and isinstance(error, TimedOut):
                # A delete that is still under way must not meet an endpoint that was created anew.
                self._unsure = True
                raise Refused(
                    f"{error} Inference endpoint {before.inference_id} may still be deleted by it. "
                    f"{_described(before)} Look whether it is there, and run again."
                ) from None
            if self._now is not None:
                raise
            # Gone all the same, or taken away by someone else: what was started is finished.
        self._now = None
        try:
            return self._create_again(after, decided.body)
        except ClientError as error:
            raise self._put_back(before, decided, error) from None

    def _preflight(self, after: Endpoint, body: Mapping[str, Any]) -> None:
        """Creates a throw-away endpoint with the new settings and deletes it.

        :raises ClientError: if the server, or the provider of the model, does not take them; nothing is lost.
        """
        trial = replace(after, inference_id=after.inference_id + PREFLIGHT_SUFFIX)
        try:
            stored = self._put_trial(trial, body)
        except TimedOut as error:
            # The server may still be at it: what it stores after all, the next run removes.
            raise Refused(f"{error} Inference endpoint {after.inference_id} was left as it is; run again.") from None
        except ClientError as error:
            if not isinstance(error, (Unreachable, TlsFailed)):
                self._remove_trial(trial)
            raise
        self._remove_trial(trial)
        left = differences(self._desired, stored, self._policy, self._service).paths
        if left:
            raise Refused(
                f"The server does not store {', '.join(left)} as declared. "
                f"Inference endpoint {self._desired.inference_id} was left as it is."
            )

    def _put_trial(self, trial: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        try:
            stored = self._api.put(trial.task_type, trial.inference_id, body)
        except ApiError as error:
            if error.error_type != _ALREADY_EXISTS:
                raise
            left_over = self._api.get(trial.inference_id)
            if left_over is not None:
                if left_over.service != self._service.name:
                    raise Refused(f"{trial.inference_id} is needed for the preflight, but is someone else's.") from None
                self._api.delete(left_over.task_type, left_over.inference_id, force=True)
            stored = self._api.put(trial.task_type, trial.inference_id, body)
        return self._reconciler.normalised(stored)

    def _remove_trial(self, trial: Endpoint) -> None:
        try:
            self._api.delete(trial.task_type, trial.inference_id, force=True)
        except ApiError as error:
            if error.error_type != _NOT_FOUND:
                raise

    def _create_again(self, after: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        """
        :raises ClientError: if it fails for good.
        """
        attempts = 0
        while True:
            try:
                return self._reconciler.normalised(self._api.put(after.task_type, after.inference_id, body))
            except ClientError as error:
                attempts += 1
                if isinstance(error, (Unreachable, TlsFailed)):
                    raise
                self._now = self._read_after(error)
                if self._now is not None and self._is_as_declared():
                    return self._now
                passing = error.ambiguous or error.error_type == _ALREADY_EXISTS
                if self._now is not None or not passing or attempts == ROUNDS:
                    raise

    def _put_back(self, former: Endpoint, decided: Plan, error: ClientError) -> Refused:
        """The create failed for good after the delete: restores the former settings, and says what the state is."""
        said = f"Inference endpoint {former.inference_id} was deleted, and creating it as declared failed: {error}"
        if self._now is None:
            try:
                body = former_body(former, self._desired, self._service)
                self._now = self._reconciler.normalised(self._api.put(former.task_type, former.inference_id, body))
            except ClientError as second:
                said = f"{said} Putting its former settings back failed, too: {second}"
                self._now = self._read_if_possible()
        self._unsure = False
        if self._now is None:
            self._report(replace(decided, action=DELETED), None)
            return Refused(f"{said} THE ENDPOINT IS GONE. {_described(former)} Run again, so that it is created.")
        self._report(decided, self._now)
        if self._now == former:
            return Refused(f"{said} Its former settings are in place again, with the API key that was declared.")
        return Refused(f"{said} Another endpoint of that id exists now; run again to have it changed.")

    def _wait_for_deployment(self) -> None:
        """The documentation's wait; a model that is not deployed in the cluster has nothing to wait for.

        :raises Refused: when C(wait_timeout) seconds have passed.
        """
        model = self._now.settings.get(self._service.model) if self._now else None
        until = time.monotonic() + self._policy.wait_timeout
        while model and not self._api.is_deployed(str(model)):
            if time.monotonic() >= until:
                raise Refused(
                    f"The model {model} of inference endpoint {self._desired.inference_id} was not fully allocated "
                    f"within wait_timeout={self._policy.wait_timeout} seconds. Everything else is as declared."
                )
            time.sleep(POLL_INTERVAL)


_FORCE_HINT = "force=true deletes it all the same; whatever uses it will then fail."


def _is_no_handler(error: ClientError) -> bool:
    """8.16 knows no C(_update): its error is a plain string, without a type (`reference`, "Update")."""
    return isinstance(error, ApiError) and error.status == 400 and error.error_type is None


def _described(endpoint: Endpoint) -> str:
    """What somebody needs who has to make the endpoint anew."""
    settings = ", ".join(f"{path}={value}" for path, value in endpoint.settings.items())
    return f"It was of the task type {endpoint.task_type} with {settings}."


def _unequal(before: Endpoint | None, after: Endpoint | None) -> tuple[str, ...]:
    """The dotted paths in which two endpoints differ."""
    if before is None or after is None:
        return ()
    paths = {*before.settings, *after.settings}
    unequal = {path for path in paths if before.settings.get(path) != after.settings.get(path)}
    if before.task_type != after.task_type:
        unequal.add("task_type")
    return tuple(sorted(unequal))
