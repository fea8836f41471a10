# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings endpoints into the state that is declared, one or many, and says what came of each.

Private to the collection.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from ansible_collections.esops.inference.plugins.module_utils.cluster import Cluster
from ansible_collections.esops.inference.plugins.module_utils.errors import ClientError
from ansible_collections.esops.inference.plugins.module_utils.inference import Endpoint
from ansible_collections.esops.inference.plugins.module_utils.outcome import Outcome, Refused
from ansible_collections.esops.inference.plugins.module_utils.plan import (
    NONE,
    Desired,
    Knowledge,
    Plan,
    Purge,
    purged,
)


class _Decided(NamedTuple):
    """What is to become of one endpoint, and what became of it so far."""

    desired: Desired
    plan: Plan
    known: Knowledge
    outcome: Outcome


class Reconciler:
    """Decides, and has done what was decided."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def one(self, desired: Desired) -> Outcome:
        """Reads one endpoint and reconciles it."""
        try:
            existing = self._cluster.read(desired.inference_id)
        except ClientError as error:
            return Outcome(desired.inference_id, error=error)
        decided = self._decide(desired, existing)
        if self._has_more_to_do(decided):
            self._carry_out([decided], parallel=1)
        return decided.outcome

    def many(self, declared: Sequence[Desired], parallel: int = 1, purge: Purge | None = None) -> list[Outcome]:
        """Reads all endpoints at once and reconciles those declared, each whatever becomes of the others.

        All plans are made first, in the order of the list. Only what there is to do then is done side by side.

        :param parallel: how many endpoints at the same time.
        :param purge: whether, and how far, endpoints that are not declared are removed. Their outcomes come last.
        :raises ClientError: if there is nothing to decide upon, since the endpoints, or the records of their secrets,
            cannot be read.
        :raises Refused: if more would be purged than may be, or the records are none.
        """
        cluster = self._cluster
        existing = dict(cluster.others())
        doomed, refusal = purged(declared, existing.values(), cluster.service, purge) if purge else ([], "")
        if refusal:
            raise Refused(refusal)
        if cluster.fingerprints:
            cluster.fingerprints.read(desired.inference_id for desired in declared if desired.secret is not None)
        decisions = []
        for desired in [*declared, *doomed]:
            decided = self._decide(desired, existing.get(desired.inference_id))
            cluster.expect(desired.inference_id, decided.plan.after)
            decisions.append(decided)
        busy = [decided for decided in decisions if self._has_more_to_do(decided)]
        if busy:
            self._carry_out(busy, parallel)
        return [decided.outcome for decided in decisions]

    def _decide(self, desired: Desired, existing: Endpoint | None) -> _Decided:
        outcome = Outcome(desired.inference_id, before=existing, after=existing)
        plan, known = Plan(NONE, after=existing), Knowledge()
        try:
            plan, known = self._cluster.decide(desired, existing, known)
        except (Refused, ClientError) as error:
            outcome.error = self._cluster.failed(error)
        return _Decided(desired, plan, known, outcome)

    def _has_more_to_do(self, decided: _Decided) -> bool:
        wanted = decided.plan.action != NONE or self._cluster.waits_for(decided.desired)
        return wanted and decided.outcome.error is None

    def _carry_out(self, decisions: Sequence[_Decided], parallel: int) -> None:
        # A run in which nothing differs need not wait for these imports.
        from ansible_collections.esops.inference.plugins.module_utils.act import Work  # noqa: PLC0415

        works = [Work(self._cluster, *decided) for decided in decisions]
        if parallel > 1 and len(works) > 1:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

            with ThreadPoolExecutor(min(parallel, len(works))) as pool:
                list(pool.map(Work.finish, works))
        else:
            for work in works:
                work.finish()
