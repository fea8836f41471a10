# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions about endpoints that differ from their declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import (
    UNKNOWN_SERVER,
    Endpoint,
    Server,
)
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import Plan
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting
from tests.unit.planning import CREATE_HINT, NEEDED, RECREATE_HINT, StubFacts, make_plan, refusal
from tests.unit.reconciling import (
    EXISTING,
    KEY,
    MODEL,
    RATE,
    SERVERLESS,
    TEMPERATURE,
    TOKENS,
    V93,
    V94,
    V95,
    V96,
    V816,
    V817,
    with_task_settings,
)
from tests.unit.services import ACME, ADAPTIVE, DIMENSIONS, INPUT, LOCAL, MEASURED, MOST, SHY, USER
from tests.unit.services import MODEL as ACME_MODEL
from tests.unit.services import RATE as ACME_RATE


class TestCreation:
    def test_create_body_contains_exactly_the_declared_settings(self) -> None:
        decided = make_plan(NEEDED, None, "k")
        assert decided.action == "created"
        assert decided.body == {
            "service": "anthropic",
            "service_settings": {"api_key": "k", "model_id": "m"},
            "task_settings": {"max_tokens": 5},
        }
        assert decided.changes == (KEY, MODEL, TOKENS)

    def test_create_sends_the_secrets_without_a_preflight_check(self) -> None:
        decided = make_plan(NEEDED, None, "k")
        assert (decided.sent, decided.preflight_body, decided.may_be_rejected) == ((KEY,), {}, False)

    def test_predicted_endpoint_has_the_defaults_of_the_server(self) -> None:
        decided = make_plan(NEEDED, None, "k")
        assert decided.after == Endpoint("a", "completion", "anthropic", {RATE: 50, MODEL: "m", TOKENS: 5})

    def test_declared_task_type_is_used(self) -> None:
        decided = make_plan(NEEDED, None, "k", task_type="chat_completion")
        assert decided.after is not None
        assert decided.after.task_type == "chat_completion"

    def test_refusal_of_a_create_names_everything_that_is_missing(self) -> None:
        assert refusal({}, None) == (
            "Inference endpoint a does not exist, and creating it requires service_settings.api_key, "
            f"service_settings.model_id and task_settings.max_tokens. {CREATE_HINT}"
        )

    def test_refusal_of_a_create_with_the_key_names_what_else_is_missing(self) -> None:
        assert refusal({}, None, "k") == (
            f"Inference endpoint a does not exist, and creating it requires {MODEL} and {TOKENS}. {CREATE_HINT}"
        )

    def test_service_without_credentials_is_created_without_secrets(self) -> None:
        decided = make_plan({"service_settings.model": "m"}, None, service=LOCAL)
        assert (decided.action, decided.sent) == ("created", ())
        assert decided.body == {"service": "local", "service_settings": {"model": "m"}}


class TestDuplicates:
    TWIN = Endpoint("b", "completion", "anthropic", {MODEL: "m"})
    TEXT = "Inference endpoint b already uses the model m for the task type completion, so a is a duplicate."

    @pytest.mark.parametrize(
        "other",
        [
            TWIN._replace(inference_id="a"),
            TWIN._replace(inference_id="a-ansible-preflight"),
            TWIN._replace(task_type="chat_completion"),
            TWIN._replace(service="openai"),
            TWIN._replace(settings={MODEL: "n"}),
        ],
    )
    def test_endpoint_with_another_task_service_or_model_is_not_a_duplicate(self, other: Endpoint) -> None:
        decided = make_plan({**NEEDED, RATE: 50}, None, "k", StubFacts(others=[other]), duplicate_model="fail")
        assert (decided.action, decided.warnings) == ("created", ())

    def test_duplicate_causes_a_warning_by_default(self) -> None:
        decided = make_plan(NEEDED, None, "k", StubFacts(others=[self.TWIN]))
        assert (decided.action, decided.warnings) == ("created", (self.TEXT,))

    def test_duplicate_is_refused_with_policy_fail(self) -> None:
        text = refusal(NEEDED, None, "k", StubFacts(others=[self.TWIN]), duplicate_model="fail")
        assert text == f"{self.TEXT} It was not created. Hint: set duplicate_model=allow to create it anyway."

    def test_duplicate_causes_no_warning_with_policy_allow(self) -> None:
        decided = make_plan(NEEDED, None, "k", StubFacts(others=[self.TWIN]), duplicate_model="allow")
        assert (decided.action, decided.warnings) == ("created", ())


