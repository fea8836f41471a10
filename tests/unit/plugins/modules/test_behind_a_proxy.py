# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that modules protect secrets through a proxy in the same way as with a direct connection."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.proxy import Proxy
from tests.simulator import Simulator, Tls
from tests.unit.support import DOCUMENTED, ID, KEY, STORED, Run, run_module, seed

ELASTICSEARCH_KEY = "id:elasticsearch-api-key"
WRONG = "00" * 32

#: Each module, with options that require a request.
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "one endpoint": ("anthropic_endpoint", {"inference_id": ID, **DOCUMENTED}),
    "key of an endpoint": ("anthropic_endpoint", {"inference_id": ID, **DOCUMENTED, "update_secrets": "always"}),
    "key when changed": ("anthropic_endpoint", {"inference_id": ID, **DOCUMENTED, "update_secrets": "when_changed"}),
    "list": ("anthropic_endpoints", {"endpoints": [{"inference_id": ID, **DOCUMENTED}]}),
    "information": ("endpoint_info", {}),
    "completion": ("completion", {"inference_id": ID, "input": "Hello"}),
    "ping": ("endpoint_ping", {"inference_id": ID}),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tls, str, str]:
    """Return a server certificate, the file of its CA, and its fingerprint."""
    folder = tmp_path_factory.mktemp("certificate")
    ca = trustme.CA()
    issued = ca.issue_cert("127.0.0.1")
    server, authority = folder / "server.pem", folder / "ca.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(server))
    ca.cert_pem.write_to_path(str(authority))
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    return Tls(str(server), str(server)), str(authority), hashlib.sha256(der).hexdigest()


@pytest.fixture
def server(certificate: tuple[Tls, str, str]) -> Iterator[Simulator]:
    with Simulator(tls=certificate[0]) as simulator:
        yield simulator


@pytest.fixture(params=["direct", "proxy"], autouse=True)
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy | None]:
    if request.param == "direct":
        yield None
        return
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        yield proxy
        assert proxy.requests


def run(what: str, url: str | list[str], *, check: bool = False, **connection: Any) -> Run:
    name, options = RUNS[what]
    connection = {"elasticsearch_url": url, "elasticsearch_api_key": ELASTICSEARCH_KEY, "retries": 0, **connection}
    return run_module(name, {**options, **connection}, check=check)


@pytest.mark.parametrize("with_ca", [False, True])
@pytest.mark.parametrize(("what", "check"), [*((what, False) for what in RUNS), ("one endpoint", True), ("list", True)])
def test_wrong_fingerprint_prevents_every_request(
    server: Simulator, certificate: tuple[Tls, str, str], what: str, check: bool, with_ca: bool
) -> None:
    seed(server)
    authority = {"ca_path": certificate[1]} if with_ca else {}
    failed = run(what, server.url, check=check, ca_fingerprint=WRONG, **authority)
    assert "Fingerprints did not match" in failed["msg"]
    assert server.requests == []


def test_wrong_fingerprint_of_the_second_node_prevents_every_request(server: Simulator) -> None:
    down = "https://127.0.0.1:9"
    failed = run("one endpoint", [down, server.url], ca_fingerprint=WRONG)
    assert failed.failed
    assert server.requests == []


@pytest.mark.parametrize("retries", [0, 2])
def test_right_fingerprint_is_accepted_behind_a_proxy(
    server: Simulator, certificate: tuple[Tls, str, str], retries: int
) -> None:
    created = run("one endpoint", server.url, ca_fingerprint=certificate[2], retries=retries)
    assert created["endpoint"] == STORED
    assert server.endpoints[ID].secret == KEY
    assert run("list", server.url, ca_fingerprint=certificate[2], ca_path=certificate[1])["changed"] is False


def test_only_the_right_ca_is_accepted_behind_a_proxy(
    server: Simulator, certificate: tuple[Tls, str, str], tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    assert "CERTIFICATE_VERIFY_FAILED" in run("one endpoint", server.url, ca_path=str(other))["msg"]
    assert server.requests == []
    assert run("one endpoint", server.url, ca_path=certificate[1])["action"] == "created"
