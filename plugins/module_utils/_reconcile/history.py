# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run did to one endpoint: the writes, in order, folded into what is reported.

It is loaded only where something is to be done. Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .outcome import Outcome
from .plan import CREATED

#: The verdicts on a write: the server took it; a read shows that it was made although it failed; it did nothing;
#: nobody can tell whether it will be, or was, made.
TAKEN = "taken"
FOUND = "found"
NOT_MADE = "not made"
UNKNOWN = "unknown"


class Write(NamedTuple):
    """One write of a run, or in check mode one that would be made.

    :ivar before: the endpoint without it; what somebody else changed in the meantime is part of that.
    :ivar after: the endpoint as it is known to be since.
    :ivar changes: dotted paths of what was wanted different.
    :ivar sent: dotted paths of the secrets in it.
    :ivar ignored: dotted paths that the server was seen not to change.
    :ivar is_read: whether it is known what the endpoint is since.
    """

    action: str
    before: Endpoint | None
    after: Endpoint | None
    verdict: str = TAKEN
    changes: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    ignored: frozenset[str] = frozenset()
    error: ClientError | None = None
    is_read: bool = True

    @property
    def is_made(self) -> bool:
        return self.verdict in (TAKEN, FOUND)

    @property
    def rotated(self) -> tuple[str, ...]:
        """The secrets that were sent because they are to be others, not only along with something else."""
        return tuple(path for path in self.changes if path in self.sent)


@dataclass
class History:
    """What one run found of an endpoint, and its writes in order.

    :ivar found: the endpoint as it was before the first of them.
    """

    found: Endpoint | None
    writes: list[Write] = field(default_factory=list)

    @property
    def now(self) -> Endpoint | None:
        """The endpoint as it was seen last."""
        return next((write.after for write in reversed(self.writes) if write.is_read), self.found)

    @property
    def last(self) -> Write | None:
        return self.writes[-1] if self.writes else None

    @property
    def ignored(self) -> frozenset[str]:
        return frozenset().union(*(write.ignored for write in self.writes))

    @property
    def secrets_sent(self) -> bool:
        """Whether the server has taken the secrets. Without an answer of the server nobody knows."""
        return any(write.verdict == TAKEN and write.sent for write in self.writes)

    @property
    def rejection(self) -> str:
        """Why the server rejected a write for its settings, in its own words; empty if it did not."""
        errors = [write.error for write in self.writes if write.error and write.error.rejected_settings is not None]
        return errors[0].problem if errors else ""

    @property
    def is_allocating(self) -> bool:
        """Whether the server has stored the endpoint, and stopped waiting for its model."""
        return self.now is not None and any(write.error.is_allocating for write in self.writes if write.error)

    @property
    def first_error(self) -> ClientError | None:
        return next((write.error for write in self.writes if write.error), None)


def folded(inference_id: str, history: History, error: Refused | ClientError | None = None) -> Outcome:
    """What a run reports of an endpoint.

    :param error: what kept the run from its end.
    """
    outcome = Outcome(inference_id, before=history.found, after=history.found, error=error)
    for write in history.writes:
        outcome = _with(outcome, write)
    last = history.last
    if error and last and last.verdict == UNKNOWN and not outcome.changed:
        # What may have happened is reported as if it had, so that nobody relies on the contrary.
        return replace(outcome, changed=True, action=last.action)
    return outcome


def _with(outcome: Outcome, write: Write) -> Outcome:
    """The outcome after one more write."""
    before = _before(outcome, write)
    # An endpoint that was deleted and has its former settings again was re-created.
    does_nothing = before == write.after and not write.sent and not outcome.changed
    outcome = replace(outcome, before=before, after=write.after)
    if not write.is_made or does_nothing:
        return outcome
    is_new = CREATED in (outcome.action, write.action) and write.after is not None
    rotated = outcome.rotated if is_new else tuple(dict.fromkeys((*outcome.rotated, *write.rotated)))
    changes = outcome.changes if is_new else unequal(before, write.after) + rotated
    return replace(
        outcome,
        changed=True,
        action=CREATED if is_new else write.action,
        rotated=rotated,
        changes=write.changes if write.action == CREATED else changes,
    )


def _before(outcome: Outcome, write: Write) -> Endpoint | None:
    """The endpoint without this run: what somebody else changed between two of its writes is part of that."""
    if not write.is_read:
        return outcome.before
    before, seen, now = outcome.before, outcome.after, write.before
    if not outcome.changed:
        return now
    if before is None or seen is None or now is None:
        return before
    by_others = unequal(seen, now)
    own = {path: value for path, value in before.settings.items() if path not in by_others}
    others = {path: value for path, value in now.settings.items() if path in by_others}
    return before._replace(settings={**own, **others}) if by_others else before


def unequal(before: Endpoint | None, after: Endpoint | None) -> tuple[str, ...]:
    """The dotted paths in which two endpoints differ; none if one of them is not there."""
    if before is None or after is None:
        return ()
    paths = {*before.settings, *after.settings}
    different = {path for path in paths if before.settings.get(path) != after.settings.get(path)}
    if before.task_type != after.task_type:
        different.add("task_type")
    return tuple(sorted(different))
