# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the authentication methods: headers, secrets, and independence of C(.netrc)."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import requests

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.auth import (
    METHODS,
    ApiKey,
    Auth,
    Basic,
    BearerToken,
    choose_auth,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from tests.simulator import Simulator
from tests.unit.plugins.module_utils._elasticsearch.servers import Connect


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        pytest.param(Auth(), None, id="none"),
        pytest.param(Basic("jürgen", "pässwörd:€"), basic("jürgen:pässwörd:€"), id="basic as UTF-8"),
        pytest.param(Basic("joe"), basic("joe:"), id="basic with an empty password"),
        pytest.param(ApiKey("aWQ6c2VjcmV0"), "ApiKey aWQ6c2VjcmV0", id="encoded API key"),
        pytest.param(ApiKey("id:secret"), "ApiKey aWQ6c2VjcmV0", id="API key in two parts"),
        pytest.param(BearerToken("AAEAAWVsYXN0aWM"), "Bearer AAEAAWVsYXN0aWM", id="bearer token"),
    ],
)
def test_auth_method_sends_its_header(auth: Auth, header: str | None) -> None:
    assert auth.header == header
    assert auth(requests.Request("GET", "http://a").prepare()).headers.get("Authorization") == header


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write credentials for the simulator to the home directory of the test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / ".netrc"
    file.write_text("machine 127.0.0.1 login thief password stolen\n")
    file.chmod(0o600)


@pytest.mark.usefixtures("netrc")
class TestNetrc:
    """Tests with a C(.netrc) file, which requests prefers to a header."""

    def test_requests_uses_netrc_without_auth_object(self, server: Simulator) -> None:
        requests.get(server.url, timeout=5)
        assert server.log[0].headers["authorization"] == basic("thief:stolen")

    @pytest.mark.parametrize(
        "auth", [Auth(), Basic("joe", "pass"), ApiKey("id:secret"), BearerToken("token")], ids=repr
    )
    def test_netrc_does_not_replace_header_of_auth_method(
        self, server: Simulator, connect: Connect, auth: Auth
    ) -> None:
        connect(server.url, auth=auth).request("GET", "/")
        assert server.log[0].headers.get("authorization") == auth.header

    def test_netrc_does_not_replace_header_of_headers_option(self, server: Simulator, connect: Connect) -> None:
        connect(server.url, headers={"Authorization": "Custom x"}).request("GET", "/")
        assert server.log[0].headers["authorization"] == "Custom x"


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        (Auth(), ()),
        (Basic("joe", "pass-w"), ("pass-w", "joe:pass-w")),
        (ApiKey("id:api-k"), ("id:api-k",)),
        (BearerToken("bear-t"), ("bear-t",)),
    ],
    ids=repr,
)
def test_auth_method_lists_its_secrets_and_hides_them_in_repr(auth: Auth, secrets: tuple[str, ...]) -> None:
    assert auth.secrets == secrets
    shown = repr(Connection(("http://a",), auth, headers={"X": "head-v"}))
    assert [secret for secret in (*secrets, "head-v") if secret in shown] == []
    assert type(auth).__name__ in shown


def test_auth_method_is_chosen_by_its_parameters() -> None:
    for method in METHODS:
        values = [f"{name} value" for name in method.parameters]
        assert choose_auth(dict(zip(method.parameters, values, strict=True))) == method(*values)


@pytest.mark.parametrize("credentials", [{}, {"username": "joe"}, {"password": "pass"}])
def test_incomplete_credentials_result_in_no_authentication(credentials: dict[str, str]) -> None:
    assert choose_auth(credentials) == Auth()


def test_auth_methods_with_equal_credentials_are_equal() -> None:
    assert len({ApiKey("a"), ApiKey("a"), ApiKey("b"), BearerToken("a"), Basic("a", "b"), Basic("a", "b")}) == 4