class TestLeftOver:
    """The temporary endpoint of a run that was interrupted after its delete may be the only copy of settings."""

    LEFT_OVER = EXISTING._replace(inference_id="a-ansible-preflight", task_type="chat_completion")

    def test_undeclared_settings_are_carried_over_from_a_left_over(self) -> None:
        decided = make_plan({TOKENS: 5}, None, "k", StubFacts(others=[self.LEFT_OVER]))
        assert decided.after == Endpoint(
            "a", "chat_completion", "anthropic", {MODEL: "m", RATE: 50, TOKENS: 5, TEMPERATURE: 0.5}
        )
        assert decided.body["task_settings"] == {"max_tokens": 5, "temperature": 0.5}
        assert decided.changes == (KEY, MODEL, RATE, TOKENS, TEMPERATURE)

    def test_carried_over_settings_are_named_in_a_warning(self) -> None:
        decided = make_plan({TOKENS: 5}, None, "k", StubFacts(others=[self.LEFT_OVER]))
        [warning] = decided.warnings
        assert warning == (
            "An earlier run was interrupted while it re-created inference endpoint a. Its temporary endpoint "
            f"a-ansible-preflight still has {MODEL}, {RATE} and {TEMPERATURE}, so these values are carried over."
        )

    def test_left_over_without_undeclared_settings_causes_no_warning(self) -> None:
        decided = make_plan(dict(EXISTING.settings), None, "k", StubFacts(others=[self.LEFT_OVER]))
        assert decided.warnings == ()

    def test_declared_task_type_overrides_that_of_a_left_over(self) -> None:
        decided = make_plan({}, None, "k", StubFacts(others=[self.LEFT_OVER]), task_type="completion")
        assert decided.after is not None
        assert decided.after.task_type == "completion"

    def test_left_over_is_not_used_if_undeclared_settings_are_removed(self) -> None:
        decided = make_plan(NEEDED, None, "k", StubFacts(others=[self.LEFT_OVER]), unmanaged_settings="remove")
        assert decided == make_plan(NEEDED, None, "k", unmanaged_settings="remove")

    @pytest.mark.parametrize(
        "other", [LEFT_OVER._replace(service="openai"), LEFT_OVER._replace(inference_id="b-ansible-preflight")]
    )
    def test_temporary_endpoint_of_another_endpoint_or_service_is_not_used(self, other: Endpoint) -> None:
        assert make_plan(NEEDED, None, "k", StubFacts(others=[other]), duplicate_model="allow") == make_plan(
            NEEDED, None, "k", duplicate_model="allow"
        )

    def test_left_over_does_not_replace_the_missing_key(self) -> None:
        text = refusal({}, None, facts=StubFacts(others=[self.LEFT_OVER]))
        assert text == (
            f"Inference endpoint a does not exist, and creating it requires {KEY}, {MODEL} and {TOKENS}. {CREATE_HINT}"
        )


