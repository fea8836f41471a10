# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication methods, each with its credentials, its request header, and its secrets.

To add a method, add a class, an entry in C(METHODS), and the options of its parameters. Private to the collection.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, ClassVar, Mapping

from .keys import ELASTICSEARCH_KEY, ELASTICSEARCH_TOKEN

if TYPE_CHECKING:
    import requests

try:
    from requests.auth import AuthBase
except ImportError:
    # Only needed to define the class below. The client does not start without requests.
    AuthBase = object  # type: ignore[assignment,misc]


class Auth(AuthBase):
    """Base class of the authentication methods. It sends no credentials.

    As the C(auth) object of a session, it prevents requests from replacing the header with credentials from C(.netrc).

    :cvar parameters: names of the constructor parameters, all of them strings.
    :cvar key_hints: hints for keys in a wrong form (C(find_key_error)), or None if the key has no fixed form.
    """

    parameters: ClassVar[tuple[str, ...]] = ()
    key_hints: ClassVar[Mapping[str, str] | None] = None

    def __init__(self, *credentials: str) -> None:
        pass

    @property
    def header(self) -> str | None:
        """Return the value of the header C(Authorization), or None to omit the header."""
        return None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the strings to hide. C(Redactor) adds their encoded forms."""
        return ()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        header = self.header
        if header is not None:
            request.headers["Authorization"] = header
        return request

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        """Return the name of the method without its credentials."""
        return f"{type(self).__name__}()"


class Basic(Auth):
    """Basic authentication with a user name and a password."""

    parameters = ("username", "password")

    def __init__(self, username: str, password: str = "") -> None:
        self._login = f"{username}:{password}"
        self._password = password

    @property
    def header(self) -> str:
        return "Basic " + _encode_base64(self._login)

    @property
    def secrets(self) -> tuple[str, ...]:
        return self._password, self._login


class ApiKey(Auth):
    """Authentication with an Elasticsearch API key.

    :param api_key: the encoded key, or C(id:secret).
    """

    parameters = ("api_key",)
    key_hints = ELASTICSEARCH_KEY

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    @property
    def header(self) -> str:
        return "ApiKey " + (_encode_base64(self._api_key) if ":" in self._api_key else self._api_key)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._api_key,)


class BearerToken(Auth):
    """Authentication with a token of the token service, a service account token, or a JWT."""

    parameters = ("bearer_token",)
    key_hints = ELASTICSEARCH_TOKEN

    def __init__(self, bearer_token: str) -> None:
        self._bearer_token = bearer_token

    @property
    def header(self) -> str:
        return "Bearer " + self._bearer_token

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._bearer_token,)


#: All methods. A connection uses only one of them.
METHODS: tuple[type[Auth], ...] = (Basic, ApiKey, BearerToken)


def choose_auth(credentials: Mapping[str, str]) -> Auth:
    """Return the first method whose credentials are complete, or C(Auth) if none is complete.

    :param credentials: values by parameter name.
    """
    for method in METHODS:
        if all(name in credentials for name in method.parameters):
            return method(*(credentials[name] for name in method.parameters))
    return Auth()


def _encode_base64(text: str) -> str:
    # Elasticsearch expects UTF-8, whereas requests would encode as Latin-1.
    return base64.b64encode(text.encode()).decode()
