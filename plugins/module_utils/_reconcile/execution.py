# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Execution of a plan, and verification of the result.

The outcome shows the actual state of the server. Each response is compared with the request. After a response that is
lost or not reliable, the endpoint is read again, and a new plan is made.
Loaded only if there is something to do. Private to the collection.
"""

from __future__ import annotations

import time
from dataclasses import replace

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .cluster import Cluster
from .declaration import PRESENT, Desired
from .endpoint_run import EndpointRun
from .facts import EndpointFacts
from .history import NO_EFFECT, UNKNOWN, Write, fold
from .outcome import Outcome
from .plan import DELETED, NONE, RECREATED, UPDATED, Plan
from .secret_records import SecretRecords
from .verdict import judge

#: Maximum number of plans for one endpoint, after races and lost responses.
MAX_ROUNDS = 3

#: Seconds between two queries of the state of a deployment.
POLL_INTERVAL = 2.0


class Execution:
    """The execution of plans for one endpoint.

    :param plan: the first plan.
    :param found: the endpoint before the run.
    """

    def __init__(
        self, cluster: Cluster, desired: Desired, plan: Plan, facts: EndpointFacts, found: Endpoint | None
    ) -> None:
        self._cluster = cluster
        self._plan = plan
        self._facts = facts
        self._run = EndpointRun(cluster, desired, found)
        self._history = facts.history = self._run.history
        self._preflight = self._run.preflight
        self._records = SecretRecords(cluster.fingerprints)

    def execute(self) -> Outcome:
        """Execute the plan, and the plans that follow from its result. Return the outcome."""
        error: Refused | ClientError | None = None
        try:
            if self._plan.action != NONE:
                self._reconcile()
            if self._cluster.should_wait_for(self._run.desired) or self._history.is_allocating:
                self._wait_for_deployment()
        except (Refused, ClientError) as failure:
            error = self._cluster.annotate(failure, self._run.desired)
        return fold(self._run.desired.inference_id, self._history, error)

    def _reconcile(self) -> None:
        """Execute plans until nothing differs. In check mode, predict their results instead."""
        if not self._cluster.check_mode:
            self._preflight.find_left_over()
        try:
            self._repeat_until_in_sync()
        except (Refused, ClientError) as error:
            reachable = isinstance(error, Refused) or error.sent
            if reachable and not self._may_be_only_copy():
                self._preflight.delete_if_possible()
            raise
        self._preflight.delete()

    def _may_be_only_copy(self) -> bool:
        """Return whether the temporary endpoint may be the only copy of the settings, so that it must be kept."""
        last = self._history.last
        is_unknown = last is not None and (last.verdict == UNKNOWN or not last.is_read)
        return self._run.desired.state == PRESENT and (is_unknown or self._history.now is None)

    def _repeat_until_in_sync(self) -> None:
        last_error: ClientError | None = None
        for _round in range(MAX_ROUNDS):
            self._cluster.raise_if_unavailable()
            if self._cluster.check_mode:
                self._predict_result()
            else:
                last_error = self._execute_plan()
            self._run.desired = self._cluster.mark_sensitive(self._run.desired, self._history.now)
            self._plan = self._cluster.decide(self._run.desired, self._history.now, self._facts)
            if self._plan.action == NONE:
                return
        raise last_error or Refused(
            f"Inference endpoint {self._run.desired.inference_id} still differs in {', '.join(self._plan.changes)} "
            f"after {MAX_ROUNDS} attempts. Another process may be changing it at the same time. "
            "Hint: run the task again."
        )

    def _predict_result(self) -> None:
        """Record the predicted result of the plan. A dry run shows whether the server would reject a delete."""
        plan, now = self._plan, self._history.now
        if plan.sent:
            self._records.read(self._run.desired.inference_id)
        if plan.action in (DELETED, RECREATED) and plan.before:
            self._run.remote.refuse_if_referenced(plan.before)
        if plan.may_be_rejected:
            write = Write(plan.action, now, now, NO_EFFECT, plan.changes, ignored=frozenset(plan.changes))
            self._history.writes.append(write)
        else:
            self._record_success(plan, plan.after)

    def _execute_plan(self) -> ClientError | None:
        """Execute the plan and record the result.

        Return the error of a failed write, if a new plan may succeed.
        :raises ClientError: if a new plan would fail as well.
        """
        plan = self._plan
        try:
            if plan.action == UPDATED and plan.preflight_body and plan.after:
                # Before 9.4, an update stores even a wrong secret, which breaks a working endpoint.
                self._preflight.check(plan.after, plan.preflight_body, self._run.desired)
                self._preflight.delete()
            self._records.invalidate(plan, self._run.desired)
            stored = self._send(plan)
        except ClientError as error:
            self._record_failure(plan, error)
            return error
        self._record_success(plan, stored)
        self._records.save(plan, self._run.desired, stored)
        return None

    def _send(self, plan: Plan) -> Endpoint | None:
        """Send the write and return the endpoint as stored.

        :raises ClientError: if the write failed, or if its result is unknown.
        """
        if plan.action == RECREATED:
            return self._recreate(plan)
        if plan.after is None:
            if plan.before:
                self._run.remote.delete(plan.before)
            return None
        write = self._run.remote.update if plan.action == UPDATED else self._run.remote.create
        return write(plan.after, plan.body)

    def _recreate(self, plan: Plan) -> Endpoint:
        # Loaded here, because few runs re-create an endpoint.
        from .recreation import Recreation  # noqa: PLC0415

        run = self._run
        if plan.after:
            # From here on, all settings are needed, even if another client deletes the endpoint in the meantime.
            run.desired = replace(run.desired, task_type=plan.after.task_type, settings=plan.after.settings)
        return Recreation(run, plan).execute()

    def _record_success(self, plan: Plan, stored: Endpoint | None) -> None:
        """Record a successful write: the endpoint as stored, and the settings that the server ignored."""
        ignored: frozenset[str] = frozenset()
        if plan.action == UPDATED and stored is not None:
            ignored = frozenset(self._run.find_differences(stored)).intersection(plan.changes)
        write = Write(plan.action, self._history.now, stored, changes=plan.changes, sent=plan.sent, ignored=ignored)
        self._history.writes.append(write)

    def _record_failure(self, plan: Plan, error: ClientError) -> None:
        """Record a failed write: read the endpoint again, so that a new plan can be made.

        :raises ClientError: if a new plan would fail in the same way.
        :raises Refused: if no write can succeed.
        """
        last = self._history.last
        if not error.sent or (last is not None and not last.is_read):
            raise error  # The request changed nothing, or its result is known to be unknown.
        before, now = self._history.now, self._run.read_after(error, plan)
        has_moved = now != before
        write = judge(plan, before, now, error, self._run.is_in_sync(now))
        rejected = self._rejected_changes(plan, error)
        can_never_succeed = bool(rejected) or (plan.action == UPDATED and self._can_never_succeed(plan, error))
        ignored = rejected or (plan.changes if can_never_succeed else ())
        self._history.writes.append(write._replace(ignored=frozenset(ignored)))
        if error.already_exists and now is None and not (error.retried or has_moved):
            raise self._incomplete_endpoint_error(error)
        if not (can_never_succeed or error.ambiguous or has_moved or error.already_exists or error.is_not_found):
            raise error

    def _rejected_changes(self, plan: Plan, error: ClientError) -> tuple[str, ...]:
        """Return the settings that caused the rejection of an update, because the server cannot update them."""
        names = error.rejected_settings if plan.action == UPDATED else None
        if names is None:
            return ()
        requested = (*plan.changes, *plan.sent)
        named = [path for path in requested if any(f".{name}." in f".{path}." for name in names)]
        return tuple(dict.fromkeys(named or plan.changes))

    def _can_never_succeed(self, plan: Plan, error: ClientError) -> bool:
        """Return whether no update of this endpoint can succeed, so that only re-creating it helps."""
        if error.is_unreadable_state:
            return self._cluster.policy.allow_recreate and bool(self._run.desired.secrets)
        return error.is_unknown_request or (plan.may_be_rejected and error.status == 400)

    def _incomplete_endpoint_error(self, error: ClientError) -> Refused:
        """Return the error for an endpoint that is stored without its settings. All requests for it fail."""
        inference_id, first = self._run.desired.inference_id, self._history.first_error
        first_failure = f" The first create failed: {first}" if first is not None and first is not error else ""
        return Refused(
            f"{error.method} {error.path}: {error.problem.rstrip('.')}, but a read does not return it. "
            f"Elasticsearch stores only a part of inference endpoint {inference_id}. Before 9.3, a failed create can "
            "leave such a part. No API deletes it. Nothing was changed. "
            f"Hint: use a different inference_id, or contact Elastic support.{first_failure}",
            error.status,
        )

    def _wait_for_deployment(self) -> None:
        """Wait until the model is fully allocated, if the cluster runs it.

        :raises Refused: if this takes longer than C(wait_timeout) seconds.
        """
        now, seconds = self._history.now, self._cluster.policy.wait_timeout
        model = now.settings.get(self._run.service.model) if now else None
        deployment = self._deployment_of(now) if now else ""
        until = time.monotonic() + seconds
        while model and not self._cluster.api.is_deployed(str(model), deployment):
            if time.monotonic() >= until:
                raise Refused(
                    f"The model {model} of inference endpoint {self._run.desired.inference_id} was not fully allocated "
                    f"within wait_timeout={seconds} seconds. Its settings are up to date. "
                    "Hint: increase wait_timeout, or check the capacity of the machine learning nodes."
                )
            time.sleep(POLL_INTERVAL)

    def _deployment_of(self, endpoint: Endpoint) -> str:
        """Return the deployment of the endpoint; empty if none is required, as before the first request."""
        if not self._run.service.is_local or endpoint.inference_id.startswith("."):
            return ""
        return str(endpoint.settings.get("service_settings.deployment_id") or endpoint.inference_id)
