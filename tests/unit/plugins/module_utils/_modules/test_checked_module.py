# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that secrets in options are neither returned nor logged, and that other data is not hidden."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._modules import anthropic_endpoint, checked_module
from ansible_collections.esops.inference.plugins.module_utils._modules.connection_options import connection_options
from tests.simulator import Fault, Simulator
from tests.simulator.errors import ApiError
from tests.unit.support import (
    DOCUMENTED,
    ID,
    KEY,
    STORED,
    Run,
    capture_log,
    endpoint,
    endpoints,
    environment,
    find_leaks,
    info,
    message,
    offline,
    run_module,
    seed,
)

URL = "https://es.example.com:9200"

SPEC = {**connection_options(), **anthropic_endpoint.options()}

#: Options that are shown unchanged, because their values are not secrets.
PLAIN = {name for name, option in SPEC.items() if option["type"] in ("str", "path", "list")}
PLAIN -= {name for name, option in SPEC.items() if option.get("no_log")}

LOST = "sk-ant-misplaced/key"
LOST_BASE64 = base64.b64encode(b"sk-ant-misplaced/key..").decode()
assert LOST_BASE64.endswith("==")


class TestMisplacedSecrets:
    """Tests for secrets in options that the argument spec does not mark as secret."""

    IN_NUMBERS: tuple[dict[str, Any], ...] = (
        {"task_settings": {"max_tokens": LOST}},
        {"task_settings": {"temperature": LOST}},
        {"task_settings": f"top_k={LOST}"},
        {"service_settings": {"rate_limit": {"requests_per_minute": LOST}}},
    )

    @pytest.mark.parametrize(
        "options",
        [
            {"api_key": LOST},
            {"_api_key": LOST},
            {"_ansible_api_key": LOST},
            {"service_settings": {"_ansible_no_log": LOST}},
            {"service_settings": LOST},
            {"service_settings": f"  {LOST}"},
            {"service_settings": LOST_BASE64},
            {"service_settings": [LOST]},
            {"service_settings": [[LOST]]},
            {"service_settings": {"apikey": LOST}},
            {"service_settings": {"secrets": {"api_key": LOST}}},
            {"service_settings": {"keys": [LOST, {"b": [LOST]}]}},
            {"service_settings": f'{{"apikey": "{LOST}"}}'},
            {"service_settings": f'{{"api_key": "{LOST}", "apikey": 1}}'},
            {"service_settings": f"{{'api_key': '{LOST}'"},
            {"service_settings": f"apikey={LOST} model_id=m"},
            {"service_settings": {"rate_limit": LOST}},
            {"service_settings": {"rate_limit": {"requests_per_minute": {"api_key": LOST}}}},
            {"service_settings": {"api_key": {"value": LOST}}},
            {"service_settings": {"api_key": [LOST]}},
            {"service_settings": {"model_id": {"api_key": LOST}}},
            {"service_settings": {"url": [LOST]}},
            {"task_settings": {"api_key": LOST}},
            {"task_settings": {"max_tokens": {"api_key": LOST}}},
            {"task_settings": {"max_tokens": [LOST]}},
            {"task_type": {"api_key": LOST}},
            {"chunking_settings": [{"api_key": LOST}]},
            {"service_settings": f"api_key={LOST} and more"},
            {"inference_id": {"service_settings": {"api_key": LOST}}},
            {"inference_id": [LOST]},
            {"elasticsearch_api_key": {"id": "id", "api_key": LOST, "encoded": LOST_BASE64}},
            {"elasticsearch_username": {"password": LOST}},
            {"headers": LOST_BASE64},
            {"headers": [LOST]},
            {"ca_path": {"password": LOST}},
            {"wait_timeout": {"password": LOST}},
            {"force": {"password": LOST}},
            {"force": LOST},
            {"validate_certs": LOST},
            {"timeout": LOST},
            {"retries": LOST},
            {"wait_timeout": LOST_BASE64},
            *IN_NUMBERS,
        ],
    )
    def test_misplaced_secret_of_an_endpoint_is_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
    ) -> None:
        logged = capture_log(monkeypatch)
        failed = offline(**{"elasticsearch_url": URL, **options})
        assert failed.failed
        self.check(failed, logged)

    ENDPOINT: Mapping[str, Any] = {"inference_id": "a", "service_settings": {"api_key": LOST}}

    @pytest.mark.parametrize(
        "options",
        [
            {"endpoints": [[dict(ENDPOINT)]]},
            {"endpoints": [[[dict(ENDPOINT)]]]},
            {"endpoints": {"a": dict(ENDPOINT)}},
            {"endpoints": dict(ENDPOINT)},
            {"endpoints": [{"a": dict(ENDPOINT)}]},
            {"endpoints": LOST},
            {"endpoints": [LOST]},
            {"endpoints": [LOST_BASE64]},
            {"endpoints": f'[{{"inference_id": "a", "service_settings": {{"api_key": "{LOST}"}}}}]'},
            {"endpoints": f"a,{LOST},b"},
            {"endpoints": [{"inference_id": "a", "api_key": LOST}]},
            {"endpoints": [{"inference_id": "a", "service_settings": [{"api_key": LOST}]}]},
            {"endpoints": [{"inference_id": "a", "service_settings": [LOST]}]},
            {"endpoints": [], "defaults": LOST},
            {"endpoints": [], "defaults": [{"service_settings": {"api_key": LOST}}]},
            {"endpoints": [], "defaults": {"api_key": LOST}},
            {"endpoints": [], "defaults": {"defaults": {"api_key": LOST}}},
            {"endpoints": None, "default": {"api_key": LOST}},
            {"endpoints": [], "force": LOST},
            {"endpoints": [], "parallel": LOST},
            {"endpoints": [], "purge_exclude": [{"api_key": LOST}]},
            *({"endpoints": [{"inference_id": "a", **settings}]} for settings in IN_NUMBERS),
            *({"endpoints": [], "defaults": settings} for settings in IN_NUMBERS),
        ],
    )
    def test_misplaced_secret_in_a_list_of_endpoints_is_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
    ) -> None:
        logged = capture_log(monkeypatch)
        failed = run_module("anthropic_endpoints", {"elasticsearch_url": URL, **options})
        assert failed.failed
        self.check(failed, logged)

    @pytest.mark.parametrize("name", ["TIMEOUT", "RETRIES", "VALIDATE_CERTS"])
    def test_misplaced_secret_in_the_environment_is_not_shown(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        logged = capture_log(monkeypatch)
        with environment(**{f"ELASTICSEARCH_{name}": LOST}):
            failed = offline(elasticsearch_url=URL)
        wanted = {"TIMEOUT": "a number", "RETRIES": "an integer", "VALIDATE_CERTS": "a boolean"}[name]
        assert failed["msg"] == f"{name.lower()} must be {wanted}, not a string that may be a secret."
        self.check(failed, logged)

    @pytest.mark.parametrize("value", ["sk-'mis\"placed", ["sk-'mis\"placed"], "sk-\\misplaced", "sk-\nmisplaced"])
    def test_misplaced_secret_in_python_notation_is_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, value: Any
    ) -> None:
        logged = capture_log(monkeypatch)
        failed = offline(elasticsearch_url=URL, retries=value)
        assert failed["msg"].startswith("retries must be an integer, not a ")
        assert "placed" not in failed.output
        assert "placed" not in "".join(logged)

    @staticmethod
    def check(failed: Run, logged: list[str]) -> None:
        assert "Traceback" not in failed.output
        for secret in (LOST, LOST_BASE64, LOST_BASE64.rstrip("="), "misplaced"):
            assert secret not in failed.output
            assert secret not in "".join(logged)

    def test_message_about_a_misplaced_secret_names_the_options(self) -> None:
        msg = message(elasticsearch_url=URL, service_settings={"apikey": LOST})
        assert msg.startswith("Unsupported parameters: service_settings.apikey. Supported parameters include: api_key,")

    @pytest.mark.parametrize(("value", "is_hidden"), [("s3crt", False), ("s3cret", True)])
    def test_invalid_string_is_hidden_if_it_is_long_enough_to_be_a_secret(self, value: str, is_hidden: bool) -> None:
        assert (value not in offline(elasticsearch_url=URL, retries=value).output) is is_hidden

    def test_large_number_is_shown(self) -> None:
        msg = message(elasticsearch_url=URL, retries="-1000000", timeout="1_000_000")
        assert msg == (
            "2 problems: (1) timeout must be a positive number of seconds, at most 86400, not 1000000.0. "
            "(2) retries must be 0 or more, not -1000000."
        )

    def test_string_in_a_list_of_strings_is_not_hidden(self, server: Simulator) -> None:
        run = endpoints(
            server, endpoints=[{"inference_id": "production", "state": "absent"}], purge_exclude=["production"]
        )
        assert run["results"][0]["inference_id"] == "production"

    SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()

    LOST_ONES = st.sampled_from([LOST, f"api_key={LOST}", f"a={LOST} b", f'{{"api_key": "{LOST}", "rate_limit": 5}}'])

    ANYTHING = st.recursive(
        SCALARS | LOST_ONES,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["api_key", "x", "rate_limit"]), inner)
        ),
        max_leaves=6,
    )

    @settings(deadline=None, max_examples=120)
    @given(st.sampled_from([*SPEC, "other"]), ANYTHING)
    def test_any_value_of_an_option_ends_in_a_message(self, name: str, value: Any) -> None:
        ended = offline(**{"elasticsearch_url": "nowhere", name: value})
        assert ended.failed
        assert "bug in esops.inference" not in ended["msg"]
        assert "unable to convert" not in ended["msg"], "the words of ansible-core differ by version and hide the place"
        assert "Traceback" not in ended.output
        if name != "elasticsearch_url" and (isinstance(value, (dict, list)) or name not in PLAIN):
            assert LOST not in ended.output

    @settings(deadline=None, max_examples=80)
    @given(ANYTHING, ANYTHING)
    def test_any_value_in_a_list_ends_in_a_message(self, listed: Any, defaults: Any) -> None:
        options = {"elasticsearch_url": "nowhere", "endpoints": listed, "defaults": defaults}
        ended = run_module("anthropic_endpoints", options)
        assert ended.failed
        assert "bug in esops.inference" not in ended["msg"]
        assert "unable to convert" not in ended["msg"], "the words of ansible-core differ by version and hide the place"
        assert "Traceback" not in ended.output
        assert LOST not in ended.output