class TestUpdate:
    def test_task_settings_are_sent_as_a_whole_and_undeclared_ones_are_kept(self) -> None:
        decided = make_plan({TOKENS: 2048})
        assert decided.action == "updated"
        assert decided.body == {"task_settings": {"max_tokens": 2048, "temperature": 0.5}}
        assert decided.changes == (TOKENS,)
        assert decided.after == with_task_settings(EXISTING, max_tokens=2048)

    def test_undeclared_task_settings_are_removed_with_policy_remove(self) -> None:
        decided = make_plan({TOKENS: 1024}, unmanaged_settings="remove")
        assert decided.body == {"task_settings": {"max_tokens": 1024}}
        assert decided.changes == (TEMPERATURE,)
        assert decided.after == with_task_settings(EXISTING, temperature=None)

    def test_setting_that_a_create_needs_is_never_removed(self) -> None:
        decided = make_plan({}, unmanaged_settings="remove")
        assert decided.body == {"task_settings": {"max_tokens": 1024}}

    def test_last_task_setting_is_removed_by_empty_task_settings(self) -> None:
        existing = Endpoint("a", "rerank", "acme", {"task_settings.user": "u", "service_settings.rate": 10})
        decided = make_plan({}, existing, service=ACME, unmanaged_settings="remove")
        assert decided.body == {"task_settings": {}}

    def test_undeclared_rate_limit_is_reset_to_its_default_with_policy_remove(self) -> None:
        existing = Endpoint("a", "completion", "anthropic", {MODEL: "m", RATE: 7, TOKENS: 1024})
        decided = make_plan({}, existing, unmanaged_settings="remove")
        assert decided.body == {"service_settings": {"rate_limit": {"requests_per_minute": 50}}}

    def test_key_is_sent_together_with_service_settings(self) -> None:
        decided = make_plan({RATE: 7}, key="k")
        assert decided.body == {"service_settings": {"api_key": "k", "rate_limit": {"requests_per_minute": 7}}}
        assert (decided.changes, decided.sent) == ((RATE,), (KEY,))

    def test_service_settings_are_sent_without_an_undeclared_key(self) -> None:
        decided = make_plan({RATE: 7})
        assert decided.body == {"service_settings": {"rate_limit": {"requests_per_minute": 7}}}
        assert decided.sent == ()

    def test_task_settings_are_sent_without_the_key(self) -> None:
        decided = make_plan({TOKENS: 2048}, key="k")
        assert "service_settings" not in decided.body
        assert decided.sent == ()


class TestPreflight:
    """Before 9.4, an update stores even a wrong key, so it is tested on a temporary endpoint first."""

    BODY: Mapping[str, Any] = {
        "service": "anthropic",
        "service_settings": {"api_key": "k", "model_id": "m", "rate_limit": {"requests_per_minute": 50}},
        "task_settings": {"max_tokens": 1024, "temperature": 0.5},
    }

    @pytest.mark.parametrize(
        ("server", "is_proved"),
        [(V817, True), (V93, True), (UNKNOWN_SERVER, True), (V94, False), (V96, False), (SERVERLESS, False)],
    )
    def test_key_is_checked_unless_the_server_is_known_to_validate(self, server: Server, is_proved: bool) -> None:
        decided = make_plan({}, key="k", facts=StubFacts(server), update_secrets="always")
        assert decided.preflight_body == (self.BODY if is_proved else {})

    def test_update_without_the_key_needs_no_preflight_check(self) -> None:
        assert make_plan({TOKENS: 5}, key="k", facts=StubFacts(V93)).preflight_body == {}

    @pytest.mark.parametrize("settings", [{}, {MODEL: "n"}])
    def test_preflight_false_disables_the_check(self, settings: dict[str, Any]) -> None:
        policy = {"update_secrets": "always", "allow_recreate": True, "preflight": False}
        assert make_plan(settings, key="k", facts=StubFacts(V93), **policy).preflight_body == {}

    def test_recreation_uses_its_body_for_the_preflight_check(self) -> None:
        decided = make_plan({MODEL: "n"}, key="k", allow_recreate=True)
        assert decided.preflight_body == decided.body
        assert decided.preflight_body != {}


