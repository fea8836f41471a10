# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP client for one or several nodes of an Elasticsearch cluster.

This file does not depend on the inference API. It configures C(requests) and C(urllib3). Private to the collection.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, Generator, Mapping, NamedTuple, TypeVar
from urllib.parse import urlencode

from .errors import ClientError, ConnectionLost, TlsFailed, Unreachable
from .json_text import parse_json
from .retries import BudgetedRetry, RetryBudget, make_retry, send_with_retries, should_try_next_node

if TYPE_CHECKING:
    from .connection import Connection
    from .diagnosis import ErrorFactory
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

#: Maximum number of seconds to establish a connection. It is a part of the timeout of a request.
CONNECT_TIMEOUT = 10.0

#: Maximum number of open connections to one node.
MAX_CONNECTIONS = 64


class Request(NamedTuple):
    """A request that can be sent to any node.

    :ivar target: the path and the query string.
    :ivar data: the body, or None.
    :ivar privilege: the required cluster privilege, for a hint. Empty if it is not known.
    """

    method: str
    target: str
    data: bytes | None
    privilege: str


class Client:
    """A thread-safe session with a cluster.

    :param redact: hides secrets in a string. Everything that is reported about a request passes through it.
    :ivar timeout: seconds for one request.
    :ivar retry_budget: shared by all requests of the task.
    :ivar skipped_nodes: error messages of nodes that were skipped because of a TLS error, by node.
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
        self.retry_budget = RetryBudget(connection.timeout)
        has_several = len(self._nodes) > 1
        # With several nodes, a retry goes to the next node. urllib3 therefore retries only with a single node.
        self._retry = make_retry(connection.retries, self.retry_budget) if has_several else None
        retries_of_urllib3 = 0 if has_several else connection.retries
        self._session = _make_session(connection, make_retry(retries_of_urllib3, self.retry_budget))
        self.skipped_nodes: dict[str, str] = {}
        if self._verify is False:
            # Either the user disabled the verification, or a pinned certificate is verified without a CA.
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
        """Send a request and return the JSON object or list in its response.

        :param path: starts with a slash. Its segments are already quoted.
        :param retried: whether the same request was sent before.
        :param privilege: the required cluster privilege, for the hint if it is missing.
        :raises ClientError: if the response is missing, is an error, or does not contain JSON.
        """
        request = _make_request(method, path, params, body, privilege)
        response = self.send(request)
        content = parse_json(response.content)
        if response.status_code >= 300 or not isinstance(content, (dict, list)):
            raise self.error_factory(request).from_response(response, content, retried)
        return content

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
        """Send a request as C(request) does, and retry it after temporary errors with any status.

        :param least_retries: minimum number of retries, even if the connection allows fewer.
        :raises ClientError: the last error.
        """
        return self.retry(
            lambda retried: self.request(method, path, params, body, retried=retried, privilege=privilege),
            least_retries,
        )

    def retry(self, send: Callable[[bool], _Response], least_retries: int = 0) -> _Response:
        """Call a function that sends a request, and retry it as C(request_with_retries) does.

        :param send: receives whether the request was sent before.
        """
        return send_with_retries(send, max(self._retries, least_retries), self.retry_budget)

    def stream_events(self, path: str, params: Mapping[str, str], body: Any) -> Generator[Event, None, None]:
        """Send a POST request and yield the server-sent events of its response as they arrive.

        :raises ClientError: during iteration, if the response is not a stream, is cut off, or contains an error.
        """
        from .event_stream import stream_events  # noqa: PLC0415

        return stream_events(self, _make_request("POST", path, params, body, ""))

    def error_factory(self, request: Request) -> ErrorFactory:
        """Return the factory for the errors of a request."""
        # Imported lazily, because most runs do not fail.
        from .diagnosis import ErrorFactory  # noqa: PLC0415

        return ErrorFactory(request.method, request.target, self._redact, request.privilege)

    def send(self, request: Request, stream: bool = False) -> requests.Response:
        """Send a request to the first node that can execute it.

        If no node can execute it, retry all nodes after a pause.

        :param stream: whether to return before the body of the response has arrived.
        :raises ClientError: if the response is missing or incomplete.
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
        """Send a request to the nodes in order. The node that executes it becomes the first one for the next request.

        :returns: if no node executes the request, the last error response.
        """
        failures: list[ClientError] = []
        failed_response: requests.Response | None = None
        for node in list(self._nodes):
            try:
                response = self._send_to(node, request, stream)
            except (Unreachable, TlsFailed, ConnectionLost) as error:
                # A write must not be sent to another node while its result on this node is unknown.
                if error.sent and request.method != "GET":
                    raise
                failures.append(error)
                if isinstance(error, TlsFailed):
                    self.skipped_nodes[node] = error.problem
                continue
            if failed_response is not None:
                failed_response.close()
            if len(self._nodes) == 1 or not should_try_next_node(request.method, response.status_code):
                self._prefer(node)
                return response
            self.retry_budget.count_retry(f"status {response.status_code} from {node}")
            failed_response = response
        if failed_response is None:
            raise _combine_errors(failures)
        return failed_response

    def _prefer(self, node: str) -> None:
        if node != self._nodes[0]:
            self._nodes = [node, *(other for other in self._nodes if other != node)]

    def _send_to(self, node: str, request: Request, stream: bool) -> requests.Response:
        try:
            return self._session.request(
                request.method,
                node + request.target,
                data=request.data,
                # Passed with each request, because REQUESTS_CA_BUNDLE would override the value of the session.
                verify=self._verify,
                timeout=(min(self.timeout, CONNECT_TIMEOUT), self.timeout),
                allow_redirects=False,
                stream=stream,
            )
        # Not only errors of requests: certificate files cause an OSError, host names an error of urllib3.
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise self.error_factory(request).from_transport(error, node, self.timeout) from None


def _make_session(connection: Connection, retry: BudgetedRetry) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": f"ansible-esops.inference/{VERSION}"})
    session.headers["Content-Type"] = "application/json"
    session.headers.update(connection.headers)
    session.auth = connection.auth
    if connection.client_cert:
        # The key file is always set. Otherwise, OpenSSL would prompt on the terminal for the passphrase of the key.
        session.cert = (connection.client_cert, connection.client_key or connection.client_cert)
    # One connection for each possible thread. They are opened on demand.
    options: dict[str, Any] = {"max_retries": retry, "pool_maxsize": MAX_CONNECTIONS}
    plain = HTTPAdapter(**options)
    session.mount("http://", plain)
    session.mount("https://", plain)
    if connection.ca_fingerprint or not connection.validate_certs:
        # Imported lazily, because most runs verify certificates with a CA.
        from .tls import AdapterWithoutCas, PinnedAdapter  # noqa: PLC0415

        pinned = connection.ca_fingerprint
        session.mount("https://", PinnedAdapter(pinned, **options) if pinned else AdapterWithoutCas(**options))
    return session


def _make_request(
    method: str, path: str, params: Mapping[str, str] | None, body: Any | None, privilege: str
) -> Request:
    target = f"{path}?{urlencode(params)}" if params else path
    data = None if body is None else json.dumps(body, allow_nan=False).encode()
    return Request(method, target, data, privilege)


def _combine_errors(failures: list[ClientError]) -> ClientError:
    """Combine the errors of all nodes into one error."""
    first = failures[0]
    if len(failures) == 1:
        return first
    kind = ConnectionLost if any(error.sent for error in failures) else type(first)
    return kind(" ".join(error.problem for error in failures), first.method, first.path, first.hint)
