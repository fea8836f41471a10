# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that no output contains a secret in any form, even with -vvvv and --diff and after any failure.

Every run uses a provider API key, an authentication method, and a header. The server echoes as much as it can.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from ansible_collections.esops.inference.plugins.module_utils._modules import anthropic_endpoint, anthropic_endpoints
from ansible_collections.esops.inference.plugins.module_utils._modules.runner import Context
from tests.simulator import Fault, Security, Simulator
from tests.simulator.errors import ApiError
from tests.unit.support import (
    FORMER_KEY,
    ID,
    MODEL,
    SECRETS,
    Run,
    capture_log,
    endpoint,
    endpoints,
    environment,
    find_leaks,
    forms,
    seed,
)

#: Secrets with characters that JSON, URLs, or Base64 encode.
KEY = 'sk-ant-"new"/kéy+1='
PASSWORD = "pass \"w'rd\\/+é"
USER = "jürgen"
API_KEY = "api-key-id:s3cret/key+2"
ENCODED_API_KEY = base64.b64encode(b"encoded-id:an0ther/key+3").decode()
TOKEN = "AAEAAWVsYXN0aWM/token+4="
HEADER = 'header "v4lue"/+5'
URL_PASSWORD = "url/p4ss+6"

#: Authentication methods: options and their secrets.
AUTHENTICATION: dict[str, tuple[dict[str, str], list[str]]] = {
    "basic": (
        {"elasticsearch_username": USER, "elasticsearch_password": PASSWORD},
        [PASSWORD, f"{USER}:{PASSWORD}"],
    ),
    "api_key": ({"elasticsearch_api_key": API_KEY}, [API_KEY]),
    "encoded_api_key": ({"elasticsearch_api_key": ENCODED_API_KEY}, [ENCODED_API_KEY]),
    "token": ({"elasticsearch_bearer_token": TOKEN}, [TOKEN]),
}
ALL_PRIVILEGES = ["all"]
ACCOUNTS = Security(
    users={USER: (PASSWORD, ALL_PRIVILEGES)},
    api_keys={API_KEY: ALL_PRIVILEGES, "encoded-id:an0ther/key+3": ALL_PRIVILEGES},
    bearer_tokens={TOKEN: ALL_PRIVILEGES},
)


def echoed(context: Context) -> dict[str, Any]:
    """Simulate a bug whose exception contains all options."""
    raise RuntimeError(dict(context.params), context.params, json.dumps(context.params), str(context.params["headers"]))


@dataclass(frozen=True)
class Case:
    """A failure scenario.

    :ivar faults: faults of the server. The order of the requests is always the same.
    :ivar options: additional options.
    :ivar denied: "users" to reject all credentials, "privileges" to reject all requests, or empty.
    :ivar fails: whether the run fails. It does not if only the response of a create is lost.
    """

    faults: tuple[Fault, ...] = ()
    options: Mapping[str, Any] | None = None
    denied: str = ""
    fails: bool = True
    work: Callable[[Context], dict[str, Any]] | None = None


CASES = {
    "created": Case(fails=False),
    "created in check mode": Case(options={"check": True}, fails=False),
    "echoed by the server": Case((Fault("echo", match="^PUT", times=9),)),
    "refused by the provider": Case((Fault("provider_refusal", match="^PUT", times=9),)),
    "a page": Case((Fault("html", match="^PUT", times=9),), fails=False),
    "a page instead of the endpoints": Case((Fault("html_before", times=9),)),
    "a redirect": Case((Fault("redirect", location=f"http://e/?key={quote(KEY, safe='')}&p={quote_plus(PASSWORD)}"),)),
    "a cut answer": Case((Fault("cut", match="^PUT", times=9),), fails=False),
    "a lost connection": Case((Fault("reset_before", times=9),)),
    "unavailable": Case((Fault("status", status=503, times=9),)),
    "not let in": Case(denied="users"),
    "not allowed": Case(denied="privileges"),
    "wrong options": Case(options={"timeout": -1, "retries": -1, "ca_path": "/nowhere"}),
    "wrong types": Case(options={"timeout": "soon", "task_type": "x", "ca_path": {"secret": PASSWORD}}),
    "an unknown option": Case(options={"token": KEY}),
    "a password in the URL": Case(options={"elasticsearch_url": f"https://joe:{quote(URL_PASSWORD, safe='')}@es"}),
    "a raw password in the URL": Case(options={"elasticsearch_url": f"https://joe:{URL_PASSWORD}@es"}),
    "a bug": Case(work=echoed),
}


def server_for(case: Case) -> Simulator:
    if case.denied == "users":
        return Simulator(security=Security())
    if case.denied == "privileges":
        may_read = ["monitor"]
        users = {USER: (PASSWORD, may_read)}
        keys = {API_KEY: may_read, "encoded-id:an0ther/key+3": may_read}
        return Simulator(security=Security(users=users, api_keys=keys, bearer_tokens={TOKEN: may_read}))
    return Simulator(security=ACCOUNTS)