class TestFixedSettings:
    @pytest.mark.parametrize(
        ("settings", "task_type", "path"),
        [
            ({MODEL: "n"}, None, MODEL),
            ({"service_settings.url": "https://x"}, None, "service_settings.url"),
            ({"chunking_settings.strategy": "word"}, None, "chunking_settings.strategy"),
            ({}, "chat_completion", "task_type"),
        ],
    )
    def test_change_of_a_fixed_setting_is_refused(
        self, settings: dict[str, Any], task_type: str | None, path: str
    ) -> None:
        assert refusal(settings, task_type=task_type) == (
            f"Inference endpoint a differs in {path}, but no version of Elasticsearch can update it in place. "
            f"{RECREATE_HINT}"
        )

    def test_refusal_names_all_differences_and_the_fixed_ones(self) -> None:
        assert refusal({MODEL: "n", TOKENS: 5, RATE: 7}) == (
            f"Inference endpoint a differs in {MODEL}, {RATE} and {TOKENS}, but no version of Elasticsearch can update "
            f"{MODEL} in place. {RECREATE_HINT}"
        )

    def test_recreation_carries_over_undeclared_settings(self) -> None:
        decided = make_plan({MODEL: "n"}, key="k", allow_recreate=True)
        assert decided.action == "recreated"
        assert decided.body == {
            "service": "anthropic",
            "service_settings": {"api_key": "k", "model_id": "n", "rate_limit": {"requests_per_minute": 50}},
            "task_settings": {"max_tokens": 1024, "temperature": 0.5},
        }
        assert (decided.changes, decided.sent, decided.before) == ((MODEL,), (KEY,), EXISTING)

    def test_recreation_omits_removed_settings(self) -> None:
        decided = make_plan({MODEL: "n"}, key="k", allow_recreate=True, unmanaged_settings="remove")
        assert decided.body["task_settings"] == {"max_tokens": 1024}

    def test_recreation_changes_the_task_type(self) -> None:
        decided = make_plan({}, key="k", task_type="chat_completion", allow_recreate=True)
        assert decided.after == EXISTING._replace(task_type="chat_completion")
        assert decided.changes == ("task_type",)

    def test_recreation_requires_the_key(self) -> None:
        assert refusal({MODEL: "n"}, allow_recreate=True) == (
            f"Inference endpoint a differs in {MODEL}, and re-creating it (allow_recreate=true) requires {KEY}. "
            "Nothing was changed. Hint: declare the missing settings."
        )


class TestVersions:
    @pytest.mark.parametrize("server", [V817, V93])
    def test_older_server_gets_an_update_of_the_rate_limit_that_it_may_ignore(self, server: Server) -> None:
        decided = make_plan({RATE: 7}, key="k", facts=StubFacts(server))
        assert (decided.action, decided.after) == ("updated", EXISTING)

    @pytest.mark.parametrize("server", [V816, V817, V93])
    def test_rate_limit_is_changed_by_a_recreation_on_older_servers_if_allowed(self, server: Server) -> None:
        assert make_plan({RATE: 7}, key="k", facts=StubFacts(server), allow_recreate=True).action == "recreated"

    @pytest.mark.parametrize(("server", "key"), [(V94, "k"), (V95, None), (V96, None), (SERVERLESS, None)])
    def test_newer_server_changes_the_rate_limit_in_place(self, server: Server, key: str | None) -> None:
        decided = make_plan({RATE: 7}, key=key, facts=StubFacts(server), allow_recreate=True)
        assert (decided.action, decided.may_be_rejected) == ("updated", False)
        assert decided.after is not None
        assert decided.after.settings[RATE] == 7

    @pytest.mark.parametrize(
        ("settings", "key", "path"),
        [({TOKENS: 5}, None, TOKENS), ({RATE: 7}, "k", f"{RATE} and {KEY}"), ({}, "k", KEY)],
    )
    def test_server_without_updates_gets_no_update(self, settings: dict[str, Any], key: str | None, path: str) -> None:
        what = path if " and " in path else "it"
        assert refusal(settings, key=key, facts=StubFacts(V816), update_secrets="always") == (
            f"Inference endpoint a differs in {path}, but Elasticsearch 8.16.0 cannot update {what} in place. "
            f"{RECREATE_HINT}"
        )

    def test_rate_limit_without_the_key_is_refused_before_9_4(self) -> None:
        assert refusal({RATE: 7, TOKENS: 5}, facts=StubFacts(V93)) == (
            f"Inference endpoint a differs in {RATE} and {TOKENS}, but Elasticsearch 9.3.0 cannot update {RATE} and "
            f"{TOKENS} in place. On this version, updating service settings also requires {KEY} (not set). "
            f"{RECREATE_HINT}"
        )

    def test_refusal_without_secrets_names_alternative_credentials(self) -> None:
        existing = Endpoint("a", "rerank", "acme", {"service_settings.rate": 10})
        text = refusal({"service_settings.rate": 7}, existing, facts=StubFacts(V93), service=ACME)
        assert (
            "updating service settings also requires service_settings.api_key or service_settings.access_key and "
            "service_settings.secret_key (not set)."
        ) in text

    def test_service_without_credentials_is_updated_without_secrets(self) -> None:
        existing = Endpoint("a", "rerank", "local", {"service_settings.rate": 10})
        decided = make_plan({"service_settings.rate": 7}, existing, facts=StubFacts(V93), service=LOCAL)
        assert (decided.action, decided.may_be_rejected, decided.sent) == ("updated", False, ())

    def test_update_without_the_key_may_be_rejected_by_9_4(self) -> None:
        """A patch release may accept the update."""
        decided = make_plan({RATE: 7, TOKENS: 5}, facts=StubFacts(V94))
        assert (decided.action, decided.may_be_rejected, decided.after) == ("updated", True, EXISTING)

    def test_update_is_tried_on_an_unknown_version(self) -> None:
        decided = make_plan({RATE: 7}, key="k", facts=StubFacts(UNKNOWN_SERVER))
        assert (decided.action, decided.may_be_rejected) == ("updated", False)

    def test_other_changes_of_an_update_are_predicted_before_9_4(self) -> None:
        decided = make_plan({RATE: 7, TOKENS: 5}, key="k", facts=StubFacts(V93))
        assert (decided.may_be_rejected, decided.after) == (False, with_task_settings(EXISTING, max_tokens=5))


