# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciliation of one or many endpoints with their declarations.

Private to the collection.
"""

from __future__ import annotations

from typing import Collection, Mapping, NamedTuple, Sequence

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .cluster import Cluster
from .declaration import Desired, Purge
from .facts import EndpointFacts
from .outcome import Outcome
from .plan import NONE, Plan


class _Decision(NamedTuple):
    """The plan for one endpoint, with the facts that it depends on.

    :ivar found: the endpoint before the run.
    :ivar error: the reason why nothing is done; None if there is a plan.
    """

    desired: Desired
    plan: Plan
    facts: EndpointFacts
    found: Endpoint | None
    error: Refused | ClientError | None = None

    def outcome(self) -> Outcome:
        """Return the outcome of an endpoint that is not changed."""
        return Outcome(self.desired.inference_id, before=self.found, after=self.found, error=self.error)


class Reconciler:
    """Plans the changes of endpoints, and executes them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, desired: Desired) -> Outcome:
        """Read one endpoint and reconcile it."""
        existing, unreadable = None, ""
        try:
            existing = self._cluster.read(desired.inference_id)
        except ClientError as error:
            if not error.is_unreadable_state:
                return Outcome(desired.inference_id, error=error)
            unreadable = error.reason or error.problem
        return self._carry_out([self._decide(desired, existing, unreadable)], parallel=1)[0]

    def reconcile_list(
        self,
        declared: Sequence[Desired],
        parallel: int = 1,
        purge: Purge | None = None,
        services: Collection[str] = (),
    ) -> list[Outcome]:
        """Read all endpoints at once and reconcile the declared ones. A failed endpoint does not stop the others.

        All plans are made first, in the order of the list. Then the changes are made in parallel.

        :param parallel: maximum number of endpoints to change at the same time.
        :param purge: options for deleting undeclared endpoints; None to keep them. Their outcomes come last.
        :param services: names of the services of the declaration, in addition to those that occur in the list.
        :raises ClientError: if the endpoints or the fingerprints cannot be read.
        :raises Refused: if the purge exceeds its limit, or if the fingerprints are not valid.
        """
        cluster = self._cluster
        services = {*services, *(cluster.service_of(desired).stored_name for desired in declared)}
        existing, errors = cluster.read_all(declared)
        to_delete = self._plan_purge(declared, existing, purge, services) if purge else []
        if cluster.fingerprints:
            cluster.fingerprints.read(desired.inference_id for desired in declared if desired.secrets)
        decisions = [self._decide_one(desired, existing, errors) for desired in [*declared, *to_delete]]
        decisions += self._decide_left_overs(declared, to_delete, existing, errors, decisions, services)
        return self._carry_out(decisions, parallel)

    def _plan_purge(
        self,
        declared: Sequence[Desired],
        existing: Mapping[str, Endpoint],
        purge: Purge,
        services: Collection[str],
    ) -> list[Desired]:
        """Return the deletions of the purge.

        :raises Refused: if the purge exceeds its limit, or if not all endpoints are listed.
        """
        if self._cluster.list_failure:
            raise Refused(
                "Cannot purge, because Elasticsearch does not list all endpoints. "
                f"{self._cluster.list_failure} Nothing was changed. "
                "Hint: repair or delete the endpoint that cannot be read, or set purge=false."
            )
        # Loaded here, because few runs purge.
        from .purge import plan_purge  # noqa: PLC0415

        return plan_purge(declared, existing.values(), purge.services or services, purge)

    def _decide_left_overs(
        self,
        declared: Sequence[Desired],
        to_delete: Sequence[Desired],
        existing: Mapping[str, Endpoint],
        errors: Mapping[str, ClientError],
        decisions: Sequence[_Decision],
        services: Collection[str],
    ) -> list[_Decision]:
        """Decide about temporary endpoints that earlier runs left. Warn about those to keep."""
        # Loaded here, because runs for a single endpoint do not need it.
        from .temporary import base_id, find_orphans, plan_left_over_deletions  # noqa: PLC0415

        busy = {decision.desired.inference_id for decision in decisions if self._needs_execution(decision)}
        for name in find_orphans([*declared, *to_delete], existing, services):
            self._cluster.warn(
                f"Temporary endpoint {name} is left over from an interrupted run. It was kept, because it may be the "
                f"only copy of the settings of {base_id(name)}. Hint: add {base_id(name)} to the list, with "
                "state=present to re-create it, or with state=absent to delete the temporary endpoint."
            )
        return [
            self._decide_one(left_over, existing, errors)
            for left_over in plan_left_over_deletions(declared, existing, services)
            # The execution that changes the endpoint also deletes its temporary endpoint.
            if left_over.inference_id not in busy and base_id(left_over.inference_id) not in busy
        ]

    def _decide_one(
        self, desired: Desired, existing: Mapping[str, Endpoint], errors: Mapping[str, ClientError]
    ) -> _Decision:
        """Decide about one endpoint of a list. Later decisions depend on its predicted state."""
        error = errors.get(desired.inference_id)
        if error is not None and not error.is_unreadable_state:
            facts = EndpointFacts(self._cluster, desired)
            return _Decision(desired, Plan(NONE), facts, None, self._cluster.annotate(error, desired))
        unreadable = (error.reason or error.problem) if error else ""
        decision = self._decide(desired, existing.get(desired.inference_id), unreadable)
        self._cluster.predict(desired.inference_id, decision.plan.after)
        return decision

    def _decide(self, desired: Desired, existing: Endpoint | None, unreadable: str = "") -> _Decision:
        facts = EndpointFacts(self._cluster, desired, unreadable)
        try:
            desired = self._cluster.mark_sensitive(desired, existing)
            facts = EndpointFacts(self._cluster, desired, unreadable)
            plan = self._cluster.decide(desired, existing, facts)
        except (Refused, ClientError) as error:
            return _Decision(
                desired, Plan(NONE, after=existing), facts, existing, self._cluster.annotate(error, desired)
            )
        return _Decision(desired, plan, facts, plan.before if unreadable else existing)

    def _needs_execution(self, decision: _Decision) -> bool:
        wanted = decision.plan.action != NONE or self._cluster.should_wait_for(decision.desired)
        return wanted and decision.error is None

    def _carry_out(self, decisions: Sequence[_Decision], parallel: int) -> list[Outcome]:
        """Return the outcomes of the decisions, in their order."""
        unfinished = [number for number, decision in enumerate(decisions) if self._needs_execution(decision)]
        outcomes = {}
        if unfinished:
            outcomes = dict(zip(unfinished, self._execute([decisions[number] for number in unfinished], parallel)))
        return [outcomes.get(number) or decision.outcome() for number, decision in enumerate(decisions)]

    def _execute(self, decisions: Sequence[_Decision], parallel: int) -> list[Outcome]:
        # Loaded here, because runs without differences do not need it.
        from .execution import Execution  # noqa: PLC0415

        executions = [
            Execution(self._cluster, decision.desired, decision.plan, decision.facts, decision.found)
            for decision in decisions
        ]
        if parallel == 1 or len(executions) == 1:
            return [execution.execute() for execution in executions]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor(min(parallel, len(executions))) as pool:
            return list(pool.map(Execution.execute, executions))