SETTINGS = {"service_settings": {"api_key": KEY, "model_id": MODEL}, "task_settings": {"max_tokens": 1024}}


def run_single(server: Simulator, **options: Any) -> Run:
    return endpoint(server, **{"diff": True, **SETTINGS, **options})


def run_bulk(server: Simulator, **options: Any) -> Run:
    task_type = options.pop("task_type", None)
    listed = [{"inference_id": ID, **SETTINGS}, {"inference_id": "second", "task_type": task_type or "completion"}]
    return endpoints(server, **{"diff": True, "endpoints": listed, "defaults": SETTINGS, **options})


@pytest.mark.parametrize("place", ["task", "environment"])
@pytest.mark.parametrize("way", AUTHENTICATION)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("run", [run_single, run_bulk])
def test_output_contains_no_secret(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Run], name: str, way: str, place: str
) -> None:
    logged = capture_log(monkeypatch)
    case = CASES[name]
    credentials, secrets = AUTHENTICATION[way]
    headers = {"X-Found-Token": HEADER, "X-Tenant": "a"}
    if place == "task":
        options, variables = {**credentials, "headers": headers}, {}
    else:
        options, variables = {}, {option.upper(): value for option, value in credentials.items()}
        variables["ELASTICSEARCH_HEADERS"] = json.dumps(headers)
    if case.work:
        monkeypatch.setattr(anthropic_endpoint, "work", case.work)
        monkeypatch.setattr(anthropic_endpoints, "work", case.work)
    with server_for(case) as server, environment(**variables):
        for fault in case.faults:
            server.faults.add(fault)
        ended = run(server, **{**options, **(case.options or {})})
        sent = [exchange.headers for exchange in server.log]
    assert ended.failed is case.fails
    if "URL" not in name:
        # These secrets are in use, or would be.
        assert all(exchange["x-found-token"] == HEADER and "authorization" in exchange for exchange in sent)
    secrets = [*secrets, KEY, HEADER, URL_PASSWORD]
    assert find_leaks(ended.output, secrets) == []
    assert find_leaks("".join(logged), secrets) == []
    assert "Traceback" not in ended.output


def test_leak_is_detected(server: Simulator) -> None:
    """The response of the simulator contains the key, so the module has to hide it."""
    server.faults.add(Fault("echo", match="^PUT"))
    ended = run_single(server)
    assert "Configuration contains settings [{service=anthropic, service_settings={api_key=********," in ended["msg"]
    assert find_leaks(json.dumps({"msg": f"api_key={KEY}"}), [KEY]) != []


@pytest.mark.parametrize("form", [form for secret in SECRETS for form in forms(secret)])
def test_leak_fails_every_test(monkeypatch: pytest.MonkeyPatch, server: Simulator, form: str) -> None:
    monkeypatch.setattr(anthropic_endpoint, "work", lambda _task: {"changed": False, "shown": [f"it is {form}."]})
    with pytest.raises(AssertionError, match="The output contains"):
        endpoint(server)


def test_output_contains_the_options(server: Simulator) -> None:
    """Some versions of ansible-core return the options only on request. The search includes them in any case."""
    settings = run_single(server)["invocation"]["module_args"]["service_settings"]
    assert (settings["model_id"], settings["api_key"]) == (MODEL, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")


@pytest.mark.parametrize("form", forms(KEY))
def test_secret_echoed_by_the_server_in_any_form_is_hidden(
    monkeypatch: pytest.MonkeyPatch, server: Simulator, form: str
) -> None:
    seed(server)
    monkeypatch.setattr("tests.simulator.faults.endpoint_not_found", lambda _id: _refusal(f"what is {form} there?"))
    server.faults.add(Fault("not_found"))
    ended = run_single(server)
    assert find_leaks(ended.output, [KEY]) == []
    assert "failed with status 400 (odd_exception): what is ******** there?" in ended["msg"]


def _refusal(reason: str) -> Exception:
    return ApiError(400, "odd_exception", reason)


@pytest.mark.parametrize("update", ["on_create", "always"])
@pytest.mark.parametrize("run", [run_single, run_bulk])
def test_new_key_is_a_change_without_values(run: Callable[..., Run], update: str) -> None:
    with Simulator() as server:
        seed(server)
        seed(server, "second")
        ended = run(server, update_secrets=update)
    assert not ended.failed
    assert ended["changed"] is (update == "always")
    assert find_leaks(ended.output, [KEY, FORMER_KEY]) == []
    if update == "always":
        assert "api_key" in json.dumps(ended["diff"])