class TestIgnored:
    def test_ignored_setting_is_named_in_the_refusal(self) -> None:
        facts = StubFacts(V93, ignored=[RATE])
        assert refusal({RATE: 7}, key="k", facts=facts) == (
            f"Inference endpoint a differs in {RATE}, but Elasticsearch 9.3.0 cannot update it in place. "
            f"{RECREATE_HINT}"
        )

    def test_ignored_setting_is_refused_together_with_an_updatable_one(self) -> None:
        facts = StubFacts(V96, ignored=[RATE])
        assert refusal({RATE: 7, TOKENS: 5}, key="k", facts=facts) == (
            f"Inference endpoint a differs in {RATE} and {TOKENS}, but Elasticsearch 9.6.0 cannot update {RATE} in "
            f"place. {RECREATE_HINT}"
        )

    def test_ignored_setting_is_changed_by_a_recreation_if_allowed(self) -> None:
        facts = StubFacts(ignored=[RATE])
        assert make_plan({RATE: 7}, key="k", facts=facts, allow_recreate=True).action == "recreated"

    def test_ignored_setting_in_sync_does_not_prevent_an_update(self) -> None:
        assert make_plan({TOKENS: 5}, facts=StubFacts(ignored=[RATE])).action == "updated"


class TestRepair:
    """An endpoint that cannot be read can only be deleted or re-created, and only with C(force)."""

    BEFORE = Endpoint("a", "", "anthropic", {})
    NAMED = "Inference endpoint a cannot be read: It is broken."

    @staticmethod
    def broken(why: str = "It is broken.") -> StubFacts:
        return StubFacts(unreadable=why)

    def test_unreadable_endpoint_is_deleted_with_force(self) -> None:
        decided = make_plan(existing=None, facts=self.broken(), state="absent", force=True)
        assert decided == Plan("deleted", self.BEFORE)

    def test_unreadable_endpoint_is_not_deleted_without_force(self) -> None:
        assert refusal(existing=None, facts=self.broken(), state="absent") == (
            f"{self.NAMED} It was not changed. Hint: set force=true to delete it."
        )

    @pytest.mark.parametrize("policy", [{}, {"force": True}, {"allow_recreate": True}])
    def test_unreadable_endpoint_is_recreated_only_with_force_and_allow_recreate(self, policy: dict[str, bool]) -> None:
        assert refusal(NEEDED, None, "k", self.broken(), **policy) == (
            f"{self.NAMED} It was not changed. Hint: set state=absent and force=true to delete it, or set "
            "allow_recreate=true and force=true to re-create it."
        )

    def test_unreadable_endpoint_is_recreated_only_from_the_declaration(self) -> None:
        facts = self.broken()
        decided = make_plan(NEEDED, None, "k", facts, force=True, allow_recreate=True)
        created = make_plan(NEEDED, None, "k")
        assert (decided.action, decided.before, decided.changes) == ("recreated", self.BEFORE, (KEY, MODEL, TOKENS))
        assert (decided.after, decided.body, decided.sent) == (created.after, created.body, created.sent)
        assert decided.preflight_body == decided.body
        assert facts.asked == []

    def test_unreadable_endpoint_is_recreated_without_a_check_if_preflight_is_false(self) -> None:
        decided = make_plan(NEEDED, None, "k", self.broken(), force=True, allow_recreate=True, preflight=False)
        assert (decided.action, decided.preflight_body) == ("recreated", {})

    def test_unreadable_endpoint_is_not_recreated_without_required_settings(self) -> None:
        assert refusal({TOKENS: 5}, None, None, self.broken(), force=True, allow_recreate=True) == (
            f"{self.NAMED} It was not changed, because re-creating it requires {KEY} and {MODEL}. "
            "Hint: declare the missing settings."
        )

    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_unreadable_endpoint_of_another_service_is_never_touched(self, state: str) -> None:
        why = "Unknown service [openai] for inference endpoint [a]."
        policy = {"force": True, "allow_recreate": True, "state": state}
        assert refusal(NEEDED, None, "k", self.broken(why), **policy) == (
            f"Inference endpoint a cannot be read: {why} It belongs to another service, so it was not changed. "
            "Hint: use a different inference_id."
        )

    def test_unreadable_endpoint_of_a_service_unknown_to_the_server_can_be_deleted(self) -> None:
        why = "Unknown service [anthropic] for inference endpoint [a]."
        assert make_plan(existing=None, facts=self.broken(why), state="absent", force=True).action == "deleted"