class TestHeaders:
    HARMLESS: Mapping[str, Any] = {
        "X-Tenant": "completion",
        "X-Opaque-Id": "anthropic",
        "X-A": "a",
        "X-1": 1,
        "X-T": True,
    }

    @pytest.mark.parametrize("place", ["task", "text", "environment"])
    def test_harmless_header_does_not_alter_results_or_messages(self, server: Simulator, place: str) -> None:
        seed(server)
        written = json.dumps(self.HARMLESS)
        with environment(**{"ELASTICSEARCH_HEADERS": written} if place == "environment" else {}):
            options = {"task": {"headers": self.HARMLESS}, "text": {"headers": written}, "environment": {}}[place]
            run = endpoint(server, **options, task_settings={"max_tokens": 1024})
            wrong = endpoint(server, **options, task_type="anthropic")
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)
        assert run.warnings == []
        assert "completion, chat_completion, got: anthropic" in wrong["msg"]
        assert server.log[0].headers["x-tenant"] == "completion"
        assert run["invocation"]["module_args"]["headers"] == self.HARMLESS

    def test_list_that_was_read_with_a_harmless_header_can_be_declared(self, server: Simulator) -> None:
        seed(server)
        read = info(server, headers=self.HARMLESS, service="anthropic")
        assert read["endpoints"] == [STORED]
        assert not endpoints(server, endpoints=read["endpoints"], headers=self.HARMLESS)["changed"]

    @pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "client_secret"])
    @pytest.mark.parametrize("place", ["task", "text", "pairs", "environment"])
    def test_header_that_is_a_credential_is_hidden_everywhere(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, name: str, place: str
    ) -> None:
        logged = capture_log(monkeypatch)
        headers = {name: "s3cr+et", "X-Tenant": "support"}
        pairs = f"{name}=s3cr+et, X-Tenant=support"
        given = {"task": headers, "text": json.dumps(headers), "pairs": pairs}.get(place)
        server.faults.add(Fault("status", status=403))
        with environment(**{"ELASTICSEARCH_HEADERS": json.dumps(headers)} if place == "environment" else {}):
            run = endpoint(server, **{"headers": given} if given else {})
        assert server.log[0].headers[name.lower()] == "s3cr+et"
        assert find_leaks(run.output, ["s3cr+et"]) == []
        assert find_leaks("".join(logged), ["s3cr+et"]) == []
        assert "support" in "".join(logged)

    @pytest.mark.parametrize(
        ("value", "shown"), [("s3cr+et", "it is ******** here"), ("support", "it is support here")]
    )
    @pytest.mark.parametrize("name", ["X-Token", "X-Tenant"])
    def test_message_of_the_server_hides_only_credentials(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, name: str, value: str, shown: str
    ) -> None:
        monkeypatch.setattr(
            "tests.simulator.faults.endpoint_not_found", lambda _id: ApiError(400, "odd", f"it is {value} here")
        )
        server.faults.add(Fault("not_found"))
        run = endpoint(server, headers={"X-Token": "s3cr+et", name: value})
        assert (shown in run["msg"]) is (value == "s3cr+et" or name == "X-Tenant")

    def test_credential_after_its_scheme_is_hidden(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(anthropic_endpoint, "work", lambda _task: {"shown": "s3cr+et", "changed": False})
        run = endpoint(server, headers={"es-secondary-authorization": "ApiKey s3cr+et"})
        assert find_leaks(run.output, ["s3cr+et"]) == []

    @pytest.mark.parametrize("value", [{"password": LOST}, [LOST]])
    def test_structure_in_place_of_a_value_is_hidden(self, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
        logged = capture_log(monkeypatch)
        failed = offline(elasticsearch_url=URL, headers={"X-Tenant": value})
        assert failed["msg"] == "headers: the value of X-Tenant must be a string."
        TestMisplacedSecrets.check(failed, logged)


class TestHiddenData:
    """Tests for the warning about a secret that also occurs in other data, which ansible-core hides too."""

    LOGIN: Mapping[str, str] = {"elasticsearch_username": "claude", "elasticsearch_password": "claude"}

    def test_warning_names_the_option_and_the_result(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, **self.LOGIN)
        assert run["endpoint"]["service_settings"]["model_id"] == "********-sonnet-4-5"
        (warning,) = run.warnings
        assert warning == (
            "The value of elasticsearch_password also occurs in endpoint of the result. Ansible hides it there, so the "
            "result differs from the data in the cluster. Hint: use a secret that does not occur in other data."
        )

    @pytest.mark.parametrize(
        ("options", "option"),
        [
            ({"headers": {"X-Auth-Realm": "sonnet"}}, "headers.X-Auth-Realm"),
            ({"elasticsearch_api_key": "sonnet"}, "elasticsearch_api_key"),
            ({"elasticsearch_bearer_token": "sonnet"}, "elasticsearch_bearer_token"),
            ({"service_settings": {"api_key": "sonnet"}}, "service_settings.api_key"),
        ],
    )
    def test_every_kind_of_secret_is_named(self, server: Simulator, options: dict[str, Any], option: str) -> None:
        seed(server)
        (warning,) = endpoint(server, **options).warnings
        assert warning.startswith(f"The value of {option} also occurs in endpoint of the result.")

    def test_secret_of_the_environment_is_named(self, server: Simulator) -> None:
        seed(server)
        with environment(**{name.upper(): value for name, value in self.LOGIN.items()}):
            (warning,) = info(server).warnings
        assert warning.startswith("The value of elasticsearch_password also occurs in endpoints of the result.")

    def test_secrets_of_a_list_are_named(self, server: Simulator) -> None:
        listed = [{"inference_id": "sk-a", "service_settings": {"api_key": "sk-"}}, {"inference_id": "b"}]
        run = endpoints(
            server,
            check=True,
            diff=True,
            duplicate_model="allow",
            endpoints=listed,
            defaults={"service_settings": {"model_id": "m", "api_key": "word-b"}, "task_settings": {"max_tokens": 1}},
        )
        (warning,) = run.warnings
        assert warning.startswith("The value of endpoints[0].service_settings.api_key also occurs in results, diff of")

    def test_number_that_contains_a_secret_causes_a_warning(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password="1024")
        assert run["endpoint"]["task_settings"]["max_tokens"] != 1024
        assert len(run.warnings) == 1

    def test_username_is_not_a_secret(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, elasticsearch_username="claude", elasticsearch_password="s3cr+et")
        assert (run["endpoint"], run.warnings) == (STORED, [])

    def test_secret_that_occurs_only_in_a_message_causes_no_warning(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=403))
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password="simulated")
        assert run.failed
        assert run.warnings == []


