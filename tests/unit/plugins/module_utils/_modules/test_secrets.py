# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret leaves: whatever happens in a run, its whole output, with -vvvv and --diff, holds none in any form.

Every run of the matrix uses an endpoint's key, one way of authentication, and a header; the server echoes what it can.
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
    endpoint,
    endpoints,
    environment,
    forms,
    leaks,
    log_of,
    seed,
)

#: Each with characters that JSON, URLs or base64 write in another way.
KEY = 'sk-ant-"new"/kéy+1='
PASSWORD = "pass \"w'rd\\/+é"
USER = "jürgen"
API_KEY = "api-key-id:s3cret/key+2"
ENCODED_API_KEY = base64.b64encode(b"encoded-id:an0ther/key+3").decode()
TOKEN = "AAEAAWVsYXN0aWM/token+4="
HEADER = 'header "v4lue"/+5'
URL_PASSWORD = "url/p4ss+6"

#: Ways of authentication: the options, and what is secret of them.
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
    """A bug whose words are everything that the module was told."""
    raise RuntimeError(dict(context.params), context.params, json.dumps(context.params), str(context.params["headers"]))


@dataclass(frozen=True)
class Case:
    """What happens to a run.

    :ivar faults: what the server does; it is asked in the same order each time.
    :ivar options: beside those that every run has.
    :ivar denied: whether nobody is let in ("users"), or nobody may do anything ("privileges").
    :ivar fails: whether the run fails; a create whose answer is lost is found to be done.
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
def test_no_output_holds_a_secret(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Run], name: str, way: str, place: str
) -> None:
    logged = log_of(monkeypatch)
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
        # They were in use, or would have been.
        assert all(exchange["x-found-token"] == HEADER and "authorization" in exchange for exchange in sent)
    secrets = [*secrets, KEY, HEADER, URL_PASSWORD]
    assert leaks(ended.output, secrets) == []
    assert leaks("".join(logged), secrets) == []
    assert "Traceback" not in ended.output


def test_the_matrix_would_notice(server: Simulator) -> None:
    """The echo of the simulator does hold the key: it is hidden, not absent."""
    server.faults.add(Fault("echo", match="^PUT"))
    ended = run_single(server)
    assert "Configuration contains settings [{service=anthropic, service_settings={api_key=********," in ended["msg"]
    assert leaks(json.dumps({"msg": f"api_key={KEY}"}), [KEY]) != []


@pytest.mark.parametrize("form", [form for secret in SECRETS for form in forms(secret)])
def test_no_other_test_can_pass_while_a_secret_leaks(
    monkeypatch: pytest.MonkeyPatch, server: Simulator, form: str
) -> None:
    monkeypatch.setattr(anthropic_endpoint, "work", lambda _task: {"changed": False, "shown": [f"it is {form}."]})
    with pytest.raises(AssertionError, match="The output holds"):
        endpoint(server)


def test_every_run_shows_its_options(server: Simulator) -> None:
    """Whether ansible-core has them in the result of itself, or only if told to: they are part of what is searched."""
    settings = run_single(server)["invocation"]["module_args"]["service_settings"]
    assert (settings["model_id"], settings["api_key"]) == (MODEL, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")


@pytest.mark.parametrize("form", forms(KEY))
def test_the_server_may_echo_it_in_any_form(monkeypatch: pytest.MonkeyPatch, server: Simulator, form: str) -> None:
    seed(server)
    monkeypatch.setattr("tests.simulator.faults.endpoint_not_found", lambda _id: _refusal(f"what is {form} there?"))
    server.faults.add(Fault("not_found"))
    ended = run_single(server)
    assert leaks(ended.output, [KEY]) == []
    assert "failed with status 400 (odd_exception): what is ******** there?" in ended["msg"]


def _refusal(reason: str) -> Exception:
    return ApiError(400, "odd_exception", reason)


@pytest.mark.parametrize("update", ["on_create", "always"])
@pytest.mark.parametrize("run", [run_single, run_bulk])
def test_a_new_key_is_a_change_without_either_value(run: Callable[..., Run], update: str) -> None:
    with Simulator() as server:
        seed(server)
        seed(server, "second")
        ended = run(server, update_secrets=update)
    assert not ended.failed
    assert ended["changed"] is (update == "always")
    assert leaks(ended.output, [KEY, FORMER_KEY]) == []
    if update == "always":
        assert "api_key" in json.dumps(ended["diff"])