SHOWN = {ACME_MODEL: "m", DIMENSIONS: 3, MEASURED: 7, ADAPTIVE: True, MOST: 4, INPUT: "query", USER: "u"}
STORED = Endpoint("a", "rerank", "shy", SHOWN)


SHY_WARNING = (
    f"Re-creating inference endpoint a does not carry over {DIMENSIONS}=3, {MEASURED}=7 and {MOST}=4, because "
    "Elasticsearch sets such values itself. Hint: declare the settings whose values must not change."
)


class TestSettingsOfTheServer:
    def test_recreation_omits_settings_that_the_server_sets(self) -> None:
        decided = make_plan({ACME_MODEL: "n"}, STORED, service=SHY, allow_recreate=True)
        assert decided.body == {
            "service": "shy",
            "service_settings": {"model": "n", "scaling": {"adaptive": True}},
            "task_settings": {"input": "query", "user": "u"},
        }
        assert decided.after is not None
        assert decided.after.settings == {ACME_MODEL: "n", ADAPTIVE: True, INPUT: "query", USER: "u"}
        assert decided.warnings == (SHY_WARNING,)

    def test_recreation_keeps_declared_settings_that_the_server_sets(self) -> None:
        decided = make_plan({ACME_MODEL: "n", DIMENSIONS: 3}, STORED, service=SHY, allow_recreate=True)
        assert decided.body["service_settings"] == {"model": "n", "dimensions": 3, "scaling": {"adaptive": True}}

    def test_create_omits_read_only_and_moving_settings(self) -> None:
        declared = {ACME_MODEL: "m", DIMENSIONS: 3, MEASURED: 7, ADAPTIVE: True, MOST: 4}
        decided = make_plan(declared, None, service=SHY)
        assert decided.body["service_settings"] == {"model": "m", "dimensions": 3, "scaling": {"adaptive": True}}


