# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import (
    NEWEST,
    UNKNOWN,
    Endpoint,
    Server,
)
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired, Policy
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import (
    OTHERS,
    SECRET,
    SERVER,
    Knowledge,
    Plan,
    plan,
)
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import SERVICE

KEY = "service_settings.api_key"
MODEL = "service_settings.model_id"
RATE = "service_settings.rate_limit.requests_per_minute"
TOKENS = "task_settings.max_tokens"
TEMPERATURE = "task_settings.temperature"

EXISTING = Endpoint("a", "completion", "anthropic", {MODEL: "m", RATE: 50, TOKENS: 1024, TEMPERATURE: 0.5})

V816, V817, V93, V94, V95, V96 = (
    Server(version, f"Elasticsearch {version[0]}.{version[1]}.0")
    for version in ((8, 16), (8, 17), (9, 3), (9, 4), (9, 5), (9, 6))
)
SERVERLESS = Server(NEWEST, "Elasticsearch Serverless")


def planned(
    settings: dict[str, Any],
    existing: Endpoint | None = EXISTING,
    secret: str | None = None,
    task_type: str | None = None,
    known: Knowledge | None = None,
    **policy: Any,
) -> Plan:
    desired = Desired("a", task_type=task_type, settings=settings, secret=secret)
    return plan(desired, existing, Policy(**policy), SERVICE, known or Knowledge(server=V96, others=()))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {TOKENS: 1024},
        {TOKENS: 1024.0, TEMPERATURE: 0.5, RATE: 50, MODEL: "m"},
    ],
)
def test_nothing_differs_nothing_happens(settings: dict[str, Any]) -> None:
    decided = planned(settings, secret="k", known=Knowledge())
    assert decided == Plan("none", EXISTING, EXISTING)


def test_numbers_are_compared_by_value() -> None:
    existing = Endpoint("a", "completion", "anthropic", {TEMPERATURE: 1.0})
    assert planned({TEMPERATURE: 1}, existing).action == "none"


def test_the_key_is_never_compared() -> None:
    assert planned({}, secret="another").action == "none"


class TestCreation:
    def test_the_body_holds_what_was_declared_and_nothing_else(self) -> None:
        decided = planned({MODEL: "m", TOKENS: 5}, None, "k")
        assert decided.action == "created"
        assert decided.body == {
            "service": "anthropic",
            "service_settings": {"api_key": "k", "model_id": "m"},
            "task_settings": {"max_tokens": 5},
        }
        assert decided.changes == (KEY, MODEL, TOKENS)

    def test_what_the_server_fills_in_is_foretold(self) -> None:
        decided = planned({MODEL: "m", TOKENS: 5}, None, "k")
        assert decided.after == Endpoint("a", "completion", "anthropic", {RATE: 50, MODEL: "m", TOKENS: 5})

    def test_a_declared_task_type_is_taken(self) -> None:
        decided = planned({MODEL: "m", TOKENS: 5}, None, "k", "chat_completion")
        assert decided.after is not None
        assert decided.after.task_type == "chat_completion"

    def test_everything_that_is_missing_is_named(self) -> None:
        decided = planned({}, None)
        assert decided.action == "none"
        assert decided.refusal == (
            "There is no inference endpoint a yet, and creating it needs service_settings.api_key, "
            "service_settings.model_id and task_settings.max_tokens."
        )

    @pytest.mark.parametrize("duplicate_model", ["allow", "warn", "fail"])
    def test_every_create_asks_for_the_others_which_may_include_a_left_over(self, duplicate_model: str) -> None:
        settings = {MODEL: "m", TOKENS: 5}
        decided = planned(settings, None, "k", known=Knowledge(), duplicate_model=duplicate_model)
        assert decided == Plan("none", question=OTHERS)
        decided = planned(settings, None, "k", known=Knowledge(others=()), duplicate_model=duplicate_model)
        assert decided.action == "created"

    def test_create_without_the_key_does_not_ask_for_the_others(self) -> None:
        decided = planned({MODEL: "m", TOKENS: 5}, None, known=Knowledge())
        assert (decided.question, decided.refusal) == (
            "",
            f"There is no inference endpoint a yet, and creating it needs {KEY}.",
        )

    @pytest.mark.parametrize(
        "other",
        [
            Endpoint("a", "completion", "anthropic", {MODEL: "m"}),
            Endpoint("b", "chat_completion", "anthropic", {MODEL: "m"}),
            Endpoint("b", "completion", "openai", {MODEL: "m"}),
            Endpoint("b", "completion", "anthropic", {MODEL: "n"}),
        ],
    )
    def test_what_is_no_duplicate(self, other: Endpoint) -> None:
        known = Knowledge(others=(other,))
        decided = planned({MODEL: "m", TOKENS: 5}, None, "k", known=known, duplicate_model="fail")
        assert (decided.action, decided.warnings) == ("created", ())

    def test_a_duplicate_is_warned_of_or_refused(self) -> None:
        known = Knowledge(others=(Endpoint("b", "completion", "anthropic", {MODEL: "m"}),))
        text = "b already serves the model m for the task completion; a would be one more endpoint for the same model."
        warned = planned({MODEL: "m", TOKENS: 5}, None, "k", known=known)
        assert (warned.action, warned.warnings) == ("created", (text,))
        refused = planned({MODEL: "m", TOKENS: 5}, None, "k", known=known, duplicate_model="fail")
        assert (refused.action, refused.refusal) == ("none", text + " duplicate_model=allow lets it be created.")


