# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send requests to Elasticsearch: one session, over one or several nodes.

It knows nothing of inference. C(requests) and C(urllib3) do the work; this file decides how they are used.
Private to the collection.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, Generator, Mapping, NamedTuple, TypeVar
from urllib.parse import urlencode

from .errors import ClientError, ConnectionLost, TlsFailed, Unreachable
from .json_text import parse_json
from .retries import Patience, PatientRetry, goes_to_another_node, make_retry, send_with_retries

if TYPE_CHECKING:
    from .connection import Connection
    from .diagnosis import Diagnosis
    from .redaction import Redactor
    from .server_sent_events import Event

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter

    REQUESTS_IMPORT_ERROR: ImportError | None = None
except ImportError as error:
    REQUESTS_IMPORT_ERROR = error

_Response = TypeVar("_Response")

VERSION = "0.1.0"

#: The most seconds of a request's timeout that establishing a connection takes.
CONNECT_TIMEOUT = 10.0

#: The most connections to one node that are kept open.
MOST_CONNECTIONS = 64


class Request(NamedTuple):
    """A request as it is sent to any node.

    :ivar target: the path and the query.
    :ivar data: the body; None if there is none.
    :ivar privilege: the cluster privilege that it needs, for a hint; empty if that is not known.
    """

    method: str
    target: str
    data: bytes | None
    privilege: str


class Client:
    """One session with a cluster. Threads can share it.

    :param redact: hides the secrets in a text; all that is said about a request goes through it.
    :ivar timeout: seconds for one request.
    :ivar patience: what is left for requests that are sent again, and how often that happened.
    :ivar distrusted: nodes that were skipped because TLS with them failed, and how it failed.
    :raises ImportError: if C(requests) is not installed.
    """

    def __init__(self, connection: Connection, redact: Redactor) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise REQUESTS_IMPORT_ERROR
        self._nodes = list(connection.urls)
        self._redact = redact
        self.timeout = connection.timeout
        self._retries = connection.retries
        self._verify = connection.verify
        self.patience = Patience(connection.timeout)
        has_several = len(self._nodes) > 1
        # Several nodes are tried in turn before one of them is tried again: then each connection is tried once.
        self._retry = make_retry(connection.retries, self.patience) if has_several else None
        self._session = _make_session(connection, make_retry(0 if has_several else connection.retries, self.patience))
        self.distrusted: dict[str, str] = {}
        if self._verify is False:
            # The user disabled it, or a pinned certificate is verified without a CA.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any | None = None,
        *,
        retried: bool = False,
        privilege: str = "",
    ) -> Any:
        """Send a request and return the JSON of its response, an object or a list.

        :param path: begins with a slash; its parts are quoted already.
        :param retried: whether the same request was sent before.
        :param privilege: the cluster privilege that the request needs, for the hint of a refusal.
        :raises ClientError: if there is no such response.
        """
        request = _make_request(method, path, params, body, privilege)
        response = self.send(request)
        answer = parse_json(response.content)
        if response.status_code >= 300 or not isinstance(answer, (dict, list)):
            raise self.diagnosis(request).of_answer(response, answer, retried)
        return answer

    def request_with_retries(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any | None = None,
        *,
        least_retries: int = 0,
        privilege: str = "",
    ) -> Any:
        """Do the same as C(request), and retry it after errors that pass by themselves, whatever their status.

        :param least_retries: how many retries there are, even if the connection allows fewer.
        :raises ClientError: the last error.
        """
        return self.retrying(
            lambda retried: self.request(method, path, params, body, retried=retried, privilege=privilege),
            least_retries,
        )

    def retrying(self, send: Callable[[bool], _Response], least_retries: int = 0) -> _Response:
        """Call a function that sends a request, as C(request_with_retries) does.

        :param send: takes whether the request was sent before.
        """
        return send_with_retries(send, max(self._retries, least_retries), self.patience)

    def events(self, path: str, params: Mapping[str, str], body: Any) -> Generator[Event, None, None]:
        """Send a POST and return the server-sent events of its response, each as soon as it has arrived.

        :raises ClientError: while they are read, if the response is not a stream, breaks off or contains an error.
        """
        from .event_stream import events  # noqa: PLC0415

        return events(self, _make_request("POST", path, params, body, ""))

    def diagnosis(self, request: Request) -> Diagnosis:
        """Return what makes errors of a failed request."""
        # A run without a failure does not wait for this import.
        from .diagnosis import Diagnosis  # noqa: PLC0415

        return Diagnosis(request.method, request.target, self._redact, request.privilege)

    def send(self, request: Request, stream: bool = False) -> requests.Response:
        """Send a request to the first node that can carry it out.

        If none of several nodes can, all of them are tried again after a pause.

        :param stream: whether to return before the body of the response is there.
        :raises ClientError: if there is no response, or only a part of one.
        """
        retry = self._retry
        while True:
            response = self._send_to_any(request, stream)
            if retry is None or not retry.is_retry(request.method, response.status_code):
                return response
            try:
                retry = retry.increment(request.method, request.target, response=response.raw, _pool=None)
            except urllib3.exceptions.MaxRetryError:
                return response
            finally:
                response.raw.retries = retry
            retry.sleep(response.raw)

    def _send_to_any(self, request: Request, stream: bool) -> requests.Response:
        """Try the nodes in order. The one that responds is the first to be tried next time.

        :returns: the last response of a node that cannot carry it out, if no node can.
        """
        failures: list[ClientError] = []
        sick: requests.Response | None = None
        for node in list(self._nodes):
            try:
                response = self._send_to(node, request, stream)
            except (Unreachable, TlsFailed, ConnectionLost) as error:
                # What a write did to one node must be known before it is sent to another.
                if error.sent and request.method != "GET":
                    raise
                failures.append(error)
                if isinstance(error, TlsFailed):
                    self.distrusted[node] = error.problem
                continue
            if sick is not None:
                sick.close()
            if len(self._nodes) == 1 or not goes_to_another_node(request.method, response.status_code):
                self._prefer(node)
                return response
            self.patience.sent_again(f"status {response.status_code} from {node}")
            sick = response
        if sick is None:
            raise _combine(failures)
        return sick

    def _prefer(self, node: str) -> None:
        if node != self._nodes[0]:
            self._nodes = [node, *(other for other in self._nodes if other != node)]

    def _send_to(self, node: str, request: Request, stream: bool) -> requests.Response:
        try:
            return self._session.request(
                request.method,
                node + request.target,
                data=request.data,
                # With each request, or REQUESTS_CA_BUNDLE of the environment would take its place.
                verify=self._verify,
                timeout=(min(self.timeout, CONNECT_TIMEOUT), self.timeout),
                allow_redirects=False,
                stream=stream,
            )
        # Not all errors are those of requests: an OSError is about certificate files, others about host names.
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise self.diagnosis(request).of_transport(error, node, self.timeout) from None