class TestLog:
    """Tests for the system log, to which ansible-core writes the options of every run."""

    def test_system_log_contains_no_secret(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        logged = capture_log(monkeypatch)
        secrets = {"elasticsearch_password": "p€ss wörd", "headers": {"X-Key": "header-value", "Cookie": "v2-longer"}}
        endpoint(server, **DOCUMENTED, elasticsearch_username="joe", **secrets)
        text = "".join(logged)
        assert "Invoked with" in text
        assert f"inference_id={ID}" in text
        for secret in (KEY, "p€ss wörd", "header-value", "v2-longer"):
            assert secret not in text


def test_system_log_contains_no_secret_with_quotation_marks(server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log contains the Python representation of headers."""
    logged = capture_log(monkeypatch)
    endpoint(server, headers={"X-Auth-Token": "it's \"it\\", "X-Tenant": "a"})
    assert "X-Auth-Token" in "".join(logged)
    assert "it's" not in "".join(logged)
    assert "it\\'s" not in "".join(logged)


def test_failure_of_ansible_core_before_options_are_read_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnsibleModule, "_check_locale", lambda module: module.fail_json(msg="no such locale"))
    assert message() == "no such locale"


class TestOptionsThatAreNotAccepted:
    """Tests that neither the result nor the system log contains an option if any option is invalid."""

    @pytest.mark.parametrize(
        "options",
        [
            {"force": "maybe"},
            {"unknown": 1},
            {"task_settings": {"unknown": 1}},
            {"state": "gone"},
            {"elasticsearch_url": "https://joe:s3cr+et@es"},
            {"retries": -1},
            {"headers": {"X-Tenant": ["s3cr+et"]}},
            {"task_settings": {"max_tokens": 0}},
            {"update_secrets": "when_changed", "fingerprint_store": "file"},
        ],
    )
    def test_invalid_options_are_neither_returned_nor_logged(
        self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
    ) -> None:
        logged = capture_log(monkeypatch)
        failed = offline(**{"elasticsearch_url": URL, **options})
        assert failed.result.keys() == {"failed", "msg"}
        assert "s3cr+et" not in failed.output
        assert logged == []

    def test_option_that_only_ansible_core_rejects_is_not_returned(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checked_module, "find_invalid_options", lambda _spec, _given: [])
        failed = offline(elasticsearch_url=URL, unknown="s3cr+et", force=KEY, service_settings={"api_key": KEY})
        assert failed.result.keys() == {"failed", "msg"}
        assert "s3cr+et" not in failed.output

    def test_module_that_check_mode_skips_returns_no_options(self, monkeypatch: pytest.MonkeyPatch) -> None:
        logged = capture_log(monkeypatch)
        options = {"elasticsearch_url": "https://joe:s3cr+et@es", "inference_id": ID, "input": "a"}
        run = run_module("completion", options, check=True)
        assert run.result.keys() == {"skipped", "msg"}
        assert "s3cr+et" not in run.output
        assert logged == []

    def test_secret_of_a_secret_option_is_not_in_the_message(self) -> None:
        """Messages about choices contain the value."""
        msg = message(elasticsearch_url=URL, task_type=KEY, service_settings={"api_key": KEY})
        assert msg == "value of task_type must be one of: completion, chat_completion, got: ********"

    def test_options_of_a_run_that_fails_later_are_returned(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=403))
        assert endpoint(server)["invocation"]["module_args"]["inference_id"] == ID


def test_misplaced_secrets_are_registered_if_ansible_core_supports_that(
    server: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ansible-core 2.22 ignores C(no_log_values)."""
    registered: set[str] = set()
    monkeypatch.setattr(checked_module, "register_secrets", registered.update)
    seed(server)
    endpoint(server, headers={"X-Found-Token": "to'ken", "X-Harmless": "harmless"})
    assert {"to'ken", repr("to'ken")[1:-1]} <= registered
    assert "harmless" not in registered
