# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enforce a pinned fingerprint, in the same way on a direct connection and through a proxy.

Only runs that pin a fingerprint load this file. Private to the collection.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Mapping
from urllib.parse import urlsplit

try:
    import requests
    import urllib3
    from requests.adapters import BaseAdapter, HTTPAdapter
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPSConnectionPool
except ImportError:
    # The client does not begin without them. So that the classes below can be defined.
    BaseAdapter = HTTPAdapter = HTTPSConnection = HTTPSConnectionPool = object  # type: ignore[assignment,misc]

#: The form in which C(_ssl) returns a certificate before Python 3.13.
_DER = 2


class PinnedAdapter(BaseAdapter):
    """Connects only to nodes that show the pinned certificate.

    :param fingerprint: SHA-256, 64 lowercase hexadecimal digits.
    :param options: of C(HTTPAdapter).
    """

    def __init__(self, fingerprint: str, **options: Any) -> None:
        super().__init__()
        self._fingerprint = fingerprint
        self._options = options
        self._nodes: dict[str, _NodeAdapter] = {}
        self._adding = threading.Lock()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        node = urlsplit(str(request.url)).netloc
        with self._adding:
            if node not in self._nodes:
                self._nodes[node] = _NodeAdapter(self._fingerprint, **self._options)
        return self._nodes[node].send(request, *args, **kwargs)

    def close(self) -> None:
        for adapter in self._nodes.values():
            adapter.close()


class _NodeAdapter(HTTPAdapter):
    """Connects to one node, and only if it shows the pinned certificate.

    The fingerprint is that of the node's own certificate, which urllib3 compares, or that of a CA which the node sends
    along with it. Then that CA becomes the only trusted one, and the host name is verified, too. Before the first
    request, a connection over the same path shows which of both it is. Nothing is sent over that connection.
    """

    def __init__(self, fingerprint: str, **kwargs: Any) -> None:
        self._fingerprint = fingerprint
        self._pool_options: dict[str, Any] = {"assert_fingerprint": fingerprint}
        self._init_options = kwargs
        self._ca: tempfile.TemporaryDirectory[str] | None = None
        self._is_decided = False
        self._deciding = threading.Lock()
        super().__init__(**kwargs)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **self._pool_options, **kwargs)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """Pass the options of the pool on, which requests does only for direct connections."""
        return super().proxy_manager_for(proxy, **self._pool_options, **kwargs)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        with self._deciding:
            if not self._is_decided:
                self._decide(str(request.url), kwargs)
        if self._ca is not None:
            kwargs["verify"] = str(_ca_file(self._ca))
        return super().send(request, *args, **kwargs)

    def close(self) -> None:
        super().close()
        if self._ca is not None:
            self._ca.cleanup()

    def _decide(self, url: str, sending: Mapping[str, Any]) -> None:
        """Find out whether the fingerprint is that of a CA.

        :param sending: how C(send) was called: proxies, timeout, verify and client certificate.
        :raises OSError: if the node cannot be reached, as C(send) does.
        """
        for certificate in _shown_chain(url, self._init_options, sending)[1:]:
            if hashlib.sha256(certificate).hexdigest() == self._fingerprint:
                self._trust_only(certificate)
        self._is_decided = True

    def _trust_only(self, certificate: bytes) -> None:
        self._ca = tempfile.TemporaryDirectory()
        _ca_file(self._ca).write_text(ssl.DER_cert_to_PEM_cert(certificate), encoding="ascii")
        self._pool_options = {"ssl_context": _lenient_context()}
        self.init_poolmanager(self._pool_connections, self._pool_maxsize, block=self._pool_block)  # type: ignore[attr-defined]
        self.proxy_manager = {}


class _Shown(Exception):
    """The handshake is done.

    :ivar chain: the certificates of the node in DER form, its own first.
    """

    def __init__(self, chain: list[bytes]) -> None:
        super().__init__()
        self.chain = chain


class _ShowingConnection(HTTPSConnection):
    """Ends with the handshake, before anything is sent.

    :raises _Shown: as soon as the handshake is done.
    """

    def connect(self) -> None:
        super().connect()
        raise _Shown(_chain(self.sock))


class _ShowingPool(HTTPSConnectionPool):
    ConnectionCls = _ShowingConnection


class _ShowingAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _ShowingPool}

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _ShowingPool}
        return manager


def _shown_chain(url: str, init_options: Mapping[str, Any], sending: Mapping[str, Any]) -> list[bytes]:
    """Return the certificates of a node in DER form, its own first.

    :raises OSError: if the node cannot be reached, as C(send) of an adapter does.
    """
    adapter = _ShowingAdapter(**init_options)
    try:
        # A request of its own, without a secret, in case the connection does not end with the handshake.
        adapter.send(requests.Request("GET", url.partition("?")[0]).prepare(), **sending)
    except _Shown as shown:
        return shown.chain
    finally:
        adapter.close()
    return []


def _chain(sock: Any) -> list[bytes]:
    """Return the certificates that the other side sent, unverified; none on Python before 3.10."""
    # Within the TLS of a proxy, urllib3 has an object of its own around that of Python.
    sock = getattr(sock, "sslobj", sock)
    if sys.version_info >= (3, 13):
        return list(sock.get_unverified_chain())
    inner = getattr(sock, "_sslobj", None)
    if not hasattr(inner, "get_unverified_chain"):
        return []
    return [certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain()]


def _lenient_context() -> ssl.SSLContext:
    """Return a context for a CA that is trusted by its fingerprint.

    Python 3.13 rejects a CA without keyUsage, as Elasticsearch's own tools create them. The fingerprint leaves no doubt
    which CA is meant, so its form does not matter. The CA may be an intermediate one.
    """
    context = urllib3.util.ssl_.create_urllib3_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if sys.version_info >= (3, 10):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _ca_file(folder: tempfile.TemporaryDirectory[str]) -> Path:
    return Path(folder.name, "ca.pem")
