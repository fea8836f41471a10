# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on failed writes, by the plan, the error, and the current endpoint."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.history import FOUND, NO_EFFECT, UNKNOWN, Write
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import Plan
from ansible_collections.esops.inference.plugins.module_utils._reconcile.verdict import (
    judge,
    judge_unread,
    may_have_changed_endpoint,
)
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    MODEL,
    PATH,
    TEMPERATURE,
    TOKENS,
    already_exists,
    failed,
    lost,
    rejected,
    rejected_by_provider,
    timed_out,
    with_task_settings,
)

FIVE = with_task_settings(EXISTING, max_tokens=5)
WARM = with_task_settings(EXISTING, temperature=0.9)
WARM_FIVE = with_task_settings(WARM, max_tokens=5)

CREATE = Plan("created", None, EXISTING, (KEY, MODEL, TOKENS), sent=(KEY,))
UPDATE = Plan("updated", EXISTING, FIVE, (TOKENS,))
ROTATION = Plan("updated", EXISTING, EXISTING, (KEY,), sent=(KEY,))
DELETE = Plan("deleted", EXISTING)
RECREATE = Plan("recreated", EXISTING, FIVE, (TOKENS,), sent=(KEY,))

ERRORS: dict[str, Callable[[str, str], ClientError]] = {
    "rejected": rejected,
    "already exists": lambda _method, path: already_exists(path),
    "provider": rejected_by_provider,
    "5xx": failed,
    "timed out": timed_out,
    "lost": lost,
    "rejected again": lambda method, path: rejected(method, path, retried=True),
    "exists again": lambda _method, path: already_exists(path, retried=True),
    "provider again": lambda method, path: rejected_by_provider(method, path, retried=True),
}

#: The verdict on each error, by the plan, the current endpoint, and whether it is in sync.
TABLE: list[tuple[str, Plan, Endpoint | None, bool, dict[str, str]]] = [
    (
        "create, the endpoint is in sync",
        CREATE,
        EXISTING,
        True,
        {
            # Some servers store an endpoint and return an error.
            "rejected": FOUND,
            "already exists": NO_EFFECT,
            "provider": NO_EFFECT,
            "5xx": FOUND,
            "timed out": FOUND,
            "lost": FOUND,
            "rejected again": FOUND,
            "exists again": FOUND,
            "provider again": FOUND,
        },
    ),
    (
        "create, another endpoint is there",
        CREATE,
        FIVE,
        False,
        {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN},
    ),
    ("create, nothing is there", CREATE, None, False, {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN}),
    (
        "update, it is there",
        UPDATE,
        FIVE,
        True,
        {**dict.fromkeys(ERRORS, FOUND), **dict.fromkeys(("rejected", "already exists", "provider"), NO_EFFECT)},
    ),
    ("update, it is not there", UPDATE, EXISTING, False, {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN}),
    (
        "update, another client changed another setting",
        UPDATE,
        WARM,
        False,
        {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN},
    ),
    ("update, the endpoint is gone", UPDATE, None, False, {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN}),
    (
        "new key, no read can show it",
        ROTATION,
        EXISTING,
        True,
        {**dict.fromkeys(ERRORS, NO_EFFECT), **dict.fromkeys(("timed out", "lost", "5xx"), UNKNOWN)},
    ),
    (
        "delete, the endpoint is gone",
        DELETE,
        None,
        True,
        {**dict.fromkeys(ERRORS, FOUND), **dict.fromkeys(("rejected", "already exists", "provider"), NO_EFFECT)},
    ),
    ("delete, it is still there", DELETE, EXISTING, False, {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN}),
    ("delete, another one is there", DELETE, FIVE, False, {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN}),
    (
        "recreation, it is still there",
        RECREATE,
        EXISTING,
        False,
        {**dict.fromkeys(ERRORS, NO_EFFECT), "timed out": UNKNOWN},
    ),
]
CASES = [
    pytest.param(plan, kind, now, is_in_sync, expected, id=f"{name}-{kind}")
    for name, plan, now, is_in_sync, verdicts in TABLE
    for kind, expected in verdicts.items()
]


def error_of(kind: str, plan: Plan, path: str = PATH) -> ClientError:
    method = "DELETE" if plan.action in ("deleted", "recreated") else "PUT"
    return ERRORS[kind](method, f"{path}/_update?timeout=120s" if plan.action == "updated" else path)


@pytest.mark.parametrize(("plan", "kind", "now", "is_in_sync", "expected"), CASES)
def test_verdict_on_a_failed_write_follows_from_the_current_endpoint(
    plan: Plan, kind: str, now: Endpoint | None, is_in_sync: bool, expected: str
) -> None:
    error = error_of(kind, plan)
    write = judge(plan, plan.before, now, error, is_in_sync)
    is_found = expected == FOUND
    assert write == Write(
        plan.action,
        plan.before if is_found else now,
        now,
        expected,
        plan.changes,
        plan.sent if is_found else (),
        error=error,
    )


