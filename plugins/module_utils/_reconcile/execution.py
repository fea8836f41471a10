# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out and proves the result.

What is reported is what the server holds afterwards: its answer is compared with what was asked,
and where there is no answer to rely on, the endpoint is read again and decided upon again.
It is loaded only where something is to be done. Private to the collection.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Callable, Iterable, Mapping

from .._elasticsearch.errors import (
    ApiError,
    ClientError,
    Refused,
    TimedOut,
    TlsFailed,
    Unreachable,
)
from .._inference.endpoint import Endpoint, flatten
from .cluster import Cluster
from .declaration import PRESENT, Desired
from .outcome import Outcome
from .plan import (
    CREATED,
    DELETED,
    NONE,
    PREFLIGHT_SUFFIX,
    RECREATED,
    UPDATED,
    Knowledge,
    Plan,
    differences,
    former_body,
)
from .preflight import Preflight

#: How often a decision is made anew after a race or a lost answer.
ROUNDS = 3

#: Seconds between two looks at a deployment.
POLL_INTERVAL = 2.0

#: How often at least a create is retried after this run has deleted the endpoint.
RETRIES_AFTER_DELETE = 6

_UNRECORDED = " The server has taken the API key, but its fingerprint is not stored: the next run sends it again."


class Work:
    """One endpoint on its way to what is declared."""

    def __init__(self, cluster: Cluster, desired: Desired, decided: Plan, known: Knowledge, outcome: Outcome) -> None:
        self._cluster = cluster
        self._api = cluster.api
        self._service = cluster.service
        self._policy = cluster.policy
        self._desired = desired
        self._decided = decided
        self._known = known
        self._now = outcome.before
        self._unsure = False  # Whether the last write was carried out, where that cannot be read.
        self._outcome = outcome
        self._failures: list[ClientError] = []
        self._preflight = Preflight(cluster, desired)
        # Whether the temporary endpoint may be the only one that has the settings, so that it must stay.
        self._is_only_copy = desired.state == PRESENT and outcome.before is None and not known.unreadable

    def finish(self) -> None:
        """Does what was decided, and whatever that leads to; the outcome tells what came of it."""
        if self._decided.action != NONE:
            self._guarded(self._reconcile)
        if self._outcome.error is None and self._cluster.waits_for(self._desired):
            self._guarded(self._wait_for_deployment)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Carries out a step; what keeps it from its end becomes part of the outcome."""
        try:
            step()
        except (Refused, ClientError) as error:
            self._outcome.error = self._cluster.failed(error)
            if self._unsure and not self._outcome.changed:
                # What may have happened is reported as if it had, so that nobody relies on the contrary.
                self._outcome.changed = True
                self._outcome.action = self._decided.action

    def _reconcile(self) -> None:
        """Acts and decides again, until nothing differs. Check mode does the same without the acts."""
        if not self._cluster.check_mode:
            self._preflight.look()
        try:
            self._rounds()
        except (Refused, ClientError) as error:
            if not (self._is_only_copy or isinstance(error, (Unreachable, TlsFailed))):
                self._preflight.remove_if_possible()
            raise
        self._preflight.remove()

    def _rounds(self) -> None:
        last_error: ClientError | None = None
        for _round in range(ROUNDS):
            self._cluster.stop_if_down()
            if self._cluster.check_mode:
                self._foretell()
            else:
                last_error = self._act()
            self._decided, self._known = self._cluster.decide(self._desired, self._now, self._known)
            if self._decided.action == NONE:
                return
        raise last_error or Refused(
            f"Inference endpoint {self._desired.inference_id} still differs in {', '.join(self._decided.changes)} "
            f"after {ROUNDS} attempts. Something else may be changing it at the same time; run again."
        )

    def _foretell(self) -> None:
        """Learns what the server would make of it. A removal that it would refuse is asked for as a dry run."""
        decided = self._decided
        if self._cluster.fingerprints and self._sends_secret(decided):
            self._cluster.fingerprints.read([self._desired.inference_id])
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
        try:
            if decided.action == UPDATED and decided.proof:
                self._prove_update(decided)
            self._prepare_record(decided)
            if decided.action == RECREATED and decided.after:
                # From here on it is wanted as a whole, whoever else deletes it in the meantime.
                whole = decided.after
                self._desired = replace(self._desired, task_type=whole.task_type, settings=whole.settings)
            stored = self._carry_out(decided)
        except ClientError as error:
            self._settle(decided, error)
            self._failures.append(error)
            return error
        self._learn(decided, stored)
        return None

    def _prove_update(self, decided: Plan) -> None:
        """Before 9.4 an update stores any secret, and the endpoint that worked is broken."""
        if decided.after:
            self._preflight.prove(decided.after, decided.proof, self._desired)
            self._preflight.remove()

    def _prepare_record(self, decided: Plan) -> None:
        """The record of the secret, where there are records, is given up before anything changes.

        :raises ClientError: if it cannot be.
        """
        fingerprints = self._cluster.fingerprints
        if fingerprints and decided.action == DELETED:
            fingerprints.forget(self._desired.inference_id)
        elif fingerprints and self._desired.secret is not None and self._sends_secret(decided):
            fingerprints.begin(self._desired.secret, self._desired.inference_id)

    def _sends_secret(self, decided: Plan) -> bool:
        return self._service.secret in flatten(decided.body)

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
            server = self._cluster.server()
            return self._cluster.normalised(write(after.task_type, after.inference_id, decided.body, server))
        return None

    def _delete(self, endpoint: Endpoint) -> None:
        self._api.delete(endpoint.task_type, endpoint.inference_id, self._policy.force)

    def _learn(self, decided: Plan, stored: Endpoint | None) -> None:
        """After a write that was taken: what the server holds now, and what it left as it was."""
        self._report(decided, stored)
        self._now = stored
        self._unsure = False
        self._is_only_copy = False
        self._known = self._known._replace(unreadable="")
        if self._sends_secret(decided):
            self._known = self._known._replace(secret_sent=True)
            self._record_secret(stored)
        if decided.action == UPDATED and stored is not None:
            left = differences(self._desired, stored, self._policy, self._service).paths
            self._ignore(set(left).intersection(decided.changes))

    def _record_secret(self, stored: Endpoint | None) -> None:
        """After the server took the secret.

        :raises ClientError: if there are records and this one cannot be written.
        """
        fingerprints, secret = self._cluster.fingerprints, self._desired.secret
        if not (fingerprints and secret and stored) or self._cluster.check_mode:
            return
        try:
            fingerprints.sent(secret, stored)
        except ClientError as error:
            error.problem += _UNRECORDED
            raise
        except Refused as error:
            raise Refused(f"{error}{_UNRECORDED}") from None

    def _ignore(self, paths: Iterable[str]) -> None:
        self._known = self._known._replace(ignored=self._known.ignored.union(paths))

    def _report(self, decided: Plan, now: Endpoint | None) -> None:
        """Writes down that this run brought the endpoint from where it was found to where it is now."""
        outcome, secret = self._outcome, self._service.secret
        outcome.after = now
        secret_sent = self._sends_secret(decided)
        if not (outcome.before != now or secret_sent):
            return
        created = CREATED in (outcome.action, decided.action) and now is not None
        outcome.changed = True
        outcome.action = CREATED if created else decided.action
        outcome.rotated = outcome.rotated or (secret in decided.changes and not created)
        if decided.action == CREATED:
            outcome.changes = decided.changes
        elif not created:
            outcome.changes = _unequal(outcome.before, now) + ((secret,) if outcome.rotated else ())

    def _settle(self, decided: Plan, error: ClientError) -> None:
        """After a write that failed: reads what the server holds now, so that it can be decided upon again.

        An error does not prove that nothing was stored (`reference`, "Create").

        :raises ClientError: where deciding again would lead to the same failure.
        """
        if isinstance(error, (Unreachable, TlsFailed)):
            raise error
        before = self._now
        self._now = self._outcome.after = self._read_after(error)
        has_moved = self._now != before
        self._is_only_copy = self._is_only_copy and self._now is None
        self._known = self._known._replace(unreadable="")
        if has_moved and self._is_ours(decided, before, error):
            self._report(decided, self._now)
        elif not self._outcome.changed:
            # What someone else did in the meantime is not this run's doing.
            self._outcome.before = self._now
        if error.already_exists and self._now is None and not (error.retried or has_moved):
            raise self._half_stored(error)
        secret_sent = self._service.secret in decided.changes and decided.action == UPDATED
        is_lost = isinstance(error, TimedOut) or (error.ambiguous and secret_sent)
        self._unsure = is_lost and _may_have_changed_it(error)
        if decided.action == UPDATED and self._cannot_update(decided, error):
            self._ignore(decided.changes)
        elif not (error.ambiguous or has_moved or error.already_exists or error.is_not_found):
            raise error

    def _cannot_update(self, decided: Plan, error: ClientError) -> bool:
        """Whether no update of this endpoint can succeed, so that only a re-creation helps."""
        if error.is_unreadable_state:
            return self._policy.allow_recreate and self._desired.secret is not None
        return _is_no_handler(error) or (decided.doubtful and error.status == 400)

    def _is_ours(self, decided: Plan, before: Endpoint | None, error: ClientError) -> bool:
        """Whether the endpoint is another one now because of this run: then it has what this run asked for.

        If somebody else changed it, too, that becomes part of what this run found.
        """
        now, rejected = self._now, not (error.ambiguous or error.retried)
        if not _may_have_changed_it(error):
            return False
        if decided.action == CREATED:
            # Servers exist that answer a create with an error and keep the endpoint (`reference`, "Create"). But
            # nothing is stored before the provider has accepted it.
            nothing_stored = rejected and (error.already_exists or error.provider_status is not None)
            return now is not None and not nothing_stored and self._is_as_declared()
        if rejected or decided.action not in (DELETED, UPDATED):
            return False
        if decided.action == DELETED or not (before and now and decided.after):
            return now is None and decided.action == DELETED
        was, wanted = before.settings, decided.after.settings
        own = {
            path
            for path in decided.changes
            if now.settings.get(path) == wanted.get(path) and now.settings.get(path) != was.get(path)
        }
        if own and not self._outcome.changed:
            others = {path: value for path, value in now.settings.items() if path not in own}
            self._outcome.before = now._replace(settings={**others, **{path: was[path] for path in own if path in was}})
        return bool(own)

    def _half_stored(self, error: ClientError) -> Refused:
        """Secrets without settings: a create fails, and so does everything else."""
        inference_id = self._desired.inference_id
        first = f" The first create failed: {self._failures[0]}" if self._failures else ""
        return Refused(
            f"{error.method} {error.path}: {error.problem.rstrip('.')}, but a read does not find it. "
            f"Elasticsearch stores only a part of inference endpoint {inference_id}, which a create that failed half "
            "way leaves behind before 9.3. "
            "No API removes that part. Nothing was changed. "
            f"Hint: use a different inference_id, or contact Elastic's support.{first}",
            error.status,
        )

    def _read_after(self, error: ClientError) -> Endpoint | None:
        try:
            return self._cluster.read(self._desired.inference_id)
        except ClientError as second:
            self._unsure = error.ambiguous and _may_have_changed_it(error)
            self._outcome.after = None
            error.problem += f" What the server holds now could not be read: {second.problem}"
            raise error from None

    def _read_if_possible(self) -> Endpoint | None:
        try:
            return self._cluster.read(self._desired.inference_id)
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
            # Most runs need no hint.
            from .._elasticsearch.hints import FORCE  # noqa: PLC0415

            raise Refused(
                f"Inference endpoint {endpoint.inference_id} is used by {', '.join(users)}. Hint: {FORCE}",
                409,
            )

    def _recreate(self, before: Endpoint, after: Endpoint, decided: Plan) -> Endpoint:
        """Deletes the endpoint and creates it again, only after the new settings were proved to work.

        The temporary endpoint stays until the new one is there: if this run is killed, the next one finds in it
        what nobody declared.
        """
        self._refuse_if_referenced(before)
        if decided.proof:
            self._preflight.prove(after, decided.proof, self._desired)
        self._is_only_copy = bool(decided.proof)
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
                self._is_only_copy = False
                raise
            # Gone all the same, or taken away by someone else: what was started is finished.
        self._now = None
        try:
            return self._create_again(after, decided.body)
        except ClientError as error:
            raise self._put_back(before, decided, error) from None

    def _create_again(self, after: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        """
        :raises ClientError: if it fails for good.
        """
        attempts = 0
        while True:
            try:
                return self._put_for_good(after, body)
            except ClientError as error:
                attempts += 1
                if isinstance(error, (Unreachable, TlsFailed)):
                    raise
                self._now = self._read_after(error)
                if self._now is not None and self._is_as_declared():
                    return self._now
                passing = error.ambiguous or error.already_exists
                if self._now is not None or not passing or attempts == ROUNDS:
                    raise

    def _put_for_good(self, endpoint: Endpoint, body: Mapping[str, Any]) -> Endpoint:
        """Create what this run has deleted: temporary faults of the provider are waited out."""
        api, server = self._api, self._cluster.server()
        stored = api.put(endpoint.task_type, endpoint.inference_id, body, server, least_retries=RETRIES_AFTER_DELETE)
        return self._cluster.normalised(stored)

    def _put_back(self, former: Endpoint, decided: Plan, error: ClientError) -> Refused:
        """The create failed for good after the delete: restores the former settings, and says what the state is."""
        said = f"Inference endpoint {former.inference_id} was deleted, and creating it as declared failed: {error}"
        # Of an endpoint that could not be read nothing is known.
        if self._now is None and former.settings:
            try:
                self._now = self._put_for_good(former, former_body(former, self._desired, self._service))
            except ClientError as second:
                said = f"{said} Putting its former settings back failed, too: {second}"
                self._now = self._read_if_possible()
        self._unsure = False
        self._is_only_copy = self._now is None
        if self._now is None:
            self._report(replace(decided, action=DELETED), None)
            kept = self._preflight.exists
            copy = f"The temporary endpoint {kept.inference_id} keeps its settings. " if kept else ""
            return Refused(f"{said} THE ENDPOINT IS GONE. {_described(former)} {copy}Run again, so that it is created.")
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


def _is_no_handler(error: ClientError) -> bool:
    """8.16 knows no C(_update): its error is a plain string, without a type (`reference`, "Update")."""
    return isinstance(error, ApiError) and error.status == 400 and error.error_type is None


def _may_have_changed_it(error: ClientError) -> bool:
    """Whether the request that failed was a write of the endpoint itself, and not a read, a dry run or a proof."""
    return error.method != "GET" and "?dry_run=" not in error.path and PREFLIGHT_SUFFIX not in error.path


def _described(endpoint: Endpoint) -> str:
    """What somebody needs who has to make the endpoint anew."""
    if not endpoint.settings:
        return "What it had is not known."
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
