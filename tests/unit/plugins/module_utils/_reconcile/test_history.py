# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes of one endpoint, each from a history of writes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.history import (
    ACCEPTED,
    FOUND,
    NO_EFFECT,
    UNKNOWN,
    History,
    Write,
    fold,
)
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome
from tests.unit.reconciling import EXISTING, KEY, MODEL, TEMPERATURE, TOKENS, failed, rejected, with_task_settings

OTHER = EXISTING._replace(settings={**EXISTING.settings, MODEL: "n"})
FIVE = with_task_settings(EXISTING, max_tokens=5)
#: Another client changes another setting.
WARM = with_task_settings(EXISTING, temperature=0.9)
WARM_FIVE, WARM_SIX = with_task_settings(WARM, max_tokens=5), with_task_settings(WARM, max_tokens=6)
COLD, COLD_FIVE = with_task_settings(EXISTING, temperature=None), with_task_settings(FIVE, temperature=None)
REFUSAL = Refused("It cannot be done.")


def created(after: Endpoint | None = EXISTING, verdict: str = ACCEPTED, before: Endpoint | None = None) -> Write:
    return Write("created", before, after, verdict, (KEY, MODEL, TOKENS), (KEY,))


def updated(
    before: Endpoint | None = EXISTING, after: Endpoint | None = FIVE, verdict: str = ACCEPTED, **more: Any
) -> Write:
    return Write("updated", before, after, verdict, (TOKENS,), **more)


def rotated(verdict: str = ACCEPTED, endpoint: Endpoint | None = EXISTING) -> Write:
    return Write("updated", endpoint, endpoint, verdict, (KEY,), (KEY,))


def deleted(verdict: str = ACCEPTED, before: Endpoint | None = EXISTING, after: Endpoint | None = None) -> Write:
    return Write("deleted", before, after, verdict)


def recreated(after: Endpoint | None = OTHER, sent: tuple[str, ...] = (KEY,), before: Endpoint | None = None) -> Write:
    return Write("recreated", before, after, ACCEPTED, (MODEL,), sent)


def unread(action: str = "updated", verdict: str = UNKNOWN) -> Write:
    return Write(action, None, None, verdict, is_read=False, error=failed())


