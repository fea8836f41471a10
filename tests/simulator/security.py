# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication and cluster privileges (`elasticsearch.md`, "Requests").

The module `privileges` contains index privileges.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from .errors import ApiError
from .messages import Request
from .privileges import OnIndices

# Each privilege with the wider privileges that include it, in the order of the server.
GRANTED_BY = {
    "monitor_inference": ("monitor_inference", "manage_inference", "manage", "all"),
    "manage_inference": ("manage_inference", "manage", "all"),
    "monitor": ("monitor", "manage", "all"),
    "monitor_ml": ("monitor_ml", "manage_ml", "manage", "all"),
    "manage_ml": ("manage_ml", "manage", "all"),
    "manage": ("manage", "all"),
    "all": ("all",),
}
PRIVILEGES = frozenset(name for names in GRANTED_BY.values() for name in names)
Granted = Collection[str | OnIndices]
CHALLENGES = ('Basic realm="security", charset="UTF-8"', 'Bearer realm="security"', "ApiKey")


@dataclass(frozen=True)
class Identity:
    """The sender of a request, as named in error messages, with its privileges."""

    name: str
    words: str
    privileges: frozenset[str]
    on_indices: tuple[OnIndices, ...] = ()

    @classmethod
    def of(cls, name: str, words: str, granted: Granted) -> Identity:
        """Split the granted privileges into cluster and index privileges."""
        on_indices = tuple(one for one in granted if isinstance(one, OnIndices))
        return cls(name, words, frozenset(one for one in granted if isinstance(one, str)), on_indices)


@dataclass(frozen=True)
class Security:
    """The accounts of the cluster: each credential with its privileges.

    `users`: name -> (password, privileges); `api_keys`: "id:secret" -> privileges;
    `bearer_tokens`: token -> privileges. A privilege is the name of a cluster privilege, or `OnIndices`. As in the
    server, the cluster privilege "all" includes no index privilege. Raises ValueError for an unknown privilege.
    """

    users: Mapping[str, tuple[str, Granted]] = field(default_factory=dict)
    api_keys: Mapping[str, Granted] = field(default_factory=dict)
    bearer_tokens: Mapping[str, Granted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject a misspelled privilege immediately. Otherwise, it would only show up as an unexpected 403."""
        granted: Iterable[Granted] = (
            *(privileges for _password, privileges in self.users.values()),
            *self.api_keys.values(),
            *self.bearer_tokens.values(),
        )
        for privileges in granted:
            names = [one for one in privileges if not isinstance(one, OnIndices)]
            if isinstance(privileges, str) or not PRIVILEGES.issuperset(names):
                raise ValueError(f"privileges {privileges!r} must be a collection of {sorted(PRIVILEGES)}")

    def authenticate(self, request: Request) -> Identity:
        """Return the sender of the request. Raises ApiError (401)."""
        scheme, _space, credentials = request.headers.get("authorization", "").partition(" ")
        checks = {"basic": self._user, "apikey": self._api_key, "bearer": self._token}
        check = checks.get(scheme.lower())
        if check is None:
            raise _unauthenticated(f"missing authentication credentials for REST request [{request.target}]")
        return check(credentials.strip(), request)

    def _user(self, credentials: str, request: Request) -> Identity:
        name, _colon, password = _decoded(credentials).partition(":")
        if name not in self.users or self.users[name][0] != password:
            raise _unauthenticated(f"unable to authenticate user [{name}] for REST request [{request.target}]")
        return Identity.of(name, f"user [{name}] with effective roles [{name}_role]", self.users[name][1])

    def _api_key(self, credentials: str, _request: Request) -> Identity:
        decoded = _decoded(credentials)
        if decoded not in self.api_keys:
            raise _unknown_credentials()
        key_id = decoded.partition(":")[0]
        return Identity.of("elastic", f"API key id [{key_id}] of user [elastic]", self.api_keys[decoded])

    def _token(self, credentials: str, _request: Request) -> Identity:
        if credentials not in self.bearer_tokens:
            raise _unknown_credentials()
        words = "user [token_user] with effective roles [token_role]"
        return Identity.of("token_user", words, self.bearer_tokens[credentials])


def authorize(identity: Identity, action: str, privilege: str) -> None:
    """Reject an action without the privilege. Raises ApiError (403)."""
    granting = GRANTED_BY[privilege]
    if identity.privileges.isdisjoint(granting):
        reason = (
            f"action [{action}] is unauthorized for {identity.words}, "
            f"this action is granted by the cluster privileges [{','.join(granting)}]"
        )
        raise ApiError(403, "security_exception", reason)


def _decoded(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _unknown_credentials() -> ApiError:
    return _unauthenticated(
        "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
    )


def _unauthenticated(reason: str) -> ApiError:
    return ApiError(
        401,
        "security_exception",
        reason,
        extra=(("header", {"WWW-Authenticate": list(CHALLENGES)}),),
        headers=tuple(("WWW-Authenticate", challenge) for challenge in CHALLENGES),
    )