class TestUpdate:
    def test_task_settings_are_sent_whole_and_undeclared_ones_kept(self) -> None:
        decided = planned({TOKENS: 2048})
        assert decided.action == "updated"
        assert decided.body == {"task_settings": {"max_tokens": 2048, "temperature": 0.5}}
        assert decided.changes == (TOKENS,)
        assert decided.after is not None
        assert decided.after.settings == {**EXISTING.settings, TOKENS: 2048}

    def test_undeclared_task_settings_go_if_they_are_to(self) -> None:
        decided = planned({TOKENS: 1024}, unmanaged_settings="remove")
        assert decided.body == {"task_settings": {"max_tokens": 1024}}
        assert decided.changes == (TEMPERATURE,)

    def test_what_a_create_needs_is_never_removed(self) -> None:
        decided = planned({}, unmanaged_settings="remove")
        assert decided.body == {"task_settings": {"max_tokens": 1024}}

    def test_an_undeclared_rate_limit_goes_back_to_its_default(self) -> None:
        existing = Endpoint("a", "completion", "anthropic", {MODEL: "m", RATE: 7, TOKENS: 1024})
        decided = planned({}, existing, unmanaged_settings="remove")
        assert decided.body == {"service_settings": {"rate_limit": {"requests_per_minute": 50}}}

    def test_the_key_goes_along_with_service_settings(self) -> None:
        decided = planned({RATE: 7}, secret="k")
        assert decided.body == {"service_settings": {"api_key": "k", "rate_limit": {"requests_per_minute": 7}}}
        assert decided.changes == (RATE,)

    def test_without_a_key_service_settings_go_alone(self) -> None:
        assert planned({RATE: 7}).body == {"service_settings": {"rate_limit": {"requests_per_minute": 7}}}

    def test_task_settings_go_without_the_key(self) -> None:
        assert "service_settings" not in planned({TOKENS: 2048}, secret="k").body

    def test_a_key_to_be_sent_always_is_a_change(self) -> None:
        decided = planned({}, secret="k", update_secrets="always")
        assert decided.action == "updated"
        assert decided.body == {"service_settings": {"api_key": "k"}}
        assert decided.changes == (KEY,)

    def test_a_key_is_sent_once(self) -> None:
        known = Knowledge(server=V96, secret_sent=True)
        assert planned({}, secret="k", update_secrets="always", known=known).action == "none"

    def test_whether_a_key_is_new_is_asked_where_it_matters(self) -> None:
        policy = {"update_secrets": "when_changed"}
        assert planned({}, secret="k", **policy).question == SECRET
        assert planned({}, secret=None, **policy).action == "none"
        assert planned({MODEL: "m", TOKENS: 5}, None, "k", **policy).action == "created"
        sent = Knowledge(server=V96, secret_sent=True)
        assert planned({}, secret="k", known=sent, **policy) == Plan("none", EXISTING, EXISTING)

    @pytest.mark.parametrize(("is_new", "changes"), [(True, (KEY,)), (False, ())])
    def test_a_key_that_is_new_is_a_change(self, is_new: bool, changes: tuple[str, ...]) -> None:
        known = Knowledge(server=V96, secret_is_new=is_new)
        assert planned({}, secret="k", known=known, update_secrets="when_changed").changes == changes

    def test_the_version_is_asked_for_before_a_change_in_place(self) -> None:
        assert planned({TOKENS: 2048}, known=Knowledge()).question == SERVER


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
    def test_no_version_changes_them_so_none_is_asked(
        self, settings: dict[str, Any], task_type: str | None, path: str
    ) -> None:
        decided = planned(settings, task_type=task_type, known=Knowledge())
        assert decided.action == "none"
        assert decided.refusal == (
            f"Inference endpoint a differs in {path}, but no version of Elasticsearch changes it in place. "
            "Hint: allow_recreate=true has the endpoint deleted and created again; or declare what it has."
        )

    def test_the_refusal_names_every_difference(self) -> None:
        refusal = planned({MODEL: "n", TOKENS: 5, RATE: 7}, known=Knowledge()).refusal
        assert f"differs in {MODEL}, {RATE} and {TOKENS}, but" in refusal
        assert f"changes {MODEL} in place" in refusal

    def test_a_recreate_carries_over_what_is_not_declared(self) -> None:
        decided = planned({MODEL: "n"}, secret="k", known=Knowledge(), allow_recreate=True)
        assert decided.action == "recreated"
        assert decided.body == {
            "service": "anthropic",
            "service_settings": {"api_key": "k", "model_id": "n", "rate_limit": {"requests_per_minute": 50}},
            "task_settings": {"max_tokens": 1024, "temperature": 0.5},
        }

    def test_a_recreate_leaves_out_what_is_to_go(self) -> None:
        decided = planned({MODEL: "n"}, secret="k", allow_recreate=True, unmanaged_settings="remove")
        assert decided.body["task_settings"] == {"max_tokens": 1024}

    def test_a_recreate_needs_the_key(self) -> None:
        refusal = planned({MODEL: "n"}, allow_recreate=True).refusal
        assert refusal == (
            f"Inference endpoint a differs in {MODEL}; creating it again (allow_recreate) needs {KEY}. "
            "Nothing was changed."
        )


