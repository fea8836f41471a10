# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.simulator import Fault, Simulator, Tls
from tests.unit.simulator.calls import call


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return str(folder / "certificate.pem"), str(folder / "key.pem"), str(folder / "ca.pem")


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def server(files: tuple[str, str, str]) -> Iterator[Simulator]:
    with Simulator(tls=Tls(files[0], files[1])) as simulator:
        yield simulator


def test_https_request_succeeds(server: Simulator, trusting: ssl.SSLContext) -> None:
    assert server.url == f"https://127.0.0.1:{server.port}"
    assert call(server, "GET", "/", context=trusting).status == 200


def test_https_response_is_not_compressed(server: Simulator, trusting: ssl.SSLContext) -> None:
    reply = call(server, "GET", "/", headers={"Accept-Encoding": "gzip"}, context=trusting)
    assert "content-encoding" not in reply.headers
    assert reply.json["tagline"]


def test_untrusted_certificate_fails_the_request(server: Simulator) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        call(server, "GET", "/", context=ssl.create_default_context())
    assert server.requests == []


def test_plain_http_on_tls_port_fails(server: Simulator, trusting: ssl.SSLContext) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on who closes first
        call(server, "GET", "/")
    assert call(server, "GET", "/", context=trusting).status == 200


def test_reset_fault_works_with_tls(server: Simulator, trusting: ssl.SSLContext) -> None:
    server.faults.add(Fault("reset_before"))

    with pytest.raises(ConnectionResetError):
        call(server, "GET", "/", context=trusting)


def test_client_certificate_can_be_required(
    files: tuple[str, str, str], authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    with Simulator(tls=Tls(*files)) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            call(server, "GET", "/", context=trusting)
        authority.issue_cert("client.example").configure_cert(trusting)

        assert call(server, "GET", "/", context=trusting).status == 200
        assert server.requests == ["GET /"]


def test_invalid_certificate_files_are_reported_at_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Simulator(tls=Tls(str(tmp_path / "none"), str(tmp_path / "none"))).start()