class TestOtherClients:
    """Changes by another client at the same time are part of the endpoint before the write."""

    def test_change_by_another_client_during_a_lost_update_is_part_of_the_found_endpoint(self) -> None:
        write = judge(UPDATE, EXISTING, WARM_FIVE, lost(path=f"{PATH}/_update"), True)
        assert (write.verdict, write.before, write.after) == (FOUND, WARM, WARM_FIVE)

    def test_setting_that_this_run_adds_is_not_part_of_the_found_endpoint(self) -> None:
        bare = with_task_settings(EXISTING, temperature=None)
        plan = Plan("updated", bare, EXISTING, (TEMPERATURE,))
        write = judge(plan, bare, with_task_settings(EXISTING, max_tokens=5), lost(path=f"{PATH}/_update"), True)
        assert write.before == with_task_settings(bare, max_tokens=5)

    def test_setting_that_this_run_removes_is_part_of_the_found_endpoint(self) -> None:
        bare = with_task_settings(EXISTING, temperature=None)
        plan = Plan("updated", EXISTING, bare, (TEMPERATURE,))
        write = judge(plan, EXISTING, with_task_settings(bare, max_tokens=5), lost(path=f"{PATH}/_update"), True)
        assert (write.verdict, write.before) == (FOUND, FIVE)

    def test_one_of_two_changes_that_took_effect_is_found(self) -> None:
        plan = Plan("updated", EXISTING, WARM_FIVE, (TOKENS, TEMPERATURE))
        write = judge(plan, EXISTING, with_task_settings(FIVE, temperature=0.1), lost(path=f"{PATH}/_update"), False)
        assert (write.verdict, write.before) == (FOUND, with_task_settings(EXISTING, temperature=0.1))


class TestOtherRequests:
    """A failed request that is not a write of the endpoint itself has no effect on it."""

    NO_WRITES = (
        lost("GET", PATH),
        timed_out("GET", "/_inference/a"),
        timed_out("DELETE", f"{PATH}?dry_run=true"),
        lost("PUT", f"{PATH}-ansible-preflight?timeout=120s"),
        timed_out("DELETE", f"{PATH}-ansible-preflight?force=true"),
        lost("PUT", "/ansible-inference-fingerprints/_doc/a?op_type=index"),
        timed_out("PUT", "/ansible-inference-fingerprints"),
        lost("PUT", "/_inference/completion/another"),
        lost("GET", "/"),
    )
    WRITES = (
        lost("PUT", PATH),
        lost("PUT", f"{PATH}?timeout=120s"),
        lost("PUT", f"{PATH}/_update"),
        rejected("PUT", f"{PATH}/_update?timeout=120s"),
        lost("DELETE", PATH),
        lost("DELETE", "/_inference/a?force=true"),
    )

    @pytest.mark.parametrize("error", NO_WRITES, ids=str)
    @pytest.mark.parametrize("plan", [CREATE, UPDATE, ROTATION, DELETE, RECREATE], ids=lambda plan: plan.action)
    def test_failure_of_another_request_has_no_effect(self, plan: Plan, error: ClientError) -> None:
        assert may_have_changed_endpoint(plan, error) is False
        assert judge(plan, plan.before, FIVE, error, True).verdict == NO_EFFECT
        assert judge_unread(plan, error).verdict == NO_EFFECT

    @pytest.mark.parametrize("error", WRITES, ids=str)
    @pytest.mark.parametrize("plan", [CREATE, UPDATE, DELETE], ids=lambda plan: plan.action)
    def test_failure_of_a_write_may_have_changed_the_endpoint(self, plan: Plan, error: ClientError) -> None:
        assert may_have_changed_endpoint(plan, error) is True

    def test_deletion_of_a_left_over_is_a_write_of_that_endpoint(self) -> None:
        left_over = EXISTING._replace(inference_id="a-ansible-preflight")
        error = lost("DELETE", f"{PATH}-ansible-preflight")
        assert judge(Plan("deleted", left_over), left_over, None, error, True).verdict == FOUND

    @pytest.mark.parametrize("inference_id", ["completion", "_update", "a.b"])
    def test_endpoint_named_like_another_part_of_the_path_is_distinguished(self, inference_id: str) -> None:
        plan = Plan("deleted", EXISTING._replace(inference_id=inference_id))
        assert may_have_changed_endpoint(plan, lost("DELETE", f"/_inference/completion/{inference_id}")) is True
        assert may_have_changed_endpoint(plan, lost("DELETE", "/_inference/completion/axb/_update")) is False


class TestUnread:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("rejected", NO_EFFECT),
            ("already exists", NO_EFFECT),
            ("provider", NO_EFFECT),
            ("5xx", UNKNOWN),
            ("timed out", UNKNOWN),
            ("lost", UNKNOWN),
        ],
    )
    @pytest.mark.parametrize("plan", [CREATE, UPDATE, DELETE], ids=lambda plan: plan.action)
    def test_write_without_a_later_read_has_an_unknown_effect_if_its_response_is_lost(
        self, plan: Plan, kind: str, expected: str
    ) -> None:
        error = error_of(kind, plan)
        assert judge_unread(plan, error) == Write(
            plan.action, None, None, expected, plan.changes, error=error, is_read=False
        )