#: A history and its outcome: action, changed, before, after, changes, rotated.
HISTORIES: dict[str, tuple[Endpoint | None, list[Write], tuple[Any, ...]]] = {
    "nothing was written": (EXISTING, [], ("none", False, EXISTING, EXISTING, (), ())),
    "there is nothing": (None, [], ("none", False, None, None, (), ())),
    # One write.
    "create, accepted": (None, [created()], ("created", True, None, EXISTING, (KEY, MODEL, TOKENS), ())),
    "create, found": (
        None,
        [created(verdict=FOUND)],
        ("created", True, None, EXISTING, (KEY, MODEL, TOKENS), ()),
    ),
    "create, no effect": (None, [created(None, NO_EFFECT)], ("none", False, None, None, (), ())),
    "create, unknown": (None, [created(None, UNKNOWN)], ("none", False, None, None, (), ())),
    "update, accepted": (EXISTING, [updated()], ("updated", True, EXISTING, FIVE, (TOKENS,), ())),
    "update, found": (EXISTING, [updated(verdict=FOUND)], ("updated", True, EXISTING, FIVE, (TOKENS,), ())),
    "update, no effect": (
        EXISTING,
        [updated(after=EXISTING, verdict=NO_EFFECT)],
        ("none", False, EXISTING, EXISTING, (), ()),
    ),
    "update, unknown": (
        EXISTING,
        [updated(after=EXISTING, verdict=UNKNOWN)],
        ("none", False, EXISTING, EXISTING, (), ()),
    ),
    "delete, accepted": (EXISTING, [deleted()], ("deleted", True, EXISTING, None, (), ())),
    "delete, found": (EXISTING, [deleted(FOUND)], ("deleted", True, EXISTING, None, (), ())),
    "delete, no effect": (
        EXISTING,
        [deleted(NO_EFFECT, EXISTING, EXISTING)],
        ("none", False, EXISTING, EXISTING, (), ()),
    ),
    "new key, accepted": (EXISTING, [rotated()], ("updated", True, EXISTING, EXISTING, (KEY,), (KEY,))),
    "new key, no effect": (EXISTING, [rotated(NO_EFFECT)], ("none", False, EXISTING, EXISTING, (), ())),
    "key along with a setting": (
        EXISTING,
        [updated(sent=(KEY,))],
        ("updated", True, EXISTING, FIVE, (TOKENS,), ()),
    ),
    # The server ignores changes.
    "update, ignored as a whole": (
        EXISTING,
        [updated(after=EXISTING, ignored=frozenset({TOKENS}))],
        ("none", False, EXISTING, EXISTING, (), ()),
    ),
    "update, ignored in part": (
        EXISTING,
        [Write("updated", EXISTING, FIVE, changes=(TOKENS, MODEL), ignored=frozenset({MODEL}))],
        ("updated", True, EXISTING, FIVE, (TOKENS,), ()),
    ),
    # Several writes.
    "update, then what was ignored takes a recreation": (
        EXISTING,
        [updated(ignored=frozenset({MODEL})), deleted(before=FIVE), recreated(with_task_settings(OTHER, max_tokens=5))],
        ("recreated", True, EXISTING, with_task_settings(OTHER, max_tokens=5), (MODEL, TOKENS), ()),
    ),
    "create, then update": (
        None,
        [created(), updated()],
        ("created", True, None, FIVE, (KEY, MODEL, TOKENS), ()),
    ),
    "create, then a new key": (
        None,
        [created(), rotated()],
        ("created", True, None, EXISTING, (KEY, MODEL, TOKENS), ()),
    ),
    "create, then another client deletes it": (
        None,
        [created(), Write("updated", None, None, NO_EFFECT)],
        ("created", True, None, None, (KEY, MODEL, TOKENS), ()),
    ),
    "two updates": (
        EXISTING,
        [updated(), Write("updated", FIVE, WARM_FIVE, changes=(TEMPERATURE,))],
        ("updated", True, EXISTING, WARM_FIVE, (TOKENS, TEMPERATURE), ()),
    ),
    "two new keys": (EXISTING, [rotated(), rotated()], ("updated", True, EXISTING, EXISTING, (KEY,), (KEY,))),
    "update, then a new key": (
        EXISTING,
        [updated(), rotated(endpoint=FIVE)],
        ("updated", True, EXISTING, FIVE, (TOKENS, KEY), (KEY,)),
    ),
    "update, then it is gone and created": (
        EXISTING,
        [updated(), created()],
        ("created", True, EXISTING, EXISTING, (KEY, MODEL, TOKENS), ()),
    ),
    "delete, then another client creates it, then delete": (
        EXISTING,
        [deleted(), deleted(before=FIVE)],
        ("deleted", True, EXISTING, None, (), ()),
    ),
    # Delete, then create.
    "recreation": (
        EXISTING,
        [deleted(), recreated()],
        ("recreated", True, EXISTING, OTHER, (MODEL,), ()),
    ),
    "recreation with a new key": (
        EXISTING,
        [deleted(), Write("recreated", None, OTHER, changes=(MODEL, KEY), sent=(KEY,))],
        ("recreated", True, EXISTING, OTHER, (MODEL, KEY), (KEY,)),
    ),
    "recreation with another task type": (
        EXISTING,
        [deleted(), recreated(EXISTING._replace(task_type="chat_completion"))],
        ("recreated", True, EXISTING, EXISTING._replace(task_type="chat_completion"), ("task_type",), ()),
    ),
    "recreation that brings the former settings back": (
        EXISTING,
        [deleted(), recreated(EXISTING)],
        ("recreated", True, EXISTING, EXISTING, (), ()),
    ),
    "recreation without secrets that brings the former settings back": (
        EXISTING,
        [deleted(), recreated(EXISTING, sent=())],
        ("recreated", True, EXISTING, EXISTING, (), ()),
    ),
    "recreation in check mode, as one write": (
        EXISTING,
        [recreated(before=EXISTING)],
        ("recreated", True, EXISTING, OTHER, (MODEL,), ()),
    ),
    # Writes of another client in between.
    "another client made the same change": (
        EXISTING,
        [Write("updated", FIVE, FIVE, NO_EFFECT, (TOKENS,))],
        ("none", False, FIVE, FIVE, (), ()),
    ),
    "another client created it, then update": (
        None,
        [created(EXISTING, NO_EFFECT, EXISTING), updated()],
        ("updated", True, EXISTING, FIVE, (TOKENS,), ()),
    ),
    "another client deleted it, then create": (
        EXISTING,
        [Write("updated", None, None, NO_EFFECT, (TOKENS,)), created()],
        ("created", True, None, EXISTING, (KEY, MODEL, TOKENS), ()),
    ),
    "another client changed another setting meanwhile": (
        EXISTING,
        [Write("updated", WARM, WARM_FIVE, FOUND, (TOKENS,))],
        ("updated", True, WARM, WARM_FIVE, (TOKENS,), ()),
    ),
    "another client changed it before a rejected write, then update": (
        EXISTING,
        [Write("updated", WARM, WARM, NO_EFFECT, (TOKENS,)), updated(WARM, WARM_FIVE)],
        ("updated", True, WARM, WARM_FIVE, (TOKENS,), ()),
    ),
    "another client changed another setting between two updates": (
        EXISTING,
        [updated(), Write("updated", WARM_FIVE, WARM_FIVE, NO_EFFECT), Write("updated", WARM_FIVE, WARM_SIX)],
        ("updated", True, WARM, WARM_SIX, (TOKENS,), ()),
    ),
    "another client removed another setting after an update": (
        EXISTING,
        [updated(), Write("updated", COLD_FIVE, COLD_FIVE, NO_EFFECT)],
        ("updated", True, COLD, COLD_FIVE, (TOKENS,), ()),
    ),
    # A failure in between.
    "lost update, then update": (
        EXISTING,
        [updated(after=EXISTING, verdict=UNKNOWN), updated()],
        ("updated", True, EXISTING, FIVE, (TOKENS,), ()),
    ),
    "update, then one that failed": (
        EXISTING,
        [updated(), Write("updated", FIVE, FIVE, NO_EFFECT, (TEMPERATURE,))],
        ("updated", True, EXISTING, FIVE, (TOKENS,), ()),
    ),
}


