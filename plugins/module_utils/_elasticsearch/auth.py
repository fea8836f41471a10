# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication methods: the credentials of each, the header that it sends, and what is secret about it.

A new method is a class here, a line in C(METHODS), and the options of its parameters. Private to the collection.
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
    # The client does not start without requests. This only lets the class below be defined.
    AuthBase = object  # type: ignore[assignment,misc]


class Auth(AuthBase):
    """No authentication, and the base class of each method.

    As the C(auth) object of a session, it keeps requests from replacing the header by a login of C(.netrc).

    :cvar parameters: the names of the parameters of the constructor, all of them texts.
    :cvar forms: what its key can be mistaken for (C(key_problem)); None if its credentials have no form.
    """

    parameters: ClassVar[tuple[str, ...]] = ()
    forms: ClassVar[Mapping[str, str] | None] = None

    def __init__(self, *credentials: str) -> None:
        pass

    @property
    def header(self) -> str | None:
        """The value of the header C(Authorization), or None to send no such header."""
        return None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must not be shown; their encoded forms are left to C(Redactor)."""
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
        """Return the name of the method, without its credentials."""
        return f"{type(self).__name__}()"


class Basic(Auth):
    """A user name and a password."""

    parameters = ("username", "password")

    def __init__(self, username: str, password: str = "") -> None:
        self._login = f"{username}:{password}"
        self._password = password

    @property
    def header(self) -> str:
        return "Basic " + _base64(self._login)

    @property
    def secrets(self) -> tuple[str, ...]:
        return self._password, self._login


class ApiKey(Auth):
    """An API key.

    :param api_key: its encoded form, or C(id:secret).
    """

    parameters = ("api_key",)
    forms = ELASTICSEARCH_KEY

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    @property
    def header(self) -> str:
        return "ApiKey " + (_base64(self._api_key) if ":" in self._api_key else self._api_key)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._api_key,)


class BearerToken(Auth):
    """A token of the token service or of a service account, or a JWT."""

    parameters = ("bearer_token",)
    forms = ELASTICSEARCH_TOKEN

    def __init__(self, bearer_token: str) -> None:
        self._bearer_token = bearer_token

    @property
    def header(self) -> str:
        return "Bearer " + self._bearer_token

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._bearer_token,)


#: Every method. Only one of them is used.
METHODS: tuple[type[Auth], ...] = (Basic, ApiKey, BearerToken)


def choose_auth(credentials: Mapping[str, str]) -> Auth:
    """Return the first method for which there are all credentials, or no authentication if there is none.

    :param credentials: by the names of the C(parameters).
    """
    for method in METHODS:
        if all(name in credentials for name in method.parameters):
            return method(*(credentials[name] for name in method.parameters))
    return Auth()


def _base64(text: str) -> str:
    # As UTF-8, which is what Elasticsearch reads; requests would use Latin-1.
    return base64.b64encode(text.encode()).decode()
