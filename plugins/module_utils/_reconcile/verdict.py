# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdict on a failed write, from the plan and from the endpoint before and after the write. Pure.

An error does not prove that nothing was stored (`elasticsearch.md`, "Create"), so the endpoint is read again.
Loaded only if there is something to do. Private to the collection.
"""

from __future__ import annotations

import re

from .._elasticsearch.errors import ClientError, TimedOut
from .._inference.endpoint import Endpoint
from .history import FOUND, NO_EFFECT, UNKNOWN, Write
from .plan import CREATED, DELETED, UPDATED, Plan


def may_have_changed_endpoint(plan: Plan, error: ClientError) -> bool:
    """Return whether the failed request was a write of the endpoint itself.

    Reads, dry runs, and requests about the temporary endpoint or about fingerprints are not.
    """
    endpoint = plan.before or plan.after
    if endpoint is None or error.method == "GET" or "?dry_run=" in error.path:
        return False
    path = error.path.partition("?")[0]
    return bool(re.fullmatch(f"/_inference/([^/]+/)?{re.escape(endpoint.inference_id)}(/_update)?", path))


def judge(plan: Plan, before: Endpoint | None, now: Endpoint | None, error: ClientError, is_in_sync: bool) -> Write:
    """Return a failed request as a write with its verdict.

    :param before: the endpoint before the request.
    :param now: the endpoint as read after the request.
    :param is_in_sync: whether C(now) matches the declaration.
    """
    write = Write(plan.action, now, now, NO_EFFECT, plan.changes, error=error)
    if not may_have_changed_endpoint(plan, error):
        return write
    if _is_own_effect(plan, before, now, error, is_in_sync):
        return write._replace(verdict=FOUND, before=_without_own_changes(plan, before, now), sent=plan.sent)
    rotates = plan.action == UPDATED and any(path in plan.sent for path in plan.changes)
    is_lost = isinstance(error, TimedOut) or (error.ambiguous and rotates)
    return write._replace(verdict=UNKNOWN) if is_lost else write


def judge_unread(plan: Plan, error: ClientError) -> Write:
    """Return a failed request as a write, if the endpoint could not be read after it."""
    may_take_effect = error.ambiguous and may_have_changed_endpoint(plan, error)
    judged = UNKNOWN if may_take_effect else NO_EFFECT
    return Write(plan.action, None, None, judged, plan.changes, error=error, is_read=False)


def _is_own_effect(
    plan: Plan, before: Endpoint | None, now: Endpoint | None, error: ClientError, is_in_sync: bool
) -> bool:
    """Return whether this run caused the current state of the endpoint, which has the requested values."""
    rejected = not (error.ambiguous or error.retried)
    if plan.action == CREATED:
        # Some servers return an error for a create and keep the endpoint (`elasticsearch.md`, "Create"). However,
        # none stores anything before the provider accepts it.
        nothing_stored = rejected and (error.already_exists or error.provider_status is not None)
        return now is not None and is_in_sync and not nothing_stored
    if plan.action == DELETED:
        return now is None and not rejected
    return plan.action == UPDATED and not rejected and bool(_own_changes(plan, before, now))


def _without_own_changes(plan: Plan, before: Endpoint | None, now: Endpoint | None) -> Endpoint | None:
    """Return the endpoint without the changes of this run. Changes by other clients count as found."""
    own = _own_changes(plan, before, now)
    if not (own and before and now):
        return before
    others = {path: value for path, value in now.settings.items() if path not in own}
    former = {path: before.settings[path] for path in own if path in before.settings}
    return now._replace(settings={**others, **former})


def _own_changes(plan: Plan, before: Endpoint | None, now: Endpoint | None) -> set[str]:
    """Return the changes of an update that took effect."""
    if not (before and now and plan.after):
        return set()
    was, has, wanted = before.settings, now.settings, plan.after.settings
    return {path for path in plan.changes if has.get(path) == wanted.get(path) and has.get(path) != was.get(path)}
