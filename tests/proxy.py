# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy for tests: tunnels (CONNECT, RFC 9110) and plain requests, on 127.0.0.1.

with Proxy() as proxy:
    ...  # set HTTPS_PROXY to proxy.url, look at proxy.requests
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from urllib.parse import urlsplit


class Proxy:
    """A proxy that listens within a `with` block.

    `tls`: serve https with this context. `login`: "user:password" that clients must send.
    `requests`: the request line of each request, in the order of arrival.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, login: str | None = None) -> None:
        self.requests: list[str] = []
        self.tls = tls
        self.expected = f"Basic {base64.b64encode(login.encode()).decode()}" if login else None
        self._login = login
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Return the address with the login, as a value for HTTPS_PROXY."""
        user = f"{self._login}@" if self._login else ""
        return f"{'https' if self.tls else 'http'}://{user}127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that go away, which tests of failing handshakes do."""


class _Connection(StreamRequestHandler):
    server: _Server

    def setup(self) -> None:
        if self.server.proxy.tls:
            self.request = self.server.proxy.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def handle(self) -> None:
        line, headers = self._head()
        method, target, _version = line.split(" ")
        proxy = self.server.proxy
        proxy.requests.append(f"{method} {target}")
        if proxy.expected not in (None, headers.get("proxy-authorization")):
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        elif method == "CONNECT":
            self._tunnel(target)
        else:
            self._forward(method, target, headers)

    def _head(self) -> tuple[str, dict[str, str]]:
        line, *fields = [raw.decode("latin-1").rstrip("\r\n") for raw in iter(self.rfile.readline, b"\r\n")]
        pairs = [field.partition(":") for field in fields]
        return line, {name.lower(): value.strip() for name, _colon, value in pairs}

    def _tunnel(self, target: str) -> None:
        host, _colon, port = target.rpartition(":")
        try:
            upstream = socket.create_connection((host, int(port)), timeout=10)
        except OSError:
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            return
        with upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._relay(upstream)

    def _forward(self, method: str, target: str, headers: dict[str, str]) -> None:
        """Forward one plain request, and close the connection after its response."""
        url = urlsplit(target)
        body = self.rfile.read(int(headers.get("content-length", "0")))
        kept = {name: value for name, value in headers.items() if not name.startswith("proxy-")}
        lines = [f"{method} {target.partition(url.netloc)[2] or '/'} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in {**kept, "connection": "close"}.items()]
        with socket.create_connection((url.hostname or "", url.port or 80), timeout=10) as upstream:
            upstream.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            response = b""
            with contextlib.suppress(OSError):
                while chunk := upstream.recv(65536):
                    response += chunk
        # Clients must not send their next request over this connection.
        self.wfile.write(response.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))

    def _relay(self, upstream: socket.socket) -> None:
        sender = threading.Thread(target=self._copy, args=(self.connection, upstream), daemon=True)
        sender.start()
        self._copy(upstream, self.connection)
        sender.join(timeout=10)

    @staticmethod
    def _copy(source: socket.socket, destination: socket.socket) -> None:
        """Copy until one side closes, then close the other."""
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                destination.sendall(chunk)
        with contextlib.suppress(OSError):
            destination.shutdown(socket.SHUT_RDWR)
