# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""History of one run for one endpoint: its writes in order, and the outcome that they add up to.

Loaded only if there is something to do. Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .._elasticsearch.errors import ClientError, Refused
from .._inference.endpoint import Endpoint
from .outcome import Outcome
from .plan import CREATED

#: Verdicts on a write: accepted by the server; failed, but found by a later read; without effect; unknown, because the
#: write may still take effect, or its effect cannot be read.
ACCEPTED = "accepted"
FOUND = "found"
NO_EFFECT = "no effect"
UNKNOWN = "unknown"


class Write(NamedTuple):
    """One write of a run; in check mode, one predicted write.

    :ivar before: the endpoint without this write, including the changes that other clients made in the meantime.
    :ivar after: the endpoint after this write, as far as it is known.
    :ivar changes: dotted paths of the settings to change.
    :ivar sent: dotted paths of the secrets in the request.
    :ivar ignored: dotted paths of the settings that the server did not change.
    :ivar is_read: whether the state of the endpoint after this write is known.
    """

    action: str
    before: Endpoint | None
    after: Endpoint | None
    verdict: str = ACCEPTED
    changes: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    ignored: frozenset[str] = frozenset()
    error: ClientError | None = None
    is_read: bool = True

    @property
    def took_effect(self) -> bool:
        return self.verdict in (ACCEPTED, FOUND)

    @property
    def rotated(self) -> tuple[str, ...]:
        """Return the secrets that were sent in order to replace them, not only together with other changes."""
        return tuple(path for path in self.changes if path in self.sent)


@dataclass
class History:
    """The endpoint that one run found, and the writes of this run in order.

    :ivar found: the endpoint before the first write.
    """

    found: Endpoint | None
    writes: list[Write] = field(default_factory=list)

    @property
    def now(self) -> Endpoint | None:
        """Return the last known state of the endpoint."""
        return next((write.after for write in reversed(self.writes) if write.is_read), self.found)

    @property
    def last(self) -> Write | None:
        return self.writes[-1] if self.writes else None

    @property
    def ignored(self) -> frozenset[str]:
        return frozenset().union(*(write.ignored for write in self.writes))

    @property
    def secrets_sent(self) -> bool:
        """Return whether the server accepted the secrets. Only its response proves this."""
        return any(write.verdict == ACCEPTED and write.sent for write in self.writes)

    @property
    def rejection(self) -> str:
        """Return the error message with which the server rejected settings; empty if it did not."""
        errors = [write.error for write in self.writes if write.error and write.error.rejected_settings is not None]
        return errors[0].problem if errors else ""

    @property
    def is_allocating(self) -> bool:
        """Return whether the server stored the endpoint, but stopped waiting for its model."""
        return self.now is not None and any(write.error.is_allocating for write in self.writes if write.error)

    @property
    def first_error(self) -> ClientError | None:
        return next((write.error for write in self.writes if write.error), None)


def fold(inference_id: str, history: History, error: Refused | ClientError | None = None) -> Outcome:
    """Combine the writes into the outcome that a run reports for an endpoint.

    :param error: the error that ended the run.
    """
    outcome = Outcome(inference_id, before=history.found, after=history.found, error=error)
    for write in history.writes:
        outcome = _fold_write(outcome, write)
    last = history.last
    if error and last and last.verdict == UNKNOWN and not outcome.changed:
        # The write may have taken effect. Reporting a change is the safe choice.
        return replace(outcome, changed=True, action=last.action)
    return outcome


def _fold_write(outcome: Outcome, write: Write) -> Outcome:
    """Return the outcome after one more write."""
    before = _find_before(outcome, write)
    # An endpoint that was deleted and has its previous settings again was re-created.
    does_nothing = before == write.after and not write.sent and not outcome.changed
    outcome = replace(outcome, before=before, after=write.after)
    if not write.took_effect or does_nothing:
        return outcome
    is_new = CREATED in (outcome.action, write.action) and write.after is not None
    rotated = outcome.rotated if is_new else tuple(dict.fromkeys((*outcome.rotated, *write.rotated)))
    changes = outcome.changes if is_new else unequal_paths(before, write.after) + rotated
    return replace(
        outcome,
        changed=True,
        action=CREATED if is_new else write.action,
        rotated=rotated,
        changes=write.changes if write.action == CREATED else changes,
    )


def _find_before(outcome: Outcome, write: Write) -> Endpoint | None:
    """Return the endpoint without the changes of this run, but with those of other clients between two writes."""
    if not write.is_read:
        return outcome.before
    before, seen, now = outcome.before, outcome.after, write.before
    if not outcome.changed:
        return now
    if before is None or seen is None or now is None:
        return before
    by_others = unequal_paths(seen, now)
    own = {path: value for path, value in before.settings.items() if path not in by_others}
    others = {path: value for path, value in now.settings.items() if path in by_others}
    return before._replace(settings={**own, **others}) if by_others else before


def unequal_paths(before: Endpoint | None, after: Endpoint | None) -> tuple[str, ...]:
    """Return the dotted paths in which two endpoints differ; empty if one of them does not exist."""
    if before is None or after is None:
        return ()
    paths = {*before.settings, *after.settings}
    different = {path for path in paths if before.settings.get(path) != after.settings.get(path)}
    if before.task_type != after.task_type:
        different.add("task_type")
    return tuple(sorted(different))