class TestMergingServices:
    """Updates of these services add task settings, but do not remove any."""

    def test_removal_of_a_task_setting_requires_a_recreation(self) -> None:
        assert f"differs in {USER}, but no version of Elasticsearch can update it in place" in refusal(
            {INPUT: "query"}, STORED, service=SHY, unmanaged_settings="remove"
        )
        decided = make_plan({INPUT: "query"}, STORED, service=SHY, unmanaged_settings="remove", allow_recreate=True)
        assert decided.body["task_settings"] == {"input": "query"}

    def test_changed_task_settings_are_sent_as_a_whole(self) -> None:
        decided = make_plan({INPUT: "document"}, STORED, service=SHY)
        assert (decided.action, decided.body) == ("updated", {"task_settings": {"input": "document", "user": "u"}})


class TestModelsInTheCluster:
    SERVICE = SHY._replace(name="local", is_local=True)

    def test_recreation_with_a_model_in_the_cluster_runs_no_preflight_check(self) -> None:
        existing = STORED._replace(service="local")
        decided = make_plan({ACME_MODEL: "n"}, existing, service=self.SERVICE, allow_recreate=True)
        assert (decided.action, decided.preflight_body) == ("recreated", {})

    def test_endpoint_with_another_stored_service_name_is_recognized(self) -> None:
        service = self.SERVICE._replace(name="older", stored_as="local")
        existing = STORED._replace(service="local")
        assert make_plan({ACME_MODEL: "m"}, existing, service=service).action == "none"
        created = make_plan({ACME_MODEL: "m"}, None, service=service)
        assert created.body["service"] == "older"
        assert created.after is not None
        assert created.after.service == "local"


class TestBuiltInEndpoints:
    def plan(self, settings: dict[str, Any], existing: Endpoint | None, **options: Any) -> Plan:
        return make_plan(settings, existing, service=SHY, inference_id=".shy", **options)

    def test_built_in_endpoint_can_be_declared_with_its_current_settings(self) -> None:
        assert self.plan(SHOWN, STORED._replace(inference_id=".shy")).action == "none"

    @pytest.mark.parametrize("options", [{}, {"allow_recreate": True, "force": True}])
    def test_built_in_endpoint_is_never_changed(self, options: dict[str, Any]) -> None:
        with pytest.raises(Refused) as refused:
            self.plan({ACME_RATE: 1}, STORED._replace(inference_id=".shy"), **options)
        assert str(refused.value) == (
            f"Inference endpoint .shy is built into Elasticsearch, so it was not changed. It differs in {ACME_RATE}. "
            "Hint: declare the current values, or use a different inference_id."
        )

    def test_built_in_endpoint_is_never_deleted(self) -> None:
        with pytest.raises(Refused) as refused:
            self.plan({}, STORED._replace(inference_id=".shy"), state="absent", force=True)
        assert str(refused.value) == (
            "Inference endpoint .shy is built into Elasticsearch, so it was not changed. "
            "Hint: use a different inference_id."
        )

    def test_endpoint_with_a_reserved_id_is_not_created(self) -> None:
        with pytest.raises(Refused) as refused:
            self.plan({ACME_MODEL: "m"}, None)
        assert str(refused.value) == (
            "Inference endpoint .shy does not exist and cannot be created, because IDs that start with a dot are "
            "reserved for Elasticsearch. Hint: use a different inference_id."
        )

    def test_absence_of_an_endpoint_with_a_reserved_id_is_no_change(self) -> None:
        assert self.plan({}, None, state="absent").action == "none"