class TestVersions:
    @pytest.mark.parametrize("server", [V817, V93])
    def test_older_servers_are_expected_to_leave_the_rate_limit(self, server: Server) -> None:
        decided = planned({RATE: 7}, secret="k", known=Knowledge(server=server))
        assert decided.action == "updated"  # The server decides, not the version.
        assert decided.after == EXISTING

    @pytest.mark.parametrize("server", [V816, V817, V93])
    def test_where_a_recreate_is_allowed_it_is_the_way_on_older_servers(self, server: Server) -> None:
        decided = planned({RATE: 7}, secret="k", known=Knowledge(server=server), allow_recreate=True)
        assert decided.action == "recreated"

    @pytest.mark.parametrize(("server", "secret"), [(V94, "k"), (V95, None), (V96, None), (SERVERLESS, None)])
    def test_newer_servers_change_it_in_place(self, server: Server, secret: str | None) -> None:
        decided = planned({RATE: 7}, secret=secret, known=Knowledge(server=server), allow_recreate=True)
        assert (decided.action, decided.doubtful) == ("updated", False)
        assert decided.after is not None
        assert decided.after.settings[RATE] == 7

    @pytest.mark.parametrize(("settings", "secret"), [({TOKENS: 5}, None), ({RATE: 7}, "k"), ({}, "k")])
    def test_8_16_has_no_update_so_none_is_sent(self, settings: dict[str, Any], secret: str | None) -> None:
        decided = planned(settings, secret=secret, known=Knowledge(server=V816), update_secrets="always")
        assert (decided.action, decided.after) == ("none", EXISTING)
        assert "but Elasticsearch 8.16.0 does not change" in decided.refusal

    def test_before_9_4_a_rate_limit_without_the_key_is_not_sent(self) -> None:
        decided = planned({RATE: 7, TOKENS: 5}, known=Knowledge(server=V93))
        assert (decided.action, decided.after) == ("none", EXISTING)
        assert decided.refusal.endswith(f"only with {SERVICE.secret} beside them, which is not given.")

    def test_on_9_4_the_server_decides_about_service_settings_without_the_key(self) -> None:
        """A patch release may accept them."""
        decided = planned({RATE: 7, TOKENS: 5}, known=Knowledge(server=V94))
        assert (decided.action, decided.doubtful, decided.after) == ("updated", True, EXISTING)

    def test_unknown_version_is_tried(self) -> None:
        decided = planned({RATE: 7}, secret="k", known=Knowledge(server=UNKNOWN))
        assert (decided.action, decided.doubtful) == ("updated", False)

    def test_before_9_4_the_rest_of_an_update_is_expected_to_be_taken(self) -> None:
        decided = planned({RATE: 7, TOKENS: 5}, secret="k", known=Knowledge(server=V93))
        assert decided.doubtful is False
        assert decided.after is not None
        assert decided.after.settings == {**EXISTING.settings, TOKENS: 5}


class TestIgnored:
    def test_what_the_server_ignored_is_refused_by_its_name(self) -> None:
        known = Knowledge(server=V93, ignored=frozenset({RATE}))
        assert planned({RATE: 7}, secret="k", known=known).refusal == (
            f"Inference endpoint a differs in {RATE}, but Elasticsearch 9.3.0 does not change it in place. "
            "Hint: allow_recreate=true has the endpoint deleted and created again; or declare what it has."
        )

    def test_or_the_endpoint_is_created_again(self) -> None:
        known = Knowledge(server=V96, ignored=frozenset({RATE}))
        assert planned({RATE: 7}, secret="k", known=known, allow_recreate=True).action == "recreated"


class TestOthersProperty:
    FOREIGN = Endpoint("a", "completion", "openai", {})

    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_another_services_endpoint_is_never_touched(self, state: str) -> None:
        policy = Policy(allow_recreate=True, force=True)
        decided = plan(Desired("a", state=state), self.FOREIGN, policy, SERVICE, Knowledge())
        assert decided.action == "none"
        assert decided.refusal == (
            "Inference endpoint a belongs to the service openai, not to anthropic. "
            "It is left as it is: choose another inference_id."
        )


def test_removal() -> None:
    absent = Desired("a", state="absent")
    assert plan(absent, EXISTING, Policy(), SERVICE, Knowledge()) == Plan("deleted", EXISTING)
    assert plan(absent, None, Policy(), SERVICE, Knowledge()) == Plan("none")


def test_a_plan_shown_holds_no_secret() -> None:
    assert "'k'" not in repr(planned({MODEL: "m", TOKENS: 5}, None, "k"))