def _make_session(connection: Connection, retry: PatientRetry) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": f"ansible-esops.inference/{VERSION}"})
    session.headers["Content-Type"] = "application/json"
    session.headers.update(connection.headers)
    session.auth = connection.auth
    if connection.client_cert:
        # Named as the key's file, too, so that urllib3 looks for a passphrase before OpenSSL asks the terminal for it.
        session.cert = (connection.client_cert, connection.client_key or connection.client_cert)
    # Room for as many connections as there may be threads; each is opened when it is needed.
    options: dict[str, Any] = {"max_retries": retry, "pool_maxsize": MOST_CONNECTIONS}
    plain = HTTPAdapter(**options)
    session.mount("http://", plain)
    session.mount("https://", plain)
    if connection.ca_fingerprint:
        # Only runs that pin a fingerprint wait for this import.
        from .tls import PinnedAdapter  # noqa: PLC0415

        session.mount("https://", PinnedAdapter(connection.ca_fingerprint, **options))
    return session


def _make_request(
    method: str, path: str, params: Mapping[str, str] | None, body: Any | None, privilege: str
) -> Request:
    target = f"{path}?{urlencode(params)}" if params else path
    data = None if body is None else json.dumps(body, allow_nan=False).encode()
    return Request(method, target, data, privilege)


def _combine(failures: list[ClientError]) -> ClientError:
    """Return the error of a request that no node took, out of those of the nodes."""
    first = failures[0]
    if len(failures) == 1:
        return first
    kind = ConnectionLost if any(error.sent for error in failures) else type(first)
    return kind(" ".join(error.problem for error in failures), first.method, first.path, first.hint)
