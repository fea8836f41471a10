# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of endpoints in sync, and the facts that plans look up."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Policy
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import Plan, plan
from tests.unit.planning import ALL_ENDPOINTS, CREATE_HINT, NEEDED, SECRETS, SERVER, StubFacts, make_plan, refusal
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    MODEL,
    RATE,
    TEMPERATURE,
    TOKENS,
    wanted,
    with_task_settings,
)
from tests.unit.services import ACME


class TestInSync:
    @pytest.mark.parametrize("settings", [{}, {TOKENS: 1024}, {TOKENS: 1024.0, TEMPERATURE: 0.5, RATE: 50, MODEL: "m"}])
    def test_endpoint_in_sync_is_no_change(self, settings: dict[str, Any]) -> None:
        assert make_plan(settings, key="k") == Plan("none", EXISTING, EXISTING)

    def test_numbers_are_compared_by_value(self) -> None:
        assert make_plan({TEMPERATURE: 1}, with_task_settings(EXISTING, temperature=1.0)).action == "none"

    def test_api_key_is_never_compared(self) -> None:
        assert make_plan({}, key="another").action == "none"


class TestLookups:
    """A plan looks up only the facts that its decision needs, because each may cost a request."""

    @pytest.mark.parametrize(
        ("settings", "key", "policy", "asked"),
        [
            ({TOKENS: 1024}, "k", {}, []),
            ({TOKENS: 1024}, None, {"update_secrets": "when_changed"}, []),
            ({TOKENS: 1024}, "k", {"update_secrets": "when_changed"}, [SECRETS]),
            ({TOKENS: 5}, "k", {}, [SERVER]),
            ({TOKENS: 5}, "k", {"update_secrets": "always"}, [SERVER]),
            ({TOKENS: 5}, "k", {"update_secrets": "when_changed"}, [SECRETS, SERVER]),
            ({MODEL: "n"}, "k", {"allow_recreate": True}, []),
            ({MODEL: "n"}, "k", {"allow_recreate": True, "update_secrets": "when_changed"}, [SECRETS]),
        ],
    )
    def test_plan_for_existing_endpoint_looks_up_only_what_it_needs(
        self, settings: dict[str, Any], key: str | None, policy: dict[str, Any], asked: list[str]
    ) -> None:
        facts = StubFacts(secrets_are_new=False)
        make_plan(settings, key=key, facts=facts, **policy)
        assert facts.asked == asked

    def test_refusal_of_a_fixed_setting_looks_up_nothing(self) -> None:
        facts = StubFacts()
        refusal({MODEL: "n"}, facts=facts)
        assert facts.asked == []

    @pytest.mark.parametrize("duplicate_model", ["allow", "warn", "fail"])
    @pytest.mark.parametrize("update_secrets", ["on_create", "when_changed", "always"])
    def test_create_always_lists_the_endpoints_to_find_a_left_over(
        self, duplicate_model: str, update_secrets: str
    ) -> None:
        facts = StubFacts()
        policy = {"duplicate_model": duplicate_model, "update_secrets": update_secrets}
        assert make_plan(NEEDED, None, "k", facts, **policy).action == "created"
        assert facts.asked == [ALL_ENDPOINTS]

    def test_create_without_the_key_looks_up_nothing(self) -> None:
        facts = StubFacts()
        assert refusal(NEEDED, None, facts=facts) == (
            f"Inference endpoint a does not exist, and creating it requires {KEY}. {CREATE_HINT}"
        )
        assert facts.asked == []

    @pytest.mark.parametrize("existing", [EXISTING, None])
    def test_deletion_looks_up_nothing(self, existing: Endpoint | None) -> None:
        facts = StubFacts()
        make_plan(existing=existing, facts=facts, state="absent", update_secrets="when_changed", key="k")
        assert facts.asked == []


class TestSecrets:
    def test_key_that_is_always_sent_is_a_change(self) -> None:
        decided = make_plan({}, key="k", update_secrets="always")
        assert decided.action == "updated"
        assert decided.body == {"service_settings": {"api_key": "k"}}
        assert (decided.changes, decided.sent) == ((KEY,), (KEY,))
        assert decided.after == EXISTING

    @pytest.mark.parametrize("update_secrets", ["always", "when_changed"])
    def test_key_is_sent_only_once_in_a_run(self, update_secrets: str) -> None:
        facts = StubFacts(secrets_sent=True)
        assert make_plan({}, key="k", facts=facts, update_secrets=update_secrets) == Plan("none", EXISTING, EXISTING)
        assert facts.asked == []

    @pytest.mark.parametrize(("is_new", "changes"), [(True, (KEY,)), (False, ())])
    def test_key_is_a_change_if_it_is_new(self, is_new: bool, changes: tuple[str, ...]) -> None:
        facts = StubFacts(secrets_are_new=is_new)
        assert make_plan({}, key="k", facts=facts, update_secrets="when_changed").changes == changes

    def test_undeclared_key_is_no_change(self) -> None:
        assert make_plan({}, update_secrets="always").action == "none"

    def test_all_secrets_of_an_alternative_are_sent_together(self) -> None:
        existing = Endpoint("a", "rerank", "acme", {"service_settings.model": "m"})
        secrets = {"service_settings.access_key": "a", "service_settings.secret_key": "s"}
        decided = plan(wanted("a", secrets=secrets), existing, Policy(update_secrets="always"), ACME, StubFacts())
        assert decided.body == {"service_settings": {"access_key": "a", "secret_key": "s"}}
        assert decided.sent == decided.changes == tuple(secrets)


class TestOtherServices:
    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_endpoint_of_another_service_is_never_touched(self, state: str) -> None:
        foreign = Endpoint("a", "completion", "openai", {})
        assert refusal(existing=foreign, state=state, allow_recreate=True, force=True) == (
            "Inference endpoint a belongs to the service openai, not to anthropic. "
            "It was not changed. Hint: use a different inference_id."
        )


class TestRemoval:
    def test_endpoint_that_exists_is_deleted(self) -> None:
        assert make_plan(state="absent") == Plan("deleted", EXISTING)

    def test_deletion_of_a_missing_endpoint_is_no_change(self) -> None:
        assert make_plan(existing=None, state="absent") == Plan("none")


def test_repr_of_a_plan_shows_no_secret() -> None:
    decided = make_plan(NEEDED, None, "sk-secret")
    assert decided.body["service_settings"]["api_key"] == "sk-secret"
    assert "sk-secret" not in repr(decided)
    assert "sk-secret" not in repr(make_plan({MODEL: "n"}, key="sk-secret", allow_recreate=True))
