# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a cluster: plain HTTP, without secrets in any text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from .expectations import Contradiction, Error, Expected, NotTestable, Success, shortened

CONNECT_SECONDS = 10
#: Longer than the 120 seconds that a server waits for its provider.
READ_SECONDS = 150
HIDDEN = "********"
PRODUCT = "X-elastic-product"
BUSY = frozenset({429, 502, 503, 504})
VALIDATION_FAILED = "Could not complete inference endpoint creation as validation call to service threw an exception."


class NoCredentials(AuthBase):
    """Send no credentials. Without it, requests reads them from .netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request unchanged."""
        return request


@dataclass(frozen=True)
class ApiKey(AuthBase):
    """An Elasticsearch API key in its encoded form."""

    encoded: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the key to the request."""
        request.headers["Authorization"] = f"ApiKey {self.encoded}"
        return request


class Secrets:
    """Strings that no report shows."""

    def __init__(self, *texts: str | None) -> None:
        self._texts = {text for text in texts if text}

    def add(self, *texts: str) -> None:
        """Hide these strings from now on."""
        self._texts.update(text for text in texts if text)

    def hide(self, text: str) -> str:
        """Return the text with all secrets replaced, the longest first, because one can contain another."""
        for secret in sorted(self._texts, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


@dataclass(frozen=True)
class Answer:
    """The response to one request."""

    request: str
    status: int
    headers: Mapping[str, str]
    text: str
    secrets: Secrets = field(repr=False)

    @cached_property
    def body(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def from_elasticsearch(self) -> bool:
        """Return whether the response comes from Elasticsearch, not from a proxy."""
        return self.headers.get(PRODUCT) == "Elasticsearch"

    @property
    def unauthorized(self) -> bool:
        """Return whether the user lacks the privilege, so that the request was not executed."""
        return self.status in (401, 403) and self.error.get("type") == "security_exception"

    @property
    def error(self) -> dict[str, Any]:
        """The error in the body. Empty without an error, or if the error is a string."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error if isinstance(error, dict) else {}

    @property
    def provider_failure(self) -> str | None:
        """The reason why the call to the provider failed, or None."""
        if self.error.get("reason") != VALIDATION_FAILED:
            return None
        cause = self.error.get("caused_by")
        return str(cause.get("reason")) if isinstance(cause, dict) else "the server does not report the cause"

    def expect(self, expected: Expected) -> Answer:
        """Compare the response with the reference. Raises Contradiction, and NotTestable."""
        if not expected.matches(self.status, self.body):
            if isinstance(expected, Success) and self.provider_failure:
                raise NotTestable(self.secrets.hide(f"the call to the provider failed: {self.provider_failure}"))
            raise self._contradiction(str(expected))
        return self

    def expect_rejection_by_provider(self, status: int = 401) -> Answer:
        """Compare the response with the rejection of a validation call. Raises Contradiction, and NotTestable."""
        if self.provider_failure is not None and "status [" not in self.provider_failure:
            raise NotTestable(self.secrets.hide(f"the cluster does not reach the provider: {self.provider_failure}"))
        return self.expect(Error(400, "status_exception", VALIDATION_FAILED, cause=f"…status [{status}]…"))

    def require(self, condition: bool, expected: str) -> None:
        """Verify a condition, which the text describes. Raises Contradiction."""
        if not condition:
            raise self._contradiction(expected)

    def _contradiction(self, expected: str) -> Contradiction:
        observed = f"{self.status} {shortened(self.text)}"
        hide = self.secrets.hide
        return Contradiction(hide(self.request), hide(expected), hide(observed))


class Connection:
    """An HTTP session with one node. Redirects are not followed, and .netrc is not read."""

    def __init__(
        self, url: str, credentials: AuthBase | None = None, ca_path: str | None = None, secrets: Secrets | None = None
    ) -> None:
        parts = urlsplit(url)
        self.secrets = secrets or Secrets()
        if parts.password:
            user, password = unquote(parts.username or ""), unquote(parts.password)
            self.secrets.add(parts.password, password)
            credentials = credentials or HTTPBasicAuth(user, password)
        host = parts.netloc.rpartition("@")[2]
        self.url = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._credentials = credentials or NoCredentials()
        self._verify: str | bool = ca_path or True
        self._session = requests.Session()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Connection:
        """Read the address and the credentials in the same way as the modules. Raises ValueError."""
        value = {name: environment.get(f"ELASTICSEARCH_{name}") or None for name in _VARIABLES}
        if value["URL"] is None:
            raise ValueError("set ELASTICSEARCH_URL")
        credentials: AuthBase | None = None
        if value["API_KEY"]:
            credentials = ApiKey(value["API_KEY"])
        elif value["USERNAME"]:
            credentials = HTTPBasicAuth(value["USERNAME"], value["PASSWORD"] or "")
        secrets = Secrets(value["API_KEY"], value["PASSWORD"], environment.get("ANTHROPIC_API_KEY"))
        return cls(value["URL"].split(",")[0].strip(), credentials, value["CA_PATH"], secrets)

    def close(self) -> None:
        """Close the session."""
        self._session.close()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        parameters: Mapping[str, str] | None = None,
        credentials: AuthBase | None = None,
    ) -> Answer:
        """Send one request. Raises NotTestable if there is no response."""
        try:
            response = self._session.request(
                method,
                self.url + path,
                params=parameters,
                json=body,
                auth=credentials or self._credentials,
                verify=self._verify,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise NotTestable(self.secrets.hide(f"no response to {method} {path}: {error}")) from None
        query = response.request.path_url.partition("?")[2]
        request = f"{method} {path}{'?' if query else ''}{query}"
        return Answer(request, response.status_code, response.headers, response.text, self.secrets)


_VARIABLES = ("URL", "API_KEY", "USERNAME", "PASSWORD", "CA_PATH")