#: Each history of a successful run and of a failed run, except failed runs whose last write has an unknown effect.
CASES = [
    pytest.param(*case, error, id=f"{name}{', then a failure' if error else ''}")
    for name, case in HISTORIES.items()
    for error in (None, REFUSAL)
    if error is None or not case[1] or case[1][-1].verdict != UNKNOWN
]


@pytest.mark.parametrize(("found", "writes", "reported", "error"), CASES)
def test_outcome_combines_the_writes_that_took_effect(
    found: Endpoint | None, writes: list[Write], reported: tuple[Any, ...], error: Refused | None
) -> None:
    outcome = fold("a", History(found, list(writes)), error)
    assert (outcome.inference_id, outcome.error) == ("a", error)
    assert (
        outcome.action,
        outcome.changed,
        outcome.before,
        outcome.after,
        outcome.changes,
        outcome.rotated,
    ) == reported


class TestUnknown:
    """A write with an unknown effect is reported as a change if the run fails, which is the safe choice."""

    @pytest.mark.parametrize(
        ("found", "write", "action", "after"),
        [
            (None, created(None, UNKNOWN), "created", None),
            (EXISTING, rotated(UNKNOWN), "updated", EXISTING),
            (EXISTING, updated(after=EXISTING, verdict=UNKNOWN), "updated", EXISTING),
            (EXISTING, deleted(UNKNOWN, EXISTING, EXISTING), "deleted", EXISTING),
            (EXISTING, unread("updated"), "updated", None),
            (None, unread("created"), "created", None),
        ],
    )
    def test_last_write_with_unknown_effect_is_reported_as_a_change_of_a_failed_run(
        self, found: Endpoint | None, write: Write, action: str, after: Endpoint | None
    ) -> None:
        assert fold("a", History(found, [write]), REFUSAL) == Outcome("a", action, True, found, after, error=REFUSAL)

    def test_earlier_write_that_took_effect_determines_the_action(self) -> None:
        history = History(None, [created(), rotated(UNKNOWN)])
        assert fold("a", history, REFUSAL).action == "created"

    def test_rejected_write_without_a_read_is_no_change(self) -> None:
        outcome = fold("a", History(EXISTING, [unread(verdict=NO_EFFECT)]), REFUSAL)
        assert outcome == Outcome("a", before=EXISTING, after=None, error=REFUSAL)

    def test_unreadable_state_after_a_change_keeps_the_change(self) -> None:
        outcome = fold("a", History(EXISTING, [updated(), unread()]), REFUSAL)
        assert (outcome.changed, outcome.before, outcome.after, outcome.changes) == (True, EXISTING, None, (TOKENS,))


class TestHistory:
    def test_history_without_writes_has_the_found_endpoint(self) -> None:
        history = History(EXISTING)
        assert (history.now, history.last, history.ignored, history.secrets_sent, history.first_error) == (
            EXISTING,
            None,
            frozenset(),
            False,
            None,
        )

    def test_current_endpoint_is_the_one_that_was_read_last(self) -> None:
        assert History(EXISTING, [updated()]).now == FIVE
        assert History(EXISTING, [updated(), unread()]).now == FIVE
        assert History(EXISTING, [unread()]).now == EXISTING
        assert History(EXISTING, [deleted()]).now is None

    def test_ignored_settings_are_those_of_all_writes(self) -> None:
        writes = [updated(ignored=frozenset({TOKENS})), updated(), updated(ignored=frozenset({MODEL}))]
        assert History(EXISTING, writes).ignored == {TOKENS, MODEL}

    @pytest.mark.parametrize(
        ("write", "sent"),
        [
            (rotated(), True),
            (created(), True),
            (updated(), False),
            (rotated(FOUND), False),
            (rotated(NO_EFFECT), False),
            (rotated(UNKNOWN), False),
        ],
    )
    def test_secrets_are_sent_only_if_the_server_accepted_them(self, write: Write, sent: bool) -> None:
        assert History(EXISTING, [write]).secrets_sent is sent

    def test_first_error_is_kept(self) -> None:
        first, second = rejected(), failed()
        writes = [updated(), updated(error=first), updated(error=second)]
        assert History(EXISTING, writes).first_error is first