class TestUnknownServices:
    """For a service without rows, the responses of the server show the settings that it can update."""

    EXISTING = Endpoint("a", "rerank", "strange", {"service_settings.x.y": 1, "service_settings.x.z": 2, INPUT: "q"})

    def test_object_without_a_row_is_sent_as_a_whole(self) -> None:
        decided = make_plan({"service_settings.x.y": 3}, self.EXISTING, service=Service("strange"))
        assert (decided.action, decided.body) == ("updated", {"service_settings": {"x": {"y": 3, "z": 2}}})

    def test_rejected_setting_is_named_with_the_error_of_the_server(self) -> None:
        path = "service_settings.x.y"
        facts = StubFacts(ignored=(path,), rejection="unknown field [y]")
        said = refusal({path: 3}, self.EXISTING, facts=facts, service=Service("strange"))
        assert said == (
            f"Inference endpoint a differs in {path}, but Elasticsearch 9.6.0 cannot update it in place. "
            f"Elasticsearch rejected the update: unknown field [y]. {RECREATE_HINT}"
        )

    def test_new_endpoint_of_an_unknown_service_requires_a_task_type(self) -> None:
        assert refusal({}, None, service=Service("strange")) == (
            f"Inference endpoint a does not exist, and creating it requires task_type. {CREATE_HINT}"
        )
        assert make_plan({}, None, service=Service("strange"), task_type="rerank").action == "created"

    def test_models_of_services_without_a_known_model_are_not_compared(self) -> None:
        others = StubFacts(others=[self.EXISTING._replace(inference_id="b")])
        decided = make_plan({}, None, service=Service("strange"), task_type="rerank", facts=others)
        assert decided.warnings == ()


class TestRejectedSecrets:
    def test_update_omits_secrets_that_the_server_rejected(self) -> None:
        facts = StubFacts(ignored=(KEY,))
        assert make_plan({RATE: 7}, EXISTING, "k", facts).sent == ()
        assert make_plan({RATE: 7}, EXISTING, "k").sent == (KEY,)


CHUNKED = STORED._replace(settings={ACME_MODEL: "m", USER: "u", "chunking_settings.max_chunk_size": 100})


class TestOptionalSecrets:
    """An update cannot add a secret to an endpoint that was created without one. No request shows this."""

    def test_rotation_of_an_optional_secret_causes_a_warning(self) -> None:
        service = SHY._replace(settings=(Setting(KEY, secret=True, changes_since=(8, 17)), *SHY.settings))
        decided = make_plan({}, STORED, "k", service=service, update_secrets="always")
        assert (decided.action, decided.sent) == ("updated", (KEY,))
        [warning] = decided.warnings
        assert warning.startswith("Inference endpoint a: the service shy does not require credentials.")
        assert f"ignores {KEY}." in warning

    def test_rotation_of_a_required_secret_causes_no_warning(self) -> None:
        assert make_plan({}, EXISTING, "k", update_secrets="always").warnings == ()


class TestChunkingSettings:
    """Before 9.4, any update resets chunking settings (elastic/elasticsearch#139574)."""

    @pytest.mark.parametrize(
        ("version", "patch", "keeps"),
        [
            ((8, 17), 9, False),
            ((9, 1), 9, False),
            ((9, 2), 6, False),
            ((9, 2), 7, True),
            ((9, 3), 1, False),
            ((9, 3), 2, True),
            ((9, 4), 0, True),
            ((9, 6), 0, True),
        ],
    )
    def test_update_that_would_reset_chunking_settings_is_refused(
        self, version: tuple[int, int], patch: int, keeps: bool
    ) -> None:
        facts = StubFacts(Server(version, "Elasticsearch x", patch=patch))
        if keeps:
            assert make_plan({USER: "v"}, CHUNKED, facts=facts, service=SHY).action == "updated"
        else:
            said = refusal({USER: "v"}, CHUNKED, facts=facts, service=SHY)
            assert said.startswith(f"Inference endpoint a differs in {USER}, but Elasticsearch x cannot update it")
            assert "would also reset chunking_settings (elastic/elasticsearch#139574)" in said

    def test_recreation_keeps_chunking_settings(self) -> None:
        facts = StubFacts(V93)
        decided = make_plan({USER: "v"}, CHUNKED, facts=facts, service=SHY, allow_recreate=True)
        assert (decided.action, decided.body["chunking_settings"]) == ("recreated", {"max_chunk_size": 100})

    def test_endpoint_without_chunking_settings_is_updated(self) -> None:
        decided = make_plan({USER: "v"}, STORED, facts=StubFacts(V93), service=SHY)
        assert decided.action == "updated"
